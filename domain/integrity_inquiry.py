"""What happens with a signal that a political office holder acted without integrity (*integriteitsmelding*)?

A signal is assessed first; only then is an inquiry opened, or the matter is closed without one. The steunpunt advises
about the process and never learns who it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, assert_never, get_args

from domain.basis import (
    Act,
    Command,
    Fact,
    Facts,
    Grant,
    Kind,
    OrganisationId,
    Party,
    Refusal,
    Role,
    UnknownBody,
    access_list,
    replace,
)
from domain.bodies import BodyId, BodyKind, PublicBody
from domain.people import POLITICAL_OFFICES, Office, PersonDetails, Statement, Subject
from domain.rules.offices import must_have, offices_of_own
from domain.values import CodeList, Day, Identifying, Line, Personal, Text, told

BODY = frozenset({Role.PUBLIC_BODY})
"""Who handles signals and inquiries: the public body concerned. The steunpunt advises it and decides nothing."""
WITH_STEUNPUNT = frozenset({Party.OWNER, Party.STEUNPUNT})
"""For what the steunpunt may know of a case on which it was consulted: nothing that points at a person."""


# --- codes ------------------------------------------------------------------------------------------------------------


class Nature(CodeList):
    """Which kind of integrity violation is suspected."""

    CORRUPTION = "corruption", "corruptie en omkoping"
    FRAUD = "fraud", "fraude en diefstal"
    CONFLICT_OF_INTEREST = "conflict_of_interest", "belangenverstrengeling"
    GIFTS = "gifts", "dubieuze giften en beloften"
    SIDE_ACTIVITIES = "side_activities", "onverenigbare nevenfuncties"
    CONFIDENTIALITY = "confidentiality", "schending van geheimhouding"
    MISUSE_OF_POWER = "misuse_of_power", "misbruik van bevoegdheden"
    MISUSE_OF_RESOURCES = "misuse_of_resources", "misbruik van middelen en declaraties"
    MISCONDUCT = "misconduct", "ongewenste omgangsvormen"
    PRIVATE_CONDUCT = "private_conduct", "misdragingen in de privésfeer"
    OTHER = "other", "anders"


class ConsultationStage(CodeList):
    """Which conversation with the steunpunt it was."""

    FIRST_CALL = "first_call", "eerste telefonische intake, zonder namen"
    SECOND_CONVERSATION = "second_conversation", "tweede, inhoudelijk gesprek"


class Commissioner(CodeList):
    """Who commissions an inquiry."""

    MAYOR = "mayor", "burgemeester of gezaghebber"
    KINGS_COMMISSIONER = "kings_commissioner", "commissaris van de Koning"
    REPRESENTATIVE_BODY = "representative_body", "vertegenwoordigend orgaan"
    MINISTER = "minister", "minister"
    WATER_BOARD_CHAIR = "water_board_chair", "voorzitter van het waterschap"
    PROVINCIAL_EXECUTIVE = "provincial_executive", "gedeputeerde staten"


class Disposition(CodeList):
    """How a case ends."""

    NO_VIOLATION = "no_violation", "geen schending"
    PARTIAL_VIOLATION = "partial_violation", "gedeeltelijke schending"
    VIOLATION = "violation", "schending"
    NOT_PURSUED = "not_pursued", "niet in behandeling genomen"
    CONVERSATION_ONLY = "conversation_only", "gesprek gevoerd"
    AANGIFTE = "aangifte", "aangifte gedaan"


@dataclass(frozen=True)
class Commissioning:
    """Who commissions inquiries at one kind of body."""

    chair: Office
    """Who commissions them as a rule,"""
    as_commissioner: Commissioner
    """as which commissioner,"""
    stand_in: Commissioner
    """and who steps in when it is about the chair."""

    def commissioners(self, subject: Office | None) -> frozenset[Commissioner]:
        """Return who can commission an inquiry into the holder of *subject*; nobody, where that is not known."""
        if subject is None:
            return frozenset()
        chair = self.stand_in if subject is self.chair else self.as_commissioner
        return frozenset({chair, Commissioner.REPRESENTATIVE_BODY})


COMMISSIONING: Mapping[BodyKind, Commissioning] = {
    BodyKind.MUNICIPALITY: Commissioning(
        Office.BURGEMEESTER, Commissioner.MAYOR, stand_in=Commissioner.KINGS_COMMISSIONER
    ),
    BodyKind.PROVINCE: Commissioning(
        Office.COMMISSARIS, Commissioner.KINGS_COMMISSIONER, stand_in=Commissioner.MINISTER
    ),
    BodyKind.WATER_BOARD: Commissioning(
        Office.WATER_BOARD_CHAIR, Commissioner.WATER_BOARD_CHAIR, stand_in=Commissioner.PROVINCIAL_EXECUTIVE
    ),
    BodyKind.SPECIAL_MUNICIPALITY: Commissioning(
        Office.GEZAGHEBBER, Commissioner.MAYOR, stand_in=Commissioner.MINISTER
    ),
}
"""Gemeentewet art. 170 lid 2, Provinciewet art. 175 lid 2 and 182 lid 1 onder c. Who steps in for the chair of a water
board, for a gezaghebber or for a King's commissioner is a choice of ours."""

FINDINGS = frozenset({Disposition.NO_VIOLATION, Disposition.PARTIAL_VIOLATION, Disposition.VIOLATION})
"""What only an inquiry can find; the other dispositions are the alternatives to opening one."""


# --- facts ------------------------------------------------------------------------------------------------------------


class SignalReceived(Fact):
    """A signal was received."""

    topic: ClassVar[str] = "integrity_inquiry.signal_received.v1"

    number: str
    owner: Identifying[OrganisationId]
    owner_role: Role
    body: Identifying[BodyId]
    office: Identifying[Office]
    received_on: Day
    nature: Nature
    person: Subject
    """Whom it is about (*betrokkene*)."""
    reporter: Subject | None = None
    """Who reported it (*melder*)."""
    account: Statement | None = None
    external_reference: Identifying[Line | None] = None


class SteunpuntConsulted(Fact):
    """The steunpunt was consulted."""

    topic: ClassVar[str] = "integrity_inquiry.steunpunt_consulted.v1"
    audience: ClassVar[frozenset[Party]] = WITH_STEUNPUNT

    on: Day
    stage: ConsultationStage
    body_kind: BodyKind
    nature: Nature


class InquiryOpened(Fact):
    """An inquiry was opened.

    Who commissions it points at whom it is about (the King's commissioner steps in for a mayor), so the steunpunt does
    not see this.
    """

    topic: ClassVar[str] = "integrity_inquiry.opened.v1"

    on: Day
    commissioner: Commissioner


class InquiryClosed(Fact):
    """The case was closed."""

    topic: ClassVar[str] = "integrity_inquiry.closed.v1"
    audience: ClassVar[frozenset[Party]] = WITH_STEUNPUNT

    on: Day
    disposition: Disposition


InquiryFact = SignalReceived | SteunpuntConsulted | InquiryOpened | InquiryClosed


# --- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IntegrityInquiry:
    """What the facts about one signal add up to."""

    number: str | None = None
    owner: Grant | None = None
    body: Identifying[BodyId | None] = None
    office: Identifying[Office | None] = None
    received_on: Day | None = None
    nature: Nature | None = None
    body_kind: BodyKind | None = None
    """As the steunpunt is told it, who does not learn the body."""
    person: Subject | None = None
    reporter: Subject | None = None
    account: Statement | None = None
    external_reference: Identifying[Line | None] = None
    first_call: Day | None = None
    second_conversation: Day | None = None
    opened: Day | None = None
    commissioner: Commissioner | None = None
    closed: Day | None = None
    disposition: Disposition | None = None


def evolve(inquiry: IntegrityInquiry, fact: InquiryFact) -> IntegrityInquiry:
    """Return the case after *fact*."""
    match fact:
        case SignalReceived():
            return replace(
                inquiry,
                number=fact.number,
                owner=Grant(party=Party.OWNER, role=fact.owner_role, organisation=fact.owner),
                body=fact.body,
                office=fact.office,
                received_on=fact.received_on,
                nature=fact.nature,
                person=fact.person,
                reporter=fact.reporter,
                account=fact.account,
                external_reference=fact.external_reference,
            )
        case SteunpuntConsulted():
            consulted = replace(inquiry, nature=fact.nature, body_kind=fact.body_kind)
            if fact.stage is ConsultationStage.FIRST_CALL:
                return replace(consulted, first_call=fact.on)
            return replace(consulted, second_conversation=fact.on)
        case InquiryOpened():
            return replace(inquiry, opened=fact.on, commissioner=fact.commissioner)
        case InquiryClosed():
            return replace(inquiry, closed=fact.on, disposition=fact.disposition)
        case _:
            assert_never(fact)


def grants(inquiry: IntegrityInquiry) -> frozenset[Grant]:
    """Return who is party: the public body, and the steunpunt from the moment it is consulted."""
    consulted = inquiry.first_call or inquiry.second_conversation
    steunpunt = Grant(party=Party.STEUNPUNT, role=Role.STEUNPUNT) if consulted else None
    return access_list(inquiry.owner, steunpunt)


# --- refusals ---------------------------------------------------------------------------------------------------------


class NotAPoliticalOffice(Refusal):
    """These inquiries concern political office holders only; for civil servants the employer has its own procedure."""

    about: ClassVar[tuple[str, ...]] = ("office",)


class ConsultationAlreadyRecorded(Refusal):
    """This conversation with the steunpunt has been recorded already."""


class FirstCallMissing(Refusal):
    """The steunpunt is called first, without names; the second conversation follows."""


class InquiryAlreadyOpened(Refusal):
    """The inquiry has been opened already."""


class CommissionerIsSubject(Refusal):
    """Nobody commissions an inquiry into themselves: into a mayor the King's commissioner does, or the council."""


class NotACommissionerHere(Refusal):
    """At a body of this kind somebody else commissions an inquiry into this office."""


class InquiryNotOpened(Refusal):
    """Only an inquiry can find whether there was a violation, and none has been opened."""


class InquiryMustConclude(Refusal):
    """An opened inquiry ends with a finding: no violation, a partial violation or a violation."""


class InquiryIsClosed(Refusal):
    """The case is closed."""


# --- commands ---------------------------------------------------------------------------------------------------------


class ReceiveSignal(Command[IntegrityInquiry]):
    """Record a signal that a political office holder may have acted without integrity.

    The reporter's identity is kept apart from everything else, and a signal may be anonymous.
    """

    creates: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    roles: ClassVar[frozenset[Role]] = BODY
    new_ids: ClassVar[int] = 2

    body: Identifying[BodyId]
    """The public body concerned, by its id in the register (`GET /v1/public-bodies`)."""
    office: Identifying[Office]
    """The political office of whom it is about."""
    nature: Nature
    person: PersonDetails
    """Whom it is about."""
    reporter: PersonDetails | None = None
    """Who reported it, unless that is unknown."""
    account: Personal[Text | None] = None
    """What is said to have happened, in the reporter's words."""
    received_on: Day | None = None
    """The day; by default today."""
    external_reference: Identifying[Line | None] = None
    """The sender's own reference to the signal."""

    @classmethod
    def choices(cls, state: IntegrityInquiry, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """The political offices of the public body."""
        return {
            field: tuple(office for office in offices if office in POLITICAL_OFFICES)
            for field, offices in offices_of_own(act).items()
        }

    def may(self, state: IntegrityInquiry, act: Act) -> bool:
        """A public body records signals about its own office holders only."""
        return self.body == act.actor.organisation

    def decide(self, state: IntegrityInquiry, act: Act) -> Facts:
        """It is about the holder of a political office at a body that exists on the day of the signal."""
        received_on = act.past(self.received_on)
        if self.office not in POLITICAL_OFFICES:
            raise NotAPoliticalOffice
        if not act.bodies.knows(self.body, received_on):
            raise UnknownBody
        must_have(act.bodies.get(self.body), self.office)
        person = Subject(subject=act.subject(0), **dict(self.person))
        return [
            SignalReceived(
                number=act.number,
                owner=act.actor.organisation,
                owner_role=act.actor.role,
                body=self.body,
                office=self.office,
                received_on=received_on,
                nature=self.nature,
                person=person,
                reporter=Subject(subject=act.subject(1), **dict(self.reporter)) if self.reporter else None,
                account=Statement(subject=person.subject, text=self.account) if self.account else None,
                external_reference=self.external_reference,
            )
        ]


class ConsultSteunpunt(Command[IntegrityInquiry]):
    """Record a conversation with the steunpunt about how to proceed.

    From then on the steunpunt knows of the case: which kind of body, which kind of violation, how it ends.
    """

    noun: ClassVar[str] = "consultations"
    roles: ClassVar[frozenset[Role]] = BODY

    stage: ConsultationStage
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: IntegrityInquiry, act: Act) -> None:
        """On an open case, of which a conversation is yet to be recorded."""
        must_be_open(state)
        if not conversations_to_come(state):
            raise ConsultationAlreadyRecorded
        body_of(state, act)

    @classmethod
    def choices(cls, state: IntegrityInquiry, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """The conversation that comes next."""
        return {"stage": conversations_to_come(state)}

    def decide(self, state: IntegrityInquiry, act: Act) -> Facts:
        """A first call, then a second conversation."""
        if self.stage not in conversations_to_come(state):
            raise ConsultationAlreadyRecorded if state.first_call else FirstCallMissing
        on = act.past(self.on, not_before=(state.received_on, state.first_call))
        kind = body_of(state, act).kind
        return [SteunpuntConsulted(on=on, stage=self.stage, body_kind=kind, nature=told(state.nature))]


class OpenInquiry(Command[IntegrityInquiry]):
    """Open an inquiry.

    The mayor commissions it (Gemeentewet art. 170 lid 2), in a province the King's commissioner (Provinciewet art. 175
    lid 2), in a water board its chair; a representative body can commission one too. Into a mayor the King's
    commissioner steps in (Provinciewet art. 182 lid 1 onder c), into a King's commissioner or a gezaghebber the
    minister, into the chair of a water board the provincial executive.
    """

    noun: ClassVar[str] = "openings"
    roles: ClassVar[frozenset[Role]] = BODY

    commissioner: Commissioner
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: IntegrityInquiry, act: Act) -> None:
        """On an open case without an inquiry, into somebody whose office and body are known."""
        must_be_open(state)
        if state.opened:
            raise InquiryAlreadyOpened
        body_of(state, act)
        if not commissioners_of(state, act):
            raise NotACommissionerHere

    @classmethod
    def choices(cls, state: IntegrityInquiry, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """Who can commission an inquiry into this office."""
        return {"commissioner": commissioners_of(state, act)}

    def decide(self, state: IntegrityInquiry, act: Act) -> Facts:
        """An inquiry is opened once, by a commissioner of that body, and not by whom it is about."""
        if self.commissioner not in commissioners_of(state, act):
            here = COMMISSIONING[body_of(state, act).kind]
            into_oneself = state.office is here.chair and self.commissioner is here.as_commissioner
            raise CommissionerIsSubject if into_oneself else NotACommissionerHere
        return [InquiryOpened(on=act.past(self.on, not_before=(state.received_on,)), commissioner=self.commissioner)]


class CloseInquiry(Command[IntegrityInquiry]):
    """Close the case, with a finding of the inquiry or, where none was opened, with what was done instead.

    "No violation" is recorded like any other outcome.
    """

    noun: ClassVar[str] = "closures"
    roles: ClassVar[frozenset[Role]] = BODY

    disposition: Disposition
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: IntegrityInquiry, act: Act) -> None:
        """An open case can be closed at any time."""
        must_be_open(state)

    @classmethod
    def choices(cls, state: IntegrityInquiry, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """The findings once an inquiry was opened, and before that what is done instead of one."""
        return {"disposition": dispositions_of(state)}

    def decide(self, state: IntegrityInquiry, act: Act) -> Facts:
        """A finding needs an inquiry, and an inquiry ends with a finding."""
        if self.disposition not in dispositions_of(state):
            raise InquiryMustConclude if state.opened else InquiryNotOpened
        before = (state.received_on, state.first_call, state.second_conversation, state.opened)
        return [InquiryClosed(on=act.past(self.on, not_before=before), disposition=self.disposition)]


def must_be_open(inquiry: IntegrityInquiry) -> None:
    """Refuse on a closed case."""
    if inquiry.closed:
        raise InquiryIsClosed


def body_of(inquiry: IntegrityInquiry, act: Act) -> PublicBody:
    """Return the public body concerned, or refuse where the register does not know it."""
    body = act.bodies.get(inquiry.body or "")
    if body is None:
        raise UnknownBody
    return body


def conversations_to_come(inquiry: IntegrityInquiry) -> tuple[ConsultationStage, ...]:
    """Return the conversation with the steunpunt that comes next, or nothing after the second."""
    if inquiry.first_call is None:
        return (ConsultationStage.FIRST_CALL,)
    return () if inquiry.second_conversation else (ConsultationStage.SECOND_CONVERSATION,)


def commissioners_of(inquiry: IntegrityInquiry, act: Act) -> tuple[Commissioner, ...]:
    """Return who can commission an inquiry; nobody, where the body or the office is not known."""
    body = act.bodies.get(inquiry.body or "")
    can = COMMISSIONING[body.kind].commissioners(inquiry.office) if body else ()
    return tuple(commissioner for commissioner in Commissioner if commissioner in can)


def dispositions_of(inquiry: IntegrityInquiry) -> tuple[Disposition, ...]:
    """Return how the case can end as it stands."""
    return tuple(disposition for disposition in Disposition if (disposition in FINDINGS) is bool(inquiry.opened))


INTEGRITY_INQUIRY = Kind(
    name="integrity_inquiry",
    collection="integrity-inquiries",
    prefix="IO",
    empty=IntegrityInquiry(),
    evolve=evolve,
    facts=get_args(InquiryFact),
    grants=grants,
    granting=(SignalReceived, SteunpuntConsulted),
    commands=(ReceiveSignal, ConsultSteunpunt, OpenInquiry, CloseInquiry),
)
