"""How do events get into PostgreSQL and out again?

The eventsourcing library's ``ApplicationRecorder`` on the permanent tables: one function in the database appends, and
positions (the library's *notification ids*) are dense and in the order of the commits.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    ListenNotifySubscription,
    Notification,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from psycopg.rows import BaseRowFactory, class_row, tuple_row

from domain.basis import StreamId
from domain.values import Model
from infra.database import Connection, Database, DatabaseRole

CHANNEL = "weerbaar_events"
"""Where ``store.append`` tells that there is something new, once per commit and without a payload."""
POLL_SECONDS = 0.5
"""How long a subscription trusts that it was told."""
LAST = 2**63 - 1


# --- what is recorded, and what is answered ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StoredFact(StoredEvent):
    """A row of the events table: also what version 10 of the library will keep apart from the state."""

    event_id: UUID = field(default_factory=uuid4)
    metadata: str = "{}"
    """JSON."""
    recorded_at: datetime | None = None
    """By the database's clock; ``None`` until it is recorded."""


@dataclass(frozen=True, kw_only=True)
class FactNotification(StoredFact, Notification):
    """A row of the events table with its position."""

    recorded_at: datetime


@dataclass(frozen=True)
class Idempotency:
    """A sender's own name for a request, and a fingerprint of what it asked: the same key twice is one request."""

    client: str
    key: str
    fingerprint: bytes
    """A keyed hash of the request; requests hold names, so a plain one would tell who is in there."""


@dataclass(frozen=True)
class Answered:
    """What was recorded under a key of its sender."""

    key: str
    fingerprint: bytes
    first_position: int
    last_position: int


class Receipt(Model):
    """What a recorded request is answered with, now and whenever it is sent again."""

    stream: str
    """The stream that was asked of."""
    number: str | None
    """The case number that was given out, where the request began a case."""
    position: int
    """The last position of what was recorded."""
    version: int
    """The version of the stream after it."""
    event_ids: tuple[UUID, ...]
    topics: tuple[str, ...]


# --- what can be in the way -------------------------------------------------------------------------------------------


class VersionConflict(IntegrityError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """A stream that the decision depends on has changed since it was loaded."""


class EventAlreadyRecorded(IntegrityError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """An event with this id stands in the log: this very event, if ids are made as they should be."""


class IdempotencyKeyReused(Exception):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """The sender has used this key for another request."""


class LogMovedOn(IntegrityError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """Something was recorded, or a case number given out, after what was taken for the last one."""


_OURS: dict[str, type[Exception]] = {
    "WB001": VersionConflict,
    "WB002": IdempotencyKeyReused,
    "WB003": EventAlreadyRecorded,
}
_THEIRS: tuple[tuple[type[psycopg.Error], type[PersistenceError]], ...] = (
    (psycopg.InterfaceError, InterfaceError),
    (psycopg.OperationalError, OperationalError),
    (psycopg.DataError, DataError),
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.InternalError, InternalError),
    (psycopg.ProgrammingError, ProgrammingError),
    (psycopg.NotSupportedError, NotSupportedError),
    (psycopg.DatabaseError, DatabaseError),
    (psycopg.Error, PersistenceError),
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the library's exceptions, or ours, for those of psycopg."""
    try:
        yield
    except psycopg.Error as error:
        ours = _OURS.get(error.sqlstate or "")
        theirs = next(theirs for raised, theirs in _THEIRS if isinstance(error, raised))
        # The first line only, and no cause: the details of a failing row hold its whole contents.
        raise (ours or theirs)(error.diag.message_primary or str(error)) from None


# --- the recorder -----------------------------------------------------------------------------------------------------

_APPEND: LiteralString = (
    "select first_position, last_position, repeated from store.append("
    "%b::text[], %b::integer[], %b::text[], %b::uuid[], %b::text[], %b::bytea[], %b::text[], %b::integer[],"
    " %s::text, %s::integer, %s::text, %s::text, %s::text, %b::bytea)"
)
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
        IdempotencyKeyReused, EventAlreadyRecorded and what the library's recorders raise.
        """
        facts = _facts(events)
        expected = expected or {}
        stream = StreamId(str(facts[0].originator_id)) if stream is None else stream
        version = max(
            (fact.originator_version for fact in facts if fact.originator_id == stream), default=expected.get(stream, 0)
        )
        with self._cursor() as cursor:
            appended = cursor.execute(
                _APPEND,
                (
                    *_in_columns(facts),
                    list(expected),
                    list(expected.values()),
                    stream,
                    version,
                    number,
                    idempotency and idempotency.client,
                    idempotency and idempotency.key,
                    idempotency and idempotency.fingerprint,
                ),
            ).fetchone()
        _, position, repeated = appended or (0, 0, False)
        earlier = self.answered(idempotency) if repeated and idempotency else None
        return earlier or Receipt(
            stream=stream,
            number=number,
            position=position,
            version=version,
            event_ids=tuple(fact.event_id for fact in facts),
            topics=tuple(fact.topic for fact in facts),
        )

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
        facts = _facts(events)
        with (
            translated(),
            self._database.pool(self._role).connection() as connection,
            connection.transaction(),
            connection.cursor(binary=True) as cursor,
        ):
            first, client = facts[0], (idempotency.client, idempotency.key, idempotency.fingerprint)
            answer = (first.originator_id, first.originator_version, None)
            appended = cursor.execute(_APPEND, (*_in_columns(facts), [], [], *answer, *client)).fetchone()
            first_position, last_position, repeated = appended or (0, 0, False)
            if repeated:
                return int(last_position)
            if first_position != after + 1:
                message = f"the log is at position {first_position - 1}, not {after}"
                raise LogMovedOn(message)
            for (prefix, year), given in numbers.items():
                found = cursor.execute(
                    "select min(n), max(n)"
                    " from (select store.next_number(%s, %s) as n from generate_series(1, %s)) as taken",
                    (prefix, year, len(given)),
                ).fetchone()
                if found != (given[0], given[-1]):
                    message = f"the case numbers of {prefix}-{year} have moved on"
                    raise LogMovedOn(message)
        return int(last_position)

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
            found = cursor.execute(
                "select i.fingerprint, i.stream, i.number, i.last_position, i.version,"
                " array_agg(e.event_id order by e.position), array_agg(e.topic order by e.position)"
                " from store.idempotency i"
                " join store.events e on e.position between i.first_position and i.last_position"
                " where i.client = %s and i.key = %s group by i.client, i.key",
                (idempotency.client, idempotency.key),
            ).fetchone()
        if found is None:
            return None
        fingerprint, stream, number, position, version, event_ids, topics = found
        if fingerprint != idempotency.fingerprint:
            message = "the key has been used for another request"
            raise IdempotencyKeyReused(message)
        return Receipt(
            stream=stream,
            number=number,
            position=position,
            version=version,
            event_ids=tuple(event_ids),
            topics=tuple(topics),
        )

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
        with self._cursor(class_row(FactNotification)) as cursor:
            return cursor.execute(
                f"select {_COLUMNS} from store.events where stream = %s and version > %s and version <= %s"  # noqa: S608 - literals
                f" order by version {order} limit %s",
                (str(originator_id), 0 if gt is None else gt, LAST if lte is None else lte, limit),
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
        with self._cursor(class_row(FactNotification)) as cursor:
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
    def _cursor(self, rows: BaseRowFactory[Any] = tuple_row) -> Iterator[psycopg.Cursor[Any]]:
        with translated(), self._database.pool(self._role).connection() as connection:
            # Each use is one statement: a transaction around it would cost two more round trips.
            connection.set_autocommit(True)
            try:
                with connection.cursor(row_factory=rows, binary=True) as cursor:
                    yield cursor
            finally:
                if not connection.closed:
                    connection.set_autocommit(False)


def _facts(events: Sequence[StoredEvent]) -> list[StoredFact]:
    """Return *events*, each with what the library's own lack. Raises ValueError where there are none."""
    if not events:
        message = "there is nothing to record"
        raise ValueError(message)
    return [event if isinstance(event, StoredFact) else StoredFact(**vars(event)) for event in events]


def _in_columns(facts: Sequence[StoredFact]) -> Iterator[list[Any]]:
    """Yield *facts* as ``store.append`` takes them: a list per column."""
    yield [fact.originator_id for fact in facts]
    yield [fact.originator_version for fact in facts]
    yield [fact.topic for fact in facts]
    yield [fact.event_id for fact in facts]
    yield [fact.metadata for fact in facts]
    yield [fact.state for fact in facts]


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
