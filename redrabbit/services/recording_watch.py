"""Whether anything is recorded: known by what was recorded last, never by a loop that turns (B20).

The heart's own beat is a commit every other second, and proves that the ledger takes entries (decision 0029). Once none
succeeded for five seconds nothing is recorded, whatever the reason: a disk that is full, a database that says no or
says nothing, a ledger that refuses. The log is told once when it stops and once when it works again. Receivers of
alarms hear of it by `redrabbit.alarms.recording_told`, which needs no database.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence
from redrabbit.services.errors import StoreTrouble, TroubleWhy

HEARTBEAT_S: Final = 2.0
"""How often the heart beats into the database: each beat is two pages of the disk, on idle days, too (G7)."""
AGAIN_S: Final = 1.0
"""So soon after a beat that failed, which writes nothing."""
STOPPED_AFTER_S: Final = 5.0
"""Without a commit for so long nothing is recorded. As long as somebody else's lock is waited for."""
LOOK_S: Final = 0.5

log = logging.getLogger("redrabbit.recording")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStopped:
    """Nothing is recorded."""

    since: datetime
    """When something was recorded last."""
    why: TroubleWhy
    reason: str
    """The words of whoever refused; for the log."""


class RecordingWatch:
    """Knows when something was recorded last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: tuple[datetime, float] | None = None
        self._trouble: StoreTrouble | None = None

    def recorded(self) -> None:
        """Note that a commit succeeded."""
        self._last = self._clock.now(), self._clock.steady_s()
        self._trouble = None

    def failed(self, trouble: StoreTrouble) -> None:
        """Note that one did not, and why."""
        self._trouble = trouble

    def stopped(self) -> RecordingStopped | None:
        """Return since when nothing is recorded; None while something is, and before the first commit."""
        if self._last is None:
            return None
        at, steady_s = self._last
        if self._clock.steady_s() - steady_s <= STOPPED_AFTER_S:
            return None
        trouble = self._trouble or _SILENT
        return RecordingStopped(since=at, why=trouble.why, reason=str(trouble))


_SILENT: Final = StoreTrouble(sentence("the database does not answer"), TroubleWhy.NO_ANSWER)


class Beating(Protocol):
    """What is asked of the database."""

    async def heartbeat(self, name: str, at: datetime) -> None:
        """Note that a part of the service is alive; StoreTrouble if that can't be recorded."""
        ...


async def keep_beating(database: Beating, watch: RecordingWatch, clock: Clock) -> None:
    """Beat into the database until cancelled. One beat that hangs is one that stopped."""
    while True:
        try:
            await database.heartbeat("agent", clock.now())
        except StoreTrouble as trouble:
            watch.failed(trouble)
            await clock.sleep(AGAIN_S)
        else:
            watch.recorded()
            await clock.sleep(HEARTBEAT_S)


async def keep_log(watch: RecordingWatch, clock: Clock) -> None:
    """Say in the log when recording stops, and when it works again: once each."""
    told: RecordingStopped | None = None
    while True:
        stopped = watch.stopped()
        if stopped is not None and told is None:
            about = {"since": stopped.since.isoformat(), "why": stopped.why.value}
            log.error("nothing is recorded", extra=about | {"reason": stopped.reason})
        elif stopped is None and told is not None:
            log.warning("recorded again", extra={"not_since": told.since.isoformat()})
        told = stopped
        await clock.sleep(LOOK_S)
