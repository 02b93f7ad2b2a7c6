"""On which days does one work, by the public holidays of the *Algemene termijnenwet*?

Article 3 names them: lid 1 the holidays, lid 2 Good Friday, which is put on a par with them. The single days that royal
decrees add for a few years at a time (lid 3: mostly the Friday after Ascension Day) are not among them.
"""

from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 6, 7

FIXED = ((1, 1), (5, 5), (12, 25), (12, 26))
"""Month and day: New Year's Day, Liberation Day and the two days of Christmas."""
FROM_EASTER = (-2, 1, 39, 50)
"""In days: Good Friday, Easter Monday, Ascension Day and Whit Monday."""


@dataclass(frozen=True)
class RoyalBirthday:
    """When the birthday of the King or Queen is celebrated; on the Saturday before, where that is a Sunday."""

    since: int
    """The first year."""
    month: int
    day: int


ROYAL_BIRTHDAYS = (
    RoyalBirthday(since=1980, month=4, day=30),
    RoyalBirthday(since=2014, month=4, day=27),
)
"""In order; each holds until the next. The first stands for the years before it too, of which no deadline is asked."""


def is_working_day(day: date) -> bool:
    """Tell whether *day* is neither in a weekend nor a public holiday."""
    return not _in_weekend(day) and day not in public_holidays(day.year)


def next_working_day(day: date, n: int = 1) -> date:
    """Return the *n*-th working day after *day*, which need not be one itself."""
    for _ in range(n):
        day += ONE_DAY
        while not is_working_day(day):
            day += ONE_DAY
    return day


def public_holidays(year: int) -> frozenset[date]:
    """Return the days of *year* that the law names, those that fall in a weekend included."""
    fixed = {date(year, month, day) for month, day in FIXED}
    movable = {easter(year) + timedelta(days=days) for days in FROM_EASTER}
    return frozenset(fixed | movable | {royal_birthday(year)})


def royal_birthday(year: int) -> date:
    """Return the day of *year* on which the birthday of the King or Queen is celebrated."""
    rule = next((rule for rule in reversed(ROYAL_BIRTHDAYS) if rule.since <= year), ROYAL_BIRTHDAYS[0])
    birthday = date(year, rule.month, rule.day)
    return birthday - ONE_DAY if birthday.isoweekday() == SUNDAY else birthday


def easter(year: int) -> date:
    """Return Easter Sunday: the Sunday after the first full moon of spring, by the tables of the Gregorian calendar."""
    century, in_cycle = year // 100, year % 19
    moon = (19 * in_cycle + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    # The last of the thirty days gives way, to keep it before 19 April; so does the one before, late in the cycle.
    moon -= (moon + in_cycle // 11) // 29
    full_moon = date(year, 3, 21) + timedelta(days=moon)
    return full_moon + timedelta(days=SUNDAY - full_moon.isoweekday() % SUNDAY)


def _in_weekend(day: date) -> bool:
    return day.isoweekday() >= SATURDAY
