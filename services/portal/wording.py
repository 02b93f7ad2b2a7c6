"""How do dates, times, terms, amounts and numbers read in Dutch?

Pure functions of their arguments: a moment is aware and shown as the clock in the Netherlands, and whatever depends on
the present is given it.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from domain.values import AMSTERDAM

LOCALE = Locale("nl", "NL")
"""As an object: by its name it would be looked up for every word."""
KEPT = 10_000
"""How many days and numbers are kept in words: a page says the same ones often, and each takes Babel a while."""
SHORT_AREAS = "1[035]|2[0346]|3[03568]|4[0356]|5[0358]|7[0-9]|8[4578]|91"
"""The area codes of two digits, and the numbers of companies that are written like them; others have three."""
DUTCH_NUMBERS = tuple(
    re.compile(rf"\+31({area}){rest}", re.ASCII)
    for area, rest in (
        ("6", r"(\d\d)(\d\d)(\d\d)(\d\d)"),
        (SHORT_AREAS, r"(\d{3})(\d\d)(\d\d)"),
        (r"\d{3}", r"(\d\d)(\d\d)(\d\d)"),
    )
)
"""How a number falls apart into what people say in one breath."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


# --- days and moments -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=KEPT)
def long_day(day: date) -> str:
    """Return ``zaterdag 21 november 2026``."""
    return format_date(day, "EEEE d MMMM y", LOCALE)


@lru_cache(maxsize=KEPT)
def plain_day(day: date) -> str:
    """Return ``21 november 2026``."""
    return format_date(day, "d MMMM y", LOCALE)


@lru_cache(maxsize=KEPT)
def short_day(day: date) -> str:
    """Return ``21 nov 2026``, for tables."""
    return format_date(day, "d MMM y", LOCALE)


def month(day: date) -> str:
    """Return ``november 2026``."""
    return format_date(day, "MMMM y", LOCALE)


def short_month(day: date) -> str:
    """Return ``nov``, for a column of which the year is known."""
    return format_date(day, "MMM", LOCALE).rstrip(".")


def clock(moment: datetime) -> str:
    """Return ``23:04``."""
    return f"{moment.astimezone(AMSTERDAM):%H:%M}"


def long_moment(moment: datetime) -> str:
    """Return ``zaterdag 21 november 2026 om 23:04 uur``."""
    return f"{long_day(_day_of(moment))} om {clock(moment)} uur"


def short_moment(moment: datetime) -> str:
    """Return ``21 nov 2026, 23:04``, for tables."""
    return f"{short_day(_day_of(moment))}, {clock(moment)}"


def _day_of(moment: datetime) -> date:
    return moment.astimezone(AMSTERDAM).date()


# --- seen from the present --------------------------------------------------------------------------------------------


def relative(moment: datetime, now: datetime) -> str:
    """Return when something happened or will: ``zojuist``, ``5 minuten geleden``, ``over 2 uur``."""
    return _seen(moment, now, before="{} geleden", present="zojuist" if moment <= now else "zo meteen")


def due(moment: datetime, now: datetime) -> str:
    """Return when something must be done: ``over 2 uur``, ``nu``, ``3 dagen te laat``."""
    return _seen(moment, now, before="{} te laat", present="nu")


def due_day(day: date, today: date) -> str:
    """Return on which day something must be done: ``over 3 dagen``, ``morgen``, ``vandaag``, ``1 dag te laat``."""
    match (day - today).days:
        case 0:
            return "vandaag"
        case 1:
            return "morgen"
        case days if days > 0:
            return f"over {_days(days)}"
        case days:
            return f"{_days(-days)} te laat"


def waited(since: date, today: date) -> str:
    """Return how long something has waited: ``sinds vandaag``, ``1 dag``, ``12 dagen``."""
    return _days(days) if (days := (today - since).days) > 0 else "sinds vandaag"


def _seen(moment: datetime, now: datetime, *, before: str, present: str) -> str:
    # In UTC: Python subtracts two moments of one time zone as if no clock were ever changed.
    distance = abs(moment.astimezone(UTC) - now.astimezone(UTC))
    if distance < MINUTE:
        return present
    if distance < HOUR:
        length = counted(distance // MINUTE, "minuut", "minuten")
    elif distance < DAY:
        length = f"{distance // HOUR} uur"
    else:  # people count in days of the calendar: from Monday evening to Thursday morning is three
        # The day on which the clock is put back has 25 hours, and 24 of them are a day too.
        length = _days(max(abs((_day_of(moment) - _day_of(now)).days), 1))
    return before.format(length) if moment < now else f"over {length}"


def _days(number_of: int) -> str:
    return counted(number_of, "dag", "dagen")


# --- numbers and words ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=KEPT)
def number(value: int) -> str:
    """Return ``1.449``."""
    return format_decimal(value, locale=LOCALE)


def euro(cents: int) -> str:
    """Return ``€ 1.250,00`` for 125,000 cents; the blank does not break."""
    return format_currency(Decimal(cents).scaleb(-2), "EUR", locale=LOCALE)


def amount(cents: int) -> str:
    """Return ``1.250,00`` for 125,000 cents, as people type it."""
    return format_decimal(Decimal(cents).scaleb(-2), "#,##0.00", locale=LOCALE)


def counted(count: int, singular: str, plural: str) -> str:
    """Return ``1 melding`` or ``1.449 meldingen``."""
    return f"{number(count)} {singular if count == 1 else plural}"


def listed(words: Sequence[str]) -> str:
    """Return ``a, b en c``."""
    *first, last = words or ("",)
    return f"{', '.join(first)} en {last}" if first else last


def phone_number(number: str) -> str:
    """Return a telephone number as people say it (``06 12 34 56 78``); what is not Dutch as it is kept."""
    found = next(filter(None, (form.fullmatch(number) for form in DUTCH_NUMBERS)), None)
    return f"0{' '.join(found.groups())}" if found else number


def yes_or_no(value: bool | None) -> str:  # noqa: FBT001 - the answer to a question
    """Return ``ja``, ``nee`` or ``onbekend``."""
    return "onbekend" if value is None else "ja" if value else "nee"


def capitalised(words: str) -> str:
    """Return *words* as they stand at the beginning of a line: ``commissaris van de Koning`` keeps its capital."""
    return words[:1].upper() + words[1:]
