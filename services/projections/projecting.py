"""What does a page of the log change in a view?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, LiteralString

import psycopg
from eventsourcing import persistence

from domain.basis import Grant, Kind, StreamId
from infra.database import Connection
from infra.eventstore import CaseStore, Recorded
from infra.recorder import LAST, FactNotification
from infra.vault import CaseKeys, opened
from services.projections.rows import found
from services.projections.tracking import LOCK, move
from services.projections.views import View

PAGE = 2000
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


class Taken(Exception):  # noqa: N818 - it says what the view is
    """Somebody else is at work on this view."""


@dataclass
class Log:
    """The log as it is read in one round: each page is fetched once, and each event decoded once, for all views."""

    store: CaseStore
    _pages: dict[int, Sequence[FactNotification]] = field(default_factory=dict)
    _recorded: dict[int, Recorded] = field(default_factory=dict)
    _keys: dict[str, CaseKeys] = field(default_factory=dict)

    def after(self, position: int) -> Sequence[FactNotification]:
        """Return the events after *position*, at most a page of them."""
        if position not in self._pages:
            page = self.store.recorder.select_notifications(start=position, limit=PAGE, inclusive_of_start=False)
            self._keys |= self.store.vault.of({str(stored.originator_id) for stored in page})
            self._pages[position] = page
        return self._pages[position]

    def recorded(self, stored: FactNotification) -> Recorded:
        """Return *stored* with its fact. Raises what the mapper raises."""
        if stored.id not in self._recorded:
            mapper = self.store.mapper
            event = opened(mapper.to_domain_event(stored), self._keys.get(str(stored.originator_id)), personal=False)
            _, state = mapper.newest(stored.topic, stored.state)
            self._recorded[stored.id] = Recorded(stored.id, event, state)
        return self._recorded[stored.id]

    @cached_property
    def _kinds(self) -> Mapping[str, Kind[Any]]:
        return {kind.name: kind for kind in self.store.kinds}

    def kind(self, stream: StreamId) -> Kind[Any]:
        """Return the kind that *stream* is of."""
        return self._kinds[stream.partition(":")[0]]


@dataclass(frozen=True)
class Advanced:
    """What has become of a page of the log."""

    position: int
    """How far the view has come."""
    digested: int
    """How many events it has digested."""
    stumbled: Undigestible | None
    """What it could not digest, which is the event after them."""


def advance(connection: Connection, log: Log, view: View, *, lock: LiteralString = LOCK, until: int = LAST) -> Advanced:
    """Let *view* go on by a page of the log, up to *until*: its rows and its position change together or not at all.

    *lock* takes the row with its position. Raises Taken where it takes none, and one of UNREACHABLE.
    """
    with connection.transaction():
        row = connection.execute(lock, (view.name, view.version)).fetchone()
        if row is None:
            raise Taken
        events = [event for event in log.after(row[0]) if event.id <= until]
        digested, stumbled = digest(connection, log, view, events)
        position = events[digested - 1].id if digested else row[0]
        if stumbled:
            move(connection, view, position, stumbled.event.event_id, str(stumbled))
        elif digested:
            move(connection, view, position)
    return Advanced(position, digested, stumbled)


def digest(
    connection: Connection, log: Log, view: View, events: Sequence[FactNotification]
) -> tuple[int, Undigestible | None]:
    """Change the tables of *view* by *events* and return how many it digested, and what it stumbled over.

    What comes before the stumbling block is done. Raises one of UNREACHABLE.
    """
    concerned = [event for event in events if view.needs(event.topic)]
    _, stumbled = _digest(connection, log, view, concerned)
    return (len(events), None) if stumbled is None else (events.index(stumbled.event), stumbled)


def _digest(
    connection: Connection, log: Log, view: View, events: Sequence[FactNotification]
) -> tuple[int, Undigestible | None]:
    if not events:
        return 0, None
    begun = {event.originator_id for event in events if event.originator_version == 1}
    try:
        with connection.transaction():
            rows = found(connection, view.tables, {str(event.originator_id) for event in events} - begun)
            access_lists = _AccessLists(log)
            for event in events:
                recorded = log.recorded(event)
                view.project(rows, recorded)
                if view.regrant and (grants := access_lists.after(recorded)) is not None:
                    view.regrant(rows, StreamId(recorded.event.originator_id), grants)
            rows.write(connection)
    except Exception as error:
        # Whatever else it is, the view stops at the event and says so.
        if isinstance(error, UNREACHABLE) and not (getattr(error, "sqlstate", "") or "").startswith(LIMITS):
            raise
        if len(events) == 1:
            return 0, Undigestible(events[0], error)
    else:
        return len(events), None
    # One of them is refused: the half with it is found, and everything before it done.
    half = len(events) // 2
    digested, stumbled = _digest(connection, log, view, events[:half])
    if stumbled is None:
        more, stumbled = _digest(connection, log, view, events[half:])
        digested += more
    return digested, stumbled


@dataclass
class _AccessLists:
    """Who is party to a case after an event: from the states, since it may depend on all that went before.

    A state is loaded when the first fact on a page that grants anything comes by, unless that begins the stream. From
    there on it follows such facts alone, on which the access list depends (``Kind.granting``).
    """

    log: Log
    _states: dict[str, Any] = field(default_factory=dict)

    def after(self, recorded: Recorded) -> frozenset[Grant] | None:
        """Return the access list after the event, or ``None`` where it cannot have changed."""
        event = recorded.event
        stream = StreamId(event.originator_id)
        kind = self.log.kind(stream)
        if event.originator_version == 1:
            state = kind.empty
        elif not isinstance(event.fact, kind.granting):
            return None
        elif stream in self._states:
            state = self._states[stream]
        else:
            state = self.log.store.load(kind, stream, version=event.originator_version - 1).state
        self._states[stream] = kind.evolve(state, event.fact)
        return kind.grants(self._states[stream])
