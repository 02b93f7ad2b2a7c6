"""Are there as many office holders as there are, and do they come and go when they should?"""

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from domain.bodies import Register
from domain.people import Office
from domain.rules.offices import OFFICES
from infra.registers import public_bodies
from services.history.offices import NATIONAL, Offices, part, seats

TODAY = date(2026, 11, 21)
HOLDERS = {office: number for national in NATIONAL.values() for office, number in national.items()}


@pytest.fixture(scope="module")
def register() -> Register:
    """Return the public bodies."""
    return public_bodies()


def offices_on(register: Register, today: date, scale: float = 1.0) -> Offices:
    """Return the offices as they begin on a day."""
    offices = Offices(register, part(register, TODAY, scale), Random(7))  # noqa: S311 - chance that comes out the same
    assert list(offices.turn_to(today))
    return offices


def count(offices: Offices) -> dict[Office, int]:
    """Return how many hold each office."""
    return {office: len(holders) for office, holders in offices.holders.items()}


def turn(offices: Offices, first: date, last: date) -> None:
    """Let the days pass from *first* to *last*."""
    while first <= last:
        for _ in offices.turn_to(first):
            pass
        first += timedelta(days=1)


def test_there_are_as_many_holders_as_in_the_country(register: Register) -> None:
    """342 mayors, 1,449 wethouders, 8,931 councillors and so on, over all bodies that exist."""
    found = count(offices_on(register, TODAY))

    assert found == HOLDERS
    assert (found[Office.BURGEMEESTER], found[Office.WETHOUDER], found[Office.RAADSLID]) == (342, 1449, 8931)


def test_every_body_has_the_offices_of_its_kind(register: Register) -> None:
    """Also a body that is no more; one chair each, and a council of 9 to 45 (Gemeentewet art. 8)."""
    numbers = seats(register, TODAY)

    for body in register:
        assert set(numbers[body.id]) <= OFFICES[body.kind]
        assert min(numbers[body.id].values()) == 1
    assert {9 <= found[Office.RAADSLID] <= 45 for found in numbers.values() if Office.RAADSLID in found} == {True}
    assert numbers["gm0363"][Office.RAADSLID] == 45


def test_before_2021_there_are_the_bodies_of_2020(register: Register) -> None:
    """The register goes back no further: 355 municipalities."""
    assert count(offices_on(register, date(2016, 11, 21)))[Office.BURGEMEESTER] == 355


def test_with_a_body_its_offices_end(register: Register) -> None:
    """Whoever held one has left on its last day, and its successor has offices of its own."""
    offices = offices_on(register, date(2020, 12, 31))
    before = [holder for holder in offices.holders[Office.RAADSLID] if holder.body.id == "gm0003"]
    new = list(offices.turn_to(date(2021, 1, 1)))

    assert before
    assert {holder.left for holder in before} == {date(2021, 1, 1)}
    assert [body.id for body in new] == ["gm1979"]
    assert {holder.since for holder in offices.holders[Office.RAADSLID] if holder.body.id == "gm1979"} == {
        date(2021, 1, 1)
    }


@pytest.mark.parametrize(
    ("office", "election"),
    [
        (Office.RAADSLID, date(2018, 3, 21)),
        (Office.RAADSLID, date(2022, 3, 16)),
        (Office.RAADSLID, date(2026, 3, 18)),
        (Office.STATENLID, date(2019, 3, 20)),
        (Office.AB_MEMBER, date(2023, 3, 15)),
    ],
)
def test_after_an_election_half_of_the_council_is_new(register: Register, office: Office, election: date) -> None:
    """Within two weeks; no body has a seat more or less."""
    offices = offices_on(register, election)
    first_meeting = election + timedelta(days=14)
    before = [holder for holder in offices.holders[office] if holder.body.exists_on(first_meeting)]
    turn(offices, election + timedelta(days=1), first_meeting)
    staying = sum(holder.left is None for holder in before)

    assert 0.35 < staying / len(before) < 0.55
    assert Counter(holder.body.id for holder in before) == Counter(holder.body.id for holder in offices.holders[office])


def test_few_leave_between_elections(register: Register) -> None:
    """A mayor stays for seven or eight years on average, elections or not."""
    offices = offices_on(register, date(2024, 1, 2))
    mayors = list(offices.holders[Office.BURGEMEESTER])
    turn(offices, date(2024, 1, 3), date(2025, 1, 2))

    assert 0.07 < sum(mayor.left is not None for mayor in mayors) / len(mayors) < 0.2


def test_nobody_is_hit_twice_in_a_year(register: Register) -> None:
    """As long as there is somebody who was not."""
    offices = offices_on(register, date(2024, 1, 2), scale=0.05)
    holders = offices.holders[Office.RAADSLID]
    hit = Counter(id(offices.hit(Office.RAADSLID, date(2024, 1, 2) + timedelta(days=n % 360))) for n in range(200))

    assert max(hit.values()) == 1
    assert len(hit) < len(holders)


@pytest.mark.parametrize("scale", [0.001, 0.01, 0.05, 0.3, 1.0])
def test_a_part_stands_for_the_country(register: Register, scale: float) -> None:
    """Of each office as many are counted as the scale says; where the demo plays is always among them."""
    chosen = part(register, TODAY, scale)
    counted = {
        office: rate
        * sum(chosen.seats[body.id].get(office, 0) for body in register.on(TODAY) if body.id in chosen.bodies)
        for office, rate in chosen.rates.items()
    }

    assert counted == pytest.approx({office: scale * number for office, number in HOLDERS.items()})
    assert {"gm0855", "pv30"} <= chosen.bodies


def test_the_whole_country_is_every_body_there_ever_was(register: Register) -> None:
    """With those that merged into others."""
    chosen = part(register, TODAY, 1.0)

    assert chosen.bodies == {body.id for body in register}
    assert set(chosen.rates.values()) == {1.0}
