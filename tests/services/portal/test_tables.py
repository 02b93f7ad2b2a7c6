"""Do a table, its chart and its file say the same?"""

import csv

from hypothesis import given
from hypothesis import strategies as st

from services.portal.tables import Row, Table, charts, spreadsheet, written

TABLE = Table(
    title="Per maand in 2026",
    head="Wat",
    columns=("jan", "feb", "heel 2026"),
    rows=(
        Row("besteld", (1200, None, 1205), group="Maatregelen"),
        Row("aangebracht", (0, 300, 300), group="Maatregelen"),
        Row("geweigerd; na overleg", (None, None, 15), group="Uitval"),
    ),
    about=(("Regeling", "verstrekking"),),
    group_head="Over",
    note="· betekent: niet getoond.",
    sums=True,
    apart=True,
)

tables = st.integers(1, 4).flatmap(
    lambda width: st.builds(
        Table,
        title=st.just("Stand"),
        head=st.just("Wat"),
        columns=st.just(tuple("abcd"[:width])),
        rows=st.lists(
            st.builds(
                Row,
                words=st.text("abc;\"'é", min_size=1, max_size=5),
                figures=st.tuples(*[st.none() | st.integers(0, 10**6)] * width),
                group=st.sampled_from(["X", "Y"]),
            ),
            max_size=5,
        ).map(tuple),
        group_head=st.sampled_from(["", "Groep"]),
        apart=st.booleans(),
        sums=st.just(width > 1),
    )
)


def lines(table: Table) -> list[list[str]]:
    """Return the cells of the file of *table*, as a spreadsheet reads them."""
    return list(csv.reader(spreadsheet(table).decode("utf-8-sig").splitlines(), delimiter=";"))


def test_a_spreadsheet_opens_the_file_by_itself() -> None:
    """A mark for UTF-8, semicolons, numbers without points, and on every line the same columns."""
    assert spreadsheet(TABLE).startswith(b"\xef\xbb\xbfRegeling;Over;Wat;jan;feb;heel 2026\r\n")
    assert lines(TABLE) == [
        ["Regeling", "Over", "Wat", "jan", "feb", "heel 2026"],
        ["verstrekking", "Maatregelen", "besteld", "1200", "·", "1205"],
        ["verstrekking", "Maatregelen", "aangebracht", "0", "300", "300"],
        ["verstrekking", "Uitval", "geweigerd; na overleg", "·", "·", "15"],
        ["· betekent: niet getoond.", "", "", "", "", ""],
    ]


def test_the_longest_bar_has_the_highest_figure_of_its_scale() -> None:
    """Of its group here; a sum is told and has no bar, and what is withheld has no length."""
    (measures, (ordered, installed)), (_, (declined,)) = charts(TABLE)

    assert measures == "Maatregelen"
    assert [(bar.words, bar.figure, bar.per_cent) for bar in ordered.bars] == [("jan", "1.200", 100), ("feb", "·", 0)]
    assert [bar.per_cent for bar in installed.bars] == [0, 25]
    assert [bar.per_cent for bar in declined.bars] == [0, 0]
    assert (ordered.total, declined.total) == ("1.205", "15")


@given(tables)
def test_chart_and_file_hold_every_figure_of_the_table(table: Table) -> None:
    """In its order, whatever it holds."""
    figures = [written(figure) for row in table.rows for figure in row.figures]
    drawn = [
        text
        for _, found in charts(table)
        for chart in found
        for text in (*(bar.figure for bar in chart.bars), *([chart.total] if table.sums else []))
    ]
    width = len(table.columns)

    assert drawn == figures
    assert [
        written(int(cell)) if cell != "·" else cell for line in lines(table)[1:] for cell in line[-width:]
    ] == figures
    assert all(0 <= bar.per_cent <= 100 for _, found in charts(table) for chart in found for bar in chart.bars)
