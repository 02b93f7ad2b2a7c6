"""For which area does each public body count?"""

import pytest

from domain.bodies import BodyKind
from domain.values import ERASED
from infra.registers import public_bodies
from services.projections.areas import area_of, areas


def test_every_body_counts_for_an_area_and_every_area_has_bodies() -> None:
    """Also those that are no more: twelve provinces, and two areas besides; and one for those that were forgotten."""
    assert {area_of(body.id) for body in public_bodies()} | {area_of(ERASED)} == set(areas())
    assert len(areas()) == 15
    assert all(areas().values())


@pytest.mark.parametrize(
    ("body", "area"),
    [
        ("gm0363", "pv27"),
        ("gm0457", "pv27"),
        ("pv27", "pv27"),
        ("bes-saba", "caribisch-nederland"),
        *((body.id, "waterschappen") for body in public_bodies() if body.kind is BodyKind.WATER_BOARD),
    ],
)
def test_an_area_is_a_province_or_what_lies_in_none(body: str, area: str) -> None:
    """Weesp counts for Noord-Holland, as it did before it became part of Amsterdam."""
    assert area_of(body) == area


def test_a_body_that_never_was_counts_nowhere() -> None:
    """What names it is not counted wrongly: the view stops there, and says so."""
    with pytest.raises(LookupError):
        area_of("gm9999")
