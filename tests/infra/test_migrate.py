"""Does every database get the same permanent tables, once?"""

import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.migrate import MIGRATIONS, MigrationError, migrate, pending, read
from tests.conftest import Installation
from tests.infra.notes import NOTE, noted
from tests.keyring import KEYRING

NAMES = [migration.name for migration in read(MIGRATIONS)]


@pytest.fixture
def empty(empty_url: str, installation: Installation) -> Iterator[Database]:
    """Yield a database that has not been migrated."""
    with Database(empty_url, installation.prefix, keyring=KEYRING) as database:
        yield database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the migrations, to change."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_a_fresh_database_gets_all_migrations_in_order(empty: Database) -> None:
    """What is pending is what is applied, and then nothing is pending."""
    before = pending(empty)

    assert before == migrate(empty) == NAMES
    assert pending(empty) == []


def test_a_second_time_nothing_happens(database: Database) -> None:
    """Migrating is safe at every start."""
    assert migrate(database) == []


def test_two_at_once_apply_each_migration_once(empty: Database) -> None:
    """Whoever comes second waits, and finds the work done."""
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(lambda _: migrate(empty), range(4)))

    assert sorted(applied) == [[], [], [], NAMES]


def test_a_changed_migration_is_refused(database: Database, folder: Path) -> None:
    """What has been applied cannot be changed any more."""
    changed = folder / f"{NAMES[0]}.sql"
    changed.write_text(changed.read_text() + "-- and one thing more\n")

    with pytest.raises(MigrationError, match=f"{NAMES[0]} was changed"):
        migrate(database, folder)
    with pytest.raises(MigrationError, match=f"{NAMES[0]} was changed"):
        pending(database, folder)


def test_a_migration_missing_in_the_middle_is_refused(database: Database, folder: Path) -> None:
    """A gap in the numbers means that a file got lost."""
    (folder / f"{NAMES[1]}.sql").unlink()

    with pytest.raises(MigrationError, match="0002 is missing"):
        migrate(database, folder)


def test_a_migration_that_others_did_not_have_is_refused(database: Database, folder: Path) -> None:
    """Two branches may both have made number 0002."""
    (folder / f"{NAMES[1]}.sql").rename(folder / "0002_another.sql")

    with pytest.raises(MigrationError, match=f"migrated with {NAMES[1]}, where 0002_another is expected"):
        migrate(database, folder)


def test_an_older_release_accepts_a_database_that_is_ahead(database: Database, folder: Path) -> None:
    """During a deployment the old release still runs on the new tables."""
    (folder / f"{NAMES[-1]}.sql").unlink()

    assert pending(database, folder) == []
    assert migrate(database, folder) == []


def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(database: Database, folder: Path) -> None:
    """Each migration is one transaction; what came before it stays."""
    good, bad = f"{len(NAMES) + 1:04d}_good", f"{len(NAMES) + 2:04d}_bad"
    (folder / f"{good}.sql").write_text("create table store.good ();")
    (folder / f"{bad}.sql").write_text("create table store.half (); select 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database, folder)

    assert pending(database, folder) == [bad]
    with closing(database.owner()) as connection:
        assert connection.execute("select to_regclass('store.half')").fetchone() == (None,)

    (folder / f"{bad}.sql").write_text("create table store.half ();")

    assert migrate(database, folder) == [bad]


def test_a_migration_is_the_door_to_what_is_permanent(database: Database, folder: Path) -> None:
    """Its row is written first, and can never be removed; with it the door is shut again."""
    store = CaseStore(database, [NOTE])
    store.record_now([noted(NOTE.stream("1"), 1)], expected={})
    name = f"{len(NAMES) + 1:04d}_mended"
    (folder / f"{name}.sql").write_text("update store.events set topic = 'note.noted.v9';")
    migrate(database, folder)
    with closing(database.owner(autocommit=True)) as owner:
        assert owner.execute("select topic from store.events").fetchall() == [("note.noted.v9",)]
        assert owner.execute("select name from store.migrations where name = %s", (name,)).fetchall() == [(name,)]
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("update store.events set topic = 'note.noted.v1'")
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner.execute("delete from store.migrations")


def test_a_migration_does_not_queue_for_a_lock_for_long(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a migration that waits for a lock, everybody waits."""
    monkeypatch.setattr("infra.migrate.LOCK_TIMEOUT", "100ms")
    (folder / f"{len(NAMES) + 1:04d}_more.sql").write_text("alter table store.events add more text;")
    with closing(database.owner()) as connection:
        connection.execute("lock table store.events in access share mode")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            migrate(database, folder)


def test_an_owner_who_is_no_superuser_migrates_and_a_service_that_owns_nothing_runs(
    installation: Installation, empty_url: str
) -> None:
    """In production the service's login has the rights of the roles of its parts and no others."""
    prefix, password = f"{installation.prefix}_{secrets.token_hex(2)}", secrets.token_hex(8)
    owner, service = f"{prefix}_owner", f"{prefix}_service"
    installation.execute(f"create role {{}} login createrole password '{password}'", owner)
    installation.execute(f"create role {{}} login password '{password}'", service)
    installation.execute("grant create on database {} to {}", urlsplit(empty_url).path[1:], owner)
    stream = NOTE.stream("1")

    with Database(_as_login(empty_url, owner, password), prefix, keyring=KEYRING) as database:
        assert migrate(database) == NAMES
        assert migrate(database) == []
    with Database(_as_login(empty_url, service, password), prefix, keyring=KEYRING) as database:
        store = CaseStore(database, [NOTE])
        store.record_now([noted(stream, 1)], expected={stream: 0})

        assert pending(database) == []
        assert store.load(NOTE, stream).version == 1
        for role in DatabaseRole:
            with closing(database.connect(role)) as connection:
                assert connection.execute("select current_user::text").fetchone() == (database.role(role),)
        with closing(database.owner()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create schema mine")


def test_a_server_that_is_too_old_is_refused(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which version will do."""
    monkeypatch.setattr("infra.migrate.OLDEST_SERVER", 990000)

    with pytest.raises(MigrationError, match="is too old"):
        migrate(empty)


def _as_login(url: str, login: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{login}:{password}@{place}").geturl()
