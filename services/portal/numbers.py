"""Which case does somebody mean who types its number as it comes to mind?

``dr 2026 123`` and ``dr2026-000123`` are ``DR-2026-000123``; what is left out is every kind of case, or this year.
"""

import re
from collections.abc import Iterable

YEAR = 4
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
        case [together] if len(together) >= YEAR + DIGITS:
            of_year, number = together[:YEAR], together[YEAR:]
        case [number]:
            of_year = str(year)
        case _:
            return ()
    if not (of_year + number).isdecimal() or len(number) > LONGEST:
        return ()
    return tuple(f"{prefix}-{of_year}-{int(number):0{DIGITS}}" for prefix in among)
