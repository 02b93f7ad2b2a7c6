"""Do the pages about progress say what has happened, in a table, a chart and a file alike, and no more to anybody?"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from domain.basis import StreamId
from domain.bodies import BodyKind
from domain.rules.home_security import Regime
from domain.security_advice import (
    AdviceAdopted,
    AdviceGiven,
    AdviceRequested,
    MeasureCancelled,
    MeasureDeclined,
    MeasureInstalled,
    MeasureOrdered,
    MeasureRemoved,
    MeasureVerified,
)
from domain.values import AMSTERDAM
from infra.events import Event
from infra.registers import public_bodies
from services.history.arrivals import Parameters, history
from services.portal.figures import BY_CODE, REGIMES, terms
from services.portal.labels import DEFINITIONS, NOTES
from services.portal.progress import OF_THE_DEMO
from services.portal.wording import capitalised
from services.projections.measure_progress import Step
from services.projections.register import VIEWS
from tests.network import Network
from tests.services.portal.conftest import Browser

Browse = Callable[[str], Browser]
Counts = Counter[tuple[Any, ...]]

HISTORY = Parameters(years=4, scale=0.06, seed=7, until=date(2026, 11, 1))
READERS = ("ministry-analyst", "bva", "ccv", "auditor")
OTHERS = ("support-team", "public-body", "steunpunt", "administrator")
PAGES = (
    "/voortgang",
    "/voortgang/maanden?jaar=2025",
    "/voortgang/maanden?jaar=2023",
    "/voortgang/provincies?wat=installed",
    "/voortgang/provincies?wat=requested",
    "/voortgang/provincies?wat=declined.declined_by_holder",
)
SIGN = "·"
WAITING_FOR_EVER = (Regime.REIMBURSEMENT_2021, Step.REQUESTED, "staat hier nog")
WHERE = {BodyKind.WATER_BOARD: "Waterschappen", BodyKind.SPECIAL_MUNICIPALITY: "Caribisch Nederland"}


@pytest.fixture(scope="module")
def happened(network: Network) -> list[Event]:
    """Let there be a history of requests for advice over four years; return what happened."""
    told = history(HISTORY, public_bodies()).told()
    events = [event for step in told for event in step if event.originator_id.startswith("security_advice:")]
    store = network.service.store
    store.record_now(events, expected=dict.fromkeys((StreamId(event.originator_id) for event in events), 0))
    network.service.watch.wait(VIEWS, store.head(), 60)
    return events


# --- what happened, counted by a plain function -----------------------------------------------------------------------


def counted(events: list[Event]) -> Counts:
    """Return what each row of each table must say, by what stands on the page."""
    counts: Counts = Counter()
    requests: dict[str, AdviceRequested] = {}
    stands: dict[tuple[str, int], Step] = {}
    for event in events:
        stream = event.originator_id
        if isinstance(event.fact, AdviceRequested):
            requests[stream] = event.fact
        regime, part = requests[stream].regime, part_of_the_country(requests[stream].body)
        for number, what, day in happenings(event):
            words = what.label if isinstance(what, Step) else what
            counts.update(
                [
                    ("month", regime, day.year, day.month, words),
                    ("month", regime, day.year, "year", words),
                    ("year", regime, day.year, part, words),
                    ("year", regime, day.year, "Nederland", words),
                ]
            )
            if isinstance(what, Step):
                counts["now", regime, what, "bereikt"] += 1
                stands[stream, number] = what
            else:
                counts["now", regime, stands.pop((stream, number)), what] += 1
    for (stream, _), step in stands.items():
        counts["now", requests[stream].regime, step, "staat hier nog"] += 1
    return counts


def happenings(event: Event) -> Iterator[tuple[int, Step | str, date]]:
    """Yield what happened to which measure (0: to the request as a whole) on which day: a step, or how it left."""
    match event.fact:
        case AdviceRequested() as fact:
            yield 0, Step.REQUESTED, fact.requested_on
        case AdviceGiven() as fact:
            yield 0, Step.ADVICE_GIVEN, fact.on
            for measure in fact.measures:
                yield measure.number, Step.ADVISED, fact.on
        case AdviceAdopted() as fact:
            yield 0, Step.ADVICE_ADOPTED, fact.on
        case MeasureOrdered() as fact:
            yield fact.measure, Step.ORDERED, fact.on
        case MeasureInstalled() as fact:
            yield fact.measure, Step.INSTALLED, fact.on
        case MeasureVerified() as fact:
            yield fact.measure, Step.VERIFIED, fact.on
        case MeasureDeclined() | MeasureCancelled() as fact:
            how = "geweigerd" if isinstance(fact, MeasureDeclined) else "vervallen"
            yield fact.measure, f"{how}: {fact.reason.label}", event.metadata.at.astimezone(AMSTERDAM).date()
        case MeasureRemoved() as fact:
            yield fact.measure, f"verwijderd: {fact.reason.label}", fact.on


def part_of_the_country(body: str) -> str:
    """Return how the page calls the part of the country for which *body* counts."""
    register = public_bodies()
    found = register.get(body)
    assert found
    province = register.get(found.province or found.id)
    return WHERE.get(found.kind) or (province.name if province else "")


# --- what a page says -------------------------------------------------------------------------------------------------


class Section(HTMLParser):
    """Reads one set of rules on a page: its words, the figures of its charts, the rows of its table, its file."""

    def __init__(self, html: str) -> None:
        """Read *html*."""
        super().__init__()
        self.words = ""
        self.file = ""
        self.charts: list[str] = []
        self.columns: list[str] = []
        self.rows: list[tuple[str, str, list[str]]] = []
        self.definitions = 0
        self._group = ""
        self._total: str | None = None
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self._end_chart()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where we are."""
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        self._open.append((tag, classes[0] if classes else ""))
        if tag in {"rect", "line", "input", "br"}:
            self._open.pop()
        elif tag == "figure":
            self._end_chart()
        elif tag == "text" and "wb-bars__figure" in classes:
            self.charts.append("")
        elif tag == "span" and "wb-bars__total" in classes:
            self._total = ""
        elif tag == "a" and "download" in given:
            self.file = given["href"] or ""
        elif tag == "th" and given.get("scope") == "col":
            self.columns.append("")
        elif tag == "th" and given.get("scope") == "rowgroup":
            self._group = ""
        elif tag == "th" and given.get("scope") == "row":
            self.rows.append((self._group, "", []))
        elif tag == "td":
            self.rows[-1][2].append("")
        self.definitions += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        """Leave it."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Take the words, but for those of definitions and for screen readers alone."""
        here = [tag for tag, _ in self._open]
        if not data.strip() or ("wb-visually-hidden" in {name for _, name in self._open}) or "p" in here[-2:]:
            return
        inner = dict(self._open)
        if "h2" in here:
            self.words += data.strip()
        elif "text" in here and inner["text"] == "wb-bars__figure":
            self.charts[-1] += data.strip()
        elif inner.get("span") == "wb-bars__total" and self._total is not None:
            self._total += data.strip()
        elif "td" in here:
            self.rows[-1][2][-1] += data.strip()
        elif "thead" in here:
            self.columns[-1] += data.strip()
        elif "th" in here and inner["th"] == "wb-table__group":
            self._group += data.strip()
        elif "th" in here:
            group, words, cells = self.rows[-1]
            self.rows[-1] = (group, words + data.strip(), cells)

    def _end_chart(self) -> None:
        """Put the total of a chart after its bars, where it stands in the table."""
        if self._total is not None:
            self.charts.append(self._total)
        self._total = None


def sections(browser: Browser, path: str) -> dict[Regime, Section]:
    """Return what the page at *path* says of each set of rules."""
    page = browser.get(path)
    assert page.status_code == 200, page.text
    found = [Section(html) for html in re.findall(r"<section.*?</section>", page.text, re.DOTALL)]
    by_words = {regime.label.casefold(): regime for regime in Regime}
    return {by_words[one.words.casefold()]: one for one in found}


def lines(browser: Browser, path: str) -> list[list[str]]:
    """Return the lines of the file at *path*, as a spreadsheet reads them."""
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="voortgang-[a-z0-9-]+\.csv"', answer.headers["content-disposition"])
    return list(csv.reader(answer.content.decode("utf-8-sig").splitlines(), delimiter=";"))


def every_page() -> Iterator[str]:
    """Yield the address of every page with figures: each year, and each thing that is counted."""
    yield "/voortgang"
    for year in range(2021, 2027):
        yield f"/voortgang/maanden?jaar={year}"
    for what in BY_CODE:
        yield f"/voortgang/provincies?wat={what}"


# --- they agree -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["auditor", "ministry-analyst"])
def test_table_chart_and_file_say_the_same(browse: Browse, happened: list[Event], who: str) -> None:
    """On every page, under every set of rules; the file has the same words, and plain numbers."""
    assert happened
    browser = browse(who)
    for path in every_page():
        for section in sections(browser, path).values():
            head, *body = lines(browser, section.file)
            if who != "auditor":
                note = body.pop()
                assert note[0].startswith("· betekent: niet getoond.")
                assert set(note[1:]) == {""}
            width = len(section.columns) - 1

            figures = [cell for _, _, cells in section.rows for cell in cells]
            assert section.charts == figures
            assert [cell for line in body for cell in line[-width:]] == [cell.replace(".", "") for cell in figures]
            assert head[-width:] == section.columns[1:]
            assert [line[-width - 1] for line in body] == [words for _, words, _ in section.rows]
            assert {line[0].casefold() for line in body} == {section.words.casefold()}


def called(words: str) -> str:
    """Return what is counted as it is called under the rules that know advice."""
    return Step.REQUESTED.label if words == "vergoeding aangevraagd" else words


def test_an_auditor_sees_what_happened(browse: Browse, happened: list[Event]) -> None:
    """Every figure is what a plain count of the events gives: how far, when and where."""
    counts = counted(happened)
    browser = browse("auditor")
    seen: Counts = Counter()
    for regime, section in sections(browser, "/voortgang").items():
        steps = {step.label: step for step in Step}
        for group, words, (cell,) in section.rows:
            seen["now", regime, steps[called(group.casefold())], words] = int(cell)
    for year in range(2021, 2027):
        for regime, section in sections(browser, f"/voortgang/maanden?jaar={year}").items():
            for _, words, cells in section.rows:
                for month, cell in zip([*range(1, len(cells)), "year"], cells, strict=True):
                    seen["month", regime, year, month, called(words)] = int(cell)
    for what in BY_CODE:
        page = sections(browser, f"/voortgang/provincies?{urlencode({'wat': what})}")
        for regime, section in page.items():
            words = lines(browser, section.file)[1][1]
            for (_, part, cells), (n, name) in product(section.rows, enumerate(section.columns[1:])):
                seen["year", regime, int(name), part, called(words)] = int(cells[n])

    # Under the older rules nothing follows on a request: no page says that all of them are still waiting.
    told = {name: count for name, count in counts.items() if name[1:] != WAITING_FOR_EVER}
    assert {name: count for name, count in seen.items() if count} == told
    assert len(told) > 300


def test_others_see_no_small_number(browse: Browse, happened: list[Event]) -> None:
    """What is shown is rounded to fives and near what happened; less than ten of anything is not shown."""
    assert happened
    ministry, auditor = browse("ministry-analyst"), browse("auditor")
    shown = withheld = 0
    for path in every_page():
        exact = sections(auditor, path)
        for regime, section in sections(ministry, path).items():
            for (_, words, cells), (_, same, truth) in zip(section.rows, exact[regime].rows, strict=True):
                assert words == same
                for cell, true in zip(cells, truth, strict=True):
                    withheld += cell == SIGN
                    if cell != SIGN:
                        shown += int(cell) > 0
                        assert int(cell) % 5 == 0
                        assert abs(int(cell) - int(true)) <= 2
                        assert int(true) == 0 or int(true) >= 10

    assert shown > 30
    assert withheld > 30


def test_the_api_gives_the_same_figures(network: Network, browse: Browse, happened: list[Event]) -> None:
    """To the ministry, as to everybody: one function makes them all."""
    assert happened
    funnels = {one["regime"]: one for one in network.look("ministry-analyst", "measure-progress")["items"]}
    page = sections(browse("ministry-analyst"), "/voortgang")
    for regime, section in page.items():
        funnel = funnels[regime]
        given = [
            count
            for step in (*funnel["requests"], *funnel["measures"])
            for count in (step["reached"], step["open"], *(one["count"] for one in step["exits"]))
        ]
        cells = [cell for _, _, cells in section.rows for cell in cells]

        assert cells == [SIGN if count is None else str(count) for count in given[: len(cells)]]


# --- words and doors --------------------------------------------------------------------------------------------------


def test_each_figure_is_defined_one_click_away(browse: Browse) -> None:
    """In the table itself, or above it where all of it counts one thing; and all of them on one page."""
    browser = browse("ministry-analyst")
    for path in ("/voortgang", "/voortgang/maanden"):
        for section in sections(browser, path).values():
            assert section.definitions == len(section.rows)
    assert DEFINITIONS["reached", Step.INSTALLED] in browser.get("/voortgang/provincies").text
    page = browser.get("/voortgang/begrippen").text

    assert all(words in page for words in (*DEFINITIONS.values(), *NOTES.values()))
    assert sum(len(members) for _, members in terms()) == len(DEFINITIONS)


def test_what_a_sign_means_stands_on_the_page(browse: Browse) -> None:
    """To whom it is shown; auditors are told that theirs are exact."""
    assert "· betekent: niet getoond." in browse("ministry-analyst").get("/voortgang").text
    auditors = browse("auditor").get("/voortgang").text
    assert "betekent: niet getoond" not in auditors
    assert "U ziet exacte aantallen." in auditors


def test_the_demo_says_why_so_much_is_withheld(browse: Browse) -> None:
    """To whom it is; an auditor sees everything."""
    assert [OF_THE_DEMO in browse(who).get("/voortgang").text for who in ("ministry-analyst", "bva", "auditor")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("path", [*PAGES, "/voortgang/begrippen", "/voortgang/stand.csv?regeling=provision_2024"])
def test_figures_are_for_those_who_need_them(browse: Browse, path: str) -> None:
    """Whoever handles cases has their own pages."""
    assert [browse(who).get(path).status_code for who in READERS] == [200] * len(READERS)
    assert [browse(who).get(path).status_code for who in OTHERS] == [403] * len(OTHERS)


@pytest.mark.parametrize(
    "path",
    [
        "/voortgang/maanden?jaar=2020",
        "/voortgang/maanden?jaar=tweeduizend",
        "/voortgang/provincies?wat=iets",
        "/voortgang/stand.csv",
        "/voortgang/stand.csv?regeling=iets",
        "/voortgang/iets.csv?regeling=provision_2024",
        "/voortgang/maanden.csv?regeling=provision_2024&jaar=2023",
        "/voortgang/provincies.csv?regeling=reimbursement_2021&wat=installed",
    ],
)
def test_there_are_no_figures_of_what_there_cannot_be(browse: Browse, path: str) -> None:
    """A year before the rules, a thing that is not counted, an address that is not ours."""
    assert browse("auditor").get(path).status_code == 404


@pytest.mark.parametrize("path", ["/voortgang", "/voortgang/maanden?jaar=2022", "/voortgang/provincies?wat=requested"])
def test_where_costs_are_reimbursed_nobody_asked_for_advice(browse: Browse, path: str) -> None:
    """Under the rules of before there was none: not even none of it is shown."""
    page = browse("auditor").get(path).text.partition(f">{capitalised(Regime.REIMBURSEMENT_2021.label)}</h2>")[2]

    assert "ergoeding aangevraagd" in page
    assert "dvies aangevraagd" not in page


def test_nothing_that_has_not_happened_has_a_figure(browse: Browse, happened: list[Event]) -> None:
    """Months to come are not there, and what has no rules has no section."""
    assert happened
    page = sections(browse("auditor"), "/voortgang/maanden?jaar=2022")

    assert list(page) == [Regime.REIMBURSEMENT_2021]
    assert [words for _, words, _ in page[Regime.REIMBURSEMENT_2021].rows] == ["vergoeding aangevraagd"]
    assert list(sections(browse("auditor"), "/voortgang")) == list(REGIMES)
