"""How far has each view come, and is it still going on?"""

import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Condition, Thread
from uuid import UUID

import psycopg
from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import PoolTimeout

from domain.values import Model
from infra.database import Connection, Database, DatabaseRole
from services.projections.views import View

PROJECTING = 1464157523
"""The first number of the advisory locks of the views; the second stands in ``views.tracking``. Whoever holds the lock
of a view is at work on it. One lock for each, so that the projectors of two releases can run side by side."""
CHANNEL = "weerbaar_views"
"""Where a projector tells that views have come further, without a payload."""
POLL = 1.0
"""Seconds after which whoever waits looks unasked: a notification may be lost."""
IDLE = 30.0
"""Seconds without anybody who waits, after which nobody listens any more."""
MAX_WAITING = 10
"""How many wait for a view at a time, each in a thread of its own: the other threads are for commands."""


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
    published: bool
    """Whether its unversioned names mean this version, or did: it has caught up once."""
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
    t.published,
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

PLACES = "select view, version, position, stopped_at is not null from views.tracking"

STOPPED = """
select stopped_at is not null as stopped from views.tracking where view = %s
order by published desc, version desc limit 1
"""


def claim(connection: Connection, view: str, version: int) -> bool:
    """Become the one at work on *view* for as long as the *connection* lasts, unless somebody else is."""
    return connection.execute(CLAIM, (PROJECTING, view, version)).fetchone() == (True,)


def move(
    connection: Connection, view: View, position: int, stopped_by: UUID | None = None, reason: str | None = None
) -> None:
    """Record that *view* has come to *position*, and which event it stumbled over there, and why."""
    where = {"view": view.name, "version": view.version}
    connection.execute(MOVE, where | {"position": position, "stopped_by": stopped_by, "reason": reason})


def announce(connection: Connection) -> None:
    """Tell those who wait that views have come further."""
    connection.execute("select pg_notify(%s, '')", (CHANNEL,))


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


Places = Mapping[tuple[str, int], tuple[int, bool]]
"""By name and version of a view: how far it has come, and whether it has stopped there."""


@dataclass
class Watch:
    """Waits for views. However many wait, one connection hears for all of them that a view has come further.

    It listens from when somebody waits until nobody has for a while, or until it is closed.
    """

    database: Database
    max_waiting: int = MAX_WAITING
    _changed: Condition = field(default_factory=Condition, init=False, repr=False)
    _places: Places = field(default_factory=dict, init=False, repr=False)
    _waiting: int = field(default=0, init=False)
    _closed: bool = field(default=False, init=False)
    _listener: Thread | None = field(default=None, init=False, repr=False)

    def wait(self, views: Iterable[View], position: int, timeout: float) -> None:
        """Return when all *views* show what was recorded at *position*. Raises NotYetVisible after *timeout* seconds.

        A view that has stopped before the position is not waited for, nor is any by those for whom there is no place.
        """
        wanted = [(view.name, view.version) for view in views]
        with self.database.pool(DatabaseRole.READER).connection() as connection:
            behind = _behind(_places(connection), wanted, position)
        if behind is None:
            return
        deadline = time.monotonic() + timeout
        with self._changed:
            if self._waiting >= self.max_waiting:
                raise behind
            self._waiting += 1
            try:
                while behind is not None:
                    remaining = deadline - time.monotonic()
                    if behind.stopped or remaining <= 0 or self._closed:
                        raise behind
                    self._listen()
                    # It may have been told since we looked, and then nobody would wake us.
                    if _behind(self._places, wanted, position) is not None:
                        self._changed.wait(remaining)
                    behind = _behind(self._places, wanted, position)
            finally:
                self._waiting -= 1

    def close(self) -> None:
        """Listen no more; who waits is told that it is not there yet."""
        with self._changed:
            self._closed = True
            listener = self._listener
            self._changed.notify_all()
        if listener is not None:
            with (
                suppress(psycopg.Error, PoolTimeout),
                self.database.pool(DatabaseRole.READER).connection() as connection,
            ):
                announce(connection)  # so that it wakes up
            listener.join(2 * POLL)

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = Thread(target=self._hear, name="views", daemon=True)
            self._listener.start()

    def _hear(self) -> None:
        """Look how far the views are whenever a projector tells that they have come further."""
        try:
            with closing(self.database.connect(DatabaseRole.READER, autocommit=True)) as connection:
                # Listen first and look then: what happens in between is either seen or announced.
                connection.execute(f"listen {CHANNEL}")
                last_needed = time.monotonic()
                while not self._closed and time.monotonic() - last_needed < IDLE:
                    places = _places(connection)
                    with self._changed:
                        self._places = places
                        self._changed.notify_all()
                        if self._waiting:
                            last_needed = time.monotonic()
                    for _ in connection.notifies(timeout=POLL, stop_after=1):
                        pass
        except psycopg.Error:
            time.sleep(POLL)  # then whoever still waits listens anew: a server that is full is not asked all the time
        finally:
            with self._changed:
                self._listener = None
                self._places = {}
                self._changed.notify_all()


def _places(connection: Connection) -> Places:
    return {(view, version): (position, stopped) for view, version, position, stopped in connection.execute(PLACES)}


def _behind(places: Places, wanted: Iterable[tuple[str, int]], position: int) -> NotYetVisible | None:
    """Return which of the *wanted* views is not at *position* yet: one that has stopped, if there is one."""
    found = [(name, *places.get((name, version), (-1, False))) for name, version in wanted]
    behind = [(stopped, name) for name, at, stopped in found if at < position]
    if not behind:
        return None
    stopped, name = max(behind)
    return NotYetVisible(name, stopped=stopped)
