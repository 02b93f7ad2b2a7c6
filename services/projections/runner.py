"""How do new facts get into the views, exactly once, whatever breaks in between?

Each view goes its own way: a page of the log and the view's own position change in one transaction. So a view that
cannot digest an event stops alone, visibly, and a projector that is killed anywhere goes on where it was.
"""

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

import structlog

from infra.database import Connection, Database, DatabaseRole
from infra.eventstore import CaseStore
from infra.recorder import CHANNEL
from services.projections.projecting import UNREACHABLE, Log, Taken, advance
from services.projections.tracking import LOCK, LOCK_IF_FREE, announce, claim
from services.projections.views import View, install, publish

POLL = 1.0
"""Seconds after which the log is read unasked: a notification may be lost, a standby waits for its turn."""
RETRY = 5.0
"""Seconds after which a view that has stopped tries again."""

log = structlog.get_logger(__name__)


@dataclass
class Runner:
    """Keeps *views* up to date with *store*. On each view one is at work at a time, others stand by."""

    database: Database
    store: CaseStore
    views: Sequence[View]
    _retry_at: dict[str, float] = field(default_factory=dict, init=False)
    _published: set[str] = field(default_factory=set, init=False)

    def run(self, stop: Event) -> None:
        """Project until *stop* is set. A database that goes away is waited for."""
        while not stop.is_set():
            try:
                with closing(self._connect()) as connection:
                    self._work(connection, stop)
            except UNREACHABLE as error:
                log.warning("projector_lost_database", error=type(error).__name__)
                stop.wait(POLL)

    def catch_up(self) -> None:
        """Project all there is and return; a view that stumbles over an event has stopped there."""
        self._retry_at.clear()
        with closing(self._connect()) as connection:
            while self._round(connection, self.views, patient=True):
                pass

    def _connect(self) -> Connection:
        install(self.database, self.views)
        connection = self.database.connect(DatabaseRole.PROJECTOR, autocommit=True)
        # Rows and position of a view are in the log of the database together: what a crash takes of them is made anew.
        connection.execute("set synchronous_commit = off")
        return connection

    def _work(self, connection: Connection, stop: Event) -> None:
        """Project, until *stop* is set, the views on which nobody else is at work."""
        # Listen first and read then: what is recorded in between is either read or announced.
        connection.execute(f"listen {CHANNEL}")
        claimed: list[View] = []
        while not stop.is_set():
            for view in self.views:
                if view not in claimed and claim(connection, view.name, view.version):
                    claimed.append(view)
                    log.info("projector_at_work", view=view.name, version=view.version)
            if not self._round(connection, claimed):
                for _ in connection.notifies(timeout=POLL, stop_after=1):
                    pass

    def _round(self, connection: Connection, views: Iterable[View], *, patient: bool = False) -> bool:
        """Advance each of *views* by at most a page; tell whether any has advanced.

        Whoever is *patient* waits for a view that is being rebuilt, and fails when it takes too long.
        """
        read = Log(self.store)
        advanced = False
        for view in views:
            if time.monotonic() < self._retry_at.get(view.name, 0):
                continue
            try:
                advanced |= self._advance(connection, view, read, patient=patient)
            except UNREACHABLE as error:
                # Whoever loses the connection is not the one at work any more. Anything else, a lock held too long
                # for instance, concerns this view alone.
                if patient or connection.closed:
                    raise
                log.warning("view_delayed", view=view.name, error=type(error).__name__)
                self._retry_at[view.name] = time.monotonic() + RETRY
        if advanced:
            announce(connection)
        return advanced

    def _advance(self, connection: Connection, view: View, read: Log, *, patient: bool) -> bool:
        """Advance *view* by at most a page; tell whether it has advanced."""
        try:
            done = advance(connection, read, view, lock=LOCK if patient else LOCK_IF_FREE)
        except Taken:
            return False
        if done.stumbled:
            log.error("view_stopped", view=view.name, reason=str(done.stumbled))
            self._retry_at[view.name] = time.monotonic() + RETRY
        elif not done.digested and view.name not in self._published:
            publish(connection, self.database, view)
            self._published.add(view.name)
        return done.digested > 0
