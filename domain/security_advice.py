"""What happens to a request for security measures at an office holder's home (*beveiligingsadvies en -maatregelen*)?

Every measure goes its own way, advised -> ordered -> installed -> verified -> removed, or leaves it early with a
reason: only with the exits counted can anybody say how often an advice leads to an installed measure.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, assert_never, get_args
from uuid import UUID

from pydantic import Field

from domain.basis import (
    Act,
    Command,
    Elsewhere,
    Fact,
    Facts,
    Grant,
    Kind,
    OrganisationId,
    Party,
    PersonId,
    Refusal,
    Role,
    StreamId,
    SubjectId,
    UnknownBody,
    access_list,
    replace,
)
from domain.bodies import BodyId
from domain.people import Office, PersonDetails, Statement, Subject
from domain.rules.home_security import Regime, regime_on, rules_of
from domain.rules.offices import must_have, offices_of_own
from domain.threat_case import THREAT_CASE, SecurityAdviceSought, ThreatCase, ThreatCaseIsClosed
from domain.values import WHOLE, Cents, CodeList, Day, Identifying, Line, Model, Personal, Text, told

MAX_MEASURES = 50
"""How many measures one advice can hold."""

MeasureNumber = Annotated[int, Field(ge=1, le=MAX_MEASURES), WHOLE]
"""Which measure of the advice, counted from 1."""

BODY = frozenset({Role.PUBLIC_BODY})
"""The public body adopts the advice, has the measures installed and pays."""
BODY_OR_BVA = frozenset({Role.PUBLIC_BODY, Role.BVA})
BVA_OR_CCV = frozenset({Role.BVA, Role.CCV})
"""The CCV visits the home and drafts the advice, the security authority fixes it."""
ADVISER_ONLY = frozenset({Party.ADVISER})
"""For what the advisers tell each other: the public body adopts the advice as it was given, not what led to it."""
EVERYBODY = frozenset({Party.OWNER, Party.REQUESTER, Party.ADVISER})
WITHOUT_REQUESTER = frozenset({Party.OWNER, Party.ADVISER})
"""For amounts, suppliers and what the home visit was about: whoever merely requested the advice has no need of them."""


# --- codes ------------------------------------------------------------------------------------------------------------


class Visitor(CodeList):
    """Who visited the home."""

    CCV = "ccv", "veiligheidsadviseur van het CCV"
    BVA = "bva", "beveiligingsautoriteit"


class MeasureKind(CodeList):
    """Which kind of measure it is; the list of measures themselves is open."""

    PHYSICAL = "physical", "bouwkundig"
    ELECTRONIC = "electronic", "elektronisch"
    BEHAVIOURAL = "behavioural", "gedrag en training"
    DIGITAL = "digital", "digitaal"
    TRANSPORT = "transport", "vervoer"


class MeasureStatus(CodeList):
    """How far a measure has come."""

    ADVISED = "advised", "geadviseerd"
    ORDERED = "ordered", "besteld"
    INSTALLED = "installed", "aangebracht"
    VERIFIED = "verified", "gecontroleerd"
    DECLINED = "declined", "geweigerd"
    CANCELLED = "cancelled", "vervallen"
    REMOVED = "removed", "verwijderd"


class DeclineReason(CodeList):
    """Who does not want a measure."""

    DECLINED_BY_HOLDER = "declined_by_holder", "ambtsdrager ziet ervan af"
    OWNER_REFUSES = "owner_refuses", "eigenaar of VvE weigert"


class CancelReason(CodeList):
    """Why a measure is not installed after all."""

    INFEASIBLE = "infeasible", "onuitvoerbaar"
    SUPERSEDED = "superseded", "door een andere maatregel vervangen"
    OFFICE_ENDED = "office_ended", "ambt beëindigd"


class RemovalReason(CodeList):
    """Why an installed measure is removed."""

    MOVED_HOME = "moved_home", "verhuizing"
    OFFICE_ENDED = "office_ended", "ambt beëindigd"
    THREAT_ENDED = "threat_ended", "dreiging voorbij"
    REPLACED = "replaced", "vervangen"


# --- facts ------------------------------------------------------------------------------------------------------------


class Home(Model):
    """A home, with a random identifier of its own: its address can be forgotten apart from whoever lived there."""

    subject: SubjectId
    address: Personal[Line]


class AdvisedMeasure(Model):
    """One measure of the advice."""

    number: int
    """From 1, in the order of the advice."""
    kind: MeasureKind
    one_off_cents: Cents
    recurring_cents_per_month: Cents
    reason: Statement | None = None


class AdviceRequested(Fact):
    """Security advice was requested."""

    topic: ClassVar[str] = "security_advice.requested.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    number: str
    owner: Identifying[OrganisationId]
    requester: Identifying[OrganisationId]
    requester_role: Role
    body: Identifying[BodyId]
    office: Identifying[Office]
    holder: Subject
    home: Home
    requested_on: Day
    regime: Regime
    external_reference: Identifying[Line | None] = None


class HomeVisited(Fact):
    """The home was visited."""

    topic: ClassVar[str] = "security_advice.home_visited.v1"
    audience: ClassVar[frozenset[Party]] = WITHOUT_REQUESTER

    on: Day
    visitor: Visitor


class VisitReported(Fact):
    """A report of the home visit was written."""

    topic: ClassVar[str] = "security_advice.visit_reported.v1"
    audience: ClassVar[frozenset[Party]] = ADVISER_ONLY

    visitor: Visitor
    """Whose visit it is about."""
    report: Statement


class AdviceDrafted(Fact):
    """The advice was drafted."""

    topic: ClassVar[str] = "security_advice.advice_drafted.v1"
    audience: ClassVar[frozenset[Party]] = ADVISER_ONLY

    on: Day
    measures: tuple[AdvisedMeasure, ...]


class AdviceGiven(Fact):
    """The advice was given."""

    topic: ClassVar[str] = "security_advice.advice_given.v1"
    audience: ClassVar[frozenset[Party]] = WITHOUT_REQUESTER

    on: Day
    measures: tuple[AdvisedMeasure, ...]


class AdviceAdopted(Fact):
    """The public body adopted the advice."""

    topic: ClassVar[str] = "security_advice.advice_adopted.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    on: Day


class MeasureOrdered(Fact):
    """A measure was ordered."""

    topic: ClassVar[str] = "security_advice.measure_ordered.v1"
    audience: ClassVar[frozenset[Party]] = WITHOUT_REQUESTER

    measure: int
    on: Day
    supplier: Identifying[Line | None] = None


class MeasureInstalled(Fact):
    """A measure was installed."""

    topic: ClassVar[str] = "security_advice.measure_installed.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    measure: int
    on: Day
    installer: PersonId
    """Who recorded it, and so cannot be the one who verifies it."""


class MeasureVerified(Fact):
    """A measure was verified in place, by somebody else."""

    topic: ClassVar[str] = "security_advice.measure_verified.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    measure: int
    on: Day


class MeasureDeclined(Fact):
    """A measure was declined."""

    topic: ClassVar[str] = "security_advice.measure_declined.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    measure: int
    reason: DeclineReason


class MeasureCancelled(Fact):
    """A measure was cancelled."""

    topic: ClassVar[str] = "security_advice.measure_cancelled.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    measure: int
    reason: CancelReason


class MeasureRemoved(Fact):
    """A measure was removed."""

    topic: ClassVar[str] = "security_advice.measure_removed.v1"
    audience: ClassVar[frozenset[Party]] = EVERYBODY

    measure: int
    on: Day
    reason: RemovalReason


AdviceFact = (
    AdviceRequested
    | HomeVisited
    | VisitReported
    | AdviceDrafted
    | AdviceGiven
    | AdviceAdopted
    | MeasureOrdered
    | MeasureInstalled
    | MeasureVerified
    | MeasureDeclined
    | MeasureCancelled
    | MeasureRemoved
)


# --- state ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measure:
    """Where one measure stands."""

    number: int
    status: MeasureStatus | None = None
    kind: MeasureKind | None = None
    """This and the amounts: ``None`` for whoever may see what became of the measure and not the advice itself."""
    one_off_cents: Cents | None = None
    recurring_cents_per_month: Cents | None = None
    reason: Statement | None = None
    ordered: Day | None = None
    supplier: Identifying[Line | None] = None
    installed: Day | None = None
    installer: PersonId | None = None
    verified: Day | None = None
    removed: Day | None = None
    exit: DeclineReason | CancelReason | RemovalReason | None = None
    """Why it was declined, cancelled or removed."""

    @property
    def is_in_place(self) -> bool:
        """Tell whether it has been installed and not removed."""
        return self.status in {MeasureStatus.INSTALLED, MeasureStatus.VERIFIED}

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing more can happen to it."""
        return self.status in {MeasureStatus.DECLINED, MeasureStatus.CANCELLED, MeasureStatus.REMOVED}

    @property
    def fell_away(self) -> bool:
        """Tell whether it was declined or cancelled: it never was installed, and never will be."""
        return self.status in {MeasureStatus.DECLINED, MeasureStatus.CANCELLED}


@dataclass(frozen=True)
class SecurityAdvice:
    """What the facts about one request add up to."""

    number: str | None = None
    owner: Grant | None = None
    requester: Grant | None = None
    advisers: tuple[Grant, ...] = ()
    body: Identifying[BodyId | None] = None
    office: Identifying[Office | None] = None
    holder: Subject | None = None
    home: Home | None = None
    requested_on: Day | None = None
    regime: Regime | None = None
    external_reference: Identifying[Line | None] = None
    visits: tuple[Visitor, ...] = ()
    visit_reports: tuple[VisitReported, ...] = ()
    drafted: Day | None = None
    draft: tuple[AdvisedMeasure, ...] = ()
    """The newest one; it stays beside the advice that was given in the end."""
    given: Day | None = None
    adopted: Day | None = None
    measures: tuple[Measure, ...] = ()

    @property
    def standing(self) -> tuple[Measure, ...]:
        """The measures that were installed, removed later or not, or are still to be."""
        return tuple(measure for measure in self.measures if not measure.fell_away)

    @property
    def installed(self) -> tuple[Measure, ...]:
        """The measures that were installed, removed later or not."""
        return tuple(measure for measure in self.measures if measure.installed)

    @property
    def unfinished(self) -> tuple[Measure, ...]:
        """The measures that have neither been verified in place nor ended."""
        return tuple(
            measure
            for measure in self.measures
            if not measure.has_ended and measure.status is not MeasureStatus.VERIFIED
        )

    @property
    def one_off_cents(self) -> int | None:
        """What the measures cost once, but for those that fell away; ``None`` for whoever may not see amounts."""
        return _sum(measure.one_off_cents for measure in self.standing)

    @property
    def recurring_cents_per_month(self) -> int | None:
        """What the measures cost every month that are in place or to come; ``None`` as with what they cost once."""
        return _sum(measure.recurring_cents_per_month for measure in self.measures if not measure.has_ended)


def _sum(amounts: Iterable[Cents | None]) -> int | None:
    """Return the sum of *amounts*; ``None`` where one of them is not known."""
    known = tuple(amounts)
    return None if None in known else sum(filter(None, known))


def evolve(advice: SecurityAdvice, fact: AdviceFact) -> SecurityAdvice:
    """Return the request after *fact*."""
    match fact:
        case AdviceRequested():
            return replace(
                advice,
                number=fact.number,
                owner=Grant(party=Party.OWNER, role=Role.PUBLIC_BODY, organisation=fact.owner),
                requester=Grant(party=Party.REQUESTER, role=fact.requester_role, organisation=fact.requester),
                advisers=tuple(Grant(party=Party.ADVISER, role=role) for role in (Role.BVA, Role.CCV)),
                body=fact.body,
                office=fact.office,
                holder=fact.holder,
                home=fact.home,
                requested_on=fact.requested_on,
                regime=fact.regime,
                external_reference=fact.external_reference,
            )
        case HomeVisited():
            return replace(advice, visits=(*advice.visits, fact.visitor))
        case VisitReported():
            return replace(advice, visit_reports=(*advice.visit_reports, fact))
        case AdviceDrafted():
            return replace(advice, drafted=fact.on, draft=fact.measures)
        case AdviceGiven():
            return replace(
                advice,
                given=fact.on,
                measures=tuple(
                    Measure(
                        number=measure.number,
                        status=MeasureStatus.ADVISED,
                        kind=measure.kind,
                        one_off_cents=measure.one_off_cents,
                        recurring_cents_per_month=measure.recurring_cents_per_month,
                        reason=measure.reason,
                    )
                    for measure in fact.measures
                ),
            )
        case AdviceAdopted():
            return replace(advice, adopted=fact.on)
        case MeasureOrdered():
            ordered = replace(
                _measure(advice, fact.measure),
                status=MeasureStatus.ORDERED,
                ordered=fact.on,
                supplier=fact.supplier,
            )
            return _with(advice, ordered)
        case MeasureInstalled():
            installed = replace(
                _measure(advice, fact.measure),
                status=MeasureStatus.INSTALLED,
                installed=fact.on,
                installer=fact.installer,
            )
            return _with(advice, installed)
        case MeasureVerified():
            verified = replace(_measure(advice, fact.measure), status=MeasureStatus.VERIFIED, verified=fact.on)
            return _with(advice, verified)
        case MeasureDeclined():
            return _with(advice, _ended(advice, fact, MeasureStatus.DECLINED))
        case MeasureCancelled():
            return _with(advice, _ended(advice, fact, MeasureStatus.CANCELLED))
        case MeasureRemoved():
            return _with(advice, replace(_ended(advice, fact, MeasureStatus.REMOVED), removed=fact.on))
        case _:
            assert_never(fact)


def _measure(advice: SecurityAdvice, number: int) -> Measure:
    """Return the measure, also where the advice that lists it is not among the facts (the requester may not see it)."""
    return next((measure for measure in advice.measures if measure.number == number), Measure(number=number))


def _ended(
    advice: SecurityAdvice, fact: MeasureDeclined | MeasureCancelled | MeasureRemoved, status: MeasureStatus
) -> Measure:
    return replace(_measure(advice, fact.measure), status=status, exit=fact.reason)


def _with(advice: SecurityAdvice, changed: Measure) -> SecurityAdvice:
    others = (measure for measure in advice.measures if measure.number != changed.number)
    return replace(advice, measures=tuple(sorted((*others, changed), key=lambda measure: measure.number)))


def grants(advice: SecurityAdvice) -> frozenset[Grant]:
    """Return who is party: the public body that pays, whoever made the request, the security authority and the CCV."""
    return access_list(advice.owner, advice.requester, *advice.advisers)


# --- refusals ---------------------------------------------------------------------------------------------------------


class BeforeTheFirstRegime(Refusal):
    """The rules for the security of homes took effect on 1 January 2021; nothing can be requested of an earlier day."""

    about: ClassVar[tuple[str, ...]] = ("requested_on",)


class OfficeNotEntitled(Refusal):
    """This office gives no claim to security measures at home; the free home scan (*woningscan*) of the CCV is open."""

    about: ClassVar[tuple[str, ...]] = ("office",)


class RegimeKnowsNoAdvice(Refusal):
    """Requests of 2021 to 2023 are for reimbursement of costs: no home visit, no advice, no measures provided."""


class HomeAlreadyVisited(Refusal):
    """This visitor's home visit has been recorded already."""


class AdviceAlreadyGiven(Refusal):
    """The advice has been given already."""


class AdviceNotGiven(Refusal):
    """The security authority has not given its advice yet."""


class AdviceAlreadyAdopted(Refusal):
    """The advice has been adopted already."""


class AdviceNotAdopted(Refusal):
    """The public body adopts the advice before it orders what was advised."""


class MeasureUnknown(Refusal):
    """The advice holds no measure with this number."""


class MeasureAlreadyOrdered(Refusal):
    """The measure has been ordered already."""


class MeasureNotOrdered(Refusal):
    """The measure has not been ordered yet."""


class MeasureAlreadyInstalled(Refusal):
    """The measure has been installed already; from then on it can only be removed."""


class MeasureNotInstalled(Refusal):
    """The measure has not been installed yet."""


class MeasureAlreadyVerified(Refusal):
    """The measure has been verified already."""


class InstallerCannotVerify(Refusal):
    """A measure is verified by somebody else than the person who recorded its installation."""


class MeasureHasEnded(Refusal):
    """The measure has been declined, cancelled or removed; nothing more happens to it."""


TELLING = (
    MeasureHasEnded,
    AdviceNotAdopted,
    MeasureAlreadyOrdered,
    MeasureAlreadyInstalled,
    MeasureAlreadyVerified,
    MeasureNotOrdered,
    MeasureNotInstalled,
    InstallerCannotVerify,
)
"""Of several reasons why nothing can happen to any of the measures, a later one tells more: what has still to be done
more than what was done already, and who could do it most."""


# --- commands ---------------------------------------------------------------------------------------------------------


class ProposedMeasure(Model):
    """One measure of the advice; it gets its number from its place in the list."""

    kind: MeasureKind
    one_off_cents: Cents
    """What it costs once, in euro cents including VAT."""
    recurring_cents_per_month: Cents = 0
    """What it costs every month, in euro cents including VAT: an alarm subscription, for instance."""
    reason: Personal[Text | None] = None
    """Why it is advised, and what exactly."""


ProposedMeasures = Annotated[tuple[ProposedMeasure, ...], Field(min_length=1, max_length=MAX_MEASURES)]


class RequestAdvice(Command[SecurityAdvice]):
    """Request security advice for the home of an office holder, on its own or from a threat case.

    The rules are those in force on the day of the request.
    """

    creates: ClassVar[bool] = True
    noun: ClassVar[str] = ""
    roles: ClassVar[frozenset[Role]] = frozenset({Role.PUBLIC_BODY, Role.SUPPORT_TEAM})
    new_ids: ClassVar[int] = 2

    body: Identifying[BodyId]
    """The public body that employs the office holder, by its id in the register (`GET /v1/public-bodies`)."""
    office: Identifying[Office]
    """The office held, or to be held once the appointment is certain."""
    holder: PersonDetails
    """The office holder."""
    address: Personal[Line]
    """Of the home."""
    requested_on: Day | None = None
    """The day of the request; by default today."""
    threat_case: UUID | None = None
    """The threat case from which the request arises. Only that case says so: here not everybody may know of it."""
    external_reference: Identifying[Line | None] = None
    """The sender's own reference to the request."""

    def reads(self) -> tuple[StreamId, ...]:
        """The threat case must still be open."""
        return (THREAT_CASE.stream(self.threat_case),) if self.threat_case else ()

    @classmethod
    def choices(cls, state: SecurityAdvice, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """A public body requests advice for its own offices only; who is not entitled is told what is open to them."""
        return offices_of_own(act)

    def may(self, state: SecurityAdvice, act: Act) -> bool:
        """A public body requests advice for its own office holders only."""
        return act.actor.role is not Role.PUBLIC_BODY or self.body == act.actor.organisation

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """The office is entitled under the rules of the day of the request."""
        requested_on = act.past(self.requested_on)
        for threat_case in self.reads():
            if act.other(threat_case, ThreatCase).closed:
                raise ThreatCaseIsClosed
        rules = regime_on(requested_on)
        if rules is None:
            raise BeforeTheFirstRegime
        if not act.bodies.knows(self.body, requested_on):
            raise UnknownBody
        must_have(act.bodies.get(self.body), self.office)
        if self.office not in rules.entitled:
            raise OfficeNotEntitled
        requested = AdviceRequested(
            number=act.number,
            owner=OrganisationId(self.body),
            requester=act.actor.organisation,
            requester_role=act.actor.role,
            body=self.body,
            office=self.office,
            holder=Subject(subject=act.subject(0), **dict(self.holder)),
            home=Home(subject=act.subject(1), address=self.address),
            requested_on=requested_on,
            regime=rules.regime,
            external_reference=self.external_reference,
        )
        sought = SecurityAdviceSought(advice=UUID(act.stream.partition(":")[2]), number=act.number)
        return [requested, *(Elsewhere(threat_case, sought) for threat_case in self.reads())]


class RecordHomeVisit(Command[SecurityAdvice]):
    """Record that the home was visited to assess its security, with a report for the advisers if there is one."""

    noun: ClassVar[str] = "home-visits"
    roles: ClassVar[frozenset[Role]] = BVA_OR_CCV
    parties: ClassVar[frozenset[Party]] = ADVISER_ONLY

    visitor: Visitor
    on: Day | None = None
    """The day; by default today."""
    report: Personal[Text | None] = None
    """What the visitor found, for the advisers alone."""

    @classmethod
    def ready(cls, state: SecurityAdvice, act: Act) -> None:
        """Somebody has still to come."""
        must_know_advice(state)
        if not cls.choices(state, act)["visitor"]:
            raise HomeAlreadyVisited

    @classmethod
    def choices(cls, state: SecurityAdvice, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """Each visitor's visit is recorded once."""
        return {"visitor": tuple(visitor for visitor in Visitor if visitor not in state.visits)}

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Each visitor's visit is recorded once; its report is a fact of its own, since fewer may see it."""
        if self.visitor in state.visits:
            raise HomeAlreadyVisited
        visited = HomeVisited(on=act.past(self.on, not_before=(state.requested_on,)), visitor=self.visitor)
        if self.report is None:
            return [visited]
        report = Statement(subject=told(state.holder).subject, text=self.report)
        return [visited, VisitReported(visitor=self.visitor, report=report)]


class DraftAdvice(Command[SecurityAdvice]):
    """Draft the advice, for the security authority to fix; a newer draft replaces the one before."""

    noun: ClassVar[str] = "drafts"
    roles: ClassVar[frozenset[Role]] = BVA_OR_CCV
    parties: ClassVar[frozenset[Party]] = ADVISER_ONLY

    measures: ProposedMeasures
    """The measures; the first becomes number 1."""
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: SecurityAdvice, act: Act) -> None:
        """Until the advice is given."""
        must_await_advice(state)

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """As often as it takes."""
        on = act.past(self.on, not_before=(state.requested_on,))
        return [AdviceDrafted(on=on, measures=numbered(self.measures, state))]


class GiveAdvice(Command[SecurityAdvice]):
    """Give the advice and so fix it: the measures that suit the threat and the home, each with its cost."""

    noun: ClassVar[str] = "advices"
    roles: ClassVar[frozenset[Role]] = frozenset({Role.BVA})
    parties: ClassVar[frozenset[Party]] = ADVISER_ONLY

    measures: ProposedMeasures
    """The measures; the first becomes number 1."""
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: SecurityAdvice, act: Act) -> None:
        """Advice is given once."""
        must_await_advice(state)

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """It may differ from the draft, and needs none."""
        on = act.past(self.on, not_before=(state.requested_on,))
        return [AdviceGiven(on=on, measures=numbered(self.measures, state))]


class AdoptAdvice(Command[SecurityAdvice]):
    """Adopt the advice as the public body that employs the office holder.

    An advice is always adopted, as a whole and without a debate in the council: there is no operation to reject it, and
    it never fails on a budget.
    """

    noun: ClassVar[str] = "adoptions"
    roles: ClassVar[frozenset[Role]] = BODY

    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def ready(cls, state: SecurityAdvice, act: Act) -> None:
        """What has been given is adopted, once."""
        must_know_advice(state)
        if not state.given:
            raise AdviceNotGiven
        if state.adopted:
            raise AdviceAlreadyAdopted

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Not before it was given."""
        return [AdviceAdopted(on=act.past(self.on, not_before=(state.given,)))]


class OnMeasure(Command[SecurityAdvice]):
    """Something that is asked of one measure of the advice."""

    measure: MeasureNumber
    """The number of the measure in the advice."""

    @classmethod
    @abstractmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """Return why it cannot happen to *measure*, which has not ended, or ``None``."""

    @classmethod
    def why_not(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """Return why it cannot happen to *measure*, or ``None``."""
        return MeasureHasEnded if measure.has_ended else cls.obstacle(measure, state, act)

    @classmethod
    def ready(cls, state: SecurityAdvice, act: Act) -> None:
        """There is a measure to which it can happen."""
        must_hold_measures(state)
        obstacles = [obstacle for measure in state.measures if (obstacle := cls.why_not(measure, state, act))]
        if len(obstacles) == len(state.measures):
            raise max(obstacles, key=TELLING.index)

    @classmethod
    def choices(cls, state: SecurityAdvice, act: Act) -> Mapping[str, tuple[Any, ...]]:
        """The measures to which it can happen."""
        return {"measure": tuple(measure.number for measure in state.measures if not cls.why_not(measure, state, act))}

    def must_be_ready(self, state: SecurityAdvice, act: Act) -> None:
        """Measures go their own ways: the refusal is about the one that is asked of."""
        must_hold_measures(state)
        if obstacle := self.why_not(self.of(state), state, act):
            raise obstacle

    def of(self, state: SecurityAdvice) -> Measure:
        """Return the measure that is asked of."""
        for measure in state.measures:
            if measure.number == self.measure:
                return measure
        raise MeasureUnknown


class OrderMeasure(OnMeasure):
    """Record that a measure was ordered."""

    noun: ClassVar[str] = "orders"
    roles: ClassVar[frozenset[Role]] = BODY

    supplier: Identifying[Line | None] = None
    """The company it was ordered from; a local one tells the place."""
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """What has been advised and adopted is ordered, once."""
        if not state.adopted:
            return AdviceNotAdopted
        return None if measure.status is MeasureStatus.ADVISED else MeasureAlreadyOrdered

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Not before the advice was adopted."""
        on = act.past(self.on, not_before=(state.adopted,))
        return [MeasureOrdered(measure=self.measure, on=on, supplier=self.supplier)]


class InstallMeasure(OnMeasure):
    """Record that a measure was installed."""

    noun: ClassVar[str] = "installations"
    roles: ClassVar[frozenset[Role]] = BODY

    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """What has been ordered is installed, once."""
        if measure.is_in_place:
            return MeasureAlreadyInstalled
        return MeasureNotOrdered if measure.status is MeasureStatus.ADVISED else None

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Not before it was ordered."""
        on = act.past(self.on, not_before=(self.of(state).ordered,))
        return [MeasureInstalled(measure=self.measure, on=on, installer=act.actor.person)]


class VerifyMeasure(OnMeasure):
    """Record that a measure was found in place and in order, by somebody else than who recorded its installation."""

    noun: ClassVar[str] = "verifications"
    roles: ClassVar[frozenset[Role]] = BODY_OR_BVA
    parties: ClassVar[frozenset[Party]] = WITHOUT_REQUESTER

    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """What has been installed is verified, once, by somebody else."""
        if not measure.is_in_place:
            return MeasureNotInstalled
        if measure.status is MeasureStatus.VERIFIED:
            return MeasureAlreadyVerified
        return InstallerCannotVerify if measure.installer == act.actor.person else None

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Not before it was installed."""
        on = act.past(self.on, not_before=(self.of(state).installed,))
        return [MeasureVerified(measure=self.measure, on=on)]


class DeclineMeasure(OnMeasure):
    """Record that the office holder, or whoever owns the home, does not want a measure."""

    noun: ClassVar[str] = "declinations"
    roles: ClassVar[frozenset[Role]] = BODY_OR_BVA
    parties: ClassVar[frozenset[Party]] = WITHOUT_REQUESTER

    reason: DeclineReason

    @classmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """A measure can be declined until it is installed."""
        return MeasureAlreadyInstalled if measure.is_in_place else None

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Adopted or not, ordered or not."""
        return [MeasureDeclined(measure=self.measure, reason=self.reason)]


class CancelMeasure(OnMeasure):
    """Record that a measure will not be installed after all."""

    noun: ClassVar[str] = "cancellations"
    roles: ClassVar[frozenset[Role]] = BODY_OR_BVA
    parties: ClassVar[frozenset[Party]] = WITHOUT_REQUESTER

    reason: CancelReason

    @classmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """A measure can be cancelled until it is installed."""
        return MeasureAlreadyInstalled if measure.is_in_place else None

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Adopted or not, ordered or not."""
        return [MeasureCancelled(measure=self.measure, reason=self.reason)]


class RemoveMeasure(OnMeasure):
    """Record that an installed measure was removed."""

    noun: ClassVar[str] = "removals"
    roles: ClassVar[frozenset[Role]] = BODY

    reason: RemovalReason
    on: Day | None = None
    """The day; by default today."""

    @classmethod
    def obstacle(cls, measure: Measure, state: SecurityAdvice, act: Act) -> type[Refusal] | None:
        """Only what is in place can be removed."""
        return None if measure.is_in_place else MeasureNotInstalled

    def decide(self, state: SecurityAdvice, act: Act) -> Facts:
        """Not before it was last seen in place."""
        measure = self.of(state)
        on = act.past(self.on, not_before=(measure.installed, measure.verified))
        return [MeasureRemoved(measure=self.measure, on=on, reason=self.reason)]


def must_know_advice(advice: SecurityAdvice) -> None:
    """Refuse under rules that know no advice."""
    if advice.regime and not rules_of(advice.regime).knows_advice:
        raise RegimeKnowsNoAdvice


def must_await_advice(advice: SecurityAdvice) -> None:
    """Refuse where no advice can be given any more, or ever."""
    must_know_advice(advice)
    if advice.given:
        raise AdviceAlreadyGiven


def must_hold_measures(advice: SecurityAdvice) -> None:
    """Refuse where there are no measures yet, or ever."""
    must_know_advice(advice)
    if not advice.given:
        raise AdviceNotGiven


def numbered(measures: Iterable[ProposedMeasure], advice: SecurityAdvice) -> tuple[AdvisedMeasure, ...]:
    """Return *measures* as they stand in an advice: numbered in their order, their reasons about the office holder."""
    about = told(advice.holder).subject
    return tuple(
        AdvisedMeasure(
            number=number,
            kind=measure.kind,
            one_off_cents=measure.one_off_cents,
            recurring_cents_per_month=measure.recurring_cents_per_month,
            reason=Statement(subject=about, text=measure.reason) if measure.reason else None,
        )
        for number, measure in enumerate(measures, start=1)
    )


SECURITY_ADVICE = Kind(
    name="security_advice",
    collection="security-advices",
    prefix="BA",
    empty=SecurityAdvice(),
    evolve=evolve,
    facts=get_args(AdviceFact),
    grants=grants,
    granting=(AdviceRequested,),
    commands=(
        RequestAdvice,
        RecordHomeVisit,
        DraftAdvice,
        GiveAdvice,
        AdoptAdvice,
        OrderMeasure,
        InstallMeasure,
        VerifyMeasure,
        DeclineMeasure,
        CancelMeasure,
        RemoveMeasure,
    ),
)
