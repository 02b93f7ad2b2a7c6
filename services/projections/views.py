"""What is a view?

A view answers one question with a few tables of its own, made from facts alone: it can be thrown away and made anew.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Generic, Self, TypeVar

from psycopg import sql
from pydantic import Field, computed_field, model_validator

from domain.basis import Grant, StreamId
from domain.values import ERASED, Model, marked_fields
from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import Recorded
from services.projections.rows import Rows
from services.projections.tables import Table, exists, index, let_alias_mean, make, protect

T = TypeVar("T")

Cursor = tuple[str | int | bool | None, ...]
"""The place after which a list goes on: the values it is sorted by, in a form JSON holds."""

INSTALLING = (1464157522, 3)
"""The advisory lock under which tables are made: two programs may start at once. The first number is the service's."""


def _nothing(_: Rows, __: Recorded) -> None:
    pass


@dataclass(frozen=True)
class View:
    """One question, the tables that answer it, and what facts change in them."""

    name: str
    version: int
    tables: tuple[Table, ...]
    project: Callable[[Rows, Recorded], None] = _nothing
    """Change the rows as a fact says. From nothing but those and the fact: the same facts always give the same rows."""
    regrant: Callable[[Rows, StreamId, frozenset[Grant]], None] | None = None
    """Change them as the access list of a case says, when a fact has made it another one."""
    kinds: frozenset[str] | None = None
    """The kinds whose facts it needs; ``None``: all, also those that a release does not know yet."""

    def needs(self, topic: str) -> bool:
        """Tell whether facts of *topic* concern this view."""
        return self.kinds is None or topic.partition(".")[0] in self.kinds

    def beside(self, name: str) -> Self:
        """Return the same view with tables of its own beside those that readers use."""
        tables = tuple(table.made_beside(name) for table in self.tables)
        return replace(self, name=f"{self.name}_{name}", tables=tables)


class OfCase(Model):
    """A row about one case. Inside it goes by its stream, outside by its id."""

    stream: Annotated[str, Field(exclude=True)]

    @model_validator(mode="before")
    @classmethod
    def _with_what_was_erased(cls, row: dict[str, object]) -> dict[str, object]:
        """Take the word that stands in a row for what was erased as that, and not as a code that there is not."""
        erased = {name: ERASED for name, mark in marked_fields(cls) if mark and row.get(name) == ERASED}
        return row | erased if erased else row

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
    -- By their names, so that another release can drop them.
    tables text[] not null default '{}',
    primary key (view, version)
)
"""
SINCE_0_1_0 = """
alter table views.tracking
    add column if not exists lock integer not null generated always as identity,
    add column if not exists tables text[] not null default '{}'
"""
BY_THEIR_NAMES = """
update views.tracking t set tables = array(
    select format('views.%%s_v%%s', name, t.version) from unnest(%s::text[]) as name
    where to_regclass(format('views.%%s_v%%s', name, t.version)) is not null
)
where view = %s and tables = '{}'
"""


@contextmanager
def installing(connection: Connection) -> Iterator[None]:
    """Begin a transaction in which nobody else makes, names or drops tables."""
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s, %s)", INSTALLING)
        yield


def install(database: Database, views: Iterable[View]) -> None:
    """Make the tables of those *views* that have none yet, each with its policy, grants and tracking row, at once.

    An unversioned name that exists already goes on meaning the older version until ``publish``.
    """
    with database.connect(DatabaseRole.PROJECTOR) as connection, installing(connection):
        _make_tracking(connection, database)
        for view in views:
            known = connection.execute(
                "select from views.tracking where view = %s and version = %s", (view.name, view.version)
            )
            if known.fetchone() is not None:
                continue
            for table in view.tables:
                make(connection, database, table)
                if not table.beside:
                    index(connection, table)
                if table.alias and not exists(connection, f"views.{table.alias}"):
                    let_alias_mean(connection, database, table)
            connection.execute(
                "insert into views.tracking (view, version, tables) values (%s, %s, %s)",
                (view.name, view.version, [table.qualified for table in view.tables]),
            )


def publish(connection: Connection, database: Database, view: View) -> None:
    """Let the unversioned names mean this version of *view*, once it has caught up, unless a newer one has them."""
    with installing(connection):
        newer = connection.execute(
            "select from views.tracking where view = %s and version >= %s and published", (view.name, view.version)
        )
        if newer.fetchone() is not None:
            return
        for table in view.tables:
            if table.alias:
                let_alias_mean(connection, database, table)
        connection.execute(
            "update views.tracking set published = true where view = %s and version = %s", (view.name, view.version)
        )


def discard(connection: Connection, name: str, version: int) -> None:
    """Drop the tables of a version of a view, and forget how far it has come."""
    with installing(connection):
        deleted = "delete from views.tracking where view = %s and version = %s returning tables"
        for (tables,) in connection.execute(deleted, (name, version)).fetchall():
            for table in tables:
                connection.execute(f"drop table {table}".encode())


def note_tables(connection: Connection, views: Iterable[View]) -> None:
    """Note which tables the versions of *views* have of which that is not known: 0.1.0 did not write it down."""
    for view in views:
        connection.execute(BY_THEIR_NAMES, ([table.name for table in view.tables], view.name))


def _make_tracking(connection: Connection, database: Database) -> None:
    if not exists(connection, "views.tracking"):
        connection.execute(TRACKING)
        # How far a view has come is no secret inside the service: readers wait for it.
        protect(connection, database, "views.tracking", "true")
        connection.execute(sql.SQL("grant usage on schema views to {reader}").format(**database.identifiers()))
        return
    columns = "select from pg_attribute where attrelid = 'views.tracking'::regclass and attname = 'tables'"
    if connection.execute(columns).fetchone() is None:
        connection.execute(SINCE_0_1_0)
