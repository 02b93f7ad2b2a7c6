"""Is a decision recorded as a whole, once, and only if what it rests on still holds?"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from threading import Barrier
from traceback import format_exception

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, NotSupportedError, OperationalError

from domain.kinds import KINDS
from infra.database import Database, DatabaseRole
from infra.eventstore import (
    CaseStore,
    EventAlreadyRecorded,
    IdempotencyKeyReused,
    Loaded,
    Receipt,
    VersionConflict,
)
from tests.infra.notes import NOTE, Noted, Notes, noted, notes, request
from tests.keyring import KEYRING
from tests.log_of import log_of
from tests.tampering import tampering

A, B, C = (NOTE.stream(key) for key in "abc")


@pytest.fixture
def store(database: Database) -> CaseStore:
    """Return a store of notes."""
    return CaseStore(database, [NOTE])


# --- loading ----------------------------------------------------------------------------------------------------------


def test_a_stream_is_loaded_as_its_facts_add_up(store: CaseStore) -> None:
    """The events of other streams play no part."""
    store.record_now([noted(A, 1, "one"), noted(B, 1, "other"), noted(A, 2, "two")], expected={A: 0, B: 0})

    assert store.load(NOTE, A) == Loaded(A, Notes(("one", "two")), 2)
    assert store.load(NOTE, A, version=1) == Loaded(A, Notes(("one",)), 1)


def test_an_unknown_stream_is_empty_at_version_0(store: CaseStore) -> None:
    """So that a creating command is decided like any other."""
    assert store.load(NOTE, A) == Loaded(A, Notes(), 0)


def test_a_stream_is_loaded_as_its_own_kind(store: CaseStore) -> None:
    """The facts of one kind mean nothing to another."""
    with pytest.raises(ValueError, match="note:a is not a stream of the kind memo"):
        store.load(replace(NOTE, name="memo"), A)


def test_the_environment_configures_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library reads its settings from variables; ours come from the composition root."""
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.nothing")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")
    monkeypatch.setenv("AGGREGATE_CACHE_MAXSIZE", "10")
    another = CaseStore(database, KINDS)

    assert isinstance(another, Application)
    assert another.snapshots is None
    assert another.repository.cache is None
    with pytest.raises(NotSupportedError):
        another.factory.aggregate_recorder("snapshots")
    with pytest.raises(NotSupportedError):
        another.factory.process_recorder()


# --- recording --------------------------------------------------------------------------------------------------------


def test_a_receipt_tells_what_was_recorded_where(store: CaseStore) -> None:
    """About the stream that was asked of, also where the first event is another stream's."""
    store.record_now([noted(C, 1)], expected={C: 0})
    events = [noted(A, 1), noted(B, 1), noted(B, 2)]

    receipt = store.record_now(events, expected={A: 0, B: 0}, stream=B, number="NT-2026-000001")

    assert receipt == Receipt(
        stream=B,
        number="NT-2026-000001",
        position=4,
        version=2,
        event_ids=tuple(event.event_id for event in events),
        topics=("note.noted.v1",) * 3,
    )


def test_by_default_the_receipt_is_about_the_stream_of_the_first_event(store: CaseStore) -> None:
    """Which is the only one for most commands."""
    receipt = store.record_now(notes(A, [1, 2]), expected={A: 0})

    assert (receipt.stream, receipt.version, receipt.number) == (A, 2, None)


def test_a_stream_that_got_no_event_keeps_its_version_on_the_receipt(store: CaseStore) -> None:
    """A command may have effects elsewhere only."""
    store.record_now(notes(A, [1, 2]), expected={A: 0})

    assert store.record_now([noted(B, 1)], expected={A: 2, B: 0}, stream=A).version == 2


def test_nothing_is_not_recorded(store: CaseStore) -> None:
    """A decision without facts is a mistake of the command's."""
    with pytest.raises(ValueError, match="nothing to record"):
        store.record_now([], expected={A: 0})


def test_a_stream_that_moved_on_is_a_conflict_and_nothing_is_recorded(store: CaseStore) -> None:
    """Not even for the streams that have not."""
    store.record_now(notes(A, [1, 2]), expected={A: 0})

    with pytest.raises(VersionConflict, match="note:a is at version 2, not 1") as caught:
        store.record_now([noted(B, 1), noted(A, 2)], expected={A: 1, B: 0})
    assert isinstance(caught.value, IntegrityError)
    assert store.load(NOTE, B).version == 0
    assert store.head() == 2


def test_a_stream_that_was_only_read_is_checked_as_well(store: CaseStore) -> None:
    """The decision rests on it no less."""
    store.record_now(notes(A, [1, 2]), expected={A: 0})
    for found in (0, 1, 3):
        with pytest.raises(VersionConflict, match=f"note:a is at version 2, not {found}"):
            store.record_now([noted(B, 1)], expected={A: found, B: 0})

    assert store.record_now([noted(B, 1)], expected={A: 2, B: 0, C: 0}).position == 3


@pytest.mark.parametrize("versions", [[2], [1, 3], [1, 1], [2, 1], [0, 1], [-1]])
def test_versions_count_from_1_without_gaps(store: CaseStore, versions: list[int]) -> None:
    """Also where the caller names no expectation."""
    with pytest.raises(VersionConflict):
        store.record_now(notes(A, versions), expected={})
    assert store.head() == 0


def test_an_event_id_is_recorded_once(store: CaseStore) -> None:
    """Whoever does not know whether the first attempt succeeded learns it from the second."""
    first = noted(A, 1)
    store.record_now([first], expected={A: 0})

    with pytest.raises(EventAlreadyRecorded, match=f"already recorded: {first.event_id}"):
        store.record_now([first], expected={A: 0})
    twin = noted(B, 1)
    with pytest.raises(EventAlreadyRecorded):
        store.record_now([twin, replace(twin, originator_version=2)], expected={B: 0})
    assert store.head() == 1


def test_an_error_tells_nothing_of_the_contents(store: CaseStore) -> None:
    """The details of PostgreSQL's errors show the row that failed, and errors are logged."""
    stream = NOTE.stream("x" * 300)
    event = noted(stream, 1, "Jansen")

    with pytest.raises(IntegrityError, match="violates check constraint") as caught:
        store.record_now([event], expected={})
    told = "".join(format_exception(caught.value))
    assert "Jansen" not in told
    assert b"Jansen".hex() not in told


def test_events_are_appended_at_the_isolation_level_that_sees_the_last_commit(database: Database) -> None:
    """Under a stricter one the function would number from what it saw before it waited."""
    with closing(database.connect(DatabaseRole.APP)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute(
                "select store.append('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 's', 1, null, null, null, null)"
            )


def test_an_append_waits_its_turn_for_a_limited_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who holds the lock and does not commit holds up the others, but not for ever."""
    monkeypatch.setattr("infra.database.LOCK_TIMEOUT", "100ms")
    with Database(database.url, database.prefix, keyring=KEYRING) as impatient, closing(database.owner()) as holder:
        holder.execute("select pg_advisory_xact_lock(1464157522, 1)")
        with pytest.raises(OperationalError, match="lock timeout"):
            CaseStore(impatient, [NOTE]).record_now([noted(A, 1)], expected={A: 0})


# --- the same request twice -------------------------------------------------------------------------------------------


def test_the_same_request_twice_is_recorded_once_and_answered_alike(store: CaseStore) -> None:
    """The second may even decide otherwise: the first answer counts."""
    first = store.record_now(
        [noted(A, 1), noted(B, 1)], expected={A: 0, B: 0}, idempotency=request("k"), stream=B, number="NT-1"
    )
    store.record_now([noted(A, 2)], expected={A: 1})

    assert store.answered(request("k")) == first
    assert store.record_now([noted(A, 1)], expected={A: 0}, idempotency=request("k")) == first
    assert store.head() == 3


def test_positions_of_a_repeated_append_are_those_of_the_first_time(store: CaseStore) -> None:
    """Also through the library's own door."""
    stored = [store.mapper.to_stored_event(event) for event in notes(A, [1, 2])]

    assert store.recorder.insert_events(stored, expected={A: 0}, idempotency=request("k")) == [1, 2]
    assert store.recorder.insert_events(stored, expected={A: 0}, idempotency=request("k")) == [1, 2]


def test_a_key_that_was_not_used_has_no_answer(store: CaseStore) -> None:
    """Keys belong to one client."""
    store.record_now([noted(A, 1)], expected={A: 0}, idempotency=request("k"))

    assert store.answered(request("l")) is None
    assert store.answered(replace(request("k"), client="another client")) is None


def test_a_key_used_for_another_request_is_an_error(store: CaseStore) -> None:
    """The sender mixed up two requests; neither answer would be right."""
    store.record_now([noted(A, 1)], expected={A: 0}, idempotency=request("k", "one body"))

    with pytest.raises(IdempotencyKeyReused):
        store.answered(request("k", "another body"))
    with pytest.raises(IdempotencyKeyReused):
        store.record_now([noted(A, 2)], expected={A: 1}, idempotency=request("k", "another body"))
    assert store.head() == 1


def test_a_refused_append_uses_up_no_key(store: CaseStore) -> None:
    """The request may be sent again with the same key after a conflict."""
    with pytest.raises(VersionConflict):
        store.record_now([noted(A, 2)], expected={A: 1}, idempotency=request("k"))

    assert store.answered(request("k")) is None
    assert store.record_now([noted(A, 1)], expected={A: 0}, idempotency=request("k")).position == 1


def test_of_many_at_once_with_one_key_exactly_one_is_recorded(store: CaseStore) -> None:
    """And all get its receipt, though each would have begun a stream of its own."""
    together = Barrier(8)

    def send(n: int) -> Receipt:
        stream = NOTE.stream(str(n))
        together.wait()
        return store.record_now(notes(stream, [1, 2]), expected={stream: 0}, idempotency=request("k"))

    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(send, range(8)))

    assert receipts == [receipts[0]] * 8
    assert store.head() == 2


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_case_numbers_count_per_kind_and_year(store: CaseStore) -> None:
    """They are said aloud, so they stay short."""
    memo = replace(NOTE, name="memo", prefix="MM")
    numbers = [store.next_number(kind, year) for kind, year in ((NOTE, 2026), (NOTE, 2026), (NOTE, 2027), (memo, 2026))]

    assert numbers == ["NT-2026-000001", "NT-2026-000002", "NT-2027-000001", "MM-2026-000001"]


def test_a_kind_without_prefix_has_no_numbers(store: CaseStore) -> None:
    """Nobody says the number of an organisation aloud."""
    with pytest.raises(ValueError, match="have no numbers"):
        store.next_number(replace(NOTE, prefix=None), 2026)


def test_a_case_number_is_never_given_out_twice(store: CaseStore) -> None:
    """Also by many at once."""
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda _: store.next_number(NOTE, 2026), range(200)))

    assert sorted(numbers) == [f"NT-2026-{n:06d}" for n in range(1, 201)]


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_ends_at_its_head(store: CaseStore) -> None:
    """With the position and the moment of each event, in order."""
    events = notes(A, range(1, 6))
    store.record_now(events, expected={A: 0})
    moments = [stored.recorded_at for stored in store.recorder.select_notifications(start=None, limit=10)]

    assert moments == sorted(moments)
    assert all(moment.tzname() == "UTC" for moment in moments)
    assert [(recorded.position, recorded.event) for recorded in log_of(store)] == list(enumerate(events, 1))
    assert store.head() == 5


def test_an_older_topic_is_loaded_through_its_upcast(store: CaseStore, database: Database) -> None:
    """History is not rewritten when a shape changes."""
    store.record_now([noted(A, 1, "one")], expected={A: 0})
    with tampering(database) as owner:
        owner.execute("update store.events set topic = 'note.noted.v0', state = '{\"words\": \"one\"}'")
    newer = CaseStore(database, [NOTE], upcasts={"note.noted.v0": lambda shape: {"text": shape["words"]}})

    assert newer.load(NOTE, A).state == Notes(("one",))
    assert log_of(newer)[0].event.fact == Noted(text="one")
