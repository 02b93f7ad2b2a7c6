"""Are the data that the service brings along what they claim to be?"""

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from domain.bodies import BodyKind, Register
from domain.organisations import Milestone
from infra.registers import public_bodies, rows

BODIES = public_bodies()
DAY = timedelta(days=1)
FORMS = {
    BodyKind.MUNICIPALITY: r"gm[0-9]{4}",
    BodyKind.PROVINCE: r"pv[0-9]{2}",
    BodyKind.WATER_BOARD: r"ws-[a-z-]+",
    BodyKind.SPECIAL_MUNICIPALITY: r"bes-[a-z-]+",
}


def count(register: Register, day: date) -> dict[str, int]:
    """Return how many bodies of each kind exist on *day*."""
    return Counter(body.kind.value for body in register.on(day))


def test_every_body_is_what_its_id_says() -> None:
    """The id is the CBS code in lower case where there is one; a name has no blanks around it."""
    for body in BODIES:
        assert re.fullmatch(FORMS[body.kind], body.id)
        assert body.cbs_code == (body.id.upper() if body.id[:2] in {"gm", "pv"} else None), body.id
        assert body.name == body.name.strip() != "", body.id


def test_every_id_and_every_name_is_used_once() -> None:
    """On any day at least: a later municipality may take an earlier one's name."""
    assert len({body.id for body in BODIES}) == len(list(BODIES))
    current = [(body.kind, body.name) for body in BODIES.on(date(2026, 1, 1))]
    assert len(set(current)) == len(current)


def test_every_municipality_lies_in_a_province_and_a_safety_region() -> None:
    """And no other body does."""
    provinces = {body.id for body in BODIES if body.kind is BodyKind.PROVINCE}
    for body in BODIES:
        if body.kind is BodyKind.MUNICIPALITY:
            assert body.province in provinces, body.id
            assert re.fullmatch(r"VR[0-9]{2}", body.safety_region or ""), body.id
        else:
            assert (body.province, body.safety_region) == (None, None), body.id


def test_there_are_as_many_bodies_in_2026_as_the_statistics_say() -> None:
    """Statistics Netherlands: 342 municipalities and 12 provinces; 21 water boards; Bonaire, Sint Eustatius, Saba."""
    assert count(BODIES, date(2026, 1, 1)) == {
        "municipality": 342,
        "province": 12,
        "water_board": 21,
        "special_municipality": 3,
    }


@pytest.mark.parametrize(
    ("day", "municipalities"),
    [
        (date(2020, 12, 31), 355),
        (date(2021, 1, 1), 352),
        (date(2021, 12, 31), 352),
        (date(2022, 1, 1), 345),
        (date(2022, 3, 23), 345),
        (date(2022, 3, 24), 344),
        (date(2022, 12, 31), 344),
        (date(2023, 1, 1), 342),
    ],
)
def test_there_were_as_many_municipalities_then_as_the_statistics_say(day: date, municipalities: int) -> None:
    """Before and after each reorganisation since 2021."""
    assert count(BODIES, day)["municipality"] == municipalities


def test_a_body_that_ended_has_successors_from_that_day() -> None:
    """Its territory is never without a body, and never under two."""
    ended = [body for body in BODIES if body.valid_until]

    assert len(ended) == 18
    for body in ended:
        assert body.valid_until
        assert body.successors, body.id
        assert all(BODIES.knows(successor, body.valid_until) for successor in body.successors), body.id
        assert BODIES.knows(body.id, body.valid_until - DAY), body.id
        assert not BODIES.knows(body.id, body.valid_until), body.id


def test_a_body_that_began_has_predecessors_until_that_day() -> None:
    """It came out of them."""
    begun = [body for body in BODIES if body.valid_from]

    assert begun
    for body in begun:
        assert {other.valid_until for other in BODIES if body.id in other.successors} == {body.valid_from}, body.id


def test_a_body_that_exists_has_no_successor() -> None:
    """Its end and what comes after it are entered together."""
    assert [body.id for body in BODIES if body.successors and not body.valid_until] == []


def test_weesp_is_amsterdam_since_24_march_2022() -> None:
    """The only one of these years that did not end on New Year's Eve."""
    weesp = BODIES.get("gm0457")

    assert weesp
    assert weesp.successors == ("gm0363",)
    assert BODIES.knows("gm0457", date(2022, 3, 23))
    assert not BODIES.knows("gm0457", date(2022, 3, 24))


def test_every_public_fact_has_a_day_a_kind_and_a_source() -> None:
    """It becomes a milestone of the network."""
    facts = list(rows("public_facts.csv"))

    assert len(facts) == 20
    for fact in facts:
        assert date(2018, 1, 1) <= date.fromisoformat(fact["date"]) < date(2026, 1, 1)
        assert fact["kind"] in set(Milestone)
        assert fact["detail"].strip()
        assert fact["source"].strip()


def test_public_facts_are_told_in_dutch() -> None:
    """Pages show them as they stand."""
    english = re.compile(r"\b(the|for|with|year|home|document|record|provinces)\b")
    told = [fact.get(column, "") for fact in rows("public_facts.csv") for column in ("body", "detail", "source")]

    assert [words for words in told if english.search(words)] == []
