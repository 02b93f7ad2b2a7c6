"""How is a view made anew from the log, while its readers go on?"""

from collections.abc import Callable
from contextlib import closing

from infra.database import Database, DatabaseRole
from infra.eventstore import CaseStore
from services.projections.projecting import Log, digest
from services.projections.tracking import LOCK, move
from services.projections.views import View, install

Progress = Callable[[int, int], None]
"""Told how many events have been projected, and how many there are."""


def _silent(_: int, __: int) -> None:
    pass


def rebuild(database: Database, store: CaseStore, view: View, on_progress: Progress = _silent) -> None:
    """Make the rows of *view* anew from the whole log.

    In one transaction: until its end readers see the rows of before, and the projector leaves this view alone. An event
    that the view cannot digest raises Undigestible and leaves everything as it was.
    """
    install(database, [view])
    with closing(database.connect(DatabaseRole.PROJECTOR)) as connection, connection.transaction():
        connection.execute("set local statement_timeout = 0")
        connection.execute(LOCK, (view.name, view.version))
        for table in view.tables:
            connection.execute(b"delete from " + table.qualified.encode())
        position, head = 0, store.head()
        while events := (log := Log(store)).after(position):
            _, stumbled = digest(connection, log, view, events)
            if stumbled:
                raise stumbled
            position = events[-1].id
            on_progress(position, max(position, head))
        for table in view.tables:
            connection.execute(b"analyze " + table.qualified.encode())
        move(connection, view, position)
