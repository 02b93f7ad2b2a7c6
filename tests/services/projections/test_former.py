"""What is left of former releases, and when may it go?"""

from contextlib import closing
from threading import Event, Thread

import pytest

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from services.projections import access, worklist
from services.projections.former import Former, drop, former
from services.projections.rebuilding import rebuild
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.tables import exists
from services.projections.tracking import status
from services.projections.views import install
from tests.services.projections.network import TEAM, Network, a_threat, rows
from tests.services.projections.next_release import next_version

NEXT = tuple(next_version(view) if view in {access.VIEW, worklist.VIEW} else view for view in VIEWS)


@pytest.fixture(autouse=True)
def two_cases(network: Network, runner: Runner) -> None:
    """Let a release have been at work."""
    network.give(a_threat(), TEAM)
    network.give(a_threat(), TEAM)
    runner.catch_up()


def test_nothing_is_left_while_there_was_one_release(database: Database) -> None:
    """Its own tables are in use, and those of a newer one none of its business."""
    assert former(database, VIEWS) == []
    install(database, NEXT)
    assert former(database, VIEWS) == []


def test_former_tables_stay_until_the_new_ones_have_caught_up(database: Database, store: CaseStore) -> None:
    """Then they can go, and only then; the names without a version mean the new ones."""
    install(database, NEXT)
    why = "the version of this release has not caught up yet"
    found = former(database, NEXT)
    assert found == [Former("access", access.VERSION, why), Former("worklist", worklist.VERSION, why)]
    assert drop(database, NEXT, found) == []

    Runner(database, store, NEXT).catch_up()
    dropped = drop(database, NEXT, former(database, NEXT))

    assert [(one.view, one.version) for one in dropped] == [("access", access.VERSION), ("worklist", worklist.VERSION)]
    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection:
        assert not exists(connection, access.ACCESS.qualified)
        assert not exists(connection, worklist.WORKLIST.qualified)
    assert former(database, NEXT) == []
    assert sorted(view.name for view in status(database)) == sorted(view.name for view in VIEWS)
    assert all(len(rows(database, view)["worklist"]) == 2 for view in NEXT if view.name == "worklist")


def test_what_a_newer_release_has_begun_is_left_alone(database: Database) -> None:
    """Also what is to take the place of a view in it."""
    install(database, [next_version(worklist.VIEW).beside("anew")])

    assert former(database, VIEWS) == []
    assert [one.view for one in former(database, NEXT)] == ["access", "worklist", "worklist_anew"]


def test_nobody_loses_the_tables_they_work_on(database: Database, store: CaseStore, runner: Runner) -> None:
    """The projector of the former release may still be there."""
    Runner(database, store, NEXT).catch_up()
    stop = Event()
    at_work = Thread(target=runner.run, args=(stop,))
    found = former(database, NEXT)
    at_work.start()
    try:
        while not any(view.running for view in status(database)):
            stop.wait(0.05)

        assert {one.kept for one in former(database, NEXT)} == {"somebody is at work on it"}
        assert drop(database, NEXT, found) == []
    finally:
        stop.set()
        at_work.join()


def test_what_was_begun_and_given_up_can_go(database: Database, store: CaseStore, network: Network) -> None:
    """The tables of a rebuild that nobody goes on with."""

    def interrupt(_: int, __: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(database, store, worklist.VIEW, interrupt)

    found = former(database, VIEWS)

    assert found == [Former("worklist_anew", worklist.VERSION, None)]
    assert drop(database, VIEWS, found) == found
    assert former(database, VIEWS) == []
    network.give(a_threat(), TEAM)


def test_tables_of_a_release_that_did_not_write_their_names_down_can_go_too(
    database: Database, store: CaseStore
) -> None:
    """Version 0.1.0 did not."""
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("alter table views.tracking drop column tables, drop column lock")
    # It need not be the projector that comes first.
    rebuild(database, store, next(view for view in VIEWS if view.name == "memberships"))

    Runner(database, store, NEXT).catch_up()
    drop(database, NEXT, former(database, NEXT))

    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection:
        assert not exists(connection, access.ACCESS.qualified)
        assert not exists(connection, worklist.WORKLIST.qualified)
    rebuild(database, store, worklist.VIEW)
