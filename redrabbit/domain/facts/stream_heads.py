"""Where each stream of the ledger stands, said in the ledger itself, so that a part can be proved whole (D25).

An inclusion proof shows that an entry is in the log; it can't show that none was left out. This entry lists for
each stream how many entries it has and the hash of its last one: whoever hands over a stream up to there can't
leave out any. It is proved to be in the log like every other entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.ledger import StreamHead


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamStands:
    """Where one stream stands."""

    stream: str
    next_seq: int
    """How many entries it has."""
    leaf: str
    """Leaf hash of its last entry, hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHeads(Fact):
    """Where all streams stood before this entry; it stands in the ledger only."""

    TYPE: ClassVar = "stream_heads"

    streams: tuple[StreamStands, ...]
    """By name."""

    @classmethod
    def of(cls, heads: Mapping[str, StreamHead]) -> Self:
        """Return the fact that says so."""
        return cls(
            streams=tuple(
                StreamStands(stream=stream, next_seq=head.next_seq, leaf=head.leaf.hex())
                for stream, head in sorted(heads.items())
            )
        )

    @property
    def heads(self) -> dict[str, StreamHead]:
        """Where each stream stood; ValueError for what is no hash."""
        return {
            each.stream: StreamHead(each.next_seq, bytes.fromhex(each.leaf))
            for each in self.streams
        }
