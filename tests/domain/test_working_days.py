"""Which days are working days?"""

from calendar import isleap
from datetime import date, timedelta

import holidays
import pytest

from domain.rules.working_days import (
    ROYAL_BIRTHDAYS,
    easter,
    is_working_day,
    next_working_day,
    public_holidays,
    royal_birthday,
)

YEARS = range(2010, 2041)
EASTER = "Eerste paasdag"
SUNDAYS = {EASTER, "Eerste pinksterdag"}
"""What the package lists besides: the law need not name them, for they are Sundays."""


def known_of(*years: int) -> holidays.HolidayBase:
    """Return the holidays that the package knows, the optional ones included.

    Liberation Day is optional there except in every fifth year; the law has it every year. Good Friday is public there.
    """
    both = (holidays.PUBLIC, holidays.OPTIONAL)
    return holidays.country_holidays("NL", years=years, categories=both, language="nl")


@pytest.mark.parametrize("year", YEARS)
def test_the_holidays_are_those_that_the_package_knows(year: int) -> None:
    """But for the two Sundays."""
    known = known_of(year)

    assert public_holidays(year) == {day for day, name in known.items() if name not in SUNDAYS}


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_a_year_is_a_working_day_or_not(year: int) -> None:
    """As the package has it: no day of a weekend, and no holiday."""
    known = known_of(year)
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365 + isleap(year))]

    assert [is_working_day(day) for day in days] == [known.is_working_day(day) for day in days]


def test_the_holidays_of_a_year_are_eight_and_good_friday() -> None:
    """Algemene termijnenwet art. 3 lid 1 and 2, in 2026."""
    assert sorted(public_holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 6),
        date(2026, 4, 27),
        date(2026, 5, 5),
        date(2026, 5, 14),
        date(2026, 5, 25),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


def test_two_holidays_can_fall_on_one_day() -> None:
    """Ascension Day on Liberation Day, as in 2016."""
    assert easter(2016) + timedelta(days=39) == date(2016, 5, 5)
    assert len(public_holidays(2016)) == len(public_holidays(2026)) - 1


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (1989, date(1989, 4, 29)),
        (2013, date(2013, 4, 30)),
        (2014, date(2014, 4, 26)),
        (2015, date(2015, 4, 27)),
        (2025, date(2025, 4, 26)),
        (2031, date(2031, 4, 26)),
    ],
)
def test_the_birthday_is_celebrated_on_the_day_before_a_sunday(year: int, day: date) -> None:
    """The Queen's on 30 April until 2013, the King's on 27 April since."""
    assert royal_birthday(year) == day


def test_the_first_rule_stands_for_the_years_before_it() -> None:
    """A day long past is no reason to fail."""
    assert royal_birthday(1) == date(1, 4, 30)
    assert [rule.since for rule in ROYAL_BIRTHDAYS] == sorted(rule.since for rule in ROYAL_BIRTHDAYS)


def test_easter_is_where_others_find_it() -> None:
    """The exceptions of its tables are among them: 19 April in 1981 and 2076, 18 April in 2049."""
    years = range(1966, 2101)

    assert [easter(year) for year in years] == sorted(known_of(*years).get_named(EASTER))


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 3, 18), date(2026, 3, 19)),
        (date(2026, 3, 20), date(2026, 3, 23)),
        (date(2026, 3, 21), date(2026, 3, 23)),
        (date(2026, 4, 2), date(2026, 4, 7)),
        (date(2026, 5, 4), date(2026, 5, 6)),
        (date(2026, 5, 13), date(2026, 5, 15)),
        (date(2026, 12, 24), date(2026, 12, 28)),
        (date(2026, 12, 31), date(2027, 1, 4)),
    ],
    ids=["a Wednesday", "a Friday", "a Saturday", "Easter", "Liberation Day", "Ascension Day", "Christmas", "New Year"],
)
def test_the_next_working_day_skips_weekends_and_holidays(day: date, following: date) -> None:
    """Whether or not the day itself is one."""
    assert next_working_day(day) == following


def test_working_days_are_counted_one_by_one() -> None:
    """None after a day is that day."""
    before_easter = date(2026, 4, 2)

    assert next_working_day(before_easter, 0) == before_easter
    assert next_working_day(before_easter, 2) == date(2026, 4, 8)
    assert next_working_day(date(2026, 12, 31), 3) == date(2027, 1, 6)
