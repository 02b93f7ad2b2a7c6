"""Does the log stay dense, ordered and whole whoever writes and dies at whichever moment?"""

import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from time import sleep

import pytest

from infra.database import Database
from infra.eventstore import CaseStore, VersionConflict
from infra.recorder import FactNotification
from tests.infra.notes import NOTE, ROOT, WRITER, as_writer, noted, request, start_writer, write

PROCESSES = 3
THREADS = 8
EACH = 100


@pytest.fixture
def store(database: Database) -> CaseStore:
    """Return a store of notes."""
    return CaseStore(database, [NOTE])


def log(store: CaseStore) -> list[FactNotification]:
    """Return all that has been recorded, checked to be dense and in whole appends of three."""
    notifications = list(store.recorder.select_notifications(start=None, limit=1_000_000))
    assert [notification.id for notification in notifications] == list(range(1, len(notifications) + 1))
    assert [notification.originator_version for notification in notifications] == [1, 2, 3] * (len(notifications) // 3)
    for first, second, third in zip(*[iter(notifications)] * 3, strict=True):
        assert first.originator_id == second.originator_id == third.originator_id
    return notifications


def test_whoever_follows_the_log_sees_every_event_in_the_order_of_the_commits(
    store: CaseStore, database: Database
) -> None:
    """One by polling, one by subscription, while three processes with eight threads each write."""
    total = 3 * PROCESSES * EACH
    polled: list[FactNotification] = []
    writers = [start_writer(database, range(n * EACH, (n + 1) * EACH), THREADS) for n in range(PROCESSES)]
    with store.recorder.subscribe() as subscription:
        while len(polled) < total:
            page = store.recorder.select_notifications(start=len(polled), limit=50, inclusive_of_start=False)
            assert [notification.id for notification in page] == [len(polled) + n for n in range(1, len(page) + 1)]
            polled += page
            assert page or any(writer.poll() is None for writer in writers) or store.head() == total
        subscribed = [next(subscription) for _ in range(total)]
    acknowledged = [line for writer in writers for line in writer.communicate()[0].splitlines()]

    assert polled == subscribed == log(store)
    positions = {str(polled[n].originator_id).removeprefix("note:"): polled[n].id for n in range(2, total, 3)}
    assert dict(line.split() for line in acknowledged) == {key: str(last) for key, last in positions.items()}


def test_of_those_who_decide_on_the_same_stream_one_at_a_time_succeeds(store: CaseStore) -> None:
    """The others see a conflict, load again and decide anew."""
    stream = NOTE.stream("shared")
    conflicts: list[VersionConflict] = []

    def add(n: int) -> None:
        while True:
            loaded = store.load(NOTE, stream)
            try:
                store.record_now([noted(stream, loaded.version + 1, str(n))], expected={stream: loaded.version})
            except VersionConflict as conflict:
                conflicts.append(conflict)
            else:
                return

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(add, range(100)))

    assert conflicts
    assert sorted(store.load(NOTE, stream).state.texts, key=int) == [str(n) for n in range(100)]


@pytest.mark.parametrize("seed", range(4))
def test_a_writer_killed_at_any_moment_leaves_whole_appends_and_their_keys(
    store: CaseStore, database: Database, seed: int
) -> None:
    """What was acknowledged is there, and sending everything again records only what is missing."""
    chance = random.Random(seed)  # noqa: S311 - the same moments in each run
    writers = [start_writer(database, range(n * 1000, (n + 1) * 1000), 4) for n in range(2)]
    while store.head() < 30:  # the processes need a moment to start
        sleep(0.01)
    sleep(chance.uniform(0, 0.3))
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    acknowledged = dict(line.split() for writer in writers for line in writer.communicate()[0].splitlines())
    _wait_for_backends(database)
    recorded = {notification.originator_id: notification.id for notification in log(store)}

    assert acknowledged
    for key, position in acknowledged.items():
        assert recorded[f"note:{key}"] == int(position)
    with closing(database.owner()) as owner:
        keys = owner.execute("select 'note:' || key, last_position from store.idempotency").fetchall()
    assert dict(keys) == recorded
    for number in range(20):
        again = write(store, number)
        assert again.position == recorded.get(f"note:{number}", again.position)
    assert log(store)


HOLD = """
import sys
from infra.database import Database, DatabaseRole
from tests.infra.notes import NOTE
database = Database(*sys.argv[1:])
connection = database.connect(DatabaseRole.APP)
connection.execute(
    "select store.append(array['note:1'], array[1], array['note.noted.v1'], array[gen_random_uuid()], array['{}'],"
    " array['{}'::bytea], array['note:1'], array[0], 'note:1', 1, null, 'a client', '1', 'body')"
)
print("appended", flush=True)
sys.stdin.read()
"""


def test_a_writer_killed_before_its_commit_leaves_nothing(store: CaseStore, database: Database) -> None:
    """Neither event nor key, and the lock is free again."""
    command = [sys.executable, "-c", HOLD, as_writer(database), database.prefix]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "appended\n"
        writer.kill()
    _wait_for_backends(database)

    assert store.head() == 0
    assert store.answered(request("1")) is None
    assert write(store, 1).position == 3


def test_a_writer_killed_after_its_commit_is_answered_when_it_asks_again(store: CaseStore, database: Database) -> None:
    """The receipt that it never saw is the one that it gets."""
    with start_writer(database, range(1, 100_000)) as writer:
        assert writer.stdout
        writer.stdout.readline()
        writer.kill()
    _wait_for_backends(database)
    head = store.head()
    receipt = store.answered(request("1"))

    assert receipt == write(store, 1)
    assert store.head() == head


def test_a_writer_killed_while_it_waits_for_its_turn_leaves_all_or_nothing(
    store: CaseStore, database: Database
) -> None:
    """The server may finish what it was asked, though nobody listens any more."""
    with closing(database.owner()) as holder:
        holder.execute("select pg_advisory_xact_lock(1464157522, 1)")
        with start_writer(database, range(1, 2)) as writer:
            with closing(database.owner(autocommit=True)) as owner:
                while not owner.execute(
                    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
                ).fetchone():
                    sleep(0.01)
            writer.kill()
        assert store.head() == 0
    _wait_for_backends(database)
    head = store.head()

    assert len(log(store)) == head
    assert head in {0, 3}
    assert (store.answered(request("1")) is None) == (head == 0)
    assert write(store, 1).position == 3
    assert store.head() == 3


def _wait_for_backends(database: Database) -> None:
    """Wait until the server has noticed that its clients are gone: until then it may do what they still asked."""
    with closing(database.owner(autocommit=True)) as owner:
        while owner.execute(
            "select 1 from pg_stat_activity where datname = current_database() and application_name = %s", (WRITER,)
        ).fetchone():
            sleep(0.01)
