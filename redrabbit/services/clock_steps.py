"""What is recorded when the machine's clock was set, within a life or between two (R46, D61)."""

import logging
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.plant import ClockStepped
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.record_fact import record

CLOCK_STEP_S: Final = 1.0
"""A wall clock that is this far off has been set; smaller drift is adopted unseen."""

log = logging.getLogger("redrabbit.agent")


def note_clock_step(uow: UnitOfWork, before: datetime, step: timedelta) -> None:
    """Record that the machine's clock was set: `before` is what it said until then (R46)."""
    stepped = ClockStepped(step_s=step.total_seconds())
    record(uow, stepped, stream=PLANT_STREAM, at=before, actor=AGENT)
    raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now)


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
