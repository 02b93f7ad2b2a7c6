"""Is a leaf made of all that is stored of an event, and as the document says?"""

import json
import re
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.leaves import StoredEvent, entry, leaves, stored
from infra.tlog import leaf_hash, tree_hash
from tests.infra.notes import NOTE, notes
from tests.tampering import tampering

DOCUMENT = Path(__file__).parents[2] / "docs" / "transparency-log.md"
VECTORS: list[dict[str, Any]] = json.loads(re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)[0])
STREAM = NOTE.stream("1")


def of_vector(vector: dict[str, Any]) -> StoredEvent:
    """Return the event that the document gives as an example."""
    since = datetime.fromisoformat(vector["recorded_at"]) - datetime(2000, 1, 1, tzinfo=UTC)
    return StoredEvent(
        position=vector["position"].to_bytes(8),
        version=vector["version"].to_bytes(4),
        event_id=UUID(vector["event_id"]).bytes,
        recorded_at=(since // timedelta(microseconds=1)).to_bytes(8, signed=True),
        salt=bytes.fromhex(vector["salt"]),
        stream=vector["stream"].encode(),
        topic=vector["topic"].encode(),
        metadata=vector["metadata"].encode(),
        state=bytes.fromhex(vector["state"]),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["position"]))
def test_the_examples_of_the_document_hold(vector: dict[str, Any]) -> None:
    """For whoever writes a program of their own to check the log with."""
    assert entry(of_vector(vector)).hex() == vector["entry"]
    assert leaf_hash(entry(of_vector(vector))).hex() == vector["leaf"]


def test_the_root_of_the_document_holds() -> None:
    """It is that of a log of just these events."""
    root = re.findall(r"the root is\s+`([0-9a-f]{64})`", DOCUMENT.read_text("utf-8"))

    assert root == [tree_hash([leaf_hash(entry(of_vector(vector))) for vector in VECTORS]).hex()]


@dataclass
class Recorded:
    """Some events, and how the auditor reads them."""

    database: Database

    def leaves(self, after: int = 0, until: int = 100) -> list[tuple[int, bytes, StoredEvent]]:
        """Return position, leaf and event of each."""
        with closing(self.database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
            return [(found[0], found[4], stored(found[5])) for found in leaves(connection, after, until)]


@pytest.fixture
def recorded(database: Database, store: CaseStore) -> Recorded:
    """Record five events."""
    CaseStore(database, [NOTE]).record_now(notes(STREAM, range(1, 6)), expected={STREAM: 0})
    assert store.head() == 5
    return Recorded(database)


def test_a_leaf_is_made_while_reading_as_from_the_event_itself(recorded: Recorded) -> None:
    """The quick way and the plain one come to the same."""
    found = recorded.leaves()

    assert [position for position, *_ in found] == [1, 2, 3, 4, 5]
    assert [leaf for _, leaf, _ in found] == [leaf_hash(entry(event)) for *_, event in found]
    assert [event.stream.decode() for *_, event in found] == [STREAM] * 5
    assert [int.from_bytes(event.version) for *_, event in found] == [1, 2, 3, 4, 5]
    assert found[0][2].topic == b"note.noted.v1"
    assert found[0][2].state == b'{"text":"note 1"}'
    assert recorded.leaves(2, 4) == found[2:4]
    assert recorded.leaves(5, 9) == recorded.leaves(0, 0) == []


def test_every_event_gets_a_salt_of_its_own(recorded: Recorded) -> None:
    """From the database: nothing that an event says leads to its leaf."""
    salts = {event.salt for *_, event in recorded.leaves()}

    assert len(salts) == 5
    assert {len(salt) for salt in salts} == {16}


@pytest.mark.parametrize(
    "change",
    [
        "position = 6",
        "version = 9",
        "stream = 'note:2'",
        "topic = 'note.noted.v2'",
        "event_id = gen_random_uuid()",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "recorded_at = 'infinity'",
        "salt = uuid_send(gen_random_uuid())",
        "metadata = (metadata::text || ' ')::json",
        "state = state || '\\x00'",
        "state = ''",
    ],
)
def test_a_leaf_changes_with_anything_in_its_row(recorded: Recorded, change: str) -> None:
    """There is no column that could be changed unnoticed."""
    before = {leaf for _, leaf, _ in recorded.leaves()}
    with tampering(recorded.database) as connection:
        connection.execute(f"update store.events set {change} where position = 5".encode())  # noqa: S608
    found = recorded.leaves()

    assert len({leaf for _, leaf, _ in found} - before) == 1
    assert [leaf for _, leaf, _ in found] == [leaf_hash(entry(event)) for *_, event in found]


def test_no_column_is_left_out(database: Database) -> None:
    """Whoever adds one adds it to the leaf, or says why not."""
    with closing(database.owner()) as connection:
        found = connection.execute("select * from store.events").description or ()

    assert {column.name for column in found} == set(StoredEvent._fields)


@pytest.mark.parametrize("column", ["salt", "metadata", "state", "stream", "topic", "event_id", "recorded_at"])
def test_a_row_that_lacks_something_has_a_leaf_too(recorded: Recorded, column: str) -> None:
    """One that no log holds: who can drop a constraint cannot stop a verification."""
    before = {leaf for _, leaf, _ in recorded.leaves()}
    with tampering(recorded.database) as connection:
        connection.execute(f"alter table store.events alter {column} drop not null".encode())
        connection.execute(f"update store.events set {column} = null where position = 3".encode())  # noqa: S608
    found = recorded.leaves()

    assert len(found) == 5
    assert found[2][1] not in before
    assert getattr(found[2][2], column) == b""


def test_the_auditor_reads_events_and_nothing_else(recorded: Recorded) -> None:
    """Neither what a sender was answered nor any view; and changes nothing."""
    with closing(recorded.database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
        rights = connection.execute(
            "select c.oid::regclass::text, p.privilege from pg_class c,"
            " unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p(privilege)"
            " where c.relnamespace in ('store'::regnamespace, 'views'::regnamespace, 'pages'::regnamespace)"
            " and c.relkind in ('r', 'v', 'm', 'p') and has_table_privilege(c.oid, p.privilege)"
        ).fetchall()

    assert rights == [("store.events", "select")]
