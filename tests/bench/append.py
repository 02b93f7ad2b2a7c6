"""How fast are events recorded and loaded, beside plain INSERTs and beside the library's own recorder?"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import DatetimeAsISO, JSONTranscoder, Mapper, StoredEvent, UUIDAsHex
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console

from domain.kinds import KINDS
from infra.appending import StoredFact
from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.registers import public_bodies
from services.history.arrivals import Parameters
from services.history.recording import record
from tests.bench.rounds import Result, beside, fresh, in_turns
from tests.conftest import Installation
from tests.infra.notes import NOTE, noted

RAW = "raw INSERT, a commit each"
STOCK = "the library's own recorder"
THREADS = "by threads"
TASKS = "by tasks"
COPY = "binary COPY, one commit"
INSERT = "insert into raw (stream, version, topic, event_id, metadata, state) values (%b, %b, %b, %b, %b::json, %b)"
COLUMNS = "stream, version, topic, event_id, metadata, state"
out = Console(width=120)


def facts(store: CaseStore, number: int) -> list[StoredFact]:
    """Return first events of *number* new streams, ready to be recorded."""
    example = store.mapper.to_stored_event(noted(NOTE.stream("x"), 1, "Iets dat iemand heeft opgeschreven. " * 5))
    return [replace(example, originator_id=f"note:{uuid4()}", event_id=uuid4()) for _ in range(number)]


def row(fact: StoredFact) -> tuple[object, ...]:
    """Return the columns of *fact*."""
    return (fact.originator_id, fact.originator_version, fact.topic, fact.event_id, fact.metadata, fact.state)


# --- recording --------------------------------------------------------------------------------------------------------


class Contest:
    """What is measured of recording, each on the same server, one event at a time."""

    def __init__(self, stack: ExitStack, database: Database) -> None:
        """Make a table for plain INSERTs, like that of events."""
        self.stack = stack
        self.database = database
        self.store = CaseStore(database, [NOTE])
        with closing(database.owner(autocommit=True)) as owner:
            owner.execute("create sequence numbers cache 100")
            owner.execute("create table raw (like store.events including all)")
            owner.execute("alter table raw alter position set default nextval('numbers')")

    def raw(self, callers: int, each: int) -> Callable[[], float]:
        """Measure plain INSERTs on as many connections as there are callers."""

        def measure() -> float:
            with ExitStack() as stack:
                connections = [stack.enter_context(self.database.owner(autocommit=True)) for _ in range(callers)]

                def insert(caller: int, mine: list[StoredFact]) -> None:
                    for fact in mine:
                        connections[caller].execute(INSERT, row(fact))

                return self._threads(callers, each, insert)

        return measure

    def stock(self, callers: int, each: int) -> Callable[[], float]:
        """Measure the recorder that comes with the library, as it is set up by itself."""
        given = conninfo_to_dict(self.database.url)
        datastore = PostgresDatastore(
            dbname=str(given["dbname"]),
            host=str(given.get("host") or ""),
            port=str(given.get("port") or "5432"),
            user=str(given["user"]),
            password=str(given.get("password") or ""),
            pool_size=callers,
            max_overflow=0,
        )
        recorder = PostgresApplicationRecorder(datastore, events_table_name=f"stock_{callers}")
        recorder.create_table()
        self.stack.callback(datastore.close)

        def insert(_: int, mine: list[StoredFact]) -> None:
            for fact in mine:
                recorder.insert_events([StoredEvent(fact.event_id, 1, fact.topic, fact.state)])

        return lambda: self._threads(callers, each, insert)

    def threads(self, callers: int, each: int) -> Callable[[], float]:
        """Measure ours by its synchronous door."""

        def append(_: int, mine: list[StoredFact]) -> None:
            for fact in mine:
                self.store.recorder.append([fact])

        return lambda: self._threads(callers, each, append)

    def tasks(self, callers: int, each: int) -> Callable[[], float]:
        """Measure ours by its asynchronous door."""

        async def append(mine: list[StoredFact]) -> None:
            for fact in mine:
                await self.store.recorder.append_async([fact])

        async def all_of_them() -> float:
            shares = [facts(self.store, each) for _ in range(callers)]
            begun = time.perf_counter()
            await asyncio.gather(*map(append, shares))
            return callers * each / (time.perf_counter() - begun)

        return lambda: asyncio.run(all_of_them())

    def copy(self, number: int) -> float:
        """Measure what the server takes in at most: all in one COPY."""
        made = facts(self.store, number)
        with closing(self.database.owner()) as connection:
            begun = time.perf_counter()
            with connection.cursor().copy(f"copy raw ({COLUMNS}) from stdin (format binary)".encode()) as copy:
                copy.set_types(["text", "int4", "text", "uuid", "json", "bytea"])
                for fact in made:
                    copy.write_row(row(fact))
            connection.commit()
            return number / (time.perf_counter() - begun)

    def _threads(self, callers: int, each: int, work: Callable[[int, list[StoredFact]], None]) -> float:
        shares = [facts(self.store, each) for _ in range(callers)]
        with ThreadPoolExecutor(callers) as threads:
            list(threads.map(work, range(callers), [[] for _ in shares]))  # they have started
            begun = time.perf_counter()
            list(threads.map(work, range(callers), shares))
            return callers * each / (time.perf_counter() - begun)

    def alone(self, number: int, rounds: int) -> tuple[float, float]:
        """Return the median latency of a plain INSERT and of ours, in microseconds, when nobody else records."""
        raw: list[float] = []
        ours: list[float] = []
        with closing(self.database.owner(autocommit=True)) as connection:
            for _ in range(rounds):
                for fact in facts(self.store, number):
                    begun = time.perf_counter()
                    connection.execute(INSERT, row(fact))
                    raw.append(time.perf_counter() - begun)
                for fact in facts(self.store, number):
                    begun = time.perf_counter()
                    self.store.recorder.append([fact])
                    ours.append(time.perf_counter() - begun)
        return statistics.median(raw) * 1e6, statistics.median(ours) * 1e6


def recording(installation: Installation, rounds: int, amount: int) -> Iterator[Result]:
    """Measure recording, of about *amount* events a round and contestant."""
    with fresh(installation, "recording") as database, ExitStack() as stack:
        yield from _recording(Contest(stack, database), rounds, amount)


def _recording(contest: Contest, rounds: int, amount: int) -> Iterator[Result]:
    contestants: dict[tuple[str, int], Callable[[], float]] = {}
    for callers in (1, 8, 16, 64):
        contestants[RAW, callers] = contest.raw(callers, max(amount // callers, 20))
    for callers in (1, 16):
        contestants[STOCK, callers] = contest.stock(callers, max(amount // callers // 4, 20))
    for callers in (1, 16):
        contestants[THREADS, callers] = contest.threads(callers, amount // callers)
    for callers in (1, 16, 64):
        contestants[TASKS, callers] = contest.tasks(callers, max(1, min(callers, 4)) * amount // callers)
    contestants[COPY, 1] = lambda: contest.copy(10 * amount)
    rates = in_turns(contestants, rounds)
    yield from beside(rates, (RAW, 16))
    many = rates[TASKS, 64]
    yield Result(TASKS, 64, round(many, 1), round(many / rates[STOCK, 16], 3), f"{STOCK}, 16 callers")
    raw, ours = contest.alone(amount // 4, rounds)
    yield Result("alone: median latency in us", 1, round(ours, 1), round(ours / raw, 3), RAW)


# --- loading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Noticed(DomainEvent):
    """An event as the library's own mapper stores it."""

    body: str


def replaying(installation: Installation, rounds: int, scale: float) -> Iterator[Result]:
    """Measure how fast a made-up history of the country is read back."""
    with fresh(installation, "replaying") as database, ExitStack() as stack:
        yield from _replaying(stack, database, rounds, scale)


def _replaying(stack: ExitStack, database: Database, rounds: int, scale: float) -> Iterator[Result]:
    store = CaseStore(database, KINDS)
    told = record(store, Parameters(years=2, scale=scale, seed=7, until=date(2026, 11, 1)), public_bodies())
    connection: Connection = stack.enter_context(database.connect(DatabaseRole.APP, autocommit=True))
    whole = "position, stream, version, topic, state, event_id, metadata::text, recorded_at"
    alone = "version, topic, state"

    def raw(columns: str) -> Iterator[list[tuple[Any, ...]]]:
        with connection.cursor(binary=True) as cursor:
            for first in range(1, told.events + 1, 2000):
                page = f"select {columns} from store.events where position between %s and %s order by position"  # noqa: S608 - literals
                yield cursor.execute(page.encode(), (first, first + 1999)).fetchall()

    def pages() -> Iterator[list[StoredFact]]:
        for first in range(1, told.events + 1, 2000):
            yield list(store.recorder.select_notifications(first, 2000))

    def timed(replayed: Callable[[], Iterable[object]]) -> Callable[[], float]:
        def measure() -> float:
            begun = time.perf_counter()
            number = sum(1 for _ in replayed())
            return number / (time.perf_counter() - begun)

        return measure

    def events() -> Iterator[object]:
        return (store.mapper.to_domain_event(stored) for page in pages() for stored in page)

    def facts_alone() -> Iterator[object]:
        to_fact = store.mapper.to_fact
        return (to_fact(topic, state, version) for page in raw(alone) for version, topic, state in page)

    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DatetimeAsISO()):
        transcoder.register(transcoding)
    stock_mapper: Mapper[UUID] = Mapper(transcoder)
    stored = [
        stock_mapper.to_stored_event(
            Noticed(originator_id=uuid4(), originator_version=n, timestamp=Noticed.create_timestamp(), body="x" * 200)
        )
        for n in range(5000)
    ]

    fetch, fetch_alone = "replay: binary fetch of the rows", "replay: binary fetch of what a decision needs of them"
    rates = in_turns(
        {
            (fetch, 1): timed(lambda: (row for page in raw(whole) for row in page)),
            (fetch_alone, 1): timed(lambda: (row for page in raw(alone) for row in page)),
            ("replay: the library's mapper, without fetching", 1): timed(
                lambda: (stock_mapper.to_domain_event(one) for one in stored)
            ),
            ("replay: ours, whole events", 1): timed(events),
            ("replay: ours, facts alone, as a decision loads them", 1): timed(facts_alone),
        },
        rounds,
    )
    yield from beside(rates, (fetch, 1))
