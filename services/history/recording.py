"""How does a generated history get into the log, and go on where it was stopped?

In chunks, each in one transaction under an idempotency key of its own: the parameters of the history and the number of
the chunk. Whoever goes on tells the whole history again, which comes out the same, and records the chunks that are not
there yet. While a history is recorded nothing else can be: its case numbers are those that come next.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

from pydantic import ValidationError

from domain.bodies import Register
from domain.organisations import NETWORK, ORGANISATION
from domain.values import Model
from infra.appending import Idempotency
from infra.events import Event
from infra.eventstore import CaseStore
from infra.recorder import LogMovedOn
from services.history.arrivals import History, Parameters, history

CLIENT = "weerbaar generate"
"""Under which the keys stand; no caller has this name, since theirs are keyed hashes."""
CHUNK = 2000
"""How many events are recorded in one transaction, or a few more: those of one step stay together."""

NETWORK_ITSELF = ORGANISATION.stream(NETWORK)
"""The public record, which may stand in the log before."""


class HistoryError(Exception):
    """The history cannot be recorded here; the message is one line."""


class ChunkKey(Model):
    """What the idempotency key of a chunk says, as JSON."""

    history: Parameters
    chunk: int
    last: bool


@dataclass(frozen=True)
class Chunk:
    """A piece of a history."""

    events: Sequence[Event]
    last: bool

    def numbers(self) -> dict[tuple[str, int], range]:
        """Return the case numbers that are given out in it, by prefix and year."""
        given: dict[tuple[str, int], range] = {}
        for event in self.events:
            number = getattr(event.fact, "number", None) if event.originator_version == 1 else None
            if number:
                prefix, year, n = number.split("-")
                first = given.get((prefix, int(year)), range(int(n), 0)).start
                given[prefix, int(year)] = range(first, int(n) + 1)
        return given

    def begun(self) -> Iterator[str]:
        """Yield the kind of each stream that begins in it."""
        return (event.originator_id.partition(":")[0] for event in self.events if event.originator_version == 1)


@dataclass
class Told:
    """What a history holds."""

    events: int = 0
    recorded: int = 0
    """How many of them were not there before."""
    streams: Counter[str] = field(default_factory=Counter)
    """How many, by kind; not counted where all was there before."""


def begun(store: CaseStore) -> Parameters | None:
    """Return the history that was begun in this log. Raises HistoryError."""
    recorded = store.recorder.recorded_by(CLIENT)
    try:
        return ChunkKey.model_validate_json(recorded[0].key).history if recorded else None
    except ValidationError:
        message = "another release has begun a history in this log: take an empty database"
        raise HistoryError(message) from None


def record(
    store: CaseStore, parameters: Parameters, register: Register, tell: Callable[[date], None] = lambda _: None
) -> Told:
    """Record the history of *parameters*, or what is missing of it; *tell* hears which day it has come to.

    Raises HistoryError where it cannot be recorded, and what the recorder raises.
    """
    done = store.recorder.recorded_by(CLIENT)
    head = store.head()
    if done and begun(store) != parameters:
        message = "another history was begun in this log: go on with that one, or take an empty database"
        raise HistoryError(message)
    if done and ChunkKey.model_validate_json(done[-1].key).last:
        return Told(events=done[-1].last_position - done[0].first_position + 1)
    if head != done[-1].last_position if done else store.recorder.holds_more_than(NETWORK_ITSELF):
        message = "the log holds something else besides this history: take an empty database"
        raise HistoryError(message)
    told = Told()
    with ThreadPoolExecutor(max_workers=1) as recorder:
        recording: Future[int] | None = None
        for number, chunk in enumerate(chunks(history(parameters, register))):
            key = ChunkKey(history=parameters, chunk=number, last=chunk.last).model_dump_json()
            idempotency = Idempotency(CLIENT, key, fingerprint(chunk.events))
            if number < len(done):
                if (done[number].key, done[number].fingerprint) != (key, idempotency.fingerprint):
                    message = "another release has begun this history, and tells it otherwise: take an empty database"
                    raise HistoryError(message)
            else:
                stored = store.prepare(chunk.events)
                head = settled(recording) or head
                recording = recorder.submit(
                    store.recorder.append_chunk, stored, after=head, numbers=chunk.numbers(), idempotency=idempotency
                )
                told.recorded += len(stored)
            told.events += len(chunk.events)
            told.streams.update(chunk.begun())
            tell(chunk.events[-1].metadata.at.date())
        settled(recording)
    return told


def settled(recording: Future[int] | None) -> int | None:
    """Wait for a chunk that is being recorded, and return the position that it came to."""
    try:
        return recording.result() if recording else None
    except LogMovedOn:
        message = "somebody else records in this log: stop them, or take a database of your own"
        raise HistoryError(message) from None


def fingerprint(events: Iterable[Event]) -> bytes:
    """Return what tells these events from others: before they are sealed, which comes out otherwise each time."""
    digest = hashlib.sha256()
    for event in events:
        digest.update(event.event_id.bytes + event.metadata.model_dump_json().encode())
        digest.update(event.fact.model_dump_json().encode())
    return digest.digest()


def chunks(history: History) -> Iterator[Chunk]:
    """Cut *history* into chunks."""
    events: list[Event] = []
    for step in history.told():
        if len(events) >= CHUNK:
            yield Chunk(events, last=False)
            events = []
        events.extend(step)
    yield Chunk(events, last=True)
