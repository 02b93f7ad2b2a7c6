"""Can somebody see what a case looked like then, what each fact changed in it, and who recorded it?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.basis import Kind, Role, SubjectId
from domain.kinds import KINDS
from domain.people import Subject
from domain.threat_case import ThreatCase
from domain.values import AMSTERDAM
from services.demo.cast import CAST
from services.portal.replaying import Changed, changes, moment_of
from services.portal.showing import JOINT, UNSAID, Shown, grouped, shown
from services.projections.replay import as_json
from tests.domain.shapes import instances
from tests.network import Network
from tests.services.portal.conftest import Browser

Browse = Callable[[str], Browser]

VICTIM = Subject(subject=SubjectId(UUID(int=1)), name="Sanne Verbruggen")
REPORT = {
    "body": "gm0855",
    "office": "wethouder",
    "call_back_number": "06-00 00 01 01",
    "danger_now": True,
    "victim": {"name": "Sanne Verbruggen"},
}


def by_id(key: str, _: Role | None) -> str:
    """Call an organisation by its id."""
    return key


class Page(HTMLParser):
    """Reads the changes, what is marked, and the selected version from a page."""

    def __init__(self, page: str) -> None:
        """Read *page*."""
        super().__init__()
        self.changes: list[tuple[str, ...]] = []
        self.marked = 0
        self.slider: dict[str, str | None] = {}
        self._cells: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell of the table, and note what is marked."""
        given = dict(attrs)
        if tag == "tr":
            self._cells = []
        if tag in {"th", "td"} and self._cells is not None:
            self._cells.append("")
        if tag == "input" and given.get("type") == "range":
            self.slider = given
        self.marked += "wb-changed" in (given.get("class") or "").split()

    def handle_endtag(self, tag: str) -> None:
        """End a row."""
        if tag == "tr" and self._cells is not None:
            self.changes.append(tuple(" ".join(cell.split()) for cell in self._cells))
            self._cells = None

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self._cells:
            self._cells[-1] += data


@dataclass
class Case:
    """A threat case in which five things have happened."""

    network: Network
    key: str = field(init=False)

    def __post_init__(self) -> None:
        """Let them happen."""
        self.key = self.network.begin("support-team", "threat-cases", REPORT)
        for noun, body in (
            ("assessments", {"axes": {"form": "threat", "severity": "serious"}}),
            ("police-notifications", {"vpt_code": False}),
            ("assessments", {"axes": {"form": "stalking"}}),
            ("vpt-codes", {}),
        ):
            answer = self.network.post("support-team", f"threat-cases/{self.key}/{noun}", body)
            assert answer.status_code == 201, answer.text
        self.network.look("support-team", f"threat-cases/{self.key}")

    @property
    def path(self) -> str:
        """Return the address of its history."""
        return f"/dossiers/threat-cases/{self.key}/verloop"


@pytest.fixture(scope="module")
def case(network: Network) -> Case:
    """Return a case that no test changes."""
    return Case(network)


def test_the_page_begins_at_the_end_with_what_the_last_fact_changed(case: Case, browse: Browse) -> None:
    """Marked in the case as it is since, and told as what was and what came."""
    page = Page(browse("auditor").get(case.path).text)

    assert page.changes == [("Wat", "Was", "Werd"), ("VPT-code geregistreerd", "nee", "ja")]
    assert page.marked == 1
    assert (page.slider["min"], page.slider["max"], page.slider["value"]) == ("1", "5", "5")


def test_a_version_shows_the_case_as_it_was(case: Case, browse: Browse) -> None:
    """What came later is not there yet."""
    second = browse("auditor").get(f"{case.path}?versie=2").text

    assert "2. Dreiging beoordeeld" in second
    assert "bedreiging" in second
    assert "belaging (stalking)" not in second
    assert "Politie ingelicht op" not in second
    assert ("Kenmerken van de dreiging \u203a Vorm van agressie", "niets", "bedreiging") in Page(second).changes


def test_any_two_versions_can_be_compared(case: Case, browse: Browse) -> None:
    """Whichever is named first; with everything that was recorded in between."""
    auditor = browse("auditor")
    there, back = (auditor.get(f"{case.path}?{asked}").text for asked in ("van=1&tot=4", "van=4&tot=1"))
    told = Page(there).changes

    assert told == Page(back).changes
    assert ("Kenmerken van de dreiging \u203a Vorm van agressie", "niets", "belaging (stalking)") in told
    assert ("VPT-code geregistreerd", "niets", "nee") in told
    for words in ("2. Dreiging beoordeeld", "3. Politie ingelicht", "4. Dreiging beoordeeld"):
        assert re.search(rf"<h3[^>]*>{words}</h3>", there)


def test_the_whole_can_be_compared_with_nothing(case: Case, browse: Browse) -> None:
    """Then all that is said is new."""
    told = Page(browse("auditor").get(f"{case.path}?van=0&tot=5").text)

    assert len(told.changes) == told.marked + 1
    assert all(was == "niets" for _, was, _ in told.changes[1:])


@pytest.mark.parametrize(("asked", "shows"), [("versie=0", "nog niets gebeurd"), ("versie=99", "5. ")])
def test_beyond_the_ends_is_the_end(case: Case, browse: Browse, asked: str, shows: str) -> None:
    """Before the first fact there is nothing, after the last the present."""
    page = browse("auditor").get(f"{case.path}?{asked}")

    assert page.status_code == 200
    assert shows in page.text


def test_a_page_leads_to_those_before_and_after(case: Case, browse: Browse) -> None:
    """As far as there are any."""
    auditor = browse("auditor")
    first, second, last = (auditor.get(f"{case.path}?versie={n}").text for n in (1, 2, 5))
    links = [re.findall(r'rel="(prev|next)" href="[^"]+versie=(\d)"', page) for page in (first, second, last)]

    assert links == [[("next", "2")], [("prev", "1"), ("next", "3")], [("prev", "4")]]


def test_a_moment_shows_the_case_as_it_was_then(case: Case, browse: Browse) -> None:
    """The minute itself included, since that is what the timeline shows."""
    auditor = browse("auditor")
    now = datetime.now(AMSTERDAM)

    assert Page(auditor.get(f"{case.path}?moment={now:%Y-%m-%dT%H:%M}").text).slider["value"] == "5"
    assert "nog niets gebeurd" in auditor.get(f"{case.path}?moment=2020-01-01T12:00").text


def test_what_is_no_moment_is_said_to_be_none(case: Case, browse: Browse) -> None:
    """At the field, and the case as it is stays in sight."""
    page = browse("auditor").get(f"{case.path}?moment=gisteren")

    assert page.status_code == 400
    assert 'aria-describedby="moment-fault"' in page.text
    assert Page(page.text).slider["value"] == "5"


def test_who_recorded_it_is_told_to_whom_it_may_be_told(case: Case, browse: Browse) -> None:
    """Role, organisation, person and the fact's own identifier."""
    page = browse("auditor").get(case.path).text

    for told in ("Ondersteuningsteam", CAST["support-team"].person, CAST["support-team"].organisation):
        assert told in page
    assert re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-", page)


def test_others_see_their_own_facts_and_no_more(network: Network, browse: Browse) -> None:
    """Who requested the advice sees neither the visit nor the advice, and counts no gaps; a stranger sees nothing."""
    request = {"body": "gm0855", "office": "wethouder", "holder": {}, "address": "Voorbeeldstraat 1"}
    key = network.begin("support-team", "security-advices", request)
    measures = [{"kind": "physical", "one_off_cents": 100, "recurring_cents_per_month": 0}]
    for who, noun, body in (
        ("bva", "home-visits", {"visitor": "bva"}),
        ("bva", "advices", {"measures": measures}),
        ("public-body", "adoptions", {}),
    ):
        answer = network.post(who, f"security-advices/{key}/{noun}", body)
        assert answer.status_code == 201, answer.text
    network.look("public-body", f"security-advices/{key}")
    path = f"/dossiers/security-advices/{key}/verloop"
    requester = browse("support-team").get(path).text

    assert Page(requester).slider["max"] == "2"
    assert "Woning bezocht" not in requester
    assert "niet voor u te zien" in requester
    assert CAST["public-body"].person not in requester
    assert int(Page(browse("auditor").get(path).text).slider["max"] or 0) >= 4
    assert browse("public-body-elsewhere").get(path).status_code == 404


def test_a_case_with_one_fact_has_nothing_to_slide_through(network: Network, browse: Browse) -> None:
    """It is shown all the same."""
    key = network.begin("support-team", "threat-cases", REPORT)
    network.look("support-team", f"threat-cases/{key}")
    page = browse("support-team").get(f"/dossiers/threat-cases/{key}/verloop").text

    assert Page(page).slider == {}
    assert "1. Dreiging gemeld" in page


def test_the_dossier_and_its_history_lead_to_each_other(case: Case, browse: Browse) -> None:
    """The dossier as a whole, and each line of its timeline."""
    team = browse("support-team")
    dossier = case.path.removesuffix("/verloop")
    page = team.get(dossier).text

    assert f'href="{case.path}"' in page
    for version in range(1, 6):
        assert f'href="{case.path}?versie={version}"' in page
    assert f'href="{dossier}"' in team.get(case.path).text


# --- the parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-18T23:00", datetime(2026, 3, 18, 23, 0, 59, 999999, tzinfo=AMSTERDAM)),
        ("2026-03-18T23:00:30", datetime(2026, 3, 18, 23, 0, 30, tzinfo=AMSTERDAM)),
        ("2026-03-18T22:00:00Z", datetime.fromisoformat("2026-03-18T22:00:00+00:00")),
        ("gisteren", None),
        ("", None),
    ],
)
def test_a_minute_means_its_end(text: str, moment: datetime | None) -> None:
    """On the clock in the Netherlands, unless another one is named."""
    assert moment_of(text) == moment


def test_what_is_gone_is_a_change_too() -> None:
    """At its old place, after all that is still said."""
    before = (Shown("/a", "A", parts=(Shown("/a/0", "1", "x"), Shown("/a/1", "2", "y"))), Shown("/b", "B", "z"))
    after = (Shown("/a", "A", parts=(Shown("/a/0", "1", "y"),)), Shown("/b", "B", "z"))

    assert list(changes(before, after)) == [
        Changed("/a/0", ("A", "1"), "x", "y"),
        Changed("/a/1", ("A", "2"), "y", ""),
    ]


def test_one_thing_more_about_somebody_leaves_the_other_as_it_was() -> None:
    """With a name alone no label stands at it, with a number too there does: the name is no change."""
    nameless, named, whole = (
        shown(ThreatCase(victim=victim), by_id) for victim in (None, VICTIM, VICTIM.model_copy(update={"phone": "112"}))
    )

    assert [one.pointer for one in changes(nameless, named)] == ["/victim/name"]
    assert [one.pointer for one in changes(named, whole)] == ["/victim/phone"]


def test_what_is_said_stands_in_lists_without_lists_in_them() -> None:
    """First what the whole says itself, then each part under what it is called, however deep it was."""
    name, phone, kind = Shown("/v/n", "Naam", "Jan"), Shown("/v/p", "Telefoon", "112"), Shown("/m/0/k", "Soort", "hek")
    parts = (
        Shown("/v", "Slachtoffer", parts=(name, phone)),
        Shown("/m", "Maatregelen", parts=(Shown("/m/0", "1", parts=(kind,)),)),
        Shown("/n", "Zaaknummer", "DR-2026-000001"),
    )

    assert list(grouped(parts)) == [
        ("", [parts[2]]),
        ("Slachtoffer", [name, phone]),
        (f"Maatregelen{JOINT}1", [kind]),
    ]


def test_no_list_of_a_replay_stands_within_another(network: Network, browse: Browse) -> None:
    """On a phone there is no room for it."""
    victim = {"name": "Sanne Verbruggen", "phone": "06-00 00 01 02"}
    key = network.begin("support-team", "threat-cases", REPORT | {"victim": victim})
    network.settle()
    page = browse("support-team").get(f"/dossiers/threat-cases/{key}/verloop").text

    assert '<p class="wb-says__head">Slachtoffer</p>' in page
    assert not re.search(r"<dl[^>]*>(?:(?!</dl>).)*<dl", page, re.DOTALL)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@settings(deadline=None)  # the first facts of a kind take longest to make up
@given(data=st.data())
def test_what_the_api_calls_a_difference_is_told_as_a_change(kind: Kind[object], data: st.DataObject) -> None:
    """And nothing else, over any history of any facts, but for what no page says at all."""
    facts = data.draw(st.lists(st.one_of([instances(fact) for fact in kind.facts]), max_size=6))
    version = data.draw(st.integers(0, len(facts)))
    before, after = kind.replay(facts[:version]), kind.replay(facts)
    told = {change.pointer for change in changes(shown(before, by_id), shown(after, by_id))}
    found = set(differing("", as_json(before), as_json(after)))

    assert told == found


def differing(pointer: str, before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the pointers of the values that differ, but for what no page says."""
    if isinstance(before, dict | list) or isinstance(after, dict | list):
        earlier, later = (
            dict(enumerate(value)) if isinstance(value, list) else value or {} for value in (before, after)
        )
        for name in {**earlier, **later}:
            if name not in UNSAID:
                yield from differing(f"{pointer}/{name}", earlier.get(name), later.get(name))
    elif before != after:
        yield pointer
