"""A database of notes with a transparency log of it, for tests: made fast, and read as the bytes that it is."""

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from infra.database import Database
from infra.signednotes import Checkpoint, Policy, SignerKey, parse_checkpoint, parse_note
from infra.tlog import Edge, Tile
from services.transparency.folder import CHECKPOINT, POLICY, LogFolder, current_log
from services.transparency.keys import Place, begin, signed
from services.transparency.verifying import Report, Verification
from services.transparency.writer import Writer

ORIGIN = "test.weerbaar.invalid/log"
TOPIC = "note.noted.v1"

RECORD = """
insert into store.events (position, stream, version, topic, event_id, metadata, state)
select n, 'note:' || (n - 1) / 8, (n - 1) %% 8 + 1, 'note.noted.v1', gen_random_uuid(),
    '{"actor":"p-1","role":"support_team"}', convert_to(format('{"text":"note %%s"}', n), 'UTF8')
from generate_series((select coalesce(max(position), 0) from store.events) + 1, %s) n
"""


@dataclass
class Kept:
    """Events, and the files of their log."""

    database: Database
    place: Place
    origin: str = ORIGIN
    begun: SignerKey = field(init=False)

    def __post_init__(self) -> None:
        """Begin the log."""
        self.begun = begin(self.place, self.origin)

    @property
    def log(self) -> LogFolder:
        """The log that is written."""
        return current_log(self.place.folder)

    @property
    def checkpoint(self) -> Checkpoint:
        """The one that is published."""
        return parse_checkpoint(parse_note((self.log.path / CHECKPOINT).read_bytes()).text)

    def record(self, until: int) -> None:
        """Record notes up to the position *until*, eight in each stream."""
        with closing(self.database.owner(autocommit=True)) as connection:
            connection.execute(RECORD, (until,))

    def write(self) -> None:
        """Write the log of what was recorded."""
        Writer(self.database, self.place).catch_up()

    def recorded(self, *sizes: int) -> "Kept":
        """Record and publish up to each of *sizes* in turn."""
        for size in sizes:
            self.record(size)
            self.write()
        return self

    def verify(self, *, full: bool = True, policy: Policy | None = None) -> Report:
        """Verify."""
        return Verification(
            database=self.database,
            folder=self.place.folder,
            policy=policy or self.place.policy(),
            topics=frozenset({TOPIC}),
            trusted_file=self.place.folder.parent / "verified",
            full=full,
        ).run()

    def event(self, position: int) -> str:
        """Return the identifier of the event at *position*."""
        with closing(self.database.owner()) as connection:
            found = connection.execute("select event_id from store.events where position = %s", (position,)).fetchone()
        assert found
        assert isinstance(found[0], UUID)
        return str(found[0])

    def forge(self, change: Callable[[list[bytes]], None], *, checkpoint: bool = False) -> None:
        """Make all tiles anew after a *change* of the leaves, and with a stolen key the *checkpoint* too."""
        size = self.checkpoint.size
        leaves = [leaf for number in range(-(-size // 256)) for leaf in self._leaves(number, size)]
        change(leaves)
        edge = Edge()
        for tile, content in [*edge.add(leaves), *edge.partial()]:
            self.log.write_tile(tile, content)
        if checkpoint:
            note = signed(Checkpoint(self.origin, edge.size, edge.root()), self.place.signers())
            self.log.write_note(CHECKPOINT, note)
            self.log.write_note("signed", note)

    def _leaves(self, number: int, size: int) -> list[bytes]:
        content = self.log.read_tile(Tile(0, number, min(256, size - 256 * number)))
        return [content[start : start + 32] for start in range(0, len(content), 32)]

    def saved(self, name: str) -> Path:
        """Return a copy of all files of the log, called *name*."""
        return Path(shutil.copytree(self.place.folder, self.place.folder.with_name(name)))

    def put_back(self, copy: Path) -> None:
        """Put a copy in the place of the files of the log."""
        shutil.rmtree(self.place.folder)
        shutil.copytree(copy, self.place.folder)


def place_in(folder: Path) -> Place:
    """Return the place of a log in *folder*."""
    return Place(folder / "log", folder / "log-key", folder / "log" / POLICY)
