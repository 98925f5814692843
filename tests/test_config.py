"""Configuration: sentences for mistakes, and no start in production without secrets."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import pytest

from router.config import (
    GUNICORN_GIVES_UP,
    Settings,
    configuration_table,
    load_settings,
    load_settings_or_exit,
    variable_of,
)
from router.errors import ConfigurationError

KEY = base64.b64encode(bytes(range(32))).decode()  # fixed: xdist compares test names
GOOD = {
    "DATABASE_URL": "postgresql://switchback:x8fq2LZp@db.internal/switchback",
    "REDIS_URL": "redis://redis.internal:6379/0",
    "SWITCHBACK_SECRET_KEY": secrets.token_urlsafe(48),
    "SWITCHBACK_FIELD_KEYS": f"2:{KEY},1:{KEY}",
    "SWITCHBACK_SEARCH_KEY": KEY,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
    "SWITCHBACK_PUBLIC_URL": "https://calls.city.gov/",
}
SECRETS = ("SWITCHBACK_SECRET_KEY", "SWITCHBACK_FIELD_KEYS", "SWITCHBACK_SEARCH_KEY")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A good production environment and nothing else of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(variable_of(name), raising=False)
        monkeypatch.delenv(f"{variable_of(name)}_FILE", raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def mistakes() -> list[str]:
    """The sentences with which the program refuses to start."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return str(caught.value).splitlines()


def test_a_good_production_environment_is_taken() -> None:
    settings = load_settings()
    assert settings.env == "production"
    assert settings.public_url == "https://calls.city.gov"
    assert settings.database_url.get_secret_value().startswith("postgresql+psycopg://switchback:")
    assert settings.webhook_tokens == (GOOD["TWILIO_AUTH_TOKEN"],)
    assert settings.messaging_account == (GOOD["TWILIO_ACCOUNT_SID"], GOOD["TWILIO_AUTH_TOKEN"])


@pytest.mark.parametrize("variable", GOOD)
def test_a_missing_value_is_named_with_an_example(
    environment: pytest.MonkeyPatch, variable: str
) -> None:
    environment.delenv(variable)
    [sentence] = mistakes()
    assert sentence.startswith(f"{variable} is not set.")
    assert f"Example: {variable}=" in sentence


@pytest.mark.parametrize("variable", GOOD)
def test_an_empty_value_is_a_missing_one(environment: pytest.MonkeyPatch, variable: str) -> None:
    environment.setenv(variable, "")
    assert mistakes()[0].startswith(f"{variable} is not set.")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SWITCHBACK_SECRET_KEY", "change-me-please-change-me-please-change-me"),
        ("SWITCHBACK_SECRET_KEY", "x" * 64),
        ("SWITCHBACK_SECRET_KEY", "short-but-random-Zk3"),
        ("SWITCHBACK_SECRET_KEY", "<put 48 random bytes here, in base64 notation>"),
        ("SWITCHBACK_FIELD_KEYS", "1:" + base64.b64encode(bytes(32)).decode()),
        ("SWITCHBACK_SEARCH_KEY", base64.b64encode(b"ab" * 16).decode()),
        ("TWILIO_AUTH_TOKEN", "your-auth-token"),
        ("DATABASE_URL", "postgresql://switchback:password@db.internal/switchback"),
        ("REDIS_URL", "redis://:changeme@redis.internal/0"),
    ],
)
def test_production_refuses_a_placeholder_that_development_takes(
    environment: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    environment.setenv(variable, value)
    [sentence] = mistakes()
    assert sentence.startswith(f"{variable} ")
    assert f"Example: {variable}=" in sentence
    environment.setenv("SWITCHBACK_ENV", "development")
    load_settings()


@pytest.mark.parametrize("variable", ["SWITCHBACK_PUBLIC_URL", "TWILIO_API_BASE_URL"])
def test_production_refuses_an_address_without_tls(
    environment: pytest.MonkeyPatch, variable: str
) -> None:
    environment.setenv(variable, "http://127.0.0.1:5055")
    assert mistakes()[0].startswith(f"{variable} should be https in production.")


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("DATABASE_URL", "mysql://db/x", "should begin with postgresql://"),
        ("REDIS_URL", "memory", "should begin with redis://"),
        ("SWITCHBACK_CALLS_PER_SECOND", "fast", "should be a valid number"),
        ("SWITCHBACK_CALLS_PER_SECOND", "0", "should be greater than 0, but is '0'"),
        ("SWITCHBACK_WEB_THREADS", "0", "should be greater than or equal to 1"),
        ("SWITCHBACK_DB_POOL_SIZE", "4.5", "should be a valid integer"),
        ("SWITCHBACK_WEBHOOK_DEADLINE_SECONDS", "60", "should be less than or equal to 10"),
        ("SWITCHBACK_ENV", "staging", "should be 'development', 'test' or 'production'"),
        ("SWITCHBACK_LOG_LEVEL", "loud", "but is 'loud'"),
        ("SWITCHBACK_PUBLIC_URL", "calls.city.gov", "should be an address without a path"),
        ("SWITCHBACK_PUBLIC_URL", "https://city.gov/calls", "should be an address without a path"),
        ("SWITCHBACK_FIELD_KEYS", f"one:{KEY}", "each id a number from 1 to 255"),
        ("SWITCHBACK_FIELD_KEYS", f"0:{KEY}", "each id a number from 1 to 255"),
        ("SWITCHBACK_FIELD_KEYS", f"256:{KEY}", "each id a number from 1 to 255"),
        ("SWITCHBACK_FIELD_KEYS", f"1:{KEY},1:{KEY}", "names the key 1 twice"),
        ("SWITCHBACK_FIELD_KEYS", "1:abc", "should hold 32 bytes in base64"),
        ("SWITCHBACK_SEARCH_KEY", "!", "should hold 32 bytes in base64"),
        ("TWILIO_ACCOUNT_SID", "SK0", "does not look right"),
    ],
)
def test_a_wrong_value_is_a_sentence_with_an_example(
    environment: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    environment.setenv(variable, value)
    [sentence] = mistakes()
    assert sentence.startswith(f"{variable} ")
    assert complaint in sentence
    assert f"Example: {variable}=" in sentence


def test_given_variables_go_before_the_environment() -> None:
    settings = load_settings({"SWITCHBACK_WEB_THREADS": "3", "SWITCHBACK_LOG_FORMAT": "plain"})
    assert settings.web_threads == 3
    assert settings.log_format == "plain"


def test_all_mistakes_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("REDIS_URL")
    environment.setenv("SWITCHBACK_WEB_THREADS", "many")
    assert len(mistakes()) == 2


def test_a_messaging_account_needs_its_token(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TWILIO_MESSAGING_ACCOUNT_SID", "AC" + "1" * 32)
    assert "set both or neither" in mistakes()[0]
    environment.setenv("TWILIO_MESSAGING_AUTH_TOKEN", "f" * 31 + "0")
    assert load_settings().messaging_account == ("AC" + "1" * 32, "f" * 31 + "0")


@pytest.mark.parametrize("variable", [*SECRETS, "DATABASE_URL", "TWILIO_AUTH_TOKEN_PREVIOUS"])
def test_a_secret_may_come_from_a_file(
    environment: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD.get(variable, 'the-token-before')}\n", encoding="utf-8")
    environment.delenv(variable, raising=False)
    environment.setenv(f"{variable}_FILE", str(file))
    settings = load_settings()
    assert settings.webhook_tokens[1:] in {(), ("the-token-before",)}


def test_a_file_that_is_not_there_is_a_sentence(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SWITCHBACK_SEARCH_KEY")
    environment.setenv("SWITCHBACK_SEARCH_KEY_FILE", "/nowhere/key")
    [sentence] = mistakes()
    assert sentence.startswith("SWITCHBACK_SEARCH_KEY_FILE names /nowhere/key")
    assert "Example: SWITCHBACK_SEARCH_KEY_FILE=" in sentence


def test_no_secret_is_shown(environment: pytest.MonkeyPatch) -> None:
    shown = repr(load_settings())
    environment.setenv("SWITCHBACK_SEARCH_KEY", "a-key-of-the-wrong-length")
    environment.setenv("DATABASE_URL", "mysql://user:hunter2@db/x")
    told = "\n".join(mistakes())
    for value in (*(GOOD[name] for name in SECRETS), "x8fq2LZp", GOOD["TWILIO_AUTH_TOKEN"]):
        assert value not in shown
    assert "wrong-length" not in told
    assert "hunter2" not in told


def test_a_process_exits_with_the_sentences_alone(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("REDIS_URL")
    with pytest.raises(SystemExit) as caught:
        load_settings_or_exit()
    assert caught.value.code == GUNICORN_GIVES_UP
    assert capsys.readouterr().err.startswith("REDIS_URL is not set.")


def test_the_table_names_every_variable_and_its_meaning() -> None:
    table = configuration_table()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.examples
        assert f"| `{variable_of(name)}` |" in table
