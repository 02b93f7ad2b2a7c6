"""A kind of stream as small as can be, for tests of what holds for every kind; and a process that writes in it.

``python -m tests.infra.notes URL PREFIX FIRST COUNT THREADS`` records three notes in each of COUNT new streams, with
the number of the stream as the key of the request, and says so on a line of its own after each receipt.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from uuid import UUID, uuid4

import structlog
from psycopg.conninfo import make_conninfo

from domain.basis import Fact, Kind, OrganisationId, PersonId, Role, StreamId
from domain.values import Line
from infra.database import Database
from infra.events import Event, Metadata, Origin
from infra.eventstore import CaseStore, Idempotency, Receipt
from tests.keyring import KEYRING

ROOT = Path(__file__).parents[2]
WRITER = "writer"
"""What the server calls the connections of a process that writes."""


class Noted(Fact):
    """Something was noted."""

    topic: ClassVar[str] = "note.noted.v1"

    text: Line
    by: Line | None = None


@dataclass(frozen=True)
class Notes:
    """What has been noted."""

    texts: tuple[str, ...] = ()


def evolve(notes: Notes, fact: Noted) -> Notes:
    """Return the notes after *fact*."""
    return Notes((*notes.texts, fact.text))


NOTE = Kind(
    name="note",
    collection="notes",
    prefix="NT",
    empty=Notes(),
    evolve=evolve,
    facts=(Noted,),
    commands=(),
    grants=lambda _: frozenset(),
    granting=(),
)

METADATA = Metadata(
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    actor=PersonId("p-1"),
    organisation=OrganisationId("ondersteuningsteam"),
    role=Role.SUPPORT_TEAM,
    correlation=UUID(int=1),
    origin=Origin.API,
)


def noted(stream: StreamId, version: int, text: str = "something") -> Event:
    """Return an event of a note."""
    return Event(stream, version, uuid4(), METADATA, Noted(text=text))


def notes(stream: StreamId, versions: Sequence[int]) -> list[Event]:
    """Return events of notes at *versions*."""
    return [noted(stream, version, f"note {version}") for version in versions]


def request(key: str, body: str = "body") -> Idempotency:
    """Return what tells one request from another."""
    return Idempotency("a client", key, body.encode())


def as_writer(database: Database) -> str:
    """Return the address of *database* for a process that writes."""
    return make_conninfo(database.url, application_name=WRITER)


def start_writer(database: Database, numbers: range, threads: int = 1) -> "subprocess.Popen[str]":
    """Start a process that writes the notes *numbers*."""
    command = [sys.executable, "-m", "tests.infra.notes", as_writer(database), database.prefix]
    command += map(str, (numbers.start, len(numbers), threads))
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def write(store: CaseStore, number: int) -> Receipt:
    """Record three notes in the stream *number*, which is also the key of the request."""
    stream = NOTE.stream(str(number))
    return store.record_now(notes(stream, [1, 2, 3]), expected={stream: 0}, idempotency=request(str(number)))


def main() -> None:
    """Write until done or killed."""
    # Not between the receipts.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    url, prefix, *numbers = sys.argv[1:]
    first, count, threads = map(int, numbers)

    def write_one(number: int) -> None:
        os.write(1, f"{number} {write(store, number).position}\n".encode())

    with Database(url, prefix, keyring=KEYRING) as database, ThreadPoolExecutor(threads) as pool:
        store = CaseStore(database, [NOTE])
        list(pool.map(write_one, range(first, first + count)))


if __name__ == "__main__":
    main()
