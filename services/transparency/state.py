"""How far has the transparency log come, and what does it not cover yet?"""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.values import Model
from infra.database import Database, DatabaseRole
from infra.signednotes import MalformedNote, Policy, parse_checkpoint, parse_note
from services.transparency.folder import CHECKPOINT, LogError, current_log
from services.transparency.keys import Place

VERIFIED = "verified"
"""The trusted file of a verification that is given no other one."""
PATIENCE = timedelta(seconds=60)
"""After how long an event that is in no checkpoint is a reason to look what is the matter: six windows."""

WAITING = """
select coalesce(max(position), 0),
    (select clock_timestamp() - e.recorded_at from store.events e where e.position = %s)
from store.events
"""


class LogState(Model):
    """How the log is doing."""

    origin: str
    size: int
    """How many events the last published checkpoint covers."""
    published_at: datetime
    witnessed: Mapping[str, datetime]
    """Which witnesses of the policy have cosigned it, and when."""
    head: int
    """How many events there are."""
    waiting: timedelta
    """For how long the first event that is not covered has been waiting."""
    verified_size: int
    """How many events were found to be as they were recorded, the last time."""
    verified_at: datetime | None

    @property
    def late(self) -> bool:
        """Whether somebody should look why events are not covered."""
        return self.waiting > PATIENCE


def state_of(database: Database, place: Place) -> LogState | None:
    """Return how the log at *place* is doing, or ``None`` where there is none. Raises LogError."""
    if not place.folder.exists():
        return None
    log = current_log(place.folder)
    note = log.note(CHECKPOINT)
    if note is None:
        message = f"{log.path.name}/{CHECKPOINT} is missing"
        raise LogError(message)
    try:
        checkpoint = parse_checkpoint(note.text)
        policy: Policy = place.policy()
        times = {witness.name: note.signed_by(witness.key) for witness in policy.witnesses}
    except MalformedNote as error:
        message = f"{log.path.name}/{CHECKPOINT} cannot be read: {error}"
        raise LogError(message) from None
    with closing(database.connect(DatabaseRole.AUDITOR, autocommit=True)) as connection:
        head, waiting = connection.execute(WAITING, (checkpoint.size + 1,)).fetchone() or (0, None)
    verified_size, verified_at = _verified(place.folder / VERIFIED)
    return LogState(
        origin=checkpoint.origin,
        size=checkpoint.size,
        published_at=_changed(log.path / CHECKPOINT),
        witnessed={name: datetime.fromtimestamp(time, UTC) for name, time in times.items() if time is not None},
        head=head,
        waiting=waiting or timedelta(),
        verified_size=verified_size,
        verified_at=verified_at,
    )


def _verified(path: Path) -> tuple[int, datetime | None]:
    try:
        return parse_checkpoint(parse_note(path.read_bytes()).text).size, _changed(path)
    except (OSError, MalformedNote):
        return 0, None


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
