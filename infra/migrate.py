"""How do the permanent tables come into being, and how do they change?

The files in ``migrations`` are applied once each, in the order of their numbers, each in a transaction of its own.
They hold what is permanent: tables, functions and grants of the schema ``store``. Views are not migrated but remade.
"""

import hashlib
import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from infra.database import Connection, Database, DatabaseRole

MIGRATIONS = Path(__file__).with_name("migrations")

OLDEST_SERVER = 150000
"""PostgreSQL 15: views with ``security_invoker``, and no CREATE for everybody on the schema ``public``."""
MEMBERSHIP_OPTIONS_SINCE = 160000
WAIT_FOR_ANOTHER = "120s"
"""How long one migration waits for another one that runs at the same time."""
LOCK_TIMEOUT = "5s"
"""Short: a migration that queues for a lock holds up every reader and writer that comes after it."""
STATEMENT_TIMEOUT = "60s"
IDLE_IN_TRANSACTION_TIMEOUT = "60s"
_LOCK = (1464157522, 2)


class MigrationError(Exception):
    """The database cannot be migrated; the message is one line that says why."""


@dataclass(frozen=True)
class Migration:
    """One file of SQL."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Return what tells this text from another."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrate(database: Database, folder: Path = MIGRATIONS) -> list[str]:
    """Bring *database* up to date and return the names of the migrations that were applied.

    Connects as the owner, who may make roles (a superuser, or CREATEROLE and CREATE on the database). Safe to run
    again, and twice at once. Raises MigrationError.
    """
    migrations = read(folder)
    with closing(database.owner(autocommit=True)) as connection:
        if connection.info.server_version < OLDEST_SERVER:
            message = f"PostgreSQL {connection.info.server_version // 10000} is too old; 15 is the oldest that will do."
            raise MigrationError(message)
        _set(connection, "lock_timeout", WAIT_FOR_ANOTHER)
        connection.execute("select pg_advisory_lock(%s, %s)", _LOCK)
        _set(connection, "lock_timeout", LOCK_TIMEOUT)
        _set(connection, "statement_timeout", STATEMENT_TIMEOUT)
        _set(connection, "idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_TIMEOUT)
        with connection.transaction():
            _make_roles(connection, database)
        todo = _unapplied(migrations, _applied(connection, database))
        for migration in todo:
            with connection.transaction():
                # Its row comes first: it is what the permanent tables ask for before they let anything be changed.
                steps = [_record, _execute] if migration != migrations[0] else [_execute, _record]
                for step in steps:
                    step(connection, database, migration)
        return [migration.name for migration in todo]


def pending(database: Database, folder: Path = MIGRATIONS) -> list[str]:
    """Return the names of the migrations that *database* still lacks. Raises MigrationError."""
    migrations = read(folder)
    with closing(database.owner(autocommit=True)) as connection:
        return [migration.name for migration in _unapplied(migrations, _applied(connection, database))]


def read(folder: Path) -> list[Migration]:
    """Return the migrations in *folder*, in order; they are numbered from 0001 without a gap."""
    migrations = [Migration(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]
    for number, migration in enumerate(migrations, start=1):
        if not re.fullmatch(rf"{number:04d}_[a-z0-9_]+", migration.name):
            message = f"Migration {number:04d} is missing: the next file is {migration.name}.sql."
            raise MigrationError(message)
    return migrations


def _execute(connection: Connection, database: Database, migration: Migration) -> None:
    connection.execute(sql.SQL(migration.text).format(**database.identifiers()))


def _record(connection: Connection, _: Database, migration: Migration) -> None:
    connection.execute(
        "insert into store.migrations (name, sha256) values (%s, %s)", (migration.name, migration.sha256)
    )


def _unapplied(migrations: list[Migration], applied: dict[str, str]) -> list[Migration]:
    """Compare what is there with what was applied; a database may be ahead of us (of an older release), never aside."""
    for migration, name in zip(migrations, sorted(applied), strict=False):
        if migration.name != name:
            message = f"The database was migrated with {name}, where {migration.name} is expected."
            raise MigrationError(message)
        if migration.sha256 != applied[name]:
            message = f"Migration {name} was changed after it had been applied; make a new one instead."
            raise MigrationError(message)
    return migrations[len(applied) :]


def _applied(connection: Connection, database: Database) -> dict[str, str]:
    # Asked of the catalogue: to_regclass fails for a login that may not look into the schema.
    there = connection.execute(
        "select from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'store' and c.relname = 'migrations'"
    ).fetchone()
    if there is None:
        return {}
    with connection.transaction():
        # The login of the service has no rights of its own, only those of the roles it may take.
        app = database.identifiers()[DatabaseRole.APP]
        connection.execute(sql.SQL("set local role {}").format(app))
        return dict(connection.execute("select name, sha256 from store.migrations").fetchall())


def _make_roles(connection: Connection, database: Database) -> None:
    """Make the roles that are missing; the login, and the login of the service where there is one, may take them."""
    member = "set" if connection.info.server_version >= MEMBERSHIP_OPTIONS_SINCE else "member"
    # Without inheritance, so that a part has the rights of its own role only; before version 16 it cannot be said.
    options = sql.SQL(" with inherit false, set true" if member == "set" else "")
    logins = connection.execute(
        "select rolname from pg_roles where rolname in (session_user, %s)", (f"{database.prefix}_service",)
    ).fetchall()
    for role in map(database.role, DatabaseRole):
        # Roles belong to the whole cluster: another installation with our prefix may just be making them.
        connection.execute(
            sql.SQL(
                "do $$ begin create role {} nologin; exception when duplicate_object or unique_violation then end $$"
            ).format(sql.Identifier(role))
        )
        for (login,) in logins:
            # A superuser may take any role.
            if connection.execute("select pg_has_role(%s, %s, %s)", (login, role, member)).fetchone() == (False,):
                connection.execute(
                    sql.SQL("grant {} to {}{}").format(sql.Identifier(role), sql.Identifier(login), options)
                )


def _set(connection: Connection, setting: str, value: str) -> None:
    connection.execute("select set_config(%s, %s, false)", (setting, value))
