"""Whether the service's own loop turned: a process that was stopped, or a machine that slept, watched nothing (R12).

Steady time tells it (`redrabbit.base.clock`), never the wall clock: a clock that is set is no hole. Between two lives
the last sign of life tells it: the heartbeat, or the last entry.

The loop notes each of its turns. But a command that was on its way to the database when everything stood still may
go on before the loop does; so whoever is about to decide looks, too.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.domain.facts.plant import NotWatched, NotWatchedRecord, NotWatchedWhy
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import AgentRecord
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record

STANDS_STILL_AFTER_S: Final = 5.0
"""Without a turn for so long nobody is watching (B20)."""

log = logging.getLogger("redrabbit.agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A time in which the loop did not turn."""

    begins_at: datetime
    ends_at: datetime


class LoopWatch:
    """Knows when the loop turned last, and which holes are not recorded yet; any thread may look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = Lock()
        self._turned: tuple[datetime, float] | None = None
        self._known_until: tuple[datetime, float] | None = None
        """The last turn, or the end of the hole that was noted behind it."""
        self._holes: tuple[Hole, ...] = ()

    def turned(self) -> None:
        """Note that the loop turns."""
        self.holes()
        self._turned = self._known_until = self._clock.now(), self._clock.steady_s()

    @property
    def last_turn_at(self) -> datetime | None:
        """When the loop turned last; None before its first turn."""
        return self._turned[0] if self._turned is not None else None

    @property
    def stands_still(self) -> bool:
        """True while the loop has not turned for longer than it may, and before its first turn."""
        return self._turned is None or self._is_hole(self._turned[1])

    def holes(self) -> tuple[Hole, ...]:
        """Return the holes that are not recorded yet, with one that is only just over."""
        with self._one_at_a_time:
            if self._known_until is not None and self._is_hole(self._known_until[1]):
                began_at, began_s = self._known_until
                now_s = self._clock.steady_s()
                lasted = timedelta(seconds=now_s - began_s)
                self._known_until = began_at + lasted, now_s
                self._holes += (Hole(begins_at=began_at, ends_at=began_at + lasted),)
                about = {"begins_at": began_at.isoformat(), "lasted_s": lasted.total_seconds()}
                log.error("not watched: the process stood still", extra=about)
            return self._holes

    def recorded(self, holes: tuple[Hole, ...]) -> None:
        """Forget these: they are recorded."""
        with self._one_at_a_time:
            self._holes = tuple(hole for hole in self._holes if hole not in holes)

    def _is_hole(self, since_s: float) -> bool:
        return self._clock.steady_s() - since_s > STANDS_STILL_AFTER_S


def note_holes(uow: UnitOfWork, holes: tuple[Hole, ...]) -> None:
    """Record holes that are not on record yet: of one the answer of the database may have been lost."""
    for hole in holes:
        same = equals("begins_at", hole.begins_at), equals("ends_at", hole.ends_at)
        if not uow.find(NotWatchedRecord, *same, limit=1):
            fact = NotWatched(
                begins_at=hole.begins_at, ends_at=hole.ends_at, why=NotWatchedWhy.FROZEN
            )
            record(uow, fact, stream=PLANT_STREAM, actor=AGENT, at=hole.ends_at)


def last_sign_of_life(reader: Reader, last_entry_at: datetime | None) -> datetime | None:
    """Return when the lives until now surely were awake last, by their heartbeat or what they recorded; None: there was none.

    The heart beats every other second, so this is known after a `kill -9`, too.
    """
    if latest(reader, AgentRecord, by="agent_id") is None:
        return None
    beat = reader.heartbeats().get("agent")
    return max((at for at in (beat, last_entry_at) if at is not None), default=None)


def note_down_time(uow: UnitOfWork, alive_at: datetime | None) -> None:
    """Record that no process ran from an instant on until now; nothing where that is as short as a pause of the loop."""
    if alive_at is not None and uow.now - alive_at > timedelta(seconds=STANDS_STILL_AFTER_S):
        down = NotWatched(begins_at=alive_at, ends_at=uow.now, why=NotWatchedWhy.DOWN)
        record(uow, down, stream=PLANT_STREAM, actor=AGENT)
