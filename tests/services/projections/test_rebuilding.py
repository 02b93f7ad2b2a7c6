"""Is a view that is made anew from the log the same as the live one?"""

from contextlib import closing
from dataclasses import replace

import pytest

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore, Recorded
from services.projections import projecting, worklist
from services.projections.projecting import Undigestible
from services.projections.rebuilding import rebuild
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


def test_a_view_that_was_never_there_can_be_made_from_the_log(
    database: Database, store: CaseStore, network: Network
) -> None:
    """Its tables are made first."""
    network.give(a_threat(), TEAM)

    rebuild(database, store, seen.VIEW)

    assert len(rows(database, seen.VIEW)["seen"]) == 1
