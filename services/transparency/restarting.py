"""How does a log go on after a restore that lost events which it holds?

It does not: it ends, and another one begins, whose name is made of what is said about that. So every checkpoint of the
new log commits to the last one of the old log, and whoever watches must be told of the new name.
"""

from contextlib import ExitStack
from dataclasses import dataclass

from infra.database import Connection, Database
from infra.leaves import leaves
from infra.signednotes import Checkpoint, SignerKey
from infra.tlog import EMPTY_ROOT, HASH_BYTES, TILE_WIDTH, tile_of
from services.transparency.folder import RESTART, SIGNED, LogError, LogFolder, Restart, all_logs
from services.transparency.keys import Place, add_key, begin_log, signed, trust
from services.transparency.writer import last_signed, surely_at_work

PATIENCE = 15.0
"""Seconds to wait for a writer that is just looking whether all is well again."""
REASON_CHARACTERS = 500


@dataclass(frozen=True)
class Restarted:
    """What came of it."""

    key: SignerKey
    kept: int
    lost: int


def restart(database: Database, place: Place, reason: str, at: int) -> Restarted:
    """End the log that is written and begin another one, for *reason*, at the second *at*. Raises LogError.

    The events up to some position must be those that the old log holds, and none after it: a log does not end because
    somebody changed an event.
    """
    if not reason.strip() or not reason.isprintable() or len(reason) > REASON_CHARACTERS:
        message = f"a reason is one line of at most {REASON_CHARACTERS} characters"
        raise LogError(message)
    with ExitStack() as stack:
        connection = surely_at_work(database, place, stack, PATIENCE)
        logs = all_logs(place.folder)
        old = logs[-1]
        last, note = last_signed(old), old.note(SIGNED)
        if note is None:  # last_signed has said so
            raise AssertionError
        kept = _kept(connection, old, last)
        told = Restart(at, kept, reason.strip(), note)
        origin = told.origin(last.origin)
        key = add_key(place, origin)
        trust(place, key)
        first = signed(Checkpoint(origin, 0, EMPTY_ROOT), [key])
        begin_log(place.folder / str(len(logs) + 1), first, [(RESTART, told.content)])
    return Restarted(key, kept, last.size - kept)


def _kept(connection: Connection, old: LogFolder, last: Checkpoint) -> int:
    """Return how many of the events are the first ones of the log *old*. Raises LogError if it lost none, or others."""
    tile, kept, content = -1, 0, b""
    for position, *_, hashed, _ in leaves(connection, 0, last.size):
        number, within = divmod(position - 1, TILE_WIDTH)
        if number != tile:
            tile, content = number, old.read_tile(tile_of(0, number, last.size))
        if hashed != content[within * HASH_BYTES : (within + 1) * HASH_BYTES]:
            continue
        if position != kept + 1:
            message = f"the event at position {kept + 1} was changed, and not lost: weerbaar verify says more"
            raise LogError(message)
        kept = position
    if kept == last.size:
        message = "the database holds all events of the log: there is nothing to begin anew"
        raise LogError(message)
    return kept
