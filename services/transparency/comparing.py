"""Do the events, the tiles and the checkpoints of a log say the same, and if not: which of them is wrong, and where?

One pass over the events makes the tree anew. Only where that differs from the files is it asked which of both agrees
with the checkpoint: that one is right, and the other was changed.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.values import Model
from infra.database import Connection
from infra.leaves import StoredEvent, entry, leaves, stored
from infra.signednotes import Checkpoint
from infra.tlog import HASH_BYTES, TILE_WIDTH, Edge, Tile, cut, leaf_hash, tile_of
from services.transparency.folder import LogError, LogFolder

BATCH = 16 * TILE_WIDTH
SHOWN = 20
"""How many faults are told at the most; how many there are is told too."""
LOOKED_INTO = 300
"""Up to how many events that are not what they were it is looked which of them have changed places."""
KEPT = 1000
"""Of how many of them the rows are kept for that."""
MOST_MISSING = 1_000_000
"""More events than can be gone in a row and each be told of: somebody made up a number."""
UNKNOWN = bytes(HASH_BYTES)
"""In the place of a leaf that cannot be read."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class TooMuchMissing(Exception):  # noqa: N818 - it says what is the matter
    """So much is gone that there is nothing to compare."""


Progress = Callable[[int, int], None]
"""Told how many events have been looked at, and how many there are."""


def silent(_: int, __: int) -> None:
    """Tell nobody."""


class Fault(Model):
    """Something that is not as it was recorded, or not as it should be."""

    what: str
    position: int | None = None
    event_id: str | None = None

    def __str__(self) -> str:
        """Say it in a line."""
        event = f", event {self.event_id}" if self.event_id else ""
        return f"position {self.position}{event}: {self.what}" if self.position else self.what


@dataclass
class Faults:
    """What was found: the first faults, and how many there are."""

    first: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, what: str, position: int | None = None, row: bytes | None = None) -> None:
        """Take note of a fault."""
        self.count += 1
        if len(self.first) < SHOWN:
            event_id = stored(row).id if row else None
            self.first.append(Fault(what=what, position=position, event_id=event_id))


@dataclass(frozen=True)
class Claim:
    """A checkpoint that the tree must agree with, and how to call it."""

    checkpoint: Checkpoint
    name: str
    signed: bool
    """Whether a log of the policy has signed it."""


@dataclass(frozen=True)
class Compared:
    """What was looked at."""

    after: int
    """The events up to this one were not."""
    head: int
    """The last event there is."""
    not_covered_since: datetime | None
    """When the first one was recorded that the checkpoint does not cover."""


@dataclass(frozen=True)
class Differing:
    """An event whose leaf is not the one that the tiles hold."""

    position: int
    row: bytes | None
    """``None``: there is no such event."""
    leaf: bytes
    """According to the tiles."""


@dataclass
class Comparison:
    """Compares the events of *log* up to *size*, of which the last of the *claims* is the checkpoint."""

    log: LogFolder
    size: int
    claims: Sequence[Claim]
    topics: Collection[str]
    faults: Faults
    on_progress: Progress = silent
    _edge: Edge = field(default_factory=Edge, init=False)
    """The tree of the events that were looked at so far."""
    _roots: dict[int, bytes] = field(default_factory=dict, init=False)
    """What it came to at the sizes of the claims."""
    _marks: list[int] = field(default_factory=list, init=False)
    """The sizes at which that is still to come, the last one first."""
    _differing: list[Differing] = field(default_factory=list, init=False)
    _differ: int = field(default=0, init=False)
    _wrong_tiles: dict[Tile, str] = field(default_factory=dict, init=False)
    _versions: dict[bytes, int] = field(default_factory=dict, init=False)
    _after: int = field(default=0, init=False)
    _gone_on: list[tuple[bytes, int, int, bytes]] = field(default_factory=list, init=False)
    """Streams that began before what is looked at: with which version they go on, at which position, in which row."""

    def run(self, connection: Connection, after: int) -> Compared:
        """Compare what comes *after* this many events, of which it is known that all is well with them."""
        below, head = connection.execute(
            "select count(*) filter (where position < 1), coalesce(max(position), 0) from store.events"
            " where position < 1 or position = (select max(position) from store.events)"
        ).fetchone() or (0, 0)
        if below:
            self.faults.add(f"there are {below} events before the first position")
        try:
            self._must_not_lack(head, self.size)
            after = self._compare(connection, after, head)
        except TooMuchMissing:
            return Compared(head, head, None)
        return Compared(after, head, _recorded_at(connection, self.size + 1))

    def _compare(self, connection: Connection, after: int, head: int) -> int:
        # If some are gone that were verified before, which ones is a question to all.
        self._after = after = self._begin(after if after <= head else 0)
        self._marks = sorted({claim.checkpoint.size for claim in self.claims if claim.checkpoint.size > after})[::-1]
        self._look_at(connection, after, self.size, max(head, self.size), self._take)
        with suppress(TooMuchMissing):
            self._look_at(connection, self.size, max(head, self.size), max(head, self.size), lambda *_: None)
        self._check_gone_on(connection)
        if self._differ or self._wrong_tiles or any(self._contradicts(claim, self._roots) for claim in self.claims):
            self._tell_which()
        return after

    def _must_not_lack(self, before: int, after: int) -> None:
        if after - before > MOST_MISSING:
            self.faults.add(f"the events from position {before + 1} to {after} are gone", before + 1)
            raise TooMuchMissing

    def run_on_files(self) -> None:
        """Compare the files alone, of a log that has ended."""
        self._tell_claims(self._roots_of_tiles())
        self._tell_tiles(lowest=False)

    def _begin(self, after: int) -> int:
        """Take up the tree where it was verified before; if that is not possible, all of it is looked at."""
        known = [claim.checkpoint.root for claim in self.claims if claim.checkpoint.size == after]
        if after:
            try:
                self._edge = Edge.of(after, self.log.read_tile)
            except LogError as error:
                self.faults.add(str(error))
            if not known or self._edge.root() != known[0]:
                self.faults.add(f"the tiles are not those of the {after} events that were verified before")
                self._edge, after = Edge(), 0
        self._roots[after] = self._edge.root()
        return after

    # --- one pass over the events -------------------------------------------------------------------------------------

    def _look_at(
        self,
        connection: Connection,
        after: int,
        until: int,
        total: int,
        take: Callable[[list[bytes], list[bytes | None]], None],
    ) -> None:
        """Look at the events from *after* + 1 to *until* and let *take* have their leaves, many at a time."""
        versions, topics = self._versions, {topic.encode() for topic in self.topics}
        hashes: list[bytes] = []
        rows: list[bytes | None] = []
        expected = after
        for position, version, stream, topic, hashed, row in leaves(connection, after, until):
            expected += 1
            if position != expected or versions.get(stream, 0) != version - 1 or topic not in topics:
                if position < expected:
                    self.faults.add("there is more than one event", position, row)
                    expected -= 1
                    continue
                self._must_not_lack(expected - 1, position - 1)
                missing = position - expected
                hashes += [b""] * missing
                rows += [None] * missing
                expected = position
                self._check_row(position, version, stream, topic, row, known=topic in topics)
            versions[stream] = version
            hashes.append(hashed)
            rows.append(row)
            if len(hashes) >= BATCH:
                take(hashes, rows)
                self.on_progress(position, total)
                hashes, rows = [], []
        take(hashes + [b""] * (until - expected), rows + [None] * (until - expected))
        self.on_progress(until, total)

    def _check_row(self, position: int, version: int, stream: bytes, topic: bytes, row: bytes, *, known: bool) -> None:  # noqa: PLR0913
        before = self._versions.get(stream, 0)
        if before != version - 1:
            if self._after and stream not in self._versions:
                self._gone_on.append((stream, version, position, row))
            else:
                self.faults.add(f"has version {version} in its stream, after version {before}", position, row)
        if not known:
            self.faults.add(f"has a topic that nobody knows: {topic.decode(errors='replace')!r}", position, row)

    def _check_gone_on(self, connection: Connection) -> None:
        """Check that the streams which began before have the version before."""
        if not self._gone_on:
            return
        found = connection.execute(
            "select n from unnest(%s::text[], %s::integer[]) with ordinality as gone_on(stream, version, n)"
            " where not exists (select from store.events e"
            " where e.stream = gone_on.stream and e.version = gone_on.version - 1 and e.position <= %s)",
            (
                [stream.decode(errors="replace") for stream, *_ in self._gone_on],
                [version for _, version, *_ in self._gone_on],
                self._after,
            ),
        ).fetchall()
        for (number,) in found:
            _, version, position, row = self._gone_on[number - 1]
            self.faults.add(f"has version {version} in its stream, and there is no version before it", position, row)

    def _take(self, hashes: list[bytes], rows: list[bytes | None]) -> None:
        """Hold leaves against the tiles, and add them to the tree."""
        start = 0
        while start < len(hashes):
            end = min(len(hashes), start + self._marks[-1] - self._edge.size)
            self._add(self._held_against_tiles(hashes[start:end], rows[start:end]))
            start = end
            if self._edge.size == self._marks[-1]:
                self._roots[self._marks.pop()] = self._edge.root()
                self._check_partial()

    def _add(self, hashes: list[bytes]) -> None:
        for tile, content in self._edge.add(hashes):
            self._check_tile(tile, content)

    def _check_tile(self, tile: Tile, content: bytes) -> None:
        """Check a full tile above the lowest, whose tiles are held against the events one by one."""
        if tile.level:
            self._must_hold(tile, content)

    def _check_partial(self) -> None:
        """Check the partial tiles of a checkpoint: as long as they are there, somebody may ask for them."""
        for tile, content in self._edge.partial():
            if self._edge.size == self.size or not self.log.has_full(tile):
                self._must_hold(tile, content)

    def _must_hold(self, tile: Tile, content: bytes) -> None:
        try:
            if self.log.read_tile(tile) != content:
                below = "tiles below it" if tile.level else "checkpoint"
                self._wrong_tiles.setdefault(
                    tile, f"{tile.path} is not what the {below} say{'' if tile.level else 's'}"
                )
        except LogError as error:
            self._wrong_tiles[tile] = str(error)

    def _held_against_tiles(self, hashes: list[bytes], rows: list[bytes | None]) -> list[bytes]:
        """Return *hashes*, with that of the tiles where there is no event."""
        first = self._edge.size
        theirs = self._leaves_of_tiles(first, first + len(hashes))
        if b"".join(hashes) == theirs:
            return hashes
        found = []
        for n, (ours, leaf) in enumerate(zip(hashes, cut(theirs), strict=True)):
            if ours != leaf:
                self._differ += 1
                if len(self._differing) < KEPT:
                    self._differing.append(Differing(first + n + 1, rows[n], leaf))
            found.append(ours or leaf)
        return found

    def _leaves_of_tiles(self, start: int, end: int) -> bytes:
        joined = []
        for number in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            tile = tile_of(0, number, self.size)
            try:
                content = self.log.read_tile(tile)
            except LogError as error:
                self._wrong_tiles[tile] = str(error)
                content = UNKNOWN * tile.width
            begin = number * TILE_WIDTH
            joined.append(content[max(0, start - begin) * HASH_BYTES : (end - begin) * HASH_BYTES])
        return b"".join(joined)

    # --- which of them is wrong ---------------------------------------------------------------------------------------

    def _contradicts(self, claim: Claim, roots: dict[int, bytes]) -> bool:
        size = claim.checkpoint.size
        return size in roots and roots[size] != claim.checkpoint.root

    def _tell_which(self) -> None:
        """Say what is wrong: who agrees with the checkpoint is right."""
        checkpoint = self.claims[-1]
        beside_events = dict(self._wrong_tiles)
        theirs = self._roots_of_tiles()
        if not self._contradicts(checkpoint, theirs):
            self._tell_events()
            self._tell_tiles(lowest=False)
            self._tell_claims(theirs)
        elif not self._contradicts(checkpoint, self._roots):
            self._wrong_tiles = beside_events
            self._tell_tiles(lowest=True)
            self._tell_claims(self._roots)
        else:
            self._tell_events()
            self._tell_tiles(lowest=False)
            self._tell_claims(self._roots if not self._differ else theirs)

    def _roots_of_tiles(self) -> dict[int, bytes]:
        """Return the roots of the tree of the lowest tiles, and take note of tiles above it that differ."""
        edge, roots = Edge(), {0: Edge().root()}
        self._wrong_tiles = {}
        self._edge = edge
        for mark in sorted({claim.checkpoint.size for claim in self.claims}):
            while edge.size < mark:
                end = min(mark, edge.size + BATCH)
                self._add(cut(self._leaves_of_tiles(edge.size, end)))
            roots[mark] = edge.root()
            self._check_partial()
        return roots

    def _tell_events(self) -> None:
        at = {differing.position: differing.leaf for differing in self._differing}
        for differing in self._differing:
            position, row = differing.position, differing.row
            if row is None:
                self.faults.add("the event that was recorded here is gone", position)
            elif differing.leaf == UNKNOWN:
                continue  # its tile cannot be read, and that is told
            elif elsewhere := _recorded_elsewhere(stored(row), position, at):
                self.faults.add(f"was recorded at position {elsewhere}", position, row)
            else:
                self.faults.add("is not what was recorded here: it was changed, or put there", position, row)
        self.faults.count += self._differ - len(self._differing)

    def _tell_tiles(self, *, lowest: bool) -> None:
        """Say which tiles are wrong; the *lowest* where the events are right."""
        if lowest:
            for differing in self._differing:
                tile = tile_of(0, (differing.position - 1) // TILE_WIDTH, self.size)
                self._wrong_tiles.setdefault(
                    tile, f"{tile.path} is not what the events say, from position {differing.position} on"
                )
        for what in self._wrong_tiles.values():
            self.faults.add(what)

    def _tell_claims(self, roots: dict[int, bytes]) -> None:
        """Say which checkpoints hold other events than the tree with *roots*, and between which positions."""
        good = 0
        told = False
        for claim in sorted(self.claims, key=lambda claim: claim.checkpoint.size):
            size = claim.checkpoint.size
            if not self._contradicts(claim, roots):
                good = max(good, size)
            elif not claim.signed:
                self.faults.add(f"{claim.name} holds other events")
            else:
                where = "" if told else f": an event from position {good + 1} to {size} was replaced in one of both"
                self.faults.add(f"{claim.name} was signed for other events than those that are here{where}")
                told = True


def _recorded_elsewhere(event: StoredEvent, position: int, leaf_at: dict[int, bytes]) -> int | None:
    """Return at which other position *event* was recorded, if at one of those *leaf_at*."""
    others = leaf_at if len(leaf_at) <= LOOKED_INTO else (position - 1, position + 1)
    for other in others:
        moved = event._replace(position=other.to_bytes(8))
        if leaf_hash(entry(moved)) == leaf_at.get(other):
            return other
    return None


def _recorded_at(connection: Connection, position: int) -> datetime | None:
    found = connection.execute("select recorded_at from store.events where position = %s", (position,)).fetchone()
    return found[0] if found else None
