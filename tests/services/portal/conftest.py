"""How does a test look at pages, as somebody who has signed in?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from domain.basis import Actor
from infra.database import Database
from services.transparency.keys import begin
from services.transparency.writer import Writer
from tests.conftest import Installation
from tests.keyring import KEYRING
from tests.log_lines import Log
from tests.network import Network, running
from tests.pages import history
from tests.pages.served import Clock, Served


class Hidden(HTMLParser):
    """Collects what the first form to *action* sends by itself."""

    def __init__(self, page: str, action: str) -> None:
        """Read *page*."""
        super().__init__()
        self.action, self.inside, self.values = action, False, dict[str, str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what stands in hidden inputs."""
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("action") == self.action
        if self.inside and tag == "input" and given.get("type") == "hidden":
            self.values.setdefault(given["name"] or "", given.get("value") or "")


@dataclass
class Browser:
    """Somebody's browser: it keeps their session, and sends forms as they stand on the page."""

    client: TestClient

    def get(self, path: str) -> Response:
        """Open a page."""
        return self.client.get(path)

    def send(self, path: str, typed: dict[str, str] | None = None) -> Response:
        """Open the page *path*, fill in its form and send it; follow to where that leads."""
        return self.client.post(path, data=Hidden(self.get(path).text, path).values | (typed or {}))


@pytest.fixture
def browse(network: Network) -> Iterator[Callable[[str | Actor], Browser]]:
    """Return a function that signs somebody of the cast in, or anybody else, in a browser of their own."""
    browsers: list[TestClient] = []

    def sign_in(who: str | Actor) -> Browser:
        client = TestClient(network.client.app)
        browsers.append(client)
        portal = network.service.portal
        if isinstance(who, Actor):
            client.cookies.set(portal.cookie, portal.sessions.begin(who, network.service.clock()).token)
        else:
            response = client.post("/aanmelden", data={"wie": who}, follow_redirects=False)
            assert response.headers["location"] == "/"
        return Browser(client)

    yield sign_in
    for client in browsers:
        client.close()


@pytest.fixture(scope="module")
def served(
    installation: Installation, new_name: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Yield the service with a case of every kind at every stage at which it looks different."""
    clock = Clock()
    with (
        installation.database(new_name(), template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
        running(database, tmp_path_factory.mktemp("data"), clock=clock) as network,
    ):
        served = Served(network, "", clock, network.service.portal, Log())
        for organisation in ("ondersteuningsteam", "gm0855"):
            kind = "public_body" if organisation == "gm0855" else "support_team"
            body = {"organisation": organisation, "name": organisation, "kind": kind}
            served.begin(organisation, "administrator", "organisations", body)
        for tell in (history.threats, history.advices, history.inquiries, history.consultations):
            tell(served)
        incident = {
            "body": "gm0758",
            "office": "civil_servant",
            "call_back_number": "076-000 00 10",
            "danger_now": True,
        }
        served.begin("elsewhere", "public-body-elsewhere", "threat-cases", incident)
        served.begin("another", "support-team", "threat-cases", incident)
        network.settle()
        begin(served.portal.log, "pages.weerbaar.invalid/log")
        Writer(database, served.portal.log).catch_up()
        yield served
