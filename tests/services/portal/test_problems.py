"""Does every mishap end on a page that says what is the matter, with the status that machines understand?"""

import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from domain.kinds import KINDS
from domain.threat_case import ThreatCaseIsClosed
from infra.database import Database
from infra.eventstore import IdempotencyKeyReused, QueueIsFull
from infra.opaque import Opaque
from infra.settings import read_settings
from services.app import Service, create_app
from services.cases.handling import Busy, NotAllowed
from services.demo.cast import CAST
from services.portal.app import told
from services.portal.drafts import Drafts
from services.portal.sessions import IDLE, SEEN_AGAIN
from services.projections.routes import AccessUncertain
from services.web.problems import NotFound
from tests.contract.stories import STORY
from tests.network import Network, running
from tests.pages.served import Clock
from tests.services.portal.conftest import Browser
from tests.services.portal.test_pages import FOUR, INTAKE
from tests.services.test_operation import nowhere

Browse = Callable[[str], Browser]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound(), 404),
        (NotAllowed(), 403),
        (Busy(), 503),
        (AccessUncertain(), 503),
        (ThreatCaseIsClosed(), 409),
        (IdempotencyKeyReused(), 422),
        (RequestValidationError([]), 404),
        (HTTPException(405), 405),
        (QueueIsFull(), 503),
        (PoolTimeout(), 503),
        (OperationalError(), 503),
        (RuntimeError("secret"), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_a_status_and_words(error: Exception, status: int) -> None:
    """Words of its own, that repeat nothing of the error; what passes says when to come again."""
    found, words, headers = told(error)

    assert found == status
    assert words.title
    assert words.sentence.endswith(".")
    assert "secret" not in words.sentence
    assert ("Retry-After" in headers) is (status == HTTPStatus.SERVICE_UNAVAILABLE)


# --- as somebody meets them -----------------------------------------------------------------------------------------


def says(page: Response, status: int, title: str) -> None:
    """Assert that the page is one of ours that says *title*, and by which number we find it in the log."""
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert f'<h1 class="utrecht-heading-1">{title}</h1>' in page.text
    assert re.search(r"Nummer van dit verzoek: [0-9a-f-]{36}", page.text)


def test_what_is_too_large_or_no_form_is_said_on_a_page(network: Network) -> None:
    """Also before anybody knows who sent it."""
    large = network.client.post("/aanmelden", data={"wie": "x" * network.service.settings.max_body_bytes})
    odd = network.client.post("/aanmelden", json={"wie": "auditor"})

    says(large, 413, "Dit is te veel tekst")
    says(odd, 415, "Dit hebben wij niet begrepen")


def test_a_form_with_too_many_fields_is_not_ours(network: Network) -> None:
    """Nobody types thousands."""
    page = network.client.post("/aanmelden", data={f"veld{n}": "x" for n in range(2500)})

    says(page, 403, "Dit formulier is verlopen")


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("get", "/nergens", 404, "Niet gevonden"),
        ("get", "/nieuw/verhalen", 404, "Niet gevonden"),
        ("get", "/nieuw/consultations", 403, "Dit mag u niet doen"),
        ("get", "/dossiers/threat-cases/elders", 404, "Niet gevonden"),
        ("get", "/dossiers/threat-cases/elders/verhalen", 404, "Niet gevonden"),
        ("get", "/dossiers/threat-cases/ELDERS", 404, "Niet gevonden"),
        ("get", "/register", 403, "Niet voor uw rol"),
        ("post", "/werklijst", 405, "Dit kan hier niet"),
        ("get", "/static/elders.css", 404, "Niet gevonden"),
    ],
)
def test_an_address_that_leads_nowhere_says_so_with_the_menu_beside_it(
    browse: Browse, method: str, path: str, status: int, title: str
) -> None:
    """Whoever has signed in goes on from there."""
    page = browse("support-team").client.request(method, path)

    says(page, status, title)
    assert 'aria-label="Hoofdmenu"' in page.text


def test_nobody_signs_in_as_somebody_who_is_not_there(network: Network) -> None:
    """There is a page with who is."""
    says(network.client.post("/aanmelden", data={"wie": "iemand"}), 404, "Niet gevonden")


def test_a_command_is_not_for_whoever_merely_sees_the_case(browse: Browse, network: Network) -> None:
    """The support team knows of the request that it made, and records nothing on it."""
    request = {"body": "gm0855", "office": "wethouder", "holder": {"name": "W. de Vries"}, "address": "Lindelaan 3"}
    key = network.begin("support-team", "security-advices", request)
    network.settle()

    says(
        browse("support-team").get(f"/dossiers/security-advices/{key}/home-visits"),
        403,
        "Dit mag u niet doen",
    )


def test_while_the_database_is_away_a_page_says_to_come_back(tmp_path: Path) -> None:
    """It cannot say who one is either."""
    with nowhere() as away:
        service = Service(read_settings(data_dir=tmp_path), away, cast=CAST)
        with TestClient(create_app(service)) as client:
            client.cookies.set(service.portal.cookie, "abc")
            page = client.get("/werklijst")

    says(page, 503, "Even niet bereikbaar")
    assert page.headers["retry-after"] == "5"


def test_our_own_mistakes_are_said_to_be_ours(database: Database, tmp_path: Path) -> None:
    """A kind without words has no page; nothing of the program is shown."""
    service = Service(read_settings(data_dir=tmp_path), database, kinds=(*KINDS, STORY), cast=CAST)
    with TestClient(create_app(service), raise_server_exceptions=False) as client:
        client.post("/aanmelden", data={"wie": "support-team"}, follow_redirects=False)
        page = client.get("/nieuw/stories")

    says(page, 500, "Er ging iets mis")
    assert "KeyError" not in page.text
    assert "Traceback" not in page.text


def test_views_that_lag_do_not_keep_anybody_waiting(database: Database, tmp_path: Path) -> None:
    """What was done is recorded, and the page says so where it cannot show it yet."""
    service = Service(read_settings(data_dir=tmp_path, wait_seconds=0.05), database, cast=CAST)
    with TestClient(create_app(service)) as client:
        client.post("/aanmelden", data={"wie": "support-team"}, follow_redirects=False)
        browser = Browser(client)
        with running(database, tmp_path / "projector"):
            pass  # the tables are there now, and nobody keeps them up to date
        sent = browser.send(INTAKE, FOUR)

    says(sent, 503, "Nog niet te zien")
    assert "Wat u deed is vastgelegd" in sent.text
    with closing(database.owner(autocommit=True)) as connection:
        assert connection.execute("select count(*) from store.events").fetchone() == (1,)


# --- what the pages remember ----------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    """Return a clock that somebody moves."""
    return Clock()


def test_a_session_goes_on_as_long_as_somebody_is_there(database: Database, tmp_path: Path, clock: Clock) -> None:
    """Half an hour counts from the last request, not from the first."""
    sessions = Service(read_settings(data_dir=tmp_path), database, cast=CAST).portal.sessions
    token = sessions.begin(CAST["bva"], clock()).token
    for _ in range(3):
        clock.moment += IDLE - SEEN_AGAIN
        found = sessions.find(token, clock())
        assert found
        assert found.lives_at(clock())
    clock.moment += IDLE
    ended = sessions.find(token, clock())

    assert ended
    assert not ended.lives_at(clock())
    assert sessions.find("abc", clock()) is None


def test_a_draft_that_cannot_be_opened_is_none_and_nothing_breaks(database: Database, clock: Clock) -> None:
    """Sealed under a secret that nobody has any more, or tampered with."""
    actor = CAST["support-team"]
    drafts = Drafts(database, Opaque(b"a" * 32))
    drafts.keep(actor, INTAKE, [("account", "Een verhaal")], clock())
    after = replace(drafts, opaque=Opaque(b"b" * 32))
    kept = [draft.entries for draft in drafts.of(actor)]
    with closing(database.owner(autocommit=True)) as connection:
        connection.execute("update pages.drafts set content = 'iets anders'")

    assert kept == [(("account", "Een verhaal"),)]
    assert after.of(actor) == []
    assert drafts.of(actor) == []
    assert drafts.find(actor, INTAKE) is None
