"""Do rows that are changed in memory become what the tables say?"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from infra.database import Connection, Database, DatabaseRole
from services.projections.rows import Rows, found
from services.projections.tables import Kept, Table
from services.projections.views import View, install

STATES = Table(
    name="states",
    version=1,
    columns="stream text not null, part text, day date, at timestamptz, unique nulls not distinct (stream, part)",
    key=("stream", "part"),
    visible="true",
)
NOTES = Table(
    name="notes",
    version=1,
    columns="position bigint primary key, note text",
    key=("position",),
    kept=Kept.ADDED,
    visible="true",
)
COPIES = Table(
    name="copies",
    version=1,
    columns="name text primary key, said text",
    key=("name",),
    kept=Kept.WRITTEN,
    visible="true",
)
COUNTS = Table(
    name="counts",
    version=1,
    columns="kind text, reason text, count bigint not null, unique nulls not distinct (kind, reason)",
    key=("kind", "reason"),
    kept=Kept.COUNTS,
    visible="true",
)
TABLES = (STATES, NOTES, COPIES, COUNTS)
DAY, NOON = date(2026, 3, 1), datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Yield a connection of the projector, with the tables above."""
    install(database, [View("states", 1, TABLES)])
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        yield connection


def state(stream: str, part: str | None, day: date | None = None) -> dict[str, object]:
    """Return a row of STATES."""
    return {"stream": stream, "part": part, "day": day, "at": NOON}


def told(connection: Connection, table: Table) -> list[tuple[object, ...]]:
    """Return what *table* says."""
    return connection.execute(b"table " + table.qualified.encode() + b" order by 1, 2").fetchall()


def test_what_is_put_is_found_again(connection: Connection) -> None:
    """Of the streams that are asked for, and of no others."""
    rows = Rows(TABLES)
    for stream in "ab":
        rows.put(STATES, state(stream, None, DAY))
    rows.write(connection)

    again = found(connection, TABLES, ["a", "c"])

    assert list(again.of(STATES, "a")) == [state("a", None, DAY)]
    assert again.get(STATES, "a", None) == state("a", None, DAY)
    assert again.get(STATES, "b", None) is None
    assert list(again.of(STATES, "c")) == []


def test_a_row_is_changed_dropped_and_put_in_its_place(connection: Connection) -> None:
    """Also where a part of its key is null; what stays as it was is not written."""
    first = Rows(TABLES)
    for part in (None, "x", "y"):
        first.put(STATES, state("a", part))
    first.write(connection)
    rows = found(connection, TABLES, ["a"])

    rows.change(STATES, "a", "x", day=DAY)
    rows.replace(STATES, "a", [*[row for row in rows.of(STATES, "a") if row["part"]], state("a", "z")])

    assert [row["part"] for row in rows.put_in(STATES)] == ["x", "z"]
    assert rows.dropped_from(STATES) == [{"stream": "a", "part": None}]
    rows.write(connection)
    assert told(connection, STATES) == [("a", "x", DAY, NOON), ("a", "y", None, NOON), ("a", "z", None, NOON)]


def test_a_row_that_is_not_there_cannot_be_changed() -> None:
    """A view that believes in one stops, and says so."""
    rows = Rows(TABLES)

    with pytest.raises(LookupError, match="states has no such row"):
        rows.change(STATES, "a", "x", day=DAY)


def test_what_is_put_and_dropped_again_leaves_nothing(connection: Connection) -> None:
    """All between the first fact of a page and the last is nobody's business."""
    rows = Rows(TABLES)
    rows.put(STATES, state("a", "x"))
    rows.replace(STATES, "a", [])
    rows.write(connection)

    assert told(connection, STATES) == []


def test_rows_are_added_in_order(connection: Connection) -> None:
    """Whatever is written in them."""
    rows = Rows(TABLES)
    notes = ["een\ttwee\nen \\N", "", None]
    for position, note in enumerate(notes, start=1):
        rows.add(NOTES, {"position": position, "note": note})
    rows.write(connection)

    assert told(connection, NOTES) == [(1, notes[0]), (2, ""), (3, None)]


def test_a_written_row_takes_the_place_of_the_one_before(connection: Connection) -> None:
    """Without having been found."""
    for said in ("eerst", "later"):
        rows = Rows(TABLES)
        rows.put(COPIES, {"name": "n", "said": said})
        rows.write(connection)

    assert told(connection, COPIES) == [("n", "later")]


def test_counts_add_up_over_pages_wherever_these_end(connection: Connection) -> None:
    """Something that came to nothing within a page was counted all the same: otherwise the pages would show."""
    for page in ([("a", None, 1), ("b", "x", 1), ("b", "x", -1)], [("a", None, 2)]):
        rows = Rows(TABLES)
        for kind, reason, by in page:
            rows.count(COUNTS, by, kind=kind, reason=reason)
        rows.write(connection)

    assert told(connection, COUNTS) == [("a", None, 3), ("b", "x", 0)]
