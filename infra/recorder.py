"""How do events get into PostgreSQL and out again?

The eventsourcing library's ``ApplicationRecorder`` on the permanent tables: one function in the database appends, and
positions (the library's *notification ids*) are dense and in the order of the commits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    Notification,
    StoredEvent,
)
from psycopg.rows import RowFactory, class_row, tuple_row

from domain.basis import StreamId
from infra.appending import (
    Append,
    Idempotency,
    Receipt,
    StoredFact,
    answered,
    append_batch,
    record_together,
    refusal,
    to_append,
)
from infra.database import Connection, Database, DatabaseRole
from infra.failures import translated
from infra.groupcommit import GroupCommit

CHANNEL = "weerbaar_events"
"""Where ``store.append_batch`` tells that there is something new, once per commit and without a payload."""
POLL_SECONDS = 0.5
"""How long a subscription trusts that it was told."""
LAST = 2**63 - 1


# --- what stands in the log, and under which keys ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FactNotification(StoredFact, Notification):
    """A row of the events table with its position."""

    recorded_at: datetime


@dataclass(frozen=True)
class Answered:
    """What was recorded under a key of its sender."""

    key: str
    fingerprint: bytes
    first_position: int
    last_position: int


class LogMovedOn(IntegrityError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """Something was recorded, or a case number given out, after what was taken for the last one."""


# --- the recorder -----------------------------------------------------------------------------------------------------

_COLUMNS: LiteralString = (
    "position as id, stream as originator_id, version as originator_version, topic, state, event_id, metadata::text,"
    " recorded_at"
)


class FactRecorder(ApplicationRecorder):
    """Records and selects events in *role*; only the application's role can append."""

    def __init__(self, database: Database, role: DatabaseRole = DatabaseRole.APP) -> None:
        """Work on *database*, whose migrations have been applied."""
        self._database = database
        self._role = role
        self._commits: GroupCommit[Append, Receipt] = GroupCommit(
            lambda: database.connect(role, autocommit=True), record_together
        )
        database.before_close(self.close)

    def append(
        self,
        events: Sequence[StoredEvent],
        *,
        expected: Mapping[StreamId, int] | None = None,
        idempotency: Idempotency | None = None,
        stream: StreamId | None = None,
        number: str | None = None,
    ) -> Receipt:
        """Record all *events* or none, and return the receipt: an earlier one, if *idempotency* was answered before.

        *expected* holds the version of every stream that the decision depends on, read or written, 0 for a new one.
        *stream* (by default that of the first event) and *number* are for the receipt. Raises VersionConflict,
        IdempotencyKeyReused, EventAlreadyRecorded, QueueIsFull and what the library's recorders raise. Of those only
        an OperationalError can leave open whether the events were recorded, and says so.
        """
        return self._commits.ask(to_append(events, expected, idempotency, stream, number))

    async def append_async(
        self,
        events: Sequence[StoredEvent],
        *,
        expected: Mapping[StreamId, int] | None = None,
        idempotency: Idempotency | None = None,
        stream: StreamId | None = None,
        number: str | None = None,
    ) -> Receipt:
        """Do as ``append`` does, for a task of an event loop."""
        return await self._commits.ask_async(to_append(events, expected, idempotency, stream, number))

    def append_chunk(
        self,
        events: Sequence[StoredEvent],
        *,
        after: int,
        numbers: Mapping[tuple[str, int], range],
        idempotency: Idempotency,
    ) -> int:
        """Record *events* right after the position *after* and give out the case *numbers* in them, or do neither.

        Returns the last position. For whoever decides a whole history beside the log, and so must be the only one who
        records: *numbers* are the next ones of each prefix and year. A chunk whose key is known is there already.
        Raises LogMovedOn, and what ``append`` raises.
        """
        request = to_append(events, idempotency=idempotency)
        with (
            translated(),
            self._database.pool(self._role).connection() as connection,
            connection.transaction(),
        ):
            first = append_batch(connection, [request])
            if not isinstance(first, int):
                return refusal(connection, request, first[0]).position
            if first != after + 1:
                message = f"the log is at position {first - 1}, not {after}"
                raise LogMovedOn(message)
            for (prefix, year), given in numbers.items():
                found = connection.execute(
                    "select min(n), max(n)"
                    " from (select store.next_number(%s, %s) as n from generate_series(1, %s)) as taken",
                    (prefix, year, len(given)),
                ).fetchone()
                if found != (given[0], given[-1]):
                    message = f"the case numbers of {prefix}-{year} have moved on"
                    raise LogMovedOn(message)
        return first + len(request.facts) - 1

    def close(self) -> None:
        """Record what was asked for, and nothing that is asked for from now on. Selecting goes on."""
        self._commits.close()

    def recorded_by(self, client: str) -> list[Answered]:
        """Return what *client* has recorded under keys, in the order of recording."""
        with self._cursor(class_row(Answered)) as cursor:
            return cursor.execute(
                "select key, fingerprint, first_position, last_position from store.idempotency where client = %s"
                " order by first_position",
                (client,),
            ).fetchall()

    def holds_more_than(self, stream: StreamId) -> bool:
        """Tell whether anything has been recorded in another stream than *stream*."""
        with self._cursor() as cursor:
            return bool(cursor.execute("select from store.events where stream <> %s limit 1", (stream,)).rowcount)

    def answered(self, idempotency: Idempotency) -> Receipt | None:
        """Return the receipt that this key was answered with. Raises IdempotencyKeyReused for another fingerprint."""
        with self._cursor() as cursor:
            return answered(cursor.connection, idempotency)

    def next_number(self, prefix: str, year: int) -> int:
        """Return a number that nobody else got, from 1 for each *prefix* and *year*; some may never be used."""
        with self._cursor() as cursor:
            found = cursor.execute("select store.next_number(%s, %s)", (prefix, year)).fetchone()
        return int(found[0]) if found else 0

    # What the library asks of a recorder

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        expected: Mapping[StreamId, int] | None = None,
        idempotency: Idempotency | None = None,
        **_: object,
    ) -> Sequence[int]:
        """Record the events and return their positions: see ``append``."""
        if not stored_events:
            return []
        receipt = self.append(stored_events, expected=expected, idempotency=idempotency)
        return list(range(receipt.position - len(receipt.event_ids) + 1, receipt.position + 1))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[FactNotification]:
        """Return the events of a stream with versions after *gt* and up to *lte*."""
        order: LiteralString = "desc" if desc else "asc"
        with self._cursor(_as_notifications) as cursor:
            return cursor.execute(
                f"select {_COLUMNS} from store.events where stream = %s and version > %s and version <= %s"  # noqa: S608 - literals
                f" order by version {order} limit %s",
                (str(originator_id), 0 if gt is None else gt, LAST if lte is None else lte, limit),
            ).fetchall()

    def select_states(self, stream: StreamId, *, lte: int | None = None) -> Sequence[tuple[int, UUID, str, bytes]]:
        """Return version, id, topic and state of the events of *stream* up to the version *lte*, for a decision."""
        with self._cursor() as cursor:
            return cursor.execute(
                "select version, event_id, topic, state from store.events where stream = %s and version <= %s"
                " order by version",
                (stream, LAST if lte is None else lte),
            ).fetchall()

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[FactNotification]:
        """Return at most *limit* events from position *start* (or after it) up to *stop*, of *topics* or of all."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        of_topics: LiteralString = " and topic = any(%s)" if topics else ""
        with self._cursor(_as_notifications) as cursor:
            return cursor.execute(
                f"select {_COLUMNS} from store.events where position between %s and %s"  # noqa: S608 - literals
                f"{of_topics} order by position limit %s",
                (first, LAST if stop is None else stop, *([list(topics)] if topics else ()), limit),
            ).fetchall()

    def max_notification_id(self) -> int | None:
        """Return the last position, or ``None`` while nothing is recorded."""
        with self._cursor() as cursor:
            found = cursor.execute("select max(position) from store.events").fetchone()
        return found[0] if found else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "FactSubscription":
        """Return an iterator over the events after *gt* that blocks at the end of the log until there are more."""
        return FactSubscription(self, gt=gt, topics=topics)

    def listen(self) -> Connection:
        """Return a connection of its own that hears of what is appended. The caller closes."""
        with translated():
            connection = self._database.connect(self._role, autocommit=True)
            connection.execute(f"listen {CHANNEL}")
        return connection

    @contextmanager
    def _cursor(self, rows: RowFactory[Any] = tuple_row) -> Iterator[psycopg.Cursor[Any]]:
        with translated(), self._database.cursor(self._role, rows) as cursor:
            yield cursor


def _as_notifications(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], FactNotification]:
    """Make rows what the library calls notifications.

    The constructor of a frozen dataclass sets each field by a call of its own: for a log that is read from its
    beginning that takes longer than to fetch it.
    """
    names = [column.name for column in cursor.description or ()]
    new = FactNotification.__new__

    def made(values: Sequence[Any]) -> FactNotification:
        notification = new(FactNotification)
        notification.__dict__.update(zip(names, values, strict=True))
        return notification

    return made


class FactSubscription(ListenNotifySubscription[FactRecorder]):
    """Listens first and reads then, so that nothing falls between the two, and reads unasked twice a second.

    A lost connection ends the iteration with OperationalError; subscribe again after the last position seen.
    """

    def _loop_on_pull(self) -> None:
        try:
            with translated(), closing(self._recorder.listen()) as connection:
                while not self._has_been_stopped:
                    self._pull()
                    for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                        pass
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that iterates
            self._thread_error = error
            self.stop()
