"""A kind of stream as small as can be in which something is sealed; a process that writes it, and one that rotates.

``python -m tests.infra.confidences write URL PREFIX KEYS FIRST COUNT`` records three facts in each of COUNT new
streams, and says the number of the stream on a line of its own after each. ``… rotate URL PREFIX KEYS`` rotates the
keys again and again, each time in a process of its own that is killed one step later than the one before, and says so
on a line; it goes on when a line comes in, and ends when a rotation has ended.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from unittest.mock import patch
from uuid import UUID, uuid4

import psycopg

from domain.basis import Fact, Kind, OrganisationId, PersonId, Role, StreamId, SubjectId
from domain.people import Subject
from domain.values import Identifying, Line
from infra.database import Database
from infra.events import Event, Metadata, Origin
from infra.eventstore import CaseStore
from infra.keyring import FileKeyring
from tests.infra.notes import ROOT


class Confided(Fact):
    """Something was confided."""

    topic: ClassVar[str] = "confidence.confided.v1"

    place: Identifying[Line]
    teller: Subject
    about: tuple[Subject, ...] = ()


@dataclass(frozen=True)
class Confidences:
    """What has been confided."""

    facts: tuple[Confided, ...] = ()


CONFIDENCE = Kind(
    name="confidence",
    collection="confidences",
    empty=Confidences(),
    evolve=lambda confidences, fact: Confidences((*confidences.facts, fact)),
    facts=(Confided,),
    commands=(),
    grants=lambda _: frozenset(),
    granting=(),
)

METADATA = Metadata(
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    actor=PersonId("p-1"),
    organisation=OrganisationId("gm0363"),
    role=Role.PUBLIC_BODY,
    correlation=UUID(int=1),
    origin=Origin.API,
)


def somebody(name: str = "Klaartje Zwaluwstaart") -> Subject:
    """Return somebody whom nobody has told of."""
    return Subject(subject=SubjectId(uuid4()), name=name, phone="06 27182818")


def confided(stream: StreamId, version: int, teller: Subject, *about: Subject) -> Event:
    """Return an event in which *teller* tells *about* others."""
    return Event(stream, version, uuid4(), METADATA, Confided(place="Merelhof", teller=teller, about=about))


def record(store: CaseStore, number: int) -> StreamId:
    """Record three facts of two people in the stream *number*; return it."""
    stream, teller, other = CONFIDENCE.stream(str(number)), somebody(f"teller {number}"), somebody(f"other {number}")
    events = [confided(stream, 1, teller), confided(stream, 2, teller, other), confided(stream, 3, other)]
    store.record_now(events, expected={stream: 0})
    return stream


# --- other processes --------------------------------------------------------------------------------------------------


def start(what: str, database: Database, keys: Path, *arguments: int) -> "subprocess.Popen[str]":
    """Start a process that does *what* is said above."""
    command = [sys.executable, "-m", __name__, what, database.url, database.prefix, str(keys), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def write(url: str, prefix: str, keys: str, first: str, many: str) -> None:
    """Record until done."""
    with Database(url, prefix, keyring=FileKeyring(Path(keys))) as database:
        store = CaseStore(database, [CONFIDENCE])
        for number in range(int(first), int(first) + int(many)):
            record(store, number)
            os.write(1, f"{number}\n".encode())


def rotate(url: str, prefix: str, keys: str) -> None:
    """Rotate until it has been done without being killed."""
    for steps in count():
        child = os.fork()
        if child == 0:
            rotate_killed(url, prefix, keys, steps)
        _, status = os.waitpid(child, 0)
        killed = os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        os.write(1, f"{'killed' if killed else 'ended'} after {steps}\n".encode())
        if not killed:
            sys.exit(status)
        sys.stdin.readline()


def rotate_killed(url: str, prefix: str, keys: str, steps: int) -> NoReturn:
    """Rotate, and be killed after so many *steps*: writes to the file or the disk, and statements."""
    taken = count()

    def step(does: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as what it stands for
            if next(taken) == steps:
                os.kill(os.getpid(), signal.SIGKILL)
            return does(*args, **kwargs)

        return counted

    try:
        with (
            patch.object(psycopg.Cursor, "execute", step(psycopg.Cursor.execute)),
            patch.object(os, "fsync", step(os.fsync)),
            patch.object(Path, "replace", step(Path.replace)),
            patch.object(Path, "unlink", step(Path.unlink)),
            Database(url, prefix, keyring=FileKeyring(Path(keys))) as database,
        ):
            CaseStore(database, [CONFIDENCE]).vault.rotate()
        os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    (write if sys.argv[1] == "write" else rotate)(*sys.argv[2:])
