"""Is the tree that of RFC 6962, are its tiles those of tlog-tiles, and does a proof show what it should and no more?"""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.tlog import (
    EMPTY_ROOT,
    Edge,
    InvalidProof,
    Nodes,
    Tile,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
    nodes_of,
    partial_tiles,
    prove_consistency,
    prove_inclusion,
    root_of,
    tree_hash,
)

MOST = 1400
LEAVES = [leaf_hash(str(n).encode()) for n in range(MOST)]
SIZES = st.integers(1, MOST)


def defined(leaves: Sequence[bytes]) -> bytes:
    """Return the root as RFC 6962, 2.1 defines it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(defined(leaves[:split]), defined(leaves[split:]))


def grown(size: int, step: int = MOST) -> tuple[Edge, dict[Tile, bytes]]:
    """Return a tree of *size* entries that grew by *step*, and all tiles there were on the way."""
    edge = Edge()
    tiles: dict[Tile, bytes] = {}
    for start in range(0, size, step):
        tiles |= dict(edge.add(LEAVES[start : min(size, start + step)]))
        tiles |= dict(edge.partial())
    return edge, tiles


def tree(size: int) -> tuple[bytes, Nodes]:
    """Return the root and the nodes of a tree of *size* entries."""
    edge, tiles = grown(size)
    return edge.root(), nodes_of(size, tiles.__getitem__)


@given(SIZES, st.integers(1, 600))
def test_the_root_is_the_one_that_the_standard_defines(size: int, step: int) -> None:
    """However the tree grew; from its leaves, its right edge and its tiles."""
    edge, tiles = grown(size, step)
    expected = defined(LEAVES[:size])

    assert tree_hash(LEAVES[:size]) == expected
    assert edge.root() == expected
    assert (
        Edge.of(size, tiles.__getitem__) == Edge(size, edge.levels)
        or Edge.of(size, tiles.__getitem__).root() == expected
    )
    assert root_of(nodes_of(size, tiles.__getitem__), size) == expected


def test_a_tree_without_entries_has_a_root() -> None:
    """It is the hash of nothing."""
    assert Edge().root() == tree_hash([]) == EMPTY_ROOT == defined([])


def test_known_roots() -> None:
    """Those of the entries that Certificate Transparency's own tests use."""
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in entries]

    assert tree_hash(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree_hash(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_tiles_are_where_the_standard_says() -> None:
    """With groups of three digits, and the width of partial ones."""
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(0, 0).path == "tile/0/000"
    assert Tile(1, 1000, 17).path == "tile/1/x001/000.p/17"
    assert partial_tiles(70_000) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert partial_tiles(256) == [Tile(1, 0, 1)]
    assert partial_tiles(0) == []


def test_full_tiles_hold_256_hashes_and_partial_ones_fewer() -> None:
    """And none is empty."""
    _, tiles = grown(MOST, 100)

    assert {tile.width * 32 == len(content) for tile, content in tiles.items()} == {True}
    assert {tile for tile in tiles if tile.width == 256} == {Tile(0, number) for number in range(5)}


@given(st.data())
def test_every_entry_can_be_proved_to_be_in_the_tree(data: st.DataObject) -> None:
    """And no other entry, nor at another place, nor with any hash of the proof changed, left out or added."""
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    root, nodes = tree(size)
    proof = prove_inclusion(nodes, index, size)
    check_inclusion(LEAVES[index], index, size, proof, root)

    wrong: list[tuple[bytes, int, int, list[bytes], bytes]] = [
        (bytes(32), index, size, proof, root),
        (LEAVES[index], index, size, [*proof, bytes(32)], root),
        (LEAVES[index], index, size, proof, bytes(32)),
        (LEAVES[index], size, size, proof, root),
        (LEAVES[index], -1, size, proof, root),
        (LEAVES[index], index, 0, proof, root),
    ]
    wrong += [(LEAVES[index], other, size, proof, root) for other in (index - 1, index + 1)]
    wrong += [(LEAVES[index], index, size, [*proof[:n], bytes(32), *proof[n + 1 :]], root) for n in range(len(proof))]
    wrong += [(LEAVES[index], index, size, [*proof[:n], *proof[n + 1 :]], root) for n in range(len(proof))]
    for arguments in wrong:
        with pytest.raises(InvalidProof):
            check_inclusion(*arguments)


@given(st.data())
def test_every_tree_can_be_proved_to_have_grown_from_a_smaller_one(data: st.DataObject) -> None:
    """And from no other one, nor with any hash of the proof changed, left out or added."""
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new))
    new_root, nodes = tree(new)
    old_root = defined(LEAVES[:old])
    proof = prove_consistency(nodes, old, new)
    check_consistency(old, old_root, new, new_root, proof)
    check_consistency(0, EMPTY_ROOT, new, new_root, [])

    wrong: list[tuple[int, bytes, int, bytes, list[bytes]]] = [
        (old, bytes(32), new, new_root, proof),
        (old, old_root, new, new_root, [*proof, bytes(32)]),
        (new + 1, old_root, new, new_root, proof),
        (-1, old_root, new, new_root, proof),
        (0, EMPTY_ROOT, new, new_root, [bytes(32)]),
    ]
    if old < new:
        wrong += [(old, old_root, new, bytes(32), proof), (old, old_root, new, old_root, proof)]
    wrong += [(old, old_root, new, new_root, [*proof[:n], bytes(32), *proof[n + 1 :]]) for n in range(len(proof))]
    wrong += [(old, old_root, new, new_root, [*proof[:n], *proof[n + 1 :]]) for n in range(len(proof))]
    for arguments in wrong:
        with pytest.raises(InvalidProof):
            check_consistency(*arguments)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.lists(st.just(bytes(32)), max_size=70))
def test_a_proof_of_anything_ends(old: int, new: int, proof: list[bytes]) -> None:
    """Whoever checks is told numbers by others."""
    with pytest.raises(InvalidProof):
        check_consistency(old, bytes(32), new, bytes(31), proof)
    with pytest.raises(InvalidProof):
        check_inclusion(bytes(32), old, new, proof, bytes(31))
