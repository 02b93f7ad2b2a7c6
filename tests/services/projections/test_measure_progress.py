"""Can it be told how often an advice leads to an installed measure?"""

from collections import Counter
from datetime import date, timedelta

import pytest

from domain.basis import Fact, Party, StreamId
from domain.rules.home_security import Regime
from domain.security_advice import (
    AdoptAdvice,
    CancelMeasure,
    CancelReason,
    DeclineMeasure,
    DeclineReason,
    GiveAdvice,
    InstallMeasure,
    Measure,
    MeasureKind,
    MeasureStatus,
    OrderMeasure,
    RemovalReason,
    RemoveMeasure,
    SecurityAdvice,
    VerifyMeasure,
)
from infra.database import Database
from infra.eventstore import CaseStore
from services.projections import measure_progress
from services.projections.measure_progress import Exit, Funnel, MeasureProgress, RequestProgress, Step
from services.projections.runner import Runner
from tests.domain.scenario import NOW, TODAY
from tests.log_of import log_of
from tests.services.projections.network import (
    AMSTERDAM,
    ANALYST,
    BVA,
    COLLEAGUE,
    TEAM,
    Network,
    a_measure,
    a_request,
    random_history,
    rows,
)


def test_a_request_shows_how_far_it_has_come(database: Database, network: Network, runner: Runner) -> None:
    """With the day of each step."""
    stream = network.give(a_request(requested_on=date(2026, 3, 1)), AMSTERDAM)
    network.at -= timedelta(days=10)
    network.give(GiveAdvice(measures=(a_measure(),)), BVA, stream)
    network.at += timedelta(days=10)
    network.give(AdoptAdvice(on=date(2026, 3, 17)), AMSTERDAM, stream)
    runner.catch_up()

    with database.reading(AMSTERDAM) as cursor:
        assert measure_progress.request(cursor, stream) == RequestProgress(
            regime=Regime.PROVISION_2024,
            step=Step.ADVICE_ADOPTED,
            requested_on=date(2026, 3, 1),
            advised_on=TODAY - timedelta(days=10),
            adopted_on=date(2026, 3, 17),
        )
        assert measure_progress.request(cursor, "security_advice:unknown") is None


def test_a_measure_shows_how_far_it_has_come(database: Database, network: Network, runner: Runner) -> None:
    """With the day of each step; where it left its way, with the reason."""
    stream = network.give(a_request(requested_on=date(2026, 3, 1)), AMSTERDAM)
    kinds = (MeasureKind.PHYSICAL, MeasureKind.ELECTRONIC, MeasureKind.DIGITAL)
    network.at -= timedelta(days=10)
    network.give(GiveAdvice(measures=tuple(map(a_measure, kinds))), BVA, stream)
    network.give(AdoptAdvice(), AMSTERDAM, stream)
    network.at += timedelta(days=10)
    for day, command in enumerate((OrderMeasure, InstallMeasure), start=10):
        network.give(command(measure=1, on=date(2026, 3, day)), AMSTERDAM, stream)
    network.give(VerifyMeasure(measure=1, on=date(2026, 3, 12)), COLLEAGUE, stream)
    removal = RemoveMeasure(measure=1, on=date(2026, 3, 13), reason=RemovalReason.MOVED_HOME)
    network.give(removal, AMSTERDAM, stream)
    network.at = NOW + timedelta(days=1)
    network.give(DeclineMeasure(measure=2, reason=DeclineReason.OWNER_REFUSES), BVA, stream)
    runner.catch_up()

    with database.reading(BVA) as cursor:
        found = measure_progress.measures(cursor, stream)

    assert found == [
        MeasureProgress(
            measure=1,
            kind=MeasureKind.PHYSICAL,
            step=Step.VERIFIED,
            exit=Exit.REMOVED,
            reason=RemovalReason.MOVED_HOME,
            advised_on=TODAY - timedelta(days=10),
            ordered_on=date(2026, 3, 10),
            installed_on=date(2026, 3, 11),
            verified_on=date(2026, 3, 12),
            ended_on=date(2026, 3, 13),
        ),
        MeasureProgress(
            measure=2,
            kind=MeasureKind.ELECTRONIC,
            step=Step.ADVISED,
            exit=Exit.DECLINED,
            reason=DeclineReason.OWNER_REFUSES,
            advised_on=TODAY - timedelta(days=10),
            ordered_on=None,
            installed_on=None,
            verified_on=None,
            ended_on=TODAY + timedelta(days=1),
        ),
        MeasureProgress(
            measure=3,
            kind=MeasureKind.DIGITAL,
            step=Step.ADVISED,
            exit=None,
            reason=None,
            advised_on=TODAY - timedelta(days=10),
            ordered_on=None,
            installed_on=None,
            verified_on=None,
            ended_on=None,
        ),
    ]


def test_rows_are_for_those_who_may_see_all_that_they_tell() -> None:
    """The requester follows single facts in the timeline: advice and orders are not for them."""
    assert measure_progress.parties(measure_progress.SHOWN) == {Party.OWNER, Party.ADVISER}


def the_funnel(database: Database) -> Funnel:
    """Return the one funnel that there is."""
    with database.reading(ANALYST) as cursor:
        (funnel,) = measure_progress.funnel(cursor)
    return funnel


def reached(funnel: Funnel) -> list[int]:
    """Return how many requests and measures reached each step."""
    return [step.reached for step in (*funnel.requests, *funnel.measures)]


def waiting(funnel: Funnel) -> list[int]:
    """Return how many requests and measures stand at each step."""
    return [step.open for step in (*funnel.requests, *funnel.measures)]


def test_the_funnel_moves_with_every_step(database: Database, network: Network, runner: Runner) -> None:
    """Requests without advice and advice that was not adopted yet count too."""
    stream = network.give(a_request(), TEAM)
    runner.catch_up()
    assert reached(the_funnel(database)) == [1, 0, 0, 0, 0, 0, 0]
    network.give(GiveAdvice(measures=(a_measure(), a_measure())), BVA, stream)
    runner.catch_up()
    assert reached(the_funnel(database)) == [1, 1, 0, 2, 0, 0, 0]
    assert waiting(the_funnel(database)) == [0, 1, 0, 2, 0, 0, 0]
    network.give(AdoptAdvice(), AMSTERDAM, stream)
    network.give(OrderMeasure(measure=2), AMSTERDAM, stream)
    network.give(InstallMeasure(measure=2), AMSTERDAM, stream)
    runner.catch_up()
    assert reached(the_funnel(database)) == [1, 1, 1, 2, 1, 1, 0]
    assert waiting(the_funnel(database)) == [0, 0, 1, 1, 0, 1, 0]
    network.give(VerifyMeasure(measure=2), BVA, stream)
    runner.catch_up()
    assert reached(the_funnel(database)) == [1, 1, 1, 2, 1, 1, 1]
    assert waiting(the_funnel(database)) == [0, 0, 1, 1, 0, 0, 1]


def test_exits_count_where_they_happen(database: Database, network: Network, runner: Runner) -> None:
    """A measure that was removed did reach installation; one that was cancelled does not wait any more."""
    stream = network.give(a_request(), TEAM)
    network.give(GiveAdvice(measures=(a_measure(), a_measure(), a_measure())), BVA, stream)
    network.give(AdoptAdvice(), AMSTERDAM, stream)
    network.give(OrderMeasure(measure=1), AMSTERDAM, stream)
    network.give(InstallMeasure(measure=1), AMSTERDAM, stream)
    network.give(RemoveMeasure(measure=1, reason=RemovalReason.THREAT_ENDED), AMSTERDAM, stream)
    for number in (2, 3):
        network.give(CancelMeasure(measure=number, reason=CancelReason.INFEASIBLE), BVA, stream)
    runner.catch_up()

    funnel = the_funnel(database)

    assert reached(funnel) == [1, 1, 1, 3, 1, 1, 0]
    assert waiting(funnel) == [0, 0, 1, 0, 0, 0, 0]
    exits = {step.step: [tuple(dict(exit_).values()) for exit_ in step.exits] for step in funnel.measures}
    assert exits == {
        Step.ADVISED: [(Exit.CANCELLED, CancelReason.INFEASIBLE, 2)],
        Step.ORDERED: [],
        Step.INSTALLED: [(Exit.REMOVED, RemovalReason.THREAT_ENDED, 1)],
        Step.VERIFIED: [],
    }


def test_each_set_of_rules_has_a_funnel_of_its_own(database: Database, network: Network, runner: Runner) -> None:
    """Under the first one there was no advice: its requests stay where they are."""
    network.give(a_request(requested_on=date(2022, 6, 1)), TEAM)
    network.give(a_request(requested_on=date(2026, 3, 1)), TEAM)
    network.give(a_request(requested_on=date(2026, 3, 1)), TEAM)
    runner.catch_up()

    with database.reading(ANALYST) as cursor:
        found = {funnel.regime: reached(funnel)[0] for funnel in measure_progress.funnel(cursor)}

    assert found == {Regime.REIMBURSEMENT_2021: 1, Regime.PROVISION_2024: 2}


# --- counters, rows and facts say the same ----------------------------------------------------------------------------

Place = tuple[str, str, str | None, str | None]

LAST_STEP = {
    MeasureStatus.ADVISED: Step.ADVISED,
    MeasureStatus.ORDERED: Step.ORDERED,
    MeasureStatus.INSTALLED: Step.INSTALLED,
    MeasureStatus.VERIFIED: Step.VERIFIED,
}


def of_facts(network: Network, facts: dict[str, list[Fact]]) -> Counter[Place]:
    """Count, from the states of the domain after each fact, where every request and every measure stands."""
    places: Counter[Place] = Counter()
    for stream, history in facts.items():
        kind = network.kind(StreamId(stream))
        state: SecurityAdvice = kind.empty
        last: dict[int, Step] = {}
        for fact in history:
            state = kind.evolve(state, fact)
            last |= {one.number: LAST_STEP[one.status] for one in state.measures if one.status in LAST_STEP}
        step = Step.ADVICE_ADOPTED if state.adopted else Step.ADVICE_GIVEN if state.given else Step.REQUESTED
        places[state.regime or "", step, None, None] += 1
        places.update((state.regime or "", last[one.number], *left(one)) for one in state.measures)
    return places


def left(measure: Measure) -> tuple[str | None, str | None]:
    """Return how and why *measure* left its way."""
    return (measure.status, measure.exit) if measure.has_ended else (None, None)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_counters_rows_and_facts_say_the_same(
    database: Database, store: CaseStore, network: Network, runner: Runner, seed: int
) -> None:
    """The funnel can be recomputed from the rows, and from the facts, at every moment of a random history."""
    for part in range(4):
        random_history(network, 10 * seed + part, commands=40)
        runner.catch_up()
        tables = rows(database, measure_progress.VIEW)
        counters = Counter({row[:4]: row[4] for row in tables["measure_funnel"] if row[4]})
        of_rows = Counter((row[1], row[2], None, None) for row in tables["measure_requests"])
        of_rows.update((row[3], row[4], row[5], row[6]) for row in tables["measures"])
        facts: dict[str, list[Fact]] = {}
        for recorded in log_of(store):
            if recorded.event.originator_id.startswith("security_advice:"):
                facts.setdefault(recorded.event.originator_id, []).append(recorded.event.fact)

        assert counters == of_rows
        assert counters == of_facts(network, facts)
    assert len(counters) > 5
