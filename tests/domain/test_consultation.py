"""What can happen with a question to the steunpunt?"""

from dataclasses import replace
from datetime import date

import pytest

from domain.basis import OWNER_ONLY, Command, DayInTheFuture, DayTooEarly, Fact, Grant, NothingCorrected, Party, Role
from domain.bodies import BodyKind
from domain.consultation import (
    CONSULTATION,
    CallBack,
    CallerCapacity,
    CloseConsultation,
    Consultation,
    ConsultationClosed,
    ConsultationCorrected,
    ConsultationIsClosed,
    ConsultationOutcome,
    ConsultationRequested,
    CorrectConsultation,
    EndsWithProcessAdvice,
    FirstIntakeAlreadyHeld,
    FirstIntakeHeld,
    FirstIntakeNotHeld,
    GiveProcessAdvice,
    HoldFirstIntake,
    HoldSecondConversation,
    NothingToCorrect,
    ProcessAdviceAlreadyGiven,
    ProcessAdviceGiven,
    ProcessAdviceNotGiven,
    ProcessQuestion,
    RequestConsultation,
    SecondConversationAlreadyHeld,
    SecondConversationHeld,
    first_intake_due,
    grants,
)
from domain.integrity_inquiry import Nature
from domain.people import Statement
from tests.domain.scenario import (
    AMSTERDAM,
    AUDITOR,
    EVERYONE,
    FIRST,
    STEUNPUNT,
    TODAY,
    TOMORROW,
    YESTERDAY,
    given,
)

REQUEST = RequestConsultation(
    body_kind=BodyKind.MUNICIPALITY,
    caller=CallerCapacity.MAYOR,
    call_back_number="06 1234 5678",
    question=ProcessQuestion.WHETHER_TO_INQUIRE,
)
REQUESTED = ConsultationRequested(
    number="SP-2026-000001",
    owner=STEUNPUNT.organisation,
    owner_role=Role.STEUNPUNT,
    received_on=TODAY,
    body_kind=BodyKind.MUNICIPALITY,
    caller=CallerCapacity.MAYOR,
    call_back=CallBack(subject=FIRST, phone="+31612345678"),
    question=ProcessQuestion.WHETHER_TO_INQUIRE,
)
INTAKE = FirstIntakeHeld(on=TODAY)
SPOKEN = SecondConversationHeld(on=TODAY)
ADVISED = ProcessAdviceGiven(on=TODAY, advice=Statement(subject=FIRST, text="Vraag eerst een zienswijze."))
CLOSED = ConsultationClosed(on=TODAY, outcome=ConsultationOutcome.NO_FOLLOW_UP)

HOLD = HoldFirstIntake()
SPEAK = HoldSecondConversation()
ADVISE = GiveProcessAdvice(advice="Vraag eerst een zienswijze.")
CLOSE = CloseConsultation(outcome=ConsultationOutcome.NO_FOLLOW_UP)
COMPLETE = CloseConsultation(outcome=ConsultationOutcome.ADVISED)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_question_needs_a_number_to_call_back_and_no_name() -> None:
    """The kind of body, who calls and what about; the suspected violation where it was said."""
    given().when(REQUEST, by=STEUNPUNT).then(REQUESTED)
    given().when(REQUEST.model_copy(update={"nature": Nature.GIFTS, "received_on": YESTERDAY}), by=STEUNPUNT).then(
        REQUESTED.model_copy(update={"nature": Nature.GIFTS, "received_on": YESTERDAY})
    )


def test_a_question_has_come_in() -> None:
    """Not tomorrow."""
    given().when(REQUEST.model_copy(update={"received_on": TOMORROW}), by=STEUNPUNT).refused(DayInTheFuture)


def test_nothing_in_a_consultation_says_whom_or_which_body_it_is_about() -> None:
    """There is no place for it: the only person known is the caller, by number alone."""
    assert set(ConsultationRequested.model_fields) & {"body", "office", "person", "reporter", "name"} == set()
    assert set(CallBack.model_fields) == {"subject", "phone"}


def test_a_consultation_is_the_steunpunts_alone() -> None:
    """Neither the body that asks nor anybody else in the network knows of it; auditors do."""
    assert grants(Consultation()) == frozenset()
    assert grants(CONSULTATION.replay([REQUESTED])) == {
        Grant(party=Party.OWNER, role=Role.STEUNPUNT, organisation=STEUNPUNT.organisation)
    }
    assert {fact.audience for fact in CONSULTATION.facts} == {OWNER_ONLY}
    for somebody in EVERYONE:
        if somebody not in {STEUNPUNT, AUDITOR}:
            given(REQUESTED).when(HOLD, by=somebody).unknown()
    given(REQUESTED).when(HOLD, by=AUDITOR).forbidden()
    given().when(REQUEST, by=AMSTERDAM).forbidden()


@pytest.mark.parametrize(
    ("received_on", "due"),
    [
        (date(2026, 3, 18), date(2026, 3, 19)),
        (date(2026, 3, 20), date(2026, 3, 23)),
        (date(2026, 3, 21), date(2026, 3, 23)),
        (date(2026, 4, 2), date(2026, 4, 7)),
    ],
    ids=["on a Wednesday", "on a Friday", "on a Saturday", "before Easter"],
)
def test_the_first_intake_is_due_on_the_next_working_day(received_on: date, due: date) -> None:
    """Or on the same; it is late only after the next."""
    assert first_intake_due(received_on) == due


# --- talking ----------------------------------------------------------------------------------------------------------


def test_the_first_intake_is_held_once() -> None:
    """With a summary or without."""
    noted = HOLD.model_copy(update={"summary": "Een vermoeden, nog zonder bewijs."})
    words = Statement(subject=FIRST, text="Een vermoeden, nog zonder bewijs.")

    given(REQUESTED).when(HOLD, by=STEUNPUNT).then(INTAKE)
    given(REQUESTED).when(noted, by=STEUNPUNT).then(INTAKE.model_copy(update={"summary": words}))
    given(REQUESTED, INTAKE).when(HOLD, by=STEUNPUNT).refused(FirstIntakeAlreadyHeld)


def test_a_late_first_intake_is_recorded_all_the_same() -> None:
    """What happened has happened."""
    long_ago = REQUESTED.model_copy(update={"received_on": date(2026, 1, 5)})

    given(long_ago).when(HOLD, by=STEUNPUNT).then(INTAKE)


def test_the_second_conversation_follows_the_first_intake() -> None:
    """Once, with a summary or without; after the advice too."""
    noted = SPEAK.model_copy(update={"summary": "Over de opdracht gesproken."})
    words = Statement(subject=FIRST, text="Over de opdracht gesproken.")

    given(REQUESTED).when(SPEAK, by=STEUNPUNT).refused(FirstIntakeNotHeld)
    given(REQUESTED, INTAKE).when(SPEAK, by=STEUNPUNT).then(SPOKEN)
    given(REQUESTED, INTAKE).when(noted, by=STEUNPUNT).then(SPOKEN.model_copy(update={"summary": words}))
    given(REQUESTED, INTAKE, ADVISED).when(SPEAK, by=STEUNPUNT).then(SPOKEN)
    given(REQUESTED, INTAKE, SPOKEN).when(SPEAK, by=STEUNPUNT).refused(SecondConversationAlreadyHeld)


def test_advice_is_given_once_to_whoever_has_been_heard() -> None:
    """As a rule in the second conversation, which need not be waited for."""
    given(REQUESTED).when(ADVISE, by=STEUNPUNT).refused(FirstIntakeNotHeld)
    given(REQUESTED, INTAKE).when(ADVISE, by=STEUNPUNT).then(ADVISED)
    given(REQUESTED, INTAKE, SPOKEN).when(ADVISE, by=STEUNPUNT).then(ADVISED)
    given(REQUESTED, INTAKE, SPOKEN, ADVISED).when(ADVISE, by=STEUNPUNT).refused(ProcessAdviceAlreadyGiven)


# --- correcting -------------------------------------------------------------------------------------------------------

REASON = Statement(subject=FIRST, text="Verkeerd verstaan.")


def test_what_was_noted_is_corrected_and_the_rest_stays() -> None:
    """Also in a closed consultation, and at the same person's other number."""
    correction = CorrectConsultation(
        reason="Verkeerd verstaan.",
        caller=CallerCapacity.GRIFFIER,
        call_back_number="06 8765 4321",
        nature=Nature.FRAUD,
    )
    corrected = ConsultationCorrected(
        reason=REASON,
        caller=CallerCapacity.GRIFFIER,
        call_back=CallBack(subject=FIRST, phone="+31687654321"),
        nature=Nature.FRAUD,
    )

    given(REQUESTED).when(correction, by=STEUNPUNT).then(corrected)
    given(REQUESTED, CLOSED).when(correction, by=STEUNPUNT).then(corrected)
    assert CONSULTATION.replay([REQUESTED, INTAKE, corrected]) == replace(
        CONSULTATION.replay([REQUESTED, INTAKE]),
        caller=CallerCapacity.GRIFFIER,
        call_back=CallBack(subject=FIRST, phone="+31687654321"),
        nature=Nature.FRAUD,
    )


@pytest.mark.parametrize(
    ("field", "needed"),
    [("first_summary", INTAKE), ("second_summary", SPOKEN), ("advice", ADVISED)],
)
def test_what_was_said_is_corrected_once_it_was_said(field: str, needed: Fact) -> None:
    """In a conversation that was held, or in advice that was given."""
    correction = CorrectConsultation.model_validate({"reason": "Verkeerd verstaan.", field: "Anders gezegd."})
    words = Statement(subject=FIRST, text="Anders gezegd.")
    corrected = ConsultationCorrected.model_validate({"reason": REASON, field: words})
    said = [REQUESTED, *dict.fromkeys((INTAKE, needed))]

    given(REQUESTED).when(correction, by=STEUNPUNT).refused(NothingToCorrect)
    given(*said).when(correction, by=STEUNPUNT).then(corrected)
    assert getattr(CONSULTATION.replay([*said, corrected]), field) == words


def test_what_is_said_again_as_it_was_is_no_correction() -> None:
    """A form sends all that was noted: only what differs is recorded."""
    same = {"reason": "Verkeerd verstaan.", "caller": CallerCapacity.MAYOR, "call_back_number": "06 1234 5678"}
    other = CorrectConsultation.model_validate({**same, "body_kind": BodyKind.PROVINCE})

    given(REQUESTED).when(CorrectConsultation.model_validate(same), by=STEUNPUNT).refused(NothingCorrected)
    given(REQUESTED).when(CorrectConsultation(reason="Zomaar."), by=STEUNPUNT).refused(NothingCorrected)
    given(REQUESTED).when(other, by=STEUNPUNT).then(ConsultationCorrected(reason=REASON, body_kind=BodyKind.PROVINCE))


# --- closing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("facts", [(), (INTAKE,), (INTAKE, SPOKEN)], ids=["asked", "called", "spoken"])
def test_without_advice_a_consultation_ends_without(facts: tuple[Fact, ...]) -> None:
    """At any time: whoever asked may not call again, or be better off elsewhere."""
    without = (ConsultationOutcome.NO_FOLLOW_UP, ConsultationOutcome.REFERRED)

    assert given(REQUESTED, *facts).when(COMPLETE, by=STEUNPUNT).choices == {"outcome": without}
    for outcome in without:
        given(REQUESTED, *facts).when(CloseConsultation(outcome=outcome), by=STEUNPUNT).then(
            ConsultationClosed(on=TODAY, outcome=outcome)
        )
    given(REQUESTED, *facts).when(COMPLETE, by=STEUNPUNT).refused(ProcessAdviceNotGiven)


def test_with_advice_a_consultation_is_completed() -> None:
    """So that as many end with advice as advice was given in."""
    completed = ConsultationClosed(on=TODAY, outcome=ConsultationOutcome.ADVISED)

    given(REQUESTED, INTAKE, ADVISED).when(COMPLETE, by=STEUNPUNT).then(completed)
    given(REQUESTED, INTAKE, ADVISED).when(CLOSE, by=STEUNPUNT).refused(EndsWithProcessAdvice)
    assert given(REQUESTED, INTAKE, ADVISED).when(CLOSE, by=STEUNPUNT).choices == {
        "outcome": (ConsultationOutcome.ADVISED,)
    }


@pytest.mark.parametrize("command", [HOLD, SPEAK, ADVISE, CLOSE], ids=lambda command: type(command).__name__)
def test_nothing_happens_after_closing(command: Command[Consultation]) -> None:
    """A new question is a new consultation."""
    given(REQUESTED, CLOSED).when(command, by=STEUNPUNT).refused(ConsultationIsClosed)


# --- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        ((), HOLD),
        ((INTAKE,), SPEAK),
        ((INTAKE,), ADVISE),
        ((), CLOSE),
        ((FirstIntakeHeld(on=YESTERDAY), SPOKEN), CLOSE),
        ((FirstIntakeHeld(on=YESTERDAY), ADVISED), COMPLETE),
    ],
    ids=["intake", "conversation", "advice", "closing", "closing after talking", "closing after advice"],
)
def test_nothing_is_done_before_what_it_follows_from(facts: tuple[Fact, ...], command: Command[Consultation]) -> None:
    """Nor tomorrow; on the same day it is."""
    when = {day: command.model_copy(update={"on": day}) for day in (YESTERDAY, TODAY, TOMORROW)}

    given(REQUESTED, *facts).when(when[YESTERDAY], by=STEUNPUNT).refused(DayTooEarly)
    given(REQUESTED, *facts).when(when[TOMORROW], by=STEUNPUNT).refused(DayInTheFuture)
    assert given(REQUESTED, *facts).when(when[TODAY], by=STEUNPUNT).outcome()


def test_the_state_shows_the_whole_course() -> None:
    """What the facts add up to."""
    words = Statement(subject=FIRST, text="Een vermoeden.")
    history = (
        REQUESTED.model_copy(update={"received_on": YESTERDAY, "nature": Nature.FRAUD}),
        FirstIntakeHeld(on=YESTERDAY, summary=words),
        SecondConversationHeld(on=TODAY, summary=words),
        ADVISED,
        ConsultationClosed(on=TODAY, outcome=ConsultationOutcome.ADVISED),
    )

    assert CONSULTATION.replay(history) == Consultation(
        number="SP-2026-000001",
        owner=Grant(party=Party.OWNER, role=Role.STEUNPUNT, organisation=STEUNPUNT.organisation),
        received_on=YESTERDAY,
        body_kind=BodyKind.MUNICIPALITY,
        caller=CallerCapacity.MAYOR,
        call_back=CallBack(subject=FIRST, phone="+31612345678"),
        question=ProcessQuestion.WHETHER_TO_INQUIRE,
        nature=Nature.FRAUD,
        first_intake=YESTERDAY,
        first_summary=words,
        second_conversation=TODAY,
        second_summary=words,
        advised=TODAY,
        advice=ADVISED.advice,
        closed=TODAY,
        outcome=ConsultationOutcome.ADVISED,
    )
