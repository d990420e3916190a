"""What is recorded when the machine's clock was set, within a life or between two (R46, D61).

A step of more than five minutes puts the clock in doubt: lapses dated between its two times wait until somebody settles
it (`redrabbit.domain.clock_doubts`, `redrabbit.services.settling_clock`).
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.domain.clock_doubts import BELIEVED_UP_TO, open_doubts
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.clock import ClockDoubted, ClockDoubtRecord, ClockSettledBy
from redrabbit.domain.facts.plant import ClockStepped
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.limits import can_be_recorded
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record
from redrabbit.services.settling_clock import reopen, settle

CLOCK_STEP_S: Final = 1.0
"""A wall clock that is this far off has been set; smaller drift is adopted unseen."""

log = logging.getLogger("redrabbit.agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """One step of the wall clock that was adopted."""

    before: datetime
    """What the clock said until then."""
    step: timedelta

    @property
    def set_to_at(self) -> datetime:
        """What it said right after."""
        return self.before + self.step


class ClockWatch:
    """Knows which steps were adopted and are not recorded yet; any thread may look.

    Whatever is recorded next records them before all else: nobody decides by a clock that was set without its being known.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._one_at_a_time = Lock()
        self._steps: tuple[ClockStep, ...] = ()
        self.doubt: ClockDoubtRecord | None = None
        """The last step that is in doubt, as it was last looked at; None: none is."""

    def adopt(self) -> timedelta:
        """Adopt the wall clock as it is now, and return the step made."""
        with self._one_at_a_time:
            before = self._clock.now()
            step = self._clock.reanchor()
            if can_be_recorded(before) and can_be_recorded(before + step):
                self._steps += (ClockStep(before=before, step=step),)
            else:
                about = {"before": before.isoformat(), "step_s": step.total_seconds()}
                log.error("a step of the clock is not recordable", extra=about)
            return step

    def steps(self) -> tuple[ClockStep, ...]:
        """Return the steps that are not recorded yet."""
        with self._one_at_a_time:
            return self._steps

    def recorded(self, steps: tuple[ClockStep, ...]) -> None:
        """Forget these: they are recorded."""
        with self._one_at_a_time:
            self._steps = tuple(step for step in self._steps if step not in steps)

    def look(self, reader: Reader) -> None:
        """Look whether the clock is in doubt."""
        doubts = open_doubts(reader)
        self.doubt = doubts[-1] if doubts else None


def note_steps(uow: UnitOfWork, steps: tuple[ClockStep, ...]) -> None:
    """Record steps that are not on record yet: of a doubtful one the answer of the database may have been lost."""
    for each in steps:
        same = equals("stepped_at", each.before), equals("set_to_at", each.set_to_at)
        if not uow.find(ClockDoubtRecord, *same, limit=1):
            note_clock_step(uow, each.before, each.step)


def note_clock_step(uow: UnitOfWork, before: datetime, step: timedelta) -> None:
    """Record that the machine's clock was set: `before` is what it said until then (R46).

    One that undoes those that are in doubt settles them. A small one back takes back what it makes untimely.
    """
    stepped = ClockStepped(step_s=step.total_seconds())
    record(uow, stepped, stream=PLANT_STREAM, at=before, actor=AGENT)
    raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now)
    if abs(step) <= BELIEVED_UP_TO:
        if step < timedelta(0):
            reopen(uow)
        return
    doubts = open_doubts(uow)
    together = sum((each.set_to_at - each.stepped_at for each in doubts), step)
    if doubts and abs(together) <= BELIEVED_UP_TO:
        settle(uow, doubts, ClockSettledBy.SET_BACK, actor=AGENT)
        return
    doubted = ClockDoubted(stepped_at=before, set_to_at=before + step)
    record(uow, doubted, stream=PLANT_STREAM, actor=AGENT)
    about = {"stepped_at": before.isoformat(), "set_to_at": (before + step).isoformat()}
    log.error("the clock is in doubt: lapses wait until it is confirmed", extra=about)


def note_step_since_last_entry(uow: UnitOfWork, last_at: datetime | None) -> None:
    """Record that a life begins before the last entry was recorded, at `last_at`; None: there was none.

    Later entries may go back in time: what they say is still true by the clock of then. A long stop is no step.
    """
    if last_at is None or (step := uow.now - last_at) >= timedelta(seconds=-CLOCK_STEP_S):
        return
    note_clock_step(uow, last_at, step)
    about = {"last_entry_at": last_at.isoformat(), "step_s": step.total_seconds()}
    log.error("the clock is earlier than the last entry", extra=about)


def last_recorded_at(reader: Reader, size: int) -> datetime | None:
    """Return when the last of so many entries was recorded; None where there are none."""
    return reader.entries(size - 1, 1)[0].recorded_at if size else None
