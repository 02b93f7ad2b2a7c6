"""What happens in a threat case (*dreigingscase*), from the first call to its closing?

Parallel tracks (police, aftercare, home security) run from day 0 beside one another; a case has no single status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, assert_never, get_args
from uuid import UUID

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
    PersonId,
    Refusal,
    Role,
    SubjectId,
    UnknownBody,
    access_list,
    replace,
)
from domain.bodies import BodyId
from domain.people import Office, PersonDetails, PhoneNumber, Statement, Subject
from domain.rules.offices import must_have, offices_of_own
from domain.values import (
    CodeList,
    Day,
    Flag,
    Identifying,
    Instant,
    Line,
    Model,
    Personal,
    Text,
    merged,
    newest,
    told,
)

CARE = frozenset({Role.SUPPORT_TEAM, Role.PUBLIC_BODY})
"""Who handles threat cases: the support team its own, and each public body those that it registers itself."""
REPORTED_WITHIN = timedelta(days=30)
"""As long before its report as a threat is taken to have begun, while nobody has said since when: longer ago has to be
said first. The length is ours (design)."""


# --- codes ------------------------------------------------------------------------------------------------------------


class Capacity(CodeList):
    """In which capacity somebody reports."""

    VICTIM = "victim", "betrokkene zelf"
    COLLEAGUE = "colleague", "collega"
    REGISTRY_OFFICE = "registry_office", "griffie, secretaris of kabinet"
    THIRD_PARTY = "third_party", "derde"
    ANONYMOUS = "anonymous", "anoniem"


class Form(CodeList):
    """The form of the aggression."""

    VERBAL = "verbal", "verbaal geweld"
    PHYSICAL = "physical", "fysiek geweld"
    THREAT = "threat", "bedreiging"
    INTIMIDATION = "intimidation", "intimidatie"
    DISCRIMINATION = "discrimination", "discriminatie"
    SEXUAL_INTIMIDATION = "sexual_intimidation", "seksuele intimidatie"
    STALKING = "stalking", "belaging (stalking)"
    VANDALISM = "vandalism", "vernieling"
    DOXING = "doxing", "doxing"
    IMPROPER_INFLUENCE = "improper_influence", "ondermijning"


class Channel(CodeList):
    """The way in which it reached the victim."""

    FACE_TO_FACE = "face_to_face", "persoonlijk"
    HOME = "home", "bij de woning"
    PHONE = "phone", "telefoon"
    MAIL = "mail", "brief"
    EMAIL = "email", "e-mail"
    SOCIAL_MEDIA = "social_media", "sociale media"
    COUNTER = "counter", "balie"
    STREET = "street", "op straat"


class Target(CodeList):
    """Whom or what it is aimed at."""

    SELF = "self", "de persoon zelf"
    FAMILY = "family", "het gezin"
    HOME = "home", "de woning"
    ORGANISATION = "organisation", "de organisatie"
    BUILDING = "building", "een gebouw"


class Severity(CodeList):
    """How serious it is."""

    LESS_SERIOUS = "less_serious", "minder ernstig"
    SERIOUS = "serious", "ernstig"
    VERY_SERIOUS = "very_serious", "zeer ernstig"


class Offender(CodeList):
    """Which kind of offender it is, known by name or not."""

    INDIVIDUAL = "individual", "persoon"
    GROUP = "group", "groep"
    FELLOW_ADMINISTRATOR = "fellow_administrator", "medebestuurder"
    ORGANISATION = "organisation", "organisatie"


class Pressure(CodeList):
    """The decision or process under pressure."""

    PERMIT = "permit", "vergunning"
    ENFORCEMENT = "enforcement", "handhaving"
    LAND_TRANSACTION = "land_transaction", "grondtransactie"
    SUBSIDY = "subsidy", "subsidie"
    IDENTITY_DOCUMENT = "identity_document", "identiteitsdocument"
    VOTE = "vote", "stemming"
    OTHER = "other", "anders"


class AangifteBy(CodeList):
    """Who files the aangifte; on behalf of the victim, the victim becomes a witness."""

    VICTIM = "victim", "het slachtoffer"
    ON_BEHALF = "on_behalf", "de werkgever, namens het slachtoffer"


class NoAangifteReason(CodeList):
    """Why no aangifte is filed (the answers of the two-yearly survey of the ministry)."""

    NOT_SERIOUS_ENOUGH = "not_serious_enough", "niet ernstig genoeg"
    PART_OF_THE_JOB = "part_of_the_job", "hoort bij het ambt"
    NOTHING_IS_DONE = "nothing_is_done", "er wordt niets mee gedaan"
    FEAR = "fear", "angst"
    OTHER = "other", "anders"


class Aftercare(CodeList):
    """What is offered afterwards."""

    DEBRIEFING = "debriefing", "nagesprek"
    PSYCHOSOCIAL = "psychosocial", "psychosociale zorg"
    FAMILY = "family", "zorg voor het gezin"
    EMPLOYER = "employer", "gesprek met de werkgever"


class ClosingReason(CodeList):
    """Why a threat case is closed."""

    RESOLVED = "resolved", "opgelost"
    NO_FURTHER_HELP = "no_further_help", "geen verdere hulp gewenst"
    TRANSFERRED = "transferred", "overgedragen"
    OFFICE_ENDED = "office_ended", "ambt beëindigd"


# --- facts ------------------------------------------------------------------------------------------------------------


class Axes(Model):
    """Along which a threat is described; all of them may stay open at intake.

    In the order in which a form asks: how serious it is decides what happens tonight, and what only shows later comes
    last.
    """

    severity: Severity | None = None
    form: Form | None = None
    channel: Channel | None = None
    target: Target | None = None
    offender_known: Flag | None = None
    """Whether it is known who does it."""
    offender: Offender | None = None
    pressure: Pressure | None = None


class ThreatReported(Fact):
    """A threat was reported."""

    topic: ClassVar[str] = "threat_case.reported.v1"

    number: str
    owner: Identifying[OrganisationId]
    owner_role: Role
    body: Identifying[BodyId]
    office: Identifying[Office]
    danger_now: Flag
    capacity: Capacity | None = None
    reporter: Subject
    victim: Subject | None = None
    account: Statement | None = None
    reported_on: Day | None = None
    began_on: Day | None = None
    """The day on which it happened, or the first of several."""
    axes: Axes = Axes()
    external_reference: Identifying[Line | None] = None
    handler: PersonId | None = None
    """Who handles it from the start: at the support team whoever takes the call."""


class ThreatAssessed(Fact):
    """The threat was assessed."""

    topic: ClassVar[str] = "threat_case.assessed.v1"

    axes: Axes


class ReportCorrected(Fact):
    """The report was corrected.

    What it says now differs from what it said before, and both remain in the history.
    """

    topic: ClassVar[str] = "threat_case.report_corrected.v1"

    reason: Statement
    body: Identifying[BodyId | None] = None
    office: Identifying[Office | None] = None
    danger_now: Flag | None = None
    reporter: Subject | None = None
    began_on: Day | None = None
    axes: Axes = Axes()


class DangerPassed(Fact):
    """The danger passed."""

    topic: ClassVar[str] = "threat_case.danger_passed.v1"

    on: Day


class CaseTaken(Fact):
    """Somebody took the case upon them."""

    topic: ClassVar[str] = "threat_case.taken.v1"

    handler: PersonId


class CaseHandedOver(Fact):
    """The case was handed over.

    Nobody handles it until somebody takes it; until then the note stands on the dossier.
    """

    topic: ClassVar[str] = "threat_case.handed_over.v1"

    note: Statement
    call_back_at: Instant | None = None
    """When whoever takes it is to call back; ``None`` leaves an appointment as it was."""


class CallNoted(Fact):
    """A call was noted."""

    topic: ClassVar[str] = "threat_case.call_noted.v1"

    note: Statement
    call_back_at: Instant | None = None
    """When to call again; ``None``: with this call the appointment is done."""


class CallBackPlanned(Fact):
    """A call back was planned."""

    topic: ClassVar[str] = "threat_case.call_back_planned.v1"

    at: Instant


class PoliceNotified(Fact):
    """The police were notified."""

    topic: ClassVar[str] = "threat_case.police_notified.v1"

    on: Day
    vpt_code: Flag | None = None


class VptCodeAdded(Fact):
    """The police registered the VPT code."""

    topic: ClassVar[str] = "threat_case.vpt_code_added.v1"

    on: Day


class AangifteFiled(Fact):
    """An aangifte was filed."""

    topic: ClassVar[str] = "threat_case.aangifte_filed.v1"

    on: Day
    by: AangifteBy
    vpt_code: Flag | None = None
    """Whether the police registered the VPT code (*Eenduidige Landelijke Afspraken*)."""


class AangifteWaived(Fact):
    """It was decided to file no aangifte."""

    topic: ClassVar[str] = "threat_case.aangifte_waived.v1"

    reason: NoAangifteReason


class AftercareOffered(Fact):
    """Aftercare was offered."""

    topic: ClassVar[str] = "threat_case.aftercare_offered.v1"

    care: Aftercare


class SecurityAdviceSought(Fact):
    """Security advice for the home was requested."""

    topic: ClassVar[str] = "threat_case.security_advice_sought.v1"

    advice: UUID
    number: str


class ThreatCaseClosed(Fact):
    """The case was closed."""

    topic: ClassVar[str] = "threat_case.closed.v1"

    reason: ClosingReason
    explanation: Statement | None = None


class ThreatCaseReopened(Fact):
    """The case was reopened."""

    topic: ClassVar[str] = "threat_case.reopened.v1"

    reason: Statement


ThreatFact = (
    ThreatReported
    | ThreatAssessed
    | ReportCorrected
    | DangerPassed
    | CaseTaken
    | CaseHandedOver
    | CallNoted
    | CallBackPlanned
    | PoliceNotified
    | VptCodeAdded
    | AangifteFiled
    | AangifteWaived
    | AftercareOffered
    | SecurityAdviceSought
    | ThreatCaseClosed
    | ThreatCaseReopened
)


# --- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Aangifte:
    """Where the aangifte stands: filed, waived with a reason, or (neither) still open."""

    filed: Day | None = None
    by: AangifteBy | None = None
    waived: NoAangifteReason | None = None


@dataclass(frozen=True)
class ThreatCase:
    """What a threat case's facts add up to."""

    number: str | None = None
    owner: Grant | None = None
    body: Identifying[BodyId | None] = None
    office: Identifying[Office | None] = None
    danger_now: bool | None = None
    capacity: Capacity | None = None
    reporter: Subject | None = None
    victim: Subject | None = None
    account: Statement | None = None
    reported_on: Day | None = None
    began_on: Day | None = None
    axes: Axes = Axes()
    external_reference: Identifying[Line | None] = None
    handler: PersonId | None = None
    """The person who handles it, where somebody does."""
    hand_over: Statement | None = None
    """What whoever takes it next has to know; gone once somebody has."""
    call_back_at: Instant | None = None
    """When the reporter is to be called back."""
    call_notes: tuple[Statement, ...] = ()
    police_notified: Day | None = None
    vpt_code: bool | None = None
    """Whether the police registered it; a missing one is a warning until it is added."""
    aangifte: Aangifte = Aangifte()
    aftercare: tuple[Aftercare, ...] = ()
    security_advice: tuple[str, ...] = ()
    """The case numbers of the requests for security advice."""
    closed: ClosingReason | None = None
    closing_explanation: Statement | None = None
    """Why it was closed, in words."""

    @property
    def subject(self) -> SubjectId:
        """The person the case is about: the victim, or else the reporter."""
        return told(self.victim or self.reporter).subject

    @property
    def threatened(self) -> Subject | None:
        """Whoever is threatened, as far as they were named: the victim, or a reporter who reports for themselves."""
        return self.victim or (self.reporter if self.capacity is Capacity.VICTIM else None)

    @property
    def first_day(self) -> date | None:
        """The first day on which something can have been done about the threat, as far as is known."""
        if self.began_on is None and self.reported_on is not None:
            return self.reported_on - REPORTED_WITHIN
        return self.began_on

    @property
    def police_know(self) -> bool:
        """Whether the police know of the matter: they were notified, or an aangifte was filed."""
        return bool(self.police_notified or self.aangifte.filed)

    @property
    def lacks_vpt_code(self) -> bool:
        """Whether the police, who know of the matter, have still to register the VPT code."""
        return self.police_know and not self.vpt_code and not self.closed


def evolve(case: ThreatCase, fact: ThreatFact) -> ThreatCase:
    """Return the case after *fact*."""
    match fact:
        case ThreatReported():
            return replace(
                case,
                number=fact.number,
                owner=Grant(party=Party.OWNER, role=fact.owner_role, organisation=fact.owner),
                body=fact.body,
                office=fact.office,
                danger_now=fact.danger_now,
                capacity=fact.capacity,
                reporter=fact.reporter,
                victim=fact.victim,
                account=fact.account,
                reported_on=fact.reported_on,
                began_on=fact.began_on,
                axes=fact.axes,
                external_reference=fact.external_reference,
                handler=fact.handler,
            )
        case ThreatAssessed():
            return replace(case, axes=merged(case.axes, fact.axes))
        case ReportCorrected():
            return replace(
                case,
                body=newest(fact.body, case.body),
                office=newest(fact.office, case.office),
                danger_now=newest(fact.danger_now, case.danger_now),
                reporter=merged(case.reporter or fact.reporter, fact.reporter) if fact.reporter else case.reporter,
                began_on=newest(fact.began_on, case.began_on),
                axes=merged(case.axes, fact.axes),
            )
        case DangerPassed():
            return replace(case, danger_now=False)
        case CaseTaken():
            return replace(case, handler=fact.handler, hand_over=None)
        case CaseHandedOver():
            call_back_at = newest(fact.call_back_at, case.call_back_at)
            return replace(case, handler=None, hand_over=fact.note, call_back_at=call_back_at)
        case CallNoted():
            return replace(case, call_notes=(*case.call_notes, fact.note), call_back_at=fact.call_back_at)
        case CallBackPlanned():
            return replace(case, call_back_at=fact.at)
        case PoliceNotified():
            return replace(case, police_notified=fact.on, vpt_code=newest(fact.vpt_code, case.vpt_code))
        case VptCodeAdded():
            return replace(case, vpt_code=True)
        case AangifteFiled():
            filed = Aangifte(filed=fact.on, by=fact.by)
            return replace(case, aangifte=filed, vpt_code=newest(fact.vpt_code, case.vpt_code))
        case AangifteWaived():
            return replace(case, aangifte=Aangifte(waived=fact.reason))
        case AftercareOffered():
            return replace(case, aftercare=(*case.aftercare, fact.care))
        case SecurityAdviceSought():
            return replace(case, security_advice=(*case.security_advice, fact.number))
        case ThreatCaseClosed():
            return replace(case, closed=fact.reason, closing_explanation=fact.explanation)
        case ThreatCaseReopened():
            return replace(case, closed=None, closing_explanation=None)
        case _:
            assert_never(fact)


def grants(case: ThreatCase) -> frozenset[Grant]:
    """Return who is party to the case: the organisation that registered it, and nobody else."""
    return access_list(case.owner)


# --- refusals ---------------------------------------------------------------------------------------------------------


class ThreatCaseIsClosed(Refusal):
    """The case is closed; reopen it first."""


class ThreatCaseIsOpen(Refusal):
    """The case is not closed, so it cannot be reopened."""


class NothingAssessed(Refusal):
    """An assessment states at least one of the axes."""


class AlreadyAssessed(Refusal):
    """The case says all of this already."""


class NoDangerNow(Refusal):
    """Nobody is in danger at the moment, as far as is known."""


class DangerNotExplained(Refusal):
    """Somebody is in danger: say in words why the case is closed all the same, or first that the danger has passed."""

    about: ClassVar[tuple[str, ...]] = ("explanation",)


class AlreadyHandling(Refusal):
    """You handle the case already."""


class NobodyHandles(Refusal):
    """Nobody handles the case, so it cannot be handed over."""


class CallBackInThePast(Refusal):
    """Nobody can be called back at a moment that has passed."""

    about: ClassVar[tuple[str, ...]] = ("at", "call_back_at")


class BeforeTheThreat(Refusal):
    """Nothing was done about a threat before it began, or long before its report; if it began earlier, correct that."""

    about: ClassVar[tuple[str, ...]] = ("on", "began_on")


class PoliceAlreadyNotified(Refusal):
    """The police have been notified already."""


class PoliceNotNotified(Refusal):
    """The police know of nothing yet: they were not notified, and no aangifte was filed."""


class VptCodeAlreadyKnown(Refusal):
    """The police have registered the VPT code already."""


class AangifteAlreadyFiled(Refusal):
    """An aangifte has been filed already."""


class AangifteAlreadyWaived(Refusal):
    """It has been decided already to file no aangifte."""


class AftercareAlreadyOffered(Refusal):
    """This aftercare has been offered already."""


# --- commands ---------------------------------------------------------------------------------------------------------


class OfOpenCase(Command[ThreatCase]):
    """What is asked of a case that is open, by whoever handles threat cases."""

    roles: ClassVar[frozenset[Role]] = CARE

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """A closed case is reopened first."""
        must_be_open(state)


class ReportThreat(Command[ThreatCase]):
    """Report a threat.

    Four fields suffice (body, office, call-back number, danger now); everything else may come later, and the caller may
    stay anonymous or be a third party.
    """

    creates: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    roles: ClassVar[frozenset[Role]] = CARE
    new_ids: ClassVar[int] = 2

    body: Identifying[BodyId]
    """The public body concerned, by its id in the register (`GET /v1/public-bodies`)."""
    office: Identifying[Office]
    """The office or capacity of whoever is threatened."""
    call_back_number: Personal[PhoneNumber]
    """Where the reporter may be called back."""
    danger_now: Flag
    """Whether somebody is in danger at this moment."""
    account: Personal[Text | None] = None
    """What happened, in the reporter's words."""
    began_on: Day | None = None
    """The day on which it happened, or the first of several."""
    capacity: Capacity | None = None
    reporter_name: Personal[Line | None] = None
    """Who reports it, unless they stay anonymous."""
    victim: PersonDetails | None = None
    """Whoever is threatened, unless that is the reporter or nobody in person."""
    axes: Axes = Axes()
    external_reference: Identifying[Line | None] = None
    """The sender's own reference to the incident."""

    @classmethod
    def choices(cls, state: ThreatCase, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """A public body registers of its own offices only."""
        return offices_of_own(act)

    def may(self, state: ThreatCase, act: Act) -> bool:
        """A public body registers its own incidents only."""
        return act.actor.role is not Role.PUBLIC_BODY or self.body == act.actor.organisation

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """The body exists on the day of the report, and has the office; whoever takes a call handles the case."""
        if not act.bodies.knows(self.body, act.on):
            raise UnknownBody
        must_have(act.bodies.get(self.body), self.office)
        reporter = Subject(subject=act.subject(0), name=self.reporter_name, phone=self.call_back_number)
        victim = Subject(subject=act.subject(1), **dict(self.victim)) if self.victim else None
        return [
            ThreatReported(
                number=act.number,
                owner=act.actor.organisation,
                owner_role=act.actor.role,
                body=self.body,
                office=self.office,
                danger_now=self.danger_now,
                capacity=self.capacity,
                reporter=reporter,
                victim=victim,
                account=Statement(subject=(victim or reporter).subject, text=self.account) if self.account else None,
                reported_on=act.on,
                began_on=act.past(self.began_on) if self.began_on else None,
                axes=self.axes,
                external_reference=self.external_reference,
                handler=act.actor.person if act.actor.role is Role.SUPPORT_TEAM else None,
            )
        ]


class AssessThreat(OfOpenCase):
    """Assess the threat along the axes; what is left open stays as it was."""

    noun: ClassVar[str] = "assessments"

    axes: Axes

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """An assessment says something, and something that the case does not say yet."""
        if self.axes == Axes():
            raise NothingAssessed
        assessed = ThreatAssessed(axes=self.axes)
        if evolve(state, assessed) == state:
            raise AlreadyAssessed
        return [assessed]


class CorrectReport(Command[ThreatCase]):
    """Correct what was reported; both statements stay in the history."""

    noun: ClassVar[str] = "corrections"
    roles: ClassVar[frozenset[Role]] = CARE

    reason: Personal[Text]
    """What was wrong, and how that came to light."""
    body: Identifying[BodyId | None] = None
    """The public body concerned."""
    office: Identifying[Office | None] = None
    """The office or capacity of whoever is threatened."""
    call_back_number: Personal[PhoneNumber | None] = None
    """Where the reporter may be called back."""
    danger_now: Flag | None = None
    """Whether somebody is in danger at this moment."""
    began_on: Day | None = None
    """The day on which it happened, or the first of several."""
    axes: Axes = Axes()
    """What changes; axes left open stay as they were."""

    @classmethod
    def choices(cls, state: ThreatCase, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """A public body cannot move an incident, and so not to an office of another."""
        return offices_of_own(act)

    def may(self, state: ThreatCase, act: Act) -> bool:
        """A public body cannot move an incident to another body."""
        return act.actor.role is not Role.PUBLIC_BODY or self.body in {None, act.actor.organisation}

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """A correction changes something, also on a closed case; body and office suit each other, and so do days."""
        if self.body and not act.bodies.knows(self.body, act.on):
            raise UnknownBody
        if self.body or self.office:
            must_have(act.bodies.get(self.body or state.body or ""), self.office or state.office)
        if self.began_on:
            known = (state.reported_on, state.police_notified, state.aangifte.filed)
            if any(day and day < act.past(self.began_on) for day in known):
                raise BeforeTheThreat
        number = self.call_back_number
        corrected = ReportCorrected(
            reason=Statement(subject=state.subject, text=self.reason),
            body=self.body,
            office=self.office,
            danger_now=self.danger_now,
            reporter=Subject(subject=told(state.reporter).subject, phone=number) if number else None,
            began_on=self.began_on,
            axes=self.axes,
        )
        if evolve(state, corrected) == state:
            raise NothingCorrected
        return [corrected]


class EndDanger(OfOpenCase):
    """Record that the danger that was reported has passed."""

    noun: ClassVar[str] = "danger-endings"

    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """Only danger that there is can pass."""
        super().ready(state, act)
        if not state.danger_now:
            raise NoDangerNow

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """It has passed, today or before, and not before it began."""
        return [DangerPassed(on=done(self.on, state, act))]


class HandOverCase(OfOpenCase):
    """Hand the case over to the next shift: nobody handles it until somebody takes it."""

    noun: ClassVar[str] = "hand-overs"

    note: Personal[Text]
    """What whoever takes it has to know."""
    call_back_at: Instant | None = None
    """When they are to call back; left open, an appointment stays as it was."""

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """What nobody has, nobody can pass on."""
        super().ready(state, act)
        if state.handler is None:
            raise NobodyHandles

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """The next call lies ahead."""
        must_lie_ahead(self.call_back_at, act)
        note = Statement(subject=state.subject, text=self.note)
        return [CaseHandedOver(note=note, call_back_at=self.call_back_at)]


class TakeCase(OfOpenCase):
    """Take the case upon you; whoever handled it no longer does."""

    noun: ClassVar[str] = "handlers"

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """Nobody takes what they have."""
        super().ready(state, act)
        if state.handler == act.actor.person:
            raise AlreadyHandling

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """Whoever asks for it handles it."""
        return [CaseTaken(handler=act.actor.person)]


class NoteCall(OfOpenCase):
    """Note what was said in a call; an appointment to call back is done with it, unless there is a new one."""

    noun: ClassVar[str] = "call-notes"

    note: Personal[Text]
    """What was said."""
    call_back_at: Instant | None = None
    """When to call again."""

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """The next call lies ahead."""
        must_lie_ahead(self.call_back_at, act)
        note = Statement(subject=state.subject, text=self.note)
        return [CallNoted(note=note, call_back_at=self.call_back_at)]


class PlanCallBack(OfOpenCase):
    """Plan when to call back, instead of what was planned before."""

    noun: ClassVar[str] = "call-backs"

    at: Instant
    """When to call back."""

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """The call lies ahead."""
        must_lie_ahead(self.at, act)
        return [CallBackPlanned(at=self.at)]


class NotifyPolice(OfOpenCase):
    """Record that the police were notified."""

    noun: ClassVar[str] = "police-notifications"

    on: Day | None = None
    """The day; by default today."""
    vpt_code: Flag | None = None
    """Whether the police registered the VPT code."""

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """The police are notified once."""
        super().ready(state, act)
        if state.police_notified:
            raise PoliceAlreadyNotified

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """It has been done, today or before, and not before the threat began."""
        return [PoliceNotified(on=done(self.on, state, act), vpt_code=self.vpt_code)]


class AddVptCode(OfOpenCase):
    """Record that the police registered the VPT code after all."""

    noun: ClassVar[str] = "vpt-codes"

    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """Once, and only when the police know of the matter."""
        super().ready(state, act)
        if not state.police_know:
            raise PoliceNotNotified
        if state.vpt_code:
            raise VptCodeAlreadyKnown

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """It has been done, today or before, and not before the threat began."""
        return [VptCodeAdded(on=done(self.on, state, act))]


class FileAangifte(OfOpenCase):
    """Record that an aangifte was filed, also after it had been waived."""

    noun: ClassVar[str] = "aangiften"

    by: AangifteBy
    on: Day | None = None
    """The day; by default today."""
    vpt_code: Flag | None = None
    """Whether the police registered the VPT code."""

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """One aangifte is filed per case."""
        super().ready(state, act)
        if state.aangifte.filed:
            raise AangifteAlreadyFiled

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """It has been done, today or before, and not before the threat began."""
        return [AangifteFiled(on=done(self.on, state, act), by=self.by, vpt_code=self.vpt_code)]


class WaiveAangifte(OfOpenCase):
    """Record that no aangifte is filed, and why."""

    noun: ClassVar[str] = "aangifte-waivers"

    reason: NoAangifteReason

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """What has been filed cannot be waived, nor what has been waived."""
        super().ready(state, act)
        if state.aangifte.filed:
            raise AangifteAlreadyFiled
        if state.aangifte.waived:
            raise AangifteAlreadyWaived

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """Any reason will do."""
        return [AangifteWaived(reason=self.reason)]


class OfferAftercare(OfOpenCase):
    """Record that aftercare was offered."""

    noun: ClassVar[str] = "aftercare-offers"

    care: Aftercare

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """There is care that has not been offered."""
        super().ready(state, act)
        if not not_offered(state):
            raise AftercareAlreadyOffered

    @classmethod
    def choices(cls, state: ThreatCase, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """Each kind of care is offered once."""
        return {"care": not_offered(state)}

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """Each kind of care is offered once."""
        if self.care not in not_offered(state):
            raise AftercareAlreadyOffered
        return [AftercareOffered(care=self.care)]


class CloseThreatCase(OfOpenCase):
    """Close the case; while somebody is in danger, not without a word of explanation."""

    noun: ClassVar[str] = "closures"

    reason: ClosingReason
    explanation: Personal[Text | None] = None
    """Why, in words; needed while somebody is in danger."""

    @classmethod
    def needed(cls, state: ThreatCase, act: Act) -> frozenset[str]:
        """Nobody is left in danger without a word."""
        return frozenset({"explanation"} if state.danger_now else ())

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """The explanation is about whom the case is about."""
        if state.danger_now and not self.explanation:
            raise DangerNotExplained
        explanation = Statement(subject=state.subject, text=self.explanation) if self.explanation else None
        return [ThreatCaseClosed(reason=self.reason, explanation=explanation)]


class ReopenThreatCase(Command[ThreatCase]):
    """Reopen a closed case."""

    noun: ClassVar[str] = "reopenings"
    roles: ClassVar[frozenset[Role]] = CARE

    reason: Personal[Text]
    """Why the case goes on."""

    @classmethod
    def ready(cls, state: ThreatCase, act: Act) -> None:
        """Only what is closed can be reopened."""
        if not state.closed:
            raise ThreatCaseIsOpen

    def decide(self, state: ThreatCase, act: Act) -> Facts:
        """The reason is about whom the case is about."""
        return [ThreatCaseReopened(reason=Statement(subject=state.subject, text=self.reason))]


def must_be_open(case: ThreatCase) -> None:
    """Refuse on a closed case."""
    if case.closed:
        raise ThreatCaseIsClosed


def done(day: date | None, case: ThreatCase, act: Act) -> date:
    """Return the day on which something was done about the threat; refuse one before it began."""
    on = act.past(day)
    if case.first_day and on < case.first_day:
        raise BeforeTheThreat
    return on


def not_offered(case: ThreatCase) -> tuple[Aftercare, ...]:
    """Return the care that has not been offered."""
    return tuple(care for care in Aftercare if care not in case.aftercare)


def must_lie_ahead(at: datetime | None, act: Act) -> None:
    """Refuse an appointment in the past."""
    if at is not None and at < act.at:
        raise CallBackInThePast


THREAT_CASE = Kind(
    name="threat_case",
    collection="threat-cases",
    prefix="DR",
    empty=ThreatCase(),
    evolve=evolve,
    facts=get_args(ThreatFact),
    grants=grants,
    granting=(ThreatReported,),
    commands=(
        ReportThreat,
        AssessThreat,
        CorrectReport,
        EndDanger,
        HandOverCase,
        TakeCase,
        NoteCall,
        PlanCallBack,
        NotifyPolice,
        AddVptCode,
        FileAangifte,
        WaiveAangifte,
        OfferAftercare,
        CloseThreatCase,
        ReopenThreatCase,
    ),
)
