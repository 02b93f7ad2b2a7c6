"""Who is party to which case, and in which capacity?

The rows are a case's access list, as ``Kind.grants`` gives it. The policies of other views read them under the
unversioned name ``views.access``, through which a reader sees the lines that cover them, and auditors see all.
When a kind's ``grants`` or ``granting`` begins to answer differently for the same facts, this view needs a new version.
"""

from collections.abc import Iterable

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Grant, Party, StreamId
from services.projections.rows import Rows
from services.projections.tables import Table, statement
from services.projections.views import View

VERSION = 2
"""1 knew no CCV among the advisers."""

ACCESS = Table(
    name="access",
    version=VERSION,
    columns="""
        stream text collate "C" not null,
        party text not null,
        role text not null,
        organisation text,
        unique nulls not distinct (stream, party, role, organisation)
    """,
    key=("stream", "party", "role", "organisation"),
    visible="{is_auditor} or (role = {role} and (organisation is null or organisation = {organisation}))",
    alias="access",
    alias_columns="stream, party, role, organisation",
)


def regrant(rows: Rows, stream: StreamId, grants: frozenset[Grant]) -> None:
    """Let the lines of a case be what is granted in it now."""
    rows.replace(ACCESS, stream, [line(stream, grant) for grant in in_order(grants)])


def in_order(grants: Iterable[Grant]) -> list[Grant]:
    """Return *grants* in an order that does not depend on the run."""
    return sorted(grants, key=lambda grant: (grant.party, grant.role, grant.organisation or ""))


def line(stream: StreamId, grant: Grant) -> dict[str, str | None]:
    """Return *grant* as a row."""
    return {"stream": stream, "party": grant.party, "role": grant.role, "organisation": grant.organisation}


VIEW = View(name="access", version=VERSION, tables=(ACCESS,), regrant=regrant)


# --- queries ----------------------------------------------------------------------------------------------------------

PARTIES = statement("select distinct party from {access} where stream = %(stream)s", ACCESS)


def parties(cursor: DatabaseCursor[DictRow], stream: str) -> frozenset[Party]:
    """Return what the reader is to the case in *stream*; for an auditor, which parties there are."""
    return frozenset(Party(row["party"]) for row in cursor.execute(PARTIES, {"stream": stream}))
