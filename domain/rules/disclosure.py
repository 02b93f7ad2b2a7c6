"""Which figures may be shown to people who may see no case, and how exactly?

A small number is a person: whoever knows that there is one more can tell who it was. The rule is ours (D), until there
are numbered releases (docs/decisions/0017):

1. A count of 1 to 9 is withheld. Every other count is rounded to the nearest 5, a total from what it really is.
2. Where something of a sum is withheld, so are the zeros among its parts: else its other parts would be known to be
   somebody.
3. Of such a sum at least two parts are withheld, which count 10 or more together; else the next part is withheld with
   them, and the total where there is none left. Which part is next depends on their order and not on their size: to
   withhold the smallest one would tell that it is smaller than those that are shown.

What that guarantees, of one look at figures of which all sums are named:

- Subtracting within one sum tells nothing about a count that was withheld for being small: every number from 0 to 9 is
  left possible.
- Whoever knows this rule and tries which counts lead to what is shown is left with nine numbers or more: in a sum of up
  to three parts, in a table of two by two with its totals, in two years of two halves (gone through exhaustively, with
  totals up to a few tens). In longer sums it was five, and in a chain of sums whose counts lie close to 10 three.

It does not guard against comparing what is shown at different moments.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)

SMALLEST = 10
"""The smallest count that is shown, besides none at all."""
BASE = 5
"""To a multiple of this counts are rounded: by two at most."""


@dataclass(frozen=True)
class Sum(Generic[Name]):
    """A figure that is the sum of others which are shown too: the total of a row, of a column, of a year."""

    total: Name
    parts: tuple[Name, ...]


def rounded(count: int) -> int:
    """Return the multiple of BASE that is nearest to *count*."""
    return (count + BASE // 2) // BASE * BASE


def disclosed(counts: Mapping[Name, int], sums: Sequence[Sum[Name]]) -> dict[Name, int | None]:
    """Return *counts* as they may be shown, with ``None`` for what is withheld.

    *sums* names every way in which they add up. Deterministic: the same counts and sums always give the same figures.
    """
    withheld = {name for name, count in counts.items() if 0 < count < SMALLEST}
    while more := {name for one in sums for name in _besides(withheld, one, counts)}:
        withheld |= more
    return {name: None if name in withheld else rounded(count) for name, count in counts.items()}


def _besides(withheld: set[Name], one: Sum[Name], counts: Mapping[Name, int]) -> list[Name]:
    """Return what else of a sum has to be withheld besides what is *withheld* already, as far as can be told yet."""
    hidden = [n for n, part in enumerate(one.parts) if part in withheld]
    if not hidden and one.total not in withheld:
        return []
    if zeros := [part for part in one.parts if part not in withheld and counts[part] == 0]:
        return zeros
    if len(hidden) > 1 and sum(counts[one.parts[n]] for n in hidden) >= SMALLEST:
        return []
    first = hidden[0] if hidden else 0
    in_turn = (*one.parts[first:], *one.parts[:first], one.total)
    return [name for name in in_turn if name not in withheld][:1]
