"""Which threat cases ask for attention, of those that this team or this public body handles?"""

from typing import Any

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact
from domain.bodies import BodyId
from domain.people import Office
from domain.threat_case import (
    AangifteFiled,
    AangifteWaived,
    ClosingReason,
    Form,
    PoliceNotified,
    ReportCorrected,
    Severity,
    ThreatAssessed,
    ThreatCaseClosed,
    ThreatCaseReopened,
    ThreatReported,
)
from domain.values import CodeList, Day, Identifying, Instant
from infra.eventstore import Recorded
from services.projections.views import Change, Changes, Cursor, OfCase, Page, Table, View, page, statement


class AangifteStatus(CodeList):
    """Where the aangifte stands."""

    OPEN = "open", "nog niet besloten"
    FILED = "filed", "gedaan"
    WAIVED = "waived", "afgezien"


WORKLIST = Table(
    name="worklist",
    version=1,
    # The owner stands in the row itself: this list is looked at all day, and the policy needs no second table.
    columns="""
        stream text collate "C" primary key,
        owner text not null,
        owner_role text not null,
        number text not null,
        body text not null,
        office text not null,
        danger_now boolean not null,
        severity text,
        form text,
        reported_at timestamptz not null,
        last_activity_at timestamptz not null,
        police_notified date,
        aangifte text not null default 'open',
        closed text
    """,
    visible="{is_auditor} or (owner_role = {role} and owner = {organisation})",
    indexes=("(owner_role, owner, (closed is null), (not danger_now), last_activity_at, stream)",),
)

REPORT = statement(
    """
    insert into {worklist}
        (stream, owner, owner_role, number, body, office, danger_now, severity, form, reported_at, last_activity_at)
    values
        (%(stream)s, %(owner)s, %(owner_role)s, %(number)s, %(body)s, %(office)s, %(danger_now)s,
         %(severity)s, %(form)s, %(at)s, %(at)s)
    """,
    WORKLIST,
)

# One statement for all that can happen to a row: a page of facts then goes to the server in few round trips.
UPDATE = statement(
    """
    update {worklist} set
        body = coalesce(%(body)s, body),
        office = coalesce(%(office)s, office),
        danger_now = coalesce(%(danger_now)s, danger_now),
        severity = coalesce(%(severity)s, severity),
        form = coalesce(%(form)s, form),
        police_notified = coalesce(%(police_notified)s, police_notified),
        aangifte = coalesce(%(aangifte)s, aangifte),
        closed = case when %(reopened)s then null else coalesce(%(closed)s, closed) end,
        last_activity_at = %(at)s
    where stream = %(stream)s
    """,
    WORKLIST,
)

UNCHANGED = dict.fromkeys(
    ("body", "office", "danger_now", "severity", "form", "police_notified", "aangifte", "closed")
) | {"reopened": False}


def changes(recorded: Recorded) -> Changes:
    """A report makes a row; every later fact is an activity, and some change what the row says."""
    event = recorded.event
    where = {"stream": event.originator_id, "at": event.metadata.at}
    match event.fact:
        case ThreatReported() as fact:
            row = fact.model_dump(include={"owner", "owner_role", "number", "body", "office", "danger_now"})
            axes = {"severity": fact.axes.severity, "form": fact.axes.form}
            yield Change(REPORT, where | row | axes)
        case other:
            yield Change(UPDATE, where | UNCHANGED | _said(other))


def _said(fact: Fact) -> dict[str, Any]:  # noqa: PLR0911 - one flat match over the facts
    match fact:
        case ThreatAssessed():
            return {"severity": fact.axes.severity, "form": fact.axes.form}
        case ReportCorrected():
            corrected = fact.model_dump(include={"body", "office", "danger_now"})
            return corrected | {"severity": fact.axes.severity, "form": fact.axes.form}
        case PoliceNotified():
            return {"police_notified": fact.on}
        case AangifteFiled():
            return {"aangifte": AangifteStatus.FILED}
        case AangifteWaived():
            return {"aangifte": AangifteStatus.WAIVED}
        case ThreatCaseClosed():
            return {"closed": fact.reason}
        case ThreatCaseReopened():
            return {"reopened": True}
        case _:
            return {}


VIEW = View(name="worklist", version=1, tables=(WORKLIST,), changes=changes, kinds=frozenset({"threat_case"}))


# --- queries ----------------------------------------------------------------------------------------------------------


class WorklistItem(OfCase):
    """One threat case on the worklist."""

    number: str
    body: Identifying[BodyId]
    office: Identifying[Office]
    danger_now: bool
    severity: Severity | None
    form: Form | None
    reported_at: Instant
    last_activity_at: Instant
    police_notified: Day | None
    aangifte: AangifteStatus
    closed: ClosingReason | None


LIST = statement(
    """
    select stream, number, body, office, danger_now, severity, form, reported_at, last_activity_at,
        police_notified, aangifte, closed
    from {worklist}
    where (closed is null) = %(open)s
    and (not %(goes_on)s or (not danger_now, last_activity_at, stream)
        > (not %(danger_now)s::boolean, %(last_activity_at)s::timestamptz, %(stream)s))
    order by (not danger_now), last_activity_at, stream
    limit %(limit)s + 1
    """,
    WORKLIST,
)


def cases(
    cursor: DatabaseCursor[DictRow], *, closed: bool = False, after: Cursor | None = None, limit: int = 50
) -> Page[WorklistItem]:
    """Return the open or the closed cases: danger first, then those that have waited longest."""
    danger_now, last_activity_at, stream = after or (None, None, None)
    rows = cursor.execute(
        LIST,
        {
            "open": not closed,
            "goes_on": after is not None,
            "danger_now": danger_now,
            "last_activity_at": last_activity_at,
            "stream": stream,
            "limit": limit,
        },
    ).fetchall()
    return page(
        [WorklistItem.model_validate(row) for row in rows],
        limit,
        lambda item: (item.danger_now, item.last_activity_at.isoformat(), item.stream),
    )
