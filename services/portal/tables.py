"""How does a table of figures read on a page, as a chart and in a spreadsheet, so that all three say the same?

Pure: a table holds the rows, and everything else is made of them. A figure that is withheld is ``None``.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from services.portal.wording import number

WITHHELD = "·"
"""What stands in the place of a figure that is not shown."""
DELIMITER = ";"
"""Spreadsheets in Dutch take a comma for the decimal sign, and so do not take it for a separator."""
ENCODING = "utf-8-sig"
"""With the mark by which spreadsheets know that it is UTF-8."""

Figure = int | None


@dataclass(frozen=True)
class Row:
    """One row: what is counted, and how often."""

    words: str
    figures: tuple[Figure, ...]
    definition: str = ""
    """What exactly is counted, in a sentence."""
    group: str = ""
    """What it belongs to, with the rows beside it."""


@dataclass(frozen=True)
class Table:
    """A table, with all that a reader needs who finds it among their downloads."""

    title: str
    head: str
    """What stands above the words of the rows."""
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    about: tuple[tuple[str, str], ...] = ()
    """What holds for the whole table, by name; on a page it stands around it."""
    group_head: str = ""
    """What stands above the groups of the rows, where they have any."""
    note: str = ""
    """What whoever reads it must know, where something is withheld or rounded."""
    sums: bool = False
    """Whether the last column is the sum of the others: it is told, and no bar beside theirs."""
    apart: bool = False
    """Whether each group of rows has a scale of its own."""

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """Return the rows by their group, in order."""
        return [(name, list(rows)) for name, rows in groupby(self.rows, lambda row: row.group)]


def written(figure: Figure) -> str:
    """Return *figure* as people read it: ``1.449``, or the sign for what is withheld."""
    return WITHHELD if figure is None else number(figure)


# --- as a chart -------------------------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """One bar: what is counted, how often, and how long it is."""

    words: str
    figure: str
    """As it is written."""
    per_cent: float
    """Of the longest bar on the same scale; none for what is withheld."""


class Chart(NamedTuple):
    """The bars of one row."""

    words: str
    bars: tuple[Bar, ...]
    total: str
    """As it is written; empty where there is none."""


def charts(table: Table) -> list[tuple[str, list[Chart]]]:
    """Return a chart for each row of *table*, by group. Together they hold every figure of it."""
    return [
        (name, [_chart(table, row, _highest(table, rows if table.apart else table.rows)) for row in rows])
        for name, rows in table.groups
    ]


def _chart(table: Table, row: Row, highest: int) -> Chart:
    told = len(row.figures) - table.sums
    drawn = zip(table.columns[:told], row.figures[:told], strict=True)
    return Chart(
        row.words,
        tuple(Bar(words, written(figure), round(100 * (figure or 0) / highest, 2)) for words, figure in drawn),
        written(row.figures[-1]) if table.sums else "",
    )


def _highest(table: Table, rows: Iterable[Row]) -> int:
    """Return the highest figure that has a bar; at least one, so that it can be divided by."""
    return max((figure or 1 for row in rows for figure in row.figures[: len(row.figures) - table.sums]), default=1)


# --- as a file --------------------------------------------------------------------------------------------------------


def spreadsheet(table: Table) -> bytes:
    """Return *table* as a file that a spreadsheet in Dutch opens by itself: every line has the same columns."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=DELIMITER)
    grouped = [table.group_head] if table.group_head else []
    head = [*(name for name, _ in table.about), *grouped, table.head, *table.columns]
    writer.writerow(head)
    for row in table.rows:
        group = [row.group] if grouped else []
        writer.writerow([*(value for _, value in table.about), *group, row.words, *map(_cell, row.figures)])
    if table.note:
        writer.writerow([table.note, *[""] * (len(head) - 1)])
    return file.getvalue().encode(ENCODING)


def _cell(figure: Figure) -> str:
    return WITHHELD if figure is None else str(figure)
