"""The tree against the reference vectors of certificate transparency, and against itself."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    last_leaf,
    leaf_hash,
    root_before,
    stored_frontier,
    verify_consistency,
    verify_inclusion,
)
from tests.logs import frontier, root, tree_over

# The eight leaves, roots and proofs of the certificate-transparency project's Merkle tree tests.
LEAVES = [
    leaf_hash(bytes.fromhex(content))
    for content in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEFT_PAIR = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
LEAF_0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
PAIR_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
PAIR_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PAIR_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
LEFT_FOUR = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
RIGHT_FOUR = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"

INCLUSION = {
    (0, 1): [],
    (0, 8): [LEAF_1, PAIR_2_3, RIGHT_FOUR],
    (5, 8): [LEAF_4, PAIR_6_7, LEFT_FOUR],
    (2, 3): [LEFT_PAIR],
    (1, 5): [LEAF_0, PAIR_2_3, LEAF_4],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [LEAF_1, PAIR_2_3, RIGHT_FOUR],
    (6, 8): [PAIR_4_5, PAIR_6_7, LEFT_FOUR],
    (2, 5): [PAIR_2_3, LEAF_4],
}

SIZES = st.integers(0, 70)


def some_leaves(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(2)) for number in range(size)]


def defined_root(leaves: list[bytes]) -> bytes:
    """Follow the definition of RFC 6962, 2.1 word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    halves = defined_root(leaves[:half]) + defined_root(leaves[half:])
    return hashlib.sha256(b"\x01" + halves).digest()


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_tree(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]
    assert tree_over(LEAVES).root(size).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "proof"), INCLUSION.items())
def test_inclusion_proofs_are_those_of_the_reference_tree(
    place: tuple[int, int], proof: list[str]
) -> None:
    index, size = place
    assert [node.hex() for node in tree_over(LEAVES).inclusion(index, size)] == proof
    path = [bytes.fromhex(node) for node in proof]
    assert verify_inclusion(LEAVES[index], index, size, path, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("sizes", "proof"), CONSISTENCY.items())
def test_consistency_proofs_are_those_of_the_reference_tree(
    sizes: tuple[int, int], proof: list[str]
) -> None:
    old, size = sizes
    assert [node.hex() for node in tree_over(LEAVES).consistency(old, size)] == proof
    path = [bytes.fromhex(node) for node in proof]
    old_root, new_root = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[size])
    assert verify_consistency(old, old_root, size, new_root, path)


@given(SIZES)
def test_frontier_and_tree_give_the_root_of_the_definition(size: int) -> None:
    leaves = some_leaves(size)
    assert frontier(leaves).root == tree_over(leaves).root() == defined_root(leaves)
    assert frontier(leaves).size == tree_over(leaves).size == size


def test_frontier_keeps_one_root_for_each_bit_of_the_size() -> None:
    assert len(frontier(some_leaves(0b1011)).roots) == 3
    assert Frontier().root == EMPTY_ROOT


@given(st.data(), st.integers(1, 70))
def test_every_leaf_can_be_proved_and_nothing_else_can(data: st.DataObject, size: int) -> None:
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    tree = tree_over(leaves)
    proof, top = tree.inclusion(index), tree.root()

    assert verify_inclusion(leaves[index], index, size, proof, top)
    assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, top)
    assert not verify_inclusion(leaves[index], index, size, (*proof, top), top)
    assert not verify_inclusion(leaves[index], index, size, proof, EMPTY_ROOT)
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], top)
    other = data.draw(st.integers(-1, size).filter(lambda place: place != index))
    assert not verify_inclusion(leaves[index], other, size, proof, top)


@given(st.data(), SIZES)
def test_every_beginning_can_be_proved_and_nothing_else_can(data: st.DataObject, size: int) -> None:
    tree = tree_over(some_leaves(size))
    old = data.draw(st.integers(0, size))
    proof, old_root, top = tree.consistency(old), tree.root(old), tree.root()

    assert verify_consistency(old, old_root, size, top, proof)
    assert not verify_consistency(old, leaf_hash(b"another"), size, top, proof)
    assert not verify_consistency(old, old_root, size, top, (*proof, top))
    if old:
        assert not verify_consistency(old, old_root, size, leaf_hash(b"another"), proof)
    if proof:
        assert not verify_consistency(old, old_root, size, top, proof[:-1])


def test_a_tree_is_never_the_beginning_of_a_smaller_one() -> None:
    tree = tree_over(some_leaves(5))
    assert not verify_consistency(5, tree.root(), 4, tree.root(4), ())


@pytest.mark.parametrize("old", [1, 2, 3])
def test_an_empty_proof_shows_no_growth(old: int) -> None:
    tree = tree_over(some_leaves(5))
    assert not verify_consistency(old, tree.root(old), 5, tree.root(), ())


def test_proofs_outside_the_tree_are_refused() -> None:
    tree = tree_over(some_leaves(3))
    with pytest.raises(ValueError, match="no leaf 3"):
        tree.inclusion(3)
    with pytest.raises(ValueError, match="no beginning of 4"):
        tree.consistency(4)
    with pytest.raises(ValueError, match="has 3 entries, not 4"):
        tree.root(4)


@given(st.integers(0, 300))
def test_what_each_leaf_completes_is_enough_for_frontier_and_proofs(size: int) -> None:
    leaves = some_leaves(size)
    kept: list[tuple[bytes, ...]] = []
    grown = Frontier()
    for leaf in leaves:
        completed = grown.completed_by(leaf)
        kept.append((leaf, *completed))
        grown = grown.joined(leaf, completed)
        assert len(kept[-1]) == (len(kept) & -len(kept)).bit_length()
    looked_up: list[tuple[int, int]] = []

    def node(level: int, position: int) -> bytes:
        looked_up.append((level, position))
        return kept[last_leaf(level, position)][level]

    assert stored_frontier(size, node) == frontier(leaves) == grown
    assert len(looked_up) == len(grown.roots)
    tree = Tree(size, node)
    for index in range(0, size, 7):
        looked_up.clear()
        assert tree.inclusion(index) == tree_over(leaves).inclusion(index)
        assert len(looked_up) <= 2 * size.bit_length()
        assert tree.consistency(index) == tree_over(leaves).consistency(index)


@given(st.integers(1, 70), st.data())
def test_an_inclusion_proof_tells_the_root_over_the_leaves_before(
    size: int, data: st.DataObject
) -> None:
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = tree_over(leaves).inclusion(index)
    assert root_before(index, size, path) == root(leaves[:index])
