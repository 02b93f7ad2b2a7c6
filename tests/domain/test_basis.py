"""Do the words that everything is written in mean what they say?"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import UUID

import pytest

from domain.basis import (
    Act,
    Command,
    DayInTheFuture,
    DayTooEarly,
    Fact,
    Facts,
    Grant,
    Kind,
    OrganisationId,
    Party,
    Refusal,
    Role,
    StreamId,
    access_list,
    decide,
    may_know_of,
    may_see,
)
from domain.values import ERASED
from tests.domain.scenario import AMSTERDAM, AUDITOR, BODIES, BVA, COLLEAGUE, EVERYONE, TEAM, THE_HAGUE


class LampLit(Fact):
    """A lamp was lit."""

    topic: ClassVar[str] = "lamp.lit.v1"
    audience: ClassVar[frozenset[Party]] = frozenset({Party.OWNER, Party.ADVISER})


class LampHidden(Fact):
    """A lamp was hidden."""

    topic: ClassVar[str] = "lamp.hidden.v1"


class LightLamp(Command[int]):
    """Light a lamp."""

    noun: ClassVar[str] = "lights"
    roles: ClassVar[frozenset[Role]] = frozenset({Role.PUBLIC_BODY})

    def decide(self, state: int, act: Act) -> Facts:  # noqa: ARG002 - the signature of every command
        """It can always be lit."""
        return [LampLit()]


class TooDark(Refusal):
    """Nobody sees anything then."""

    about: ClassVar[tuple[str, ...]] = ("brightness", "to")


class DimLamp(Command[int]):
    """Dim a lamp."""

    noun: ClassVar[str] = "dimmings"
    roles: ClassVar[frozenset[Role]] = frozenset({Role.PUBLIC_BODY})

    to: int

    def decide(self, state: int, act: Act) -> Facts:  # noqa: ARG002 - the signature of every command
        """Neither out nor beyond what it can."""
        raise TooDark if self.to == 0 else ItIsNoonAlready


class SnuffLamp(Command[int]):
    """Snuff a lamp."""

    noun: ClassVar[str] = "snuffings"
    roles: ClassVar[frozenset[Role]] = frozenset({Role.PUBLIC_BODY})

    @classmethod
    def ready(cls, state: int, act: Act) -> None:  # noqa: ARG003 - the signature of every command
        """One that burns."""
        if not state:
            raise ItIsNoonAlready

    def decide(self, state: int, act: Act) -> Facts:  # noqa: ARG002 - the signature of every command
        """It goes out."""
        return [LampHidden()]


class ItIsNoonAlready(Refusal):
    """At noon a lamp is not needed, since the sun stands high; at midnight it is, unless the moon is full and there are
    no clouds.
    """  # noqa: D205 - a sentence over two lines


LAMP = Kind(
    name="lamp",
    collection="lamps",
    empty=0,
    evolve=lambda lit, _: lit + 1,
    facts=(LampLit, LampHidden),
    commands=(LightLamp,),
    grants=lambda _: frozenset(),
    granting=(),
)
ACT = Act(
    actor=AMSTERDAM,
    at=datetime(2026, 3, 18, 22, 30, tzinfo=UTC),
    stream=StreamId("lamp:1"),
    bodies=BODIES,
    ids=(UUID(int=1), UUID(int=2)),
    others={StreamId("lamp:2"): 7},
)
OWNER = Grant(party=Party.OWNER, role=Role.PUBLIC_BODY, organisation=AMSTERDAM.organisation)
ADVISER = Grant(party=Party.ADVISER, role=Role.BVA)


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_grant_covers_one_role_of_one_organisation() -> None:
    """Whoever has both, and nobody else."""
    assert [someone for someone in EVERYONE if OWNER.covers(someone)] == [AMSTERDAM, COLLEAGUE]


def test_a_grant_without_an_organisation_covers_the_role_in_any() -> None:
    """The security authority is one, wherever its people work."""
    assert [someone for someone in EVERYONE if ADVISER.covers(someone)] == [BVA]


def test_a_fact_is_seen_by_the_parties_in_its_audience_and_by_auditors() -> None:
    """By default only by the owner."""
    grants = {OWNER, ADVISER}

    assert [someone for someone in EVERYONE if may_see(someone, LampLit(), grants)] == [
        AMSTERDAM,
        COLLEAGUE,
        BVA,
        AUDITOR,
    ]
    assert [someone for someone in EVERYONE if may_see(someone, LampHidden(), grants)] == [
        AMSTERDAM,
        COLLEAGUE,
        AUDITOR,
    ]


def test_a_case_is_known_to_its_parties_and_to_auditors() -> None:
    """For everybody else it does not exist."""
    assert [someone for someone in EVERYONE if may_know_of(someone, {OWNER})] == [AMSTERDAM, COLLEAGUE, AUDITOR]
    assert [someone for someone in EVERYONE if may_know_of(someone, ())] == [AUDITOR]


def test_nobody_is_party_to_a_case_once_it_is_forgotten_whose_it_was() -> None:
    """Nor are those who were party to it through their role alone: what is left is for auditors."""
    owner = Grant(party=Party.OWNER, role=Role.PUBLIC_BODY, organisation=AMSTERDAM.organisation)
    adviser = Grant(party=Party.ADVISER, role=Role.BVA)
    forgotten = Grant(party=Party.OWNER, role=Role.PUBLIC_BODY, organisation=OrganisationId(ERASED))

    assert access_list(owner, None, adviser) == {owner, adviser}
    assert access_list(None, adviser) == {adviser}
    assert access_list(forgotten, adviser) == frozenset()


# --- acts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 18, 22, 59, tzinfo=UTC), date(2026, 3, 18)),
        (datetime(2026, 3, 18, 23, 0, tzinfo=UTC), date(2026, 3, 19)),
        (datetime(2026, 7, 18, 21, 59, tzinfo=UTC), date(2026, 7, 18)),
        (datetime(2026, 7, 18, 22, 0, tzinfo=UTC), date(2026, 7, 19)),
    ],
    ids=str,
)
def test_the_day_of_an_act_is_the_day_in_the_netherlands(at: datetime, day: date) -> None:
    """In winter it begins an hour before midnight UTC, in summer two."""
    assert replace(ACT, at=at).on == day


def test_what_has_been_done_lies_in_the_past() -> None:
    """By default it was done today."""
    assert ACT.past(None) == date(2026, 3, 18)
    assert ACT.past(date(2026, 3, 18)) == date(2026, 3, 18)
    assert ACT.past(date(1996, 1, 1)) == date(1996, 1, 1)
    with pytest.raises(DayInTheFuture):
        ACT.past(date(2026, 3, 19))


def test_what_has_been_done_does_not_lie_before_what_it_follows_from() -> None:
    """The same day will do; a day that nobody knows of bounds nothing; the day of the act is bound like others."""
    assert ACT.past(date(2026, 3, 2), not_before=(date(2026, 3, 1), None, date(2026, 3, 2))) == date(2026, 3, 2)
    with pytest.raises(DayTooEarly):
        ACT.past(date(2026, 3, 1), not_before=(date(2026, 2, 1), date(2026, 3, 2)))
    with pytest.raises(DayTooEarly):
        ACT.past(None, not_before=(date(2026, 3, 19),))


def test_an_act_hands_out_identifiers_in_order() -> None:
    """The same one for the same person."""
    assert (ACT.subject(0), ACT.subject(1)) == (UUID(int=1), UUID(int=2))


def test_the_state_of_another_stream_is_of_the_expected_kind() -> None:
    """Anything else is a mistake of the programmer, not of the caller."""
    assert ACT.other(StreamId("lamp:2"), int) == 7
    with pytest.raises(TypeError, match="lamp:2 holds a int, not a str"):
        ACT.other(StreamId("lamp:2"), str)


# --- commands, refusals, kinds ----------------------------------------------------------------------------------------


def test_a_command_asks_for_little_by_default() -> None:
    """No key, no other streams, no identifiers; whoever has the role may give it."""
    command = LightLamp()

    assert command.key() is None
    assert list(command.reads()) == []
    assert (command.creates, command.new_ids) == (False, 0)
    assert command.may(0, replace(ACT, actor=THE_HAGUE))
    assert command.may(0, replace(ACT, actor=TEAM))
    assert command.choices(0, ACT) == {}
    assert command.needed(0, ACT) == frozenset()
    assert decide(command, 0, ACT) == command.decide(0, ACT)


def test_nothing_is_decided_that_the_state_forbids() -> None:
    """Whatever is asked; decide() itself is not asked then."""
    assert decide(SnuffLamp(), 1, ACT) == [LampHidden()]
    with pytest.raises(ItIsNoonAlready):
        decide(SnuffLamp(), 0, ACT)


def test_a_refusal_says_which_field_of_the_command_it_is_about() -> None:
    """Of the names that the field has in commands the one that this command has; none where the state forbids it."""
    for command, field in ((DimLamp(to=0), "to"), (DimLamp(to=2), None)):
        with pytest.raises(Refusal) as refused:
            decide(command, 1, ACT)

        assert refused.value.field == field


def test_a_refusal_is_named_and_worded_by_its_class() -> None:
    """The name in kebab case, the docstring on one line."""
    assert ItIsNoonAlready.name() == "it-is-noon-already"
    assert ItIsNoonAlready.sentence() == (
        "At noon a lamp is not needed, since the sun stands high; at midnight it is, unless the moon is full and there"
        " are no clouds."
    )


def test_a_kind_names_its_streams_and_adds_up_their_facts() -> None:
    """From the empty state, in order."""
    assert LAMP.stream("1") == "lamp:1"
    assert LAMP.stream(UUID(int=1)) == "lamp:00000000-0000-0000-0000-000000000001"
    assert LAMP.replay([]) == 0
    assert LAMP.replay(LightLamp().decide(0, ACT)) == 1  # type: ignore[arg-type]
