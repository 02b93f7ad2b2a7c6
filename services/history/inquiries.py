"""What becomes of a signal about somebody's integrity, and of a question to the steunpunt?"""

from domain.bodies import BodyKind
from domain.consultation import (
    CONSULTATION,
    CloseConsultation,
    ConsultationOutcome,
    GiveProcessAdvice,
    HoldFirstIntake,
    HoldSecondConversation,
    RequestConsultation,
)
from domain.integrity_inquiry import (
    COMMISSIONING,
    INTEGRITY_INQUIRY,
    CloseInquiry,
    Commissioner,
    ConsultationStage,
    ConsultSteunpunt,
    Nature,
    OpenInquiry,
    ReceiveSignal,
)
from domain.people import PersonDetails
from services.history import rates, words
from services.history.country import Country
from services.history.desks import STEUNPUNT
from services.history.simulation import Story


def signal(country: Country) -> Story:
    """Tell of a signal, how the steunpunt is consulted, whether an inquiry is opened, and what comes of it."""
    simulation, say, offices = country.simulation, country.words, country.offices
    office = simulation.one_of(
        {office: len(holders) * offices.part.rates[office] for office, holders in offices.holders.items()}
    )
    holder = country.meet(country.chance.choice(offices.holders[office]))
    desk = country.desk(holder.body.id)
    nature = simulation.one_of(rates.NATURE)
    by_name = simulation.happens(rates.REPORTED_BY_NAME)
    receive = ReceiveSignal(
        body=holder.body.id,
        office=office,
        nature=nature,
        person=PersonDetails(name=holder.name),
        reporter=PersonDetails(name=say.name(), phone=say.phone()) if by_name else None,
        account=words.SIGNALS[nature],
    )
    who = desk.somebody()
    case = simulation.begin(INTEGRITY_INQUIRY, receive, who)
    if simulation.happens(rates.CONSULTED):
        yield simulation.at_work(4)
        simulation.start(question(country, holder.body.kind, nature))
        yield simulation.at_work(0.2)
        simulation.give(case, ConsultSteunpunt(stage=ConsultationStage.FIRST_CALL), who)
        if simulation.happens(rates.CONSULTED_AGAIN):
            yield simulation.at_work(6)
            simulation.give(case, ConsultSteunpunt(stage=ConsultationStage.SECOND_CONVERSATION), who)
    if simulation.happens(rates.INQUIRY_OPENED):
        yield simulation.at_work(14)
        here = COMMISSIONING[holder.body.kind]
        commissioner = here.stand_in if office is here.chair else here.as_commissioner
        if simulation.happens(rates.COMMISSIONED_BY_COUNCIL):
            commissioner = Commissioner.REPRESENTATIVE_BODY
        simulation.give(case, OpenInquiry(commissioner=commissioner), who)
        yield simulation.at_work(95)
        simulation.give(case, CloseInquiry(disposition=simulation.one_of(rates.FINDINGS)), who)
    else:
        yield simulation.at_work(24)
        simulation.give(case, CloseInquiry(disposition=simulation.one_of(rates.WITHOUT_INQUIRY)), who)


def question(country: Country, body_kind: BodyKind, nature: Nature | None = None) -> Story:
    """Tell how the steunpunt hears a caller, without names, and advises about the process."""
    simulation, say, desk = country.simulation, country.words, country.desks[STEUNPUNT.organisation]
    asked = RequestConsultation(
        body_kind=body_kind,
        caller=simulation.one_of(rates.CALLER[body_kind]),
        call_back_number=say.phone(),
        question=simulation.one_of(rates.QUESTION),
        nature=nature,
    )
    who = desk.somebody()
    case = simulation.begin(CONSULTATION, asked, who)
    yield simulation.at_work(0.2)
    simulation.give(case, HoldFirstIntake(summary=say.one_of(words.INTAKES)), who)
    if not simulation.happens(rates.PROCESS_ADVICE_GIVEN):
        yield simulation.at_work(9)
        simulation.give(case, CloseConsultation(outcome=simulation.one_of(rates.WITHOUT_PROCESS_ADVICE)), who)
        return
    if simulation.happens(rates.CONSULTED_AGAIN):
        yield simulation.at_work(6)
        simulation.give(case, HoldSecondConversation(summary=say.one_of(words.CONVERSATIONS)), who)
    yield simulation.at_work(4)
    simulation.give(case, GiveProcessAdvice(advice=say.one_of(words.PROCESS_ADVICES)), who)
    yield simulation.at_work(15)
    simulation.give(case, CloseConsultation(outcome=ConsultationOutcome.ADVISED), who)


def question_without_signal(country: Country) -> Story:
    """Tell of a caller who has no signal yet, or records none."""
    return question(country, country.simulation.one_of(rates.ASKING))
