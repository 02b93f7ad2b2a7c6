"""How far has each view come, and is it still going on?"""

import time
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from threading import Semaphore
from uuid import UUID

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow, dict_row

from domain.values import Model
from infra.database import Connection, Database, DatabaseRole
from services.projections.projecting import Undigestible
from services.projections.views import View

PROJECTING = 1464157523
"""The first number of the advisory locks of the views; the second stands in ``views.tracking``. Whoever holds the lock
of a view is at work on it. One lock for each, so that the projectors of two releases can run side by side."""
PAUSE = 0.005
"""Seconds between two looks at how far a view has come."""


class ViewStatus(Model):
    """How far a view has come."""

    name: str
    version: int
    position: int
    """The last event it shows."""
    head: int
    """The last event of the log."""
    behind: timedelta
    """For how long the oldest event that it lacks has been waiting."""
    last_activity: datetime
    stopped_at: datetime | None
    stopped_by: UUID | None
    """The event that it cannot digest."""
    reason: str | None
    running: bool
    """Whether a projector is at work on it: a view without one is not idle but dead."""

    @property
    def lag(self) -> int:
        """Return how many events it lacks."""
        return self.head - self.position


class NotYetVisible(Exception):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """A view does not show yet what was asked for."""

    def __init__(self, view: str, *, stopped: bool) -> None:
        """Name the *view*; when it has *stopped*, waiting longer does not help."""
        super().__init__(f"{view} has stopped" if stopped else f"{view} is behind")
        self.view = view
        self.stopped = stopped


STATUS = """
select t.view as name, t.version, t.position, t.last_activity, t.stopped_at, t.stopped_by, t.reason,
    coalesce((select max(e.position) from store.events e), 0) as head,
    coalesce(
        (select clock_timestamp() - e.recorded_at from store.events e where e.position = t.position + 1),
        interval '0'
    ) as behind,
    exists (
        select from pg_locks l join pg_database d on d.oid = l.database
        where d.datname = current_database() and l.locktype = 'advisory' and l.granted
        and l.classid = %s and l.objid = t.lock and l.objsubid = 2
    ) as running
from views.tracking t
order by t.view, t.version
"""

CLAIM = "select pg_try_advisory_lock(%s, lock) from views.tracking where view = %s and version = %s"
LOCK = "select position from views.tracking where view = %s and version = %s for update"
LOCK_IF_FREE = "select position from views.tracking where view = %s and version = %s for update skip locked"
MOVE = """
update views.tracking set
    position = %(position)s,
    last_activity = clock_timestamp(),
    stopped_at = case
        when %(stopped_by)s::uuid is null then null
        when stopped_by = %(stopped_by)s then stopped_at
        else clock_timestamp()
    end,
    stopped_by = %(stopped_by)s,
    reason = %(reason)s
where view = %(view)s and version = %(version)s
"""

WAITING_FOR = """
select w.view, t.stopped_at is not null from unnest(%s::text[], %s::integer[]) w(view, version)
left join views.tracking t on t.view = w.view and t.version = w.version
where coalesce(t.position, -1) < %s
order by t.stopped_at, w.view
"""

STOPPED = """
select stopped_at is not null as stopped from views.tracking where view = %s
order by published desc, version desc limit 1
"""


def claim(connection: Connection, view: View) -> bool:
    """Become the one at work on *view* for as long as the *connection* lasts, unless somebody else is."""
    return connection.execute(CLAIM, (PROJECTING, view.name, view.version)).fetchone() == (True,)


def move(connection: Connection, view: View, position: int, stumbled: Undigestible | None = None) -> None:
    """Record that *view* has come to *position*, and what it *stumbled* over there."""
    connection.execute(
        MOVE,
        {
            "view": view.name,
            "version": view.version,
            "position": position,
            "stopped_by": stumbled and stumbled.event.event_id,
            "reason": stumbled and str(stumbled),
        },
    )


def status(database: Database) -> list[ViewStatus]:
    """Return how far every view has come that there are tables of, also those of other releases."""
    with (
        # Of its own: whoever asks how things are does not queue with those who make them so.
        closing(database.connect(DatabaseRole.PROJECTOR)) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        # Before the first projector there is nothing to ask.
        if cursor.execute("select to_regclass('views.tracking') as there").fetchone() == {"there": None}:
            return []
        return [ViewStatus.model_validate(row) for row in cursor.execute(STATUS, (PROJECTING,))]


def has_stopped(cursor: DatabaseCursor[DictRow], view: View) -> bool:
    """Tell whether *view* goes on no more, in the version that its unversioned names mean, or was never made."""
    row = cursor.execute(STOPPED, (view.name,)).fetchone()
    return row is None or bool(row["stopped"])


def wait_until(
    database: Database, views: Iterable[View], position: int, timeout: float, turns: Semaphore | None = None
) -> None:
    """Return when all *views* show what was recorded at *position*. Raises NotYetVisible after *timeout* seconds.

    A view that has stopped before the position is not waited for, nor is any by those for whom there is no turn left.
    """
    waited_for = {view.name: view.version for view in views}
    parameters = (list(waited_for), list(waited_for.values()), position)
    deadline = time.monotonic() + timeout
    turn = turns or Semaphore()
    mine = False
    try:
        while True:
            with database.pool(DatabaseRole.READER).connection() as connection:
                behind = connection.execute(WAITING_FOR, parameters).fetchall()
            if not behind:
                return
            view, stopped = behind[0]
            mine = mine or turn.acquire(blocking=False)
            if stopped or not mine or time.monotonic() >= deadline:
                raise NotYetVisible(view, stopped=stopped)
            time.sleep(PAUSE)
    finally:
        if mine:
            turn.release()
