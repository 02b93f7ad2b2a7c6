"""What becomes of a request for security at home, from the request to the removal of what was installed?"""

from dataclasses import dataclass
from itertools import count

from domain.basis import Actor, Command
from domain.people import PersonDetails
from domain.rules.home_security import ADMINISTRATORS, regime_on
from domain.security_advice import (
    SECURITY_ADVICE,
    AdoptAdvice,
    CancelMeasure,
    CancelReason,
    DeclineMeasure,
    DraftAdvice,
    GiveAdvice,
    InstallMeasure,
    OrderMeasure,
    ProposedMeasure,
    RecordHomeVisit,
    RemovalReason,
    RemoveMeasure,
    RequestAdvice,
    SecurityAdvice,
    VerifyMeasure,
    Visitor,
)
from domain.threat_case import Severity
from services.history import rates, words
from services.history.country import Country
from services.history.desks import BVA, CCV
from services.history.offices import Holder
from services.history.simulation import Case, Story, beside_each_other


def gets_advice(country: Country, holder: Holder, severity: Severity) -> bool:
    """Tell whether a threat of that severity leads to a request."""
    rules = regime_on(country.today)
    entitled = rules is not None and rules.knows_advice and holder.office in rules.entitled
    return entitled and country.simulation.happens(rates.ADVICE_AFTER_THREAT[severity])


def request_without_threat(country: Country) -> Story:
    """Tell of a request that no threat case led to: for whoever is new in an office, for instance."""
    simulation, offices = country.simulation, country.offices
    entitled = [office for office in offices.holders if office in ADMINISTRATORS]
    office = simulation.one_of(
        {office: len(offices.holders[office]) * offices.part.rates[office] for office in entitled}
    )
    holder = country.meet(country.chance.choice(offices.holders[office]))
    request = RequestAdvice(
        body=holder.body.id,
        office=holder.office,
        holder=PersonDetails(name=holder.name, phone=holder.phone),
        address=holder.address,
    )
    case = simulation.begin(SECURITY_ADVICE, request, country.desk(holder.body.id).somebody())
    rules = regime_on(country.today)
    if rules is not None and rules.knows_advice:
        yield from provision(country, case, holder)


def provision(country: Country, case: Case[SecurityAdvice], holder: Holder) -> Story:
    """Tell how the home is visited, advice given and adopted, and each measure installed or not."""
    return Provision(country, case, holder).story()


@dataclass(eq=False)
class Provision:
    """What is done for one home under the rules of 2024."""

    country: Country
    case: Case[SecurityAdvice]
    holder: Holder

    def story(self) -> Story:
        """Visit, draft, advice, adoption, and then the measures beside each other."""
        simulation, say = self.country.simulation, self.country.words
        ccv, bva, body = (self.country.desks[whose] for whose in (CCV.organisation, BVA.organisation, self.body))
        visitor = ccv.somebody()
        if self._stuck("visit"):
            return
        yield simulation.at_work(rates.DAYS_TO["visit"])
        self._give(RecordHomeVisit(visitor=Visitor.CCV, report=say.one_of(words.VISITS)), visitor)
        if self._stuck("draft"):
            return
        yield simulation.at_work(rates.DAYS_TO["draft"])
        measures = self._measures()
        self._give(DraftAdvice(measures=measures), visitor)
        if simulation.happens(rates.DRAFTED_AGAIN):
            yield simulation.at_work(8)
            measures = (*measures, *self._measures()[:1])
            self._give(DraftAdvice(measures=measures), visitor)
        if self._stuck("advice"):
            return
        yield simulation.at_work(rates.DAYS_TO["advice"])
        if simulation.happens(rates.FIXED_OTHERWISE):
            measures = measures[: max(1, len(measures) - 1)]
        self._give(GiveAdvice(measures=measures), bva.somebody())
        if self._stuck("adoption"):
            return
        yield simulation.at_work(rates.DAYS_TO["adoption"])
        self._give(AdoptAdvice(), body.somebody())
        supplier = say.company()
        yield from beside_each_other(*(self._measure(n, supplier) for n, _ in zip(count(1), measures, strict=False)))

    @property
    def body(self) -> str:
        """The public body that pays."""
        return self.holder.body.id

    def _measures(self) -> tuple[ProposedMeasure, ...]:
        """Propose measures, each with its price."""
        simulation = self.country.simulation
        kinds = [simulation.one_of(rates.MEASURE_KINDS) for _ in range(simulation.one_of(rates.MEASURES))]
        proposed = []
        for kind in kinds:
            cheapest, dearest, a_month = rates.PRICES[kind]
            proposed.append(
                ProposedMeasure(
                    kind=kind,
                    one_off_cents=self.country.chance.randrange(cheapest, dearest, 5) * 100,
                    recurring_cents_per_month=a_month * 100,
                    reason=self.country.words.one_of(words.MEASURES[kind]),
                )
            )
        return tuple(proposed)

    def _measure(self, number: int, supplier: str) -> Story:
        """Order, install and verify a measure, or leave it with a reason; and remove it one day."""
        simulation, body = self.country.simulation, self.country.desks[self.body]
        declined, cancelled = simulation.perhaps(rates.DECLINED), simulation.perhaps(rates.CANCELLED)
        if self._stuck("order"):
            return
        yield simulation.at_work(rates.DAYS_TO["order"])
        if declined:
            self._give(DeclineMeasure(measure=number, reason=declined), body.somebody())
            return
        if self._office_ended(number):
            return
        self._give(OrderMeasure(measure=number, supplier=supplier), body.somebody())
        if self._stuck("installation"):
            return
        yield simulation.at_work(rates.DAYS_TO["installation"])
        if cancelled:
            self._give(CancelMeasure(measure=number, reason=cancelled), body.somebody())
            return
        if self._office_ended(number):
            return
        installer = body.somebody()
        self._give(InstallMeasure(measure=number), installer)
        if not self._stuck("verification"):
            yield simulation.at_work(rates.DAYS_TO["verification"])
            self._give(VerifyMeasure(measure=number), body.somebody(but=installer.person))
        yield from self._in_place(number)

    def _in_place(self, number: int) -> Story:
        """Wait for the day on which it is removed."""
        simulation = self.country.simulation
        reason: RemovalReason | None = None
        while reason is None:
            yield simulation.at_work(rates.LOOKED_AFTER_DAYS)
            reason = RemovalReason.OFFICE_ENDED if self.holder.left else simulation.perhaps(rates.REMOVED_BY_THEN)
        self._give(RemoveMeasure(measure=number, reason=reason), self.country.desks[self.body].somebody())

    def _office_ended(self, number: int) -> bool:
        """Cancel a measure for an office that has ended, and tell whether it has."""
        if self.holder.left is None:
            return False
        cancel = CancelMeasure(measure=number, reason=CancelReason.OFFICE_ENDED)
        self._give(cancel, self.country.desks[self.body].somebody())
        return True

    def _give(self, command: Command[SecurityAdvice], actor: Actor) -> None:
        self.country.simulation.give(self.case, command, actor)

    def _stuck(self, step: str) -> bool:
        return self.country.simulation.happens(rates.STUCK[step])
