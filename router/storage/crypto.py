"""Notes and telephone numbers at rest: AES-256-GCM under a rotating keyring, a hash for search.

A stored value is one byte of key id, 12 bytes of nonce, then ciphertext and tag. The column's name
is authenticated with it, so a value moved to another column does not decrypt. Equal plaintexts give
different ciphertexts; to find a row by its number, look for `search_hash` in the column beside it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Column, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from router.config import KEY_IDS, parse_key, parse_keyring

KEY_BYTES = 32
NONCE_BYTES = 12


class DecryptionError(Exception):
    """A stored value cannot be read: its key is not on the ring, or it is not what was written."""


class Keyring:
    """Keys by id (1 to 255), the current one, and the key of the search hash.

    Old keys stay on the ring for reading until every row has been written again with the current
    one. The search key does not rotate with them: equal numbers must keep equal hashes.
    """

    def __init__(self, keys: Mapping[int, bytes], *, current: int, search_key: bytes) -> None:
        if current not in keys:
            raise ValueError(f"the current encryption key {current} is not among the keys")
        if any(key_id not in KEY_IDS for key_id in keys):
            raise ValueError("encryption key ids are 1 to 255")
        if any(len(key) != KEY_BYTES for key in (*keys.values(), search_key)):
            raise ValueError(f"encryption and search keys are {KEY_BYTES} bytes, base64")
        self.current = current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._search_key = search_key

    @classmethod
    def parse(cls, keys: str, search_key: str) -> Keyring:
        """A ring from configuration: `keys` is `2:BASE64,1:BASE64`, the first being current.

        Raises ValueError with a sentence that does not repeat the secret.
        """
        ring = parse_keyring(keys)
        return cls(ring, current=next(iter(ring)), search_key=parse_key(search_key))

    def encrypt(self, text: str, *, column: str) -> bytes:
        """`text` under the current key, bound to `column`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self.current].encrypt(nonce, text.encode(), column.encode())
        return bytes([self.current]) + nonce + sealed

    def decrypt(self, stored: bytes, *, column: str) -> str:
        """What `encrypt` was given. Raises DecryptionError."""
        cipher = self._ciphers.get(stored[0]) if stored else None
        if cipher is None:
            raise DecryptionError(f"{column}: the key of a stored value is not on the ring")
        nonce, sealed = stored[1 : 1 + NONCE_BYTES], stored[1 + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, column.encode()).decode()
        except (InvalidTag, ValueError):
            # `from None`: nothing of the value may reach a log.
            raise DecryptionError(f"{column}: a stored value is damaged") from None

    def search_hash(self, text: str) -> bytes:
        """HMAC-SHA-256 of `text` as given (E.164 for numbers): equal texts have equal hashes."""
        return hmac.digest(self._search_key, text.encode(), hashlib.sha256)


def new_key() -> str:
    """A fresh random key, base64, for configuration."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


class EncryptedText(TypeDecorator[str]):
    """A text column encrypted by the keyring that `make_engine` put on the dialect."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str = "") -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else _ring(dialect).encrypt(value, column=self.column)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt on the way out. Raises DecryptionError."""
        return None if value is None else _ring(dialect).decrypt(value, column=self.column)


class EncryptedDocument(TypeDecorator[Any]):
    """A JSON document in an encrypted column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str = "") -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401
        """Encrypt on the way in."""
        if value is None:
            return None
        return _ring(dialect).encrypt(json.dumps(value), column=self.column)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Decrypt on the way out. Raises DecryptionError."""
        return (
            None if value is None else json.loads(_ring(dialect).decrypt(value, column=self.column))
        )


def use_keyring(dialect: Dialect, keyring: Keyring) -> None:
    """Give every encrypted column reached through `dialect` its keys."""
    dialect.switchback_keyring = keyring  # type: ignore[attr-defined]


def encrypted(session: Session, column: Column[Any], text: str | None) -> bytes | None:
    """What the encrypted column holds for the text, for statements that are sent as they are."""
    kind: EncryptedText = column.type  # type: ignore[assignment]
    return kind.process_bind_param(text, session.get_bind().dialect)


def search_hash(session: Session, text: str) -> bytes:
    """The hash to look for in a `*_hash` column, by the session's own keyring."""
    return _ring(session.get_bind().dialect).search_hash(text)


def _ring(dialect: Dialect) -> Keyring:
    keyring: Keyring | None = getattr(dialect, "switchback_keyring", None)
    if keyring is None:
        raise RuntimeError("this engine has no keyring: make it with storage.database.make_engine")
    return keyring
