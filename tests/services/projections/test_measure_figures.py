"""Can it be told how often an advice leads to an installed measure, and is nothing told of anybody?"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from random import Random
from uuid import UUID, uuid5

import pytest

from domain.basis import Actor, Fact, OrganisationId, SubjectId
from domain.people import Office, Subject
from domain.rules.disclosure import SMALLEST, Sum, rounded
from domain.rules.home_security import Regime
from domain.security_advice import (
    SECURITY_ADVICE,
    AdoptAdvice,
    AdviceAdopted,
    AdviceGiven,
    AdviceRequested,
    AdvisedMeasure,
    CancelMeasure,
    CancelReason,
    DeclineMeasure,
    DeclineReason,
    GiveAdvice,
    Home,
    InstallMeasure,
    MeasureCancelled,
    MeasureInstalled,
    MeasureKind,
    MeasureOrdered,
    MeasureRemoved,
    MeasureVerified,
    OrderMeasure,
    RemovalReason,
    RemoveMeasure,
    VerifyMeasure,
)
from infra.database import Database
from services.projections import measure_figures
from services.projections.areas import areas
from services.projections.measure_figures import (
    EARLY,
    LATE,
    READERS,
    Figures,
    Funnel,
    FunnelStep,
    MonthFigures,
    YearFigures,
)
from services.projections.measure_progress import Exit, Step
from services.projections.runner import Runner
from tests.domain.scenario import FIRST, SECOND, TODAY
from tests.domain.test_disclosure import left_over
from tests.services.projections.network import (
    AMSTERDAM,
    ANALYST,
    AUDITOR,
    BVA,
    CCV,
    TEAM,
    Network,
    a_measure,
    a_request,
    random_history,
)


def figures(database: Database, actor: Actor = AUDITOR, today: date = TODAY) -> Figures:
    """Return what *actor* is told."""
    with database.reading(actor) as cursor:
        return measure_figures.figures(cursor, actor.role, today)


def funnel(found: Figures, regime: Regime = Regime.PROVISION_2024) -> Funnel:
    """Return the funnel of one set of rules."""
    return next(funnel for funnel in found.funnels if funnel.regime is regime)


def steps(found: Figures) -> tuple[FunnelStep, ...]:
    """Return all steps of the funnel."""
    return *funnel(found).requests, *funnel(found).measures


def reached(database: Database) -> list[int | None]:
    """Return how many requests and measures reached each step."""
    return [step.reached for step in steps(figures(database))]


def waiting(database: Database) -> list[int | None]:
    """Return how many requests and measures stand at each step."""
    return [step.open for step in steps(figures(database))]


# --- the funnel -------------------------------------------------------------------------------------------------------


def test_the_funnel_moves_with_every_step(database: Database, network: Network, runner: Runner) -> None:
    """Requests without advice and advice that was not adopted yet count too."""
    stream = network.give(a_request(), TEAM)
    runner.catch_up()
    assert reached(database) == [1, 0, 0, 0, 0, 0, 0]
    network.give(GiveAdvice(measures=(a_measure(), a_measure())), BVA, stream)
    runner.catch_up()
    assert reached(database) == [1, 1, 0, 2, 0, 0, 0]
    assert waiting(database) == [0, 1, 0, 2, 0, 0, 0]
    network.give(AdoptAdvice(), AMSTERDAM, stream)
    network.give(OrderMeasure(measure=2), AMSTERDAM, stream)
    network.give(InstallMeasure(measure=2), AMSTERDAM, stream)
    runner.catch_up()
    assert reached(database) == [1, 1, 1, 2, 1, 1, 0]
    assert waiting(database) == [0, 0, 1, 1, 0, 1, 0]
    network.give(VerifyMeasure(measure=2), BVA, stream)
    runner.catch_up()
    assert reached(database) == [1, 1, 1, 2, 1, 1, 1]
    assert waiting(database) == [0, 0, 1, 1, 0, 0, 1]


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

    found = figures(database)

    assert reached(database) == [1, 1, 1, 3, 1, 1, 0]
    assert waiting(database) == [0, 0, 1, 0, 0, 0, 0]
    assert {
        (step.step, exit_.exit, exit_.reason): exit_.count
        for step in steps(found)
        for exit_ in step.exits
        if exit_.count
    } == {
        (Step.ADVISED, Exit.CANCELLED, CancelReason.INFEASIBLE): 2,
        (Step.INSTALLED, Exit.REMOVED, RemovalReason.THREAT_ENDED): 1,
    }


def test_each_set_of_rules_has_figures_of_its_own(database: Database, network: Network, runner: Runner) -> None:
    """Under the first one there was no advice: its requests stay where they are."""
    network.give(a_request(requested_on=date(2022, 6, 1)), TEAM)
    network.give(a_request(requested_on=date(2026, 3, 1)), TEAM)
    network.give(a_request(requested_on=date(2026, 3, 1)), TEAM)
    runner.catch_up()

    found = figures(database)

    assert [(one.regime, one.requests[0].reached) for one in found.funnels] == [
        (Regime.REIMBURSEMENT_2021, 1),
        (Regime.PROVISION_2024, 2),
    ]


# --- months, years and areas ------------------------------------------------------------------------------------------


def all_of(period: MonthFigures | YearFigures) -> dict[object, int | None]:
    """Return how often each thing happened in *period*."""
    found: dict[object, int | None] = {step.step: step.count for step in period.steps}
    return found | {(left.exit, left.reason): left.count for left in period.exits}


def counted(period: MonthFigures | YearFigures) -> dict[object, int | None]:
    """Return what happened in *period* at all."""
    return {what: count for what, count in all_of(period).items() if count}


def test_what_happened_counts_on_the_day_on_which_it_happened(
    database: Database, network: Network, runner: Runner
) -> None:
    """Not when it was recorded; only what has no day of its own counts on the day of its recording, a Dutch one."""
    stream = network.give(a_request(requested_on=date(2024, 12, 31)), AMSTERDAM)
    network.give(GiveAdvice(measures=(a_measure(), a_measure()), on=date(2025, 1, 1)), BVA, stream)
    network.give(AdoptAdvice(on=date(2025, 1, 31)), AMSTERDAM, stream)
    network.give(OrderMeasure(measure=1, on=date(2025, 2, 1)), AMSTERDAM, stream)
    network.give(InstallMeasure(measure=1, on=date(2026, 2, 28)), AMSTERDAM, stream)
    network.give(VerifyMeasure(measure=1, on=date(2026, 2, 28)), BVA, stream)
    network.give(RemoveMeasure(measure=1, reason=RemovalReason.REPLACED, on=date(2026, 3, 1)), AMSTERDAM, stream)
    network.at = network.at.replace(month=3, day=31, hour=22)  # in the Netherlands it is summer, and 1 April
    network.give(DeclineMeasure(measure=2, reason=DeclineReason.OWNER_REFUSES), BVA, stream)
    runner.catch_up()

    found = figures(database, today=date(2026, 4, 1))

    assert {month.month: counted(month) for month in found.months if counted(month)} == {
        date(2024, 12, 1): {Step.REQUESTED: 1},
        date(2025, 1, 1): {Step.ADVICE_GIVEN: 1, Step.ADVICE_ADOPTED: 1, Step.ADVISED: 2},
        date(2025, 2, 1): {Step.ORDERED: 1},
        date(2026, 2, 1): {Step.INSTALLED: 1, Step.VERIFIED: 1},
        date(2026, 3, 1): {(Exit.REMOVED, RemovalReason.REPLACED): 1},
        date(2026, 4, 1): {(Exit.DECLINED, DeclineReason.OWNER_REFUSES): 1},
    }
    of_2025 = {Step.ADVICE_GIVEN: 1, Step.ADVICE_ADOPTED: 1, Step.ADVISED: 2, Step.ORDERED: 1}
    assert {year.area: counted(year) for year in found.years if year.year == 2025 and counted(year)} == {
        None: of_2025,
        "pv27": of_2025,
    }


def test_a_year_is_told_of_the_country_and_of_each_area(database: Database, network: Network, runner: Runner) -> None:
    """A body counts for its province; what lies in none counts apart."""
    for body in ("gm0363", "gm0363", "gm0518", "pv27"):
        office = {"office": "commissaris_van_de_koning"} if body == "pv27" else {}
        network.give(a_request(body, requested_on=date(2026, 3, 1), **office), TEAM)
    network.give(a_request("ws-rijnland", requested_on=date(2026, 3, 1), office="water_board_chair"), TEAM)
    runner.catch_up()

    found = {year.area: year.steps[0].count for year in figures(database).years if year.year == 2026}

    assert {area: count for area, count in found.items() if count} == {
        None: 5,
        "pv27": 3,
        "pv28": 1,
        "waterschappen": 1,
    }
    assert set(found) == {None, *areas()}


def test_what_there_are_figures_of_tells_nothing(database: Database, network: Network, runner: Runner) -> None:
    """It follows from the rules and the calendar, whatever has happened."""
    runner.catch_up()
    before = figures(database)
    random_history(network, 3)
    runner.catch_up()
    after = figures(database)

    def places(found: Figures) -> list[object]:
        return [
            *((one.regime, step.step, *((left.exit, left.reason) for left in step.exits)) for one in found.funnels
              for step in (*one.requests, *one.measures)),
            *((one.regime, one.month, len(one.steps), len(one.exits)) for one in found.months),
            *((one.regime, one.year, one.area, len(one.steps), len(one.exits)) for one in found.years),
        ]  # fmt: skip

    assert places(before) == places(after)
    assert [one.month for one in before.months if one.regime is Regime.REIMBURSEMENT_2021] == [
        date(year, month, 1) for year in (2021, 2022, 2023) for month in range(1, 13)
    ]
    assert [one.month for one in before.months if one.regime is Regime.PROVISION_2024][-1] == date(2026, 3, 1)
    assert {(one.regime, one.year) for one in before.years} == {
        *((Regime.REIMBURSEMENT_2021, year) for year in (2021, 2022, 2023)),
        *((Regime.PROVISION_2024, year) for year in (2024, 2025, 2026)),
    }


def test_before_the_first_rules_there_are_no_figures(database: Database, runner: Runner) -> None:
    """Of no month and no year."""
    runner.catch_up()

    found = figures(database, ANALYST, today=date(2020, 12, 31))

    assert (found.months, found.years) == ((), ())
    assert {step.reached for one in found.funnels for step in one.requests} == {0}


# --- who is told what -------------------------------------------------------------------------------------------------


def everything(found: Figures) -> list[int | None]:
    """Return every figure there is, in one order."""
    of_funnels = (
        (step.reached, step.open, *(left.count for left in step.exits))
        for one in found.funnels
        for step in (*one.requests, *one.measures)
    )
    periods: tuple[MonthFigures | YearFigures, ...] = (*found.months, *found.years)
    return list(chain.from_iterable((*of_funnels, *(all_of(period).values() for period in periods))))


def a_life(random: Random, number: int) -> list[Fact]:
    """Return what happens to a request and its measures on days of 2024 to 2026, as far as it comes."""
    body = random.choice(["gm0363", "gm0518", "pv27", "gm0758", "gm0855"])
    day = date(2024, 1, 1) + timedelta(days=random.randint(0, 700))

    def later() -> date:
        nonlocal day
        day = min(TODAY, day + timedelta(days=random.randint(0, 40)))
        return day

    requested = AdviceRequested(
        number=f"BA-2026-{number:06d}",
        owner=OrganisationId(body),
        requester=TEAM.organisation,
        requester_role=TEAM.role,
        body=body,
        office=Office.BURGEMEESTER,
        holder=Subject(subject=SubjectId(uuid5(FIRST, str(number)))),
        home=Home(subject=SubjectId(uuid5(SECOND, str(number))), address="Dam 1"),
        requested_on=day,
        regime=Regime.PROVISION_2024,
    )
    measures = tuple(
        AdvisedMeasure(number=n, kind=MeasureKind.PHYSICAL, one_off_cents=1, recurring_cents_per_month=0)
        for n in range(1, random.randint(2, 5))
    )
    facts: list[Fact] = [requested, AdviceGiven(on=later(), measures=measures), AdviceAdopted(on=later())]
    for n in range(1, len(measures) + 1):
        steps: list[Fact] = [
            MeasureOrdered(measure=n, on=later()),
            MeasureInstalled(measure=n, on=later(), installer=AMSTERDAM.person),
            MeasureVerified(measure=n, on=later()),
        ]
        come = random.randint(0, 3)
        facts += steps[:come]
        if random.random() < 0.3:
            reason = random.choice(list(RemovalReason))
            early = MeasureCancelled(measure=n, reason=random.choice(list(CancelReason)))
            facts.append(early if come < 2 else MeasureRemoved(measure=n, on=later(), reason=reason))
    return facts[: random.choice([1, 2, 3, None, None, None, None])]


@pytest.fixture
def many(network: Network, runner: Runner) -> None:
    """Let a few hundred requests go their way."""
    random = Random(7)  # noqa: S311 - the same figures in every run
    for number in range(1, 251):
        network.record(BVA, SECURITY_ADVICE.stream(UUID(int=number)), *a_life(random, number))
    runner.catch_up()


@pytest.mark.usefixtures("many")
def test_auditors_get_exact_figures_and_others_what_may_be_disclosed(database: Database) -> None:
    """The ministry, the BVA and the CCV get the same: nothing below ten, and everything rounded."""
    exact, shown = (everything(figures(database, actor)) for actor in (AUDITOR, ANALYST))

    assert everything(figures(database, BVA)) == everything(figures(database, CCV)) == shown
    assert {BVA.role, CCV.role, ANALYST.role, AUDITOR.role} == READERS
    for told, counted in zip(shown, exact, strict=True):
        assert counted is not None
        assert told is None or told == rounded(counted)
        assert told is None or told == 0 or told >= SMALLEST
    assert sum(told is None for told in shown) > 100
    assert sum(bool(told) for told in shown) > 50


Pair = tuple[int | None, int | None]
"""A figure as it is, and as it is shown."""


def adding_up(exact: Figures, shown: Figures) -> Iterator[tuple[Pair, list[Pair]]]:
    """Yield every way in which figures add up, found in what is shown alone: a total, and its parts."""
    both = [(one.regime, one, other) for one, other in zip(exact.funnels, shown.funnels, strict=True)]
    for regime, one, other in both:
        months = [pair for pair in zip(exact.months, shown.months, strict=True) if pair[0].regime is regime]
        years = [pair for pair in zip(exact.years, shown.years, strict=True) if pair[0].regime is regime]
        country = [pair for pair in years if pair[0].area is None]
        for of_exact, of_shown in ((one.requests, other.requests), (one.measures, other.measures)):
            funnel_steps = list(zip(of_exact, of_shown, strict=True))
            for n, (step, told) in enumerate(funnel_steps):
                further = [(after.reached, seen.reached) for after, seen in funnel_steps[n + 1 : n + 2]]
                exits = [(a.count, b.count) for a, b in zip(step.exits, told.exits, strict=True)]
                yield (step.reached, told.reached), [(step.open, told.open), *exits, *further]
        totals = {
            step.step: (step.reached, told.reached)
            for step, told in zip((*one.requests, *one.measures), (*other.requests, *other.measures), strict=True)
        }
        for what in (*Step, *EARLY, *LATE):
            in_country = [(of(a, what), of(b, what)) for a, b in country]
            if isinstance(what, Step):
                yield totals[what], in_country
            for (year, _), total in zip(country, in_country, strict=True):
                yield total, [(of(a, what), of(b, what)) for a, b in months if a.month.year == year.year]
                in_areas = [pair for pair in years if pair[0].year == year.year and pair[0].area is not None]
                yield total, [(of(a, what), of(b, what)) for a, b in in_areas]


def of(period: MonthFigures | YearFigures, what: object) -> int | None:
    """Return how often *what* happened in *period*."""
    return all_of(period)[what]


@pytest.mark.usefixtures("many")
def test_figures_are_worked_out_once_for_each_way_to_tell_them(database: Database) -> None:
    """Whoever asks: the day is part of it, and so is whether they get exact ones."""
    shown, tomorrow = figures(database, ANALYST), figures(database, ANALYST, TODAY + timedelta(days=31))

    assert figures(database, BVA) is figures(database, CCV) is shown
    assert figures(database, AUDITOR) != shown
    assert len(tomorrow.months) == len(shown.months) + 1


@pytest.mark.usefixtures("many")
def test_no_figure_can_be_worked_out_from_those_around_it(database: Database) -> None:
    """Figures add up over months, years, areas and the funnel; subtracting tells nothing about a small count."""
    sums = list(adding_up(figures(database, AUDITOR), figures(database, ANALYST)))
    assert len(sums) > 100

    for total, parts in sums:
        assert total[0] == sum(exact or 0 for exact, _ in parts)
        one = Sum("total", tuple(range(len(parts))))
        figures_of: dict[object, Pair] = {"total": total, **dict(enumerate(parts))}
        shown = {name: told for name, (_, told) in figures_of.items()}
        for name, (count, _) in figures_of.items():
            if count is not None and 0 < count < SMALLEST:
                least, most = left_over(one, shown, name)
                assert (least, most >= SMALLEST - 1) == (0, True)
