"""How are streams loaded and decisions recorded?

The eventsourcing library's ``Application``, with our recorder and mapper. A stream is loaded by a plain fold over its
facts, without the library's ``Repository``, which would have each event made whole, with all that is recorded of it.
The events of several streams are recorded in one append.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

from eventsourcing.application import Application
from eventsourcing.persistence import (
    InfrastructureFactory,
    NotSupportedError,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from domain.basis import Kind, StreamId
from domain.values import marked_fields
from infra.appending import Idempotency, IdempotencyKeyReused, Receipt, StoredFact
from infra.database import Database, DatabaseRole
from infra.events import Event
from infra.failures import EventAlreadyRecorded, VersionConflict
from infra.groupcommit import QueueIsFull
from infra.mapper import UPCASTS, FactMapper, UnknownTopic, Upcast
from infra.recorder import FactRecorder
from infra.vault import CaseKeys, Forgotten, Vault, opened, opened_fact

__all__ = [
    "CaseStore",
    "EventAlreadyRecorded",
    "Forgotten",
    "Idempotency",
    "IdempotencyKeyReused",
    "Loaded",
    "QueueIsFull",
    "Receipt",
    "Recorded",
    "UnknownTopic",
    "VersionConflict",
]

S = TypeVar("S")


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """The state of a stream at a version."""

    stream: StreamId
    state: S
    version: int
    """0: nothing has been recorded in it."""
    keys: Mapping[str, CaseKeys] = field(default_factory=dict, repr=False)
    """Of the stream, if it is of a kind that is sealed."""


@dataclass(frozen=True)
class Recorded:
    """An event in the log."""

    position: int
    event: Event
    """What is under the key of the case is opened in it, and nothing that is personal."""
    state: bytes
    """The fact as it is stored, JSON, in the shape that the event has: sealed."""


class CaseStore(Application[str]):
    """The streams of all kinds in one log."""

    mapper: FactMapper
    recorder: FactRecorder

    def __init__(
        self,
        database: Database,
        kinds: Iterable[Kind[Any]],
        *,
        upcasts: Mapping[str, Upcast] = UPCASTS,
        role: DatabaseRole = DatabaseRole.APP,
    ) -> None:
        """Store streams of *kinds* in *database*, which the caller closes; only the role APP can record."""
        self._database = database
        self.kinds = tuple(kinds)
        self._upcasts = upcasts
        self._role = role
        sealed = frozenset(kind.name for kind in self.kinds if any(map(marked_fields, kind.facts)))
        # Who only reads facts for views opens no more in them than views tell.
        self.vault = Vault(database, sealed, role if role is DatabaseRole.PROJECTOR else DatabaseRole.KEYS)
        super().__init__()

    # --- loading ------------------------------------------------------------------------------------------------------

    def load(self, kind: Kind[S], stream: StreamId, version: int | None = None) -> Loaded[S]:
        """Return the state of *stream*, now or at an earlier *version*; of an unknown one the empty state.

        What is under the key of the case is opened in it, and nothing that is personal.
        """
        if stream.partition(":")[0] != kind.name:
            message = f"{stream} is not a stream of the kind {kind.name}"
            raise ValueError(message)
        keys = self.vault.of([stream])
        rows = self.recorder.select_states(stream, lte=version)
        facts = (
            opened_fact(self.mapper.to_fact(topic, state, event_id), event_id, stream, keys.get(stream), personal=False)
            for _, event_id, topic, state in rows
        )
        return Loaded(stream, kind.replay(facts), rows[-1][0] if rows else 0, keys)

    def head(self) -> int:
        """Return the last position, 0 while nothing is recorded."""
        return self.recorder.max_notification_id() or 0

    # --- recording ----------------------------------------------------------------------------------------------------

    def prepare(self, events: Sequence[Event], keys: Mapping[str, CaseKeys] | None = None) -> list[StoredFact]:
        """Return *events* as they are recorded: sealed, under keys that are on the disk before they are.

        *keys* are those that came with what was loaded. Raises Forgotten, UnknownTopic and persistence exceptions.
        """
        return [self.mapper.to_stored_event(event) for event in self.vault.seal(events, keys)]

    def opened(self, events: Sequence[Event], *, personal: bool = True) -> list[Event]:
        """Return recorded *events* opened, as far as anybody still can and this store may."""
        keys = self.vault.of({event.originator_id for event in events})
        return [opened(event, keys.get(event.originator_id), personal=personal) for event in events]

    async def record(
        self,
        events: Sequence[StoredFact],
        *,
        expected: Mapping[StreamId, int],
        idempotency: Idempotency | None = None,
        stream: StreamId | None = None,
        number: str | None = None,
    ) -> Receipt:
        """Record all *events*, which are prepared, or none, if every stream is at its version in *expected*.

        *expected* names the streams that the decision depends on, also those only read. The receipt is about *stream*
        (by default that of the first event) and names the case *number* that was given out. With an *idempotency* key
        that was answered before, the receipt of then is returned and nothing recorded. Raises VersionConflict,
        IdempotencyKeyReused, EventAlreadyRecorded, QueueIsFull and the library's persistence exceptions.
        """
        return await self.recorder.append_async(
            events, expected=expected, idempotency=idempotency, stream=stream, number=number
        )

    def record_now(
        self,
        events: Sequence[Event],
        *,
        expected: Mapping[StreamId, int],
        idempotency: Idempotency | None = None,
        stream: StreamId | None = None,
        number: str | None = None,
    ) -> Receipt:
        """Prepare and record *events*, for a thread that has nothing else to do meanwhile: see ``record``."""
        return self.recorder.append(
            self.prepare(events), expected=expected, idempotency=idempotency, stream=stream, number=number
        )

    def answered(self, idempotency: Idempotency) -> Receipt | None:
        """Return the receipt that this key was answered with. Raises IdempotencyKeyReused for another fingerprint."""
        return self.recorder.answered(idempotency)

    def next_number(self, kind: Kind[Any], year: int) -> str:
        """Return a fresh case number of *kind*, ``DR-2026-000123``."""
        if kind.prefix is None:
            message = f"streams of the kind {kind.name} have no numbers"
            raise ValueError(message)
        return f"{kind.prefix}-{year}-{self.recorder.next_number(kind.prefix, year):06d}"

    # --- what the library's Application is made of --------------------------------------------------------------------

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Take nothing from the process's environment: the composition root decides."""
        return Environment(name, env)

    def construct_factory(self, env: Environment) -> "_Factory":
        """Return the factory of our recorder."""
        return _Factory(env, FactRecorder(self._database, self._role))

    def construct_mapper(self) -> FactMapper:
        """Return the mapper of our topics."""
        return FactMapper(self.kinds, self._upcasts)


class _Factory(InfrastructureFactory[TrackingRecorder]):
    """There is one recorder; snapshots and the library's tracking are not used."""

    def __init__(self, env: Environment, recorder: FactRecorder) -> None:
        super().__init__(env)
        self._recorder = recorder

    def application_recorder(self) -> FactRecorder:
        return self._recorder

    def close(self) -> None:
        self._recorder.close()

    def aggregate_recorder(self, purpose: str = "events") -> NoReturn:
        message = f"there is no recorder of {purpose}"
        raise NotSupportedError(message)

    def tracking_recorder(self, tracking_recorder_class: type[Any] | None = None) -> NoReturn:
        message = f"views keep track of their positions without a {tracking_recorder_class or 'tracking recorder'}"
        raise NotSupportedError(message)

    def process_recorder(self) -> NoReturn:
        self.tracking_recorder()
