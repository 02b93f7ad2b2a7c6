"""How do facts become rows, a whole page of them at once?

A view tells fact by fact what its rows say then. Meanwhile they stand in memory: those of the streams on the page are
read in one statement per table, changed as often as there are facts, and written in one statement per table.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from psycopg.rows import DictRow, dict_row
from pydantic_core import to_json

from infra.database import Connection
from services.projections.tables import Kept, Table

Row = Mapping[str, Any]
"""Value by column, all of them. Never changed, only replaced."""
Key = tuple[Any, ...]


class Rows:
    """What the tables of a view say of the streams on a page, after as many of its facts as have been told."""

    def __init__(self, tables: Iterable[Table], found: Mapping[str, Iterable[DictRow]] | None = None) -> None:
        """Begin with the rows that were *found*, by table."""
        self._tables = {table.name: table for table in tables}
        self._found: dict[str, dict[str, dict[Key, Row]]] = {name: defaultdict(dict) for name in self._tables}
        for name, rows in (found or {}).items():
            key = self._tables[name].key
            for row in rows:
                self._found[name][row["stream"]][tuple(row[column] for column in key)] = row
        self._now = {
            name: defaultdict(dict, {stream: dict(rows) for stream, rows in streams.items()})
            for name, streams in self._found.items()
        }
        self._added: dict[str, list[Row]] = defaultdict(list)
        self._counts: dict[str, Counter[Key]] = defaultdict(Counter)

    # --- what a view says of a stream ---------------------------------------------------------------------------------

    def of(self, table: Table, stream: str) -> Collection[Row]:
        """Return the rows of *stream*."""
        return self._now[table.name][stream].values()

    def get(self, table: Table, stream: str, *more: object) -> Row | None:
        """Return the row of *stream* with this key, if there is one."""
        return self._now[table.name][stream].get((stream, *more))

    def row(self, table: Table, stream: str, *more: object) -> Row:
        """Return the row of *stream* with this key. Raises LookupError if there is none."""
        row = self.get(table, stream, *more)
        if row is None:
            message = f"{table.name} has no such row"
            raise LookupError(message)
        return row

    def put(self, table: Table, row: Row) -> None:
        """Let *row* stand in *table*, in the place of one with the same key."""
        known = self._tables[table.name]
        stream = row["stream"] if known.kept is Kept.ROWS else ""
        self._now[table.name][stream][tuple(row[column] for column in known.key)] = row

    def change(self, table: Table, stream: str, /, *more: object, **changes: object) -> Row:
        """Let the row of *stream* with this key say what *changes* say, and return it. Raises LookupError."""
        changed = {**self.row(table, stream, *more), **changes}
        self._now[table.name][stream][stream, *more] = changed
        return changed

    def replace(self, table: Table, stream: str, rows: Iterable[Row]) -> None:
        """Let these be all the rows of *stream*."""
        self._now[table.name][stream] = {}
        for row in rows:
            self.put(table, row)

    def add(self, table: Table, row: Row) -> None:
        """Add *row* to a table that only ever grows."""
        self._added[table.name].append(row)

    def count(self, table: Table, by: int, **key: object) -> None:
        """Count *by* more, or less, of what *key* names, in its order. What was counted stays there, as nought too."""
        self._counts[table.name][tuple(key[column] for column in self._tables[table.name].key)] += by

    # --- between page and database ------------------------------------------------------------------------------------

    def put_in(self, table: Table) -> list[Row]:
        """Return the rows of *table* that are new or other than they were found."""
        found, now = self._found[table.name], self._now[table.name]
        return [
            row
            for stream, rows in now.items()
            for key, row in rows.items()
            if row != (found[stream].get(key) if stream in found else None)
        ]

    def dropped_from(self, table: Table) -> list[Row]:
        """Return the keys of the rows of *table* that were found and are no more."""
        now = self._now[table.name]
        return [
            dict(zip(table.key, key, strict=True))
            for stream, rows in self._found[table.name].items()
            for key in rows.keys() - now[stream].keys()
        ]

    def write(self, connection: Connection) -> None:
        """Make the tables say what the rows say."""
        with connection.cursor() as cursor:
            for table in self._tables.values():
                if added := self._added[table.name]:
                    columns = tuple(added[0])
                    with cursor.copy(_copy(table.qualified, columns)) as copy:
                        for row in added:
                            copy.write_row(tuple(row.values()))
                if counts := self._counts[table.name]:
                    counted = [{**dict(zip(table.key, key, strict=True)), "count": n} for key, n in counts.items()]
                    cursor.execute(_count(table.qualified, table.key), (_json(counted),))
                if dropped := self.dropped_from(table):
                    cursor.execute(_drop(table.qualified, table.key), (_json(dropped),))
                if put := self.put_in(table):
                    cursor.execute(_put(table.qualified, tuple(put[0]), table.key), (_json(put),))


def found(connection: Connection, tables: Sequence[Table], streams: Collection[str]) -> Rows:
    """Return the rows of *streams* as the tables of a view hold them."""
    read: dict[str, Iterable[DictRow]] = {}
    if streams:
        with connection.cursor(row_factory=dict_row) as cursor:
            for table in tables:
                if table.kept is Kept.ROWS:
                    statement = f"select * from {table.qualified} where stream = any (%s)"  # noqa: S608 - our own name
                    read[table.name] = cursor.execute(statement.encode(), (list(streams),)).fetchall()
    return Rows(tables, read)


# All rows of a statement come in one parameter, as JSON: it depends neither on how many there are nor on their types.


def _json(rows: Sequence[Row]) -> str:
    return to_json(rows).decode()


def _from_json(table: str) -> str:
    return f"jsonb_populate_recordset(null::{table}, %s::jsonb)"


@cache
def _copy(table: str, columns: tuple[str, ...]) -> bytes:
    return f"copy {table} ({', '.join(columns)}) from stdin".encode()


@cache
def _put(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> bytes:
    others = [column for column in columns if column not in key]
    names = ", ".join(columns)
    instead = f"update set {', '.join(f'{column} = excluded.{column}' for column in others)}" if others else "nothing"
    return (
        f"insert into {table} ({names}) select {names} from {_from_json(table)}"  # noqa: S608 - our own names
        f" on conflict ({', '.join(key)}) do {instead}"
    ).encode()


@cache
def _count(table: str, key: tuple[str, ...]) -> bytes:
    names = ", ".join((*key, "count"))
    return (
        f"insert into {table} as c ({names}) select {names} from {_from_json(table)}"  # noqa: S608 - our own names
        f" on conflict ({', '.join(key)}) do update set count = c.count + excluded.count"
    ).encode()


@cache
def _drop(table: str, key: tuple[str, ...]) -> bytes:
    # The first column finds the rows by an index, which does not help to compare what may be null.
    first, *rest = key
    same = " and ".join([f"t.{first} = d.{first}", *(f"t.{column} is not distinct from d.{column}" for column in rest)])
    return f"delete from {table} t using {_from_json(table)} d where {same}".encode()  # noqa: S608 - our own names
