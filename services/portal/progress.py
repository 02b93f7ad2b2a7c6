"""How far have measures come: now, month by month, and in each part of the country?

The ministry and the advisers see that as figures and never as cases. Each table is also a chart and a file for a
spreadsheet, made of the same rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from domain.rules.home_security import Regime
from domain.values import AMSTERDAM, CodeList
from services.portal import labels
from services.portal.figures import (
    BY_CODE,
    REGIMES,
    Counted,
    areas_table,
    definition,
    months_table,
    now_table,
    terms,
    words,
    years_of,
)
from services.portal.pages import Visit, Visiting, only
from services.portal.tables import WITHHELD, Chart, Table, charts, spreadsheet
from services.projections import measure_figures
from services.projections.measure_figures import EXACT, READERS, Figures
from services.projections.measure_progress import Step
from services.web.problems import NotFound

NOTE = f"{WITHHELD} betekent: niet getoond. {labels.NOTES['withheld']} {labels.NOTES['rounded']}"
OF_THE_DEMO = (
    "Deze demonstratie vertelt over een klein deel van het land. Daarom zijn hier veel aantallen te klein om te tonen."
    " Meld u aan als auditor om te zien hoe deze pagina is als alle aantallen er staan."
)
"""More of the country would not be made up in the seconds that somebody waits for a demo."""


class Which(CodeList):
    """Which figures; the values stand in addresses."""

    NOW = "stand", "Stand nu"
    MONTHS = "maanden", "Per maand"
    AREAS = "provincies", "Per provincie"

    @property
    def path(self) -> str:
        """Return the address of their page."""
        return "/voortgang" if self is Which.NOW else f"/voortgang/{self}"


@dataclass(frozen=True)
class Shown:
    """A table as it stands on a page."""

    regime: Regime
    table: Table
    file: str
    """The address of the same as a file."""

    @property
    def charts(self) -> list[tuple[str, list[Chart]]]:
        """Return the same as charts."""
        return charts(self.table)


OfRegime = Annotated[Regime, Query(alias="regeling")]
OfYear = Annotated[int | None, Query(alias="jaar", ge=2000, le=2999)]
OfWhat = Annotated[str, Query(alias="wat", max_length=100)]


def routes() -> APIRouter:
    """Return the routes."""
    router = APIRouter(dependencies=[only(*READERS)])

    @router.get("/voortgang", name="progress")
    def show_now(visit: Visiting) -> Response:
        """Show how many came how far, where they stand, and how and why they left."""
        found = figures_for(visit)
        return page(visit, Which.NOW, [now_table(found, regime) for regime in REGIMES])

    @router.get("/voortgang/maanden", name="progress_by_month")
    def show_months(visit: Visiting, year: OfYear = None) -> Response:
        """Show what happened in each month of a year, in the whole country."""
        found = figures_for(visit)
        chosen = year_of(found, year)
        tables = [months_table(found, regime, chosen) for regime in REGIMES]
        return page(visit, Which.MONTHS, tables, f"&jaar={chosen}", years=years_of(found), year=chosen)

    @router.get("/voortgang/provincies", name="progress_by_area")
    def show_areas(visit: Visiting, what: OfWhat = Step.INSTALLED) -> Response:
        """Show how often something happened in each year, in each province and the other parts of the country."""
        counted = counted_as(what)
        found = figures_for(visit)
        tables = [areas_table(found, regime, counted) for regime in REGIMES]
        choices = {code: words(one) for code, one in BY_CODE.items()}
        more = {"choices": choices, "what": what, "definition": definition(counted)}
        return page(visit, Which.AREAS, tables, f"&wat={what}", **more)

    @router.get("/voortgang/begrippen", name="progress_terms")
    def show_terms(visit: Visiting) -> Response:
        """Say what exactly each figure counts."""
        return visit.page("progress/terms.html", groups=terms(), which=None, all_which=Which)

    @router.get("/voortgang/stand.csv", name="progress_file")
    def send_now(visit: Visiting, regime: OfRegime) -> Response:
        """Send as a file how many came how far."""
        return file(visit, now_table(figures_for(visit), regime), Which.NOW, regime)

    @router.get("/voortgang/maanden.csv", name="progress_by_month_file")
    def send_months(visit: Visiting, regime: OfRegime, year: OfYear = None) -> Response:
        """Send as a file what happened in each month of a year."""
        found = figures_for(visit)
        chosen = year_of(found, year)
        return file(visit, months_table(found, regime, chosen), Which.MONTHS, regime, str(chosen))

    @router.get("/voortgang/provincies.csv", name="progress_by_area_file")
    def send_areas(visit: Visiting, regime: OfRegime, what: OfWhat = Step.INSTALLED) -> Response:
        """Send as a file how often something happened in each year, in each part of the country."""
        return file(visit, areas_table(figures_for(visit), regime, counted_as(what)), Which.AREAS, regime, what)

    return router


def figures_for(visit: Visit) -> Figures:
    """Return all figures up to today as the visitor may see them."""
    with visit.portal.reading.database.reading(visit.actor) as cursor:
        return measure_figures.figures(cursor, visit.actor.role, today(visit))


def today(visit: Visit) -> date:
    """Return the day of the visit in the Netherlands."""
    return visit.moment.astimezone(AMSTERDAM).date()


def year_of(figures: Figures, year: int | None) -> int:
    """Return *year*, by default the newest of which there are figures; raise NotFound where there are none."""
    years = years_of(figures)
    if year is not None and year not in years:
        raise NotFound
    return year or years[0]


def counted_as(what: str) -> Counted:
    """Return what an address calls *what*, or raise NotFound."""
    if what not in BY_CODE:
        raise NotFound
    return BY_CODE[what]


def page(
    visit: Visit,
    which: Which,
    tables: Iterable[Table | None],
    query: str = "",
    **context: Any,  # noqa: ANN401 - whatever the template shows
) -> Response:
    """Show those of *tables* that there are: one can stand there for each of the REGIMES."""
    return visit.page(
        f"progress/{which}.html",
        which=which,
        all_which=Which,
        note=note_for(visit),
        of_demo=OF_THE_DEMO if visit.portal.cast else "",
        shown=[
            Shown(regime, table, f"/voortgang/{which}.csv?regeling={regime}{query}")
            for regime, table in zip(REGIMES, tables, strict=True)
            if table is not None
        ],
        **context,
    )


def file(visit: Visit, table: Table | None, *names: str) -> Response:
    """Send *table*, under a name that says what it is and of when."""
    if table is None:
        raise NotFound
    name = "-".join(("voortgang", *names, today(visit).isoformat())).translate({ord("_"): "-", ord("."): "-"})
    return Response(
        spreadsheet(replace(table, note=note_for(visit))),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def note_for(visit: Visit) -> str:
    """Return what the visitor must know to read the figures right; empty where they are exact."""
    return "" if visit.actor.role in EXACT else NOTE
