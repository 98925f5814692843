"""Configuration from the environment: every variable, its meaning, and sentences for wrong values.

A secret may come from a file: SWITCHBACK_SECRET_KEY_FILE=/run/secrets/key stands for
SWITCHBACK_SECRET_KEY.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from router.errors import ConfigurationError

ACCOUNT_SID = r"^AC[0-9a-fA-F]{32}$"
AES_KEY_BYTES = 32
KEY_IDS = range(1, 256)  # a stored value spends one byte on it; 0 is no key
SECRET_CHARACTERS = 32
GUNICORN_GIVES_UP = 3  # any other exit code makes gunicorn start the worker again, for ever
UNPREFIXED = ("database_url", "redis_url", "twilio_")

# Words that stand in for a secret, and one character over and over.
PLACEHOLDER = re.compile(
    r"(?<![A-Za-z0-9])(change.?me|place.?holder|example|insert|replace|todo|your[-_ ]|dummy|sample)"
    r"|<.*>|^\(.*\)$|^(secret|password|test|dev|default)$|^(.)\3*$",
    re.IGNORECASE,
)


def variable_of(field: str) -> str:
    """The environment variable of a field."""
    return field.upper() if field.startswith(UNPREFIXED) else f"SWITCHBACK_{field.upper()}"


class _FromFiles(EnvSettingsSource):
    """Secrets whose variable ends in _FILE and names a file that holds them."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = variable_of(field_name)
        path = None if field.repr else self.env_vars.get(f"{variable}_FILE")
        if path is None:
            return None, variable, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), variable, False
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{variable}_FILE names {path}, which cannot be read "
                f"({getattr(error, 'strerror', None) or 'it is not text'}). "
                f"Example: {variable}_FILE=/run/secrets/{field_name}"
            ) from error


class Settings(BaseSettings):
    """All there is to set. Secrets have no default and are left out of its repr."""

    model_config = SettingsConfigDict(
        alias_generator=variable_of,
        populate_by_name=True,
        case_sensitive=True,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    env: Literal["development", "test", "production"] = Field(
        default="production",
        description="What this installation is for; production is strict about secrets.",
        examples=["production"],
    )
    database_url: SecretStr = Field(
        repr=False,
        description="The PostgreSQL database.",
        examples=["postgresql://switchback:password@db.internal:5432/switchback"],
    )
    redis_url: SecretStr = Field(
        repr=False,
        description="The broker of dispatches and notifications, and live hints.",
        examples=["redis://:password@redis.internal:6379/0"],
    )
    secret_key: SecretStr = Field(
        repr=False,
        description="Signs sessions and links; at least 32 characters.",
        examples=["$(openssl rand -base64 48)"],
    )
    field_keys: SecretStr = Field(
        repr=False,
        description="Keys that encrypt notes and numbers, `id:base64` of 32 bytes, comma "
        "separated; the first encrypts, all decrypt.",
        examples=["1:$(openssl rand -base64 32)"],
    )
    search_key: SecretStr = Field(
        repr=False,
        description="Key of the hash by which numbers are found, base64 of 32 bytes.",
        examples=["$(openssl rand -base64 32)"],
    )
    twilio_account_sid: str = Field(
        pattern=ACCOUNT_SID,
        description="The Twilio account that carries calls.",
        examples=[f"AC{'x' * 32}"],
    )
    twilio_auth_token: SecretStr = Field(
        repr=False,
        description="That account's auth token; also checks the webhooks' signatures.",
        examples=["(32 hexadecimal digits from Twilio's console)"],
    )
    twilio_auth_token_previous: SecretStr | None = Field(
        repr=False,
        default=None,
        description="The token before, while Twilio rotates to a new one.",
        examples=["(32 hexadecimal digits from Twilio's console)"],
    )
    twilio_api_base_url: str = Field(
        default="",
        description="Where Twilio's REST API is; empty for Twilio's own, else an emulator.",
        examples=["http://127.0.0.1:5055"],
    )
    twilio_messaging_account_sid: str = Field(
        default="",
        pattern=f"^$|{ACCOUNT_SID}",
        description="A subaccount for messages in bulk; empty for the main account.",
        examples=[f"AC{'x' * 32}"],
    )
    twilio_messaging_auth_token: SecretStr | None = Field(
        repr=False,
        default=None,
        description="That subaccount's auth token.",
        examples=["(32 hexadecimal digits from Twilio's console)"],
    )
    public_url: str = Field(
        description="The address at which Twilio reaches us; signatures are checked against it.",
        examples=["https://calls.city.gov"],
    )
    static_fallback_url: str = Field(
        default="",
        description="Where the document of `switchback fallback-twiml` is hosted by somebody else; "
        "`{program}` and `{line}` in it stand for the names of the program and of the line.",
        examples=["https://files.example.net/switchback/{program}.xml"],
    )
    live_url: str = Field(
        default="",
        description="Where browsers reach the live process; empty when a proxy sends it /live/.",
        examples=["https://live.calls.city.gov"],
    )
    session_seconds: int = Field(
        default=46_800,
        ge=300,
        description="How long a sign-in lasts; the default is a shift of 12 h and its handover.",
        examples=["46800"],
    )
    session_idle_seconds: int = Field(
        default=1800,
        ge=60,
        description="How long a sign-in lasts unused; an open live page counts as use.",
        examples=["1800"],
    )
    live_streams: int = Field(
        default=200,
        ge=1,
        le=5000,
        description="Open streams of a live process; the next one is told to poll instead.",
        examples=["200"],
    )
    state_dir: Path = Field(
        default=Path(".state"),
        description="Folder for the fail-safe's cache and the like; writable.",
        examples=["/var/lib/switchback"],
    )
    calls_per_second: float = Field(
        default=1.0,
        gt=0,
        le=1000,
        description="Calls the Twilio account may start in a second.",
        examples=["1.0"],
    )
    webhook_deadline_seconds: float = Field(
        default=1.5,
        gt=0,
        le=10,
        description="When a webhook gives up and answers with the fail-safe.",
        examples=["1.5"],
    )
    web_threads: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Threads of each web process.",
        examples=["8"],
    )
    db_pool_size: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Database connections of each process; as many as its threads.",
        examples=["8"],
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severity that is logged.", examples=["INFO"]
    )
    log_format: Literal["json", "plain"] = Field(
        default="json", description="Lines of JSON, or text for people.", examples=["json"]
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not a source of ours
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then the files that variables name."""
        return init_settings, env_settings, _FromFiles(settings_cls)

    @field_validator("database_url")
    @classmethod
    def _use_psycopg(cls, url: SecretStr) -> SecretStr:
        scheme, separator, rest = url.get_secret_value().partition("://")
        if scheme not in {"postgres", "postgresql", "postgresql+psycopg"} or not separator:
            raise ValueError("should begin with postgresql://")
        return SecretStr(f"postgresql+psycopg://{rest}")

    @field_validator("redis_url")
    @classmethod
    def _know_redis(cls, url: SecretStr) -> SecretStr:
        if not url.get_secret_value().startswith(("redis://", "rediss://")):
            raise ValueError("should begin with redis:// or rediss://")
        return url

    @field_validator("public_url", "live_url", "twilio_api_base_url")
    @classmethod
    def _be_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        beyond = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or beyond):
            raise ValueError("should be an address without a path")
        return url.rstrip("/")

    @field_validator("static_fallback_url")
    @classmethod
    def _be_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.fragment):
            raise ValueError("should be an address that begins with https://")
        return url

    @field_validator("field_keys")
    @classmethod
    def _hold_keys(cls, keys: SecretStr) -> SecretStr:
        parse_keyring(keys.get_secret_value())
        return keys

    @field_validator("search_key")
    @classmethod
    def _be_a_key(cls, key: SecretStr) -> SecretStr:
        parse_key(key.get_secret_value())
        return key

    @property
    def webhook_tokens(self) -> tuple[str, ...]:
        """Auth tokens that may have signed a webhook, the current one first."""
        tokens = (self.twilio_auth_token, self.twilio_auth_token_previous)
        return tuple(token.get_secret_value() for token in tokens if token is not None)

    @property
    def messaging_account(self) -> tuple[str, str]:
        """Account SID and auth token for messages in bulk."""
        if self.twilio_messaging_account_sid and self.twilio_messaging_auth_token is not None:
            token = self.twilio_messaging_auth_token
            return self.twilio_messaging_account_sid, token.get_secret_value()
        return self.twilio_account_sid, self.twilio_auth_token.get_secret_value()


def load_settings(variables: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; `variables` go before it. Raises ConfigurationError with sentences."""
    named: dict[str, Any] = dict(variables or {})
    try:
        settings = Settings(**named)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ConfigurationError("\n".join(map(_sentence, details))) from None
    except SettingsError as error:  # how a source reports what went wrong in it
        raise (error.__cause__ or error) from None
    if problems := [*_inconsistencies(settings), *_unfit_for_production(settings)]:
        raise ConfigurationError("\n".join(problems))
    return settings


def load_settings_or_exit() -> Settings:
    """Read the environment as a process does that cannot run without it."""
    try:
        return load_settings()
    except ConfigurationError as error:
        _exit(str(error))


def parse_keyring(text: str) -> dict[int, bytes]:
    """Keys by id (1 to 255) from `id:base64,id:base64`. Raises ValueError with a sentence."""
    keys: dict[int, bytes] = {}
    for entry in text.split(","):
        key_id, separator, key = entry.strip().partition(":")
        if not separator or not re.fullmatch(r"[0-9]{1,3}", key_id) or int(key_id) not in KEY_IDS:
            raise ValueError("should be a list of id:key, each id a number from 1 to 255")
        if int(key_id) in keys:
            raise ValueError(f"names the key {key_id} twice")
        keys[int(key_id)] = parse_key(key)
    return keys


def parse_key(text: str) -> bytes:
    """The 32 bytes of a key in base64. Raises ValueError with a sentence."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != AES_KEY_BYTES:
        raise ValueError("should hold 32 bytes in base64 as a key")
    return key


def configuration_table() -> str:
    """The README's table of variables, in Markdown."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "*required*" if field.is_required() else f"`{field.default}`"
        default = default if field.is_required() or field.default not in {None, ""} else ""
        rows.append(f"| `{variable_of(name)}` | {default} | {field.description} |")
    return "\n".join(rows)


def _sentence(detail: ErrorDetails) -> str:
    """One mistake in words. A secret's value is not repeated."""
    named = str(detail["loc"][0])
    field = next(name for name in Settings.model_fields if named in {name, variable_of(name)})
    info, variable, kind = Settings.model_fields[field], variable_of(field), detail["type"]
    if kind == "missing":
        return f"{variable} is not set. {info.description} {_example(field)}"
    if kind == "value_error":
        complaint = str(detail["ctx"]["error"])
    elif kind == "string_pattern_mismatch":
        complaint = "does not look right"
    else:
        complaint = detail["msg"].partition(" ")[2]  # "Input should be ..." and the like
    given = f", but is {str(detail['input'])!r}" if info.repr else ""
    return f"{variable} {complaint}{given}. {_example(field)}"


def _example(field: str) -> str:
    example = (Settings.model_fields[field].examples or [""])[0]
    return f"Example: {variable_of(field)}={example}"


def _inconsistencies(settings: Settings) -> Iterator[str]:
    token = settings.twilio_messaging_auth_token
    if bool(settings.twilio_messaging_account_sid) != (token is not None):
        yield (
            "TWILIO_MESSAGING_ACCOUNT_SID and TWILIO_MESSAGING_AUTH_TOKEN go together: set both or "
            f"neither. {_example('twilio_messaging_account_sid')}"
        )


def _unfit_for_production(settings: Settings) -> Iterator[str]:
    """Sentences about what may pass on a desk but not on a line that people call."""
    if settings.env != "production":
        return
    for field in ("secret_key", "field_keys", "search_key", "twilio_auth_token"):
        secret = getattr(settings, field).get_secret_value()
        if _is_placeholder(field, secret):
            yield f"{variable_of(field)} is a placeholder, not a secret. {_example(field)}"
        elif field == "secret_key" and len(secret) < SECRET_CHARACTERS:
            yield f"{variable_of(field)} is too short: 32 characters at least. {_example(field)}"
    for field in ("database_url", "redis_url"):
        password = urlsplit(getattr(settings, field).get_secret_value()).password or ""
        if password and PLACEHOLDER.search(password):
            yield f"{variable_of(field)} has a placeholder for a password. {_example(field)}"
    for field in ("public_url", "static_fallback_url", "twilio_api_base_url"):
        if getattr(settings, field).startswith("http://"):
            yield f"{variable_of(field)} should be https in production. {_example(field)}"


def _is_placeholder(field: str, secret: str) -> bool:
    keys: list[bytes] = []
    if field == "field_keys":
        keys = [*parse_keyring(secret).values()]
    elif field == "search_key":
        keys = [parse_key(secret)]
    repetitive = any(len(set(key)) < AES_KEY_BYTES // 4 for key in keys)
    return repetitive or bool(PLACEHOLDER.search(secret))


def _exit(sentences: str) -> NoReturn:
    sys.stderr.write(f"{sentences}\n")
    sys.exit(GUNICORN_GIVES_UP)
