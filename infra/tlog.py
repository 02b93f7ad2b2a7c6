"""How does a row of entries become a tree of hashes that proves what is in it, and that it was only added to?

Pure. How the tree is hashed is RFC 6962, 2.1; how a proof is checked RFC 9162, 2.1.3 and 2.1.4; how the hashes are cut
into files, C2SP tlog-tiles. An entry counts from 0; the hashes of entries are the leaves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH_BYTES
MOST = 1 << 62
"""More entries than there will ever be: a size beyond it is a mistake, or meant to hurt."""

EMPTY_ROOT = sha256(b"").digest()
"""Of a tree without entries."""

Nodes = Callable[[int, int], bytes]
"""Gives the hash of the *index*-th full subtree of 2 ** *height* entries."""


class InvalidProof(Exception):  # noqa: N818 - it says what the proof is
    """The proof does not show what it should."""


# --- hashing ----------------------------------------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """Return the leaf of an *entry*."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above *left* and *right*."""
    return sha256(b"\x01" + left + right).digest()


def tree_hash(hashes: Sequence[bytes]) -> bytes:
    """Return the root above *hashes*, which are those of subtrees of one size, of which the last may be smaller."""
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > 1:
        pairs = iter(hashes)
        above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        # The one without a neighbour goes up as it is.
        hashes = above if len(hashes) % 2 == 0 else [*above, hashes[-1]]
    return hashes[0]


def cut(joined: bytes) -> list[bytes]:
    """Return the hashes that *joined* consists of."""
    return [joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES)]


# --- tiles ------------------------------------------------------------------------------------------------------------


class Tile(NamedTuple):
    """A file of hashes: on level 0 leaves, above it the roots of full tiles of the level below."""

    level: int
    number: int
    width: int = TILE_WIDTH
    """Less than 256: a partial one, at the right edge of a tree."""

    @property
    def path(self) -> str:
        """Where it is, below the address of the log: ``tile/0/x001/x234/067.p/8``."""
        groups = [f"{self.number % 1000:03d}"]
        rest = self.number // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03d}")
            rest //= 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(groups)}{partial}"


def tile_of(level: int, number: int, size: int) -> Tile:
    """Return the tile *number* of *level*, as wide as it is in a tree of *size* entries."""
    hashes = size >> (TILE_HEIGHT * level)
    return Tile(level, number, min(TILE_WIDTH, hashes - number * TILE_WIDTH))


def partial_tiles(size: int) -> list[Tile]:
    """Return the partial tiles at the right edge of a tree of *size* entries, the lowest first."""
    tiles = []
    level = 0
    while hashes := size >> (TILE_HEIGHT * level):
        if width := hashes % TILE_WIDTH:
            tiles.append(Tile(level, hashes // TILE_WIDTH, width))
        level += 1
    return tiles


def nodes_of(size: int, read: Callable[[Tile], bytes]) -> Nodes:
    """Return the nodes of a tree of *size* entries, whose tiles *read* gives."""

    def node(height: int, index: int) -> bytes:
        level, within = divmod(height, TILE_HEIGHT)
        first = index << within
        tile = tile_of(level, first // TILE_WIDTH, size)
        start = first % TILE_WIDTH * HASH_BYTES
        return tree_hash(cut(read(tile)[start : start + (HASH_BYTES << within)]))

    return node


@dataclass
class Edge:
    """The right edge of a tree that grows: all that is needed to add to it, and to tell its root."""

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)
    """The hashes of the partial tile of each level."""

    @classmethod
    def of(cls, size: int, read: Callable[[Tile], bytes]) -> "Edge":
        """Return the edge of a tree of *size* entries, whose tiles *read* gives."""
        partial = {tile.level: tile for tile in partial_tiles(size)}
        height = max(partial, default=-1) + 1
        return cls(size, [cut(read(partial[level])) if level in partial else [] for level in range(height)])

    def add(self, leaves: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Add *leaves*, and yield the tiles that are full by that, as they fill up."""
        if not self.levels:
            self.levels.append([])
        start = 0
        while start < len(leaves):
            more = leaves[start : start + TILE_WIDTH - len(self.levels[0])]
            self.levels[0] += more
            self.size += len(more)
            start += len(more)
            yield from self._close_full_ones()

    def _close_full_ones(self) -> Iterator[tuple[Tile, bytes]]:
        level = 0
        while len(self.levels[level]) == TILE_WIDTH:
            hashes = self.levels[level]
            self.levels[level] = []
            yield Tile(level, (self.size >> (TILE_HEIGHT * (level + 1))) - 1), b"".join(hashes)
            level += 1
            if level == len(self.levels):
                self.levels.append([])
            self.levels[level].append(tree_hash(hashes))

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """Yield the partial tiles."""
        for tile in partial_tiles(self.size):
            yield tile, b"".join(self.levels[tile.level])

    def root(self) -> bytes:
        """Return the root of the tree."""
        below: list[bytes] = []
        for hashes in self.levels:
            if hashes or below:
                below = [tree_hash([*hashes, *below])]
        return tree_hash(below)


# --- proofs -----------------------------------------------------------------------------------------------------------


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than *size*."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(nodes: Nodes, start: int, end: int) -> bytes:
    """Return the root of the tree over the entries from *start* up to *end*, where that is a subtree of the whole."""
    size = end - start
    if size.bit_count() == 1:
        height = size.bit_length() - 1
        return nodes(height, start >> height)
    middle = start + _split(size)
    return node_hash(range_hash(nodes, start, middle), range_hash(nodes, middle, end))


def root_of(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree of the first *size* entries."""
    return range_hash(nodes, 0, size) if size else EMPTY_ROOT


def prove_inclusion(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Return the proof that the entry *index* is in the tree of *size* entries."""
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_hash(nodes, middle, end))
            end = middle
        else:
            proof.append(range_hash(nodes, start, middle))
            start = middle
    return proof[::-1]


def prove_consistency(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of *old* entries became the one of *new* by adding only."""
    if not 0 < old < new:
        return []
    start, end = 0, new
    proof: list[bytes] = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(nodes, middle, end))
            end = middle
        else:
            proof.append(range_hash(nodes, start, middle))
            start = middle
    if start:  # otherwise it is the old root, which whoever checks has
        proof.append(range_hash(nodes, start, end))
    return proof[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that *leaf* is the entry *index* of the tree of *size* entries with *root*. Raises InvalidProof."""
    if not 0 <= index < size <= MOST:
        message = f"there is no entry {index} among {size}"
        raise InvalidProof(message)
    found = leaf
    for other, is_left in _way_up(index, size, proof):
        found = node_hash(other, found) if is_left else node_hash(found, other)
    _must_be(root, found)


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of *old* entries became the one of *new* by adding only. Raises InvalidProof."""
    if not 0 <= old <= new <= MOST:
        message = f"{old} entries cannot have become {new}"
        raise InvalidProof(message)
    if old in (0, new):
        _must_be(old_root, EMPTY_ROOT if old == 0 else new_root)
        if proof:
            message = "the proof is too long"
            raise InvalidProof(message)
        return
    # The proof begins with the last full subtree of the old tree; where that is all of it, with its root, left out.
    height = (old & -old).bit_length() - 1
    path = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not path:
        message = "the proof is too short"
        raise InvalidProof(message)
    before = after = path[0]
    for other, is_left in _way_up((old - 1) >> height, ((new - 1) >> height) + 1, path[1:]):
        if is_left:
            before = node_hash(other, before)
        after = node_hash(other, after) if is_left else node_hash(after, other)
    _must_be(old_root, before)
    _must_be(new_root, after)


def _way_up(index: int, size: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield what is beside the way from the entry *index* to the root, and whether it is on the left."""
    last = size - 1
    for other in proof:
        if last == 0:
            message = "the proof is too long"
            raise InvalidProof(message)
        # At the right edge there may be nothing on the right for some heights: there the node goes up as it is.
        while index == last and index % 2 == 0:
            index, last = index >> 1, last >> 1
        yield other, index % 2 == 1
        index, last = index >> 1, last >> 1
    if last:
        message = "the proof is too short"
        raise InvalidProof(message)


def _must_be(root: bytes, found: bytes) -> None:
    if found != root:
        message = "the proof does not lead to the root"
        raise InvalidProof(message)
