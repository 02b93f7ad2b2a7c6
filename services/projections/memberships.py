"""Which organisations are there, and who works where, in which role?

For auditors, and for those who are party to the organisation: the administrators of the network, and its own.
"""

from collections.abc import Sequence
from datetime import date

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import OrganisationId, PersonId, Role
from domain.bodies import BodyId
from domain.organisations import MemberAppointed, MembershipEnded, OrganisationKind, OrganisationRegistered
from domain.values import Day, Line, Model, Slug
from infra.eventstore import Recorded
from services.projections.rows import Row, Rows
from services.projections.tables import Table, statement
from services.projections.views import Cursor, Page, View, page

VERSION = 2
"""1 looked appointments up by their position alone."""

ORGANISATIONS = Table(
    name="organisations",
    version=VERSION,
    columns="""
        stream text collate "C" primary key,
        organisation text collate "C" not null unique,
        name text not null,
        kind text not null,
        body text
    """,
    visible="{is_auditor} or exists (select from views.access a where a.stream = {organisations}.stream)",
)

MEMBERSHIPS = Table(
    name="memberships",
    version=VERSION,
    columns="""
        stream text collate "C" not null,
        position bigint not null,
        person text not null,
        role text not null,
        team text,
        from_day date not null,
        until date,
        primary key (stream, position)
    """,
    key=("stream", "position"),
    visible="{is_auditor} or exists (select from views.access a where a.stream = {memberships}.stream)",
)


def project(rows: Rows, recorded: Recorded) -> None:
    """An appointment makes a row; its end sets the first day on which it no longer holds."""
    event = recorded.event
    stream = event.originator_id
    match event.fact:
        case OrganisationRegistered() as fact:
            rows.put(ORGANISATIONS, fact.model_dump() | {"stream": stream})
        case MemberAppointed() as fact:
            rows.put(MEMBERSHIPS, fact.model_dump() | {"stream": stream, "position": recorded.position})
        case MembershipEnded() as fact:
            for held in tuple(rows.of(MEMBERSHIPS, stream)):
                if _holds(held, fact):
                    rows.put(MEMBERSHIPS, {**held, "until": fact.on})


def _holds(held: Row, ended: MembershipEnded) -> bool:
    """Tell whether *held* is an appointment that ends with *ended*."""
    return (
        (held["person"], held["role"]) == (ended.person, ended.role)
        and held["from_day"] <= ended.on
        and (held["until"] is None or ended.on < held["until"])
    )


VIEW = View(
    name="memberships",
    version=VERSION,
    tables=(ORGANISATIONS, MEMBERSHIPS),
    project=project,
    kinds=frozenset({"organisation"}),
)


# --- queries ----------------------------------------------------------------------------------------------------------


class OrganisationEntry(Model):
    """One organisation of the network."""

    organisation: OrganisationId
    name: Line
    kind: OrganisationKind
    body: BodyId | None


class Member(Model):
    """Somebody who has a role in an organisation."""

    person: PersonId
    role: Role
    team: Slug | None
    from_day: Day
    until: Day | None


LIST = statement(
    """
    select organisation, name, kind, body from {organisations}
    where (%(after)s::text is null or organisation > %(after)s)
    and (%(named)s::text is null or position(lower(%(named)s) in lower(name)) > 0 or organisation = lower(%(named)s))
    order by organisation limit %(limit)s + 1
    """,
    ORGANISATIONS,
)
THERE = statement("select from {organisations} where stream = %(stream)s", ORGANISATIONS)
MEMBERS = statement(
    """
    select person, role, team, from_day, until from {memberships}
    where stream = %(stream)s and from_day <= %(day)s and (until is null or %(day)s < until)
    order by position
    """,
    MEMBERSHIPS,
)
COUNTS = statement(
    """
    select o.organisation, count(distinct m.person) as people
    from {organisations} o join {memberships} m using (stream)
    where o.organisation = any (%(organisations)s)
    and m.from_day <= %(day)s and (m.until is null or %(day)s < m.until)
    group by o.organisation
    """,
    ORGANISATIONS,
    MEMBERSHIPS,
)


def organisations(
    cursor: DatabaseCursor[DictRow], *, named: str | None = None, after: Cursor | None = None, limit: int = 50
) -> Page[OrganisationEntry]:
    """Return the organisations, by their ids; *named*: only those with this in their name, or with this id."""
    (organisation,) = after or (None,)
    rows = cursor.execute(LIST, {"named": named, "after": organisation, "limit": limit}).fetchall()
    return page([OrganisationEntry.model_validate(row) for row in rows], limit, lambda entry: (entry.organisation,))


def counts(
    cursor: DatabaseCursor[DictRow], organisations: Sequence[OrganisationId], day: date
) -> dict[OrganisationId, int]:
    """Return how many people have a role on *day* in each of *organisations*, as far as the reader may know of it."""
    rows = cursor.execute(COUNTS, {"organisations": list(organisations), "day": day}).fetchall()
    return dict.fromkeys(organisations, 0) | {row["organisation"]: row["people"] for row in rows}


def members(cursor: DatabaseCursor[DictRow], stream: str, day: date) -> list[Member] | None:
    """Return who has a role in the organisation in *stream* on *day*; ``None`` if the reader may not know of it."""
    if cursor.execute(THERE, {"stream": stream}).fetchone() is None:
        return None
    return [Member.model_validate(row) for row in cursor.execute(MEMBERS, {"stream": stream, "day": day})]
