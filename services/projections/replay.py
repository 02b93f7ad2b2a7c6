"""What did a case look like, to this reader, at a version or a moment, and what changed between two of them?

Pure: it is given the facts that the reader may see. Versions count those facts: to an auditor, who sees all, they are
the stream's own versions; to anybody else they do not tell how many facts are withheld.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import zip_longest
from typing import Any, Self
from uuid import UUID

from pydantic import Field, TypeAdapter

from domain.basis import Fact, Kind, OrganisationId, PersonId, Role
from domain.values import Identifying, Instant, Model
from infra.events import Event


@dataclass(frozen=True)
class Recorder:
    """Who recorded a fact, for whom and for what."""

    person: PersonId
    organisation: OrganisationId
    on_behalf_of: PersonId | None = None
    purpose: str | None = None


@dataclass(frozen=True)
class Entry:
    """One fact, and as much of what was recorded with it as the reader may see."""

    version: int
    """Of the stream: it counts the facts that are withheld too."""
    event_id: UUID
    topic: str
    at: datetime
    role: Role
    recorder: Recorder | None
    """``None``: withheld."""
    fact: Fact | None
    """``None``: a newer release recorded it, and this one does not know its topic."""

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return an event of the log as an entry that holds everything."""
        told = event.metadata
        return cls(
            version=event.originator_version,
            event_id=event.event_id,
            topic=event.fact.topic,
            at=told.at,
            role=told.role,
            recorder=Recorder(told.actor, told.organisation, told.on_behalf_of, told.purpose),
            fact=event.fact,
        )


def _absent(value: object) -> bool:
    return value is None


class Happening(Model):
    """One line of a history. Who recorded it is there for the case's owner, their own organisation and auditors."""

    version: int
    """Which of the visible facts, from 1."""
    event_id: UUID
    topic: str
    words: str
    """What happened, in a sentence."""
    at: Instant
    """When it was recorded."""
    role: Role
    """In which role it was recorded."""
    recorded_by: PersonId | None = Field(default=None, exclude_if=_absent)
    organisation: Identifying[OrganisationId | None] = Field(default=None, exclude_if=_absent)
    on_behalf_of: PersonId | None = Field(default=None, exclude_if=_absent)
    purpose: str | None = Field(default=None, exclude_if=_absent)


class Replay(Model):
    """A case as it was."""

    version: int
    """How many of the visible facts it rests on."""
    at: Instant | None
    """When the last of them was recorded; ``None`` before the first."""
    history: tuple[Happening, ...]
    state: dict[str, Any]
    """What they add up to."""


class Difference(Model):
    """What one place in the state said, and what it says."""

    pointer: str
    """Where, as a JSON Pointer (RFC 6901)."""
    before: Any
    """``None``: nothing."""
    after: Any


def replay(
    kind: Kind[Any], entries: Sequence[Entry], *, version: int | None = None, at: datetime | None = None
) -> Replay:
    """Return the case after *version* of the *entries*, or at the moment *at*, or (neither) as it is now.

    A version beyond the last means the last. As of a moment means: up to the last entry recorded by then, in the order
    of the stream; with both given, the earlier of the two.
    """
    entries = entries[:version]
    if at is not None:
        entries = entries[: max((n for n, entry in enumerate(entries, 1) if entry.at <= at), default=0)]
    return Replay(
        version=len(entries),
        at=entries[-1].at if entries else None,
        history=tuple(_happening(n, entry) for n, entry in enumerate(entries, 1)),
        state=as_json(kind.replay(entry.fact for entry in entries if entry.fact is not None)),
    )


def _happening(version: int, entry: Entry) -> Happening:
    recorder = entry.recorder
    return Happening(
        version=version,
        event_id=entry.event_id,
        topic=entry.topic,
        words=words(type(entry.fact)) if entry.fact else "Something that this release does not know.",
        at=entry.at,
        role=entry.role,
        recorded_by=recorder and recorder.person,
        organisation=recorder and recorder.organisation,
        on_behalf_of=recorder and recorder.on_behalf_of,
        purpose=recorder and recorder.purpose,
    )


def words(fact: type[Fact]) -> str:
    """Return what happened in words: the first line of the fact's docstring."""
    return inspect.cleandoc(fact.__doc__ or fact.topic).partition("\n")[0]


def as_json(state: object) -> dict[str, Any]:
    """Return *state* in the types that JSON has."""
    shown: dict[str, Any] = _adapter(type(state)).dump_python(state, mode="json")
    return shown


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def differences(before: Replay, after: Replay) -> tuple[Difference, ...]:
    """Return where the state of *after* says something else than that of *before*."""
    return tuple(_differences("", before.state, after.state))


def _differences(pointer: str, before: Any, after: Any) -> list[Difference]:  # noqa: ANN401 - JSON
    match before, after:
        case dict(), dict():
            pairs = [(_escaped(key), before.get(key), after.get(key)) for key in {**before, **after}]
        case list(), list():
            pairs = [(str(n), *pair) for n, pair in enumerate(zip_longest(before, after))]
        case _:
            return [] if before == after else [Difference(pointer=pointer, before=before, after=after)]
    return [found for key, old, new in pairs for found in _differences(f"{pointer}/{key}", old, new)]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
