"""Which offices does a kind of public body have?"""

from typing import Any

import pytest

from domain.basis import Act, Command, Role, StreamId, UnknownBody
from domain.bodies import BodyKind
from domain.integrity_inquiry import ReceiveSignal
from domain.kinds import KINDS
from domain.people import POLITICAL_OFFICES, Office
from domain.rules.offices import OFFICES, OfficeNotOfThisBody, must_have
from domain.security_advice import RequestAdvice
from domain.threat_case import CorrectReport, ReportThreat, ThreatCase
from domain.values import told
from tests.domain.scenario import BODIES, NOW, TEAM, actor


def test_every_office_exists_somewhere() -> None:
    """And every kind of body has civil servants, visitors and families."""
    assert set(OFFICES) == set(BodyKind)
    assert frozenset().union(*OFFICES.values()) == set(Office)
    assert frozenset.intersection(*OFFICES.values()) == {Office.CIVIL_SERVANT, Office.VISITOR, Office.FAMILY}


@pytest.mark.parametrize(
    ("office", "bodies"),
    [
        (Office.BURGEMEESTER, ("gm0363", "gm0518", "gm0457")),
        (Office.COMMISSARIS, ("pv27",)),
        (Office.WATER_BOARD_CHAIR, ("ws-rijnland",)),
        (Office.GEZAGHEBBER, ("bes-saba",)),
        (Office.COMMISSIELID, ("gm0363", "gm0518", "gm0457", "pv27", "bes-saba")),
        (None, ()),
    ],
    ids=str,
)
def test_a_body_has_the_offices_of_its_kind(office: Office | None, bodies: tuple[str, ...]) -> None:
    """Others are refused, and what is not known is no office of any."""
    for body in BODIES:
        if body.id in bodies:
            must_have(body, office)
        else:
            with pytest.raises(OfficeNotOfThisBody):
                must_have(body, office)


@pytest.mark.parametrize(
    ("command", "of_all"),
    [
        (ReportThreat, set(Office)),
        (CorrectReport, set(Office)),
        (RequestAdvice, set(Office)),
        (ReceiveSignal, POLITICAL_OFFICES),
    ],
)
@pytest.mark.parametrize("body", ["gm0363", "pv27", "ws-rijnland", "bes-saba"])
def test_a_public_body_chooses_among_its_own_offices(
    command: type[Command[Any]], of_all: set[Office], body: str
) -> None:
    """All those that would not be refused there, and no others."""
    act = Act(actor=actor("anne", body, Role.PUBLIC_BODY), at=NOW, stream=StreamId("x:1"), bodies=BODIES)
    kind = next(kind for kind in KINDS if command in kind.commands)
    offered = command.choices(kind.empty, act)["office"]

    assert set(offered) == OFFICES[told(BODIES.get(body)).kind] & of_all
    assert list(offered) == [office for office in Office if office in offered]


def test_whoever_can_choose_the_body_is_left_every_office() -> None:
    """Which of them there are follows from what they have yet to say."""
    act = Act(actor=TEAM, at=NOW, stream=StreamId("x:1"), bodies=BODIES)

    assert ReportThreat.choices(ThreatCase(), act) == CorrectReport.choices(ThreatCase(), act) == {}


def test_a_body_that_is_not_known_has_no_offices() -> None:
    """Nothing passes for want of knowledge."""
    with pytest.raises(UnknownBody):
        must_have(None, Office.CIVIL_SERVANT)
