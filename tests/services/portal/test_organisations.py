"""Do administrators see to the people of their organisation, and does everybody concerned see who works where?"""

import re
from collections.abc import Callable
from datetime import date

import pytest
from fastapi.testclient import TestClient

from domain.basis import Actor, OrganisationId, PersonId, Role
from domain.organisations import NETWORK
from infra.registers import rows
from services.app import now
from services.demo.public_record import record_public_facts
from services.portal.organisations import day_of
from tests.network import Network
from tests.services.portal.conftest import Browser

Browse = Callable[[str], Browser]

TILBURG = "/organisaties/gm0855"


@pytest.fixture(scope="module", autouse=True)
def organisations(network: Network) -> None:
    """Let there be the network with its public record, Tilburg with three people, and Breda."""
    record_public_facts(network.service.handling)
    for key, name in (("gm0855", "Gemeente Tilburg"), ("gm0758", "Gemeente Breda")):
        network.begin("administrator", "organisations", {"organisation": key, "name": name, "kind": "public_body"})
    for noun, body in (
        ("teams", {"team": "veiligheid", "name": "Veiligheid"}),
        ("appointments", {"person": "anne", "role": "public_body", "from_day": "2026-01-01", "team": "veiligheid"}),
        ("appointments", {"person": "bram", "role": "public_body", "from_day": "2026-02-01", "until": "2026-03-01"}),
        ("appointments", {"person": "carla", "role": "administrator", "from_day": "2099-01-01"}),
    ):
        answer = network.post("administrator", f"organisations/gm0855/{noun}", body)
        assert answer.status_code == 201, answer.text
    network.look("administrator", "organisations/gm0855")


def people_in(page: str) -> list[str]:
    """Return the people that *page* lists."""
    return re.findall(r'<th scope="row"><span class="wb-code">([^<]+)</span>', page)


def listed_in(page: str) -> list[str]:
    """Return the organisations that *page* links to."""
    return re.findall(r'href="/organisaties/([a-z0-9-]+)"', page)


def test_the_list_has_every_organisation_with_its_people_of_today(browse: Browse) -> None:
    """For the network's administrators and for auditors."""
    for who in ("administrator", "auditor"):
        page = browse(who).get("/organisaties").text

        assert listed_in(page) == ["gm0758", "gm0855", NETWORK]
        assert re.findall(r'data-label="Mensen vandaag" class="wb-number">(\d+)<', page) == ["0", "1", "0"]


def test_a_team_is_called_by_its_name(browse: Browse) -> None:
    """Its short name stands beside it where teams are listed: forms ask for that."""
    page = browse("administrator").get(TILBURG).text

    assert '<td data-label="Team">Veiligheid</td>' in page
    assert '<li>Veiligheid <span class="wb-muted wb-code">veiligheid</span></li>' in page


def test_only_the_network_registers_others(network: Network, browse: Browse) -> None:
    """Auditors change nothing, and other administrators see to their own organisation."""
    carla = Actor(person=PersonId("carla"), organisation=OrganisationId("gm0855"), role=Role.ADMINISTRATOR)
    button = "Organisatie registreren"
    client = TestClient(network.client.app)
    client.cookies.set("weerbaar", network.service.portal.sessions.begin(carla, now()).token)
    theirs = client.get("/organisaties").text

    assert button in browse("administrator").get("/organisaties").text
    assert button not in browse("auditor").get("/organisaties").text
    assert button not in theirs
    assert listed_in(theirs) == ["gm0855"]


@pytest.mark.parametrize(("asked", "found"), [("tilb", ["gm0855"]), ("GM0758", ["gm0758"]), ("%25", [])])
def test_an_organisation_is_found_by_a_part_of_its_name(browse: Browse, asked: str, found: list[str]) -> None:
    """Or by its id; whatever is typed is only text."""
    page = browse("auditor").get(f"/organisaties?naam={asked}")

    assert listed_in(page.text) == found
    assert ("Geen organisatie heet zo." in page.text) is not bool(found)


@pytest.mark.parametrize(
    ("day", "people"),
    [("2025-12-31", []), ("2026-01-31", ["anne"]), ("1-2-2026", ["anne", "bram"]), ("2026-03-01", ["anne"])],
)
def test_people_are_those_of_the_day(browse: Browse, day: str, people: list[str]) -> None:
    """Whoever has left, or comes later, is not among them."""
    page = browse("auditor").get(f"{TILBURG}?dag={day}").text

    assert people_in(page) == people
    assert ("Op deze dag heeft hier niemand een rol." in page) is not bool(people)


def test_what_is_no_day_is_said_to_be_none(browse: Browse) -> None:
    """At the field; today is shown."""
    page = browse("auditor").get(f"{TILBURG}?dag=gisteren").text

    assert 'aria-describedby="dag-fault"' in page
    assert people_in(page) == ["anne"]


def test_an_auditor_is_offered_nothing(browse: Browse) -> None:
    """They read, and change nothing."""
    assert "/dossiers/organisations/gm0855/appointments" not in browse("auditor").get(TILBURG).text


def test_somebody_is_appointed_and_leaves_from_the_page(browse: Browse) -> None:
    """The form of a departure knows who it is about; both lead back to the page."""
    administrator = browse("administrator")
    appointed = administrator.send(
        "/dossiers/organisations/gm0758/appointments",
        {"person": "dirk", "role": "public_body", "from_day": "2026-01-01"},
    )
    link = re.search(r'href="(/dossiers/organisations/gm0758/departures\?[^"]+)"', appointed.text)
    assert link
    form = administrator.get(link[1].replace("&amp;", "&")).text

    assert appointed.url.path == "/organisaties/gm0758"
    assert "Medewerker aanstellen" in appointed.text
    assert people_in(appointed.text) == ["dirk"]
    assert re.search(r'value="dirk"[^>]*(selected|checked)', form)
    left = administrator.send(
        "/dossiers/organisations/gm0758/departures", {"person": "dirk", "role": "public_body", "on": "2026-02-01"}
    )
    assert people_in(left.text) == []


def test_the_network_shows_the_public_record_with_its_sources(browse: Browse) -> None:
    """The newest first; addresses can be followed, documents are named."""
    page = browse("auditor").get(f"/organisaties/{NETWORK}").text
    days = re.findall(r'<time class="wb-muted" datetime="(\d{4}-\d\d-\d\d)">', page)

    assert days == sorted((row["date"] for row in rows("public_facts.csv")), reverse=True)
    assert page.count("Bron: ") == len(days)


def test_an_organisation_is_no_case(browse: Browse) -> None:
    """Its dossier is its page, and its history is told like that of a case."""
    auditor = browse("auditor")

    assert auditor.get("/dossiers/organisations/gm0855").url.path == TILBURG
    assert "Verloop van Gemeente Tilburg" in auditor.get("/dossiers/organisations/gm0855/verloop").text


def test_an_organisation_that_is_not_there_is_not_found(browse: Browse) -> None:
    """Whoever asks."""
    assert browse("auditor").get("/organisaties/gm0363").status_code == 404


@pytest.mark.parametrize("path", ["/organisaties", TILBURG])
@pytest.mark.parametrize("who", ["support-team", "public-body", "bva"])
def test_others_have_no_business_there(browse: Browse, who: str, path: str) -> None:
    """Who works where is for administrators and auditors."""
    assert browse(who).get(path).status_code == 403


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-03-18", date(2026, 3, 18)), ("18-3-2026", date(2026, 3, 18)), ("31-2-2026", None), ("", None)],
)
def test_a_day_may_be_typed_as_people_do(text: str, day: date | None) -> None:
    """Or as browsers send it."""
    assert day_of(text) == day
