"""What does ``weerbaar demo`` start, in which order, and what does it say?"""

import os
import socket
import sys
import time
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from rich.console import Console

from domain.values import AMSTERDAM
from infra.database import Database
from infra.embedded import start_server
from infra.identity import demo_issuer
from infra.keyring import keyring
from infra.migrate import MigrationError, migrate
from infra.settings import Settings
from infra.supervision import Child, Supervisor, alive
from services.app import Service
from services.demo.cast import CAST
from services.demo.day import play
from services.demo.public_record import record_public_facts
from services.history.arrivals import Parameters
from services.history.recording import begun, record
from services.projections.tracking import status

READY_SECONDS = 60.0
PLAYED = "day-played"
"""Names in the data folder the history, by its first event, in which the day has been played to its end."""

YEARS, SCALE, SEED = 2, 0.06, 7
"""Of the made-up history in which the day is played: some 700 cases, made and shown in a few seconds.

Twice as many would take twice as long, and still be too few for most of the figures that the ministry may see."""


class DemoError(Exception):
    """The demo cannot go on; the message is one line."""


def run_demo(settings: Settings, now: Callable[[], datetime], out: Console) -> None:
    """Run server, API and projector until Ctrl-C; on the first run, make the demo history.

    API and projector are the production commands ``serve`` and ``project``, as child processes.
    """
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    with Supervisor() as supervisor:
        _refuse_a_taken_port(settings)
        address = settings.address() if settings.database_url else start_server(supervisor, settings.data_dir)
        history = _prepare(settings, address, now, out)
        log_file = settings.data_dir / "demo.log"
        children: list[Child] = []
        with log_file.open("ab") as log:
            environment = {
                **os.environ,
                "WEERBAAR_DATABASE_URL": address,
                "WEERBAAR_DATA_DIR": str(settings.data_dir),
                "WEERBAAR_HOST": settings.host,
                "WEERBAAR_PORT": str(settings.port),
                "WEERBAAR_PUBLIC_URL": url,
            }
            for command in ("serve", "project"):
                program = [sys.executable, "-m", "services.cli", command]
                children.append(supervisor.start(program, name=command, env=environment, output=log.fileno()))
        _wait_until_ready(url, children)
        if not _played(settings, history):
            count = sum(1 for _ in play(url, demo_issuer(settings), now))
            (settings.data_dir / PLAYED).write_text(history, encoding="utf-8")
            out.print(f"Played a day in the network: {count} commands.")
            _wait_until_shown(settings, address)
        _explain(settings, url, now, out)
        ended = supervisor.wait()
        if ended is not None:
            message = f"{ended.name} has ended by itself; see {log_file}"
            raise DemoError(message)


def _prepare(settings: Settings, address: str, now: Callable[[], datetime], out: Console) -> str:
    """Bring the database up to date, with the public record and a history; return what tells it from another one."""
    with Database(address, settings.role_prefix, keyring=keyring(settings)) as database:
        try:
            migrate(database)
        except MigrationError as error:
            message = f"{error} The data of this demo are an older release's: make clean-demo forgets them."
            raise DemoError(message) from None
        service = Service(settings, database)
        first = service.store.recorder.select_notifications(start=1, limit=1)
        if not first or not _played(settings, str(first[0].event_id)):
            record_public_facts(service.handling)
            # One that was interrupted goes on, also on a later day.
            today = now().astimezone(AMSTERDAM).date()
            parameters = begun(service.store) or Parameters(years=YEARS, scale=SCALE, seed=SEED, until=today)
            told = record(service.store, parameters, service.bodies)
            out.print(f"Made up a history from {parameters.start} on: {told.events:,} facts.")
            first = service.store.recorder.select_notifications(start=1, limit=1)
        return str(first[0].event_id)


def _played(settings: Settings, history: str) -> bool:
    """Tell whether the day has been played to its end in this very history: a database may be lost and our file not."""
    marker = settings.data_dir / PLAYED
    return marker.exists() and marker.read_text(encoding="utf-8") == history


def _wait_until_shown(settings: Settings, address: str) -> None:
    """Wait until the views show the whole day, so that the first look is not at half of it."""
    deadline = time.monotonic() + READY_SECONDS
    with Database(address, settings.role_prefix, keyring=keyring(settings)) as database:
        while any(view.lag for view in status(database)) and time.monotonic() < deadline:
            time.sleep(0.05)


def _refuse_a_taken_port(settings: Settings) -> None:
    """Refuse before anything is started; else whoever has the port would be taken for us."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            message = f"port {settings.port} is taken; choose another one with PORT=8001"
            raise DemoError(message) from None


def _wait_until_ready(url: str, children: list[Child]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        dead = next((child for child in children if not alive(child)), None)
        if dead is not None:
            message = f"{dead.name} did not start; see demo.log in the data folder"
            raise DemoError(message)
        try:
            with urlopen(f"{url}/health/ready", timeout=5) as response:  # noqa: S310 - our own address
                if response.status == HTTPStatus.OK:
                    return
        except (HTTPError, URLError, OSError):
            time.sleep(0.05)
    message = f"nothing is ready at {url} after {READY_SECONDS:.0f} seconds; see demo.log in the data folder"
    raise DemoError(message)


def _explain(settings: Settings, url: str, now: Callable[[], datetime], out: Console) -> None:
    token = demo_issuer(settings).token(CAST["support-team"], now())
    out.print(f"Weerbaar is up: open {url} in a browser, and choose who you are.")
    out.print(f"The API is described at {url}/v1/openapi.json")
    out.print(f"Log: {settings.data_dir / 'demo.log'}. Ctrl-C stops everything; the data stays.\n")
    out.print("The worklist of the support team, through the API:\n")
    out.print(f"  curl -H 'Authorization: Bearer {token}' {url}/v1/worklist\n")
    out.print(f"A token for another role: .venv/bin/weerbaar token --as ROLE, with ROLE one of {', '.join(CAST)}.")
