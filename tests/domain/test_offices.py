"""Which offices does a kind of public body have?"""

import pytest

from domain.basis import UnknownBody
from domain.bodies import BodyKind
from domain.people import Office
from domain.rules.offices import OFFICES, OfficeNotOfThisBody, must_have
from tests.domain.scenario import BODIES


def test_every_office_exists_somewhere() -> None:
    """And every kind of body has civil servants, visitors and families."""
    assert set(OFFICES) == set(BodyKind)
    assert frozenset().union(*OFFICES.values()) == set(Office)
    assert frozenset.intersection(*OFFICES.values()) == {Office.CIVIL_SERVANT, Office.VISITOR, Office.FAMILY}


@pytest.mark.parametrize(
    ("office", "bodies"),
    [
        (Office.BURGEMEESTER, {"gm0363", "gm0518", "gm0457"}),
        (Office.COMMISSARIS, {"pv27"}),
        (Office.WATER_BOARD_CHAIR, {"ws-rijnland"}),
        (Office.GEZAGHEBBER, {"bes-saba"}),
        (Office.COMMISSIELID, {"gm0363", "gm0518", "gm0457", "pv27", "bes-saba"}),
        (None, set()),
    ],
    ids=str,
)
def test_a_body_has_the_offices_of_its_kind(office: Office | None, bodies: set[str]) -> None:
    """Others are refused, and what is not known is no office of any."""
    for body in BODIES:
        if body.id in bodies:
            must_have(body, office)
        else:
            with pytest.raises(OfficeNotOfThisBody):
                must_have(body, office)


def test_a_body_that_is_not_known_has_no_offices() -> None:
    """Nothing passes for want of knowledge."""
    with pytest.raises(UnknownBody):
        must_have(None, Office.CIVIL_SERVANT)
