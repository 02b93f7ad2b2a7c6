"""Can it be told how far each view has come, and can it be waited for?"""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from threading import Timer, current_thread, main_thread

import pytest

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from services.projections import tracking, worklist
from services.projections.register import VIEWS
from services.projections.runner import Runner
from services.projections.tracking import NotYetVisible, Watch, status
from services.projections.views import install
from tests.services.projections import seen
from tests.services.projections.network import TEAM, Network, a_threat


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    """Yield a watch over the views."""
    with closing(Watch(database)) as watch:
        yield watch


def test_there_is_nothing_to_tell_before_the_first_projector(database: Database) -> None:
    """A database without views is no error."""
    assert status(database) == []


def test_the_status_tells_position_and_lag(database: Database, network: Network, runner: Runner) -> None:
    """In events, and in the time that the oldest of those not shown has been waiting."""
    network.give(a_threat(), TEAM)
    runner.catch_up()
    network.give(a_threat(), TEAM)
    network.give(a_threat(), TEAM)

    found = status(database)

    assert [view.name for view in found] == sorted(view.name for view in VIEWS)
    for view in found:
        assert (view.position, view.head, view.lag) == (1, 3, 2)
        assert timedelta(0) < view.behind < timedelta(minutes=1)
        assert view.stopped_at is None
        assert not view.running


def test_waiting_ends_when_all_views_show_the_position(  # noqa: PLR0913, PLR0917 - fixtures
    database: Database,
    store: CaseStore,
    network: Network,
    runner: Runner,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At once where they do already, and else when the projector says so: nobody looks in between."""
    monkeypatch.setattr(tracking, "POLL", 60.0)
    install(database, VIEWS)
    watch.wait(VIEWS, 0, timeout=0)
    network.give(a_threat(), TEAM)
    later = Timer(0.1, runner.catch_up)
    later.start()

    watch.wait(VIEWS, store.head(), timeout=20)

    with database.reading(TEAM) as cursor:
        assert worklist.cases(cursor).items
    later.join()


def test_what_was_told_between_a_look_and_the_wait_is_not_missed(  # noqa: PLR0913, PLR0917 - fixtures
    database: Database,
    store: CaseStore,
    network: Network,
    runner: Runner,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever looked too early finds it before they go to sleep: nobody will wake them."""
    monkeypatch.setattr(tracking, "POLL", 60.0)
    install(database, VIEWS)
    network.give(a_threat(), TEAM)
    later = Timer(0.1, runner.catch_up)
    later.start()
    watch.wait(VIEWS, store.head(), timeout=20)
    later.join()
    look = tracking._places  # noqa: SLF001 - as it was before, for whoever waits; the listener sees what there is
    monkeypatch.setattr(tracking, "_places", lambda found: {} if current_thread() is main_thread() else look(found))

    begun = time.monotonic()
    watch.wait(VIEWS, store.head(), timeout=10)

    assert time.monotonic() - begun < 5


def test_waiting_ends_with_the_time_given(database: Database, network: Network, watch: Watch) -> None:
    """With the name of a view that is behind."""
    install(database, VIEWS)
    network.give(a_threat(), TEAM)
    begun = time.monotonic()

    with pytest.raises(NotYetVisible, match="worklist is behind") as late:
        watch.wait([worklist.VIEW], 1, timeout=0.05)

    assert (late.value.view, late.value.stopped) == ("worklist", False)
    assert time.monotonic() - begun >= 0.05


def test_nobody_waits_for_a_view_that_has_stopped(database: Database, network: Network, watch: Watch) -> None:
    """It would not help."""
    install(database, VIEWS)
    network.give(a_threat(), TEAM)
    with closing(database.connect(DatabaseRole.PROJECTOR, autocommit=True)) as connection:
        connection.execute("update views.tracking set stopped_at = now() where view = 'worklist'")

    with pytest.raises(NotYetVisible, match="worklist has stopped") as late:
        watch.wait(VIEWS, 1, timeout=60)

    assert late.value.stopped


def test_a_view_without_tables_is_not_there_yet(database: Database, watch: Watch) -> None:
    """It has shown nothing."""
    install(database, [seen.VIEW])

    with pytest.raises(NotYetVisible, match="worklist is behind"):
        watch.wait([seen.VIEW, worklist.VIEW], 0, timeout=0.01)
