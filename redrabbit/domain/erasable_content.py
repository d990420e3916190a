"""What stands beside the ledger, and what entries say of it: names and blobs (D51, D65).

The signed log holds only digests: of a person's name in the actor of each entry, of a blob in the fact
that names it. Name and blob may be erased; then an entry says so. Gone without such an entry, they
were removed. What stands there and no entry names proves nothing and is no finding: a name is kept
before its first act, which may be refused.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Final

from redrabbit.domain.erasable import stands_for_a_name
from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.facts.presentation import VerdictReached
from redrabbit.domain.facts.run import RunClosed
from redrabbit.domain.facts.signature import SignatureGiven
from redrabbit.domain.ledger import Entry, JsonValue

SIGNALS: Final = "signals"
"""The kind of blob that holds what a station's signals did during a run."""
PICTURE: Final = "picture"
SIGNED_TEXT: Final = "signed_text"
"""The kind of blob that holds a text as somebody had it before them when they signed it."""

BLOBS: Final[Mapping[str, tuple[str, str]]] = {
    RunClosed.TYPE: ("signals", SIGNALS),
    VerdictReached.TYPE: ("pictures", PICTURE),
    SignatureGiven.TYPE: ("shown", SIGNED_TEXT),
}
"""Which field of which entry type names blobs, and of what kind."""


@dataclass(kw_only=True)
class ErasableContent:
    """The names and blobs that entries named so far, and those that entries say were erased."""

    names: dict[str, int] = field(default_factory=dict)
    """Id of each stated name → index of the first entry with it."""
    blobs: MutableMapping[str, tuple[int, str]] = field(default_factory=dict)
    """Digest of each blob → index of the first entry that names it, and its kind; there may be millions."""
    erased_names: set[str] = field(default_factory=set)
    erased_blobs: set[str] = field(default_factory=set)

    def note(self, entry: Entry) -> None:
        """Note what a sound entry names, and what it says was erased."""
        if entry.schema == 1:  # the name stood in clear, and blobs were not known
            return
        if stands_for_a_name(entry.actor.id):
            self.names.setdefault(entry.actor.id, entry.index)
        if entry.payload is None:
            return
        if entry.type in BLOBS:
            name, kind = BLOBS[entry.type]
            for digest in _digests(entry.payload.get(name)):
                self.blobs.setdefault(digest, (entry.index, kind))
        if entry.type == PayloadsErased.TYPE:
            erased = decode(PayloadsErased, entry.payload)
            self.erased_names |= set(erased.names)
            self.erased_blobs |= set(erased.blobs)


def _digests(value: JsonValue) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield each
