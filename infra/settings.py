"""Which settings does the program run with?

They are read once, in ``main()``, into one frozen object that is passed on; nothing reads the environment at import.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from pydantic import EmailStr, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

DEMO_ISSUER = "https://issuer.demo.weerbaar.invalid"
PREFIX = "WEERBAAR_"
TEST_PREFIX = "WEERBAAR_TEST_"
"""Variables of the test suite, which the program itself ignores."""


class SettingsError(Exception):
    """One line that names the setting at fault, never its value."""


class Mode(StrEnum):
    """What the program may take for granted."""

    DEMO = "demo"
    PRODUCTION = "production"


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    CONSOLE = "console"


class Settings(BaseSettings):
    """The settings, each from the variable ``WEERBAAR_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True, env_ignore_empty=True
    )

    mode: Mode = Mode.DEMO
    """`demo` makes its own keys and database; `production` refuses to start with either."""
    data_dir: Path = Path(".weerbaar")
    """Where demo mode keeps its database, its keys and its transparency log."""
    database_url: SecretStr | None = None
    """Address of the PostgreSQL server, `postgresql://user@host/database`; without one, demo mode runs its own."""
    database_password_file: Path | None = None
    """File with the password that belongs to `database_url`."""
    role_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = "weerbaar"
    """Prefix of the database roles, so that several installations can share one cluster."""
    pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Connections per database role and process."""
    host: str = "127.0.0.1"
    """Address that `serve` listens on."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    """Port that `serve` listens on."""
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?$")] = "http://127.0.0.1:8000"
    """Address under which clients reach the API; it stands in the API description."""
    contact_email: EmailStr = "beheer@example.org"
    """Whom the API description names for questions."""
    duty_phones: dict[str, str] = {}
    """Whom people on duty call, number by name, as JSON; shown beside the intake: `{"Achterwacht": "070-0000000"}`."""
    secret_file: Path | None = None
    """File with at least 32 random bytes: the key of ETags, cursors and idempotency fingerprints."""
    keys_file: Path | None = None
    """File with the key-encryption keys, made by `weerbaar keys new`; it belongs in no back-up of the database."""
    token_issuer: str = DEMO_ISSUER
    """The `iss` that access tokens must carry."""
    token_audience: str = "weerbaar"  # noqa: S105 - a name, no secret
    """The `aud` that access tokens must carry."""
    token_keys_file: Path | None = None
    """JSON Web Key Set with the issuer's public keys; demo mode makes an issuer of its own."""
    tlog_dir: Path | None = None
    """Folder of the transparency log; demo mode has one in the data folder."""
    tlog_key_file: Path | None = None
    """File with the keys that the transparency log signs with; demo mode makes one in the data folder."""
    tlog_policy_file: Path | None = None
    """Whose signatures a checkpoint needs; without one, what the file `policy` in the folder of the log says."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 256 * 1024
    """Largest request body, in bytes; a larger one is refused with 413."""
    wait_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    """How long a GET waits for a view to reach the position it was given, in seconds."""
    log_level: Annotated[str, Field(pattern=r"^(debug|info|warning|error)$")] = "info"
    """Least severity that is logged: `debug`, `info`, `warning` or `error`."""
    log_format: LogFormat = LogFormat.JSON
    """`json` for machines, `console` for people."""

    def address(self) -> str:
        """Return the address of the configured database, with its password where a file holds one."""
        if self.database_url is None:
            message = f"missing setting: {PREFIX}DATABASE_URL"
            raise SettingsError(message)
        secrets: dict[str, str] = {}
        try:
            if self.database_password_file is not None:
                secrets["password"] = self.database_password_file.read_text(encoding="utf-8").strip()
            return make_conninfo(self.database_url.get_secret_value(), **secrets)
        except (OSError, UnicodeDecodeError) as error:
            message = f"malformed setting: {PREFIX}DATABASE_PASSWORD_FILE ({type(error).__name__})"
            raise SettingsError(message) from None
        except ProgrammingError:
            message = f"malformed setting: {PREFIX}DATABASE_URL"
            raise SettingsError(message) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments and the environment, and no file that nobody named."""
        return (init_settings, env_settings)


def variables() -> dict[str, str]:
    """Return every variable with what it means."""
    return {f"{PREFIX}{name.upper()}": field.description or "" for name, field in Settings.model_fields.items()}


def read_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - any setting
    """Read the settings from the environment, *overrides* first, or raise a SettingsError."""
    known = variables()
    unknown = sorted(
        name
        for name in os.environ
        # In capitals: pydantic reads weerbaar_port too.
        if name.upper().startswith(PREFIX) and not name.startswith(TEST_PREFIX) and name.upper() not in known
    )
    if unknown:
        message = f"unknown setting: {', '.join(unknown)}"
        raise SettingsError(message)
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        faults = {f"{PREFIX}{'_'.join(map(str, fault['loc'])).upper()}": fault["type"] for fault in error.errors()}
        message = "; ".join(f"malformed setting: {name} ({kind})" for name, kind in faults.items())
        raise SettingsError(message) from None
    return settings
