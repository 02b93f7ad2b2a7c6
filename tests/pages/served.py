"""What is there to look at in a browser: a service with a history, and a clock that we set?"""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from domain.basis import Act, Actor, Command, Kind
from infra.database import Database
from infra.settings import read_settings
from services.demo.cast import CAST
from services.portal.commands import refusal
from services.portal.pages import Portal
from services.projections.tracking import status
from services.transparency.keys import begin
from services.transparency.writer import Writer
from services.web.problems import NotFound
from tests.log_lines import Log, logged
from tests.network import Network, running

SECONDS = 120.0
EVENING = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
"""A Friday, eleven in the evening in the Netherlands."""


@dataclass
class Clock:
    """The service's clock, which stands still until somebody moves it."""

    moment: datetime = EVENING

    def __call__(self) -> datetime:
        """Return the present moment."""
        return self.moment

    def forward(self, **duration: float) -> None:
        """Let some time pass: ``hours=2``."""
        self.moment += timedelta(**duration)


@dataclass
class Served:
    """The service as browsers reach it."""

    network: Network
    url: str
    clock: Clock
    portal: Portal
    log: Log
    cases: dict[str, str] = field(default_factory=dict)
    """The path of each case below its collection, by the name that we gave it: ``threat-cases/0199…``."""

    def path(self, path: str) -> str:
        """Return *path* with the cases that it names filled in: ``/dossiers/{threat}/closures``."""
        return path.format(**self.cases, style=self.portal.assets.names["weerbaar.css"])

    def session(self, who: str | Actor) -> dict[str, str]:
        """Return the cookie of somebody who has just signed in."""
        actor = who if isinstance(who, Actor) else CAST[who]
        return {self.portal.cookie: self.portal.sessions.begin(actor, self.clock()).token}

    def begin(self, name: str, who: str | Actor, collection: str, body: Any) -> None:  # noqa: ANN401 - any JSON
        """Begin a case, and call it *name*."""
        self.cases[name] = f"{collection}/{self.network.begin(who, collection, body)}"
        self.clock.forward(minutes=20)

    def give(self, name: str, who: str | Actor, noun: str, body: Any = None) -> None:  # noqa: ANN401
        """Give a command on the case *name*."""
        self.network.begin(who, f"{self.cases[name]}/{noun}", body or {})
        self.clock.forward(minutes=20)

    def offers(self, actor: Actor, kind: Kind[Any], key: str, command: type[Command[Any]]) -> bool:
        """Tell whether *actor* can now give *command* on a case."""
        try:
            found = self.portal.reading.entries(kind, key, actor)
        except NotFound:
            return False
        state = kind.replay(entry.fact for entry in found.entries if entry.fact is not None)
        act = Act(actor=actor, at=self.clock(), stream=kind.stream(key), bodies=self.portal.bodies)
        return not found.parties.isdisjoint(command.parties) and refusal(command, state, act) is None

    def status(self, who: Actor | None, path: str) -> int:
        """Return what *who* is answered when they ask for *path*."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.session(who).items()) if who else ""
        return self.network.client.get(self.path(path), headers={"Cookie": cookie}).status_code

    @property
    def failure(self) -> str:
        """Return what went wrong in the service last, and where."""
        failed = [line for line in self.log.lines if "exception" in line]
        return f"{failed[-1]['exception']} at {failed[-1]['frames'][-1]}" if failed else ""

    def settle(self) -> None:
        """Wait until the pages show everything that was recorded."""
        deadline = monotonic() + SECONDS
        while any(view.lag for view in status(self.network.service.database)):
            assert monotonic() < deadline, "the views do not catch up"
            sleep(0.02)


@contextmanager
def serving(database: Database, data_dir: Path, history: Callable[[Served], None]) -> Iterator[Served]:
    """Run the service on *database* with a *history* in it, for as long as this lasts."""
    clock = Clock()
    with (
        logged(read_settings(data_dir=data_dir)) as log,
        running(database, data_dir, clock=clock) as network,
        answering(network.client.app) as url,
    ):
        served = Served(network, url, clock, network.service.portal, log)
        history(served)
        served.settle()
        begin(served.portal.log, "pages.weerbaar.invalid/log")
        Writer(database, served.portal.log).catch_up()
        yield served


@contextmanager
def answering(app: ASGIApp) -> Iterator[str]:
    """Let *app* answer on a free port of this machine; yield its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = monotonic() + SECONDS
            while not server.started:
                assert monotonic() < deadline, "the server does not start"
                sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
