"""A digest of a set that is kept up as members come and go: LtHash, of 1,024 lanes of 16 bits (D26).

Each member is spread to 2,048 bytes; the digest is their sum, lane by lane. So taking a member out or putting
one in costs the same however large the set is, and the order does not matter. Unlike an XOR or a sum of hashes
nobody can choose members that give a wanted sum: that is as hard as finding a short vector in a lattice of
1,024 dimensions.

Source: Bellare and Micciancio, "A new paradigm for collision-free hashing" (1997); Lewi, Kim, Maykov and Weis,
"Securing update propagation with homomorphic hashing" (2019). SHAKE-256 takes the place of BLAKE2Xb.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

LANES: Final = 1024
STATE_BYTES: Final = 2 * LANES

_LOW: Final = int.from_bytes(b"\xff\xff\x00\x00" * (LANES // 2), "little")
"""Every other lane: in two halves, no sum can carry into its neighbour."""
_ABOVE: Final = int.from_bytes(b"\x00\x00\x01\x00" * (LANES // 2), "little")
"""One above the largest value of every other lane, so that no difference borrows."""


@dataclass(frozen=True)
class SetDigest:
    """The digest of a set; the empty one unless a state is given."""

    state: int = 0
    """Lane after lane, the first one lowest."""

    @classmethod
    def from_bytes(cls, content: bytes) -> "SetDigest":
        """Return the digest with this state; ValueError for another length."""
        if len(content) != STATE_BYTES:
            raise ValueError(f"{len(content)} bytes are no state of {STATE_BYTES}")
        return cls(int.from_bytes(content, "little"))

    def to_bytes(self) -> bytes:
        """Return the state, from which it can be gone on with."""
        return self.state.to_bytes(STATE_BYTES, "little")

    def with_member(self, content: bytes) -> "SetDigest":
        """Return the digest of the set with one more member."""
        more = _spread(content)
        low = ((self.state & _LOW) + (more & _LOW)) & _LOW
        high = ((self.state >> 16 & _LOW) + (more >> 16 & _LOW)) & _LOW
        return SetDigest(low | high << 16)

    def without_member(self, content: bytes) -> "SetDigest":
        """Return the digest of the set without a member that it has."""
        less = _spread(content)
        low = ((self.state & _LOW) + _ABOVE - (less & _LOW)) & _LOW
        high = ((self.state >> 16 & _LOW) + _ABOVE - (less >> 16 & _LOW)) & _LOW
        return SetDigest(low | high << 16)

    @cached_property
    def short(self) -> bytes:
        """Return 32 bytes that stand for the state: nobody finds another state with the same."""
        return hashlib.sha256(self.to_bytes()).digest()


def _spread(content: bytes) -> int:
    return int.from_bytes(hashlib.shake_256(content).digest(STATE_BYTES), "little")
