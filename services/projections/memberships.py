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
from services.projections.views import Change, Changes, Cursor, Page, Table, View, page, statement

VERSION = 1

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
        position bigint primary key,
        stream text collate "C" not null,
        person text not null,
        role text not null,
        team text,
        from_day date not null,
        until date
    """,
    visible="{is_auditor} or exists (select from views.access a where a.stream = {memberships}.stream)",
    indexes=("(stream, person, role)",),
)

REGISTER = statement(
    """
    insert into {organisations} (stream, organisation, name, kind, body)
    values (%(stream)s, %(organisation)s, %(name)s, %(kind)s, %(body)s)
    """,
    ORGANISATIONS,
)
APPOINT = statement(
    """
    insert into {memberships} (position, stream, person, role, team, from_day, until)
    values (%(position)s, %(stream)s, %(person)s, %(role)s, %(team)s, %(from_day)s, %(until)s)
    """,
    MEMBERSHIPS,
)
END = statement(
    """
    update {memberships} set until = %(on)s
    where stream = %(stream)s and person = %(person)s and role = %(role)s
    and from_day <= %(on)s and (until is null or %(on)s < until)
    """,
    MEMBERSHIPS,
)


def changes(recorded: Recorded) -> Changes:
    """An appointment makes a row; its end sets the first day on which it no longer holds."""
    event = recorded.event
    of_stream = {"stream": event.originator_id}
    match event.fact:
        case OrganisationRegistered() as fact:
            yield Change(REGISTER, of_stream | fact.model_dump())
        case MemberAppointed() as fact:
            yield Change(APPOINT, of_stream | {"position": recorded.position} | fact.model_dump())
        case MembershipEnded() as fact:
            yield Change(END, of_stream | fact.model_dump())


VIEW = View(
    name="memberships",
    version=VERSION,
    tables=(ORGANISATIONS, MEMBERSHIPS),
    changes=changes,
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
