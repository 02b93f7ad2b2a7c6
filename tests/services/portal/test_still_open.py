"""Does whoever closes a case see what they leave open, and may they do so all the same?"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape

import pytest

from domain.consultation import Consultation
from domain.rules.follow_up import FollowUp, NextStep
from domain.rules.home_security import Regime
from domain.security_advice import Measure, MeasureStatus, SecurityAdvice
from domain.threat_case import Aftercare, ThreatCase
from services.portal.still_open import TAKEN_WITH, in_consultation, in_threat_case
from tests.network import Network
from tests.services.portal.conftest import Browser
from tests.services.portal.test_pages import FOUR, INTAKE

Browse = Callable[[str], Browser]

EXPLAINED = {"reason": "resolved", "explanation": "De verdachte is aangehouden."}
TODAY = date(2026, 3, 18)
DONE = ThreatCase(danger_now=False, aftercare=(Aftercare.DEBRIEFING,))
ADVICE = SecurityAdvice(number="BA-2026-000007", regime=Regime.PROVISION_2024, requested_on=TODAY)
VERIFIED = Measure(number=1, status=MeasureStatus.VERIFIED)
ORDERED = Measure(number=2, status=MeasureStatus.ORDERED)
DECLINED = Measure(number=3, status=MeasureStatus.DECLINED)


def words(case: ThreatCase, *advices: SecurityAdvice) -> list[str]:
    """Return what is still open in a *case* without next steps."""
    return [one.words for one in in_threat_case(case, (), advices)]


def test_each_step_is_taken_on_a_form() -> None:
    """Whatever the rules ask for."""
    assert set(TAKEN_WITH) == set(FollowUp)


def test_nothing_is_open_where_everything_was_done() -> None:
    """Nobody is warned of nothing."""
    assert words(DONE) == []


def test_danger_and_aftercare_that_nobody_offered_are_open() -> None:
    """Also where no step asks for them."""
    assert words(replace(DONE, danger_now=True)) == ["Er is nu gevaar"]
    assert words(replace(DONE, aftercare=())) == ["Nog geen nazorg aangeboden"]


def test_the_next_steps_are_open_and_a_call_that_was_promised_says_when() -> None:
    """In their order."""
    at = datetime(2026, 3, 18, 9, 0, tzinfo=UTC)
    steps = [NextStep(step=FollowUp.CALL_BACK, due=at), NextStep(step=FollowUp.DECIDE_AANGIFTE, due=at)]

    assert [one.words for one in in_threat_case(DONE, steps, ())] == [
        "Terugbellen: 18 mrt 2026, 10:00",
        "Besluiten over aangifte",
    ]


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        (ADVICE, ["Beveiligingsadvies nog niet overgenomen"]),
        (replace(ADVICE, adopted=TODAY), ["Maatregelen: vraag het bestuur hoe ver die zijn"]),
        (
            replace(ADVICE, given=TODAY, adopted=TODAY, measures=(VERIFIED, ORDERED, DECLINED)),
            ["1 maatregel nog niet aangebracht en gecontroleerd"],
        ),
        (replace(ADVICE, given=TODAY, adopted=TODAY, measures=(VERIFIED, DECLINED)), []),
        (replace(ADVICE, regime=Regime.REIMBURSEMENT_2021), []),
    ],
    ids=["requested", "requester", "ordered", "finished", "reimbursed"],
)
def test_an_advice_is_open_until_its_measures_are_verified_or_ended(
    advice: SecurityAdvice, expected: list[str]
) -> None:
    """Who does not know of how many measures is told whom to ask; where costs are reimbursed nothing is to come."""
    assert words(DONE, advice) == expected
    assert {one.number for one in in_threat_case(DONE, (), [advice])} <= {"BA-2026-000007"}


def test_a_consultation_that_was_advised_needs_no_second_conversation() -> None:
    """What is clear by then can be advised after the first intake."""
    asked = Consultation(received_on=TODAY)
    heard = replace(asked, first_intake=TODAY)

    assert len(list(in_consultation(asked))) == 3
    assert [one.words for one in in_consultation(heard)] == [
        "Nog geen tweede gesprek gehouden",
        "Nog geen advies gegeven",
    ]
    assert list(in_consultation(replace(heard, advised=TODAY))) == []


def test_the_form_that_closes_a_case_says_what_is_open_and_closes_it_all_the_same(
    network: Network, browse: Browse
) -> None:
    """With a way to each; no other form of the case says so."""
    team = browse("support-team")
    path = team.send(INTAKE, FOUR).url.path
    network.begin(
        "support-team",
        "security-advices",
        {
            "body": "gm0855",
            "office": "wethouder",
            "holder": {"name": "W. de Vries"},
            "address": "Voorbeeldstraat 1",
            "threat_case": path.rpartition("/")[2],
        },
    )
    network.settle()
    page = unescape(team.get(f"{path}/closures").text)
    number = re.search(r"BA-\d{4}-\d{6}", page)
    unanswered = team.send(f"{path}/closures", {})

    assert "Nog open in deze zaak" in page
    for noun in ("danger-endings", "police-notifications", "assessments", "aangiften", "aftercare-offers"):
        assert f'href="{path}/{noun}"' in page, noun
    assert number
    assert (
        f'Beveiligingsadvies nog niet overgenomen: <a class="utrecht-link wb-no-break" href="/zaken?nummer={number[0]}"'
        in page
    )
    assert (unanswered.status_code, "Nog open in deze zaak" in unanswered.text) == (400, True)
    assert "Nog open in deze zaak" not in team.get(f"{path}/assessments").text
    assert "Zaak gesloten" in team.send(f"{path}/closures", EXPLAINED).text


def test_nobody_is_left_in_danger_without_a_word(browse: Browse) -> None:
    """The form asks for it, says so at its field when it is missing, and the case shows it from then on."""
    team = browse("support-team")
    path = team.send(INTAKE, FOUR).url.path
    form = team.get(f"{path}/closures").text
    unexplained = team.send(f"{path}/closures", {"reason": "resolved"})
    closed = team.send(f"{path}/closures", EXPLAINED).text
    summary, timeline = closed.split('id="tijdlijn"')

    assert "Wilt u dat toelichten?</label>" in form
    assert (unexplained.status_code, "field-explanation-fault" in unexplained.text) == (409, True)
    assert EXPLAINED["explanation"] in summary
    assert EXPLAINED["explanation"] in timeline
    assert ("was toen nog gevaar" in summary, "is nu gevaar" in summary) == (True, False)

    calm = team.send(INTAKE, FOUR | {"danger_now": "nee"}).url.path
    assert 'Wilt u dat toelichten? <span class="wb-optional">' in team.get(f"{calm}/closures").text
    assert "Zaak gesloten" in team.send(f"{calm}/closures", {"reason": "resolved"}).text
