"""Which values are let in, and in which form do they stay?"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.people import Phone, PhoneNumber
from domain.values import (
    Cents,
    CodeList,
    Day,
    Flag,
    Identifying,
    Instant,
    Line,
    Model,
    Personal,
    Sensitivity,
    Slug,
    Text,
    merged,
    newest,
    sensitive_fields,
    told,
)


def accepted(form: Any, value: object) -> bool:  # noqa: ANN401 - a type form
    """Tell whether *value* is let in where *form* is asked."""
    try:
        TypeAdapter(form).validate_python(value)
    except ValidationError:
        return False
    return True


# --- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["é", "'s-Gravenhage", " x ", "a" * 200, "\ufeff", "漢字", "👩‍🚒"])
def test_a_line_is_whatever_people_write_on_one(text: str) -> None:
    """In any script, as it was typed."""
    assert TypeAdapter(Line).validate_python(text) == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u00a0", "a\n", "a\nb", "\t", "a\tb", "a\x00b", "a\x7f", "a\x85b", "a\u2028b", "a" * 201, 1, None],
    ids=repr,
)
def test_a_line_is_not_blank_broken_or_endless(text: object) -> None:
    """Nor does it hold characters that nobody sees."""
    assert not accepted(Line, text)


def test_text_runs_over_lines() -> None:
    """With tabs and blank lines; up to 4,000 characters, not only blanks, and no NUL, which PostgreSQL cannot hold."""
    assert accepted(Text, "Eén.\r\n\r\n\tTwee.")
    assert accepted(Text, "a" * 4000)
    assert not accepted(Text, "a" * 4001)
    assert not accepted(Text, "\n \n")
    assert not accepted(Text, "a\x00b")


@pytest.mark.parametrize("number", ["0612345678", "+31 20 123 45 67", "(020) 123-4567", "06-1234", "112"])
def test_a_telephone_number_that_was_kept_as_it_was_said_is_still_read(number: str) -> None:
    """Facts of before hold what nobody could give now."""
    assert accepted(Phone, number)


@pytest.mark.parametrize("number", ["", "06", "bel mij", "0612345678x", "+", "()-", "1" * 31])
def test_a_telephone_number_has_digits(number: str) -> None:
    """And not only a few."""
    assert not accepted(Phone, number)
    assert not accepted(PhoneNumber, number)


def test_a_slug_is_read_by_machines_and_people() -> None:
    """Lower case, digits and dashes."""
    assert all(accepted(Slug, slug) for slug in ("gm0363", "ondersteuningsteam", "team-noord", "a" * 64))
    assert not any(accepted(Slug, slug) for slug in ("", "a", "-a", "Team", "team noord", "gm:0363", "a\n", "a" * 65))


# --- days, moments, money ---------------------------------------------------------------------------------------------


def test_a_day_is_written_in_one_way() -> None:
    """As ISO 8601 does, with dashes."""
    assert TypeAdapter(Day).validate_python("2026-03-18") == date(2026, 3, 18)
    assert TypeAdapter(Day).validate_json('"2026-03-18"') == date(2026, 3, 18)
    assert TypeAdapter(Day).json_schema() == {"type": "string", "format": "date"}


@pytest.mark.parametrize(
    "value",
    [0, 1.5, True, "0", "1767225600", "20260318", "2026-3-18", "2026-02-29", "2026-03-18T00:00:00", "18-03-2026", ""],
    ids=repr,
)
def test_a_day_is_not_what_merely_can_be_read_as_one(value: object) -> None:
    """Zero is not 1 January 1970."""
    assert not accepted(Day, value)


def test_a_moment_is_kept_in_utc() -> None:
    """Whatever the zone in which it was given; seconds may be left out."""
    in_utc = datetime(2026, 3, 18, 22, 0, tzinfo=UTC)
    moment = TypeAdapter(Instant)

    assert moment.validate_python("2026-03-18T23:00:00+01:00") == in_utc
    assert moment.validate_python("2026-03-18T22:00Z") == in_utc
    assert moment.validate_python("2026-03-18T22:00:00.000000Z").utcoffset() == timedelta(0)
    assert moment.validate_python("2026-03-18T23:00:00+01:00").utcoffset() == timedelta(0)
    assert moment.validate_python(datetime(2026, 3, 18, 23, 0, tzinfo=timezone(timedelta(hours=1)))).tzinfo is UTC
    assert moment.validate_json(moment.dump_json(in_utc)) == in_utc


@pytest.mark.parametrize(
    "value",
    [
        0,
        "0",
        "2026-03-18",
        "2026-03-18T22:00:00",
        "2026-03-18 22:00:00Z",
        datetime(2026, 3, 18, 22, 0),  # noqa: DTZ001 - that is the point
        "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00+01:00",
    ],
    ids=repr,
)
def test_a_moment_has_a_zone_and_a_place_in_time(value: object) -> None:
    """Without an offset it would mean something else on every machine."""
    assert not accepted(Instant, value)


def test_money_is_whole_cents() -> None:
    """Nothing is rounded, nothing is negative, and a million euro is enough for a home."""
    assert all(accepted(Cents, cents) for cents in (0, 240_000, 100_000_000, 43.0))
    assert not any(accepted(Cents, cents) for cents in (-1, 1.5, "1", True, 100_000_001, None))


def test_a_flag_is_yes_or_no() -> None:
    """Not 1, not 'yes'."""
    assert accepted(Flag, value=True)
    assert accepted(Flag, value=False)
    assert not any(accepted(Flag, value) for value in (0, 1, "yes", "true", None))


# --- models and code lists --------------------------------------------------------------------------------------------


class Colour(CodeList):
    """A colour."""

    RED = "red", "rood"
    GREEN = "green", "groen"


class Person(Model):
    """Somebody."""

    subject: int = 0
    name: Personal[Line | None] = None
    size: int | None = None


class Party(Model):
    """Some people somewhere."""

    place: Identifying[Line]
    host: Person
    guests: tuple[Person, ...] = ()
    late: dict[str, Person | None]
    colour: Colour = Colour.RED


def test_a_code_is_its_text_and_carries_its_label() -> None:
    """The code is stored, the label is shown."""
    assert Colour("red") is Colour.RED
    assert (str(Colour.RED), Colour.RED.label) == ("red", "rood")
    assert not accepted(Colour, "rood")


def test_a_model_refuses_what_it_does_not_know() -> None:
    """And describes itself by the docstrings of its fields."""
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Person.model_validate({"nmae": "x"})


def test_the_marked_fields_of_a_model_are_found_wherever_they_are() -> None:
    """In optional models, lists and mappings too."""
    assert list(sensitive_fields(Party)) == [
        (("place",), Sensitivity.IDENTIFYING),
        (("host", "name"), Sensitivity.PERSONAL),
        (("guests", "name"), Sensitivity.PERSONAL),
        (("late", "name"), Sensitivity.PERSONAL),
    ]


def test_what_is_said_later_takes_the_place_of_what_was_said_before() -> None:
    """What is left open stays."""
    earlier = Person(subject=1, name="A", size=180)

    assert merged(earlier, Person(subject=2, name="B")) == Person(subject=2, name="B", size=180)
    assert newest(None, "earlier") == "earlier"
    assert newest("later", "earlier") == "later"
    assert newest(later=False, earlier=True) is False


def test_what_a_whole_history_tells_is_there() -> None:
    """Nothing is decided on a history of which facts are withheld."""
    assert told("said") == "said"
    with pytest.raises(LookupError):
        told(None)
