"""Is nothing told of a small number, neither by itself nor by what is shown around it?"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.rules.disclosure import BASE, SMALLEST, Sum, disclosed, rounded

often = settings(max_examples=200, deadline=None)
Counts = dict[Any, int]
Sums = list[Sum[Any]]


# --- figures that add up ----------------------------------------------------------------------------------------------


def with_totals(cells: Mapping[Any, int], sums: Sequence[Sum[Any]]) -> Counts:
    """Return *cells* with the totals of *sums*, of which each comes after those that it is made of."""
    counts = dict(cells)
    for one in sums:
        counts.setdefault(one.total, sum(counts[part] for part in one.parts))
        assert counts[one.total] == sum(counts[part] for part in one.parts)
    return counts


def of_a_row(width: int) -> Sums:
    """Return the sum of one row."""
    return [Sum("total", tuple(range(width)))]


def of_a_table(height: int, width: int) -> Sums:
    """Return the sums of a table with all its totals: rows, columns, and both ways to the grand total."""
    rows = [Sum(f"row {r}", tuple((r, c) for c in range(width))) for r in range(height)]
    columns = [Sum(f"column {c}", tuple((r, c) for r in range(height))) for c in range(width)]
    return [
        *rows,
        *columns,
        Sum("total", tuple(one.total for one in rows)),
        Sum("total", tuple(one.total for one in columns)),
    ]


def of_years(years: int, months: int) -> Sums:
    """Return the sums of some years of some months."""
    parts = [Sum(f"year {y}", tuple((y, m) for m in range(months))) for y in range(years)]
    return [*parts, Sum("total", tuple(one.total for one in parts))]


def of_a_funnel(steps: int) -> Sums:
    """Return the sums of a funnel: who came to a step left there, stands there, or came to the next one."""
    last = Sum(f"reached {steps}", (f"left {steps}", f"open {steps}"))
    return [
        last,
        *(
            Sum(f"reached {step}", (f"left {step}", f"open {step}", f"reached {step + 1}"))
            for step in range(steps - 1, 0, -1)
        ),
    ]


def cells_of(sums: Sums) -> list[Any]:
    """Return the figures that are not the sum of others."""
    totals = {one.total for one in sums}
    return list(dict.fromkeys(part for one in sums for part in one.parts if part not in totals))


SHAPES = st.one_of(
    st.integers(1, 12).map(of_a_row),
    st.tuples(st.integers(1, 5), st.integers(1, 5)).map(lambda size: of_a_table(*size)),
    st.tuples(st.integers(1, 4), st.integers(1, 6)).map(lambda size: of_years(*size)),
    st.integers(1, 5).map(of_a_funnel),
)
NUMBERS = st.one_of(st.just(0), st.integers(0, SMALLEST + 3), st.integers(0, 60), st.integers(0, 5_000))


@st.composite
def tables(draw: st.DrawFn) -> tuple[Counts, Sums]:
    """Make up figures of some shape."""
    sums = draw(SHAPES)
    return with_totals({cell: draw(NUMBERS) for cell in cells_of(sums)}, sums), sums


# --- what is shown ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "shown"), [(0, 0), (1, None), (9, None), (10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1_234, 1_235)]
)
def test_a_count_is_withheld_or_rounded(count: int, shown: int | None) -> None:
    """None at all is shown as such."""
    assert disclosed({"one": count}, []) == {"one": shown}


@often
@for_all(table=tables())
def test_nothing_below_ten_is_ever_shown(table: tuple[Counts, Sums]) -> None:
    """And what is shown is off by two at most, a total as much as a part: it is rounded from what it really is."""
    counts, sums = table
    shown = disclosed(counts, sums)

    assert shown.keys() == counts.keys()
    for name, figure in shown.items():
        assert figure is None or (figure == 0 == counts[name]) or figure >= SMALLEST
        assert figure is None or (figure % BASE == 0 and abs(figure - counts[name]) <= BASE // 2)
        assert figure is None or figure == rounded(counts[name])


@often
@for_all(table=tables())
def test_no_sum_has_one_withheld_figure(table: tuple[Counts, Sums]) -> None:
    """It would be what is left over. Of a total that is shown, what is withheld counts ten at least."""
    counts, sums = table
    shown = disclosed(counts, sums)
    for one in sums:
        withheld = [name for name in (one.total, *one.parts) if shown[name] is None]

        assert len(withheld) != 1
        if withheld and shown[one.total] is not None:
            assert sum(counts[name] for name in withheld) >= SMALLEST


@often
@for_all(table=tables())
def test_figures_of_which_none_is_small_are_all_shown(table: tuple[Counts, Sums]) -> None:
    """The rule takes away nothing where there is nothing to guard."""
    counts, sums = table
    large = with_totals({cell: counts[cell] + SMALLEST for cell in cells_of(sums)}, sums)

    assert None not in disclosed(large, sums).values()


def test_the_same_counts_give_the_same_figures() -> None:
    """In whatever order they come in."""
    sums = of_a_table(3, 4)
    counts = with_totals({cell: 7 * n % 23 for n, cell in enumerate(cells_of(sums))}, sums)
    backwards = dict(reversed(counts.items()))

    assert disclosed(backwards, sums) == disclosed(counts, sums) == disclosed(counts, sums)


# --- what is withheld -------------------------------------------------------------------------------------------------

NO_END = 10**9


def numbers_for(figure: int | None) -> tuple[int, int]:
    """Return the smallest and the largest count that *figure* can stand for, to whoever knows no more."""
    if figure is None:
        return 0, NO_END
    if figure == 0:
        return 0, 0
    return max(SMALLEST, figure - BASE // 2), figure + BASE // 2


def left_over(one: Sum[Any], shown: Mapping[Any, int | None], name: Any) -> tuple[int, int]:  # noqa: ANN401 - a name
    """Return which counts subtracting within a sum leaves for *name*, its total or one of its parts."""
    if name == one.total:
        ranges = [numbers_for(shown[part]) for part in one.parts]
        return sum(low for low, _ in ranges), sum(high for _, high in ranges)
    low, high = numbers_for(shown[one.total])
    others = [numbers_for(shown[part]) for part in one.parts if part != name]
    return max(0, low - sum(most for _, most in others)), high - sum(least for least, _ in others)


@often
@for_all(table=tables())
def test_subtracting_tells_nothing_about_a_small_count(table: tuple[Counts, Sums]) -> None:
    """Within any one sum every number from 0 to 9 is left possible for it."""
    counts, sums = table
    shown = disclosed(counts, sums)
    for one in sums:
        for name in (one.total, *one.parts):
            if 0 < counts[name] < SMALLEST:
                least, most = left_over(one, shown, name)

                assert least == 0, (one, name)
                assert most >= SMALLEST - 1, (one, name)


def test_the_check_for_subtracting_bites() -> None:
    """Figures that merely have their small counts withheld give them away."""
    (row,) = of_a_row(3)
    naive = {0: 20, 1: None, 2: None, "total": 20}

    assert left_over(row, naive, 1) == (0, 4)


def splits(total: int, cells: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to divide up to *total* over some *cells*."""
    if not cells:
        yield ()
        return
    for first in range(total + 1):
        for others in splits(total - first, cells - 1):
            yield first, *others


def fewest_possible(sums: Sums, most: int, rule: Callable[[Counts, Sums], Mapping[Any, int | None]] = disclosed) -> int:
    """Return how many numbers are left for a small count, at the least, to whoever knows the rule and tries them all.

    All figures up to a grand total of *most* are made and put together by what is shown of them.
    """
    alike: dict[tuple[tuple[Any, int | None], ...], list[Counts]] = defaultdict(list)
    cells = cells_of(sums)
    grand = sums[-1].total
    for numbers in splits(most, len(cells)):
        counts = with_totals(dict(zip(cells, numbers, strict=True)), sums)
        alike[tuple(rule(counts, sums).items())].append(counts)
    return min(
        len({counts[name] for counts in same})
        for shown, same in alike.items()
        # What is shown might also come of larger totals than were tried.
        if max(counts[grand] for counts in same) <= most - BASE
        for name, figure in shown
        if figure is None and any(0 < counts[name] < SMALLEST for counts in same)
    )


@pytest.mark.parametrize(
    ("sums", "most"),
    [(of_a_row(1), 40), (of_a_row(2), 60), (of_a_row(3), 40), (of_a_table(2, 2), 23), (of_years(2, 2), 25)],
    ids=["one", "two", "three", "table", "years"],
)
def test_whoever_tries_all_counts_is_left_with_nine_numbers_or_more(sums: Sums, most: int) -> None:
    """Also knowing the rule, and taking all sums together."""
    assert fewest_possible(sums, most) >= SMALLEST - 1


def test_the_check_for_trying_bites() -> None:
    """Of figures that merely have their small counts withheld, some are left with one number only."""

    def naive(counts: Counts, _: Sums) -> dict[Any, int | None]:
        return {name: None if 0 < count < SMALLEST else rounded(count) for name, count in counts.items()}

    assert fewest_possible(of_a_row(3), 30, naive) == 1
