"""The Merkle tree over the ledger: hashes, compact frontier, inclusion and consistency proofs.

A root fixes every leaf and its place; a proof of about log2(n) hashes shows that one leaf is in
the tree, or that one tree is the beginning of another. Nothing here knows what a leaf means.

Source: RFC 6962 section 2.1 (hashes), RFC 9162 section 2.1.3 and 2.1.4 (the two verifications).
"""

import hashlib
from collections.abc import Iterable
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
        roots = list(self.roots)
        node, rest = leaf, self.size
        while rest & 1:
            node = node_hash(roots.pop(), node)
            rest >>= 1
        return Frontier(size=self.size + 1, roots=(*roots, node))

    @property
    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self.roots:
            return EMPTY_ROOT
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = node_hash(left, node)
        return node


def frontier(leaves: Iterable[bytes]) -> Frontier:
    """Return the frontier over these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over these leaf hashes."""
    return frontier(leaves).root
