"""Which threat cases ask for attention, of those that this team or this public body handles, and for what?"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow
from pydantic import computed_field

from domain.basis import Fact, PersonId
from domain.bodies import BodyId
from domain.people import Office
from domain.rules import follow_up
from domain.rules.follow_up import NextStep, Situation
from domain.threat_case import (
    AangifteFiled,
    AangifteWaived,
    CallBackPlanned,
    CallNoted,
    CaseHandedOver,
    CaseTaken,
    ClosingReason,
    DangerPassed,
    Form,
    PoliceNotified,
    ReportCorrected,
    Severity,
    ThreatAssessed,
    ThreatCaseClosed,
    ThreatCaseReopened,
    ThreatReported,
    VptCodeAdded,
)
from domain.values import CodeList, Day, Identifying, Instant, Model
from infra.eventstore import Recorded
from services.projections.rows import Row, Rows
from services.projections.tables import Table, statement
from services.projections.views import Cursor, OfCase, Page, View, page

VERSION = 2


class AangifteStatus(CodeList):
    """Where the aangifte stands."""

    OPEN = "open", "nog niet besloten"
    FILED = "filed", "gedaan"
    WAIVED = "waived", "afgezien"


DUE = "(case when due_at is null then 'infinity' else due_at end)"
"""What is never due comes last. Not ``coalesce``: PostgreSQL does not count that among what leaks nothing, and so does
not look it up in an index for readers whom a policy holds."""

WORKLIST = Table(
    name="worklist",
    version=VERSION,
    # The owner stands in the row itself: this list is looked at all day, and the policy needs no second table.
    columns="""
        stream text collate "C" primary key,
        owner text not null,
        owner_role text not null,
        number text not null,
        body text not null,
        office text not null,
        handler text,
        danger_now boolean not null,
        severity text,
        form text,
        reported_at timestamptz not null,
        last_activity_at timestamptz not null,
        call_back_at timestamptz,
        police_notified date,
        vpt_code boolean,
        aangifte text not null,
        closed text,
        closed_at timestamptz,
        due_at timestamptz
    """,
    # As a case: of an *or* PostgreSQL expects that few rows pass, and reads all of them where a page was asked for.
    visible="case when {is_auditor} then true else owner_role = {role} and owner = {organisation} end",
    indexes=(
        f"(owner_role, owner, (not danger_now), {DUE}, stream) where closed is null",
        f"(owner_role, owner, handler, (not danger_now), {DUE}, stream) where closed is null",
        f"(owner_role, owner, (not danger_now), {DUE}, stream) where closed is null and handler is null",
        f"((not danger_now), {DUE}, stream) where closed is null",  # for auditors, whose list is that of all
        # Not by the last activity: with that in an index each fact would have to be written into all of them.
        "(owner_role, owner, closed_at, stream) where closed is not null",
        "(closed_at, stream) where closed is not null",
    ),
)


def project(rows: Rows, recorded: Recorded) -> None:
    """A report makes a row; every later fact is an activity, and some change what the row says."""
    event = recorded.event
    stream, at = event.originator_id, event.metadata.at
    match event.fact:
        case ThreatReported() as fact:
            row: Row = _reported(fact) | {"stream": stream, "reported_at": at}
        case other:
            row = rows.change(WORKLIST, stream, **_said(other, at))
    rows.put(WORKLIST, {**row, "last_activity_at": at, "due_at": follow_up.first_due(situation(row))})


def _reported(fact: ThreatReported) -> dict[str, Any]:
    return {
        "owner": fact.owner,
        "owner_role": fact.owner_role,
        "number": fact.number,
        "body": fact.body,
        "office": fact.office,
        "handler": fact.handler,
        "danger_now": fact.danger_now,
        "severity": fact.axes.severity,
        "form": fact.axes.form,
        "call_back_at": None,
        "police_notified": None,
        "vpt_code": None,
        "aangifte": AangifteStatus.OPEN,
        "closed": None,
        "closed_at": None,
    }


def _said(fact: Fact, at: datetime) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - one flat match over the facts
    match fact:
        case ThreatAssessed():
            return _told(severity=fact.axes.severity, form=fact.axes.form)
        case ReportCorrected():
            report = _told(body=fact.body, office=fact.office, danger_now=fact.danger_now)
            return report | _told(severity=fact.axes.severity, form=fact.axes.form)
        case DangerPassed():
            return {"danger_now": False}
        case CaseTaken():
            return {"handler": fact.handler}
        case CaseHandedOver():
            return {"handler": None} | _told(call_back_at=fact.call_back_at)
        case CallNoted():
            return {"call_back_at": fact.call_back_at}
        case CallBackPlanned():
            return {"call_back_at": fact.at}
        case PoliceNotified():
            return {"police_notified": fact.on} | _told(vpt_code=fact.vpt_code)
        case VptCodeAdded():
            return {"vpt_code": True}
        case AangifteFiled():
            return {"aangifte": AangifteStatus.FILED} | _told(vpt_code=fact.vpt_code)
        case AangifteWaived():
            return {"aangifte": AangifteStatus.WAIVED}
        case ThreatCaseClosed():
            return {"closed": fact.reason, "closed_at": at}
        case ThreatCaseReopened():
            return {"closed": None, "closed_at": None}
        case _:
            return {}


def _told(**values: object) -> dict[str, object]:
    """Return what a fact tells; what it is silent about stays as it was."""
    return {name: value for name, value in values.items() if value is not None}


def situation(row: Row) -> Situation:
    """Return what the next steps of the case in *row* follow from."""
    return Situation(
        reported_at=row["reported_at"],
        danger_now=row["danger_now"],
        police_notified=row["police_notified"] is not None,
        handler=row["handler"],
        call_back_at=row["call_back_at"],
        assessed=row["severity"] is not None,
        aangifte_filed=row["aangifte"] == AangifteStatus.FILED,
        aangifte_waived=row["aangifte"] == AangifteStatus.WAIVED,
        vpt_code=row["vpt_code"],
        closed=row["closed"] is not None,
    )


VIEW = View(name="worklist", version=VERSION, tables=(WORKLIST,), project=project, kinds=frozenset({"threat_case"}))


# --- queries ----------------------------------------------------------------------------------------------------------


class WorklistItem(OfCase):
    """One threat case on the worklist."""

    number: str
    body: Identifying[BodyId]
    office: Identifying[Office]
    handler: PersonId | None
    """The person who handles it."""
    danger_now: bool
    severity: Severity | None
    form: Form | None
    reported_at: Instant
    last_activity_at: Instant
    call_back_at: Instant | None
    police_notified: Day | None
    vpt_code: bool | None
    """Whether the police registered the VPT code."""
    aangifte: AangifteStatus
    closed: ClosingReason | None
    closed_at: Instant | None
    due_at: Instant | None
    """When the first of the next steps is due."""

    @computed_field  # type: ignore[prop-decorator]  # mypy issue 1362
    @cached_property
    def next_steps(self) -> tuple[NextStep, ...]:
        """What is to be done next, what is due soonest first."""
        return follow_up.next_steps(situation(vars(self)))


class Counts(Model):
    """How many open cases there are."""

    open: int
    in_danger: int
    unhandled: int
    """That nobody handles."""
    due_now: int
    """In which a step is due, now or since long."""


def _of_reader(select: str, where: str, *, end: str = "") -> str:
    """Return *select* from the cases of the reader's organisation, or for auditors from all of them.

    The policy says the same, but as one condition, with which no index helps.
    """
    own = "not {is_auditor} and owner_role = {role} and owner = {organisation}"
    branches = (f"({select} from {{worklist}} where {whose} and {where} {end})" for whose in (own, "{is_auditor}"))
    return f"({' union all '.join(branches)}) as of_reader"


COLUMNS = """stream, number, body, office, handler, danger_now, severity, form, reported_at, last_activity_at,
    call_back_at, police_notified, vpt_code, aangifte, closed, closed_at, due_at"""

OF_CASE = statement(f"select {COLUMNS} from {{worklist}} where stream = %(stream)s", WORKLIST)  # noqa: S608 - literals

COUNTS = statement(
    f"""
    select count(*) as open,
        count(*) filter (where danger_now) as in_danger,
        count(*) filter (where handler is null) as unhandled,
        count(*) filter (where due_at <= %(now)s) as due_now
    from {_of_reader("select danger_now, handler, due_at", "closed is null")}
    """,  # noqa: S608 - literals
    WORKLIST,
)


@dataclass(frozen=True)
class Listed:
    """Which cases stand in a list, and in which order."""

    which: str
    order: str
    sorted_by: tuple[str, ...]
    """What the order looks at: the names of columns, of a case's fields, and of parameters."""
    goes_on: str
    """Which cases come after a place in that order."""

    def place(self, item: WorklistItem) -> Cursor:
        """Return where *item* stands."""
        values = (getattr(item, name) for name in self.sorted_by)
        return tuple(value.isoformat() if isinstance(value, datetime) else value for value in values)


OPEN = Listed(
    which="closed is null",
    order=f"(not danger_now), {DUE}, stream",
    sorted_by=("danger_now", "due_at", "stream"),
    goes_on=f"""(not danger_now, {DUE}, stream)
        > (not %(danger_now)s::boolean, coalesce(%(due_at)s::timestamptz, 'infinity'), %(stream)s)""",
)
"""Danger first, then what is due soonest."""

CLOSED = Listed(
    which="closed is not null",
    order="closed_at desc, stream desc",
    sorted_by=("closed_at", "stream"),
    goes_on="(closed_at, stream) < (%(closed_at)s::timestamptz, %(stream)s)",
)
"""What was closed last comes first."""


@cache
def _list(listed: Listed, *conditions: str) -> bytes:
    """Return the statement for a page of a list: one for each way to ask, so that each finds its index."""
    where = " and ".join((listed.which, *conditions))
    end = f"order by {listed.order} limit %(limit)s + 1"
    mine = _of_reader(f"select {COLUMNS}", where, end=end)
    return statement(f"select * from {mine} {end}", WORKLIST)  # noqa: S608 - literals


def cases(  # noqa: PLR0913 - one parameter per way to narrow the list
    cursor: DatabaseCursor[DictRow],
    *,
    closed: bool = False,
    handler: PersonId | None = None,
    unhandled: bool = False,
    after: Cursor | None = None,
    limit: int = 50,
) -> Page[WorklistItem]:
    """Return the open cases, danger first and then what is due soonest, or the closed ones, the latest first.

    All of them, or those that *handler* or (*unhandled*) nobody handles.
    """
    listed = CLOSED if closed else OPEN
    conditions = {
        "handler = %(handler)s": handler is not None,
        "handler is null": unhandled,
        listed.goes_on: after is not None,
    }
    place = dict(zip(listed.sorted_by, after or (), strict=False))
    rows = cursor.execute(
        _list(listed, *(condition for condition, asked in conditions.items() if asked)),
        {"handler": handler, "limit": limit} | place,
    ).fetchall()
    return page([WorklistItem.model_validate(row) for row in rows], limit, listed.place)


def of_case(cursor: DatabaseCursor[DictRow], stream: str) -> WorklistItem | None:
    """Return the threat case in *stream*; ``None`` if the reader does not handle it."""
    row = cursor.execute(OF_CASE, {"stream": stream}).fetchone()
    return WorklistItem.model_validate(row) if row else None


def counts(cursor: DatabaseCursor[DictRow], now: datetime) -> Counts:
    """Return how many open cases there are at the moment *now*."""
    return Counts.model_validate(cursor.execute(COUNTS, {"now": now}).fetchone())
