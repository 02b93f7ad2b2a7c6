"""How does a test of the domain read? ``given(facts).when(command, by=somebody).then(facts)``.

No store and no HTTP: the role gate, knowing of the case and ``may`` are asked in the order in which the service asks
them, and then the command decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import pytest

from domain.basis import (
    Act,
    Actor,
    Command,
    Elsewhere,
    Fact,
    Facts,
    Kind,
    OrganisationId,
    PersonId,
    Refusal,
    Role,
    StreamId,
    SubjectId,
    decide,
    may_know_of,
)
from domain.bodies import BodyKind, PublicBody, Register
from domain.kinds import KINDS
from domain.organisations import NETWORK

NOW = datetime(2026, 3, 18, 22, 30, tzinfo=UTC)
TODAY = date(2026, 3, 18)
YESTERDAY = date(2026, 3, 17)
TOMORROW = date(2026, 3, 19)

STREAM = UUID(int=100)
"""The key of the stream that a command is asked of."""
FIRST, SECOND = SubjectId(UUID(int=1)), SubjectId(UUID(int=2))
"""The fresh identifiers that a command is given."""

BODIES = Register(
    (
        PublicBody(id="gm0363", kind=BodyKind.MUNICIPALITY, name="Amsterdam"),
        PublicBody(id="gm0518", kind=BodyKind.MUNICIPALITY, name="'s-Gravenhage"),
        PublicBody(id="pv27", kind=BodyKind.PROVINCE, name="Noord-Holland"),
        PublicBody(id="ws-rijnland", kind=BodyKind.WATER_BOARD, name="Rijnland"),
        PublicBody(id="bes-saba", kind=BodyKind.SPECIAL_MUNICIPALITY, name="Saba"),
        PublicBody(
            id="gm0457",
            kind=BodyKind.MUNICIPALITY,
            name="Weesp",
            valid_until=date(2022, 3, 24),
            successors=("gm0363",),
        ),
    )
)


def actor(person: str, organisation: str, role: Role) -> Actor:
    """Return *person* in *role* of *organisation*."""
    return Actor(person=PersonId(person), organisation=OrganisationId(organisation), role=role)


TEAM = actor("tess", "ondersteuningsteam", Role.SUPPORT_TEAM)
AMSTERDAM = actor("anne", "gm0363", Role.PUBLIC_BODY)
COLLEAGUE = actor("bram", "gm0363", Role.PUBLIC_BODY)
THE_HAGUE = actor("hugo", "gm0518", Role.PUBLIC_BODY)
STEUNPUNT = actor("stef", "steunpunt", Role.STEUNPUNT)
BVA = actor("bea", "bva", Role.BVA)
CCV = actor("cees", "ccv", Role.CCV)
ANALYST = actor("mila", "bzk", Role.MINISTRY_ANALYST)
AUDITOR = actor("otto", "rekenkamer", Role.AUDITOR)
ADMINISTRATOR = actor("fien", NETWORK, Role.ADMINISTRATOR)
OWN_ADMINISTRATOR = actor("gijs", "ondersteuningsteam", Role.ADMINISTRATOR)
EVERYONE = (
    TEAM,
    AMSTERDAM,
    COLLEAGUE,
    THE_HAGUE,
    STEUNPUNT,
    BVA,
    CCV,
    ANALYST,
    AUDITOR,
    ADMINISTRATOR,
    OWN_ADMINISTRATOR,
)


def kind_of(command: Command[Any]) -> Kind[Any]:
    """Return the kind that *command* belongs to."""
    return next(kind for kind in KINDS if type(command) in kind.commands)


@dataclass(frozen=True)
class When:
    """A command that somebody gives in the light of some facts."""

    facts: tuple[Fact, ...]
    others: Mapping[StreamId, object]
    command: Command[Any]
    by: Actor
    at: datetime = NOW

    def then(self, *expected: Fact | Elsewhere) -> None:
        """Expect exactly these facts."""
        assert list(self.outcome()) == list(expected)

    def refused(self, reason: type[Refusal]) -> None:
        """Expect a refusal for exactly this reason."""
        with pytest.raises(Refusal) as refusal:
            self.outcome()
        assert refusal.type is reason

    def forbidden(self) -> None:
        """Expect that they may not give this command, though they may know of the case."""
        assert self.known
        assert not self.allowed

    def unknown(self) -> None:
        """Expect that the case does not exist for them."""
        assert not self.known

    def outcome(self) -> Facts:
        """Return the facts that follow for somebody who may give the command, or raise a Refusal."""
        assert self.known, f"{self.by} may not know of the case"
        assert self.allowed, f"{self.by} may not {type(self.command).__name__}"
        return decide(self.command, self._state, self.act)

    @property
    def ready(self) -> bool:
        """Whether the state lets the command be asked at all."""
        try:
            self.command.ready(self._state, self.act)
        except Refusal:
            return False
        return True

    @property
    def choices(self) -> Mapping[str, tuple[Any, ...]]:
        """The values that the state leaves, by field."""
        return self.command.choices(self._state, self.act)

    @property
    def needed(self) -> frozenset[str]:
        """The fields that the state asks for."""
        return self.command.needed(self._state, self.act)

    @property
    def known(self) -> bool:
        """Whether they may know of the case; a case that is yet to begin is no secret."""
        return self.command.creates or may_know_of(self.by, kind_of(self.command).grants(self._state))

    @property
    def allowed(self) -> bool:
        """Whether they may give the command."""
        return self.by.role in self.command.roles and self.command.may(self._state, self.act)

    @property
    def act(self) -> Act:
        """The circumstances of the command."""
        kind = kind_of(self.command)
        return Act(
            actor=self.by,
            at=self.at,
            stream=kind.stream(self.command.key() or STREAM),
            bodies=BODIES,
            ids=tuple(UUID(int=n + 1) for n in range(self.command.new_ids)),
            number=f"{kind.prefix}-{self.at.year}-000001" if self.command.creates and kind.prefix else "",
            others={stream: self.others[stream] for stream in self.command.reads()},
        )

    @cached_property
    def _state(self) -> Any:  # noqa: ANN401 - the state of any kind
        return kind_of(self.command).replay(self.facts)


@dataclass(frozen=True)
class Given:
    """What has happened so far, in this stream and in others that the command reads."""

    facts: tuple[Fact, ...]
    others: Mapping[StreamId, object] = field(default_factory=dict)

    def beside(self, kind: Kind[Any], key: UUID, *facts: Fact) -> "Given":
        """Add what has happened in another stream."""
        return replace(self, others={**self.others, kind.stream(key): kind.replay(facts)})

    def when(self, command: Command[Any], *, by: Actor, at: datetime = NOW) -> When:
        """Let *by* give *command*."""
        return When(self.facts, self.others, command, by, at)


def given(*facts: Fact) -> Given:
    """Begin with *facts*, in the order in which they were recorded."""
    return Given(facts)
