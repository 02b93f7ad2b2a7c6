"""How long does the service take to draw its pages on a history of the country, beside a page that asks for nothing?

``make bench SCALE=0.1`` makes the history in a database of its own, on the server of WEERBAAR_TEST_DATABASE_URL or an
embedded one, and drops it. Times are those of the server, in milliseconds: from when it has the request until it has
handed over the whole answer.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import structlog
from fastapi.testclient import TestClient
from rich.console import Console
from rich.table import Table
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.kinds import KINDS
from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.registers import public_bodies
from infra.settings import read_settings
from services.app import Service, create_app, settle
from services.demo.cast import CAST
from services.history.arrivals import Parameters
from services.history.recording import record
from services.portal.pages import NAVIGATION
from services.projections.register import VIEWS
from services.projections.runner import Runner
from tests.conftest import Installation, installed, server
from tests.keyring import KEYRING

BARE = "/aanmelden"
"""The page beside which the others are seen: a template, and no question to the database."""
WARM_UP = 5
"""How often a page is opened before it is measured: a template is compiled once, a statement prepared after a while."""
UNTIL = date(2026, 11, 1)
COLUMNS = ("page", "as", "rows", "median", "p99", "largest", f"median : {BARE}")

out = Console(width=120)


@contextmanager
def history(installation: Installation, scale: float) -> Iterator[Database]:
    """Yield a database that holds a made-up history, with all views at its end."""
    with (
        installation.database(f"{installation.prefix}_bench", template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        started = time.monotonic()
        parameters = Parameters(years=10, scale=scale, seed=7, until=UNTIL)
        told = record(CaseStore(database, KINDS), parameters, public_bodies())
        out.print(f"{told.events:,} events recorded in {time.monotonic() - started:.0f} s")
        started = time.monotonic()
        Runner(database, CaseStore(database, KINDS, role=DatabaseRole.PROJECTOR), VIEWS).catch_up()
        out.print(f"and projected in {time.monotonic() - started:.0f} s")
        with closing(database.owner(autocommit=True)) as owner:
            owner.execute("vacuum analyze")  # as PostgreSQL does by itself before long
        yield database


def paths(client: TestClient, who: str) -> list[str]:
    """Return the pages of the menu of *who*, and a dossier with its replay behind each list that leads to one."""
    found = [path for path, _, roles in NAVIGATION if CAST[who].role in roles]
    for path in list(found):
        page = client.get(path).text
        dossier = next((part.split('"')[0] for part in page.split('href="')[1:] if part.startswith("/dossiers/")), None)
        if dossier and dossier not in found:
            found += [dossier, f"{dossier}/verloop"]
    return found


@dataclass
class Clock:
    """An application around another one, which notes how long each answer takes, in milliseconds."""

    app: ASGIApp
    times: list[float] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through."""
        started = time.perf_counter()
        await self.app(scope, receive, send)
        self.times.append((time.perf_counter() - started) * 1000)


def measured(client: TestClient, clock: Clock, path: str, rounds: int) -> tuple[list[float], int]:
    """Return how long the page took each time, in milliseconds, and how many rows its tables have."""
    rows = 0
    for _ in range(WARM_UP):
        client.get(path)
    clock.times = []
    for _ in range(rounds):
        response = client.get(path)
        if response.status_code >= 400:
            sys.exit(f"{path}: {response.status_code}")
        rows = response.text.count("<tr")
    return clock.times, rows


def main() -> None:
    """Make a history, open every page of everybody's menu, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.05, help="of the history; 1.0 is the whole country")
    parser.add_argument("--rounds", type=int, default=200, help="how often each page is opened")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        installation = stack.enter_context(installed(stack.enter_context(server(folder))))
        database = stack.enter_context(history(installation, arguments.scale))
        app = Clock(create_app(Service(read_settings(data_dir=folder), database, cast=CAST)))
        settle()
        client = stack.enter_context(TestClient(app, headers={"Sec-Fetch-Site": "same-origin"}))
        table = Table(*COLUMNS, box=None)
        bare, _ = measured(client, app, BARE, arguments.rounds)
        table.add_row(*line(BARE, "", bare, bare, 0))
        for who in CAST:
            client.post("/aanmelden", data={"wie": who, "verder": "/"})
            for path in paths(client, who):
                times, rows = measured(client, app, path, arguments.rounds)
                table.add_row(*line(path, who, times, bare, rows))
        out.print(table)


def line(path: str, who: str, times: list[float], bare: list[float], rows: int) -> list[str]:
    """Return one line of the table."""
    median, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    ratio = median / statistics.median(bare)
    return [path[:60], who, str(rows), f"{median:.1f}", f"{p99:.1f}", f"{max(times):.1f}", f"{ratio:.1f}"]


if __name__ == "__main__":
    main()
