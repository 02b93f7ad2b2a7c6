"""Does the log stay whole under load, whatever breaks: a connection, a process, the server?

Each seed is another run. ``make test`` does twenty of them, ``make soak`` as many as one has time for:
``WEERBAAR_TEST_SEEDS`` says how many.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from threading import Event, Thread
from time import monotonic, sleep

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from infra import embedded
from infra.database import Database
from infra.embedded import embedded_server
from infra.eventstore import CaseStore
from infra.migrate import migrate
from infra.recorder import FactNotification, FactRecorder
from tests.infra.notes import NOTE, start_writer, write
from tests.infra.relay import relay
from tests.keyring import KEYRING

SEEDS = int(os.environ.get("WEERBAAR_TEST_SEEDS", "20"))
WRITERS = 2
THREADS = 6
STREAMS = 120
"""That each writer begins, with three events in each."""


# --- what must hold ---------------------------------------------------------------------------------------------------


def check(log: Sequence[FactNotification], acknowledged: dict[str, str]) -> None:
    """Assert that *log* is whole, and holds what was *acknowledged*: by number of the stream, its last position."""
    assert [event.id for event in log] == list(range(1, len(log) + 1)), "positions are dense"
    assert not [id_ for id_, times in Counter(event.event_id for event in log).items() if times > 1], "none is doubled"
    versions: Counter[object] = Counter()
    for event in log:
        versions[event.originator_id] += 1
        assert event.originator_version == versions[event.originator_id], "versions are contiguous in each stream"
    assert set(versions.values()) <= {3}, "an append is recorded as a whole or not at all"
    last = {str(event.originator_id).removeprefix("note:"): str(event.id) for event in log}
    assert {number: last.get(number) for number in acknowledged} == acknowledged, "what was acknowledged is there"


@contextmanager
def tailing(store: CaseStore) -> Iterator[list[FactNotification]]:
    """Yield what a reader has seen who follows the log, ever longer; at the end it is all there is."""
    seen: list[FactNotification] = []
    done = Event()

    def follow() -> None:
        while True:
            last = done.is_set()
            with suppress(OperationalError, psycopg.Error):  # it comes back, and goes on where it was
                while page := store.recorder.select_notifications(len(seen), 50, inclusive_of_start=False):
                    seen.extend(page)
                if last:
                    return
            sleep(0.002)

    reader = Thread(target=follow)
    reader.start()
    try:
        yield seen
    finally:
        done.set()
        reader.join()


def said(writers: Sequence["Popen[str]"]) -> dict[str, str]:
    """Wait for *writers*, and return what they were acknowledged."""
    lines = [line.split() for writer in writers for line in writer.communicate()[0].splitlines()]
    return dict(line for line in lines if len(line) == 2)


# --- connections and processes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_acknowledged_is_lost_and_nothing_doubled_whatever_breaks(database: Database, seed: int) -> None:
    """Two processes with six threads each write by way of a relay that cuts connections, and one of them is killed."""
    chance = random.Random(seed)  # noqa: S311 - the same dice in each run
    risk = chance.choice((0.0, 0.01, 0.05))
    store = CaseStore(database, [NOTE])

    def cut(answers: bool, data: bytes) -> bool:  # noqa: FBT001 - as the relay asks
        # Not while they sign in: that proves nothing, and they would never begin.
        return (answers or b"note.noted" in data) and len(data) < 2000 and chance.random() < risk

    with relay(database.url, cut) as url, tailing(store) as seen:
        through = Database(url, database.prefix, keyring=KEYRING)
        writers = [start_writer(through, range(n * STREAMS, (n + 1) * STREAMS), THREADS) for n in range(WRITERS)]
        give_up = monotonic() + 30
        while not seen and monotonic() < give_up:
            sleep(0.005)
        sleep(chance.uniform(0, 0.3))
        writers[0].send_signal(signal.SIGKILL)
        acknowledged = said(writers)
        assert writers[1].returncode == 0, "who was not killed was served"
    # Whoever does not know sends the same again.
    again = {str(n): str(write(store, n).position) for n in range(0, WRITERS * STREAMS, 7)}
    log = list(store.recorder.select_notifications(None, 1_000_000))

    assert acknowledged
    check(log, acknowledged | again)
    assert seen == log[: len(seen)], "a reader sees every event, in the order of the commits"
    assert len(log) - len(seen) == 3 * len([n for n in again if int(again[n]) > len(seen)])
    assert set(map(str, range(STREAMS, 2 * STREAMS))) <= acknowledged.keys(), "who was not killed was served"


# --- the server -------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield the folder of a server of this test's own, which it may kill."""
    yield tmp_path / "server"
    embedded.forget(tmp_path / "server")


def test_a_killed_server_has_all_that_was_acknowledged(folder: Path) -> None:
    """Its main process dies in the midst of the load, is started anew, and whoever does not know asks again."""
    with embedded_server(folder) as url, Database(url, keyring=KEYRING) as database:
        migrate(database)
        store = CaseStore(database, [NOTE])
        writers = [start_writer(database, range(n * 100_000, (n + 1) * 100_000), THREADS) for n in range(WRITERS)]
        while store.head() < 300:
            sleep(0.01)
        with closing(database.owner()) as owner:
            (file,) = owner.execute("select pg_read_file('postmaster.pid')").fetchone() or ("",)
        os.kill(int(file.split()[0]), signal.SIGKILL)
        sleep(0.2)
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        acknowledged = said(writers)
    with embedded_server(folder) as url, Database(url, keyring=KEYRING) as database:
        store = CaseStore(database, [NOTE])
        again = {number: str(write(store, int(number)).position) for number in list(acknowledged)[-20:]}
        log = list(store.recorder.select_notifications(None, 1_000_000))

    assert len(acknowledged) >= 50
    check(log, acknowledged | again)
    assert again == {number: acknowledged[number] for number in again}


def test_those_who_record_while_the_server_crashes_are_served_when_it_is_back(folder: Path) -> None:
    """One of its processes dies, it recovers by itself, and callers notice nothing but the wait."""
    with embedded_server(folder) as url, Database(url, keyring=KEYRING) as database:
        migrate(database)
        store = CaseStore(database, [NOTE])
        with ThreadPoolExecutor(THREADS) as threads:
            writing = [threads.submit(write, store, number) for number in range(1500)]
            while not writing[300].done():
                sleep(0.005)
            with closing(database.owner()) as owner:
                os.kill(owner.info.backend_pid, signal.SIGKILL)
            acknowledged = {str(number): str(one.result().position) for number, one in enumerate(writing)}
    with (
        embedded_server(folder) as url,
        Database(url, keyring=KEYRING) as database,
    ):  # its pools have no connection of before
        check(list(FactRecorder(database).select_notifications(None, 1_000_000)), acknowledged)

    assert len(acknowledged) == 1500


def test_a_vacuum_during_load_holds_nobody_up(database: Database) -> None:
    """Nor do the writers hold up the vacuum, as a lock on the table would."""
    store = CaseStore(database, [NOTE])
    waits: list[float] = []

    def timed(number: int) -> None:
        begun = monotonic()
        write(store, number)
        waits.append(monotonic() - begun)

    with closing(database.owner(autocommit=True)) as owner, ThreadPoolExecutor(THREADS) as threads:
        owner.execute("set lock_timeout = '5s'")
        writing = [threads.submit(timed, number) for number in range(600)]
        vacuums = 0
        while not all(one.done() for one in writing):
            owner.execute("vacuum (analyze) store.events")
            vacuums += 1
        for one in writing:
            one.result()

    assert vacuums
    assert store.head() == 1800
    assert max(waits) < 5
