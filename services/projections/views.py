"""What is a view, and how do its tables come to be?

A view answers one question with a few tables of its own, made from facts alone: it can be thrown away and made anew.
Its tables carry its version in their names (``views.worklist_v1``), so that two releases can each use their own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from psycopg import sql
from pydantic import Field, computed_field

from domain.basis import Grant, StreamId
from domain.values import Model
from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import Recorded

T = TypeVar("T")

Cursor = tuple[str | int | bool | None, ...]
"""The place after which a list goes on: the values it is sorted by, in a form JSON holds."""

INSTALLING = (1464157522, 3)
"""The advisory lock under which tables are made: two programs may start at once. The first number is the service's."""

WORDS = {
    "role": "(select nullif(current_setting('weerbaar.role', true), ''))",
    "organisation": "(select nullif(current_setting('weerbaar.organisation', true), ''))",
    "is_auditor": "((select nullif(current_setting('weerbaar.role', true), '')) = 'auditor')",
}
"""What statements and policies may say besides table names. Unset settings are null and match nothing. The brackets
with ``select`` make PostgreSQL look the setting up once per statement and not once per row."""


class Change(NamedTuple):
    """A statement that a fact leads to, with its parameters."""

    statement: bytes
    parameters: Mapping[str, Any]


Changes = Iterator[Change]


@dataclass(frozen=True)
class Table:
    """A table of a view. There is none without a policy: row-level security is part of making it."""

    name: str
    version: int
    columns: str
    """What stands between the brackets of ``create table``."""
    visible: str
    """Which rows a reader may see, as a condition in SQL; ``{<name>}`` is the table itself, see also WORDS."""
    indexes: tuple[str, ...] = ()
    """What follows ``create index on <table>``."""
    alias: str | None = None
    """An unversioned name for the columns in ``alias_columns``, for policies of other views."""
    alias_columns: str = "*"

    @property
    def qualified(self) -> str:
        """Return the table's name in SQL."""
        return f"views.{self.name}_v{self.version}"


def statement(template: str, *tables: Table) -> bytes:
    """Return *template* with the names of *tables* (``{worklist}``) and the WORDS filled in."""
    return template.format(**WORDS, **{table.name: table.qualified for table in tables}).encode()


def _no_changes(_: Recorded) -> Changes:
    return iter(())


@dataclass(frozen=True)
class View:
    """One question, the tables that answer it, and what facts change in them."""

    name: str
    version: int
    tables: tuple[Table, ...]
    changes: Callable[[Recorded], Changes] = _no_changes
    """What a fact changes in the tables. Pure: the same facts always give the same rows."""
    regrants: Callable[[StreamId, frozenset[Grant], frozenset[Grant]], Changes] | None = None
    """What it changes when the access list of a case becomes another, from the one before to the one after."""
    kinds: frozenset[str] | None = None
    """The kinds whose facts it needs; ``None``: all, also those that a release does not know yet."""

    def needs(self, topic: str) -> bool:
        """Tell whether facts of *topic* concern this view."""
        return self.kinds is None or topic.partition(".")[0] in self.kinds


class OfCase(Model):
    """A row about one case. Inside it goes by its stream, outside by its id."""

    stream: Annotated[str, Field(exclude=True)]

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 1362
    @property
    def id(self) -> str:
        """The case's id, the last part of its address."""
        return self.stream.partition(":")[2]


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, and where the next ones begin."""

    items: tuple[T, ...]
    after: Cursor | None
    """Hand it back to get the next page; ``None`` on the last one."""


def page(rows: list[T], limit: int, cursor: Callable[[T], Cursor]) -> Page[T]:
    """Return the first *limit* of *rows*, of which the query asked one more in order to see whether there are more."""
    items = tuple(rows[:limit])
    return Page(items=items, after=cursor(items[-1]) if len(rows) > limit else None)


# --- making the tables ------------------------------------------------------------------------------------------------

TRACKING = """
create table if not exists views.tracking (
    view text not null,
    version integer not null,
    position bigint not null default 0,
    last_activity timestamptz not null default clock_timestamp(),
    stopped_at timestamptz,
    stopped_by uuid,
    reason text,
    published boolean not null default false,
    lock integer not null generated always as identity,
    primary key (view, version)
)
"""


def install(database: Database, views: Iterable[View]) -> None:
    """Make the tables of those *views* that have none yet, each with its policy, grants and tracking row, at once.

    An unversioned name that exists already goes on meaning the older version until ``publish``.
    """
    with database.connect(DatabaseRole.PROJECTOR) as connection:
        connection.execute("select pg_advisory_xact_lock(%s, %s)", INSTALLING)
        _make_tracking(connection, database)
        for view in views:
            known = connection.execute(
                "select from views.tracking where view = %s and version = %s", (view.name, view.version)
            )
            if known.fetchone() is not None:
                continue
            for table in view.tables:
                _make(connection, database, table)
                if table.alias and not _exists(connection, f"views.{table.alias}"):
                    _name(connection, database, table)
            connection.execute("insert into views.tracking (view, version) values (%s, %s)", (view.name, view.version))


def publish(connection: Connection, database: Database, view: View) -> None:
    """Let the unversioned names mean this version of *view*, once it has caught up, unless a newer one has them."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, %s)", INSTALLING)
        newer = connection.execute(
            "select from views.tracking where view = %s and version >= %s and published", (view.name, view.version)
        )
        if newer.fetchone() is not None:
            return
        for table in view.tables:
            if table.alias:
                _name(connection, database, table)
        connection.execute(
            "update views.tracking set published = true where view = %s and version = %s", (view.name, view.version)
        )


def _make_tracking(connection: Connection, database: Database) -> None:
    if _exists(connection, "views.tracking"):
        return
    connection.execute(TRACKING)
    # How far a view has come is no secret inside the service: readers wait for it.
    _protect(connection, database, "views.tracking", "true")
    connection.execute(sql.SQL("grant usage on schema views to {reader}").format(**database.identifiers()))


def _make(connection: Connection, database: Database, table: Table) -> None:
    connection.execute(f"create table {table.qualified} ({table.columns})".encode())
    for index in table.indexes:
        connection.execute(f"create index on {table.qualified} {index}".encode())
    _protect(connection, database, table.qualified, statement(table.visible, table).decode())


def _protect(connection: Connection, database: Database, name: str, visible: str) -> None:
    for template in (
        "alter table {table} enable row level security",
        "create policy visible on {table} for select to {reader} using ({visible})",
        "grant select on {table} to {reader}",
    ):
        connection.execute(
            sql.SQL(template).format(
                table=sql.SQL(name),
                visible=sql.SQL(visible),
                **database.identifiers(),
            )
        )


def _name(connection: Connection, database: Database, table: Table) -> None:
    # security_invoker: without it the view would show the owner's rows, which are all.
    for template in (
        "create or replace view {alias} with (security_invoker = true) as select {columns} from {table}",
        "grant select on {alias} to {reader}",
    ):
        connection.execute(
            sql.SQL(template).format(
                alias=sql.SQL(f"views.{table.alias}"),
                columns=sql.SQL(table.alias_columns),
                table=sql.SQL(table.qualified),
                **database.identifiers(),
            )
        )


def _exists(connection: Connection, name: str) -> bool:
    found = connection.execute("select to_regclass(%s) is not null", (name,)).fetchone()
    return found is not None and bool(found[0])
