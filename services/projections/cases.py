"""Which cases are there that a reader may know of?"""

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from infra.eventstore import Recorded
from services.projections.views import Change, Changes, Cursor, OfCase, Page, Table, View, page, statement

CASES = Table(
    name="cases",
    version=1,
    # Neither when it began nor how far it has come: whoever may know of a case need not know that.
    columns="""
        stream text collate "C" primary key,
        kind text collate "C" not null,
        number text collate "C" unique,
        position bigint not null unique
    """,
    visible="{is_auditor} or exists (select from views.access a where a.stream = {cases}.stream)",
    indexes=("(kind, position)",),
)

OPEN = statement(
    """
    insert into {cases} (stream, kind, number, position)
    values (%(stream)s, %(kind)s, %(number)s, %(position)s)
    """,
    CASES,
)


def changes(recorded: Recorded) -> Changes:
    """The first fact of a stream opens it, and bears the case number where the kind has numbers."""
    event = recorded.event
    if event.originator_version == 1:
        yield Change(
            OPEN,
            {
                "stream": event.originator_id,
                "kind": event.originator_id.partition(":")[0],
                "number": getattr(event.fact, "number", None),
                "position": recorded.position,
            },
        )


VIEW = View(name="cases", version=1, tables=(CASES,), changes=changes)


# --- queries ----------------------------------------------------------------------------------------------------------


class Case(OfCase):
    """One case, by the name it is known by."""

    kind: str
    number: str | None
    """The case number; ``None`` for kinds without numbers."""


BY_NUMBER = statement("select stream, kind, number from {cases} where number = %(number)s", CASES)
BY_STREAM = statement("select stream, kind, number from {cases} where stream = %(stream)s", CASES)
NEWEST = statement(
    """
    select stream, kind, number, position from {cases}
    where (%(kind)s::text is null or kind = %(kind)s) and (number is not null or not %(numbered)s)
    and (%(after)s::bigint is null or position < %(after)s)
    order by position desc limit %(limit)s + 1
    """,
    CASES,
)


def by_number(cursor: DatabaseCursor[DictRow], number: str) -> Case | None:
    """Return the case with that number, if the reader may know of it."""
    row = cursor.execute(BY_NUMBER, {"number": number}).fetchone()
    return Case.model_validate(row) if row else None


def by_stream(cursor: DatabaseCursor[DictRow], stream: str) -> Case | None:
    """Return the case in that stream, if the reader may know of it."""
    row = cursor.execute(BY_STREAM, {"stream": stream}).fetchone()
    return Case.model_validate(row) if row else None


def newest(
    cursor: DatabaseCursor[DictRow],
    *,
    kind: str | None = None,
    numbered: bool = False,
    after: Cursor | None = None,
    limit: int = 50,
) -> Page[Case]:
    """Return the cases that the reader may know of, newest first; *numbered*: only those that go by a number."""
    (position,) = after or (None,)
    place = {"kind": kind, "numbered": numbered, "after": position, "limit": limit}
    rows = cursor.execute(NEWEST, place).fetchall()
    places = {row["stream"]: (row.pop("position"),) for row in rows}
    return page([Case.model_validate(row) for row in rows], limit, lambda case: places[case.stream])
