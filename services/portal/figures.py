"""Which tables do the figures about measures make, and in which words?

Pure: the figures come in as one reader may see them (``measure_figures``), so that every table says what they say.
"""

from collections.abc import Iterator, Mapping, Sequence

from domain.rules.home_security import RULE_SETS, Regime, rules_of
from services.portal.labels import DEFINITIONS
from services.portal.tables import Figure, Row, Table
from services.portal.wording import capitalised, short_month
from services.projections.areas import areas
from services.projections.measure_figures import (
    COUNTED,
    COUNTRY,
    EARLY,
    LATE,
    Figures,
    Left,
    MonthFigures,
    YearFigures,
)
from services.projections.measure_progress import OF_A_MEASURE, OF_A_REQUEST, Step

Counted = Step | Left
"""What is counted in a month or a year: that a step was reached, or how and why a measure left its way."""

REGIMES: tuple[Regime, ...] = tuple(rules.regime for rules in reversed(RULE_SETS))
"""The newest first."""
REACHED, OPEN = "reached", "open"
MONTHS_IN_A_YEAR = 12
NATION, PARTS = "Nederland", "Delen van het land"
GROUPS: Mapping[str, Sequence[Counted]] = {
    "Aanvragen": OF_A_REQUEST,
    "Maatregelen": OF_A_MEASURE,
    "Uitval van maatregelen": (*EARLY, *LATE),
}


def counted_under(regime: Regime) -> tuple[Counted, ...]:
    """Return what can happen under *regime*: where measures do not follow from an advice, nothing but requests."""
    return COUNTED if rules_of(regime).knows_advice else (Step.REQUESTED,)


# --- words ------------------------------------------------------------------------------------------------------------


def code(counted: Counted) -> str:
    """Return what an address calls *counted*: ``installed``, ``declined.owner_refuses``."""
    return counted if isinstance(counted, Step) else ".".join(counted)


BY_CODE: Mapping[str, Counted] = {code(counted): counted for counted in COUNTED}


def words(counted: Counted, regime: Regime | None = None) -> str:
    """Return what *counted* is called; under a *regime* that knows no advice, none was requested."""
    if counted is Step.REQUESTED and regime and not rules_of(regime).knows_advice:
        return "vergoeding aangevraagd"
    return counted.label if isinstance(counted, Step) else f"{counted[0].label}: {counted[1].label}"


def definition(counted: Counted) -> str:
    """Return what exactly is counted."""
    return DEFINITIONS[(REACHED, counted) if isinstance(counted, Step) else counted]


def terms() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield every figure that there is with its definition, by group."""
    for step in Step:
        yield (
            capitalised(step.label),
            [("bereikt", DEFINITIONS[REACHED, step]), ("staat hier nog", DEFINITIONS[OPEN, step])],
        )
    yield "Uitval van maatregelen", [(words(left), definition(left)) for left in (*EARLY, *LATE)]


# --- tables -----------------------------------------------------------------------------------------------------------


def now_table(figures: Figures, regime: Regime) -> Table:
    """Return how many came how far under *regime*, where they stand, and how and why they left."""
    (funnel,) = (funnel for funnel in figures.funnels if funnel.regime is regime)
    rows: list[Row] = []
    for found in (*funnel.requests, *funnel.measures):
        if found.step not in counted_under(regime):
            continue
        group = capitalised(words(found.step, regime))
        rows.append(Row("bereikt", (found.reached,), DEFINITIONS[REACHED, found.step], group))
        if rules_of(regime).knows_advice:
            rows.append(Row("staat hier nog", (found.open,), DEFINITIONS[OPEN, found.step], group))
        for one in found.exits:
            left = (one.exit, one.reason)
            rows.append(Row(words(left), (one.count,), definition(left), group))
    return Table("Stand nu", "Wat", ("Aantal",), tuple(rows), about=_about(regime), group_head="Stap")


def months_table(figures: Figures, regime: Regime, year: int) -> Table | None:
    """Return what happened in each month of *year* under *regime*; ``None`` where nothing could."""
    found = [month for month in figures.months if month.regime is regime and month.month.year == year]
    if not found:
        return None
    (whole,) = (one for one in figures.years if (one.regime, one.year, one.area) == (regime, year, COUNTRY))
    rows = tuple(
        Row(
            words(counted, regime),
            (*(count_of(month, counted) for month in found), count_of(whole, counted)),
            definition(counted),
            group,
        )
        for group, members in GROUPS.items()
        for counted in members
        if counted in counted_under(regime)
    )
    whole_year = f"heel {year}" if len(found) == MONTHS_IN_A_YEAR else f"{year} tot nu"
    columns = (*(short_month(month.month) for month in found), whole_year)
    return Table(
        f"Per maand in {year}",
        "Wat er gebeurde",
        columns,
        rows,
        about=(*_about(regime), ("Jaar", str(year))),
        group_head="Over",
        sums=True,
        apart=True,
    )


def areas_table(figures: Figures, regime: Regime, counted: Counted) -> Table | None:
    """Return how often *counted* happened in each year in each part of the country; ``None`` where it never could."""
    if counted not in counted_under(regime):
        return None
    found = {(one.year, one.area): count_of(one, counted) for one in figures.years if one.regime is regime}
    years = sorted({year for year, _ in found})
    names = {COUNTRY: NATION} | areas()
    rows = tuple(
        Row(capitalised(name), tuple(found[year, area] for year in years), group=PARTS if area else NATION)
        for area, name in names.items()
    )
    return Table(
        f"{capitalised(words(counted, regime))}, per provincie en jaar",
        "Waar",
        tuple(map(str, years)),
        rows,
        about=(*_about(regime), ("Wat", words(counted, regime))),
        apart=True,
    )


def years_of(figures: Figures) -> list[int]:
    """Return the years of which there are months, the newest first."""
    return sorted({month.month.year for month in figures.months}, reverse=True)


def count_of(period: MonthFigures | YearFigures, counted: Counted) -> Figure:
    """Return how often *counted* happened in *period*."""
    if isinstance(counted, Step):
        return next(one.count for one in period.steps if one.step is counted)
    return next(one.count for one in period.exits if (one.exit, one.reason) == counted)


def _about(regime: Regime) -> tuple[tuple[str, str], ...]:
    return (("Regeling", regime.label),)
