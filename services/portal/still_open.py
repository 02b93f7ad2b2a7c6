"""What is still to be done in a case, and on which form: now, or before somebody closes it?

Nothing here forbids to close: whoever does so sees what they leave open.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.basis import Command
from domain.consultation import Consultation, GiveProcessAdvice, HoldFirstIntake, HoldSecondConversation
from domain.rules.follow_up import FollowUp, NextStep
from domain.rules.home_security import rules_of
from domain.security_advice import SecurityAdvice
from domain.threat_case import (
    AddVptCode,
    AssessThreat,
    EndDanger,
    FileAangifte,
    NoteCall,
    NotifyPolice,
    OfferAftercare,
    TakeCase,
    ThreatCase,
)
from services.portal.wording import capitalised, counted, short_moment

TAKEN_WITH: Mapping[FollowUp, type[Command[ThreatCase]]] = {
    FollowUp.SECURE: NotifyPolice,
    FollowUp.TAKE: TakeCase,
    FollowUp.CALL_BACK: NoteCall,
    FollowUp.ASSESS: AssessThreat,
    FollowUp.DECIDE_AANGIFTE: FileAangifte,
    FollowUp.ASK_VPT_CODE: AddVptCode,
}
"""The command with which a step is taken."""


@dataclass(frozen=True)
class StillOpen:
    """One thing that is still to be done."""

    words: str
    command: type[Command[Any]] | None = None
    """With which it is recorded, on the same case."""
    number: str = ""
    """The case in which it is to be done, where that is another one."""


def in_threat_case(
    case: ThreatCase, steps: Sequence[NextStep], advices: Sequence[SecurityAdvice]
) -> Iterator[StillOpen]:
    """Yield what is still open in *case*: danger, the next *steps*, aftercare, and the *advices* that arose from it."""
    if case.danger_now:
        yield StillOpen("Er is nu gevaar", EndDanger)
    for step in steps:
        when = f": {short_moment(step.due)}" if step.step is FollowUp.CALL_BACK else ""
        yield StillOpen(f"{capitalised(step.step.label)}{when}", TAKEN_WITH[step.step])
    if not case.aftercare:
        yield StillOpen("Nog geen nazorg aangeboden", OfferAftercare)
    for advice in advices:
        yield from _in_advice(advice)


def _in_advice(advice: SecurityAdvice) -> Iterator[StillOpen]:
    number = advice.number or ""
    if advice.regime and not rules_of(advice.regime).knows_advice:
        return
    if not advice.adopted:
        yield StillOpen("Beveiligingsadvies nog niet overgenomen", number=number)
    elif not advice.given:
        # Who may not see the advice does not know of how many measures, and so not whether these are all.
        yield StillOpen("Maatregelen: vraag het bestuur hoe ver die zijn", number=number)
    elif advice.unfinished:
        measures = counted(len(advice.unfinished), "maatregel", "maatregelen")
        yield StillOpen(f"{measures} nog niet aangebracht en gecontroleerd", number=number)


def in_consultation(consultation: Consultation) -> Iterator[StillOpen]:
    """Yield what has not been done in *consultation*."""
    if not consultation.first_intake:
        yield StillOpen("Nog geen eerste intake gehouden", HoldFirstIntake)
    if not consultation.second_conversation and not consultation.advised:
        yield StillOpen("Nog geen tweede gesprek gehouden", HoldSecondConversation)
    if not consultation.advised:
        yield StillOpen("Nog geen advies gegeven", GiveProcessAdvice)
