"""Does every fact get into every view exactly once, whatever breaks in between?"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Event, Thread
from uuid import UUID

import psycopg
import pytest

from domain.kinds import KINDS
from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore, Recorded
from services.projections import access, cases, timeline, worklist
from services.projections import runner as at_work
from services.projections.rebuilding import rebuild
from services.projections.register import VIEWS
from services.projections.rows import Rows
from services.projections.runner import Runner
from services.projections.tracking import LOCK, ViewStatus, status
from services.projections.views import View, install
from tests.log_of import log_of
from tests.services.projections import dying, seen
from tests.services.projections.network import AMSTERDAM, TEAM, Network, a_threat, random_history, rows
from tests.services.projections.next_release import next_version
from tests.services.projections.tiny import REFERRAL, ReferralNoted, ReferralOffered

PATIENCE = 20.0
"""Seconds; more than anything here takes."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the projector look a bit more often than it has to."""
    monkeypatch.setattr(at_work, "POLL", 0.2)


@contextmanager
def running(runner: Runner) -> Iterator[Thread]:
    """Let *runner* run in a thread of its own."""
    install(runner.database, runner.views)
    stop = Event()
    thread = Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def of(database: Database, view: View) -> ViewStatus:
    """Return how far *view* has come."""
    return next(found for found in status(database) if (found.name, found.version) == (view.name, view.version))


def positions(database: Database) -> list[int]:
    """Return the positions that the view of the tests has seen, as often as it has seen them."""
    return sorted(position for position, _ in rows(database, seen.VIEW)["seen"])


def all_seen(database: Database, store: CaseStore) -> Callable[[], bool]:
    """Return the condition that the view of the tests has seen everything."""
    return lambda: positions(database) == list(range(1, store.head() + 1))


# --- as it should go --------------------------------------------------------------------------------------------------


def test_a_running_projector_shows_what_is_recorded(database: Database, store: CaseStore, network: Network) -> None:
    """Everything there was, and everything that follows."""
    network.give(a_threat(), TEAM)
    runner = Runner(database, store, (*VIEWS, seen.VIEW))

    with running(runner):
        eventually(lambda: of(database, seen.VIEW).position == 1)
        random_history(network, 1, commands=30)
        eventually(lambda: all(view.lag == 0 for view in status(database)))

    assert positions(database) == list(range(1, store.head() + 1))


def test_a_lost_notification_costs_no_more_than_a_poll(
    database: Database, store: CaseStore, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is read unasked too."""
    monkeypatch.setattr(at_work, "CHANNEL", "nobody_speaks_here")
    runner = Runner(database, store, [seen.VIEW])

    with running(runner):
        eventually(lambda: of(database, seen.VIEW).running)
        network.give(a_threat(), TEAM)
        eventually(all_seen(database, store))


def test_catching_up_is_done_when_there_is_no_more(
    database: Database, store: CaseStore, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages it takes; a second time changes nothing."""
    monkeypatch.setattr("services.projections.projecting.PAGE", 7)
    random_history(network, 1)
    runner = Runner(database, store, [seen.VIEW])

    runner.catch_up()
    runner.catch_up()

    assert positions(database) == list(range(1, store.head() + 1))


def test_views_that_begin_at_different_times_meet(database: Database, store: CaseStore, network: Network) -> None:
    """Each view goes its own way through the log."""
    network.give(a_threat(), TEAM)
    Runner(database, store, [worklist.VIEW]).catch_up()
    network.give(a_threat(), TEAM)

    Runner(database, store, [worklist.VIEW, seen.VIEW]).catch_up()

    assert positions(database) == [1, 2]
    assert len(rows(database, worklist.VIEW)["worklist"]) == 2


# --- what can break ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", dying.STEPS)
def test_a_projector_killed_at_any_step_goes_on_where_it_was(
    database: Database, store: CaseStore, network: Network, step: str
) -> None:
    """Nothing is lost and nothing doubled."""
    random_history(network, 1)
    program = [sys.executable, "-m", dying.__name__, database.url, database.prefix, step]

    killed = subprocess.run(program, check=False, timeout=60)

    assert killed.returncode == -signal.SIGKILL
    assert 0 < of(database, access.VIEW).position < store.head()
    Runner(database, store, (*VIEWS, seen.VIEW)).catch_up()
    assert positions(database) == list(range(1, store.head() + 1))
    live = [rows(database, view) for view in VIEWS]
    for view in VIEWS:
        rebuild(database, store, view)
    assert [rows(database, view) for view in VIEWS] == live


def test_a_second_projector_stands_by_and_takes_over(database: Database, store: CaseStore, network: Network) -> None:
    """One is at work at a time; the other one does nothing until it ends."""
    first, second = (Runner(database, store, [seen.VIEW]) for _ in range(2))

    with running(second):
        eventually(lambda: of(database, seen.VIEW).running)
        with running(first):
            network.give(a_threat(), TEAM)
            eventually(all_seen(database, store))
    eventually(lambda: not of(database, seen.VIEW).running)
    with running(first):
        network.give(a_threat(), TEAM)
        eventually(all_seen(database, store))


def test_the_projectors_of_two_releases_run_side_by_side(
    database: Database, store: CaseStore, network: Network
) -> None:
    """Each keeps its own versions up to date; on what they share, one is at work and the other stands by."""
    newer = next_version(worklist.VIEW)
    old, new = (Runner(database, store, (view, seen.VIEW)) for view in (worklist.VIEW, newer))
    network.give(a_threat(), TEAM)

    with running(new):
        with running(old):
            eventually(lambda: all(view.running and view.lag == 0 for view in status(database)))
            network.give(a_threat(), TEAM)
            eventually(lambda: all(view.lag == 0 for view in status(database)))
        network.give(a_threat(), TEAM)
        eventually(all_seen(database, store))
        eventually(lambda: of(database, newer).lag == 0)

    assert of(database, worklist.VIEW).lag == 1
    assert len(rows(database, newer)["worklist"]) == 3


def test_two_projectors_at_once_double_nothing(database: Database, store: CaseStore, network: Network) -> None:
    """Even if both believed to be the one at work, as after a broken network."""
    random_history(network, 1)
    threads = [Thread(target=Runner(database, store, [seen.VIEW]).catch_up) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert positions(database) == list(range(1, store.head() + 1))


def test_a_lost_connection_is_replaced(database: Database, store: CaseStore, network: Network) -> None:
    """The projector comes back by itself when the server has closed its connections."""
    network.give(a_threat(), TEAM)

    with running(Runner(database, store, [seen.VIEW])):
        eventually(all_seen(database, store))
        with closing(database.owner(autocommit=True)) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        database.pool(DatabaseRole.APP).check()
        network.give(a_threat(), TEAM)
        database.pool(DatabaseRole.PROJECTOR).check()
        eventually(all_seen(database, store))


def test_a_locked_view_delays_nobody_else(database: Database, store: CaseStore, network: Network) -> None:
    """While a view is being rebuilt, the others go on; then it follows."""
    runner = Runner(database, store, (worklist.VIEW, seen.VIEW))
    runner.catch_up()
    rebuilding = database.connect(DatabaseRole.PROJECTOR)
    rebuilding.execute(LOCK, (worklist.VIEW.name, worklist.VIEW.version))

    with running(runner):
        network.give(a_threat(), TEAM)
        eventually(all_seen(database, store))
        assert of(database, worklist.VIEW).position == 0
        rebuilding.close()
        eventually(lambda: of(database, worklist.VIEW).lag == 0)


def test_a_locked_table_delays_nobody_else(
    database: Database, store: CaseStore, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that is held too long says nothing about the events: the view tries again and has not stopped."""
    monkeypatch.setattr("infra.database.LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(at_work, "RETRY", 0.1)
    runner = Runner(database, store, (worklist.VIEW, seen.VIEW))
    runner.catch_up()
    network.give(a_threat(), TEAM)
    locking = database.connect(DatabaseRole.PROJECTOR)
    locking.execute("lock table views.worklist_v2")

    with pytest.raises(psycopg.errors.LockNotAvailable):
        runner.catch_up()
    with running(runner):
        eventually(all_seen(database, store))
        delayed = of(database, worklist.VIEW)
        assert (delayed.position, delayed.stopped_at) == (0, None)
        locking.close()
        eventually(lambda: of(database, worklist.VIEW).lag == 0)


# --- events that a view cannot digest ---------------------------------------------------------------------------------

POISON = "Een tekst met een naam: Jansen"


def stumbling(*, in_the_database: bool) -> View:
    """Return the view of the tests, which now stumbles over a number of ours."""

    def project(rows: Rows, recorded: Recorded) -> None:
        if getattr(recorded.event.fact, "text", "") != POISON:
            seen.project(rows, recorded)
        elif in_the_database:
            rows.add(seen.SEEN, {"position": POISON, "stream": ""})
        else:
            raise ValueError(POISON)

    return replace(seen.VIEW, project=project)


@pytest.fixture
def with_referrals(database: Database) -> CaseStore:
    """Return the store of a release that also knows referrals."""
    return CaseStore(database, (*KINDS, REFERRAL))


def poison(network: Network) -> UUID:
    """Record seven facts, and return the id of the fifth, over which a view stumbles."""
    before = network.store.head()
    stream = REFERRAL.stream(UUID(int=1))
    network.record(TEAM, stream, ReferralOffered(), ReferralNoted(), ReferralNoted(), ReferralNoted())
    network.record(TEAM, stream, ReferralNoted(text=POISON), ReferralNoted(), ReferralNoted())
    return log_of(network.store)[before + 4].event.event_id


@pytest.mark.parametrize("in_the_database", [False, True])
def test_a_view_stops_alone_at_what_it_cannot_digest(
    database: Database, with_referrals: CaseStore, *, in_the_database: bool
) -> None:
    """All before it is shown, nothing after it, and the state says where and why without quoting the fact."""
    event = poison(Network(with_referrals))

    Runner(
        database, with_referrals, (stumbling(in_the_database=in_the_database), access.VIEW, timeline.VIEW)
    ).catch_up()

    stopped = of(database, seen.VIEW)
    assert positions(database) == [1, 2, 3, 4]
    assert (stopped.position, stopped.stopped_by, stopped.lag) == (4, event, 3)
    assert stopped.stopped_at is not None
    error = "InvalidTextRepresentation" if in_the_database else "ValueError"
    assert stopped.reason == f"{error} at referral.noted.v1, event {event}"
    assert of(database, timeline.VIEW).lag == 0


@pytest.mark.parametrize("in_the_database", [False, True])
def test_it_goes_on_after_the_fix(database: Database, with_referrals: CaseStore, *, in_the_database: bool) -> None:
    """Without a rebuild, and without having skipped anything."""
    poison(Network(with_referrals))
    Runner(database, with_referrals, [stumbling(in_the_database=in_the_database)]).catch_up()

    Runner(database, with_referrals, [seen.VIEW]).catch_up()

    mended = of(database, seen.VIEW)
    assert positions(database) == [1, 2, 3, 4, 5, 6, 7]
    assert (mended.stopped_at, mended.stopped_by, mended.reason) == (None, None, None)


def test_a_running_projector_tries_again(
    database: Database, with_referrals: CaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was in the way may have been mended in the database itself."""
    monkeypatch.setattr(at_work, "RETRY", 0.1)
    poison(Network(with_referrals))
    mended = Event()

    def project(rows: Rows, recorded: Recorded) -> None:
        (seen.VIEW if mended.is_set() else stumbling(in_the_database=False)).project(rows, recorded)

    with running(Runner(database, with_referrals, [replace(seen.VIEW, project=project)])):
        eventually(lambda: of(database, seen.VIEW).stopped_at is not None)
        since = of(database, seen.VIEW).stopped_at
        before = of(database, seen.VIEW).last_activity
        eventually(lambda: of(database, seen.VIEW).last_activity > before)
        assert of(database, seen.VIEW).stopped_at == since
        mended.set()
        eventually(all_seen(database, with_referrals))


def test_a_topic_of_a_newer_release_stops_only_the_views_that_need_it(
    database: Database, store: CaseStore, with_referrals: CaseStore
) -> None:
    """The worklist is about threat cases; the timeline is about everything."""
    network = Network(with_referrals)
    network.give(a_threat(), AMSTERDAM)
    poison(network)
    network.give(a_threat(), AMSTERDAM)

    Runner(database, store, VIEWS).catch_up()

    assert {view.name for view in status(database) if view.stopped_at} == {
        access.VIEW.name,
        cases.VIEW.name,
        timeline.VIEW.name,
    }
    assert of(database, worklist.VIEW).lag == 0
    assert of(database, timeline.VIEW).position == 1
    assert (of(database, timeline.VIEW).reason or "").startswith("UnknownTopic at referral.offered.v1, event ")
    Runner(database, with_referrals, VIEWS).catch_up()
    assert all(view.lag == 0 for view in status(database))
