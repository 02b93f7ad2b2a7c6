"""How does a test talk to the whole service, as one person or another?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from domain.basis import Actor, Kind
from domain.kinds import KINDS
from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.identity import DemoIssuer, demo_issuer
from infra.settings import read_settings
from services.app import Service, create_app, now
from services.demo.cast import CAST
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.tracking import status

READY_SECONDS = 30.0


@dataclass
class Network:
    """The service as its users reach it: the API, a projector that runs beside it, and everybody's token."""

    service: Service
    client: TestClient
    issuer: DemoIssuer
    position: str | None = None
    """What the last command was answered with; every GET carries it, so that it sees the command's effect."""

    def headers(self, who: str | Actor) -> dict[str, str]:
        """Return the headers that name somebody of the cast, or any actor."""
        actor = who if isinstance(who, Actor) else CAST[who]
        return {"Authorization": f"Bearer {self.issuer.token(actor, self.service.clock())}"}

    def post(self, who: str | Actor, path: str, body: Any, **headers: str) -> Response:  # noqa: ANN401 - any JSON
        """Give a command; header names are written with underscores."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.post(f"/v1/{path}", json=body, headers=self.headers(who) | more)
        self.position = response.headers.get("Weerbaar-Position", self.position)
        return response

    def begin(self, who: str | Actor, path: str, body: Any) -> str:  # noqa: ANN401
        """Give a command that must succeed; return the id of its case."""
        response = self.post(who, path, body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def get(self, who: str | Actor, path: str, **headers: str) -> Response:
        """Look at a view that shows at least the last command."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        position = {"Weerbaar-Position": self.position} if self.position else {}
        return self.client.get(f"/v1/{path}", headers=self.headers(who) | position | more)

    def look(self, who: str | Actor, path: str) -> Any:  # noqa: ANN401 - any JSON
        """Look at a view that must be there; return what it shows."""
        response = self.get(who, path)
        assert response.status_code == 200, response.text
        return response.json()

    def settle(self) -> None:
        """Wait until every view shows all that was recorded."""
        deadline = monotonic() + READY_SECONDS
        while any(view.lag for view in status(self.service.database)):
            assert monotonic() < deadline, "the views do not catch up"
            sleep(0.02)


def projector_store(database: Database, kinds: tuple[Kind[Any], ...] = KINDS) -> CaseStore:
    """Return the store as the projector reads it."""
    return CaseStore(database, kinds, role=DatabaseRole.PROJECTOR)


@contextmanager
def running(
    database: Database,
    data_dir: Path,
    *,
    kinds: tuple[Kind[Any], ...] = KINDS,
    clock: Callable[[], datetime] = now,
) -> Iterator[Network]:
    """Run the service on *database* for as long as this lasts."""
    settings = read_settings(data_dir=data_dir)
    service = Service(settings, database, kinds=kinds, clock=clock, cast=CAST)
    stop = Event()
    projector = Thread(target=Runner(database, projector_store(database, kinds), VIEWS).run, args=(stop,))
    projector.start()
    try:
        with TestClient(create_app(service)) as client:
            deadline = monotonic() + READY_SECONDS
            while client.get("/health/ready").status_code != HTTPStatus.OK:
                assert monotonic() < deadline, "the service does not become ready"
                sleep(0.02)
            yield Network(service, client, demo_issuer(settings))
    finally:
        stop.set()
        projector.join()
