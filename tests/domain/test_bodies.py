"""Which public bodies are there on a given day?"""

from datetime import date

import pytest

from domain.bodies import BodyKind, PublicBody, Register
from tests.domain.scenario import BODIES

GRONINGEN = PublicBody(id="gm0014", kind=BodyKind.MUNICIPALITY, name="Groningen")
HAREN = PublicBody(
    id="gm0017",
    kind=BodyKind.MUNICIPALITY,
    name="Haren",
    valid_until=date(2019, 1, 1),
    successors=("gm0014",),
)
MIDDEN_GRONINGEN = PublicBody(
    id="gm1952", kind=BodyKind.MUNICIPALITY, name="Midden-Groningen", valid_from=date(2018, 1, 1)
)
NORTH = Register((GRONINGEN, HAREN, MIDDEN_GRONINGEN))


@pytest.mark.parametrize(
    ("day", "there"),
    [
        (date(2017, 12, 31), (GRONINGEN, HAREN)),
        (date(2018, 1, 1), (GRONINGEN, HAREN, MIDDEN_GRONINGEN)),
        (date(2018, 12, 31), (GRONINGEN, HAREN, MIDDEN_GRONINGEN)),
        (date(2019, 1, 1), (GRONINGEN, MIDDEN_GRONINGEN)),
    ],
    ids=str,
)
def test_bodies_come_and_go_at_midnight(day: date, there: tuple[PublicBody, ...]) -> None:
    """A body exists on its first day and not on the day on which it is no more."""
    assert set(NORTH.on(day)) == set(there)
    assert {body for body in NORTH if NORTH.knows(body.id, day)} == set(there)


def test_the_register_remembers_past_bodies() -> None:
    """Old cases name them."""
    assert NORTH.get("gm0017") == HAREN
    assert list(NORTH) == [GRONINGEN, HAREN, MIDDEN_GRONINGEN]


def test_the_register_does_not_know_what_is_not_in_it() -> None:
    """On no day at all."""
    assert NORTH.get("gm0363") is None
    assert not NORTH.knows("gm0363", date(2018, 1, 1))


def test_registers_with_the_same_bodies_are_equal() -> None:
    """A register is a value."""
    assert Register(tuple(BODIES)) == BODIES != NORTH
