"""How does a command become recorded facts?

Load the streams it reads, ask whether the caller may, decide, and record: at most once per idempotency key, and only if
no stream it read has changed in between.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

from fastapi.concurrency import run_in_threadpool
from uuid_utils.compat import uuid7

from domain.basis import (
    Act,
    Actor,
    Command,
    Elsewhere,
    Facts,
    Kind,
    Refusal,
    StreamId,
    decide,
    is_party,
    may_know_of,
    may_see,
)
from domain.bodies import Register
from infra.appending import StoredFact
from infra.events import Event, Metadata, Origin
from infra.eventstore import CaseStore, Forgotten, Idempotency, Loaded, Receipt, VersionConflict
from infra.identity import Caller
from infra.opaque import Opaque
from services.web.problems import Answerable, NotFound

S = TypeVar("S")
T = TypeVar("T")

Aside = Callable[..., Awaitable[Any]]
"""Calls a function with arguments elsewhere, so that whoever awaits it can serve others meanwhile."""
Record = Callable[..., Awaitable[Receipt]]
"""``CaseStore.record``, or what does the same."""

ATTEMPTS = 3
"""How often a command is decided anew when another one came in between."""


class NotAllowed(Answerable):
    """You may not do this."""

    status: ClassVar[HTTPStatus] = HTTPStatus.FORBIDDEN


class VersionChanged(Answerable):
    """The case has changed since the version you named in If-Match."""

    status: ClassVar[HTTPStatus] = HTTPStatus.PRECONDITION_FAILED


class Busy(Answerable):
    """Others keep changing this case at the same moment; try again."""

    status: ClassVar[HTTPStatus] = HTTPStatus.SERVICE_UNAVAILABLE
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class RelatedCaseUnknown(Refusal):
    """The command names another case that does not exist, or none that you may know of."""


class NothingMoreToRecord(Refusal):
    """Somebody in this case has been forgotten, or the case has: nothing more is recorded about them."""


class AlreadyExists(Refusal):
    """There is one with this name already."""


@dataclass(frozen=True)
class Request:
    """One command as it came in."""

    command: Command[Any]
    caller: Caller
    key: str | None = None
    """Of the stream it is asked of; ``None`` for a creating command."""
    if_match: str | None = None
    """The ETags, one of which the caller believes to be current; ``*`` is any."""
    idempotency_key: str | None = None
    correlation: UUID | None = None
    origin: Origin = Origin.API


@dataclass(frozen=True)
class Decision:
    """What a command leads to."""

    events: list[StoredFact]
    """Ready to be recorded."""
    versions: Mapping[StreamId, int]
    """Of all streams that it rests on."""
    number: str | None
    """The case number given out."""


@dataclass(frozen=True)
class Handling:
    """Everything that handling a command needs."""

    store: CaseStore
    kinds: tuple[Kind[Any], ...]
    bodies: Register
    opaque: Opaque
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], UUID] = uuid7

    def etag(self, stream: str, version: int) -> str:
        """Return the entity tag of *stream* at *version*: opaque, since versions count facts that may be withheld."""
        return f'"{self.opaque.tag("etag", stream, version)}"'

    async def handle(self, kind: Kind[Any], request: Request) -> Receipt:
        """Record what follows from *request*, or raise a Refusal or one of the errors above."""
        return await self._handle(kind, request, run_in_threadpool, self.store.record)

    def handle_now(self, kind: Kind[Any], request: Request) -> Receipt:
        """Do as ``handle`` does, for a thread that has nothing else to do meanwhile."""
        return _at_once(self._handle(kind, request, _here, partial(_here, self.store.recorder.append)))

    async def _handle(self, kind: Kind[Any], request: Request, aside: Aside, record: Record) -> Receipt:
        """Decide and record, anew when another command came in between.

        Deciding takes time, and reading waits for the database: that is done *aside*.
        """
        if request.caller.actor.role not in request.command.roles:
            raise NotAllowed
        idempotency = self._idempotency(kind, request)
        stream = kind.stream(request.key or request.command.key() or self.new_id())
        for _ in range(ATTEMPTS):
            found = await aside(self._decide_once, kind, request, stream, idempotency)
            if isinstance(found, Receipt):
                return found
            try:
                return await record(
                    found.events,
                    expected=found.versions,
                    idempotency=idempotency,
                    stream=stream,
                    number=found.number,
                )
            except VersionConflict:  # on a case that has changed, If-Match now says so
                continue
        raise Busy

    def _decide_once(
        self, kind: Kind[Any], request: Request, stream: StreamId, idempotency: Idempotency | None
    ) -> Decision | Receipt:
        """Decide, unless the request was answered before: then return the receipt of then.

        What takes numbers or identifiers, for which keys are made, is looked up first. What does not is decided: it is
        refused where the request stands in its own way, and where it does not, recording answers as then.
        """
        begins = request.command.creates or request.command.new_ids
        if begins and idempotency and (answer := self.store.answered(idempotency)):
            return answer
        try:
            return self._decide(kind, request, stream)
        except (Refusal, Answerable):
            if idempotency and (answer := self.store.answered(idempotency)):
                return answer
            raise

    def _decide(self, kind: Kind[Any], request: Request, stream: StreamId) -> Decision:
        """Load and judge."""
        command, actor = request.command, request.caller.actor
        loaded = self.store.load(kind, stream)
        admit(kind, command, loaded, actor)
        if not self._matches(request, kind, loaded):
            raise VersionChanged
        others = {other: self._related(other, request.caller) for other in command.reads()}
        act = Act(
            actor=actor,
            at=self.clock(),
            stream=stream,
            bodies=self.bodies,
            on_behalf_of=request.caller.on_behalf_of,
            # Random and nothing else: from ids in a row one could tell which belong together, and when they were made.
            ids=tuple(uuid4() for _ in range(command.new_ids)),
            others={other: found.state for other, found in others.items()},
        )
        facts = judge(command, loaded.state, act)
        number = None
        if command.creates and kind.prefix is not None:
            # Decisions are pure: this one is taken again with a number, once it is known not to be refused.
            number = self.store.next_number(kind, act.on.year)
            facts = decide(command, loaded.state, replace(act, number=number))
        versions = {stream: loaded.version} | {other: found.version for other, found in others.items()}
        events = events_of(facts, stream, versions, self._metadata(request, act.at), self.new_id)
        keys = {stream: key for found in (loaded, *others.values()) for stream, key in found.keys.items()}
        try:
            return Decision(self.store.prepare(list(events), keys), versions, number)
        except Forgotten:
            raise NothingMoreToRecord from None

    def _matches(self, request: Request, kind: Kind[S], loaded: Loaded[S]) -> bool:
        """Tell whether the caller saw the case as it is, as far as they may see it: what is withheld is no change."""
        named = {tag.strip() for tag in (request.if_match or "*").split(",")}
        if "*" in named:
            return True
        actor, parties = request.caller.actor, kind.grants(loaded.state)
        stored = self.store.recorder.select_events(loaded.stream, lte=loaded.version, desc=True)
        newest_first = map(self.store.mapper.to_domain_event, stored)
        shown = (event.originator_version for event in newest_first if may_see(actor, event.fact, parties))
        return self.etag(loaded.stream, next(shown, 0)) in named

    def _related(self, stream: StreamId, caller: Caller) -> Loaded[Any]:
        kind = next(kind for kind in self.kinds if stream.startswith(f"{kind.name}:"))
        found = self.store.load(kind, stream)
        if not found.version or not may_know_of(caller.actor, kind.grants(found.state)):
            raise RelatedCaseUnknown
        return found

    def _metadata(self, request: Request, at: datetime) -> Metadata:
        actor = request.caller.actor
        return Metadata(
            at=at,
            actor=actor.person,
            organisation=actor.organisation,
            role=actor.role,
            on_behalf_of=request.caller.on_behalf_of,
            purpose=request.caller.purpose,
            correlation=request.correlation or uuid4(),
            origin=request.origin,
        )

    def _idempotency(self, kind: Kind[Any], request: Request) -> Idempotency | None:
        if request.idempotency_key is None:
            return None
        actor = request.caller.actor
        body = request.command.model_dump_json()
        operation = (kind.name, request.key, type(request.command).__name__)
        return Idempotency(
            # Keyed: in clear it would say for ever which body a case belongs to.
            client=self.opaque.tag("client", actor.organisation, actor.person),
            key=request.idempotency_key,
            fingerprint=self.opaque.fingerprint(*operation, body),
        )


async def _here(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever it returns
    """Call *function* here and now."""
    return function(*args, **kwargs)


def _at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what *coroutine* comes to, which waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        found: T = done.value
        return found
    coroutine.close()
    message = "it waits for something"
    raise RuntimeError(message)


# --- what the handling of every command rests on, also of those that nobody sent --------------------------------------


def admit(kind: Kind[S], command: Command[S], loaded: Loaded[S], actor: Actor) -> None:
    """Let whoever may give *command* in this case pass. Raises NotAllowed, NotFound or AlreadyExists."""
    if actor.role not in command.roles:
        raise NotAllowed
    if command.creates:
        if loaded.version:
            raise AlreadyExists
        return
    parties = kind.grants(loaded.state)
    if not loaded.version or not may_know_of(actor, parties):
        raise NotFound
    if not is_party(actor, command.parties, parties):
        raise NotAllowed


def judge(command: Command[S], state: S, act: Act) -> Facts:
    """Return the facts that follow from *command*. Raises NotAllowed or a Refusal."""
    if not command.may(state, act):
        raise NotAllowed
    return decide(command, state, act)


def events_of(
    facts: Facts, stream: StreamId, versions: Mapping[StreamId, int], metadata: Metadata, new_id: Callable[[], UUID]
) -> Iterator[Event]:
    """Yield the events that *facts* become, each at the next of the *versions* of its stream."""
    following = dict(versions)
    for fact in facts:
        place = fact.stream if isinstance(fact, Elsewhere) else stream
        following[place] += 1
        yield Event(
            originator_id=place,
            originator_version=following[place],
            event_id=new_id(),
            metadata=metadata,
            fact=fact.fact if isinstance(fact, Elsewhere) else fact,
        )
