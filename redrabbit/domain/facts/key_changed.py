"""That another key signs the ledger from here on, said in the ledger itself by both keys (decision 0033)."""

from dataclasses import dataclass
from typing import ClassVar

from redrabbit.domain.facts.fact import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChanged(Fact):
    """A person had the ledger's signing key replaced; it stands in the ledger only."""

    TYPE: ClassVar = "key_changed"

    old_key: str
    """The public key that signed until this entry, as `<name>+<key id>+<base64>`."""
    new_key: str
    """The public key that signs from this entry on."""
    statement: str
    """A signed note with the signatures of both keys, over their texts and the ledger before this entry; see
    `redrabbit.domain.log_keys`."""
