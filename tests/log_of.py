"""What has been recorded, all of it?"""

from infra.events import Event
from infra.eventstore import CaseStore, Recorded


def log_of(store: CaseStore) -> list[Recorded]:
    """Return every event of the log, in order, as views are told it."""
    stored = store.recorder.select_notifications(start=None, limit=1_000_000)
    sealed = [store.mapper.to_domain_event(event) for event in stored]
    opened = store.opened(sealed, personal=False)
    return [
        Recorded(row.id, event, store.mapper.newest(row.topic, row.state)[1])
        for row, event in zip(stored, opened, strict=True)
    ]


def whole_log_of(store: CaseStore) -> list[Event]:
    """Return every event of the log, in order, with all that is sealed in it opened."""
    stored = store.recorder.select_notifications(start=None, limit=1_000_000)
    return store.opened([store.mapper.to_domain_event(event) for event in stored])
