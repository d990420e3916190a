"""What can be erased: payloads and names, of which the signed log keeps only salted digests (D12, D51).

An entry's leaf holds `sha256(salt ‖ payload)`; salt and payload stand in columns of their own, which
retention may empty: the chain and the tree verify without them. A stated name is kept the same way:
its id in the ledger is a digest, name and salt stand in a local table. Without the salt nobody can
try names out until one fits.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

SALT_BYTES: Final = 16
"""128 bits: nobody tries them all."""
NAME_PREFIX: Final = "name:"
_NAME_DIGITS: Final = 32
"""Hex digits of a name's digest that its id keeps: 128 bits tell all names apart."""


def payload_digest(salt: bytes, payload: bytes) -> str:
    """Return what the leaf keeps of a payload: SHA-256 over salt and payload, hex."""
    return hashlib.sha256(salt + payload).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class StatedName:
    """A name as somebody said it, with the salt that hides it in the ledger; local, erasable."""

    name: str
    salt: bytes

    @property
    def id(self) -> str:
        """What stands for the name in the ledger."""
        return name_id(self.salt, self.name)


def name_id(salt: bytes, name: str) -> str:
    """Return what stands for a stated name in the ledger."""
    digest = hashlib.sha256(salt + name.encode("utf-8")).hexdigest()
    return NAME_PREFIX + digest[:_NAME_DIGITS]


def stands_for_a_name(actor_id: str) -> bool:
    """Tell whether an actor's id is the digest of a name, and not the name or a number itself."""
    return actor_id.startswith(NAME_PREFIX)
