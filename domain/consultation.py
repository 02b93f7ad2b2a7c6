"""What does the steunpunt advise about the process of an integrity inquiry (*procesadvies*)?

Whoever is to commission an inquiry asks how to go about it. The steunpunt (SIPA, at CAOP) calls back on the same or the
next working day, talks it over once more, and advises. It decides nothing, and learns neither who it is about nor which
body: only which kind of body it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, assert_never, get_args

from domain.basis import (
    Act,
    Command,
    Fact,
    Facts,
    Grant,
    Kind,
    NothingCorrected,
    OrganisationId,
    Party,
    Refusal,
    Role,
    SubjectId,
    access_list,
    replace,
)
from domain.bodies import BodyKind
from domain.integrity_inquiry import Nature
from domain.people import Phone, PhoneNumber, Statement
from domain.rules.working_days import next_working_day
from domain.values import CodeList, Day, Identifying, Model, Personal, Text, newest, told

STEUNPUNT = frozenset({Role.STEUNPUNT})
"""Who gives process advice; nobody else sees these cases."""


# --- codes ------------------------------------------------------------------------------------------------------------


class CallerCapacity(CodeList):
    """In which capacity somebody asks the steunpunt for advice."""

    MAYOR = "mayor", "burgemeester of gezaghebber"
    KINGS_COMMISSIONER = "kings_commissioner", "commissaris van de Koning"
    WATER_BOARD_CHAIR = "water_board_chair", "voorzitter van het waterschap"
    GRIFFIER = "griffier", "griffier"
    GEMEENTESECRETARIS = "gemeentesecretaris", "gemeentesecretaris"
    COUNCILLOR = "councillor", "lid van het vertegenwoordigend orgaan"
    OTHER = "other", "anders"


class ProcessQuestion(CodeList):
    """What a question to the steunpunt is about."""

    WHETHER_TO_INQUIRE = "whether_to_inquire", "wel of geen onderzoek"
    HOW_TO_COMMISSION = "how_to_commission", "opdracht tot onderzoek"
    CHOICE_OF_INVESTIGATOR = "choice_of_investigator", "keuze van de onderzoeker"
    HOOR_EN_WEDERHOOR = "hoor_en_wederhoor", "hoor en wederhoor"
    COMMUNICATION = "communication", "communicatie"
    AFTERCARE = "aftercare", "nazorg"
    OTHER = "other", "anders"


class ConsultationOutcome(CodeList):
    """How a consultation of the steunpunt ends."""

    ADVISED = "advised", "afgerond met advies"
    NO_FOLLOW_UP = "no_follow_up", "geen vervolg"
    REFERRED = "referred", "doorverwezen"


# --- facts ------------------------------------------------------------------------------------------------------------


class CallBack(Model):
    """Where whoever asks may be called back. Their name is not asked for."""

    subject: SubjectId
    phone: Personal[Phone]


class ConsultationRequested(Fact):
    """The steunpunt was asked for advice."""

    topic: ClassVar[str] = "consultation.requested.v1"

    number: str
    owner: Identifying[OrganisationId]
    owner_role: Role
    received_on: Day
    body_kind: BodyKind
    caller: CallerCapacity
    call_back: CallBack
    question: ProcessQuestion
    nature: Nature | None = None


class FirstIntakeHeld(Fact):
    """The first intake was held."""

    topic: ClassVar[str] = "consultation.first_intake_held.v1"

    on: Day
    summary: Statement | None = None
    """Without names."""


class SecondConversationHeld(Fact):
    """The second, detailed conversation was held."""

    topic: ClassVar[str] = "consultation.second_conversation_held.v1"

    on: Day
    summary: Statement | None = None
    """Without names."""


class ProcessAdviceGiven(Fact):
    """Advice about the process was given."""

    topic: ClassVar[str] = "consultation.process_advice_given.v1"

    on: Day
    advice: Statement
    """Without names."""


class ConsultationCorrected(Fact):
    """The consultation was corrected.

    What it says now differs from what it said before, and both remain in the history. When something was done is no
    part of it: one thing follows another, and a day that moved could turn that round.
    """

    topic: ClassVar[str] = "consultation.corrected.v1"

    reason: Statement
    """Without names."""
    caller: CallerCapacity | None = None
    body_kind: BodyKind | None = None
    call_back: CallBack | None = None
    question: ProcessQuestion | None = None
    nature: Nature | None = None
    first_summary: Statement | None = None
    second_summary: Statement | None = None
    advice: Statement | None = None


class ConsultationClosed(Fact):
    """The consultation was closed."""

    topic: ClassVar[str] = "consultation.closed.v1"

    on: Day
    outcome: ConsultationOutcome


ConsultationFact = (
    ConsultationRequested
    | FirstIntakeHeld
    | SecondConversationHeld
    | ProcessAdviceGiven
    | ConsultationCorrected
    | ConsultationClosed
)


# --- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Consultation:
    """What the facts about one question to the steunpunt add up to."""

    number: str | None = None
    owner: Grant | None = None
    received_on: Day | None = None
    body_kind: BodyKind | None = None
    caller: CallerCapacity | None = None
    call_back: CallBack | None = None
    question: ProcessQuestion | None = None
    nature: Nature | None = None
    first_intake: Day | None = None
    first_summary: Statement | None = None
    second_conversation: Day | None = None
    second_summary: Statement | None = None
    advised: Day | None = None
    advice: Statement | None = None
    closed: Day | None = None
    outcome: ConsultationOutcome | None = None


def evolve(consultation: Consultation, fact: ConsultationFact) -> Consultation:
    """Return the consultation after *fact*."""
    match fact:
        case ConsultationRequested():
            return replace(
                consultation,
                number=fact.number,
                owner=Grant(party=Party.OWNER, role=fact.owner_role, organisation=fact.owner),
                received_on=fact.received_on,
                body_kind=fact.body_kind,
                caller=fact.caller,
                call_back=fact.call_back,
                question=fact.question,
                nature=fact.nature,
            )
        case FirstIntakeHeld():
            return replace(consultation, first_intake=fact.on, first_summary=fact.summary)
        case SecondConversationHeld():
            return replace(consultation, second_conversation=fact.on, second_summary=fact.summary)
        case ProcessAdviceGiven():
            return replace(consultation, advised=fact.on, advice=fact.advice)
        case ConsultationCorrected():
            return replace(
                consultation,
                caller=newest(fact.caller, consultation.caller),
                body_kind=newest(fact.body_kind, consultation.body_kind),
                call_back=newest(fact.call_back, consultation.call_back),
                question=newest(fact.question, consultation.question),
                nature=newest(fact.nature, consultation.nature),
                first_summary=newest(fact.first_summary, consultation.first_summary),
                second_summary=newest(fact.second_summary, consultation.second_summary),
                advice=newest(fact.advice, consultation.advice),
            )
        case ConsultationClosed():
            return replace(consultation, closed=fact.on, outcome=fact.outcome)
        case _:
            assert_never(fact)


def grants(consultation: Consultation) -> frozenset[Grant]:
    """Return who is party: the steunpunt that was asked."""
    return access_list(consultation.owner)


def first_intake_due(received_on: date) -> date:
    """Return the last day for the first intake: the steunpunt calls back on the same or the next working day."""
    return next_working_day(received_on)


# --- refusals ---------------------------------------------------------------------------------------------------------


class ConsultationIsClosed(Refusal):
    """The consultation is closed."""


class FirstIntakeAlreadyHeld(Refusal):
    """The first intake has been held already."""


class FirstIntakeNotHeld(Refusal):
    """The first intake, by telephone and without names, comes before any other conversation and before advice."""


class SecondConversationAlreadyHeld(Refusal):
    """The second conversation has been held already."""


class ProcessAdviceAlreadyGiven(Refusal):
    """The advice about the process has been given already."""


class ProcessAdviceNotGiven(Refusal):
    """A consultation is completed with advice once advice was given."""


class NothingToCorrect(Refusal):
    """What was said in a conversation, and what was advised, can be corrected once that was held or given."""


class EndsWithProcessAdvice(Refusal):
    """A consultation in which advice was given is completed with that advice."""


# --- commands ---------------------------------------------------------------------------------------------------------


class RequestConsultation(Command[Consultation]):
    """Record a question to the steunpunt about the process of an integrity inquiry.

    Neither a name nor a body is asked for: the kind of body, who calls, what about, and where to call back.
    """

    creates: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    roles: ClassVar[frozenset[Role]] = STEUNPUNT
    new_ids: ClassVar[int] = 1

    caller: CallerCapacity
    body_kind: BodyKind
    """The kind of body; not which one."""
    call_back_number: Personal[PhoneNumber]
    """Where the caller may be called back."""
    question: ProcessQuestion
    nature: Nature | None = None
    """Which kind of violation is suspected, where that was said."""
    received_on: Day | None = None
    """The day; by default today."""

    def decide(self, state: Consultation, act: Act) -> Facts:
        """Whoever asks is heard."""
        return [
            ConsultationRequested(
                number=act.number,
                owner=act.actor.organisation,
                owner_role=act.actor.role,
                received_on=act.past(self.received_on),
                body_kind=self.body_kind,
                caller=self.caller,
                call_back=CallBack(subject=act.subject(0), phone=self.call_back_number),
                question=self.question,
                nature=self.nature,
            )
        ]


class HoldFirstIntake(Command[Consultation]):
    """Record the first intake: by telephone, without names, on the same or the next working day.

    A later one is recorded like any other: the term is a promise of the steunpunt, and no rule for its records.
    """

    noun: ClassVar[str] = "first-intakes"
    roles: ClassVar[frozenset[Role]] = STEUNPUNT

    on: Day | None = None
    """The day; by default today."""
    summary: Personal[Text | None] = None
    """What was said, without names."""

    @classmethod
    def ready(cls, state: Consultation, act: Act) -> None:
        """It is held once."""
        must_be_open(state)
        if state.first_intake:
            raise FirstIntakeAlreadyHeld

    def decide(self, state: Consultation, act: Act) -> Facts:
        """It follows the question."""
        on = act.past(self.on, not_before=(state.received_on,))
        return [FirstIntakeHeld(on=on, summary=_statement(state, self.summary) if self.summary else None)]


class HoldSecondConversation(Command[Consultation]):
    """Record the second, detailed conversation."""

    noun: ClassVar[str] = "second-conversations"
    roles: ClassVar[frozenset[Role]] = STEUNPUNT

    on: Day | None = None
    """The day; by default today."""
    summary: Personal[Text | None] = None
    """What was said, without names."""

    @classmethod
    def ready(cls, state: Consultation, act: Act) -> None:
        """It is held once, and never as the first."""
        must_be_open(state)
        if state.second_conversation:
            raise SecondConversationAlreadyHeld
        must_have_been_heard(state)

    def decide(self, state: Consultation, act: Act) -> Facts:
        """It follows the first intake."""
        on = act.past(self.on, not_before=(state.first_intake,))
        return [SecondConversationHeld(on=on, summary=_statement(state, self.summary) if self.summary else None)]


class GiveProcessAdvice(Command[Consultation]):
    """Record the advice about the process.

    As a rule it follows the second conversation; what is clear by then can be advised after the first intake.
    """

    noun: ClassVar[str] = "process-advices"
    roles: ClassVar[frozenset[Role]] = STEUNPUNT

    advice: Personal[Text]
    """What is advised, without names."""
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: Consultation, act: Act) -> None:
        """It is given once, to whoever has been heard."""
        must_be_open(state)
        if state.advised:
            raise ProcessAdviceAlreadyGiven
        must_have_been_heard(state)

    def decide(self, state: Consultation, act: Act) -> Facts:
        """It follows the first intake."""
        on = act.past(self.on, not_before=(state.first_intake,))
        return [ProcessAdviceGiven(on=on, advice=_statement(state, self.advice))]


class CorrectConsultation(Command[Consultation]):
    """Correct what was noted of a consultation; both statements stay in the history.

    What is left open stays as it was, and so does what is said again as it was.
    """

    noun: ClassVar[str] = "corrections"
    roles: ClassVar[frozenset[Role]] = STEUNPUNT

    reason: Personal[Text]
    """What was wrong, and how that came to light; without names."""
    caller: CallerCapacity | None = None
    body_kind: BodyKind | None = None
    """The kind of body; not which one."""
    call_back_number: Personal[PhoneNumber | None] = None
    """Where the caller may be called back."""
    question: ProcessQuestion | None = None
    nature: Nature | None = None
    """Which kind of violation is suspected."""
    first_summary: Personal[Text | None] = None
    """What was said in the first intake, without names."""
    second_summary: Personal[Text | None] = None
    """What was said in the second conversation, without names."""
    advice: Personal[Text | None] = None
    """What was advised, without names."""

    def decide(self, state: Consultation, act: Act) -> Facts:
        """A correction changes something, also in a closed consultation, and nothing that has not been said."""
        if (
            (self.first_summary and not state.first_intake)
            or (self.second_summary and not state.second_conversation)
            or (self.advice and not state.advised)
        ):
            raise NothingToCorrect
        call_back = told(state.call_back)
        said = {
            "caller": self.caller,
            "body_kind": self.body_kind,
            "call_back": self.call_back_number and CallBack(subject=call_back.subject, phone=self.call_back_number),
            "question": self.question,
            "nature": self.nature,
            "first_summary": self.first_summary and _statement(state, self.first_summary),
            "second_summary": self.second_summary and _statement(state, self.second_summary),
            "advice": self.advice and _statement(state, self.advice),
        }
        changed = {name: value for name, value in said.items() if value and value != getattr(state, name)}
        if not changed:
            raise NothingCorrected
        return [ConsultationCorrected.model_validate({"reason": _statement(state, self.reason), **changed})]


class CloseConsultation(Command[Consultation]):
    """Close the consultation: completed with the advice that was given, or ended without."""

    noun: ClassVar[str] = "closures"
    roles: ClassVar[frozenset[Role]] = STEUNPUNT

    outcome: ConsultationOutcome
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: Consultation, act: Act) -> None:
        """An open consultation can be closed at any time."""
        must_be_open(state)

    @classmethod
    def choices(cls, state: Consultation, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """Completed with advice once it was given, and before that the ends without."""
        return {"outcome": outcomes_of(state)}

    def decide(self, state: Consultation, act: Act) -> Facts:
        """It is completed with advice where advice was given, and nowhere else."""
        if self.outcome not in outcomes_of(state):
            raise EndsWithProcessAdvice if state.advised else ProcessAdviceNotGiven
        before = (state.received_on, state.first_intake, state.second_conversation, state.advised)
        return [ConsultationClosed(on=act.past(self.on, not_before=before), outcome=self.outcome)]


def must_be_open(consultation: Consultation) -> None:
    """Refuse on a closed consultation."""
    if consultation.closed:
        raise ConsultationIsClosed


def must_have_been_heard(consultation: Consultation) -> None:
    """Refuse before the first intake."""
    if consultation.first_intake is None:
        raise FirstIntakeNotHeld


def outcomes_of(consultation: Consultation) -> tuple[ConsultationOutcome, ...]:
    """Return how the consultation can end as it stands."""
    if consultation.advised:
        return (ConsultationOutcome.ADVISED,)
    return (ConsultationOutcome.NO_FOLLOW_UP, ConsultationOutcome.REFERRED)


def _statement(consultation: Consultation, text: str) -> Statement:
    """Return *text* as words of and to the caller: they are about nobody else whom the steunpunt knows."""
    return Statement(subject=told(consultation.call_back).subject, text=text)


CONSULTATION = Kind(
    name="consultation",
    collection="consultations",
    prefix="SP",
    empty=Consultation(),
    evolve=evolve,
    facts=get_args(ConsultationFact),
    grants=grants,
    granting=(ConsultationRequested,),
    commands=(
        RequestConsultation,
        HoldFirstIntake,
        HoldSecondConversation,
        GiveProcessAdvice,
        CorrectConsultation,
        CloseConsultation,
    ),
)
