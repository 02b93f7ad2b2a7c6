"""Which cases are there that a reader may know of?

Every reader has a list of their own, in order: whoever may know of few does not look through those of all. Which of
them they may know of is still what the access list says.
"""

from collections.abc import Iterable
from functools import cache

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Grant, Role, StreamId
from infra.eventstore import Recorded
from services.projections.rows import Rows
from services.projections.tables import Table, statement
from services.projections.views import Cursor, OfCase, Page, View, page

VERSION = 2
"""1 had no lists."""

CASES = Table(
    name="cases",
    version=VERSION,
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

LISTS = Table(
    name="case_lists",
    version=VERSION,
    # What is for all in a role stands under no name, and not null, among which an index knows no order.
    columns="""
        stream text collate "C" not null,
        role text not null,
        organisation text not null,
        kind text collate "C" not null,
        position bigint not null,
        primary key (stream, role, organisation)
    """,
    key=("stream", "role", "organisation"),
    # As a case: of an *or* PostgreSQL expects that few rows pass, and reads the whole list where a page was asked for.
    visible="case when {is_auditor} then true else role = {role} and organisation in ('', {organisation}) end",
    indexes=("(role, organisation, position)", "(role, organisation, kind, position)"),
)


def project(rows: Rows, recorded: Recorded) -> None:
    """The first fact of a stream opens it, and bears the case number where the kind has numbers."""
    event = recorded.event
    if event.originator_version == 1:
        rows.put(
            CASES,
            {
                "stream": event.originator_id,
                "kind": event.originator_id.partition(":")[0],
                "number": getattr(event.fact, "number", None),
                "position": recorded.position,
            },
        )


def regrant(rows: Rows, stream: StreamId, grants: frozenset[Grant]) -> None:
    """Put the case on the lists of those who may know of it, in whatever capacity, and strike it from others."""
    case = rows.row(CASES, stream)
    place = {"stream": stream, "kind": case["kind"], "position": case["position"]}
    readers = sorted(_readers(grants))
    rows.replace(LISTS, stream, [place | {"role": role, "organisation": whose} for role, whose in readers])


def _readers(grants: Iterable[Grant]) -> set[tuple[Role, str]]:
    return {(grant.role, grant.organisation or "") for grant in grants}


VIEW = View(name="cases", version=VERSION, tables=(CASES, LISTS), project=project, regrant=regrant)


# --- queries ----------------------------------------------------------------------------------------------------------


class Case(OfCase):
    """One case, by the name it is known by."""

    kind: str
    number: str | None
    """The case number; ``None`` for kinds without numbers."""


BY_NUMBER = statement("select stream, kind, number from {cases} where number = %(number)s", CASES)
BY_STREAM = statement("select stream, kind, number from {cases} where stream = %(stream)s", CASES)
WHOSE = (
    "{case_lists} l join {cases} using (stream) where l.role = {role} and l.organisation = {organisation}",
    "{case_lists} l join {cases} using (stream) where l.role = {role} and l.organisation = ''",
    "{cases} l where {is_auditor}",
)
"""What can stand on the list of a reader: what is for their organisation, for all in their role, and for auditors."""


@cache
def _newest(*conditions: str) -> bytes:
    """Return the statement for a page of the list: one for each way to ask, so that each finds its index.

    The policies say the same of whose list it is, but as one condition, with which no index helps.
    """
    end = "order by l.position desc limit %(limit)s + 1"
    found = "select stream, l.kind, number, l.position from"
    each = " union ".join(f"({found} {' and '.join((whose, *conditions))} {end})" for whose in WHOSE)
    return statement(f"select * from ({each}) as l {end}", CASES, LISTS)  # noqa: S608 - literals


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
    conditions = {
        "l.kind = %(kind)s": kind is not None,
        "number is not null": numbered,
        "l.position < %(after)s": position is not None,
    }
    rows = cursor.execute(
        _newest(*(condition for condition, asked in conditions.items() if asked)),
        {"kind": kind, "after": position, "limit": limit},
    ).fetchall()
    places = {row["stream"]: (row.pop("position"),) for row in rows}
    return page([Case.model_validate(row) for row in rows], limit, lambda case: places[case.stream])
