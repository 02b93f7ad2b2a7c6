"""What does a page of the log change in a view?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import Any

import psycopg
from eventsourcing import persistence

from domain.basis import Grant, StreamId
from infra.database import Connection
from infra.eventstore import CaseStore, Recorded
from infra.recorder import FactNotification
from services.projections.views import Change, View

PAGE = 500
"""How many events are projected in one transaction at most."""

UNREACHABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    persistence.OperationalError,
    persistence.InterfaceError,
)
"""What says something about the database at this moment, and nothing about an event."""

LIMITS = "54"
"""PostgreSQL's class of errors for what exceeds a limit: psycopg calls them operational, but they are the event's."""


class Undigestible(Exception):  # noqa: N818 - it says what the event is
    """A view cannot digest an event. The message holds no personal data: that of the cause may quote the event."""

    def __init__(self, event: FactNotification, error: Exception) -> None:
        """Name the class of *error* and the *event*."""
        super().__init__(f"{type(error).__name__} at {event.topic}, event {event.event_id}")
        self.event = event


@dataclass
class Log:
    """The log as it is read in one round: each page is fetched once, and each event decoded once, for all views."""

    store: CaseStore
    _pages: dict[int, Sequence[FactNotification]] = field(default_factory=dict)
    _recorded: dict[int, Recorded] = field(default_factory=dict)

    def after(self, position: int) -> Sequence[FactNotification]:
        """Return the events after *position*, at most a page of them."""
        if position not in self._pages:
            self._pages[position] = self.store.recorder.select_notifications(
                start=position, limit=PAGE, inclusive_of_start=False
            )
        return self._pages[position]

    def recorded(self, stored: FactNotification) -> Recorded:
        """Return *stored* with its fact. Raises what the mapper raises."""
        if stored.id not in self._recorded:
            self._recorded[stored.id] = Recorded(stored.id, self.store.mapper.to_domain_event(stored))
        return self._recorded[stored.id]


def digest(
    connection: Connection, log: Log, view: View, events: Sequence[FactNotification]
) -> tuple[int, Undigestible | None]:
    """Change the tables of *view* by *events* and return how many it digested, and what it stumbled over.

    What comes before the stumbling block is done. Raises one of UNREACHABLE.
    """
    changes: list[list[Change]] = []
    stumbled = None
    of_event = _changes(log, view)
    for event in events:
        try:
            changes.append(list(of_event(event)))
        except UNREACHABLE:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the view stops here and says so
            stumbled = Undigestible(event, error)
            break
    digested, refused = _apply(connection, changes)
    if refused is not None:
        stumbled = Undigestible(events[digested], refused)
    return digested, stumbled


def _apply(connection: Connection, changes: Sequence[list[Change]]) -> tuple[int, psycopg.Error | None]:
    """Execute the *changes* of as many events as the database takes; return how many, and why it refused the next."""
    if not changes:
        return 0, None
    try:
        with connection.transaction(), connection.cursor() as cursor:
            for statement, group in groupby(chain.from_iterable(changes), key=lambda change: change.statement):
                cursor.executemany(statement, [change.parameters for change in group])
    except psycopg.Error as error:
        if isinstance(error, UNREACHABLE) and not (error.sqlstate or "").startswith(LIMITS):
            raise
        if len(changes) == 1:
            return 0, error
    else:
        return len(changes), None
    # One of them is refused: the half with it is found, and everything before it done.
    half = len(changes) // 2
    digested, refused = _apply(connection, changes[:half])
    if refused is None:
        more, refused = _apply(connection, changes[half:])
        digested += more
    return digested, refused


def _changes(log: Log, view: View) -> Callable[[FactNotification], Iterable[Change]]:
    """Return the function that tells what an event changes in *view*."""
    access_lists = _AccessLists(log)

    def of_event(event: FactNotification) -> Iterator[Change]:
        if view.needs(event.topic):
            recorded = log.recorded(event)
            yield from view.changes(recorded)
            if view.regrants and (around := access_lists.around(recorded)):
                yield from view.regrants(StreamId(recorded.event.originator_id), *around)

    return of_event


@dataclass
class _AccessLists:
    """Who is party to a case before and after an event: from the states, since it may depend on all that went before.

    A state is loaded when the first fact on a page that grants anything comes by, unless that begins the stream. From
    there on it follows such facts alone, on which the access list depends (``Kind.granting``).
    """

    log: Log
    _states: dict[str, Any] = field(default_factory=dict)

    def around(self, recorded: Recorded) -> tuple[frozenset[Grant], frozenset[Grant]] | None:
        """Return the access list before and after the event, or ``None`` where it cannot have changed."""
        event = recorded.event
        stream = StreamId(event.originator_id)
        kind = next(kind for kind in self.log.store.kinds if stream.startswith(f"{kind.name}:"))
        begins = event.originator_version == 1
        if not begins and not isinstance(event.fact, kind.granting):
            return None
        if begins:
            state = kind.empty
        elif stream in self._states:
            state = self._states[stream]
        else:
            state = self.log.store.load(kind, stream, version=event.originator_version - 1).state
        self._states[stream] = kind.evolve(state, event.fact)
        # Nobody is party to what has not begun, whatever a kind says of its empty state.
        return frozenset() if begins else kind.grants(state), kind.grants(self._states[stream])
