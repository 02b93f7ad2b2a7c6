"""Does everybody see which requests for security advice wait for them, and no more of them than is theirs to know?"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from domain.basis import Actor, OrganisationId, PersonId, Role
from infra.database import Database
from services.portal.advices import ROWS
from services.projections.measure_progress import QueueStep
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.network import Network, running
from tests.pages.served import Clock
from tests.services.portal.conftest import Browser

Browse = Callable[[str | Actor], Browser]

BEGUN = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
REQUEST = {
    "body": "gm0855",
    "office": "wethouder",
    "holder": {"name": "Sanne Verbruggen"},
    "address": "Wilgenhof 12, 5000 ZZ Tilburg",
}
MEASURES = {"measures": [{"kind": "physical", "one_off_cents": 185_000}] * 3}
NEWCOMER = Actor(person=PersonId("p-nieuw-1"), organisation=OrganisationId("gm0363"), role=Role.PUBLIC_BODY)


@pytest.fixture(scope="module")
def requests() -> dict[str, str]:
    """Return the ids of the requests, by the step that each waits for."""
    return {}


@pytest.fixture(scope="module")
def network(
    installation: Installation,
    new_name: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
    requests: dict[str, str],
) -> Iterator[Network]:
    """Yield the service with a request at each step; each step of a request has taken ten days."""
    clock = Clock(BEGUN)
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
        running(database, tmp_path_factory.mktemp("data"), clock=clock) as network,
    ):
        steps = ("visit", "draft", "fix", "adopt", "measures")
        for step in steps:
            requests[step] = network.begin("support-team", "security-advices", REQUEST)
        requests["of the body"] = network.begin("public-body", "security-advices", REQUEST | {"office": "burgemeester"})
        requests["of others"] = network.begin("public-body-elsewhere", "security-advices", REQUEST | {"body": "gm0758"})
        old = {"requested_on": "2023-05-01"}
        requests["before advice"] = network.begin("public-body", "security-advices", REQUEST | old)
        given = (("ccv", "home-visits", {"visitor": "ccv"}), ("ccv", "drafts", MEASURES), ("bva", "advices", MEASURES))
        for n, (who, noun, body) in enumerate((*given, ("public-body", "adoptions", {})), start=1):
            clock.forward(days=10)
            for step in steps[n:]:
                network.begin(who, f"security-advices/{requests[step]}/{noun}", body)
        clock.forward(days=10)
        measures = f"security-advices/{requests['measures']}"
        for measure in (1, 2):
            network.begin("public-body", f"{measures}/orders", {"measure": measure})
        network.begin("public-body", f"{measures}/installations", {"measure": 1})
        network.settle()
        yield network


def listed(page: str) -> list[str]:
    """Return the ids of the requests on the *page*, in its order."""
    return re.findall(r'<th scope="row"><a [^>]*href="/dossiers/security-advices/([^"]+)"', page)


def cells(page: str, key: str) -> dict[str, str]:
    """Return what the row of a request says, by column."""
    row = re.search(rf'<th scope="row"><a [^>]*advices/{key}".*?</tr>', page, re.DOTALL)
    assert row, page
    found = re.findall(r'<td data-label="([^"]+)">(.*?)</td>', row[0], re.DOTALL)
    return {column: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for column, text in found}


def tabs(page: str) -> dict[str, int]:
    """Return how many wait for each step, by the words of its tab."""
    found = re.findall(r'<a href="/adviezen\?toon=\w+"[^>]*>([^<&]+)&nbsp;<span class="wb-count">(\d+)<', page)
    return {words: int(count) for words, count in found}


# --- advisers ---------------------------------------------------------------------------------------------------------


def test_the_ccv_begins_with_homes_to_visit_the_longest_wait_first(browse: Browse, requests: dict[str, str]) -> None:
    """Of every body; with how many wait for each step."""
    page = browse("ccv").get("/adviezen").text

    assert listed(page) == [requests[name] for name in ("visit", "of the body", "of others")]
    assert tabs(page) == {"Woning bezoeken": 3, "Conceptadvies opstellen": 1, "Advies vaststellen": 1}


def test_the_bva_begins_with_what_it_is_to_fix(browse: Browse, requests: dict[str, str]) -> None:
    """A draft that has waited from the day on which it was drawn up."""
    page = browse("bva").get("/adviezen").text

    assert listed(page) == [requests["fix"]]
    assert list(tabs(page)) == ["Advies vaststellen", "Conceptadvies opstellen", "Woning bezoeken"]
    assert cells(page, requests["fix"])["Wacht al"] == "30 dagen"


@pytest.mark.parametrize(
    ("who", "step", "days"),
    [("ccv", "visit", 50), ("ccv", "draft", 40), ("bva", "fix", 30), ("public-body", "adopt", 20)],
)
def test_a_step_can_be_taken_from_the_list(
    browse: Browse, requests: dict[str, str], who: str, step: str, days: int
) -> None:
    """Its form is open; the list says for how long the request has waited for this step."""
    browser = browse(who)
    page = browser.get(f"/adviezen?toon={step}").text
    link = re.search(rf'href="(/dossiers/security-advices/{requests[step]}/[^"]+)"', page)
    assert link
    form = browser.get(link[1])

    assert cells(page, requests[step])["Wacht al"] == f"{days} dagen"
    assert form.status_code == 200
    assert "Dit kan nu niet" not in form.text
    assert 'id="formulier"' in form.text


def test_nobody_is_offered_the_step_of_another(browse: Browse) -> None:
    """The CCV sees what waits for the BVA, and cannot fix it."""
    page = browse("ccv").get("/adviezen?toon=fix").text

    assert listed(page)
    assert "/advices" not in page.partition("<main")[2].replace("security-advices", "")


def test_all_requests_stand_on_one_list_with_what_each_waits_for(browse: Browse, requests: dict[str, str]) -> None:
    """The newest first; of measures how many, and of old rules that they know no advice."""
    page = browse("bva").get("/adviezen?toon=alle").text
    waits = {name: cells(page, key)["Wacht op"] for name, key in requests.items()}

    assert listed(page)[-1] == requests["before advice"]
    assert waits == {
        "visit": "Woning bezoeken",
        "draft": "Conceptadvies opstellen",
        "fix": "Advies vaststellen",
        "adopt": "Advies overnemen",
        "measures": "Maatregel bestellen (1) Maatregel aanbrengen (1) Maatregel controleren (1)",
        "of the body": "Woning bezoeken",
        "of others": "Woning bezoeken",
        "before advice": "vergoeding van kosten (2021-2023)",
    }


# --- who asked, who pays, who looks after them --------------------------------------------------------------------


def test_a_public_body_sees_what_is_expected_of_it(browse: Browse, requests: dict[str, str]) -> None:
    """Per step, with the number of measures; whatever else the request waits for is said beside it."""
    body = browse("public-body-colleague")
    page = body.get("/adviezen").text
    order = cells(body.get("/adviezen?toon=order").text, requests["measures"])

    assert listed(page) == [requests["adopt"]]
    assert tabs(page) == {
        "Advies overnemen": 1,
        "Maatregel bestellen": 1,
        "Maatregel aanbrengen": 1,
        "Maatregel controleren": 1,
    }
    assert order["Wacht al"] == "10 dagen 1 maatregel Ook: maatregel aanbrengen (1) Ook: maatregel controleren (1)"


def test_nobody_is_asked_to_verify_what_they_installed(browse: Browse, requests: dict[str, str]) -> None:
    """Somebody else does that: it stands in their list, and the request still says what it waits for."""
    installer, colleague = browse("public-body"), browse("public-body-colleague")
    own = installer.get("/adviezen").text
    dossier = f"/dossiers/security-advices/{requests['measures']}"

    assert tabs(own)["Maatregel controleren"] == 0
    assert listed(installer.get("/adviezen?toon=verify").text) == []
    assert "verifications?measure=1" not in installer.get(dossier).text
    assert (
        "Maatregel controleren (1)"
        in cells(installer.get("/adviezen?toon=alle").text, requests["measures"])["Wacht op"]
    )

    assert tabs(colleague.get("/adviezen").text)["Maatregel controleren"] == 1
    assert listed(colleague.get("/adviezen?toon=verify").text) == [requests["measures"]]
    assert "verifications?measure=1" in colleague.get(dossier).text


def test_a_public_body_is_not_told_of_drafts(browse: Browse, requests: dict[str, str]) -> None:
    """To it a request waits for advice, drafted or not; and of another body it sees nothing."""
    page = browse("public-body").get("/adviezen?toon=alle").text

    assert cells(page, requests["draft"])["Wacht op"] == cells(page, requests["fix"])["Wacht op"] == "Advies uitbrengen"
    assert "oncept" not in page
    assert requests["of others"] not in listed(page)


def test_the_support_team_sees_its_own_requests_and_not_what_they_wait_for(
    browse: Browse, requests: dict[str, str]
) -> None:
    """It can ask for another one."""
    page = browse("support-team").get("/adviezen").text

    assert set(listed(page)) == {requests[name] for name in ("visit", "draft", "fix", "adopt", "measures")}
    assert cells(page, requests["fix"])["Stand"] == "nog niet overgenomen"
    assert cells(page, requests["measures"])["Stand"] == "overgenomen op 11 jul 2026"
    assert 'href="/nieuw/security-advices"' in page
    assert tabs(page) == {}


def test_an_auditor_sees_every_step_and_takes_none(browse: Browse, requests: dict[str, str]) -> None:
    """And all requests."""
    auditor = browse("auditor")
    page, every = auditor.get("/adviezen").text, auditor.get("/adviezen?toon=alle").text

    assert len(tabs(page)) == len(QueueStep) - 1
    assert "home-visits" not in page
    assert set(listed(every)) == set(requests.values())


# --- the list itself --------------------------------------------------------------------------------------------------


def test_whoever_has_no_request_reads_so(browse: Browse) -> None:
    """On each tab."""
    newcomer = browse(NEWCOMER)

    assert "Er zijn geen aanvragen die u kunt zien." in newcomer.get("/adviezen").text
    assert "Er is geen advies om over te nemen." in newcomer.get("/adviezen?toon=adopt").text
    assert "Er is geen maatregel te controleren." in newcomer.get("/adviezen?toon=verify").text


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("ccv", "/adviezen?toon=adopt"),
        ("public-body", "/adviezen?toon=fix"),
        ("support-team", "/adviezen?toon=visit"),
        ("bva", "/adviezen?toon=iets"),
        ("bva", "/adviezen?vanaf=iets"),
    ],
)
def test_what_is_no_list_of_theirs_does_not_exist(browse: Browse, who: str, path: str) -> None:
    """Nor does a made-up one."""
    assert browse(who).get(path).status_code == 404


@pytest.mark.parametrize("who", ["steunpunt", "ministry-analyst", "administrator"])
def test_the_list_is_not_for_every_role(browse: Browse, who: str) -> None:
    """They have no requests."""
    assert browse(who).get("/adviezen").status_code == 403


def test_a_draft_that_was_not_sent_is_found_again(browse: Browse, requests: dict[str, str]) -> None:
    """For the advisers this is the first page."""
    bva = browse("bva")
    path = f"/dossiers/security-advices/{requests['fix']}/advices"
    bva.send(path, {"measures.0.kind": "", "measures.0.one_off_cents": "veel"})

    shown = bva.get("/").text
    assert re.search(rf'href="{path}\?concept=[^"]+">Beveiligingsadvies uitbrengen, BA-\d{{4}}-\d{{6}}</a>', shown)


def test_a_long_queue_goes_on(network: Network, browse: Browse) -> None:
    """Each request once."""
    for _ in range(ROWS):
        network.begin("public-body-elsewhere", "security-advices", REQUEST | {"body": "gm0758"})
    network.settle()
    ccv = browse("ccv")
    first = ccv.get("/adviezen?toon=visit").text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = ccv.get(following[1].replace("&amp;", "&")).text

    assert len(listed(first)) == ROWS
    assert listed(second)
    assert not set(listed(first)) & set(listed(second))


def test_the_longest_wait_stands_first_whatever_the_day_of_the_request(
    network: Network, browse: Browse, requests: dict[str, str]
) -> None:
    """A request that was made first and visited last is the last in the queue for a draft."""
    late, early = (
        network.begin("public-body-elsewhere", "security-advices", REQUEST | {"body": "gm0758", "requested_on": day})
        for day in ("2026-01-10", "2026-06-20")
    )
    for request, day in ((late, "2026-07-18"), (early, "2026-07-08")):
        visit = {"visitor": "ccv", "on": day}
        network.begin("ccv", f"security-advices/{request}/home-visits", visit)
    network.settle()
    page = browse("ccv").get("/adviezen?toon=draft").text

    assert listed(page) == [requests["draft"], early, late]
    assert [cells(page, key)["Wacht al"] for key in listed(page)] == ["40 dagen", "13 dagen", "3 dagen"]
