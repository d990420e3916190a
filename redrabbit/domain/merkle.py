"""The Merkle tree over the ledger: hashes, compact frontier, inclusion and consistency proofs.

A root fixes every leaf and its place; a proof of about log2(n) hashes shows that one leaf is in
the tree, or that one tree is the beginning of another. Nothing here knows what a leaf means.

Source: RFC 6962 section 2.1 (hashes), RFC 9162 section 2.1.3 and 2.1.4 (the two verifications).
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HASH_BYTES = 32

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves (RFC 6962, 2.1)."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf with this content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """The roots of the complete subtrees, largest first: all that appending needs to know."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """Return the frontier with one more leaf hash; O(log n)."""
        return self.joined(leaf, self.completed_by(leaf))

    def completed_by(self, leaf: bytes) -> tuple[bytes, ...]:
        """Return the roots of the subtrees of two leaves and more that one more leaf completes.

        Smallest first, each twice as large as the one before; on average there is one.
        """
        nodes: list[bytes] = []
        node, rest, place = leaf, self.size, len(self.roots)
        while rest & 1:
            place -= 1
            node = node_hash(self.roots[place], node)
            nodes.append(node)
            rest >>= 1
        return tuple(nodes)

    def joined(self, leaf: bytes, completed: Sequence[bytes]) -> "Frontier":
        """Return the frontier with one more leaf hash, of which `completed_by` is known."""
        left = self.roots[: len(self.roots) - len(completed)]
        return Frontier(size=self.size + 1, roots=(*left, completed[-1] if completed else leaf))

    @property
    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


Node = Callable[[int, int], bytes]
"""Looks up the root of a complete subtree: of 2 ** level leaves, and how many of its size come before it."""


def last_leaf(level: int, position: int) -> int:
    """Return the index of the leaf that completes a subtree; see `Node`."""
    return ((position + 1) << level) - 1


def stored_frontier(size: int, node: Node) -> Frontier:
    """Return the frontier of the first `size` leaves, by as many look-ups as it has roots."""
    levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
    return Frontier(size=size, roots=tuple(node(level, (size >> level) - 1) for level in levels))


class Tree:
    """A log's tree, of which complete subtrees can be looked up; any proof is read off them.

    What a look-up raises comes out of every method.
    """

    def __init__(self, size: int, node: Node) -> None:
        self.size = size
        self._node = node

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves, or over all."""
        size = self.size if size is None else self._known(size)
        return self._subtree(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that leaf `index` is in the tree of `size` leaves, nearest first."""
        size = self.size if size is None else self._known(size)
        if not 0 <= index < size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        proof: list[bytes] = []
        first, count = 0, size
        while count > 1:
            half = _half(count)
            if index < first + half:
                proof.append(self._subtree(first + half, count - half))
                count = half
            else:
                proof.append(self._subtree(first, half))
                first, count = first + half, count - half
        return tuple(reversed(proof))

    def consistency(self, old: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the first `old` leaves are the beginning of the first `size`."""
        size = self.size if size is None else self._known(size)
        if not 0 <= old <= size:
            raise ValueError(f"a tree of {size} has no beginning of {old}")
        if old in {0, size}:
            return ()
        proof: list[bytes] = []
        first, count, rest, whole = 0, size, old, True
        while rest < count:
            half = _half(count)
            if rest <= half:
                proof.append(self._subtree(first + half, count - half))
                count = half
            else:
                proof.append(self._subtree(first, half))
                first, count, rest, whole = first + half, count - half, rest - half, False
        if not whole:
            proof.append(self._subtree(first, count))
        return tuple(reversed(proof))

    def _known(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} entries, not {size}")
        return size

    def _subtree(self, first: int, count: int) -> bytes:
        """Return the root over leaves that begin at a multiple of their next power of two."""
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._node(level, first >> level)
        half = _half(count)
        return node_hash(self._subtree(first, half), self._subtree(first + half, count - half))


def _half(count: int) -> int:
    """Return the largest power of two below `count` (RFC 6962: k < n <= 2k)."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes
) -> bool:
    """Tell whether the proof leads from this leaf hash at `index` to the root of `size` leaves.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == tree_root


def root_before(index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root over the leaves before `index`, as the proof that this leaf is in the tree tells it.

    What stands to the left on the way up are the roots of just those leaves. Only for a proof that was verified.
    """
    place, last = index, size - 1
    before: bytes | None = None
    for sibling in proof:
        if place & 1 or place == last:
            before = sibling if before is None else node_hash(sibling, before)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    return EMPTY_ROOT if before is None else before


def verify_consistency(
    old: int, old_root: bytes, size: int, tree_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the tree of `old` leaves is the beginning of the tree of `size` leaves.

    RFC 9162, 2.1.4.2; the empty tree is the beginning of every tree.
    """
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == tree_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_node = node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_node, node = node_hash(sibling, old_node), node_hash(sibling, node)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and (old_node, node) == (old_root, tree_root)
