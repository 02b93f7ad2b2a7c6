"""Does the recorder keep the library's contract, and does a subscriber miss nothing?"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from threading import Timer
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
import pytest
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.tests import persistence as library

from domain.basis import StreamId
from infra.appending import Idempotency, IdempotencyKeyReused
from infra.database import Database
from infra.failures import translated
from infra.recorder import (
    POLL_SECONDS,
    Answered,
    FactNotification,
    FactRecorder,
    LogMovedOn,
)
from tests.keyring import KEYRING


class NumberedFromZero(FactRecorder):
    """Numbers versions from 0, as the library's test cases do; its aggregates and our streams count from 1."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:  # noqa: ANN401
        """Record each event at the next higher version."""
        return super().insert_events([_moved(event, 1) for event in stored_events], **kwargs)

    def select_events(self, originator_id: UUID | str, **kwargs: Any) -> Sequence[FactNotification]:  # noqa: ANN401
        """Return each event at the next lower version."""
        return [_moved(event, -1) for event in super().select_events(originator_id, **kwargs)]

    def select_notifications(self, *args: Any, **kwargs: Any) -> Sequence[FactNotification]:  # noqa: ANN401
        """Return each event at the next lower version, with the id that it was given."""
        return [_moved(event, -1) for event in super().select_notifications(*args, **kwargs)]


def _moved(event: Any, by: int) -> Any:  # noqa: ANN401
    identified = UUID(event.originator_id) if by < 0 else str(event.originator_id)
    return replace(event, originator_id=identified, originator_version=event.originator_version + by)


class TestLibraryContract(library.ApplicationRecorderTestCase[FactRecorder]):
    """The library's own test case for recorders."""

    INITIAL_VERSION = 0

    @pytest.fixture(autouse=True)
    def _database(self, database: Database) -> None:
        self.database = database

    def create_recorder(self) -> FactRecorder:
        """Return the recorder under test."""
        return NumberedFromZero(self.database)

    def test_insert_subscribe(self) -> None:
        """Subscriptions, which the library leaves to each recorder to have tested."""
        self.optional_test_insert_subscribe()


@pytest.fixture
def recorder(database: Database) -> FactRecorder:
    """Return a recorder on a fresh database."""
    return FactRecorder(database)


def record(recorder: FactRecorder, *streams: str) -> None:
    """Record the first event of each stream."""
    recorder.insert_events([StoredEvent(stream, 1, f"topic of {stream}", b"state") for stream in streams])


def test_a_plain_event_of_the_library_gets_an_identifier(recorder: FactRecorder) -> None:
    """It is unique, and comes back with the moment of recording."""
    record(recorder, "a", "b")
    first, second = recorder.select_notifications(start=None, limit=10)

    assert first.event_id != second.event_id
    assert first.metadata == "{}"
    assert recorder.select_events("a") == [first]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (InterfaceError, psycopg.InterfaceError),
        (OperationalError, psycopg.OperationalError),
        (OperationalError, psycopg.errors.AdminShutdown),
        (DataError, psycopg.DataError),
        (IntegrityError, psycopg.errors.UniqueViolation),
        (InternalError, psycopg.InternalError),
        (ProgrammingError, psycopg.errors.InsufficientPrivilege),
        (NotSupportedError, psycopg.NotSupportedError),
        (DatabaseError, psycopg.DatabaseError),
        (PersistenceError, psycopg.Error),
    ],
)
def test_errors_of_the_driver_become_those_of_the_library(ours: type[Exception], theirs: type[psycopg.Error]) -> None:
    """Callers need not know which driver is used."""
    error = theirs("why")
    with pytest.raises(ours, match="why") as caught, translated():
        raise error
    assert type(caught.value) is ours


def test_an_append_on_a_lost_connection_goes_by_another_one(recorder: FactRecorder, database: Database) -> None:
    """Its caller does not notice, and it is recorded once."""
    record(recorder, "a")
    with closing(database.owner(autocommit=True)) as owner:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    record(recorder, "b")

    with closing(database.owner()) as owner:
        assert owner.execute("select stream from store.events order by position").fetchall() == [("a",), ("b",)]


def test_an_append_is_told_of_once(recorder: FactRecorder) -> None:
    """One notification for each commit, however many events, and no position that anybody could read in passing."""
    with closing(recorder.listen()) as connection:
        record(recorder, "a", "b", "c")
        record(recorder, "d")
        told = [notify.payload for notify in connection.notifies(timeout=0.2)]

    assert told == ["", ""]


# --- chunks of a history ----------------------------------------------------------------------------------------------

CHUNK = [StoredEvent("x", 1, "topic of x", b"state"), StoredEvent("x", 2, "topic of x", b"state")]
KEY = Idempotency("a history", "its first chunk", b"fingerprint")


def test_a_chunk_comes_right_after_what_is_there_and_gives_out_its_numbers(recorder: FactRecorder) -> None:
    """The next ones of each prefix and year; whoever asks then gets those after them."""
    record(recorder, "a")
    recorder.next_number("DR", 2026)
    last = recorder.append_chunk(
        CHUNK, after=1, numbers={("DR", 2026): range(2, 5), ("BA", 2025): range(1, 2)}, idempotency=KEY
    )

    assert last == 3
    assert [recorder.next_number("DR", 2026), recorder.next_number("BA", 2025)] == [5, 2]
    assert recorder.recorded_by("a history") == [Answered("its first chunk", b"fingerprint", 2, 3)]
    assert recorder.recorded_by("another") == []


def test_a_chunk_is_recorded_once(recorder: FactRecorder) -> None:
    """Also by whoever lost the connection at the commit; its numbers are not given out again."""
    numbers = {("DR", 2026): range(1, 3)}
    once = recorder.append_chunk(CHUNK, after=0, numbers=numbers, idempotency=KEY)
    again = recorder.append_chunk(CHUNK, after=0, numbers=numbers, idempotency=KEY)

    assert once == again == recorder.max_notification_id()
    assert recorder.next_number("DR", 2026) == 3
    with pytest.raises(IdempotencyKeyReused):
        recorder.append_chunk(CHUNK, after=2, numbers={}, idempotency=replace(KEY, fingerprint=b"of something else"))


@pytest.mark.parametrize(
    ("after", "numbers"), [(0, range(2, 4)), (2, range(2, 4)), (1, range(1, 3)), (1, range(3, 5))], ids=str
)
def test_a_chunk_that_is_not_the_next_leaves_no_trace(recorder: FactRecorder, after: int, numbers: range) -> None:
    """Somebody else has recorded something, or was given a number: neither events, nor numbers, nor a key."""
    record(recorder, "a")
    recorder.next_number("DR", 2026)
    with pytest.raises(LogMovedOn):
        recorder.append_chunk(CHUNK, after=after, numbers={("DR", 2026): numbers}, idempotency=KEY)

    assert recorder.max_notification_id() == 1
    assert recorder.next_number("DR", 2026) == 2
    assert recorder.recorded_by("a history") == []


def test_there_is_no_chunk_of_nothing(recorder: FactRecorder) -> None:
    """No position could be told for it."""
    with pytest.raises(ValueError, match="nothing to record"):
        recorder.append_chunk([], after=0, numbers={}, idempotency=KEY)


def test_a_log_tells_whether_it_holds_other_streams(recorder: FactRecorder) -> None:
    """An empty one holds none."""
    empty = recorder.holds_more_than(StreamId("a"))
    record(recorder, "a")
    only_a = recorder.holds_more_than(StreamId("a"))
    record(recorder, "b")

    assert (empty, only_a, recorder.holds_more_than(StreamId("a"))) == (False, False, True)


# --- subscriptions ----------------------------------------------------------------------------------------------------


def test_a_subscriber_hears_at_once_of_what_is_appended(recorder: FactRecorder) -> None:
    """By notification, long before it would have looked by itself."""
    with recorder.subscribe() as subscription:
        record(recorder, "a")
        assert next(subscription).originator_id == "a"
        begun = monotonic()
        record(recorder, "b")
        assert next(subscription).originator_id == "b"

        assert monotonic() - begun < POLL_SECONDS / 2


def test_a_subscriber_looks_by_itself_when_a_notification_is_lost(recorder: FactRecorder, database: Database) -> None:
    """A notification is a hint; the table is the truth."""
    with closing(database.owner(autocommit=True)) as owner, recorder.subscribe() as subscription:
        record(recorder, "a")
        next(subscription)
        definition = owner.execute("select pg_get_functiondef('store.append_batch'::regproc)").fetchone()
        assert definition is not None
        owner.execute(definition[0].replace("perform pg_notify", "-- perform pg_notify"))
        begun = monotonic()
        record(recorder, "b")

        assert next(subscription).originator_id == "b"
        assert monotonic() - begun < 1


def test_a_subscriber_reads_on_after_a_position_and_its_topics_only(recorder: FactRecorder) -> None:
    """Whoever was interrupted goes on where they were."""
    record(recorder, "a", "b", "c", "b2")
    with recorder.subscribe(gt=1, topics=["topic of a", "topic of b", "topic of b2"]) as subscription:
        assert [next(subscription).id, next(subscription).id] == [2, 4]


def test_a_waiting_subscriber_can_be_stopped_from_elsewhere(recorder: FactRecorder) -> None:
    """Its iteration simply ends."""
    with recorder.subscribe() as subscription:
        Timer(0.1, subscription.stop).start()

        assert list(subscription) == []


def test_a_subscriber_that_loses_its_connection_says_so(recorder: FactRecorder, database: Database) -> None:
    """Rather than to wait for ever."""
    record(recorder, "a")
    with closing(database.owner(autocommit=True)) as owner, recorder.subscribe() as subscription:
        next(subscription)
        owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'")

        with pytest.raises(OperationalError):
            next(subscription)


def test_a_subscriber_that_cannot_connect_says_so(database: Database) -> None:
    """At the first event that is asked for."""
    with (
        Database(database.url, f"{database.prefix}_nobody", keyring=KEYRING) as unknown,
        FactRecorder(unknown).subscribe() as subscription,
        pytest.raises(OperationalError),
    ):
        next(subscription)
