"""What is a table of a view, and how does it come to be?

Its name carries the version of its view (``views.worklist_v1``), so that two releases can each use their own, and it is
never without a policy.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Self

from psycopg import sql

from infra.database import Connection, Database

WORDS = {
    "role": "(select nullif(current_setting('weerbaar.role', true), ''))",
    "organisation": "(select nullif(current_setting('weerbaar.organisation', true), ''))",
    "is_auditor": "((select nullif(current_setting('weerbaar.role', true), '')) = 'auditor')",
}
"""What statements and policies may say besides table names. Unset settings are null and match nothing. The brackets
with ``select`` make PostgreSQL look the setting up once per statement and not once per row."""


class Kept(Enum):
    """What facts do to the rows of a table."""

    ROWS = auto()
    """Rows of streams: found when a fact is told, and replaced by what it makes of them."""
    WRITTEN = auto()
    """Rows that follow from those of another table: put in the place of the one with their key, and never found."""
    ADDED = auto()
    """Rows that are only ever added."""
    COUNTS = auto()
    """Numbers, in the column ``count``: how many have the rest of the row in common."""


@dataclass(frozen=True)
class Table:
    """A table of a view. There is none without a policy: row-level security is part of making it."""

    name: str
    version: int
    columns: str
    """What stands between the brackets of ``create table``."""
    visible: str
    """Which rows a reader may see, as a condition in SQL; ``{<name>}`` is the table itself, see also WORDS."""
    key: tuple[str, ...] = ("stream",)
    """What tells its rows apart, as an index of ``columns`` says too; that of ROWS begins with the stream."""
    kept: Kept = Kept.ROWS
    indexes: tuple[str, ...] = ()
    """What follows ``create index … on <table>``."""
    alias: str | None = None
    """An unversioned name for the columns in ``alias_columns``, for policies of other views."""
    alias_columns: str = "*"
    beside: str = ""
    """What sets the name of a table apart that is made beside the one with this version."""

    @property
    def qualified(self) -> str:
        """Return the table's name in SQL."""
        return f"views.{self.name}_v{self.version}{self.beside}"

    @property
    def index_names(self) -> tuple[str, ...]:
        """Return what its indexes are called, besides that of the key."""
        return tuple(f"{self.name}_v{self.version}{self.beside}_{n}" for n, _ in enumerate(self.indexes, start=1))

    def made_beside(self, name: str) -> Self:
        """Return the table to be made beside this one, which nobody knows by an unversioned name."""
        return replace(self, beside=f"_{name}", alias=None)


def statement(template: str, *tables: Table) -> bytes:
    """Return *template* with the names of *tables* (``{worklist}``) and the WORDS filled in."""
    return template.format(**WORDS, **{table.name: table.qualified for table in tables}).encode()


def make(connection: Connection, database: Database, table: Table) -> None:
    """Make *table*, with its policy and the right to read it."""
    connection.execute(f"create table {table.qualified} ({table.columns})".encode())
    protect(connection, database, table.qualified, statement(table.visible, table).decode())


def index(connection: Connection, table: Table) -> None:
    """Make the indexes of *table* that are not there yet: for many rows, best when these are all there."""
    for name, what in zip(table.index_names, table.indexes, strict=True):
        connection.execute(f"create index if not exists {name} on {table.qualified} {what}".encode())


def protect(connection: Connection, database: Database, name: str, visible: str) -> None:
    """Let readers see those rows of the table *name* that are *visible*, and no others."""
    for template in (
        "alter table {table} enable row level security",
        "create policy visible on {table} for select to {reader} using ({visible})",
        "grant select on {table} to {reader}",
    ):
        connection.execute(
            sql.SQL(template).format(
                table=sql.SQL(name),
                visible=sql.SQL(visible),
                **database.identifiers(),
            )
        )


def let_alias_mean(connection: Connection, database: Database, table: Table) -> None:
    """Let the unversioned name of *table* mean this version of it."""
    # security_invoker: without it the view would show the owner's rows, which are all.
    for template in (
        "create or replace view {alias} with (security_invoker = true) as select {columns} from {table}",
        "grant select on {alias} to {reader}",
    ):
        connection.execute(
            sql.SQL(template).format(
                alias=sql.SQL(f"views.{table.alias}"),
                columns=sql.SQL(table.alias_columns),
                table=sql.SQL(table.qualified),
                **database.identifiers(),
            )
        )


def exists(connection: Connection, name: str) -> bool:
    """Tell whether there is a table or view of this *name*."""
    found = connection.execute("select to_regclass(%s) is not null", (name,)).fetchone()
    return found is not None and bool(found[0])


def means(connection: Connection, alias: str, name: str) -> bool:
    """Tell whether the unversioned name *alias* means the table *name*."""
    found = connection.execute(
        "select from pg_depend d join pg_rewrite r on r.oid = d.objid"
        " where d.classid = 'pg_rewrite'::regclass and r.ev_class = to_regclass(%s) and d.refobjid = to_regclass(%s)",
        (alias, name),
    )
    return found.fetchone() is not None
