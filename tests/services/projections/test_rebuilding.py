"""Is a view that is made anew from the log the same as the live one?"""

from contextlib import closing
from dataclasses import replace

import pytest

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore, Recorded
from services.projections import cases, projecting, rebuilding, timeline, worklist
from services.projections.projecting import Undigestible
from services.projections.rebuilding import BeingRebuilt, StillRead, differences, rebuild
from services.projections.register import VIEWS
from services.projections.rows import Rows
from services.projections.runner import Runner
from services.projections.tracking import status
from tests.log_of import log_of
from tests.services.projections import seen
from tests.services.projections.network import TEAM, Network, a_threat, random_history, rows


def test_live_and_rebuilt_rows_are_the_same(
    database: Database, store: CaseStore, network: Network, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every view and row by row, wherever the pages of the log began."""
    for seed, page in enumerate((500, 1, 7), start=1):
        monkeypatch.setattr(projecting, "PAGE", page)
        random_history(network, seed, commands=40)
        runner.catch_up()
    live = {view.name: rows(database, view) for view in VIEWS}
    monkeypatch.setattr(projecting, "PAGE", 30)

    for view in VIEWS:
        rebuild(database, store, view)

    assert {view.name: rows(database, view) for view in VIEWS} == live
    assert all(found for tables in live.values() for found in tables.values())
    assert all(view.lag == 0 for view in status(database))


def test_a_rebuild_mends_rows_that_went_wrong(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """Whatever stood in the tables, afterwards they hold what follows from the facts."""
    network.give(a_threat(), TEAM)
    network.give(a_threat(), TEAM)
    runner.catch_up()
    live = rows(database, worklist.VIEW)
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("delete from views.worklist_v2 where number = 'DR-2026-000001'")
        connection.execute("update views.worklist_v2 set danger_now = true")

    rebuild(database, store, worklist.VIEW)

    assert rows(database, worklist.VIEW) == live


def test_readers_go_on_while_a_view_is_made_anew(
    database: Database, store: CaseStore, network: Network, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They see the old rows until the new ones are all there."""
    monkeypatch.setattr(projecting, "PAGE", 1)
    for _ in range(3):
        network.give(a_threat(), TEAM)
    runner.catch_up()
    progress = []

    def look(done: int, of: int) -> None:
        with database.reading(TEAM) as cursor:
            progress.append((done, of, len(worklist.cases(cursor).items)))

    rebuild(database, store, worklist.VIEW, on_progress=look)

    assert progress == [(1, 3, 3), (2, 3, 3), (3, 3, 3)]


def test_a_rebuild_that_stumbles_changes_nothing(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """The error names the event and does not quote it."""
    network.give(a_threat(), TEAM)
    network.give(a_threat(account="Jansen belde"), TEAM)
    runner.catch_up()
    live = rows(database, worklist.VIEW)

    def project(rows: Rows, recorded: Recorded) -> None:
        if recorded.position > 1:
            raise ValueError(recorded.event.fact.model_dump_json())
        worklist.project(rows, recorded)

    with pytest.raises(Undigestible) as stumbled:
        rebuild(database, store, replace(worklist.VIEW, project=project))

    event = log_of(store)[1].event.event_id
    assert str(stumbled.value) == f"ValueError at threat_case.reported.v1, event {event}"
    assert rows(database, worklist.VIEW) == live


def test_a_rebuild_goes_on_where_it_was_interrupted(
    database: Database, store: CaseStore, network: Network, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, each of which is kept."""
    monkeypatch.setattr(projecting, "PAGE", 1)
    for _ in range(4):
        network.give(a_threat(), TEAM)
    runner.catch_up()
    live = rows(database, worklist.VIEW)

    def interrupt(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(database, store, worklist.VIEW, interrupt)
    progress: list[int] = []
    rebuild(database, store, worklist.VIEW, lambda done, _: progress.append(done))

    assert progress == [3, 4]
    assert rows(database, worklist.VIEW) == live
    assert [view.name for view in status(database)] == sorted(view.name for view in VIEWS)


def test_what_is_recorded_during_a_rebuild_is_shown_all_the_time(
    database: Database, store: CaseStore, network: Network, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The live view goes on, and what takes its place has come at least as far."""
    monkeypatch.setattr(projecting, "PAGE", 1)
    for _ in range(3):
        network.give(a_threat(), TEAM)
    shown = []

    def record(done: int, _: int) -> None:
        if done <= 3:
            network.give(a_threat(), TEAM)
            runner.catch_up()
        shown.append(len(rows(database, worklist.VIEW)["worklist"]))

    rebuild(database, store, worklist.VIEW, record)

    assert shown == [4, 5, 6, 6, 6, 6]
    assert len(rows(database, worklist.VIEW)["worklist"]) == 6
    network.give(a_threat(), TEAM)
    runner.catch_up()
    assert len(rows(database, worklist.VIEW)["worklist"]) == 7


def test_the_unversioned_names_mean_the_new_tables(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """Policies read the access list by its unversioned name."""
    network.give(a_threat(), TEAM)
    runner.catch_up()

    for view in VIEWS:
        rebuild(database, store, view)
    network.give(a_threat(), TEAM)
    runner.catch_up()

    with database.reading(TEAM) as cursor:
        assert (
            len(timeline.of_streams(cursor, [item.stream for item in worklist.cases(cursor).items], {}, store.vault))
            == 2
        )
        assert len(cases.newest(cursor).items) == 2


def test_a_rebuild_sends_no_reader_away(
    database: Database, store: CaseStore, network: Network, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries for a while, says so when nobody gives way, and has nothing left to do but that the next time."""
    monkeypatch.setattr(rebuilding, "LOCK_SECONDS", 0.05)
    monkeypatch.setattr(rebuilding, "TRIES", 2)
    network.give(a_threat(), TEAM)
    runner.catch_up()
    progress: list[int] = []

    with database.reading(TEAM) as cursor:
        assert worklist.cases(cursor).items
        with pytest.raises(StillRead):
            rebuild(database, store, worklist.VIEW)
        assert worklist.cases(cursor).items
    rebuild(database, store, worklist.VIEW, lambda done, _: progress.append(done))

    assert progress == []


def test_a_view_is_made_anew_by_one_at_a_time(database: Database, store: CaseStore, network: Network) -> None:
    """A second one is told so at once."""
    network.give(a_threat(), TEAM)
    told = []

    def begin_another(_: int, __: int) -> None:
        with pytest.raises(BeingRebuilt) as error:
            rebuild(database, store, worklist.VIEW)
        told.append(str(error.value))

    rebuild(database, store, worklist.VIEW, begin_another)

    assert told == ["somebody else is at work on worklist"]


# --- comparing --------------------------------------------------------------------------------------------------------


def test_live_views_are_what_the_log_makes_of_them(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """As far as they have come; what follows is not missed. Nothing is left of the comparison."""
    random_history(network, 1)
    runner.catch_up()
    network.give(a_threat(), TEAM)

    found = [difference for view in VIEWS for difference in differences(database, store, view)]

    assert found == []
    assert [view.name for view in status(database)] == sorted(view.name for view in VIEWS)


def test_rows_that_went_wrong_are_named_without_what_they_say(
    database: Database, store: CaseStore, network: Network, runner: Runner
) -> None:
    """One that was changed, one that is missing and one that nobody reported."""
    streams = sorted(network.give(a_threat(), TEAM) for _ in range(2))
    runner.catch_up()
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute(
            "update views.worklist_v2 set office = 'raadslid', form = 'verbal' where stream = %s", streams[:1]
        )
        connection.execute(
            "update views.worklist_v2 set stream = 'threat_case:z', number = 'DR-1' where stream = %s", streams[1:]
        )

    found = differences(database, store, worklist.VIEW)

    assert [str(difference) for difference in found] == [
        f"worklist {streams[0]}: the log says otherwise in form, office",
        f"worklist {streams[1]}: is not there",
        "worklist threat_case:z: the log knows no such row",
    ]
    rebuild(database, store, worklist.VIEW)
    assert differences(database, store, worklist.VIEW) == ()


def test_a_comparison_begins_afresh_and_leaves_a_rebuild_alone(
    database: Database, store: CaseStore, network: Network, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was interrupted may have come further than the live view."""
    monkeypatch.setattr(projecting, "PAGE", 1)
    network.give(a_threat(), TEAM)
    runner.catch_up()
    network.give(a_threat(), TEAM)

    def interrupt(_: int, __: int) -> None:
        raise KeyboardInterrupt

    for begin in (rebuild, differences):
        with pytest.raises(KeyboardInterrupt):
            begin(database, store, worklist.VIEW, interrupt)

    assert differences(database, store, worklist.VIEW) == ()
    assert "worklist_anew" in {view.name for view in status(database)}


def test_a_view_that_was_never_there_can_be_made_from_the_log(
    database: Database, store: CaseStore, network: Network
) -> None:
    """Its tables are made first."""
    network.give(a_threat(), TEAM)

    rebuild(database, store, seen.VIEW)

    assert len(rows(database, seen.VIEW)["seen"]) == 1
