"""Does the steunpunt see whom to call back by when, and does nobody find a body or a person in its register?"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.basis import Actor, OrganisationId, PersonId, Role
from infra.database import Database
from services.portal.steunpunt import ROWS
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.network import Network, running
from tests.pages.served import Clock
from tests.services.portal.conftest import Browser

Browse = Callable[[str | Actor], Browser]

ASK = "/nieuw/consultations"
LIST = "/raadplegingen"
FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
QUESTION = {
    "body_kind": "municipality",
    "caller": "mayor",
    "call_back_number": "06 00 00 04 01",
    "question": "whether_to_inquire",
}
ELSEWHERE = Actor(person=PersonId("p-nieuw-1"), organisation=OrganisationId("elders"), role=Role.STEUNPUNT)
SIGNAL = {
    "body": "gm0855",
    "office": "raadslid",
    "nature": "conflict_of_interest",
    "person": {"name": "Ruud Jansen"},
    "account": "Zou hebben meegestemd over eigen grond.",
}


@pytest.fixture(scope="module")
def clock() -> Clock:
    """Return the clock of all tests of this file."""
    return Clock(FRIDAY)


@pytest.fixture(scope="module")
def network(
    installation: Installation,
    new_name: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
    clock: Clock,
) -> Iterator[Network]:
    """Yield the service, running by the *clock*."""
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
        running(database, tmp_path_factory.mktemp("data"), clock=clock) as network,
    ):
        yield network


@pytest.fixture(autouse=True)
def _on_friday(clock: Clock) -> None:
    clock.moment = FRIDAY


def asked(browser: Browser, **more: str) -> str:
    """Have the steunpunt note a question; return the path of its dossier."""
    dossier = browser.send(ASK, QUESTION | more)
    assert dossier.status_code == 200, dossier.text
    return dossier.url.path


def row_of(page: str, path: str) -> str:
    """Return the row of the case at *path* on a list."""
    found = re.search(rf'<tr>\s*<th scope="row"><a [^>]*href="{path}".*?</tr>', page, re.DOTALL)
    assert found, page
    return found[0]


# --- questions --------------------------------------------------------------------------------------------------------


def test_a_question_is_noted_without_names(browse: Browse) -> None:
    """The form says so, says until when to call back, and has no field for a name or a body."""
    form = browse("steunpunt").get(ASK).text

    assert "Noteer geen namen" in form
    assert "uiterlijk <strong>maandag 23 november 2026</strong>" in form
    assert set(re.findall(r'id="field-[^"]*" name="([^"]+)"', form)) == {*QUESTION, "nature", "received_on"}


@pytest.mark.parametrize(
    ("days", "words", "late"),
    [(0, "over 3 dagen", False), (2, "morgen", False), (3, "vandaag", False), (4, "1 dag te laat", True)],
)
def test_the_clock_is_that_of_working_days(browse: Browse, clock: Clock, days: int, words: str, *, late: bool) -> None:
    """A question of Friday is for Monday at the latest; the weekend does not count, the words say how long it is."""
    path = asked(browse("steunpunt"))
    clock.moment = FRIDAY + timedelta(days=days)
    row = row_of(browse("steunpunt").get(LIST).text, path)

    assert "Wacht op de eerste intake" in row
    assert f">{words}</div>" in row
    assert ("wb-due--late" in row) is late


def test_what_is_due_first_comes_first_and_what_has_no_day_comes_last(browse: Browse) -> None:
    """Whoever was called back waits for a second conversation, on no day in particular."""
    steunpunt = browse("steunpunt")
    heard, late, new = asked(steunpunt), asked(steunpunt, received_on="2026-11-16"), asked(steunpunt)
    steunpunt.send(f"{heard}/first-intakes", {"summary": "Een vermoeden."})
    page = steunpunt.get(LIST).text
    places = [page.index(f'href="{path}"') for path in (late, new, heard)]

    assert places == sorted(places)
    assert "3 dagen te laat" in row_of(page, late)
    assert "wb-due" not in row_of(page, heard)


def test_a_dossier_shows_the_steps_and_what_was_said(browse: Browse) -> None:
    """From the question to the end: until when, then on which day, and the words of each conversation."""
    steunpunt = browse("steunpunt")
    path = asked(steunpunt)
    before = steunpunt.get(path).text
    for noun, typed in {
        "first-intakes": {"summary": "Er is een vermoeden."},
        "second-conversations": {"summary": "De stukken zijn besproken."},
        "process-advices": {"advice": "Begin met een vooronderzoek."},
        "closures": {"outcome": "advised"},
    }.items():
        sent = steunpunt.send(f"{path}/{noun}", typed)
        assert sent.status_code == 200, sent.text
    after = steunpunt.get(path).text

    assert "uiterlijk maandag 23 november 2026" in before
    assert "uiterlijk" not in after
    assert after.count('class="wb-step wb-step--done"') == 5
    for said in ("Er is een vermoeden.", "De stukken zijn besproken.", "Begin met een vooronderzoek."):
        assert said in after
    assert path in steunpunt.get(f"{LIST}?toon=gesloten").text
    assert path not in steunpunt.get(LIST).text


def test_empty_lists_say_so(browse: Browse) -> None:
    """To a steunpunt that was never called."""
    page = browse(ELSEWHERE)

    assert "Er staan geen vragen open." in page.get(LIST).text
    assert "Er is nog niets afgesloten." in page.get(f"{LIST}?toon=gesloten").text


def test_an_auditor_reads_and_is_offered_nothing(browse: Browse) -> None:
    """Neither a new question nor a step."""
    path = asked(browse("steunpunt"))
    auditor = browse("auditor")

    assert path in auditor.get(LIST).text
    assert ASK not in auditor.get(LIST).text
    assert "first-intakes" not in auditor.get(path).text


@pytest.mark.parametrize("who", ["support-team", "public-body", "bva", "administrator"])
def test_others_have_no_business_there(browse: Browse, who: str) -> None:
    """Nor do they learn that there is a question."""
    path = asked(browse("steunpunt"))
    other = browse(who)

    assert other.get(LIST).status_code == other.get("/register").status_code == 403
    assert other.get(path).status_code == 404


def test_a_long_list_goes_on(network: Network, browse: Browse) -> None:
    """Each question once, open or closed."""
    for _ in range(ROWS + 1):
        key = network.begin("steunpunt", "consultations", QUESTION)
        network.begin("steunpunt", f"consultations/{key}/closures", {"outcome": "no_follow_up"})
    network.settle()

    assert_goes_on(browse("steunpunt"), f"{LIST}?toon=gesloten", r'<th scope="row"><a [^>]*href="([^"]+)"')


# --- the register -----------------------------------------------------------------------------------------------------


def consulted(network: Network, **more: Any) -> str:  # noqa: ANN401 - any JSON
    """Let a public body consult the steunpunt about an inquiry; return the inquiry's id."""
    key = network.begin("public-body", "integrity-inquiries", SIGNAL | more)
    network.begin("public-body", f"integrity-inquiries/{key}/consultations", {"stage": "first_call"})
    network.settle()
    return key


def test_the_register_is_empty_until_a_body_consults_the_steunpunt(database: Database, tmp_path: Path) -> None:
    """A signal alone is no business of the steunpunt's."""
    with running(database, tmp_path) as network:
        network.begin("public-body", "integrity-inquiries", SIGNAL)
        network.settle()
        page = network.client.post("/aanmelden", data={"wie": "steunpunt", "verder": "/register"})

    assert "Nog geen bestuur heeft het steunpunt geraadpleegd." in page.text


def test_the_register_says_what_kind_of_matter_and_not_whose(network: Network, browse: Browse) -> None:
    """Month, nature, kind of body and how far it is: no name, no body, no office, and no way to the case."""
    key = consulted(network)
    page = browse("steunpunt").get("/register").text

    for shown in ("november 2026", "Belangenverstrengeling", "Gemeente", "Eerste telefonische intake, zonder namen"):
        assert shown in page
    for withheld in ("Jansen", "Tilburg", "gm0855", "raadslid", "IO-2026", "/dossiers/", key):
        assert withheld not in page


def test_the_steunpunt_sees_of_an_inquiry_what_names_nobody(network: Network, browse: Browse) -> None:
    """Also where it has the address of the case."""
    key = consulted(network)
    page = browse("steunpunt").get(f"/dossiers/integrity-inquiries/{key}").text

    assert "Belangenverstrengeling" in page
    for withheld in ("Jansen", "Tilburg", "Raadslid", "eigen grond"):
        assert withheld not in page


def test_the_register_says_how_an_inquiry_ended(network: Network, browse: Browse) -> None:
    """No violation is an end like any other."""
    key = consulted(network)
    network.begin("public-body", f"integrity-inquiries/{key}/openings", {"commissioner": "mayor"})
    network.begin("public-body", f"integrity-inquiries/{key}/closures", {"disposition": "no_violation"})
    network.settle()

    assert "geen schending" in browse("steunpunt").get("/register").text


def test_a_long_register_goes_on(network: Network, browse: Browse) -> None:
    """Each matter once."""
    for _ in range(ROWS + 1):
        consulted(network)

    assert_goes_on(browse("auditor"), "/register", r'class="wb-code">([^<]+)</th>')


def assert_goes_on(browser: Browser, path: str, pattern: str) -> None:
    """Assert that a list of more than a page has a second page with other rows."""
    first = browser.get(path).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = browser.get(following[1].replace("&amp;", "&")).text
    rows, others = re.findall(pattern, first), re.findall(pattern, second)

    assert len(rows) == ROWS
    assert others
    assert not set(rows) & set(others)


def test_the_day_of_the_first_intake_follows_the_holidays(browse: Browse, clock: Clock) -> None:
    """A question of the day before Christmas is for the Monday after it."""
    clock.moment = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)

    assert "uiterlijk <strong>maandag 28 december 2026</strong>" in browse("steunpunt").get(ASK).text


# --- corrections ------------------------------------------------------------------------------------------------------


def test_what_was_noted_is_corrected_where_it_stands(browse: Browse) -> None:
    """The form begins with what was noted; the dossier says what holds now, and the timeline what was said before."""
    steunpunt = browse("steunpunt")
    path = asked(steunpunt)
    steunpunt.send(f"{path}/first-intakes", {"summary": "De burgemeester belde over grond."})
    form = steunpunt.get(f"{path}/corrections").text
    typed = QUESTION | {"reason": "Het was de griffier.", "caller": "griffier", "first_summary": "De griffier belde."}
    unchanged = steunpunt.send(f"{path}/corrections", QUESTION | {"reason": "Zomaar."})
    dossier = steunpunt.send(f"{path}/corrections", typed).text

    assert "De burgemeester belde over grond." in form
    assert 'value="06 00 00 04 01"' in form
    assert unchanged.status_code == 409
    assert "U hebt nog niets gecorrigeerd." in unchanged.text
    assert "Procesadvies gecorrigeerd" in dossier
    assert "griffier, gemeente" in dossier.partition("tijdlijn")[0]
    assert "De burgemeester belde over grond." not in dossier.partition('id="tijdlijn"')[0]
    assert "De burgemeester belde over grond." in dossier.partition('id="tijdlijn"')[2]
