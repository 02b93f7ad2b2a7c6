"""Does somebody find a case they may know of, and no other?"""

import re
from collections.abc import Callable

import pytest

from services.portal.caselist import ROWS
from tests.network import Network
from tests.services.portal.conftest import Browser
from tests.services.portal.test_pages import FOUR, INTAKE

Browse = Callable[[str], Browser]

REQUEST = {
    "body": "gm0855",
    "office": "wethouder",
    "holder": {"name": "W. de Vries"},
    "address": "Voorbeeldstraat 1, Tilburg",
}
REQUEST_FORM = {
    "body": "Tilburg (gemeente)",
    "office": "wethouder",
    "holder.name": "W. de Vries",
    "address": "Voorbeeldstraat 1, Tilburg",
}
SIGNAL = {"body": "gm0855", "office": "raadslid", "nature": "conflict_of_interest", "person": {"name": "R. Jansen"}}


def numbers_in(page: str) -> list[str]:
    """Return the case numbers that *page* links to, in its order."""
    return re.findall(r'href="/dossiers/[^"]+">([A-Z]{2}-\d{4}-\d{6})</a>', page)


def reported(browser: Browser) -> str:
    """Report a threat; return the number of its case."""
    dossier = browser.send(INTAKE, FOUR).text
    found = re.search(r"DR-\d{4}-\d{6}", dossier)
    assert found, dossier
    return found[0]


def test_the_newest_case_comes_first_with_what_it_is_about(browse: Browse) -> None:
    """And what was recorded last."""
    team = browse("support-team")
    first, second = reported(team), reported(team)
    page = team.get("/zaken").text

    assert numbers_in(page)[:2] == [second, first]
    assert "Wethouder, Tilburg (gemeente)" in page
    assert "Dreiging gemeld" in page


def test_nobody_finds_a_case_of_others(browse: Browse) -> None:
    """Neither in the list nor by its number, and the page does not tell it from one that does not exist."""
    number = reported(browse("support-team"))
    stranger = browse("public-body-elsewhere")
    made_up = number[:-6] + "999999"
    theirs, none = (stranger.get(f"/zaken?nummer={one}") for one in (number, made_up))

    assert number not in numbers_in(stranger.get("/zaken").text)
    assert theirs.status_code == none.status_code == 200
    assert theirs.text.replace(number, made_up) == none.text
    assert "Geen zaak gevonden" in none.text


def test_a_number_typed_loosely_leads_to_the_case(browse: Browse) -> None:
    """Straight to its dossier."""
    team = browse("support-team")
    number = reported(team)
    prefix, year, last = number.split("-")

    for typed in (f"{prefix.lower()}+{year}+{int(last)}", f"{prefix}{year}{int(last)}", f"{prefix}{int(last)}"):
        found = team.get(f"/zaken?nummer={typed}")
        assert found.url.path.startswith("/dossiers/threat-cases/"), typed
        assert number in found.text


def test_a_form_takes_a_number_typed_loosely_too(browse: Browse) -> None:
    """The threat case from which a request for advice arises; one that is not there is a fault at its field."""
    team = browse("support-team")
    number = reported(team)
    prefix, year, last = number.split("-")
    form = "/nieuw/security-advices"
    begun = team.send(form, REQUEST_FORM | {"threat_case": f"{prefix.lower()} {year} {int(last)}"})
    refused = team.send(form, REQUEST_FORM | {"threat_case": f"{prefix} {year} 999999"})

    assert begun.url.path.startswith("/dossiers/security-advices/")
    assert "BA-" in team.get(team.get(f"/zaken?nummer={number}").url.path).text
    assert refused.status_code == 400
    assert 'id="field-threat_case-fault"' in refused.text


def test_a_number_that_two_kinds_have_asks_which(network: Network, browse: Browse) -> None:
    """Both are there to choose from."""
    team = browse("support-team")
    number = reported(team)
    wanted = int(number.rpartition("-")[2])
    taken = 0
    while taken < wanted:
        path = network.begin("public-body", "security-advices", REQUEST)
        taken = int(network.look("public-body", f"security-advices/{path}")["number"].rpartition("-")[2])
    page = browse("public-body").get(f"/zaken?nummer={taken}")
    auditor = browse("auditor").get(f"/zaken?nummer={wanted}")

    assert page.url.path.startswith("/dossiers/security-advices/")
    assert {number, f"BA{number[2:]}"} <= set(numbers_in(auditor.text))


def test_a_number_alone_that_no_kind_has_asks_for_letters_and_year(browse: Browse) -> None:
    """Of whichever kind it was meant to be, this year has none."""
    page = " ".join(browse("support-team").get("/zaken?nummer=999998").text.split())

    assert re.search(r"DR-\d{4}-999998 en BA-\d{4}-999998 bestaan niet, of u kunt ze niet zien\.", page)
    assert "Typ dan ook de letters en het jaar." in page


def test_what_is_no_number_is_said_to_be_none(browse: Browse) -> None:
    """With what one looks like."""
    page = browse("support-team").get("/zaken?nummer=Verbruggen").text

    assert "Dit is geen zaaknummer" in page
    assert numbers_in(page) == []


def test_one_kind_can_be_asked_for(network: Network, browse: Browse) -> None:
    """A public body has three; what is not a kind of case of theirs does not exist."""
    network.begin("public-body", "integrity-inquiries", SIGNAL)
    network.begin("public-body", "security-advices", REQUEST)
    network.settle()
    body = browse("public-body")
    inquiries = numbers_in(body.get("/zaken?soort=integrity_inquiry").text)

    assert inquiries
    assert {number[:2] for number in inquiries} == {"IO"}
    assert {"IO", "BA"} <= {number[:2] for number in numbers_in(body.get("/zaken").text)}
    assert body.get("/zaken?soort=consultation").status_code == 404
    assert body.get("/zaken?soort=organisation").status_code == 404
    assert browse("support-team").get("/zaken?soort=integrity_inquiry").status_code == 404


def test_a_case_of_the_kind_can_be_begun_from_its_list(browse: Browse) -> None:
    """By whoever may; from the list of all kinds nothing is begun."""
    body = browse("public-body")

    assert 'href="/nieuw/integrity-inquiries">Nieuw' in body.get("/zaken?soort=integrity_inquiry").text
    assert ">Nieuw" not in body.get("/zaken").text
    assert ">Nieuw" not in browse("auditor").get("/zaken?soort=integrity_inquiry").text


def test_an_adviser_has_one_kind_and_need_not_choose(browse: Browse) -> None:
    """Nor does an organisation count as a case to whoever sees it."""
    assert "Welke soort" not in browse("bva").get("/zaken").text
    assert "soort=organisation" not in browse("auditor").get("/zaken").text


def test_a_question_to_the_steunpunt_is_told_by_its_kind_of_body(network: Network, browse: Browse) -> None:
    """Nothing of it is withheld from an auditor: it names nobody."""
    asked = {
        "body_kind": "water_board",
        "caller": "griffier",
        "call_back_number": "06-00 00 04 01",
        "question": "aftercare",
    }
    network.begin("steunpunt", "consultations", asked)
    network.settle()
    page = browse("auditor").get("/zaken?soort=consultation").text

    assert '<td data-label="Over wie">Waterschap, zonder namen</td>' in page
    assert "niet voor u te zien" not in page


def test_a_long_list_goes_on_where_it_ended(browse: Browse) -> None:
    """Each case once, over pages."""
    team = browse("support-team")
    for _ in range(ROWS + 1):
        reported(team)
    first = team.get("/zaken?soort=threat_case")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following
    second = team.get(following[1].replace("&amp;", "&"))

    assert len(numbers_in(first.text)) == ROWS
    assert numbers_in(second.text)
    assert not set(numbers_in(first.text)) & set(numbers_in(second.text))
    assert "soort=threat_case" in following[1]


def test_a_made_up_place_in_the_list_does_not_exist(browse: Browse) -> None:
    """It is not ours."""
    assert browse("support-team").get("/zaken?vanaf=abc").status_code == 404


def test_a_list_without_cases_says_so(browse: Browse) -> None:
    """In words."""
    assert (
        "Er zijn geen integriteitsmeldingen die u kunt zien."
        in browse("public-body-elsewhere").get("/zaken?soort=integrity_inquiry").text
    )


@pytest.mark.parametrize("who", ["steunpunt", "ministry-analyst", "administrator"])
def test_the_list_is_not_for_every_role(browse: Browse, who: str) -> None:
    """Others have lists of their own, or no cases."""
    assert browse(who).get("/zaken").status_code == 403
