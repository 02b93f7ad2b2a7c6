"""What happens in a threat case, from the report to its closing?

Its tracks run beside each other; the case is closed some time after the last of them has ended.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.basis import Actor, Command
from domain.people import PersonDetails
from domain.security_advice import SECURITY_ADVICE, RequestAdvice
from domain.threat_case import (
    THREAT_CASE,
    AangifteBy,
    AddVptCode,
    AssessThreat,
    Axes,
    Capacity,
    Channel,
    CloseThreatCase,
    ClosingReason,
    CorrectReport,
    EndDanger,
    FileAangifte,
    Form,
    HandOverCase,
    NoteCall,
    NotifyPolice,
    Offender,
    OfferAftercare,
    PlanCallBack,
    Pressure,
    ReopenThreatCase,
    ReportThreat,
    Severity,
    TakeCase,
    Target,
    ThreatCase,
    WaiveAangifte,
)
from services.history import rates, words
from services.history.advices import gets_advice, provision
from services.history.country import Country
from services.history.desks import Desk
from services.history.offices import Holder
from services.history.simulation import Case, Story, beside_each_other


@dataclass(frozen=True)
class Incident:
    """What happened, of which the first report tells a part."""

    holder: Holder
    form: Form
    channel: Channel
    target: Target
    severity: Severity
    pressure: Pressure
    offender: Offender
    offender_known: bool
    danger_now: bool


def happened(country: Country, holder: Holder) -> Incident:
    """Return an incident that hits *holder*."""
    simulation = country.simulation
    severity = simulation.one_of(rates.SEVERITY)
    form = simulation.one_of(rates.FORM if severity is Severity.LESS_SERIOUS else rates.GRAVE_FORM)
    return Incident(
        holder=country.meet(holder),
        form=form,
        channel=simulation.one_of(rates.CHANNELS_OF.get(form, rates.CHANNEL)),
        target=simulation.one_of(rates.TARGET),
        severity=severity,
        pressure=simulation.one_of(rates.PRESSURE),
        offender=simulation.one_of(rates.OFFENDER),
        offender_known=simulation.happens(rates.OFFENDER_KNOWN),
        danger_now=simulation.happens(rates.DANGER_NOW[severity]),
    )


def threat(country: Country, desk: Desk, incident: Incident) -> Story:
    """Tell how an incident is reported at *desk*, what is done, and how the case ends."""
    work = Work(country, desk, incident, reported(country, desk, incident))
    simulation = country.simulation
    if simulation.happens(rates.REPORTED_TWICE):
        simulation.start(second_report(country, desk, incident), simulation.at_work(0.5))
    yield from beside_each_other(
        work.is_taken(),
        work.is_assessed(),
        work.calls(rates.CALLS[incident.severity]),
        work.danger_passes(),
        work.police_are_told(),
        work.aangifte_is_decided(),
        work.care_is_offered(),
        work.is_handed_over(),
        work.is_corrected(),
        work.leads_to_advice(),
    )
    yield from work.ends()
    if simulation.happens(rates.REOPENED):
        yield simulation.at_work(40)
        work.give(ReopenThreatCase(reason=country.words.one_of(words.REOPENINGS)))
        yield from work.calls(rates.CALLS_WHEN_REOPENED)
        yield from work.ends()


def second_report(country: Country, desk: Desk, incident: Incident) -> Story:
    """Tell how the same incident is reported by somebody else, and found out to be known already."""
    work = Work(country, desk, incident, reported(country, desk, incident, capacity=Capacity.COLLEAGUE))
    yield from work.is_taken()
    yield country.simulation.at_work(0.7)
    work.give(NoteCall(note=words.REPORTED_BEFORE))
    explanation = words.REPORTED_BEFORE if incident.danger_now else None
    work.give(CloseThreatCase(reason=ClosingReason.TRANSFERRED, explanation=explanation))


def reported(country: Country, desk: Desk, incident: Incident, *, capacity: Capacity | None = None) -> Case[ThreatCase]:
    """Report *incident* at *desk*: four fields, and what else is known."""
    simulation, say, holder = country.simulation, country.words, incident.holder
    capacity = capacity or simulation.one_of(rates.CAPACITY)
    by_victim = capacity is Capacity.VICTIM
    anonymous = capacity is Capacity.ANONYMOUS
    known = Axes(form=incident.form, channel=incident.channel) if simulation.happens(rates.AXES_AT_REPORT) else Axes()
    with_account = simulation.happens(rates.ACCOUNT_AT_REPORT)
    of_their_own = simulation.happens(rates.EXTERNAL_REFERENCE)
    report = ReportThreat(
        body=holder.body.id,
        office=holder.office,
        call_back_number=holder.phone if by_victim else say.phone(),
        danger_now=incident.danger_now,
        capacity=capacity,
        reporter_name=None if anonymous else holder.name if by_victim else say.name(),
        victim=None if by_victim else PersonDetails(name=holder.name),
        account=say.account(incident.form, incident.channel, incident.pressure) if with_account else None,
        axes=known,
        external_reference=say.reference(country.today.year) if of_their_own else None,
    )
    return simulation.begin(THREAT_CASE, report, desk.somebody())


@dataclass(eq=False)
class Work:
    """What is done in one case."""

    country: Country
    desk: Desk
    incident: Incident
    case: Case[ThreatCase]

    def who(self) -> Actor:
        """Return who is at work on the case."""
        return self.desk.at_work_on(self.case.state.handler)

    def give(self, command: Command[ThreatCase]) -> None:
        """Give a command as whoever is at work on the case."""
        self.country.simulation.give(self.case, command, self.who())

    def is_taken(self) -> Story:
        """Somebody takes the case upon them, unless they have it."""
        yield self.country.simulation.at_work(0.08)
        if self.case.state.handler is None:
            self.give(TakeCase())

    def is_assessed(self) -> Story:
        """The threat is assessed, and some time later again."""
        simulation, incident = self.country.simulation, self.incident
        yield simulation.at_work(0.7)
        first = Axes(
            form=incident.form,
            channel=incident.channel,
            target=incident.target,
            severity=incident.severity,
            offender_known=incident.offender_known,
            pressure=incident.pressure,
        )
        self.give(AssessThreat(axes=first))
        for _ in range(simulation.times(rates.ASSESSED_AGAIN)):
            yield simulation.at_work(9)
            # First they see what kind of offender it is, later they learn who, or that it is somebody else.
            before = self.case.state.axes
            known = before.offender_known if before.offender is None else not before.offender_known
            again = Axes(severity=incident.severity, offender_known=known, offender=incident.offender)
            self.give(AssessThreat(axes=again))

    def calls(self, mean: float) -> Story:
        """There are calls, some of them by appointment."""
        simulation, say = self.country.simulation, self.country.words
        following = simulation.at_work(0.4)
        for left in reversed(range(simulation.times(mean))):
            if self.case.state.call_back_at is None and simulation.happens(rates.CALL_BACK_PLANNED):
                self.give(PlanCallBack(at=following))
            yield following
            following = simulation.at_work(3)
            again = following if left and simulation.happens(rates.CALL_BACK_AGREED) else None
            self.give(NoteCall(note=say.one_of(words.CALLS), call_back_at=again))

    def danger_passes(self) -> Story:
        """Danger that was reported is over in hours or days."""
        if self.incident.danger_now:
            yield self.country.simulation.at_work(0.8)
            self.give(EndDanger())

    def police_are_told(self) -> Story:
        """The police are notified, where that is called for, and asked for the VPT code."""
        simulation = self.country.simulation
        if simulation.happens(rates.POLICE_NOTIFIED[self.incident.severity]):
            yield simulation.after(0.05) if self.incident.danger_now else simulation.at_work(1.5)
            self.give(NotifyPolice(vpt_code=self._vpt_code()))
            yield from self._vpt_code_is_added()

    def aangifte_is_decided(self) -> Story:
        """An aangifte is filed, or not, with the reason; now and then on second thoughts."""
        simulation = self.country.simulation
        share = rates.aangifte_share(self.country.today.year) * rates.AANGIFTE_FACTOR[self.incident.severity]
        files = simulation.happens(share)
        if not files and simulation.happens(rates.AANGIFTE_UNDECIDED):
            return
        yield simulation.at_work(4)
        if not files:
            self.give(WaiveAangifte(reason=simulation.one_of(rates.NO_AANGIFTE[self.incident.severity])))
            if not simulation.happens(rates.SECOND_THOUGHTS):
                return
            yield simulation.at_work(12)
        by = AangifteBy.ON_BEHALF if simulation.happens(rates.AANGIFTE_ON_BEHALF) else AangifteBy.VICTIM
        self.give(FileAangifte(by=by, vpt_code=self._vpt_code()))
        yield from self._vpt_code_is_added()

    def _vpt_code(self) -> bool | None:
        """Return what is said of the code; what is known already is not said again."""
        return None if self.case.state.vpt_code else self.country.simulation.one_of(rates.VPT_CODE)

    def _vpt_code_is_added(self) -> Story:
        simulation = self.country.simulation
        if not self.case.state.vpt_code and simulation.happens(rates.VPT_CODE_ADDED):
            yield simulation.at_work(9)
            if not self.case.state.vpt_code:
                self.give(AddVptCode())

    def care_is_offered(self) -> Story:
        """Care is offered, of one kind after another."""
        simulation = self.country.simulation
        for care, factor in rates.CARE.items():
            if simulation.happens(factor * rates.CARE_OFFERED[self.incident.severity]):
                yield simulation.at_work(5)
                self.give(OfferAftercare(care=care))

    def is_handed_over(self) -> Story:
        """Shifts and holidays: one hands the case over, another takes it."""
        simulation = self.country.simulation
        for _ in range(simulation.times(rates.HAND_OVERS[self.incident.severity])):
            yield simulation.at_work(5)
            before = self.case.state.handler
            if before is None:
                continue
            self.give(HandOverCase(note=self.country.words.one_of(words.HAND_OVERS)))
            yield simulation.at_work(0.3)
            if self.case.state.handler is None:
                simulation.give(self.case, TakeCase(), self.desk.somebody(but=before))

    def is_corrected(self) -> Story:
        """What was reported turns out to be wrong in part."""
        simulation, say = self.country.simulation, self.country.words
        if simulation.happens(rates.CORRECTED):
            yield simulation.at_work(2)
            reason = say.one_of(words.CORRECTIONS)
            if simulation.happens(rates.CORRECTED_NUMBER):
                self.give(CorrectReport(reason=reason, call_back_number=say.phone()))
            else:
                others = {form: rate for form, rate in rates.FORM.items() if form is not self.case.state.axes.form}
                self.give(CorrectReport(reason=reason, axes=Axes(form=simulation.one_of(others))))

    def leads_to_advice(self) -> Story:
        """Security advice for the home is requested, for whoever is entitled to it."""
        simulation, holder = self.country.simulation, self.incident.holder
        if gets_advice(self.country, holder, self.incident.severity):
            yield simulation.at_work(6)
            if holder.left is None:
                request = RequestAdvice(
                    body=holder.body.id,
                    office=holder.office,
                    holder=PersonDetails(name=holder.name, phone=holder.phone),
                    address=holder.address,
                    threat_case=UUID(self.case.stream.partition(":")[2]),
                )
                advice = simulation.begin(SECURITY_ADVICE, request, self.who(), reads=(self.case,))
                simulation.start(provision(self.country, advice, holder))

    def ends(self) -> Story:
        """The case is closed, some time after the last that is done."""
        simulation, holder = self.country.simulation, self.incident.holder
        yield simulation.at_work(rates.DAYS_AFTERWARDS[self.incident.severity])
        reason = simulation.one_of(rates.CLOSING)
        if holder.body.id not in self.country.offices.bodies:
            reason = ClosingReason.TRANSFERRED
        elif holder.left and simulation.happens(rates.CLOSED_WITH_THE_OFFICE):
            reason = ClosingReason.OFFICE_ENDED
        self.give(CloseThreatCase(reason=reason))
