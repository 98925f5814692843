"""Numbers and notes at rest (SE3): unreadable, unmovable, findable, and readable after rotation."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from router.storage import people
from router.storage.crypto import DecryptionError, Keyring, new_key, search_hash, use_keyring
from router.storage.people import Person
from router.storage.tables import people as people_table
from tests.storage.conftest import fill

SEARCH = new_key()


def ring(*keys: str) -> Keyring:
    return Keyring.parse(",".join(keys), SEARCH)


def test_se3_equal_plaintexts_give_different_ciphertexts() -> None:
    keyring = ring(f"1:{new_key()}")
    first = keyring.encrypt("+15125550101", column="people.phone")
    second = keyring.encrypt("+15125550101", column="people.phone")
    assert first != second
    assert b"5550101" not in first
    assert keyring.decrypt(first, column="people.phone") == "+15125550101"


def test_se3_a_value_moved_to_another_column_does_not_decrypt() -> None:
    keyring = ring(f"1:{new_key()}")
    sealed = keyring.encrypt("a note", column="dispositions.note")
    with pytest.raises(DecryptionError):
        keyring.decrypt(sealed, column="messages.body")


@pytest.mark.parametrize("place", [0, 1, 12, 13, -1])
def test_se3_a_changed_byte_is_noticed(place: int) -> None:
    keyring = ring(f"1:{new_key()}")
    sealed = bytearray(keyring.encrypt("a note", column="x"))
    sealed[place] ^= 1
    with pytest.raises(DecryptionError):
        keyring.decrypt(bytes(sealed), column="x")


def test_se3_an_error_says_nothing_of_the_value() -> None:
    with pytest.raises(DecryptionError) as caught:
        ring(f"1:{new_key()}").decrypt(b"\x01short", column="x")
    assert caught.value.__cause__ is None
    assert "short" not in str(caught.value)


def test_se3_old_rows_are_read_after_a_rotation_and_new_ones_use_the_new_key() -> None:
    old, new = f"1:{new_key()}", f"2:{new_key()}"
    sealed = ring(old).encrypt("a note", column="x")
    rotated = ring(new, old)
    assert rotated.decrypt(sealed, column="x") == "a note"
    fresh = rotated.encrypt("a note", column="x")
    assert fresh[0] == 2
    with pytest.raises(DecryptionError):
        ring(old).decrypt(fresh, column="x")


GOOD, SHORT = base64.b64encode(b"k" * 32).decode(), base64.b64encode(b"short").decode()


@pytest.mark.parametrize("keys", ["abc", "1:%%%", f"0:{GOOD}", f"256:{GOOD}", f"1:{SHORT}"])
def test_se3_a_wrong_key_is_refused_in_words_without_the_secret(keys: str) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        Keyring.parse(keys, SEARCH)
    assert keys.rpartition(":")[2] not in str(caught.value)


def test_se3_a_number_is_found_by_its_hash_and_stored_unreadable(reno: Session) -> None:
    found = people.find_person_by_phone(reno, "+15125550121")
    assert found is not None
    assert (found.id, found.phone) == ("ben", "+15125550121")
    raw = reno.execute(text("SELECT phone FROM people WHERE id = 'ben'")).scalar_one()
    assert b"5550121" not in bytes(raw)
    assert people.find_person_by_phone(reno, "+15125550155") is None


def test_se3_rows_written_before_a_rotation_are_read_and_found(own_engine: Engine) -> None:
    with Session(own_engine) as session:
        fill(session)
        before = search_hash(session, "+15125550121")
        session.commit()
    old = own_engine.dialect.switchback_keyring  # type: ignore[attr-defined]
    rotated = Keyring({2: b"2" * 32, 1: b"1" * 32}, current=2, search_key=old._search_key)
    rotated._ciphers[1] = old._ciphers[1]
    use_keyring(own_engine.dialect, rotated)
    with Session(own_engine) as session:
        assert search_hash(session, "+15125550121") == before
        person = people.find_person(session, "ben")
        assert person == Person(
            "ben", "reno", "Ben", "+15125550121", ("clinician",), ("en", "es"), ("lcsw",)
        )
        session.execute(
            update(people_table).where(people_table.c.id == "ben").values(phone="+15125550121")
        )
        raw = session.execute(text("SELECT phone FROM people WHERE id = 'ben'")).scalar_one()
        assert bytes(raw)[0] == 2
        assert session.scalar(select(people_table.c.phone).where(people_table.c.id == "ben"))
