"""What is asked of the log in one go, and how are many such requests recorded in one transaction?

``store.append_batch`` records a batch as a whole or names what stands in its way. Then the requests concerned get
their answer and the others are sent again, until all have one.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString, NamedTuple
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

from domain.basis import StreamId
from domain.values import Model
from infra.arrays import Array, byte_strings, integers, texts, uuids
from infra.database import Connection
from infra.failures import EventAlreadyRecorded, VersionConflict

# --- what is asked, and what is answered ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StoredFact(StoredEvent):
    """A row of the events table: also what version 10 of the library will keep apart from the state."""

    event_id: UUID = field(default_factory=uuid4)
    metadata: str = "{}"
    """JSON."""
    recorded_at: datetime | None = None
    """By the database's clock; ``None`` until it is recorded."""


@dataclass(frozen=True)
class Idempotency:
    """A sender's own name for a request, and a fingerprint of what it asked: the same key twice is one request."""

    client: str
    key: str
    fingerprint: bytes
    """A keyed hash of the request; requests hold names, so a plain one would tell who is in there."""


class IdempotencyKeyReused(Exception):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """The sender has used this key for another request."""


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


@dataclass(frozen=True)
class Append:
    """A request to record all of its facts or none."""

    facts: Sequence[StoredFact]
    expected: Mapping[StreamId, int]
    """The version of every stream that the decision depends on, read or written, 0 for a new one."""
    idempotency: Idempotency | None
    stream: StreamId
    """What the receipt is about."""
    version: int
    """Of that stream, once this is recorded."""
    number: str | None
    writes: frozenset[Hashable]
    """Streams, event ids and the key: what no other request in the same batch may touch."""
    size: int

    @property
    def reads(self) -> frozenset[Hashable]:
        """The streams that the decision depends on."""
        return frozenset(self.expected)

    def receipt(self, position: int) -> Receipt:
        """Return the receipt, once the last fact stands at *position*."""
        return Receipt(
            stream=self.stream,
            number=self.number,
            position=position,
            version=self.version,
            event_ids=tuple(fact.event_id for fact in self.facts),
            topics=tuple(fact.topic for fact in self.facts),
        )


OVERHEAD_BYTES = 200
"""About what a row takes besides its contents."""


def to_append(
    events: Sequence[StoredEvent],
    expected: Mapping[StreamId, int] | None = None,
    idempotency: Idempotency | None = None,
    stream: StreamId | None = None,
    number: str | None = None,
) -> Append:
    """Return the request to record *events*, about the stream of the first one if *stream* does not say otherwise.

    Raises ValueError where there are none, and EventAlreadyRecorded for one that is in there twice.
    """
    if not events:
        message = "there is nothing to record"
        raise ValueError(message)
    facts = [event if isinstance(event, StoredFact) else StoredFact(**vars(event)) for event in events]
    expected = expected or {}
    about = StreamId(str(facts[0].originator_id)) if stream is None else stream
    version = expected.get(about, 0)
    size = 0
    writes: set[Hashable] = set()
    for fact in facts:
        if fact.event_id in writes:
            message = f"already recorded: {fact.event_id}"
            raise EventAlreadyRecorded(message)
        writes.add(fact.event_id)
        writes.add(fact.originator_id)
        size += len(fact.state) + len(fact.metadata) + OVERHEAD_BYTES
        if fact.originator_id == about:
            version = fact.originator_version
    if idempotency:
        writes.add((idempotency.client, idempotency.key))
    return Append(facts, expected, idempotency, about, version, number, frozenset(writes), size)


# --- how a batch is recorded ------------------------------------------------------------------------------------------

_APPEND: LiteralString = (
    "select first_position, obstacles, places, details from store.append_batch("
    "%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
)
_RANKS = {"repeated": 0, "already recorded": 1, "conflict": 2, "moved on": 2}


class Obstacle(NamedTuple):
    """Something in the way of a request; of several, those of the lowest rank are its answer."""

    rank: int
    place: int
    detail: str


def append_batch(connection: Connection, requests: Sequence[Append]) -> int | Mapping[int, Sequence[Obstacle]]:
    """Record *requests* and return the position of the first event, or else which of them cannot be, and why."""
    columns, owners = _in_columns(requests)
    with connection.cursor(binary=True) as cursor:
        found = cursor.execute(_APPEND, columns, prepare=True).fetchone()
    position, obstacles, places, details = found or (None, [], [], [])
    if position is not None:
        return int(position)
    in_the_way: dict[int, list[Obstacle]] = defaultdict(list)
    for obstacle, place, detail in zip(obstacles, places, details, strict=True):
        in_the_way[owners[obstacle][place - 1]].append(Obstacle(_RANKS[obstacle], place, detail))
    return in_the_way


def record_together(
    connection: Connection,
    requests: Sequence[Append],
    again: bool,  # noqa: FBT001 - as GroupCommit calls it
) -> list[Receipt | Exception]:
    """Record those of *requests* that can be, in one transaction, and return what each is answered.

    *again* says that an earlier attempt may have been recorded.
    """
    answers: dict[int, Receipt | Exception] = {}
    while remaining := [n for n in range(len(requests)) if n not in answers]:
        appended = append_batch(connection, [requests[n] for n in remaining])
        if isinstance(appended, int):
            for n in remaining:
                appended += len(requests[n].facts)
                answers[n] = requests[n].receipt(appended - 1)
        else:
            for n, obstacles in appended.items():
                try:
                    answers[remaining[n]] = refusal(connection, requests[remaining[n]], obstacles, again=again)
                except (EventAlreadyRecorded, IdempotencyKeyReused, VersionConflict) as reason:
                    answers[remaining[n]] = reason
    return [answers[n] for n in range(len(requests))]


def refusal(connection: Connection, request: Append, obstacles: Sequence[Obstacle], *, again: bool = False) -> Receipt:
    """Return the receipt of a *request* that was recorded before. Raises why it is not recorded, if it was not."""
    rank = min(obstacles).rank
    details = list(dict.fromkeys(obstacle.detail for obstacle in sorted(obstacles) if obstacle.rank == rank))
    if rank == _RANKS["repeated"] and request.idempotency and (found := answered(connection, request.idempotency)):
        return found
    if rank == _RANKS["already recorded"]:
        if again and len(details) == len(request.facts):
            return request.receipt(_position(connection, request))
        message = f"already recorded: {', '.join(details)}"
        raise EventAlreadyRecorded(message)
    raise VersionConflict("; ".join(details))


def answered(connection: Connection, idempotency: Idempotency) -> Receipt | None:
    """Return the receipt that this key was answered with. Raises IdempotencyKeyReused for another fingerprint."""
    with connection.cursor(binary=True) as cursor:
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


def _position(connection: Connection, request: Append) -> int:
    """Return where the last fact of a recorded *request* stands."""
    with connection.cursor(binary=True) as cursor:
        found = cursor.execute(
            "select position from store.events where event_id = %s", (request.facts[-1].event_id,)
        ).fetchone()
    return int(found[0]) if found else 0


def _in_columns(requests: Sequence[Append]) -> tuple[list[Array], Mapping[str, Sequence[int]]]:
    """Return *requests* as ``store.append_batch`` takes them, and whose each key, event and expectation is."""
    facts: list[StoredFact] = []
    follows: list[int | None] = []
    of_fact: list[int] = []
    expected: list[tuple[str, int]] = []
    of_expectation: list[int] = []
    keyed: list[tuple[Append, Idempotency, int, int]] = []
    of_key: list[int] = []
    for n, request in enumerate(requests):
        first = len(facts) + 1
        latest: dict[str | UUID, int] = {}
        for place, fact in enumerate(request.facts, start=first):
            follows.append(latest.get(fact.originator_id))
            latest[fact.originator_id] = place
            of_fact.append(n)
        facts += request.facts
        # What the first event of a stream says of it need not be said again.
        said = {fact.originator_id: fact.originator_version - 1 for fact in reversed(request.facts)}
        more = [(stream, version) for stream, version in request.expected.items() if said.get(stream) != version]
        expected += more
        of_expectation += [n] * len(more)
        if request.idempotency:
            keyed.append((request, request.idempotency, first, len(facts)))
            of_key.append(n)
    columns: list[Array] = [
        texts(str(fact.originator_id) for fact in facts),
        integers(fact.originator_version for fact in facts),
        integers(follows),
        texts(fact.topic for fact in facts),
        uuids(fact.event_id for fact in facts),
        texts(fact.metadata for fact in facts),
        byte_strings(fact.state for fact in facts),
        texts(stream for stream, _ in expected),
        integers(version for _, version in expected),
        texts(key.client for _, key, _, _ in keyed),
        texts(key.key for _, key, _, _ in keyed),
        byte_strings(key.fingerprint for _, key, _, _ in keyed),
        integers(first for _, _, first, _ in keyed),
        integers(last for _, _, _, last in keyed),
        texts(request.stream for request, _, _, _ in keyed),
        integers(request.version for request, _, _, _ in keyed),
        texts(request.number for request, _, _, _ in keyed),
    ]
    return columns, {"repeated": of_key, "already recorded": of_fact, "conflict": of_fact, "moved on": of_expectation}
