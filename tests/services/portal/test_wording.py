"""Do dates, times, terms, amounts and numbers read as people in the Netherlands write them?"""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.values import AMSTERDAM
from services.portal import wording

SATURDAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 22, 4, tzinfo=UTC)
"""23:04 in the Netherlands."""


def test_days_are_written_in_dutch() -> None:
    """In full, short, and without the day of the week."""
    assert wording.long_day(SATURDAY) == "zaterdag 21 november 2026"
    assert wording.plain_day(SATURDAY) == "21 november 2026"
    assert wording.short_day(SATURDAY) == "21 nov 2026"
    assert wording.month(SATURDAY) == "november 2026"


def test_short_months_have_no_full_stop() -> None:
    """They stand in narrow columns; another release of Babel may not change that unseen."""
    months = [wording.short_day(date(2026, number, 1)).split()[1] for number in range(1, 13)]

    assert months == ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]


def test_moments_are_shown_by_the_clock_in_the_netherlands() -> None:
    """Also where that is another day than in UTC, in winter and in summer."""
    assert wording.clock(NOW) == "23:04"
    assert wording.long_moment(NOW) == "zaterdag 21 november 2026 om 23:04 uur"
    assert wording.short_moment(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)) == "2 jul 2026, 00:30"


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(0), "zojuist"),
        (timedelta(seconds=-59), "zojuist"),
        (timedelta(seconds=59), "zo meteen"),
        (timedelta(minutes=-1), "1 minuut geleden"),
        (timedelta(minutes=-59), "59 minuten geleden"),
        (timedelta(hours=-1), "1 uur geleden"),
        (timedelta(hours=2, minutes=59), "over 2 uur"),
        (timedelta(days=-1), "1 dag geleden"),
        (timedelta(days=3), "over 3 dagen"),
    ],
)
def test_a_moment_is_seen_from_the_present(ahead: timedelta, expected: str) -> None:
    """In whole minutes, hours or days; what is not whole yet does not count."""
    assert wording.relative(NOW + ahead, NOW) == expected


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(0), "nu"),
        (timedelta(seconds=30), "nu"),
        (timedelta(minutes=5), "over 5 minuten"),
        (timedelta(hours=2), "over 2 uur"),
        (timedelta(hours=-5), "5 uur te laat"),
        (timedelta(days=-3), "3 dagen te laat"),
        (timedelta(days=-1), "1 dag te laat"),
    ],
)
def test_a_term_says_how_long_it_still_is_or_how_late(ahead: timedelta, expected: str) -> None:
    """Never more time than there is."""
    assert wording.due(NOW + ahead, NOW) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, "vandaag"), (1, "morgen"), (2, "over 2 dagen"), (-1, "1 dag te laat"), (-12, "12 dagen te laat")],
)
def test_a_day_that_something_is_due_is_seen_from_today(days: int, expected: str) -> None:
    """It is too late only when the day is over."""
    assert wording.due_day(SATURDAY + timedelta(days=days), SATURDAY) == expected


def test_days_are_counted_by_the_calendar() -> None:
    """From Monday evening to Thursday morning is three days, though it is less than three times 24 hours."""
    evening = datetime(2026, 11, 16, 22, 0, tzinfo=AMSTERDAM)
    morning = datetime(2026, 11, 19, 8, 0, tzinfo=AMSTERDAM)

    assert wording.due(morning, evening) == "over 3 dagen"
    assert wording.relative(evening, morning) == "3 dagen geleden"


def test_the_hour_that_the_clock_skips_is_no_hour() -> None:
    """On the last Sunday of March it is three o'clock an hour after half past one and half an hour."""
    before = datetime(2026, 3, 29, 1, 30, tzinfo=AMSTERDAM)
    after = datetime(2026, 3, 29, 3, 15, tzinfo=AMSTERDAM)

    assert wording.relative(before, after) == "45 minuten geleden"


def test_the_day_that_has_an_hour_more_is_one_day() -> None:
    """When the clock is put back, 24 hours can begin and end on one day of the calendar."""
    midnight = datetime(2026, 10, 25, 0, 0, tzinfo=AMSTERDAM)

    assert wording.due(datetime(2026, 10, 25, 22, 0, tzinfo=UTC), midnight) == "over 1 dag"


def test_what_waits_is_counted_in_days() -> None:
    """From the day on which it began to wait."""
    assert wording.waited(SATURDAY, SATURDAY) == "sinds vandaag"
    assert wording.waited(SATURDAY - timedelta(days=1), SATURDAY) == "1 dag"
    assert wording.waited(SATURDAY - timedelta(days=12), SATURDAY) == "12 dagen"


def test_numbers_have_points_and_amounts_a_comma() -> None:
    """And the sign of the euro does not get parted from its amount at the end of a line."""
    assert wording.number(1449) == "1.449"
    assert wording.euro(125_000) == "€\N{NO-BREAK SPACE}1.250,00"
    assert wording.euro(5) == "€\N{NO-BREAK SPACE}0,05"
    assert wording.amount(125_000) == "1.250,00"
    assert wording.euro(99_999_999) == "€\N{NO-BREAK SPACE}999.999,99"


def test_one_is_singular() -> None:
    """Nothing and many are not."""
    assert [wording.counted(count, "melding", "meldingen") for count in (0, 1, 1449)] == [
        "0 meldingen",
        "1 melding",
        "1.449 meldingen",
    ]


def test_words_in_a_row_end_with_en() -> None:
    """However many they are."""
    assert [wording.listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a en b",
        "a, b en c",
    ]


def test_what_is_not_known_is_neither_yes_nor_no() -> None:
    """It says so."""
    assert [wording.yes_or_no(value) for value in (True, False, None)] == ["ja", "nee", "onbekend"]


def test_a_line_begins_with_a_capital_and_keeps_its_others() -> None:
    """Also when there is nothing in it."""
    assert wording.capitalised("commissaris van de Koning") == "Commissaris van de Koning"
    assert wording.capitalised("") == ""


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("+31612345678", "06 12 34 56 78"),
        ("+31201234567", "020 123 45 67"),
        ("+31881234567", "088 123 45 67"),
        ("+31164123456", "0164 12 34 56"),
        ("+32475123456", "+32475123456"),
        ("09008844", "09008844"),
        ("06-00 00 01 01", "06-00 00 01 01"),
    ],
)
def test_a_telephone_number_is_written_as_people_say_it(kept: str, said: str) -> None:
    """One of another country, and one that was kept as it was said, as it is."""
    assert wording.phone_number(kept) == said
