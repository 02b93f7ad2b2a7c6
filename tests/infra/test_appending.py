"""Is what one caller is answered true, whoever else is in their batch and whenever the connection breaks?"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Event
from time import sleep
from typing import Any

import pytest
from eventsourcing.persistence import DataError, IntegrityError, OperationalError, StoredEvent

from domain.basis import StreamId
from infra import groupcommit
from infra.appending import (
    Append,
    Idempotency,
    IdempotencyKeyReused,
    Receipt,
    StoredFact,
    record_together,
    to_append,
)
from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.failures import EventAlreadyRecorded, VersionConflict
from tests.infra.notes import NOTE, noted, request
from tests.infra.relay import relay
from tests.keyring import KEYRING

A, B, C, D = (StreamId(f"note:{key}") for key in "abcd")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Yield a connection of the application."""
    with closing(database.connect(DatabaseRole.APP, autocommit=True)) as connection:
        yield connection


def fact(stream: StreamId, version: int, **more: Any) -> StoredFact:  # noqa: ANN401 - any field
    """Return a fact to store."""
    return StoredFact(originator_id=stream, originator_version=version, topic="note.noted.v1", state=b"{}", **more)


def streams(connection: Connection) -> list[str]:
    """Return the streams of all that is recorded, checked to be dense."""
    rows = connection.execute("select position, stream from store.events order by position").fetchall()
    assert [position for position, _ in rows] == list(range(1, len(rows) + 1))
    return [stream for _, stream in rows]


# --- a batch ----------------------------------------------------------------------------------------------------------


def test_each_in_a_batch_gets_its_own_receipt(connection: Connection) -> None:
    """Positions in the order of the requests, and of the events of each."""
    batch = [
        to_append([fact(A, 1), fact(B, 1), fact(A, 2)], {A: 0, B: 0}, request("k"), A, "NT-1"),
        to_append([fact(C, 1)]),
        to_append([fact(D, 1), fact(D, 2)], idempotency=request("l")),
    ]
    answers = record_together(connection, batch, again=False)

    assert answers == [batch[0].receipt(3), batch[1].receipt(4), batch[2].receipt(6)]
    assert (batch[0].version, batch[0].number, batch[2].version) == (2, "NT-1", 2)
    assert streams(connection) == [A, B, A, C, D, D]
    assert record_together(connection, batch[::2], again=False) == answers[::2]


@pytest.mark.parametrize("place", range(3))
def test_who_is_refused_is_so_alone(connection: Connection, place: int) -> None:
    """Wherever they stand in the batch, and for whichever reason: the neighbours are recorded, densely."""
    known = fact(A, 1)
    record_together(connection, [to_append([known], idempotency=request("k"))], again=False)
    refused: dict[str, tuple[Append, type[Exception]]] = {
        "conflict": (to_append([fact(A, 1)]), VersionConflict),
        "a gap": (to_append([fact(B, 2)]), VersionConflict),
        "moved on": (to_append([fact(B, 1)], {A: 0}), VersionConflict),
        "twice": (to_append([known]), EventAlreadyRecorded),
        "another": (to_append([fact(B, 1)], idempotency=request("k", "other")), IdempotencyKeyReused),
    }
    for name, (bad, reason) in refused.items():
        before = streams(connection)
        good = [to_append([fact(StreamId(f"note:{name} {n}"), 1)], idempotency=request(f"{name} {n}")) for n in (1, 2)]
        batch = [*good[:place], bad, *good[place:]]
        answers = record_together(connection, batch, again=False)

        assert type(answers[place]) is reason
        assert answers[:place] + answers[place + 1 :] == [
            good[0].receipt(len(before) + 1),
            good[1].receipt(len(before) + 2),
        ]
        assert streams(connection) == [*before, good[0].stream, good[1].stream]


def test_a_repeated_request_is_answered_as_the_first_time_among_new_ones(connection: Connection) -> None:
    """Though it decides otherwise now; its key and not its events tells."""
    first = to_append([fact(A, 1), fact(A, 2)], idempotency=request("k"))
    record_together(connection, [first], again=False)
    batch = [to_append([fact(B, 1)]), to_append([fact(C, 1)], idempotency=request("k")), to_append([fact(D, 1)])]

    answers = record_together(connection, batch, again=False)

    assert answers == [batch[0].receipt(3), first.receipt(2), batch[2].receipt(4)]
    assert streams(connection) == [A, A, B, D]


def test_a_hint_that_is_not_true_does_no_harm(connection: Connection) -> None:
    """The function believes its caller in nothing that it can check."""
    for follows in (1, 2, 3, -1):
        refused = connection.execute(
            "select obstacles, details from store.append_batch("
            "array['x', 'y'], array[1, 3], array[null, %s]::integer[],"
            " array['t', 't'], array[gen_random_uuid(), gen_random_uuid()], array['{}', '{}'], array['', '']::bytea[],"
            " '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
            (follows,),
        ).fetchone()
        assert refused == (["conflict"], ["y is at version 0, not 2"])
    assert streams(connection) == []


def test_an_event_that_is_twice_in_a_request_is_refused() -> None:
    """Before anything is sent."""
    twin = fact(A, 1)
    with pytest.raises(EventAlreadyRecorded, match=str(twin.event_id)):
        to_append([twin, replace(twin, originator_version=2)])


def test_an_id_that_another_stream_has_used_is_refused(connection: Connection, database: Database) -> None:
    """By the table itself."""
    known = fact(A, 1)
    record_together(connection, [to_append([known])], again=False)
    store = CaseStore(database, [NOTE])
    with pytest.raises(EventAlreadyRecorded):
        store.recorder.append([fact(B, 1, event_id=known.event_id)])


# --- through the queue ------------------------------------------------------------------------------------------------


def together(store: CaseStore, database: Database, batch: list[list[StoredEvent]]) -> list[Receipt | Exception]:
    """Ask for all of *batch* while nobody can append, so that they go together; return what each was answered."""

    def ask(events: list[StoredEvent]) -> Receipt | Exception:
        try:
            return store.recorder.append(events)
        except Exception as error:  # noqa: BLE001 - it is the answer
            return error

    with ThreadPoolExecutor(len(batch) + 1) as threads:
        with closing(database.owner()) as holder:
            holder.execute("select pg_advisory_xact_lock(1464157522, 1)")
            first = threads.submit(ask, [fact(StreamId("note:first"), 1)])
            while not holder.execute("select from pg_locks where locktype = 'advisory' and not granted").rowcount:
                sleep(0.01)
            answers = [threads.submit(ask, events) for events in batch]
            while store.recorder._commits._unanswered <= len(batch):  # noqa: SLF001
                sleep(0.01)
        first.result()
        return [answer.result() for answer in answers]


BAD: dict[str, tuple[StoredEvent, type[Exception]]] = {
    "NUL": (replace(fact(A, 1), topic="a\0b"), DataError),
    "surrogate": (replace(fact(A, 1), topic="\ud800"), UnicodeEncodeError),
    "too long": (fact(StreamId("x" * 300), 1), IntegrityError),
    "no JSON": (fact(A, 1, metadata="{"), DataError),
    "too large a version": (fact(A, 2**40), DataError),
}


@pytest.mark.parametrize("name", BAD)
def test_an_event_that_cannot_be_stored_fails_its_caller_alone(database: Database, name: str) -> None:
    """With an exception of the library that its callers know; the neighbours are recorded."""
    bad, reason = BAD[name]
    store = CaseStore(database, [NOTE])
    answers = together(store, database, [[fact(B, 1)], [bad], [fact(C, 1)]])

    assert type(answers[1]) is reason
    assert all(isinstance(answer, Receipt) for answer in answers[::2])
    assert store.head() == 3


def test_a_task_records_as_a_thread_does(database: Database) -> None:
    """The same receipt, the same exceptions."""
    store = CaseStore(database, [NOTE])

    async def record() -> Receipt:
        return await store.record(store.prepare([noted(A, 1)]), expected={A: 0}, idempotency=request("k"))

    receipt = asyncio.run(record())

    assert receipt.position == 1
    assert asyncio.run(record()) == receipt == store.answered(request("k"))
    with pytest.raises(VersionConflict):
        asyncio.run(store.record(store.prepare([noted(A, 1)]), expected={A: 0}))


def test_many_who_record_at_once_cause_few_commits(database: Database) -> None:
    """One notification each, and one transaction: that is what it is for."""
    store = CaseStore(database, [NOTE])
    with closing(store.recorder.listen()) as listening:
        together(store, database, [[fact(StreamId(f"note:{n}"), 1)] for n in range(20)])
        told = list(listening.notifies(timeout=0.5))
        transactions = listening.execute("select count(distinct xmin::text) from store.events").fetchone()

    assert transactions == (2,)
    assert len(told) == 2


# --- the connection breaks --------------------------------------------------------------------------------------------


class Cutter:
    """Cuts a connection once: an append on its way to the server, or the answer to one."""

    def __init__(self, *, answers: bool) -> None:
        """Cut when the answer comes back, or else before the server hears of it."""
        self.answers = answers
        self.asked = Event()
        self.cut = Event()

    def __call__(self, answers: bool, data: bytes) -> bool:  # noqa: FBT001
        """Tell whether to cut now."""
        if not answers and b"note.noted.v1" in data:
            self.asked.set()
        if self.cut.is_set() or not self.asked.is_set() or answers is not self.answers:
            return False
        self.cut.set()
        return True


@pytest.mark.parametrize("answers", [True, False], ids=["after the commit", "before it"])
@pytest.mark.parametrize("key", [None, request("k")], ids=["without a key", "with a key"])
def test_what_was_recorded_is_neither_lost_nor_doubled_when_the_connection_breaks(
    database: Database,
    answers: bool,  # noqa: FBT001 - a parameter of the test
    key: Idempotency | None,
) -> None:
    """The caller does not notice: the queue sends the same again, and finds out."""
    cutter = Cutter(answers=answers)
    with relay(database.url, cutter) as url, Database(url, database.prefix, keyring=KEYRING) as breaking:
        receipt = CaseStore(breaking, [NOTE]).record_now(
            [noted(A, 1), noted(B, 1), noted(A, 2)], expected={A: 0, B: 0}, idempotency=key
        )

    assert cutter.cut.is_set()
    assert (receipt.position, receipt.version, len(receipt.event_ids)) == (3, 2, 3)
    assert CaseStore(database, [NOTE]).head() == 3


def test_a_conflict_is_one_also_after_the_connection_broke(database: Database) -> None:
    """It was never recorded."""
    CaseStore(database, [NOTE]).record_now([noted(A, 1)], expected={})
    with relay(database.url, Cutter(answers=True)) as url, Database(url, database.prefix, keyring=KEYRING) as breaking:
        store = CaseStore(breaking, [NOTE])
        with pytest.raises(VersionConflict):
            store.record_now([noted(A, 1)], expected={A: 0})
    assert CaseStore(database, [NOTE]).head() == 1


def test_a_server_that_stays_away_leaves_open_what_was_recorded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the caller is told so; a repeat with the same key finds out."""
    monkeypatch.setattr(groupcommit, "RECONNECT_SECONDS", 0.3)
    cutter = Cutter(answers=True)

    def away(answers: bool, data: bytes) -> bool:  # noqa: FBT001
        return cutter.cut.is_set() or cutter(answers, data)

    with relay(database.url, away) as url, Database(url, database.prefix, keyring=KEYRING) as breaking:
        store = CaseStore(breaking, [NOTE])
        with pytest.raises(OperationalError, match="not known"):
            store.record_now([noted(A, 1)], expected={A: 0}, idempotency=request("k"))
        with pytest.raises(OperationalError, match="nothing of this"):
            store.record_now([noted(B, 1)], expected={B: 0})
    again = CaseStore(database, [NOTE])

    assert again.record_now([noted(A, 1)], expected={A: 0}, idempotency=request("k")).position == 1
    assert again.head() == 1


# --- the release before this one --------------------------------------------------------------------------------------

OLD = (
    "select first_position, last_position, repeated from store.append(%s::text[], %s::integer[], %s::text[],"
    " %s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::integer[], %s, %s, %s, %s, %s, %s)"
)


def test_the_release_before_this_one_can_still_append(database: Database) -> None:
    """While this one is rolled out both record: by one function, under one lock."""
    ids = [fact(A, 1).event_id for _ in range(4)]

    def old(versions: list[int], key: str | None = None, expected: int = 0, body: bytes = b"body") -> tuple[Any, ...]:
        columns = ([A] * len(versions), versions, ["t"] * len(versions), [ids[n - 1] for n in versions])
        more = (["{}"] * len(versions), [b""] * len(versions), [A], [expected], A, 2, "NT-1")
        found: tuple[Any, ...] | None = app.execute(
            OLD, (*columns, *more, key and "a client", key, key and body)
        ).fetchone()
        assert found is not None
        return found

    with closing(database.connect(DatabaseRole.APP, autocommit=True)) as app:
        assert old([1, 2], "k") == (1, 2, False)
        assert old([1, 2], "k") == (1, 2, True)
        assert old([3], expected=2) == (3, 3, False)
        for given, state in [
            ({"versions": [4], "key": "k", "expected": 3, "body": b"another"}, "WB002"),
            ({"versions": [3], "expected": 2}, "WB003"),
            ({"versions": [4], "expected": 2}, "WB001"),
        ]:
            with pytest.raises(Exception, match=r".") as refused:
                old(**given)  # type: ignore[arg-type]
            assert getattr(refused.value, "sqlstate", None) == state
    store = CaseStore(database, [NOTE])

    assert store.head() == 3
    assert store.answered(request("k")) == Receipt(
        stream=A, number="NT-1", position=2, version=2, event_ids=tuple(ids[:2]), topics=("t", "t")
    )
