"""What asks for attention next in a threat case, and by when?

The steps are those of the field; the terms are ours, since no public source sets any (design). They are dated all the
same: a case keeps the terms of the day on which it was reported when they change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.basis import PersonId
from domain.values import AMSTERDAM, CodeList, Instant, Model


class FollowUp(CodeList):
    """What is to be done next in a threat case."""

    SECURE = "secure", "veiligheid nu: 112 en politie"
    TAKE = "take", "oppakken"
    CALL_BACK = "call_back", "terugbellen"
    ASSESS = "assess", "ernst beoordelen"
    DECIDE_AANGIFTE = "decide_aangifte", "besluiten over aangifte"
    ASK_VPT_CODE = "ask_vpt_code", "VPT-code navragen"


@dataclass(frozen=True)
class Terms:
    """One version of the terms: how long after the report a step is due."""

    effective: date
    """The first day on which a report falls under them."""
    source: str
    """Who set them."""
    assess: timedelta
    """To say how serious it is."""
    decide_aangifte: timedelta
    """To file an aangifte, or to decide to file none."""
    ask_vpt_code: timedelta
    """To have the police register the VPT code, once they know of the matter."""


TERMS = (
    Terms(
        effective=date.min,
        source="design",
        assess=timedelta(hours=24),
        decide_aangifte=timedelta(days=7),
        ask_vpt_code=timedelta(days=14),
    ),
)
"""In the order in which they took effect; each holds until the next, and the first from the beginning."""


def terms_of(reported_at: datetime, versions: Iterable[Terms] = TERMS) -> Terms:
    """Return the terms for a case that was reported at that moment, of all *versions* that there are."""
    day = reported_at.astimezone(AMSTERDAM).date()
    return max((terms for terms in versions if terms.effective <= day), key=lambda terms: terms.effective)


@dataclass(frozen=True)
class Situation:
    """What the next steps of a threat case follow from."""

    reported_at: datetime
    danger_now: bool
    police_notified: bool
    handler: PersonId | None
    call_back_at: datetime | None
    assessed: bool
    """Whether it has been said how serious it is."""
    aangifte_filed: bool
    aangifte_waived: bool
    vpt_code: bool | None
    """Whether the police registered the VPT code; ``None``: nobody knows."""
    closed: bool


AT_ONCE = frozenset({FollowUp.SECURE, FollowUp.TAKE})
"""What is never late: nobody promised it for a later moment, so it is to be done now until it has been done."""


class NextStep(Model):
    """A step that is to be taken next, and by when."""

    step: FollowUp
    due: Instant

    @property
    def at_once(self) -> bool:
        """Tell whether it is to be done now, whenever the case was reported: its term is none that could run out."""
        return self.step in AT_ONCE


def next_steps(case: Situation) -> tuple[NextStep, ...]:
    """Return what is to be done next, what is due soonest first; nothing in a closed case.

    Safety, and that somebody handles the case, are due from the moment of the report.
    """
    in_order = sorted(_steps(case), key=lambda step: step[1])
    return tuple(NextStep(step=step, due=due) for step, due in in_order)


def first_due(case: Situation) -> datetime | None:
    """Return when the first of the next steps is due."""
    return min((due for _, due in _steps(case)), default=None)


def _steps(case: Situation) -> Iterator[tuple[FollowUp, datetime]]:
    if case.closed:
        return
    terms = terms_of(case.reported_at)
    if case.danger_now and not case.police_notified:
        yield FollowUp.SECURE, case.reported_at
    if case.handler is None:
        yield FollowUp.TAKE, case.reported_at
    if case.call_back_at is not None:
        yield FollowUp.CALL_BACK, case.call_back_at
    if not case.assessed:
        yield FollowUp.ASSESS, case.reported_at + terms.assess
    if not case.aangifte_filed and not case.aangifte_waived:
        yield FollowUp.DECIDE_AANGIFTE, case.reported_at + terms.decide_aangifte
    if (case.police_notified or case.aangifte_filed) and not case.vpt_code:
        yield FollowUp.ASK_VPT_CODE, case.reported_at + terms.ask_vpt_code
