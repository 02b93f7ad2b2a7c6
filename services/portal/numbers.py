"""Which case does somebody mean who types its number as it comes to mind?

``dr 2026 123``, ``dr2026123`` and ``dr2026-000123`` are ``DR-2026-000123``; what is left out is every kind of case, or
this year.
"""

import re
from collections.abc import Iterable

YEAR = 4
FIRST_YEAR = 2000
"""No case is older."""
DIGITS = 6
"""A number is filled up with noughts to this length; the store goes on beyond it when it must."""
LONGEST = 9

_PARTS = re.compile(r"\d+|[^\W\d_]+", re.ASCII)


def meant(text: str, prefixes: Iterable[str], year: int) -> tuple[str, ...]:
    """Return the case numbers that *text* can mean; none where it is no number at all.

    *prefixes* are those of the kinds that the reader may know of, *year* is the present one.
    """
    match _PARTS.findall(text.upper()):
        case [prefix, *digits] if prefix.isalpha():
            among = [prefix] if prefix in set(prefixes) else []
        case digits:
            among = list(prefixes)
    match digits:
        case [of_year, number] if len(of_year) == YEAR:
            pass
        case [together] if together.isdecimal() and _begins_with_a_year(together, year):
            of_year, number = together[:YEAR], together[YEAR:]
        case [number]:
            of_year = str(year)
        case _:
            return ()
    if not (of_year + number).isdecimal() or len(number) > LONGEST:
        return ()
    return tuple(f"{prefix}-{of_year}-{int(number):0{DIGITS}}" for prefix in among)


def _begins_with_a_year(digits: str, year: int) -> bool:
    """Tell whether *digits* are a year and a number written as one, and not a number alone.

    In no year do cases come near to 200,000: what begins with a year up to the present one and goes on, has it.
    """
    is_a_year = FIRST_YEAR <= int(digits[:YEAR]) <= year
    return len(digits) >= YEAR + DIGITS or (len(digits) > YEAR and is_a_year)
