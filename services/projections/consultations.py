"""Which questions to the steunpunt ask for attention, and which are closed?"""

from datetime import date

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.basis import Fact
from domain.bodies import BodyKind
from domain.consultation import (
    CallerCapacity,
    ConsultationClosed,
    ConsultationCorrected,
    ConsultationOutcome,
    ConsultationRequested,
    FirstIntakeHeld,
    ProcessAdviceGiven,
    ProcessQuestion,
    SecondConversationHeld,
    first_intake_due,
)
from domain.integrity_inquiry import Nature
from domain.values import CodeList, Day, Instant
from infra.eventstore import Recorded
from services.projections.rows import Rows
from services.projections.tables import Table, statement
from services.projections.views import Cursor, OfCase, Page, View, page


class ProcessAdviceStage(CodeList):
    """How far a consultation of the steunpunt has come."""

    FIRST_INTAKE = "first_intake", "wacht op de eerste intake"
    SECOND_CONVERSATION = "second_conversation", "wacht op het tweede gesprek"
    ADVICE = "advice", "wacht op advies"
    ADVISED = "advised", "advies gegeven"
    CLOSED = "closed", "afgesloten"


CONSULTATIONS = Table(
    name="consultations",
    version=1,
    columns="""
        stream text collate "C" primary key,
        owner text not null,
        owner_role text not null,
        number text not null,
        received_on date not null,
        body_kind text not null,
        caller text not null,
        question text not null,
        nature text,
        stage text not null,
        due_on date,
        outcome text,
        last_activity_at timestamptz not null
    """,
    visible="{is_auditor} or (owner_role = {role} and owner = {organisation})",
    # There is one steunpunt: an index that began with whose it is would only be longer.
    indexes=(
        "((coalesce(due_on, 'infinity'::date)), received_on, stream) where stage <> 'closed'",
        "(last_activity_at, stream) where stage = 'closed'",
    ),
)

AFTER: dict[type[Fact], ProcessAdviceStage] = {
    FirstIntakeHeld: ProcessAdviceStage.SECOND_CONVERSATION,
    SecondConversationHeld: ProcessAdviceStage.ADVICE,
    ProcessAdviceGiven: ProcessAdviceStage.ADVISED,
    ConsultationClosed: ProcessAdviceStage.CLOSED,
}
"""How far a consultation has come with each fact."""


def project(rows: Rows, recorded: Recorded) -> None:
    """A question makes a row, which says how far it has come and when the first intake is due; it can be corrected."""
    event = recorded.event
    stream, at = event.originator_id, event.metadata.at
    match event.fact:
        case ConsultationRequested() as fact:
            asked = fact.model_dump(exclude={"call_back"})
            stands = {"stage": ProcessAdviceStage.FIRST_INTAKE, "outcome": None, "last_activity_at": at}
            rows.put(CONSULTATIONS, asked | stands | {"stream": stream, "due_on": first_intake_due(fact.received_on)})
        case ConsultationCorrected() as fact:
            corrected = fact.model_dump(include={"caller", "body_kind", "question", "nature"}, exclude_none=True)
            rows.change(CONSULTATIONS, stream, **corrected, last_activity_at=at)
        case fact:
            stage = AFTER[type(fact)]
            advised = rows.row(CONSULTATIONS, stream)["stage"] == ProcessAdviceStage.ADVISED
            if advised and stage is ProcessAdviceStage.ADVICE:
                stage = ProcessAdviceStage.ADVISED  # a second conversation may also follow the advice
            outcome = fact.outcome if isinstance(fact, ConsultationClosed) else None
            # Only the first intake has a day on which it is due.
            rows.change(CONSULTATIONS, stream, stage=stage, due_on=None, outcome=outcome, last_activity_at=at)


VIEW = View(
    name="consultations", version=1, tables=(CONSULTATIONS,), project=project, kinds=frozenset({"consultation"})
)


# --- queries ----------------------------------------------------------------------------------------------------------


class ConsultationItem(OfCase):
    """One question to the steunpunt."""

    number: str
    received_on: Day
    body_kind: BodyKind
    caller: CallerCapacity
    question: ProcessQuestion
    nature: Nature | None
    stage: ProcessAdviceStage
    due_on: Day | None
    """The last day for the first intake, while that has not been held."""
    outcome: ConsultationOutcome | None
    last_activity_at: Instant


OPEN = statement(
    """
    select stream, number, received_on, body_kind, caller, question, nature, stage, due_on, outcome, last_activity_at
    from {consultations}
    where stage <> 'closed'
    and (not %(goes_on)s or (coalesce(due_on, 'infinity'::date), received_on, stream)
        > (coalesce(%(due_on)s::date, 'infinity'::date), %(received_on)s::date, %(stream)s))
    order by coalesce(due_on, 'infinity'::date), received_on, stream limit %(limit)s + 1
    """,
    CONSULTATIONS,
)

CLOSED = statement(
    """
    select stream, number, received_on, body_kind, caller, question, nature, stage, due_on, outcome, last_activity_at
    from {consultations}
    where stage = 'closed'
    and (not %(goes_on)s or (last_activity_at, stream) < (%(last_activity_at)s::timestamptz, %(stream)s))
    order by last_activity_at desc, stream desc limit %(limit)s + 1
    """,
    CONSULTATIONS,
)


def waiting(cursor: DatabaseCursor[DictRow], *, after: Cursor | None = None, limit: int = 50) -> Page[ConsultationItem]:
    """Return the open consultations: first intakes by the day they are due, then the others, the oldest first."""
    due_on, received_on, stream = after or (None, None, None)
    found = cursor.execute(
        OPEN,
        {
            "goes_on": after is not None,
            "due_on": due_on,
            "received_on": received_on,
            "stream": stream,
            "limit": limit,
        },
    )
    return page(
        [ConsultationItem.model_validate(row) for row in found],
        limit,
        lambda item: (_iso(item.due_on), item.received_on.isoformat(), item.stream),
    )


def closed(cursor: DatabaseCursor[DictRow], *, after: Cursor | None = None, limit: int = 50) -> Page[ConsultationItem]:
    """Return the closed consultations, the last one first."""
    last_activity_at, stream = after or (None, None)
    found = cursor.execute(
        CLOSED,
        {
            "goes_on": after is not None,
            "last_activity_at": last_activity_at,
            "stream": stream,
            "limit": limit,
        },
    )
    return page(
        [ConsultationItem.model_validate(row) for row in found],
        limit,
        lambda item: (item.last_activity_at.isoformat(), item.stream),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
