"""Which questions does the steunpunt find on its list, how far have they come, and in which order?"""

from datetime import date
from random import Random

import pytest

from domain.basis import Command
from domain.bodies import BodyKind
from domain.consultation import (
    CONSULTATION,
    CallerCapacity,
    CloseConsultation,
    Consultation,
    ConsultationCorrected,
    ConsultationOutcome,
    CorrectConsultation,
    GiveProcessAdvice,
    HoldFirstIntake,
    HoldSecondConversation,
    ProcessQuestion,
)
from domain.integrity_inquiry import Nature
from infra.database import Database
from services.projections import consultations
from services.projections.consultations import ConsultationItem, ProcessAdviceStage
from services.projections.runner import Runner
from tests.domain.scenario import NOW, TODAY, TOMORROW
from tests.services.projections.network import AUDITOR, STEUNPUNT, Network, a_question
from tests.services.projections.test_lists import in_pages

INTAKE = HoldFirstIntake()
SPEAK = HoldSecondConversation()
ADVISE = GiveProcessAdvice(advice="Vraag eerst een zienswijze")
GIVE_UP = CloseConsultation(outcome=ConsultationOutcome.NO_FOLLOW_UP)
COMPLETE = CloseConsultation(outcome=ConsultationOutcome.ADVISED)


def waiting(database: Database) -> list[ConsultationItem]:
    """Return the open consultations as the steunpunt finds them, page by page."""
    with database.reading(STEUNPUNT) as cursor:
        return in_pages(lambda **more: consultations.waiting(cursor, **more))


def closed(database: Database) -> list[ConsultationItem]:
    """Return the closed ones."""
    with database.reading(STEUNPUNT) as cursor:
        return in_pages(lambda **more: consultations.closed(cursor, **more))


def test_a_question_waits_for_the_first_intake(database: Database, network: Network, runner: Runner) -> None:
    """On the same or the next working day; neither number nor name of the caller stands in the list."""
    stream = network.give(a_question(nature=Nature.GIFTS), STEUNPUNT)
    runner.catch_up()

    assert waiting(database) == [
        ConsultationItem(
            stream=stream,
            number="SP-2026-000001",
            received_on=TODAY,
            body_kind=BodyKind.MUNICIPALITY,
            caller=CallerCapacity.MAYOR,
            question=ProcessQuestion.HOW_TO_COMMISSION,
            nature=Nature.GIFTS,
            stage=ProcessAdviceStage.FIRST_INTAKE,
            due_on=TOMORROW,
            outcome=None,
            last_activity_at=NOW,
        )
    ]
    assert closed(database) == []


@pytest.mark.parametrize(
    ("commands", "stage"),
    [
        ((), ProcessAdviceStage.FIRST_INTAKE),
        ((INTAKE,), ProcessAdviceStage.SECOND_CONVERSATION),
        ((INTAKE, SPEAK), ProcessAdviceStage.ADVICE),
        ((INTAKE, SPEAK, ADVISE), ProcessAdviceStage.ADVISED),
        ((INTAKE, ADVISE), ProcessAdviceStage.ADVISED),
        ((INTAKE, ADVISE, SPEAK), ProcessAdviceStage.ADVISED),
        ((INTAKE, ADVISE, SPEAK, COMPLETE), ProcessAdviceStage.CLOSED),
        ((GIVE_UP,), ProcessAdviceStage.CLOSED),
    ],
    ids=lambda value: str(value) if isinstance(value, ProcessAdviceStage) else None,
)
def test_a_consultation_goes_on_step_by_step(
    database: Database,
    network: Network,
    runner: Runner,
    commands: tuple[Command[Consultation], ...],
    stage: ProcessAdviceStage,
) -> None:
    """A second conversation after the advice takes nothing back; only the first intake is due on a day."""
    stream = network.give(a_question(), STEUNPUNT)
    for command in commands:
        network.give(command, STEUNPUNT, stream)
    runner.catch_up()

    (item,) = waiting(database) + closed(database)
    assert item.stage is stage
    assert (item in closed(database)) is (stage is ProcessAdviceStage.CLOSED)
    assert item.due_on == (None if commands else TOMORROW)
    assert (item.outcome is None) is (stage is not ProcessAdviceStage.CLOSED)


def test_a_correction_changes_what_the_row_says_and_not_how_far_it_has_come(
    database: Database, network: Network, runner: Runner
) -> None:
    """The first intake stays due on its day."""
    stream = network.give(a_question(), STEUNPUNT)
    runner.catch_up()
    (before,) = waiting(database)
    correction = {"reason": "Verkeerd verstaan", "caller": CallerCapacity.OTHER, "nature": Nature.FRAUD}
    network.give(CorrectConsultation.model_validate(correction), STEUNPUNT, stream)
    runner.catch_up()
    (after,) = waiting(database)

    assert (after.caller, after.nature) == (CallerCapacity.OTHER, Nature.FRAUD)
    assert (after.question, after.body_kind) == (before.question, before.body_kind)
    assert (after.stage, after.due_on) == (before.stage, before.due_on)


def test_every_fact_says_how_far_the_consultation_has_come() -> None:
    """But for the first, which says that it has begun, and a correction, with which it goes no further."""
    _, *following = (fact for fact in CONSULTATION.facts if fact is not ConsultationCorrected)

    assert list(consultations.AFTER) == following
    assert [ProcessAdviceStage.FIRST_INTAKE, *consultations.AFTER.values()] == list(ProcessAdviceStage)


def test_what_is_due_soonest_comes_first(database: Database, network: Network, runner: Runner) -> None:
    """Then what has no day, the oldest first; a Friday's question is due with those of the weekend."""
    held, friday, monday, older, sunday = (
        network.give(a_question(received_on=day), STEUNPUNT)
        for day in (date(2026, 3, 12), date(2026, 3, 13), date(2026, 3, 16), date(2026, 3, 2), date(2026, 3, 15))
    )
    for stream in (held, older):
        network.give(INTAKE, STEUNPUNT, stream)
    runner.catch_up()

    found = waiting(database)
    assert [item.stream for item in found] == [friday, sunday, monday, older, held]
    assert [item.due_on for item in found] == [date(2026, 3, 16), date(2026, 3, 16), date(2026, 3, 17), None, None]


def test_the_last_one_closed_comes_first(database: Database, network: Network, runner: Runner) -> None:
    """Whenever it had come in; with its outcome."""
    first, second, third = (network.give(a_question(), STEUNPUNT) for _ in range(3))
    for stream in (second, first):
        network.give(GIVE_UP, STEUNPUNT, stream)
    for command in (INTAKE, ADVISE, COMPLETE):
        network.give(command, STEUNPUNT, third)
    runner.catch_up()

    found = closed(database)
    assert [item.stream for item in found] == [third, first, second]
    assert [item.outcome for item in found] == [
        ConsultationOutcome.ADVISED,
        ConsultationOutcome.NO_FOLLOW_UP,
        ConsultationOutcome.NO_FOLLOW_UP,
    ]


def test_an_auditor_finds_those_of_every_steunpunt(database: Database, network: Network, runner: Runner) -> None:
    """And the steunpunt its own, in pages that leave out nothing."""
    elsewhere = STEUNPUNT.model_copy(update={"organisation": "elsewhere"})
    random = Random(1)  # noqa: S311 - the same in every run
    for _ in range(12):
        day = date(2026, 3, random.randint(1, 18))
        network.give(a_question(received_on=day), random.choice([STEUNPUNT, elsewhere]))
    runner.catch_up()

    with database.reading(AUDITOR) as cursor:
        everything = in_pages(lambda **more: consultations.waiting(cursor, **more))
    own = waiting(database)
    assert len(everything) == 12
    assert 0 < len(own) < 12
    assert own == [item for item in everything if item in own]
