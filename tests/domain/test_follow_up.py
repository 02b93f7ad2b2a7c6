"""What asks for attention next in a threat case, and by when?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.basis import PersonId
from domain.rules.follow_up import TERMS, FollowUp, NextStep, Situation, next_steps, terms_of

REPORTED_AT = datetime(2026, 3, 18, 22, 30, tzinfo=UTC)
DONE = Situation(
    reported_at=REPORTED_AT,
    danger_now=False,
    police_notified=True,
    handler=PersonId("tess"),
    call_back_at=None,
    assessed=True,
    aangifte_filed=True,
    aangifte_waived=False,
    vpt_code=True,
    closed=False,
)
"""A case in which everything has been done."""
FRESH = Situation(
    reported_at=REPORTED_AT,
    danger_now=True,
    police_notified=False,
    handler=None,
    call_back_at=None,
    assessed=False,
    aangifte_filed=False,
    aangifte_waived=False,
    vpt_code=None,
    closed=False,
)
"""A case of which nothing is known but that there is danger."""


def days(number: int) -> datetime:
    """Return the moment *number* days after the report."""
    return REPORTED_AT + timedelta(days=number)


@pytest.mark.parametrize(
    ("change", "step", "due"),
    [
        ({"danger_now": True, "police_notified": False, "vpt_code": True}, FollowUp.SECURE, days(0)),
        ({"handler": None}, FollowUp.TAKE, days(0)),
        ({"call_back_at": days(3)}, FollowUp.CALL_BACK, days(3)),
        ({"assessed": False}, FollowUp.ASSESS, days(1)),
        ({"aangifte_filed": False}, FollowUp.DECIDE_AANGIFTE, days(7)),
        ({"vpt_code": None}, FollowUp.ASK_VPT_CODE, days(14)),
        ({"vpt_code": False}, FollowUp.ASK_VPT_CODE, days(14)),
        ({"vpt_code": None, "police_notified": False}, FollowUp.ASK_VPT_CODE, days(14)),
        ({"vpt_code": None, "aangifte_filed": False, "aangifte_waived": True}, FollowUp.ASK_VPT_CODE, days(14)),
    ],
    ids=str,
)
def test_what_has_not_been_done_is_due_within_its_term(change: dict[str, Any], step: FollowUp, due: datetime) -> None:
    """Counted from the report; a call back at its own moment."""
    assert next_steps(replace(DONE, **change)) == (NextStep(step=step, due=due),)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"danger_now": True},
        {"aangifte_filed": False, "aangifte_waived": True},
        {"police_notified": False, "aangifte_filed": False, "aangifte_waived": True, "vpt_code": None},
    ],
    ids=str,
)
def test_what_has_been_done_or_cannot_be_asks_for_nothing(change: dict[str, Any]) -> None:
    """With the police there, danger is theirs; a code is not asked of police who know of nothing."""
    assert next_steps(replace(DONE, **change)) == ()


def test_what_is_due_soonest_comes_first() -> None:
    """Safety before anything else; an appointment where it falls."""
    case = replace(FRESH, call_back_at=days(2))

    assert [step.step for step in next_steps(case)] == [
        FollowUp.SECURE,
        FollowUp.TAKE,
        FollowUp.ASSESS,
        FollowUp.CALL_BACK,
        FollowUp.DECIDE_AANGIFTE,
    ]


def test_only_what_has_a_term_can_be_late() -> None:
    """Safety, and that somebody handles the case, are for now: a minute after the report, and a day."""
    case = replace(FRESH, call_back_at=days(2), police_notified=False)
    at_once = {step.step for step in next_steps(case) if step.at_once}

    assert at_once == {FollowUp.SECURE, FollowUp.TAKE}
    assert all(step.due == REPORTED_AT for step in next_steps(case) if step.at_once)


def test_a_closed_case_asks_for_nothing() -> None:
    """Whatever was left open."""
    assert next_steps(replace(FRESH, call_back_at=days(2), closed=True)) == ()


SITUATIONS = st.builds(
    Situation,
    reported_at=st.just(REPORTED_AT),
    handler=st.sampled_from([None, PersonId("tess")]),
    call_back_at=st.sampled_from([None, *map(days, (0, 1, 5, 10, 20))]),
)


@for_all(SITUATIONS)
def test_each_step_is_asked_for_once_and_in_order(case: Situation) -> None:
    """In any situation."""
    steps = next_steps(case)

    assert len({step.step for step in steps}) == len(steps)
    assert all(earlier.due <= later.due for earlier, later in pairwise(steps))


def test_a_case_keeps_the_terms_of_the_day_on_which_it_was_reported() -> None:
    """The day in the Netherlands: at 23:00 UTC in winter the next one has begun."""
    (first,) = TERMS
    second = replace(first, effective=date(2027, 1, 1), assess=timedelta(hours=12))
    new_year = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)

    assert terms_of(new_year - timedelta(seconds=1), (second, first)) == first
    assert terms_of(new_year, (first, second)) == second


def test_there_are_terms_for_every_day_and_they_are_ours() -> None:
    """No public source sets any, so none is named."""
    assert terms_of(datetime(1, 1, 2, tzinfo=UTC)) == TERMS[0]
    assert {terms.source for terms in TERMS} == {"design"}
    assert all(earlier.effective < later.effective for earlier, later in pairwise(TERMS))
