"""What has been recorded, all of it?"""

from infra.eventstore import CaseStore, Recorded


def log_of(store: CaseStore) -> list[Recorded]:
    """Return every event of the log, in order."""
    return [
        Recorded(stored.id, store.mapper.to_domain_event(stored))
        for stored in store.recorder.select_notifications(start=None, limit=1_000_000)
    ]
