"""How fast do facts become rows, live and in a rebuild, beside the library's own way of projecting?"""

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from threading import Event as Stop
from typing import Any
from uuid import uuid4

import structlog
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import BaseProjectionRunner, Projection
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console

from domain.basis import Kind, StreamId
from domain.kinds import KINDS
from domain.threat_case import ThreatReported
from infra.database import Database, DatabaseRole
from infra.events import Event
from infra.eventstore import CaseStore, Recorded
from infra.registers import public_bodies
from infra.vault import subjects_in
from services.app import settle
from services.history.arrivals import Parameters
from services.history.recording import record
from services.projections import worklist
from services.projections.rebuilding import rebuild
from services.projections.register import VIEWS
from services.projections.rows import found
from services.projections.runner import Runner
from services.projections.tracking import Watch
from services.projections.views import install
from tests.bench.rounds import Result, about, beside, fresh, in_turns
from tests.conftest import Installation
from tests.keyring import KEYRING

PROGRAM = [sys.executable, "-m", "tests.bench.projecting"]
STOCK = "the library's runner, a commit for each event"
OURS = "our runner, all views"
UNTIL = date(2026, 11, 1)
out = Console(width=120)


@contextmanager
def history(installation: Installation, events: int) -> Iterator[tuple[Database, int]]:
    """Yield a database that holds a made-up history of about so many *events*, and how many they are."""
    with fresh(installation, "history") as database:
        parameters = Parameters(years=10, scale=min(events / 1_000_000, 1.0), seed=7, until=UNTIL)
        store = CaseStore(database, KINDS)
        told = record(store, parameters, public_bodies())
        with closing(database.owner(autocommit=True)) as owner:
            owner.execute("vacuum analyze store.events")
        yield database, told.events


def projector_store(database: Database) -> CaseStore:
    """Return the store as a projector reads it."""
    return CaseStore(database, KINDS, role=DatabaseRole.PROJECTOR)


def drop_views(database: Database) -> None:
    """Let there be no views."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        found = connection.execute("select tablename from pg_tables where schemaname = 'views'").fetchall()
        for (name,) in found:
            connection.execute(f"drop table views.{name} cascade".encode())


# --- all views, beside the library's runner ---------------------------------------------------------------------------


class StockView(PostgresTrackingRecorder):
    """All views as the library would keep them: the rows of one event and its position in one transaction."""

    def __init__(self, datastore: PostgresDatastore, store: CaseStore) -> None:
        """Write through *datastore*; *store* opens what is under the key of a case, as for our runner."""
        super().__init__(datastore)
        self.store = store
        self.kinds: Mapping[str, Kind[Any]] = {kind.name: kind for kind in store.kinds}
        self.create_table()

    def show(self, sealed: Event, tracking: Tracking) -> None:
        """Change the rows by an event. Of access lists it knows no more than how they begin, which is almost all."""
        (event,) = self.store.opened([sealed], personal=False)
        state = sealed.fact.model_dump_json(exclude_none=True).encode()
        begins = event.originator_version == 1
        kind = self.kinds[event.originator_id.partition(":")[0]]
        grants = kind.grants(kind.evolve(kind.empty, event.fact)) if begins else None
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            for view in VIEWS:
                if view.needs(event.fact.topic):
                    rows = found(cursor.connection, view.tables, [] if begins else [event.originator_id])
                    view.project(rows, Recorded(tracking.notification_id, event, state))
                    if view.regrant and grants is not None:
                        view.regrant(rows, StreamId(event.originator_id), grants)
                    rows.write(cursor.connection)


class StockProjection(Projection[StockView]):
    """Hands each event to the views."""

    def process_event(self, domain_event: Event, tracking: Tracking) -> None:
        """Show it."""
        self.view.show(domain_event, tracking)


def stock(database: Database, events: int) -> float:
    """Return how many events a second the library's runner projects, of the first *events*."""

    class Store(CaseStore):
        def __init__(self, _: object) -> None:
            super().__init__(database, KINDS, role=DatabaseRole.PROJECTOR)

    drop_views(database)
    with closing(database.owner(autocommit=True)) as owner:
        owner.execute("drop table if exists notification_tracking")
    install(database, VIEWS)
    address = {name: str(value) for name, value in conninfo_to_dict(database.url).items()}
    datastore = PostgresDatastore(
        dbname=address["dbname"],
        host=address["host"],
        port=address["port"],
        user=address["user"],
        password=address.get("password", ""),
    )
    with closing(datastore):
        view = StockView(datastore, projector_store(database))
        begun = time.perf_counter()
        with BaseProjectionRunner(
            projection=StockProjection(view), application_class=Store, tracking_recorder=view, topics=()
        ) as runner:
            runner.wait(events, timeout=600)
            return events / (time.perf_counter() - begun)


def ours(database: Database, events: int) -> float:
    """Return how many events a second our runner projects, of all *events*."""
    drop_views(database)
    begun = time.perf_counter()
    Runner(database, projector_store(database), VIEWS).catch_up()
    return events / (time.perf_counter() - begun)


def projecting(installation: Installation, rounds: int, events: int, few: int) -> Iterable[Result]:
    """Project a history with both, the library's runner only its beginning."""
    with history(installation, events) as (database, recorded):
        rates = in_turns(
            {
                (STOCK, 1): lambda: stock(database, few),
                (OURS, 1): lambda: ours(database, recorded),
            },
            rounds,
        )
        yield from beside(rates, (STOCK, 1))


# --- what a rebuild costs ---------------------------------------------------------------------------------------------


def rebuilding(installation: Installation, sizes: Sequence[int]) -> Iterable[Result]:
    """Make all views anew on histories of different *sizes*, each in a process of its own, which tells its memory."""
    rates: dict[tuple[str, int], float] = {}
    for size in sizes:
        with history(installation, size) as (database, recorded):
            install(database, VIEWS)
            program = [*PROGRAM, "rebuild", database.url, database.prefix]
            told = json.loads(subprocess.run(program, check=True, capture_output=True, text=True).stdout)
            out.print(f"{recorded:,} events rebuilt in {told['seconds']:.1f} s, at most {told['megabytes']:.0f} MB")
            rates[f"rebuild of {recorded:,} events", 1] = recorded / told["seconds"]
    yield from beside(rates, next(iter(rates)))


def rebuild_all(url: str, prefix: str) -> None:
    """Make all views anew, and tell how long that took and how much memory."""
    with Database(url, prefix, keyring=KEYRING) as database:
        begun = time.perf_counter()
        for view in VIEWS:
            rebuild(database, projector_store(database), view)
        seconds = time.perf_counter() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "megabytes": megabytes}))


# --- how long until it is seen ----------------------------------------------------------------------------------------


def lag(installation: Installation, seconds: int, rate: int) -> Iterable[Result]:
    """Record *rate* threat cases a second, and tell how long after its acknowledgement each stands in the worklist.

    The projector is a process of its own, as always.
    """
    with history(installation, 10_000) as (database, _), closing(Watch(database, max_waiting=rate)) as watch:
        install(database, VIEWS)
        with closing(CaseStore(database, KINDS)) as store, _projector(database):
            watch.wait(VIEWS, store.head(), timeout=600)
            begin = time.perf_counter() + 1

            def look(number: int, event: Event) -> float:
                time.sleep(max(0.0, begin + number / rate - time.perf_counter()))
                receipt = store.record_now([event], expected={})
                acknowledged = time.perf_counter()
                watch.wait([worklist.VIEW], receipt.position, timeout=60)
                return (time.perf_counter() - acknowledged) * 1000

            with ThreadPoolExecutor(rate) as pool:
                waited = sorted(pool.map(look, *zip(*enumerate(_reports(store, seconds * rate)), strict=True)))
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        milliseconds = waited[int(len(waited) * share)]
        yield Result(
            f"acknowledged to seen, {name} in ms at {rate} a second", rate, round(milliseconds, 1), 1.0, "itself"
        )


def _reports(store: CaseStore, many: int) -> Iterator[Event]:
    """Yield first events of new threat cases, each like one that was made up."""
    page = store.recorder.select_notifications(start=1, limit=1, topics=[ThreatReported.topic])
    (example,) = store.opened([store.mapper.to_domain_event(page[0])])
    (somebody,) = subjects_in(example.fact)
    for number in range(many):
        fact = about(example.fact, somebody, uuid4()).model_copy(update={"number": f"DR-2030-{number:06d}"})
        yield replace(example, originator_id=f"threat_case:{uuid4()}", event_id=uuid4(), fact=fact)


@contextmanager
def _projector(database: Database) -> Iterator[None]:
    process = subprocess.Popen([*PROGRAM, "project", database.url, database.prefix])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def project_until_stopped(url: str, prefix: str) -> None:
    """Keep all views up to date, as ``weerbaar project`` does."""
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with Database(url, prefix, keyring=KEYRING) as database:
        runner = Runner(database, projector_store(database), VIEWS)
        settle()
        runner.run(stop)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    {"rebuild": rebuild_all, "project": project_until_stopped}[sys.argv[1]](*sys.argv[2:])
