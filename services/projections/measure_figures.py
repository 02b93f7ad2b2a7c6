"""What may be told of measures to people who may see no case: how many came how far, when and where?

All figures come from one function: whatever shows any of them, as a page or through the API, shows the same. Auditors
get exact ones, everybody else what domain/rules/disclosure.py leaves of them. How the figures add up is said to that
rule in full, over months, years, areas and the funnel, so that none of them tells of another what is withheld there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Role
from domain.rules.disclosure import Sum, disclosed
from domain.rules.home_security import RULE_SETS, Regime, RuleSet
from domain.security_advice import CancelReason, DeclineReason, RemovalReason
from domain.values import Day, Model
from services.projections.areas import areas
from services.projections.measure_progress import (
    FUNNEL,
    MONTHS,
    OF_A_MEASURE,
    OF_A_REQUEST,
    YEARS,
    Exit,
    Reason,
    Step,
)
from services.projections.tables import statement

READERS = frozenset({Role.MINISTRY_ANALYST, Role.BVA, Role.CCV, Role.AUDITOR})
"""Who may see figures."""
EXACT = frozenset({Role.AUDITOR})
"""Who sees the cases behind them anyway, all of them."""

Left = tuple[Exit, Reason]

EARLY: tuple[Left, ...] = (
    *((Exit.DECLINED, reason) for reason in DeclineReason),
    *((Exit.CANCELLED, reason) for reason in CancelReason),
)
LATE: tuple[Left, ...] = tuple((Exit.REMOVED, reason) for reason in RemovalReason)
EXITS: Mapping[Step, tuple[Left, ...]] = {
    Step.ADVISED: EARLY,
    Step.ORDERED: EARLY,
    Step.INSTALLED: LATE,
    Step.VERIFIED: LATE,
}
"""How a measure can leave at each step, until it is installed and from then on. A request leaves at none."""

COUNTED: tuple[Step | Left, ...] = (*Step, *EARLY, *LATE)
"""What is counted in a month or a year: the steps that were reached, and the exits that were taken."""
COUNTRY = None
"""The area that holds all others."""


class FunnelExit(Model):
    """How many left, and why. A count that is withheld is ``None``, here and below."""

    exit: Exit
    reason: Reason
    count: int | None


class FunnelStep(Model):
    """One step of the funnel."""

    step: Step
    reached: int | None
    """How many came as far as this or further."""
    open: int | None
    """How many stand here: they have gone no further and not left. At the last step that is where they should be."""
    exits: tuple[FunnelExit, ...]
    """How many left from here, for each reason that there can be."""


class Funnel(Model):
    """What became of requests and measures under one set of rules."""

    regime: Regime
    requests: tuple[FunnelStep, ...]
    measures: tuple[FunnelStep, ...]


class StepCount(Model):
    """How many came to a step."""

    step: Step
    count: int | None


class MonthFigures(Model):
    """What happened in one month under one set of rules, in the whole country."""

    regime: Regime
    month: Day
    """Its first day."""
    steps: tuple[StepCount, ...]
    exits: tuple[FunnelExit, ...]


class YearFigures(Model):
    """What happened in one year under one set of rules, in one area or the whole country."""

    regime: Regime
    year: int
    area: str | None
    """A province by its id in the register, ``waterschappen`` or ``caribisch-nederland``; ``None``: all of them."""
    steps: tuple[StepCount, ...]
    exits: tuple[FunnelExit, ...]


class Figures(Model):
    """All figures about measures, as one reader may see them."""

    funnels: tuple[Funnel, ...]
    months: tuple[MonthFigures, ...]
    years: tuple[YearFigures, ...]


# --- reading ----------------------------------------------------------------------------------------------------------

Name = tuple[object, ...]
"""Of one figure: where it stands, and what it counts."""

OF_FUNNEL = statement("select regime, step, exit, reason, count from {measure_funnel}", FUNNEL)
OF_MONTHS = statement("select regime, month, step, exit, reason, count from {measure_months}", MONTHS)
OF_YEARS = statement("select regime, year, area, step, exit, reason, count from {measure_years}", YEARS)


def figures(cursor: DatabaseCursor[DictRow], role: Role, today: date) -> Figures:
    """Return all figures up to *today*, as readers in *role* may see them.

    Of what there are figures follows from the rules and the calendar alone: that there is one tells nothing.
    """
    return _figures(frozenset(_counters(cursor).items()), role in EXACT, today)


@lru_cache(maxsize=4)
def _figures(counters: frozenset[tuple[Name, int]], exact: bool, today: date) -> Figures:  # noqa: FBT001 - of a key
    """Return what *counters* come to, *exact* or as may be disclosed.

    Kept for as long as nothing else is counted, since every page and file asks for all of them.
    """
    months = {rules.regime: _months(rules, today) for rules in RULE_SETS}
    sums = [one for regime in months for one in (*_of_funnel(regime), *_of_time(regime, months[regime]))]
    counts = dict(counters)
    for one in sums:
        counts.setdefault(one.total, sum(counts.setdefault(part, 0) for part in one.parts))
    shown: Mapping[Name, int | None] = counts if exact else disclosed(counts, sums)
    return Figures(
        funnels=tuple(
            Funnel(
                regime=regime,
                requests=_steps(shown, regime, OF_A_REQUEST),
                measures=_steps(shown, regime, OF_A_MEASURE),
            )
            for regime in months
        ),
        months=tuple(
            MonthFigures(regime=regime, month=month, **_period(shown, regime, month))
            for regime in months
            for month in months[regime]
        ),
        years=tuple(
            YearFigures(regime=regime, year=year, area=area, **_period(shown, regime, year, area))
            for regime in months
            for year in _years(months[regime])
            for area in (COUNTRY, *areas())
        ),
    )


def _counters(cursor: DatabaseCursor[DictRow]) -> dict[Name, int]:
    found: dict[Name, int] = {}
    for row in cursor.execute(OF_FUNNEL):
        found[row["regime"], row["step"], "open" if row["exit"] is None else _what(row)] = row["count"]
    for row in cursor.execute(OF_MONTHS):
        found[row["regime"], row["month"], _what(row)] = row["count"]
    for row in cursor.execute(OF_YEARS):
        found[row["regime"], row["year"], row["area"], _what(row)] = row["count"]
    return found


def _what(row: DictRow) -> object:
    return row["step"] if row["exit"] is None else (row["exit"], row["reason"])


def _months(rules: RuleSet, today: date) -> list[date]:
    """Return the first days of the months in which something can have happened under *rules*.

    Under rules without advice nothing follows on a request, and there are none once other rules are in force.
    """
    following = (other.effective for other in RULE_SETS if other.effective > rules.effective)
    last = today if rules.knows_advice else min((today, *(day - timedelta(days=1) for day in following)))
    numbers = range(rules.effective.year * 12 + rules.effective.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _years(months: Iterable[date]) -> list[int]:
    return sorted({month.year for month in months})


# --- how the figures add up -------------------------------------------------------------------------------------------


def _of_funnel(regime: Regime) -> Iterator[Sum[Name]]:
    """Yield the sums of a funnel: whoever came to a step has left, stands there, or went on to the next.

    Then those of the exits, which are counted at each step.
    """
    for steps in (OF_A_REQUEST, OF_A_MEASURE):
        further: tuple[Name, ...] = ()
        for step in reversed(steps):
            left = ((regime, step, exit_) for exit_ in EXITS.get(step, ()))
            yield Sum((regime, step), (*left, (regime, step, "open"), *further))
            further = ((regime, step),)
    for exit_ in (*EARLY, *LATE):
        yield Sum((regime, exit_), tuple((regime, step, exit_) for step in EXITS if exit_ in EXITS[step]))


def _of_time(regime: Regime, months: Sequence[date]) -> Iterator[Sum[Name]]:
    """Yield the sums over time: a year is its months, and its areas, and all years are what the funnel says."""
    for what in COUNTED:
        for year in _years(months):
            total = (regime, year, COUNTRY, what)
            yield Sum(total, tuple((regime, month, what) for month in months if month.year == year))
            yield Sum(total, tuple((regime, year, area, what) for area in areas()))
        yield Sum((regime, what), tuple((regime, year, COUNTRY, what) for year in _years(months)))


# --- showing ----------------------------------------------------------------------------------------------------------


def _steps(shown: Mapping[Name, int | None], regime: Regime, steps: Iterable[Step]) -> tuple[FunnelStep, ...]:
    return tuple(
        FunnelStep(
            step=step,
            reached=shown[regime, step],
            open=shown[regime, step, "open"],
            exits=_exits(shown, (regime, step), EXITS.get(step, ())),
        )
        for step in steps
    )


def _period(shown: Mapping[Name, int | None], *period: object) -> dict[str, Any]:
    return {
        "steps": tuple(StepCount(step=step, count=shown[*period, step]) for step in Step),
        "exits": _exits(shown, period, (*EARLY, *LATE)),
    }


def _exits(shown: Mapping[Name, int | None], place: Name, exits: Iterable[Left]) -> tuple[FunnelExit, ...]:
    return tuple(FunnelExit(exit=how, reason=why, count=shown[*place, (how, why)]) for how, why in exits)
