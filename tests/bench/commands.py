"""How many commands does one worker take over HTTP, beside an endpoint that only hands back what it was sent?

A command loads a case of twenty facts, decides, records under an idempotency key, and answers when that is on the disk.
The server is a process of its own, as always; 64 connections ask of it from this one.
"""

import asyncio
import itertools
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
import uvicorn
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from psycopg.conninfo import conninfo_to_dict

from domain.basis import StreamId
from domain.threat_case import THREAT_CASE, NoteCall, ReportThreat
from infra.appending import StoredFact
from infra.database import Database
from infra.eventstore import Receipt
from infra.identity import Caller, demo_issuer
from infra.settings import read_settings
from infra.vault import subjects_in
from services.app import Service, create_app, now, settle
from services.cases.handling import Request
from services.demo.cast import CAST
from tests.bench.rounds import Result, about, beside, fresh, in_turns
from tests.conftest import Installation
from tests.keyring import KEYRING

CONNECTIONS = 64
FACTS = 20
NOTE = "Zij vroeg of de politie al had teruggebeld, en wanneer het advies over de woning komt."
PROGRAM = [sys.executable, "-m", "tests.bench.commands"]
ECHO, OURS, STOCK = "echo of the same body", "command", "command, recorded by the library's own recorder"
TEAM = CAST["support-team"]


# --- the server, in a process of its own ------------------------------------------------------------------------------


def echo() -> FastAPI:
    """Return an application that hands back what it was sent, checked by the same model."""
    app = FastAPI(openapi_url=None)

    async def hand_back(command: NoteCall) -> NoteCall:
        return command

    app.add_api_route("/v1/threat-cases/{id}/call-notes", hand_back, methods=["POST"], status_code=201)
    return app


def by_the_library(database: Database) -> Callable[..., Any]:
    """Return what records the events of a command as the library's recorder does: a lock and a commit for each."""
    address = {name: str(value) for name, value in conninfo_to_dict(database.url).items()}
    recorder = PostgresApplicationRecorder(
        PostgresDatastore(
            dbname=address["dbname"],
            host=address["host"],
            port=address.get("port", "5432"),
            user=address["user"],
            password=address.get("password", ""),
            pool_size=40,
        ),
        events_table_name="stock_commands",
    )
    recorder.create_table()

    def insert(stored: Sequence[StoredFact], stream: StreamId) -> Receipt:
        ids = [StoredEvent(UUID(stream[-36:]), fact.originator_version, fact.topic, fact.state) for fact in stored]
        positions = recorder.insert_events(ids)
        return Receipt(
            stream=stream,
            number=None,
            position=(positions or [0])[-1],
            version=stored[-1].originator_version,
            event_ids=tuple(fact.event_id for fact in stored),
            topics=tuple(fact.topic for fact in stored),
        )

    async def record(stored: Sequence[StoredFact], *, stream: StreamId, **_: object) -> Receipt:
        return await run_in_threadpool(insert, stored, stream)

    return record


def serve(what: str, url: str, prefix: str, folder: str, port: int) -> None:
    """Serve on *port* until somebody ends it."""
    with Database(url, prefix, keyring=KEYRING) as database:
        if what == ECHO:
            app = echo()
        else:
            service = Service(read_settings(data_dir=Path(folder), log_level="warning"), database, cast=CAST)
            if what == STOCK:
                object.__setattr__(service.store, "record", by_the_library(database))
            app = create_app(service)
        settle()
        uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False)


@contextmanager
def served(what: str, database: Database, folder: Path) -> Iterator[int]:
    """Serve *what* for as long as this lasts; yield the port."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen([*PROGRAM, what, database.url, database.prefix, str(folder), str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield port
    finally:
        process.terminate()
        process.wait()


# --- the ones who ask -------------------------------------------------------------------------------------------------


async def ask(port: int, requests: Iterator[bytes], each: int) -> None:
    """Send *each* of *requests* on one connection, one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in itertools.islice(requests, each):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            message = f"refused: {head.splitlines()[0].decode()}"
            raise RuntimeError(message)
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


def rate(port: int, requests: Iterator[bytes], number: int) -> float:
    """Return how many of *requests* a second are answered on all connections together."""
    each = max(1, number // CONNECTIONS)

    async def all_of_them() -> float:
        begun = time.perf_counter()
        await asyncio.gather(*(ask(port, requests, each) for _ in range(CONNECTIONS)))
        return CONNECTIONS * each / (time.perf_counter() - begun)

    return asyncio.run(all_of_them())


def notes(cases: Sequence[str], token: str) -> Iterator[bytes]:
    """Yield requests to note a call in each of *cases*, over and over."""
    body = f'{{"note": "{NOTE}"}}'.encode()
    for case in itertools.cycle(cases):
        yield (
            f"POST /v1/threat-cases/{case}/call-notes HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {token}\r\nIdempotency-Key: {uuid4()}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def cases_of_twenty(service: Service, many: int) -> list[str]:
    """Record *many* threat cases of twenty facts each, and return their ids."""
    command = ReportThreat(body="gm0855", office="wethouder", call_back_number="06-00 00 01 01", danger_now=False)
    asked = Request(command=command, caller=Caller(actor=TEAM))
    first = service.handling.handle_now(THREAT_CASE, asked).stream
    noted = Request(command=NoteCall(note=NOTE), caller=Caller(actor=TEAM), key=first.partition(":")[2])
    service.handling.handle_now(THREAT_CASE, noted)
    stored = service.store.recorder.select_events(first)
    reported, note = service.store.opened([service.store.mapper.to_domain_event(event) for event in stored])
    (somebody,) = subjects_in(reported.fact)
    found = []
    for _ in range(many):
        key = str(uuid4())
        stream = THREAT_CASE.stream(key)
        other = uuid4()
        begun = replace(reported, originator_id=stream, event_id=uuid4(), fact=about(reported.fact, somebody, other))
        said = about(note.fact, somebody, other)
        more = [
            replace(note, originator_id=stream, originator_version=version, event_id=uuid4(), fact=said)
            for version in range(2, FACTS + 1)
        ]
        service.store.record_now([begun, *more], expected={})
        found.append(key)
    return found


def commands(installation: Installation, rounds: int, number: int) -> Iterable[Result]:
    """Measure commands over HTTP beside an echo, and beside the same command with the library's recorder."""
    with tempfile.TemporaryDirectory() as folder, fresh(installation, "commands") as database:
        settings = read_settings(data_dir=Path(folder))
        service = Service(settings, database, cast=CAST)
        token = demo_issuer(settings).token(TEAM, now())
        cases = cases_of_twenty(service, number * rounds)
        service.close()
        requests = notes(cases, token)
        with (
            served(ECHO, database, Path(folder)) as echoing,
            served(OURS, database, Path(folder)) as ours,
            served(STOCK, database, Path(folder)) as stock,
        ):
            for port in (echoing, ours, stock):
                rate(port, requests, 5 * CONNECTIONS)  # it is warm
            contestants = {
                (ECHO, CONNECTIONS): partial(rate, echoing, requests, number),
                (OURS, CONNECTIONS): partial(rate, ours, requests, number),
                (STOCK, CONNECTIONS): partial(rate, stock, requests, number // 4),
            }
            rates = in_turns(contestants, rounds)
    yield from beside(rates, (ECHO, CONNECTIONS))
    mine = rates[OURS, CONNECTIONS]
    yield Result(OURS, CONNECTIONS, round(mine, 1), round(mine / rates[STOCK, CONNECTIONS], 3), STOCK)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    serve(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
