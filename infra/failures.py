"""What do errors of the driver mean to those who know the eventsourcing library and us, but not the driver?"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    ProgrammingError,
)


class VersionConflict(IntegrityError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """A stream that the decision depends on has changed since it was loaded."""


class EventAlreadyRecorded(IntegrityError):  # noqa: N818 - a state to deal with, like a refusal of the domain
    """An event with this id stands in the log: this very event, if ids are made as they should be."""


_THEIRS: tuple[tuple[type[psycopg.Error], type[PersistenceError]], ...] = (
    (psycopg.InterfaceError, InterfaceError),
    (psycopg.OperationalError, OperationalError),
    (psycopg.DataError, DataError),
    (psycopg.IntegrityError, IntegrityError),
    (psycopg.InternalError, InternalError),
    (psycopg.ProgrammingError, ProgrammingError),
    (psycopg.NotSupportedError, NotSupportedError),
    (psycopg.DatabaseError, DatabaseError),
    (psycopg.Error, PersistenceError),
)


def translation(error: Exception) -> Exception:
    """Return the library's exception, or ours, for one of psycopg; any other as it is."""
    if not isinstance(error, psycopg.Error):
        return error
    theirs = next(theirs for raised, theirs in _THEIRS if isinstance(error, raised))
    if error.diag.constraint_name == "events_event_id_key":
        theirs = EventAlreadyRecorded
    # The first line only: the details of a failing row hold its whole contents.
    return theirs(error.diag.message_primary or str(error))


@contextmanager
def translated() -> Iterator[None]:
    """Raise the library's exceptions, or ours, for those of psycopg."""
    try:
        yield
    except psycopg.Error as error:
        # Without the cause, which has the details.
        raise translation(error) from None
