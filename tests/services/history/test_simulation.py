"""Does simulated time pass in order, and are commands judged as everywhere else?"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.people import Office
from domain.threat_case import THREAT_CASE, Aftercare, CloseThreatCase, ClosingReason, OfferAftercare, ReportThreat
from domain.values import AMSTERDAM
from infra.events import Origin
from infra.registers import public_bodies
from services.cases.handling import NotAllowed
from services.history.simulation import Simulation, Story, at_hour, beside_each_other, midnight, works
from services.web.problems import NotFound

NOW = datetime(2022, 3, 14, 11, tzinfo=UTC)
TILBURG = Actor(person=PersonId("p-tilburg-1"), organisation=OrganisationId("gm0855"), role=Role.PUBLIC_BODY)
BREDA = Actor(person=PersonId("p-breda-1"), organisation=OrganisationId("gm0758"), role=Role.PUBLIC_BODY)
AUDITOR = Actor(person=PersonId("p-auditor-1"), organisation=OrganisationId("auditor"), role=Role.AUDITOR)
REPORT = ReportThreat(body="gm0855", office=Office.WETHOUDER, call_back_number="06-00 00 00 01", danger_now=False)


@pytest.fixture
def simulation() -> Simulation:
    """Return a simulation in which nothing has happened."""
    return Simulation(public_bodies(), Random(7), NOW)  # noqa: S311 - chance that comes out the same


def ran(simulation: Simulation, story: Story) -> list[str]:
    """Run *story* for ten years; return the topics that were recorded."""
    simulation.start(story)
    until = NOW + timedelta(days=3650)
    return [event.fact.topic for step in simulation.run(until) for event in step]


# --- time -------------------------------------------------------------------------------------------------------------


def test_stories_go_on_in_the_order_of_their_moments(simulation: Simulation) -> None:
    """Each where it was, whoever began first; a moment that has passed is now."""
    told: list[tuple[str, timedelta]] = []

    def story(name: str, *days: int) -> Story:
        for n in days:
            yield NOW + timedelta(days=n)
            told.append((name, simulation.now - NOW))

    simulation.start(story("a", 1, 5, 2))
    simulation.start(story("b", 2, 3))
    assert list(simulation.run(NOW + timedelta(days=9))) == []

    assert [(name, passed.days) for name, passed in told] == [("a", 1), ("b", 2), ("b", 3), ("a", 5), ("a", 5)]


def test_a_history_ends_at_its_end(simulation: Simulation) -> None:
    """What would come later is not told."""
    told: list[int] = []

    def story() -> Story:
        for n in range(10):
            yield NOW + timedelta(days=n)
            told.append(n)

    simulation.start(story())
    assert list(simulation.run(NOW + timedelta(days=3))) == []

    assert told == [0, 1, 2]


def test_tracks_beside_each_other_end_with_the_last(simulation: Simulation) -> None:
    """Each goes on at its own moments; one that has nothing to wait for is told at once."""
    told: list[str] = []

    def track(name: str, *days: int) -> Story:
        for n in days:
            yield NOW + timedelta(days=n)
            told.append(f"{name}{n}")

    def both() -> Story:
        yield from beside_each_other(track("a", 1, 4), track("b", 2, 3), track("c"))
        told.append("end")

    assert ran(simulation, both()) == []
    assert told == ["a1", "b2", "b3", "a4", "end"]


def test_offices_work_on_working_days_between_half_past_eight_and_half_past_five(simulation: Simulation) -> None:
    """By the clocks of the Netherlands, and never before now; half of the waits are shorter than asked."""
    waits = []
    for n in range(2000):
        simulation.now = NOW + timedelta(hours=7 * n)
        moment = simulation.at_work(2)
        local = moment.astimezone(AMSTERDAM)
        assert moment >= simulation.now
        assert works(local.date())
        assert 8.5 <= local.hour + local.minute / 60 < 17.5
        waits.append(simulation.after(2) - simulation.now)

    assert 0.45 < sum(wait < timedelta(days=2) for wait in waits) / len(waits) < 0.55


def test_days_begin_by_the_clocks_of_the_netherlands() -> None:
    """In winter and in summer."""
    assert midnight(date(2026, 1, 1)) == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert midnight(date(2026, 7, 1)) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert at_hour(date(2026, 7, 1), 23.5) == datetime(2026, 7, 1, 21, 30, tzinfo=UTC)


# --- chance -----------------------------------------------------------------------------------------------------------


def test_chance_keeps_to_what_it_is_told(simulation: Simulation) -> None:
    """Shares, weights and means, within a tenth or so of ten thousand draws."""
    n = 10_000
    drawn = Counter(simulation.one_of({"a": 3, "b": 1}) for _ in range(n))
    perhaps = Counter(simulation.perhaps({"a": 0.2, "b": 0.1}) for _ in range(n))

    assert sum(simulation.happens(0.3) for _ in range(n)) == pytest.approx(0.3 * n, rel=0.05)
    assert sum(simulation.times(4.5) for _ in range(n)) == pytest.approx(4.5 * n, rel=0.05)
    assert drawn["a"] == pytest.approx(0.75 * n, rel=0.05)
    assert perhaps["a"] == pytest.approx(0.2 * n, rel=0.1)
    assert perhaps["b"] == pytest.approx(0.1 * n, rel=0.1)
    assert perhaps[None] == pytest.approx(0.7 * n, rel=0.05)


def test_identifiers_are_of_the_versions_that_the_service_makes(simulation: Simulation) -> None:
    """Version 7 with the simulated moment in it for cases and events, version 4 for persons."""
    timed, random = simulation.timed_id(), simulation.random_id()

    assert (timed.version, random.version) == (7, 4)
    assert timed.int >> 80 == NOW.timestamp() * 1000
    assert len({simulation.timed_id() for _ in range(1000)}) == 1000


# --- commands ---------------------------------------------------------------------------------------------------------


def test_a_command_becomes_events_with_the_simulated_moment(simulation: Simulation) -> None:
    """Marked as generated, with who gave it, a number and an identifier of its own."""

    def story() -> Story:
        simulation.begin(THREAT_CASE, REPORT, TILBURG)
        yield simulation.now

    simulation.start(story())
    ((event,),) = simulation.run(NOW + timedelta(days=1))

    assert (event.metadata.at, event.metadata.by, event.metadata.origin) == (NOW, TILBURG, Origin.GENERATED)
    assert (event.originator_version, event.fact.model_dump()["number"]) == (1, "DR-2022-000001")


def test_what_the_rules_forbid_is_not_recorded(simulation: Simulation) -> None:
    """It is told to who asked, and counted."""
    answers = []

    def story() -> Story:
        case = simulation.begin(THREAT_CASE, REPORT, TILBURG)
        answers.append(simulation.give(case, CloseThreatCase(reason=ClosingReason.RESOLVED), TILBURG))
        answers.append(simulation.give(case, OfferAftercare(care=Aftercare.FAMILY), TILBURG))
        yield simulation.now

    assert ran(simulation, story()) == ["threat_case.reported.v1", "threat_case.closed.v1"]
    assert answers == [True, False]
    assert simulation.refused == 1


@pytest.mark.parametrize(("actor", "error"), [(BREDA, NotFound), (AUDITOR, NotAllowed)])
def test_who_may_not_is_stopped_as_everywhere_else(
    simulation: Simulation, actor: Actor, error: type[Exception]
) -> None:
    """By role, by party and by the relation to the case: a story that tries is wrong."""
    case = simulation.begin(THREAT_CASE, REPORT, TILBURG)

    with pytest.raises(error):
        simulation.give(case, OfferAftercare(care=Aftercare.FAMILY), actor)
    with pytest.raises(NotAllowed):
        simulation.begin(THREAT_CASE, REPORT, actor)
    assert simulation.numbers == {("DR", 2022): 1}
