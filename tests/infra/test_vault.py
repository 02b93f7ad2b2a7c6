"""Is what is sealed there for as long as its keys are, and gone for ever with them?"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from threading import Barrier, Event
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.basis import StreamId
from domain.kinds import KINDS
from domain.values import ERASED, Sealed
from infra.database import Database, DatabaseRole
from infra.events import Event as Recorded
from infra.eventstore import CaseStore, Forgotten, VersionConflict
from infra.keyring import FileKeyring, KeyringError, fresh_file, new_file
from infra.migrate import migrate
from infra.sealing import NotSealedHere
from infra.vault import Vault, opened
from services.projections import worklist
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.views import INSTALLING
from services.transparency.writer import LOCK as WRITING
from tests.conftest import Installation
from tests.infra.confidences import CONFIDENCE, Confided, confided, record, somebody, start
from tests.log_of import whole_log_of
from tests.network import projector_store
from tests.programs import run
from tests.services.projections.network import TEAM, Network, a_threat
from tests.services.projections.network import rows as rows_of
from tests.tampering import tampering

A, B = CONFIDENCE.stream("a"), CONFIDENCE.stream("b")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return the path of a file with a first key-encryption key."""
    new_file(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def database(installation: Installation, database: Database, keys: Path) -> Iterator[Database]:
    """Yield the database of the test, with keys in a file of its own."""
    with Database(database.url, installation.prefix, keyring=FileKeyring(keys)) as mine:
        yield mine


@pytest.fixture
def store(database: Database) -> CaseStore:
    """Return the store as a process has it."""
    return CaseStore(database, [CONFIDENCE])


def anew(database: Database, keys: Path) -> Database:
    """Return the same database as a process finds it that is only just starting."""
    return Database(database.url, database.prefix, keyring=FileKeyring(keys))


def told(store: CaseStore, stream: StreamId = A) -> list[Confided]:
    """Return the facts of *stream* with all that opens in them."""
    recorded = store.opened([store.mapper.to_domain_event(stored) for stored in store.recorder.select_events(stream)])
    return [event.fact for event in recorded if isinstance(event.fact, Confided)]


def names(store: CaseStore, stream: StreamId = A) -> list[str | None]:
    """Return who told something in *stream*, as far as it opens."""
    return [fact.teller.name for fact in told(store, stream)]


def told_by(event: Recorded) -> set[str]:
    """Return the first words of the names in an event."""
    fact = event.fact
    assert isinstance(fact, Confided)
    return {str(person.name).split()[0] for person in (fact.teller, *fact.about)}


def stored(database: Database) -> list[tuple[Any, ...]]:
    """Return the log as it stands in the database."""
    with closing(database.owner()) as connection:
        return connection.execute("select * from store.events order by position").fetchall()


def kept(database: Database, table: str) -> list[tuple[Any, ...]]:
    """Return whose keys there are in *table*, under which epoch, and whether they are still there."""
    owner = "stream" if table == "case_keys" else "subject"
    with closing(database.owner()) as connection:
        return connection.execute(
            f"select {owner}, epoch, wrapped is not null from vault.{table} order by 1".encode()  # noqa: S608
        ).fetchall()


# --- sealing ----------------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_sealed_and_opens_for_whoever_has_the_keys(store: CaseStore, database: Database) -> None:
    """Also what stands beside the fact; all else is readable."""
    event = confided(A, 1, somebody(), somebody("Pleun Kwikstaart"))
    store.record_now([event], expected={A: 0})
    ((_, _, _, topic, _, metadata, state, *_),) = stored(database)
    text = f"{metadata} {bytes(state).decode()}"

    assert not [word for word in ("Klaartje", "Pleun", "27182818", "Merelhof", "gm0363") if word in text]
    assert topic == "confidence.confided.v1"
    assert str(event.fact.teller.subject) in text  # type: ignore[attr-defined]
    assert whole_log_of(store) == [event]


def test_who_loads_a_case_gets_to_know_where_it_plays_and_nobodys_name(store: CaseStore) -> None:
    """Rules compare offices and bodies; names they have no use for."""
    record(store, 1)
    (fact, *_) = store.load(CONFIDENCE, CONFIDENCE.stream("1")).state.facts

    assert fact.place == "Merelhof"
    assert isinstance(fact.teller.name, Sealed)


def test_everybody_in_a_fact_has_a_key_of_their_own(store: CaseStore, database: Database) -> None:
    """Of several in one fact each can be forgotten, and the others stay."""
    people = [somebody(name) for name in ("Ada", "Bo", "Cis")]
    store.record_now([confided(A, 1, *people)], expected={A: 0})
    store.vault.destroy(subjects=[people[1].subject])
    (fact,) = told(store)

    assert [fact.teller.name, *(other.name for other in fact.about)] == ["Ada", ERASED, "Cis"]
    assert [there for *_, there in kept(database, "subject_keys")].count(True) == 2


def test_a_value_put_in_the_place_of_another_does_not_open(store: CaseStore, database: Database) -> None:
    """Not even of the same person in the same case."""
    teller = somebody()
    store.record_now([confided(A, 1, teller), confided(A, 2, teller)], expected={A: 0})
    first, second = map(store.mapper.to_domain_event, store.recorder.select_events(A))
    moved = first.fact.model_copy(update={"teller": second.fact.teller})  # type: ignore[attr-defined]
    with tampering(database) as owner:
        owner.execute(
            "update store.events set state = %s where position = 1",
            (moved.model_dump_json(exclude_none=True).encode(),),
        )

    with pytest.raises(NotSealedHere):
        whole_log_of(store)


def test_what_was_sealed_elsewhere_is_not_recorded(store: CaseStore) -> None:
    """It would never open again."""
    record(store, 1)
    (fact, *_) = store.load(CONFIDENCE, CONFIDENCE.stream("1")).state.facts

    with pytest.raises(ValueError, match=r"teller/name of confidence\.confided\.v1 was sealed for another place"):
        store.record_now([confided(A, 1, fact.teller)], expected={A: 0})
    assert store.head() == 3


# --- keys come first --------------------------------------------------------------------------------------------------


def test_a_recording_that_fails_leaves_keys_and_no_event(store: CaseStore, database: Database) -> None:
    """That is harmless: the next attempt seals under them."""
    teller = somebody()
    with pytest.raises(VersionConflict):
        store.record_now([confided(A, 1, teller)], expected={A: 7})
    assert (store.head(), len(kept(database, "case_keys")), len(kept(database, "subject_keys"))) == (0, 1, 1)

    store.record_now([confided(A, 1, teller)], expected={A: 0})

    assert names(store) == ["Klaartje Zwaluwstaart"]
    assert (len(kept(database, "case_keys")), len(kept(database, "subject_keys"))) == (1, 1)


def test_a_seal_that_fails_leaves_no_event(store: CaseStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one of the others that were to be recorded with it."""

    def refuse(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr("infra.vault.to_plain", refuse)
    with pytest.raises(MemoryError):
        store.record_now([confided(A, 1, somebody()), confided(B, 1, somebody())], expected={A: 0, B: 0})
    assert store.head() == 0


def test_keys_are_on_the_disk_before_the_event_is(store: CaseStore, database: Database) -> None:
    """While it waits to be recorded, others find them already."""
    with closing(database.owner()) as holder, ThreadPoolExecutor(1) as threads:
        holder.execute("select pg_advisory_xact_lock(1464157522, 1)")
        recording = threads.submit(store.record_now, [confided(A, 1, somebody())], expected={A: 0})
        while not kept(database, "subject_keys"):
            assert not recording.done()
        assert (kept(database, "case_keys"), stored(database)) == ([(A, 1, True)], [])
        holder.rollback()
        recording.result()
    assert names(store) == ["Klaartje Zwaluwstaart"]


def test_two_who_seal_for_the_same_new_case_at_once_end_with_one_key(database: Database, keys: Path) -> None:
    """Whoever comes second seals under the key of whoever came first."""
    people = [somebody("Ada"), somebody("Bo")]
    together = Barrier(6)

    def seal(n: int) -> set[str | None]:
        with anew(database, keys) as mine:
            vault = CaseStore(mine, [CONFIDENCE]).vault
            vault.of([A])
            together.wait()
            sealed = vault.seal([confided(A, n + 1, *(people if n % 2 else people[::-1]))])
            mine_too = Vault(database, vault.kinds)
            (event,) = (opened(event, mine_too.of([A])[A], personal=True) for event in sealed)
            assert isinstance(event.fact, Confided)
            return {event.fact.teller.name, event.fact.about[0].name}

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(seal, range(6)))

    assert found == [{"Ada", "Bo"}] * 6
    assert (len(kept(database, "case_keys")), len(kept(database, "subject_keys"))) == (1, 2)


def test_a_first_attempt_that_was_broken_off_does_not_stand_in_the_way(store: CaseStore, database: Database) -> None:
    """The epoch that it began went with it."""
    with closing(database.owner(autocommit=True)) as owner:
        owner.execute("alter table vault.subject_keys add constraint none check (false)")
        with pytest.raises(Exception, match="violates check constraint"):
            store.record_now([confided(A, 1, somebody())], expected={A: 0})
        owner.execute("alter table vault.subject_keys drop constraint none")

    store.record_now([confided(A, 1, somebody())], expected={A: 0})
    assert names(store) == ["Klaartje Zwaluwstaart"]


# --- what was destroyed -----------------------------------------------------------------------------------------------


CHANGES = (
    "update vault.{} set wrapped = 'x', destroyed_at = null",
    "update vault.{} set epoch = epoch",
    "delete from vault.{}",
    "truncate vault.{}",
    "truncate vault.epochs cascade",
)
REOPENINGS = (
    "update vault.epochs set closed_at = null where epoch = 1",
    "update vault.epochs set retired_at = null where epoch = 1",
    "update vault.epochs set proof = 'x' where epoch = 2",
    "delete from vault.epochs",
)


@pytest.mark.parametrize("table", ["case_keys", "subject_keys"])
def test_a_key_that_was_destroyed_does_not_come_back(store: CaseStore, database: Database, table: str) -> None:
    """Not even for the owner of the tables: the row stays, so that nobody makes another one."""
    record(store, 1)
    store.vault.destroy(case=CONFIDENCE.stream("1"))
    before = kept(database, table)
    refusal = r"stays (destroyed|closed)|permission denied"

    for statement in CHANGES:
        for connect in (database.owner, partial(database.connect, DatabaseRole.KEYS)):
            with closing(connect()) as connection, pytest.raises(psycopg.Error, match=refusal):
                connection.execute(statement.format(table).encode())
    assert kept(database, table) == before
    assert {there for *_, there in before} == {False}


def test_an_epoch_that_was_closed_is_not_opened_again(store: CaseStore, database: Database) -> None:
    """Not even by the owner."""
    record(store, 1)
    store.vault.rotate()

    for statement in REOPENINGS:
        with closing(database.owner()) as connection, pytest.raises(psycopg.Error, match="stays closed"):
            connection.execute(statement.encode())


def test_nothing_more_is_recorded_about_whoever_was_forgotten(store: CaseStore) -> None:
    """Nor under a new key: the fact is refused as a whole."""
    teller = somebody()
    store.record_now([confided(A, 1, teller)], expected={A: 0})
    store.vault.destroy(subjects=[teller.subject])

    with pytest.raises(Forgotten):
        store.record_now([confided(A, 2, teller)], expected={A: 1})
    with pytest.raises(Forgotten):
        store.record_now([confided(A, 2, somebody(), teller)], expected={A: 1})
    store.record_now([confided(A, 2, somebody("Bo"))], expected={A: 1})
    assert names(store) == [ERASED, "Bo"]


def test_in_a_case_that_was_forgotten_nobody_gets_a_key(store: CaseStore, database: Database) -> None:
    """Also when it was still there as the decision was taken: who is told of only now would not be forgotten."""
    record(store, 1)
    stream = CONFIDENCE.stream("1")
    keys = store.load(CONFIDENCE, stream).keys
    assert keys[stream].key(stream)
    store.vault.destroy(case=stream)

    for known in (keys, None):
        with pytest.raises(Forgotten):
            store.prepare([confided(stream, 4, somebody())], known)
    assert [there for *_, there in kept(database, "subject_keys")] == [False, False]


def test_who_forgets_a_case_waits_for_whoever_is_just_told_of_in_it(store: CaseStore, database: Database) -> None:
    """Of two at the same moment one comes first, and nobody is left over."""
    record(store, 1)
    stream, late = CONFIDENCE.stream("1"), uuid4()
    begun = Event()
    with closing(database.connect(DatabaseRole.KEYS)) as other, ThreadPoolExecutor(1) as threads:
        other.execute(
            "insert into vault.subject_keys (subject, stream, epoch, wrapped) values (%s, %s, 1, 'x')", (late, stream)
        )

        def forget() -> int:
            begun.set()
            return store.vault.destroy(case=stream)

        forgetting = threads.submit(forget)
        begun.wait()
        waits = "select from pg_stat_activity where wait_event_type = 'Lock' and query like 'update vault.case_keys%'"
        with closing(database.owner(autocommit=True)) as watching:
            while watching.execute(waits).fetchone() is None:
                assert not forgetting.done()
        other.commit()

        assert forgetting.result() == 4
    assert {there for *_, there in kept(database, "subject_keys")} == {False}


def test_a_subject_of_one_case_is_nobody_in_another(store: CaseStore) -> None:
    """Somebody in two cases is two subjects: what is said of one in the wrong case is not recorded."""
    teller = somebody()
    store.record_now([confided(A, 1, teller)], expected={A: 0})

    with pytest.raises(Forgotten):
        store.record_now([confided(B, 1, teller)], expected={B: 0})
    assert store.head() == 1


# --- who may have which keys ------------------------------------------------------------------------------------------


def test_the_projector_reads_the_keys_of_cases_and_of_no_person(store: CaseStore, database: Database) -> None:
    """It could not open a name if it wanted to; and it writes nothing there."""
    record(store, 1)
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        assert connection.execute("select stream from vault.case_keys").fetchall() == [("confidence:1",)]
        for refused in (
            "select from vault.subject_keys",
            "select from vault.epochs",
            "update vault.case_keys set wrapped = null",
            "insert into vault.case_keys values ('x', 1, 'x')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused.encode())


@pytest.mark.parametrize("role", [DatabaseRole.APP, DatabaseRole.READER])
def test_who_appends_or_reads_views_gets_no_keys(store: CaseStore, database: Database, role: DatabaseRole) -> None:
    """Only who seals and opens does."""
    record(store, 1)
    with closing(database.connect(role, autocommit=True)) as connection:
        for table in ("case_keys", "subject_keys", "epochs"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select from vault.{table}".encode())


def test_no_right_in_the_vault_is_left_to_everybody(database: Database) -> None:
    """Also in tables and functions that later migrations add."""
    with closing(database.owner()) as connection:
        found = connection.execute(
            "select c.relname::text, a.grantee::regrole::text, a.privilege_type from pg_class c, aclexplode(c.relacl) a"
            " where c.relnamespace = 'vault'::regnamespace and a.grantee <> c.relowner order by 1, 2, 3"
        ).fetchall()
        schema = connection.execute(
            "select a.grantee::regrole::text, a.privilege_type from pg_namespace n, aclexplode(n.nspacl) a"
            " where n.nspname = 'vault' and a.grantee <> n.nspowner order by 1"
        ).fetchall()
    keys, projector = database.role(DatabaseRole.KEYS), database.role(DatabaseRole.PROJECTOR)

    assert {(table, right) for table, grantee, right in found if grantee == projector} == {("case_keys", "SELECT")}
    assert {right for _, grantee, right in found if grantee == keys} == {"INSERT", "SELECT", "UPDATE"}
    assert {grantee for _, grantee, _ in found} == {keys, projector}
    assert schema == [(keys, "USAGE"), (projector, "USAGE")]


def test_views_are_made_without_any_right_to_the_keys_of_people(database: Database) -> None:
    """All of them, from a whole history; they tell of bodies nevertheless."""
    network = Network(CaseStore(database, KINDS))
    network.give(a_threat(reporter_name="Klaartje Zwaluwstaart"), TEAM)
    with closing(database.owner(autocommit=True)) as owner:
        owner.execute(f"revoke all on all tables in schema vault from {database.role(DatabaseRole.KEYS)}".encode())
    with Database(database.url, database.prefix, keyring=database.keyring) as projecting:
        Runner(projecting, projector_store(projecting), VIEWS).catch_up()

    assert "gm0363" in str(rows_of(database, worklist.VIEW))
    assert "Zwaluwstaart" not in "".join(str(rows_of(database, view)) for view in VIEWS)


# --- key-encryption keys that are not the right ones ------------------------------------------------------------------


def test_the_keys_of_another_installation_are_refused_at_the_first_need(store: CaseStore, database: Database) -> None:
    """Nothing is sealed under them, and nothing shown as erased that is not."""
    record(store, 1)
    strange = FileKeyring(_file(database, fresh_file()))
    with Database(database.url, database.prefix, keyring=strange) as mine:
        other = CaseStore(mine, [CONFIDENCE])
        for need in (lambda: whole_log_of(other), lambda: record(other, 2), other.vault.rotate):
            with pytest.raises(KeyringError, match=r"^a key of epoch \d does not open$"):
                need()
    assert [name for name, *_ in kept(database, "case_keys")] == ["confidence:1"]
    assert names(store, CONFIDENCE.stream("1"))[0] == "teller 1"


def _file(database: Database, content: bytes) -> Path:
    assert isinstance(database.keyring, FileKeyring)
    path = database.keyring.path.with_name("another")
    path.write_bytes(content)
    return path


def test_a_file_of_before_a_rotation_is_refused(store: CaseStore, database: Database, keys: Path) -> None:
    """It neither seals nor shows as erased what the newer one opens."""
    record(store, 1)
    old = _file(database, keys.read_bytes())
    store.vault.rotate()

    with anew(database, old) as mine:
        other = CaseStore(mine, [CONFIDENCE])
        with pytest.raises(KeyringError, match="epoch 2"):
            whole_log_of(other)
        with pytest.raises(KeyringError, match="this is an old file"):
            record(other, 2)
    assert store.head() == 3


def test_what_is_under_a_key_encryption_key_that_is_gone_is_shown_as_erased(
    store: CaseStore, database: Database, keys: Path
) -> None:
    """It crashes nothing, new cases are recorded, and keys can be rotated."""
    record(store, 1)
    assert isinstance(database.keyring, FileKeyring)
    database.keyring.forget_before(database.keyring.begin_epoch())

    with anew(database, keys) as mine:
        other = CaseStore(mine, [CONFIDENCE])
        assert set(names(other, CONFIDENCE.stream("1"))) == {ERASED}
        assert {fact.place for fact in other.load(CONFIDENCE, CONFIDENCE.stream("1")).state.facts} == {ERASED}
        with pytest.raises(Forgotten):
            other.record_now([confided(CONFIDENCE.stream("1"), 4, somebody())], expected={})
        record(other, 2)
        other.vault.rotate()

        assert names(other, CONFIDENCE.stream("2"))[0] == "teller 2"


# --- rotating ---------------------------------------------------------------------------------------------------------


def test_a_rotation_keeps_every_key_anew_and_touches_no_event(
    store: CaseStore, database: Database, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are, with progress; what was destroyed stays destroyed."""
    monkeypatch.setattr("infra.vault.AT_ONCE", 2)
    for number in range(5):
        record(store, number)
    store.vault.destroy(case=CONFIDENCE.stream("3"))
    before, log = stored(database), whole_log_of(store)
    progress: list[tuple[int, int]] = []

    assert store.vault.rotate(lambda done, of: progress.append((done, of))) == 2

    assert progress == [(2, 12), (4, 12), (6, 12), (8, 12), (10, 12), (12, 12)]
    assert {(epoch, there) for table in ("case_keys", "subject_keys") for _, epoch, there in kept(database, table)} == {
        (2, True),
        (1, False),
    }
    assert FileKeyring(keys).epochs() == [2]
    assert stored(database) == before
    with anew(database, keys) as mine:
        assert whole_log_of(CaseStore(mine, [CONFIDENCE])) == log


def test_what_was_looked_up_before_a_rotation_opens_after_it(store: CaseStore, database: Database, keys: Path) -> None:
    """Also where the key-encryption key of then is gone: a view would keep for ever that it was erased."""
    record(store, 1)
    stream = CONFIDENCE.stream("1")
    with anew(database, keys) as mine:
        other = CaseStore(mine, [CONFIDENCE])
        looked_up = other.vault.of([stream])[stream]
        store.vault.rotate()
        record(store, 2)
        whole_log_of(other)  # hears of the new epoch

        assert looked_up.key(stream) == store.vault.of([stream])[stream].key(stream)


def test_two_do_not_rotate_at_once(store: CaseStore, database: Database, keys: Path) -> None:
    """One would write over the key that the other has just begun to use."""
    record(store, 1)
    refused: list[str] = []

    def meanwhile(*_: int) -> None:
        with anew(database, keys) as mine, pytest.raises(KeyringError) as error:
            CaseStore(mine, [CONFIDENCE]).vault.rotate()
        refused.append(str(error.value))

    store.vault.rotate(meanwhile)

    assert set(refused) == {"somebody else is rotating the keys"}
    assert FileKeyring(keys).epochs() == [2]


def test_keys_are_rotated_while_others_are_at_work_that_is_for_one_at_a_time(
    store: CaseStore, database: Database
) -> None:
    """Whoever writes the transparency log, or makes tables of views, holds a lock of their own as long as they like."""
    record(store, 1)
    with closing(database.owner(autocommit=True)) as other:
        for lock in (WRITING, INSTALLING):
            other.execute("select pg_advisory_lock(%s, %s)", lock)

        assert store.vault.rotate() == 2


def test_while_others_record_nothing_is_lost(store: CaseStore, database: Database, keys: Path) -> None:
    """Two processes and a thread; the processes hear of new epochs by themselves."""
    with (
        start("write", database, keys, 0, 60) as one,
        start("write", database, keys, 100, 60) as two,
        ThreadPoolExecutor(1) as threads,
    ):
        writers = (one, two)
        recording = threads.submit(lambda: [record(store, number) for number in range(200, 260)])
        rotations = 0
        while any(writer.poll() is None for writer in writers) or not recording.done():
            store.vault.rotate()
            rotations += 1
        recording.result()
        said = [writer.communicate()[0].split() for writer in writers]

    assert [len(numbers) for numbers in said] == [60, 60]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert rotations > 5
    assert len(FileKeyring(keys).epochs()) == 1
    with anew(database, keys) as mine:
        log = whole_log_of(CaseStore(mine, [CONFIDENCE]))
    assert len(log) == 3 * 180
    assert {word for event in log for word in told_by(event)} == {"teller", "other"}


def test_a_rotation_that_is_killed_at_any_step_is_done_again_and_ends_well(
    store: CaseStore, database: Database, keys: Path
) -> None:
    """After each step everything opens and can be recorded, for who was there and for who comes only now."""
    for number in range(4):
        record(store, number)
    before = stored(database)
    killed = 0
    with start("rotate", database, keys) as rotating:
        assert rotating.stdin
        assert rotating.stdout
        for line in rotating.stdout:
            with anew(database, keys) as mine:
                fresh = CaseStore(mine, [CONFIDENCE])
                new = record(fresh if killed % 2 else store, 100 + killed)
                for either in (store, fresh):
                    assert names(either, new)[0] == f"teller {100 + killed}"
                    assert names(either, CONFIDENCE.stream("0"))[0] == "teller 0"
            if line.startswith("ended"):
                break
            killed += 1
            rotating.stdin.write("\n")
            rotating.stdin.flush()

    assert rotating.returncode == 0
    assert killed > 20
    assert len(FileKeyring(keys).epochs()) == 1
    assert stored(database)[: len(before)] == before
    with anew(database, keys) as mine:
        log = whole_log_of(CaseStore(mine, [CONFIDENCE]))
    assert len(log) == len(before) + 3 * (killed + 1)
    assert {word for event in log for word in told_by(event)} == {"teller", "other"}


def test_an_epoch_that_was_broken_off_is_not_begun_after_a_later_one(
    store: CaseStore, database: Database, keys: Path
) -> None:
    """A process that read the file in between would keep keys under what is about to be forgotten."""
    record(store, 1)
    FileKeyring(keys).begin_epoch()
    with anew(database, keys) as mine:
        between = CaseStore(mine, [CONFIDENCE])
        store.vault.rotate()
        record(between, 2)

    with anew(database, keys) as mine:
        assert names(CaseStore(mine, [CONFIDENCE]), CONFIDENCE.stream("2"))[0] == "teller 2"
    assert {epoch for _, epoch, _ in kept(database, "case_keys")} == {3}


# --- back-ups ---------------------------------------------------------------------------------------------------------


# As in docs/how-to/deploy.md.
BACKUP = ("--format=custom", "--data-only", "--schema=store", "--schema=vault", "--exclude-table-data=store.migrations")
NEWER = "SET transaction_timeout = 0;\n"
"""What the program writes that came with a newer server than this one may be."""


Restored = Callable[[Callable[[], object]], tuple[Database, CaseStore]]
"""Dumps the database, lets something happen, and restores the dump into another one."""


@pytest.fixture
def restored(
    installation: Installation, new_name: Callable[[], str], database: Database, keys: Path, tmp_path: Path
) -> Iterator[Restored]:
    """Yield what restores, with the keys that are there then."""
    dump, script = tmp_path / "weerbaar.dump", tmp_path / "weerbaar.sql"

    def dump_and_restore(meanwhile: Callable[[], object]) -> tuple[Database, CaseStore]:
        run("pg_dump", *BACKUP, f"--file={dump}", f"--dbname={database.url}")
        meanwhile()
        url = opening.enter_context(installation.database(new_name()))
        other = opening.enter_context(Database(url, installation.prefix, keyring=FileKeyring(keys)))
        migrate(other)
        run("pg_restore", "--data-only", f"--file={script}", str(dump))
        script.write_text(script.read_text("utf-8").replace(NEWER, ""), "utf-8")
        run("psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction", f"--file={script}", url)
        return other, CaseStore(other, [CONFIDENCE])

    with ExitStack() as opening:
        yield dump_and_restore


def test_a_back_up_of_before_a_rotation_brings_nothing_back(store: CaseStore, restored: Restored) -> None:
    """Neither who was forgotten before it, nor after: nobody."""
    first, second = somebody("Ada"), somebody("Bo")
    store.record_now([confided(A, 1, first), confided(A, 2, second)], expected={A: 0})

    def meanwhile() -> None:
        store.vault.destroy(subjects=[first.subject])
        store.vault.rotate()

    _, back = restored(meanwhile)

    assert names(store) == [ERASED, "Bo"]
    assert names(back) == [ERASED, ERASED]
    assert [fact.place for fact in told(back)] == [ERASED, ERASED]
    record(back, 1)
    assert names(back, CONFIDENCE.stream("1"))[0] == "teller 1"


def test_until_a_rotation_a_back_up_brings_back_what_was_forgotten_since(store: CaseStore, restored: Restored) -> None:
    """That is the window which the documentation states, and why a rotation closes it."""
    teller = somebody("Ada")
    store.record_now([confided(A, 1, teller)], expected={A: 0})
    _, back = restored(lambda: store.vault.destroy(subjects=[teller.subject]))

    assert (names(store), names(back)) == ([ERASED], ["Ada"])


def test_a_back_up_of_after_a_rotation_is_restored_whole(
    store: CaseStore, database: Database, restored: Restored
) -> None:
    """With the epochs that were closed and the keys that were destroyed in them."""
    record(store, 1)
    store.vault.destroy(case=CONFIDENCE.stream("1"))
    record(store, 2)
    store.vault.rotate()
    record(store, 3)
    other, back = restored(lambda: None)

    assert whole_log_of(back) == whole_log_of(store)
    assert kept(other, "subject_keys") == kept(database, "subject_keys")
    assert names(back, CONFIDENCE.stream("2"))[0] == "teller 2"
    with pytest.raises(Forgotten):
        back.prepare([confided(CONFIDENCE.stream("1"), 4, somebody())])
