"""Are settings read once, understood or named in one line, and never repeated?"""

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr, ValidationError

from infra.settings import LogFormat, Mode, Settings, SettingsError, read_settings, variables

EXAMPLES: dict[str, tuple[str, object]] = {
    "mode": ("demo", Mode.DEMO),
    "data_dir": ("/srv/a folder", Path("/srv/a folder")),
    "database_url": ("postgresql://weerbaar@db/weerbaar", SecretStr("postgresql://weerbaar@db/weerbaar")),
    "database_password_file": ("/run/secrets/password", Path("/run/secrets/password")),
    "role_prefix": ("wb_2", "wb_2"),
    "pool_size": ("3", 3),
    "host": ("0.0.0.0", "0.0.0.0"),  # noqa: S104 - nothing listens there
    "port": ("9000", 9000),
    "public_url": ("https://weerbaar.example.org/api", "https://weerbaar.example.org/api"),
    "contact_email": ("team@example.org", "team@example.org"),
    "duty_phones": ('{"Achterwacht": "070-0000000"}', {"Achterwacht": "070-0000000"}),
    "secret_file": ("/run/secrets/secret", Path("/run/secrets/secret")),
    "keys_file": ("/run/secrets/keys", Path("/run/secrets/keys")),
    "token_issuer": ("https://issuer.example.org", "https://issuer.example.org"),
    "token_audience": ("weerbaar-test", "weerbaar-test"),
    "token_keys_file": ("/run/secrets/keys.json", Path("/run/secrets/keys.json")),
    "tlog_dir": ("/run/secrets/keys.json", Path("/run/secrets/keys.json")),
    "tlog_key_file": ("/run/secrets/keys.json", Path("/run/secrets/keys.json")),
    "tlog_policy_file": ("/run/secrets/keys.json", Path("/run/secrets/keys.json")),
    "max_body_bytes": ("2048", 2048),
    "wait_seconds": ("0.5", 0.5),
    "log_level": ("debug", "debug"),
    "log_format": ("console", LogFormat.CONSOLE),
}
"""What somebody may write in each variable, and what it then means."""

MALFORMED = {
    "mode": "geheim",
    "role_prefix": "Geheim; drop role weerbaar_app",
    "pool_size": "geheim",
    "port": "0",
    "public_url": "geheim.example.org",
    "contact_email": "geheim",
    "max_body_bytes": "12geheim",
    "wait_seconds": "geheim",
    "log_level": "geheim",
    "log_format": "geheim",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of ours be set."""
    for name in os.environ:
        if name.upper().startswith("WEERBAAR_"):
            monkeypatch.delenv(name)


def complaint(**overrides: object) -> str:
    """Return the one line with which the settings are refused."""
    with pytest.raises(SettingsError) as refused:
        read_settings(**overrides)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_the_demo_needs_no_setting() -> None:
    """Whoever just starts it gets it."""
    assert read_settings().mode is Mode.DEMO


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_is_read_from_its_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A new setting needs an example here."""
    written, meant = EXAMPLES[name]
    monkeypatch.setenv(f"WEERBAAR_{name.upper()}", written)

    assert getattr(read_settings(), name) == meant


def test_each_variable_says_what_it_means() -> None:
    """The documentation is made of these sentences."""
    assert variables().keys() == {f"WEERBAAR_{name.upper()}" for name in Settings.model_fields}
    assert all(meaning.endswith(".") for meaning in variables().values())


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Compose and systemd pass what has not been filled in."""
    for name in variables():
        monkeypatch.setenv(name, "")

    assert read_settings() == Settings()


@pytest.mark.parametrize("name", ["WEERBAAR_PROT", "weerbaar_prot", "WEERBAAR_"])
def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A mistyped setting must not mean the default; its value stays out of the message."""
    monkeypatch.setenv(name, "geheim")

    assert complaint() == f"unknown setting: {name}"


def test_all_unknown_variables_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody mends them one by one."""
    monkeypatch.setenv("WEERBAAR_PROT", "1")
    monkeypatch.setenv("WEERBAAR_HOTS", "2")

    assert complaint() == "unknown setting: WEERBAAR_HOTS, WEERBAAR_PROT"


def test_variables_of_the_tests_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are for the suite, which starts the program."""
    monkeypatch.setenv("WEERBAAR_TEST_DATABASE_URL", "postgresql://db")

    assert read_settings() == Settings()


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_setting_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What is in the wrong variable may be a secret."""
    monkeypatch.setenv(f"WEERBAAR_{name.upper()}", MALFORMED[name])
    message = complaint()

    assert message.startswith(f"malformed setting: WEERBAAR_{name.upper()} (")
    assert "geheim" not in message.lower()


def test_all_malformed_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Like the faults in a request."""
    for name, written in MALFORMED.items():
        monkeypatch.setenv(f"WEERBAAR_{name.upper()}", written)
    message = complaint()

    assert all(f"WEERBAAR_{name.upper()}" in message for name in MALFORMED)


@pytest.mark.parametrize(
    "url", ["https://x.nl/", "https://x.nl/a/", "ftp://x.nl", "https://", "https://x.nl?q", "https://x.nl#f", "x.nl"]
)
def test_the_public_address_is_one_that_paths_can_follow(url: str) -> None:
    """The API description appends to it: no slash at its end, no query, no fragment."""
    assert complaint(public_url=url).startswith("malformed setting: WEERBAAR_PUBLIC_URL (")


def test_nothing_changes_a_setting_afterwards() -> None:
    """They are read once."""
    settings = read_settings()

    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # the type checker knows it too


def test_no_file_is_read_that_nobody_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A forgotten ``.env`` in the folder of work sets nothing."""
    (tmp_path / ".env").write_text("WEERBAAR_PORT=1\n")
    monkeypatch.chdir(tmp_path)

    assert read_settings().port == 8000


def test_an_argument_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--port`` says it last."""
    monkeypatch.setenv("WEERBAAR_PORT", "9000")

    assert read_settings(port=9001).port == 9001


def test_the_database_password_comes_from_its_file(tmp_path: Path) -> None:
    """Whatever characters it has, and without the line's end."""
    file = tmp_path / "password"
    file.write_text("ge'h\\eim @/?&\n")
    settings = read_settings(database_url="postgresql://wb@db/weerbaar", database_password_file=file)

    found = conninfo_to_dict(settings.address())
    assert found == {"host": "db", "dbname": "weerbaar", "user": "wb", "password": "ge'h\\eim @/?&"}


def test_no_secret_shows_in_the_settings() -> None:
    """They may end up in a log line or a traceback."""
    settings = read_settings(database_url="postgresql://wb:geheim@db/weerbaar")

    assert "geheim" not in repr(settings)
    assert "geheim" not in settings.model_dump_json()


@pytest.mark.parametrize("url", ["geheim", "postgresql://wb:geheim@[bad", "postgresql://wb@db/weerbaar?geheim=1"])
def test_a_malformed_database_address_is_named_and_not_repeated(url: str) -> None:
    """An address may hold a password."""
    with pytest.raises(SettingsError) as refused:
        read_settings(database_url=url).address()

    assert str(refused.value) == "malformed setting: WEERBAAR_DATABASE_URL"


def test_a_missing_database_address_is_named() -> None:
    """Whoever asks for it needs it."""
    with pytest.raises(SettingsError, match=r"^missing setting: WEERBAAR_DATABASE_URL$"):
        read_settings().address()


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """By the variable that points at it."""
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    settings = read_settings(database_url="postgresql://wb@db/weerbaar", database_password_file=file)

    with pytest.raises(SettingsError, match=r"^malformed setting: WEERBAAR_DATABASE_PASSWORD_FILE \(\w+\)$"):
        settings.address()
