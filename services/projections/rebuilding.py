"""How is a view made anew from the log while its readers go on, and is the live one what the log makes of it?

Beside its tables others are made, page by page from the first fact on, with a position of their own: whoever is
interrupted goes on where they were. Once they have come as far as the live ones they take their place, or are compared
with them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg

from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.recorder import LAST
from services.projections.projecting import Log, advance
from services.projections.tables import Table, index, let_alias_mean, means
from services.projections.tracking import LOCK, announce, claim, move
from services.projections.views import View, discard, install, installing

Progress = Callable[[int, int], None]
"""Told how many events have been projected, and how many there are."""

ANEW, CHECK = BESIDE = ("anew", "check")
"""What tables beside those of a view are for."""
TRIES = 20
"""How often it is tried to put the new tables in the place of the old ones."""
LOCK_SECONDS = 0.5
"""How long each try waits for those who read at the moment: less than PostgreSQL takes to call it a deadlock, and then
it would be a reader who is sent away."""
SHOWN = 10
"""How many differences of a table are told at the most."""


class BeingRebuilt(Exception):  # noqa: N818 - it says what the view is
    """Somebody else is making this view anew."""


class StillRead(Exception):  # noqa: N818 - it says what the tables are
    """The new tables are complete, but readers never left the old ones for long enough."""


def _silent(_: int, __: int) -> None:
    pass


def rebuild(database: Database, store: CaseStore, view: View, on_progress: Progress = _silent) -> None:
    """Make the rows of *view* anew from the whole log, or go on with that.

    An event that the view cannot digest raises Undigestible; once that is mended, it goes on there. Raises BeingRebuilt
    and StillRead.
    """
    anew = view.beside(ANEW)
    with _at_work_on(database, view, anew) as connection:
        _catch_up(connection, store, anew, on_progress)
        for table in anew.tables:
            index(connection, table)
            connection.execute(f"analyze {table.qualified}".encode())
        for _ in range(TRIES):
            try:
                _take_place(connection, database, store, view, anew)
            except psycopg.errors.LockNotAvailable:
                time.sleep(LOCK_SECONDS)
            else:
                announce(connection)
                return
    message = f"{view.name}: readers keep its tables; the same command goes on here"
    raise StillRead(message)


@contextmanager
def _at_work_on(database: Database, view: View, beside: View) -> Iterator[Connection]:
    """Make the tables of *beside* unless they are there, and be the only one at work on them."""
    install(database, [view, beside])
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("set statement_timeout = 0")
        connection.execute("set synchronous_commit = off")
        if not claim(connection, beside.name, beside.version):
            message = f"somebody else is at work on {view.name}"
            raise BeingRebuilt(message)
        yield connection


def _catch_up(connection: Connection, store: CaseStore, view: View, on_progress: Progress, until: int = LAST) -> None:
    """Project page after page up to *until*, or to the end of the log."""
    head = min(store.head(), until)
    while True:
        advanced = advance(connection, Log(store), view, until=until)
        if advanced.stumbled:
            raise advanced.stumbled
        if not advanced.digested:
            return
        on_progress(advanced.position, max(advanced.position, head))


def _take_place(connection: Connection, database: Database, store: CaseStore, view: View, anew: View) -> None:
    """Put the tables of *anew* in the place of those of *view*, at once, when they show at least as much."""
    with installing(connection):
        connection.execute("select set_config('lock_timeout', %s, true)", (f"{LOCK_SECONDS}s",))
        # From here on nobody moves the live view, so that this is where it stays until the end.
        live = _position(connection, view)
        if _position(connection, anew) < live:
            _catch_up(connection, store, anew, _silent, live)
        for table, fresh in zip(view.tables, anew.tables, strict=True):
            _put_in_place(connection, database, table, fresh)
        move(connection, view, _position(connection, anew))
        connection.execute("delete from views.tracking where view = %s and version = %s", (anew.name, anew.version))


def _put_in_place(connection: Connection, database: Database, table: Table, fresh: Table) -> None:
    former = f"{table.name}_v{table.version}_former"
    connection.execute(f"alter table {table.qualified} rename to {former}".encode())
    connection.execute(f"alter table {fresh.qualified} rename to {table.name}_v{table.version}".encode())
    if table.alias and means(connection, f"views.{table.alias}", f"views.{former}"):
        let_alias_mean(connection, database, table)
    connection.execute(f"drop table views.{former}".encode())
    for name, new_name in zip(fresh.index_names, table.index_names, strict=True):
        connection.execute(f"alter index views.{name} rename to {new_name}".encode())


def _position(connection: Connection, view: View) -> int:
    row = connection.execute(LOCK, (view.name, view.version)).fetchone()
    return row[0] if row else 0


# --- comparing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A row that the live view has otherwise than the log makes it. Values are not told: they may be somebody's."""

    table: str
    key: tuple[object, ...]
    columns: tuple[str, ...] | None
    """Which differ; ``None`` where only one of both has such a row."""
    live: bool
    """Whether the live view has it."""

    def __str__(self) -> str:
        """Say it in a line."""
        row = f"{self.table} {', '.join(map(str, self.key))}"
        if self.columns is not None:
            return f"{row}: the log says otherwise in {', '.join(self.columns)}"
        return f"{row}: the log knows no such row" if self.live else f"{row}: is not there"


def differences(
    database: Database, store: CaseStore, view: View, on_progress: Progress = _silent
) -> tuple[Difference, ...]:
    """Return where the live *view* is not what follows from the log, as far as it has come: the first of each table.

    Raises Undigestible and BeingRebuilt.
    """
    checked = view.beside(CHECK)
    with (
        _at_work_on(database, view, checked) as connection,
        closing(database.connect(DatabaseRole.PROJECTOR)) as holding,
    ):
        _empty(connection, checked)
        _catch_up(connection, store, checked, on_progress, _position(connection, view))
        # While it is held nobody moves the live view; the comparison then sees both as they are at this moment.
        _catch_up(connection, store, checked, _silent, _position(holding, view))
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read")
            # A rebuild that puts other tables in their place would put rows there that this does not see.
            for table in view.tables:
                connection.execute(f"lock table {table.qualified} in access share mode".encode())
            connection.execute("select from views.tracking")
            holding.rollback()
            pairs = zip(view.tables, checked.tables, strict=True)
            found = [difference for live, fresh in pairs for difference in _compare(connection, live, fresh)]
        discard(connection, checked.name, checked.version)
    return tuple(found)


def _empty(connection: Connection, view: View) -> None:
    """Let *view* begin afresh: what an earlier comparison left may have come further than the live view."""
    with connection.transaction():
        for table in view.tables:
            connection.execute(f"truncate {table.qualified}".encode())
        move(connection, view, 0)


def _compare(connection: Connection, live: Table, fresh: Table) -> Iterator[Difference]:
    """Yield the first rows, by their keys, that one of both tables has and the other has not, or has otherwise."""
    for *key, here, there in connection.execute(_differing(live, fresh)):
        columns = tuple(name for name in here if here[name] != there[name]) if here and there else None
        yield Difference(live.name, tuple(key), columns, live=here is not None)


def _differing(live: Table, fresh: Table) -> bytes:
    key = ", ".join(live.key)
    only_in = (
        "select {is_live} as live, to_jsonb(t) as contents, t.*"
        " from (select * from {one} except all select * from {other}) t"
    )
    both = " union all ".join(
        (
            only_in.format(is_live=True, one=live.qualified, other=fresh.qualified),
            only_in.format(is_live=False, one=fresh.qualified, other=live.qualified),
        )
    )
    return (
        f"select {key}, (array_agg(contents) filter (where live))[1], (array_agg(contents) filter (where not live))[1]"  # noqa: S608 - our own names
        f" from ({both}) as differing group by {key} order by {key} limit {SHOWN}"
    ).encode()
