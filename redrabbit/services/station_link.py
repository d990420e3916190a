"""The port through which stations are read. It has no way to write: reading is harmless (L9, B10).

A link makes `Acquisition`s and hands them to a sink; what it is going through is told by its
`Diagnostics`, for people only: nothing here is ever judged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from redrabbit.domain.identity import StationId
from redrabbit.domain.observation import Acquisition, Reason

Sink = Callable[[Acquisition], object]
"""Takes one acquisition, never blocks. No link waits for what becomes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """How the link to one station fares (B30)."""

    connected_since: datetime | None = None
    suspended_until: datetime | None = None
    """Asked again not before: the station failed several times in a row (B4)."""
    round_trip_s: float | None = None
    """Of one request, smoothed; None for a station that publishes."""
    cycles: int = 0
    """Poll cycles, or messages."""
    requests: int = 0
    skipped_ticks: int = 0
    """Polls that were due while the one before was still under way (B5)."""
    reconnects: int = 0
    failures: Mapping[Reason, int] = field(default_factory=dict)
    """Failed cycles or unreadable messages, by reason."""
    last_error: str | None = None
    last_error_at: datetime | None = None
    queued: int = 0
    """Messages received but not yet taken in; steadily growing means trouble."""
    duplicates: int = 0
    out_of_order: int = 0
    lost: int = 0
    """Messages that a sequence left out: lost on the way (D27)."""
    set_aside: tuple[tuple[str, bytes], ...] = ()
    """The last payloads nobody could read, with their topics, cut to a readable size (B12)."""


class StationLink(Protocol):
    """Reads one or more stations for as long as it runs."""

    @property
    def diagnostics(self) -> Mapping[StationId, Diagnostics]:
        """Return how each of its stations fares at this moment."""
        ...

    async def run(self) -> None:
        """Read until cancelled; raise nothing for what a network does every day."""
        ...
