"""Does a history get into the log whole, once, and the same however often it was stopped?"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.kinds import KINDS
from domain.threat_case import THREAT_CASE, ReportThreat, ThreatReported
from domain.values import AMSTERDAM, Marked, Sensitivity, with_marked
from infra.database import Database
from infra.eventstore import CaseStore
from infra.identity import Caller
from infra.opaque import Opaque
from infra.registers import public_bodies
from services.app import now
from services.cases.handling import Handling, Request
from services.demo.cast import CAST
from services.demo.public_record import record_public_facts
from services.history.arrivals import Parameters, history
from services.history.recording import CHUNK, CLIENT, HistoryError, begun, record
from tests.conftest import Installation
from tests.contract.examples import body
from tests.dumped import dumped
from tests.keyring import KEYRING, keys_file
from tests.log_of import log_of, whole_log_of
from tests.tampering import tampering

SMALL = Parameters(years=2, scale=0.002, seed=7, until=date(2026, 11, 21))
"""Some hundreds of events."""
LONG = Parameters(years=4, scale=0.015, seed=7, until=date(2026, 11, 21))
"""Several chunks."""


def handling(store: CaseStore) -> Handling:
    """Return what handles commands of the API."""
    return Handling(store=store, kinds=KINDS, bodies=public_bodies(), opaque=Opaque(b"0" * 32))


def report(store: CaseStore) -> str:
    """Report a threat through the API's own door; return its number."""
    command = ReportThreat.model_validate(body(ReportThreat))
    receipt = handling(store).handle_now(
        THREAT_CASE, Request(command=command, caller=Caller(actor=CAST["support-team"]))
    )
    return str(receipt.number)


# --- whole, and once --------------------------------------------------------------------------------------------------


def test_the_log_holds_what_is_told(store: CaseStore) -> None:
    """Every event as it was told, in order, after the public record; and each stream loads."""
    before = record_public_facts(handling(store))
    told = record(store, SMALL, public_bodies())
    events = [event for step in history(SMALL, public_bodies()).told() for event in step]

    assert whole_log_of(store)[before:] == events
    assert (told.events, told.recorded) == (len(events), len(events))
    kinds = {kind.name: kind for kind in KINDS}
    as_rules_see_them = [recorded.event for recorded in log_of(store)[before:]]
    for stream in {event.originator_id for event in events}:
        kind = kinds[stream.partition(":")[0]]
        loaded = store.load(kind, kind.stream(stream.partition(":")[2]))
        assert loaded.state == kind.replay(event.fact for event in as_rules_see_them if event.originator_id == stream)


def test_no_dump_of_the_database_holds_what_a_history_tells_of_anybody(database: Database, store: CaseStore) -> None:
    """Its names, addresses, telephone numbers and words; though all of them can be opened."""
    told: set[str] = set()

    def note(marked: Marked) -> Any:  # noqa: ANN401 - whatever the field holds
        if marked.mark is Sensitivity.PERSONAL:
            told.add(str(marked.value))
        return marked.value

    record(store, SMALL, public_bodies())
    for event in whole_log_of(store):
        with_marked(event.fact, note)
    dump = dumped(database.url)

    assert len(told) > 100
    assert "threat_case.reported.v1" in dump
    assert [words for words in told if words in dump] == []


def test_a_history_that_is_there_is_not_recorded_again(store: CaseStore) -> None:
    """Also after others have gone on from there."""
    first = record(store, SMALL, public_bodies())
    report(store)
    head = store.head()
    again = record(store, SMALL, public_bodies())

    assert (first.recorded, again.recorded) == (first.events, 0)
    assert again.events == first.events
    assert store.head() == head
    assert begun(store) == SMALL


def test_numbers_go_on_where_the_history_ended(store: CaseStore) -> None:
    """The next threat that somebody reports this year gets the next number of this year."""
    until_now = Parameters(years=1, scale=0.01, seed=7, until=now().astimezone(AMSTERDAM).date())
    record(store, until_now, public_bodies())
    given = {
        event.fact.number
        for event in (entry.event for entry in log_of(store))
        if isinstance(event.fact, ThreatReported)
    }
    number = report(store)
    of_this_year = [int(other[-6:]) for other in given if other[:-6] == number[:-6]]

    assert int(number[-6:]) == max(of_this_year, default=0) + 1


# --- stopped, and gone on ---------------------------------------------------------------------------------------------


class StoppedError(Exception):
    """Somebody has pressed Ctrl-C."""


@contextmanager
def another(installation: Installation, name: str) -> Iterator[CaseStore]:
    """Open one more migrated database."""
    with (
        installation.database(name, template=installation.template) as url,
        Database(url, installation.prefix, keyring=KEYRING) as database,
    ):
        yield CaseStore(database, KINDS)


def test_a_history_that_was_stopped_goes_on_to_the_same_log(
    store: CaseStore, installation: Installation, new_name: Callable[[], str]
) -> None:
    """Stopped after one chunk and then after another, it holds in the end what it holds in one go."""

    def stop_after(chunks: int) -> Callable[[date], None]:
        seen = iter(range(chunks))

        def tell(_: date) -> None:
            if next(seen, None) is None:
                raise StoppedError

        return tell

    for chunks in (0, 1):
        with pytest.raises(StoppedError):
            record(store, LONG, public_bodies(), stop_after(chunks))
    gone_on = record(store, LONG, public_bodies())
    with another(installation, new_name()) as other:
        at_once = record(other, LONG, public_bodies())

        assert 0 < gone_on.recorded < gone_on.events == at_once.recorded
        assert gone_on.events > 3 * CHUNK
        assert whole_log_of(store) == whole_log_of(other)


def test_a_history_that_was_killed_goes_on(database: Database, store: CaseStore, tmp_path: Path) -> None:
    """With ``kill -9`` in the middle of it, by the very same command."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WEERBAAR_")} | {
        "WEERBAAR_DATABASE_URL": database.url,
        "WEERBAAR_ROLE_PREFIX": database.prefix,
        "WEERBAAR_DATA_DIR": str(tmp_path),
        "WEERBAAR_KEYS_FILE": str(keys_file(tmp_path)),
    }
    options = [f"--{name}={value}" for name, value in LONG.model_dump(mode="json").items()]
    command = [sys.executable, "-m", "services.cli", "generate", *options]
    killed = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 60
    while not store.recorder.recorded_by(CLIENT):
        assert time.monotonic() < deadline
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(60)
    left = store.head()
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout
    events = [event for step in history(LONG, public_bodies()).told() for event in step]

    assert CHUNK <= left < len(events)
    assert whole_log_of(store) == events
    assert f"Recorded {len(events):,} events ({left:,} of them before)" in said


# --- refused ----------------------------------------------------------------------------------------------------------


def test_nothing_is_generated_into_a_log_with_cases(store: CaseStore) -> None:
    """They would be taken for each other."""
    report(store)

    with pytest.raises(HistoryError, match="holds something else"):
        record(store, SMALL, public_bodies())
    assert store.head() == 1


def test_another_history_is_not_begun_beside_the_first(store: CaseStore) -> None:
    """Whatever it is in which they differ."""
    record(store, SMALL, public_bodies())
    head = store.head()
    for change in ({"seed": 8}, {"years": 3}, {"scale": 0.003}, {"until": date(2026, 11, 20)}):
        with pytest.raises(HistoryError, match="another history was begun"):
            record(store, SMALL.model_copy(update=change), public_bodies())
    assert store.head() == head


def test_what_others_record_in_between_stops_it(store: CaseStore) -> None:
    """Before it goes on, or while it is at it: its case numbers would no longer be the next ones."""
    reported: list[str] = []

    def tell(_: date) -> None:
        if not reported:
            reported.append(report(store))

    with pytest.raises(HistoryError, match="somebody else records"):
        record(store, LONG, public_bodies(), tell)
    with pytest.raises(HistoryError, match="holds something else"):
        record(store, LONG, public_bodies())
    assert reported


def test_a_case_number_that_was_taken_in_between_stops_it(store: CaseStore) -> None:
    """Somebody may be about to record a case with it; nothing of the chunk is recorded."""
    store.next_number(THREAT_CASE, SMALL.start.year)

    with pytest.raises(HistoryError, match="somebody else records"):
        record(store, SMALL, public_bodies())
    assert store.head() == 0
    assert store.next_number(THREAT_CASE, SMALL.start.year).endswith("-000002")


def test_a_history_of_another_release_is_not_gone_on_with(store: CaseStore, database: Database) -> None:
    """What it would tell does not follow from what is there."""
    with pytest.raises(StoppedError):
        record(store, LONG, public_bodies(), _stop)
    with tampering(database) as connection:
        connection.execute("update store.idempotency set fingerprint = 'x'")

    with pytest.raises(HistoryError, match="tells it otherwise"):
        record(store, LONG, public_bodies())


def _stop(_: date) -> None:
    raise StoppedError
