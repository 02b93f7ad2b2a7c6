"""On which inquiries was the steunpunt consulted, and how did they end?

Anonymised: a row names no body, office or person, only a month, and no key by which it could be joined with the case.
Its reference is a hash of random identifiers in the first fact, which the owner alone may see: the same when the view
is made anew, and of no use to whoever sees the consultation or the id of the case.
"""

from base64 import b32encode
from datetime import date
from hashlib import sha256
from uuid import UUID

from psycopg import Cursor as DatabaseCursor
from psycopg.rows import DictRow

from domain.bodies import BodyKind
from domain.integrity_inquiry import (
    ConsultationStage,
    Disposition,
    InquiryClosed,
    InquiryOpened,
    Nature,
    SignalReceived,
    SteunpuntConsulted,
)
from domain.values import CodeList, Day, Model
from infra.eventstore import Recorded
from services.projections.rows import Rows
from services.projections.tables import Kept, Table, statement
from services.projections.views import Cursor, Page, View, page

VERSION = 2
"""1 kept of a matter less than the register says of it."""


class Phase(CodeList):
    """How far the matter has come."""

    ASSESSMENT = "assessment", "beoordeling"
    INQUIRY = "inquiry", "onderzoek"
    CLOSED = "closed", "afgesloten"


# What joins the register with the cases is for the projector alone. It knows also those without a consultation: when
# there is one, the row tells how far the matter has come by then.
INQUIRIES = Table(
    name="steunpunt_inquiries",
    version=VERSION,
    columns="""
        stream text collate "C" primary key,
        reference text not null unique,
        consulted_month date,
        stage text,
        body_kind text,
        nature text,
        phase text not null,
        disposition text
    """,
    visible="false",
)

REGISTER = Table(
    name="steunpunt_register",
    version=VERSION,
    columns="""
        reference text collate "C" primary key,
        consulted_month date not null,
        stage text not null,
        body_kind text not null,
        nature text not null,
        phase text not null,
        disposition text
    """,
    key=("reference",),
    kept=Kept.WRITTEN,
    visible="{is_auditor} or {role} = 'steunpunt'",
    indexes=("(consulted_month, reference)",),
)


def reference(event: UUID, fact: SignalReceived) -> str:
    """Return the register's own name for the matter that begins with *fact*, recorded as *event*.

    Ids of events made within a millisecond resemble each other, and that of the case: alone they could be guessed.
    """
    secret = event.bytes + fact.person.subject.bytes
    return "SP-" + b32encode(sha256(b"steunpunt register\0" + secret).digest())[:10].decode()


def project(rows: Rows, recorded: Recorded) -> None:
    """The first consultation makes a row, later ones change what it says; the month stays that of the first."""
    event = recorded.event
    stream = event.originator_id
    match event.fact:
        case SignalReceived() as fact:
            consultation = dict.fromkeys(("consulted_month", "stage", "body_kind", "nature"))
            matter = {"reference": reference(event.event_id, fact), "phase": Phase.ASSESSMENT, "disposition": None}
            rows.put(INQUIRIES, {"stream": stream} | matter | consultation)
        case SteunpuntConsulted() as fact:
            first = rows.row(INQUIRIES, stream)["consulted_month"]
            _tell(
                rows,
                stream,
                consulted_month=first or fact.on.replace(day=1),
                stage=fact.stage,
                body_kind=fact.body_kind,
                nature=fact.nature,
            )
        case InquiryOpened():
            _tell(rows, stream, phase=Phase.INQUIRY, disposition=None)
        case InquiryClosed() as fact:
            _tell(rows, stream, phase=Phase.CLOSED, disposition=fact.disposition)


def _tell(rows: Rows, stream: str, **changes: object) -> None:
    """Change what is known of a matter, and with it what the register says of one with a consultation."""
    known = rows.change(INQUIRIES, stream, **changes)
    if known["consulted_month"] is not None:
        rows.put(REGISTER, {name: value for name, value in known.items() if name != "stream"})


VIEW = View(
    name="steunpunt_register",
    version=VERSION,
    tables=(INQUIRIES, REGISTER),
    project=project,
    kinds=frozenset({"integrity_inquiry"}),
)


# --- queries ----------------------------------------------------------------------------------------------------------


class RegisterEntry(Model):
    """One matter on which the steunpunt was consulted."""

    reference: str
    consulted_month: Day
    """The first day of the month of the first consultation."""
    stage: ConsultationStage
    body_kind: BodyKind
    nature: Nature
    phase: Phase
    disposition: Disposition | None


LIST = statement(
    """
    select reference, consulted_month, stage, body_kind, nature, phase, disposition from {steunpunt_register}
    where not %(goes_on)s or (consulted_month, reference) < (%(month)s::date, %(reference)s)
    order by consulted_month desc, reference desc limit %(limit)s + 1
    """,
    REGISTER,
)


def newest(cursor: DatabaseCursor[DictRow], *, after: Cursor | None = None, limit: int = 50) -> Page[RegisterEntry]:
    """Return the register, the newest month first."""
    month, name = after or (None, None)
    rows = cursor.execute(
        LIST, {"goes_on": after is not None, "month": month, "reference": name, "limit": limit}
    ).fetchall()
    return page(
        [RegisterEntry.model_validate(row) for row in rows],
        limit,
        lambda entry: (date.isoformat(entry.consulted_month), entry.reference),
    )
