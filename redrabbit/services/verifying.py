"""What the verification that goes on beside the service has seen, and what it tells (D26, D62)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from redrabbit.base.clock import Clock
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.findings import Finding, in_english
from redrabbit.domain.identity import AGENT
from redrabbit.domain.record_query import RecordReader, equals
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import Database, UnitOfWork
from redrabbit.services.record_fact import record

MOST_FINDINGS = 20
"""Kept of one pass: `redrabbit verify` tells all."""


class Reading(StrEnum):
    """What is being read."""

    ENTRIES = "entries"
    RECORDS = "records"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationState:
    """How far a pass over the database is, and what the last one saw."""

    reading: Reading | None = None
    """None: between two passes."""
    done: int = 0
    of: int = 0
    """Entries or rows; 0 where that is not known."""
    began_at: datetime | None = None
    """When this pass began; None: none has."""
    verified_size: int = 0
    """Entries of the ledger, from the first one on, that were read and are as they were recorded."""
    verified_at: datetime | None = None
    """When the last of them was read, be it before a restart; None: none was."""
    whole_since: datetime | None = None
    """When the last whole pass began: since then every entry was read, the first ones first."""
    whole_at: datetime | None = None
    """When that pass ended, with records and file; None: none has."""
    passes: int = 0
    """Whole passes that have ended since the service started."""
    findings: tuple[Finding, ...] = ()
    """What is not as it was recorded, and no whole pass has found mended."""
    trouble: str | None = None
    """Why the last pass came to no end."""


LOOK_S = 1.0


async def tell_damage(
    database: Database,
    state: Callable[[], VerificationState],
    clock: Clock,
    note_commit: Callable[[], None],
) -> None:
    """Raise the alarm when damage is known, and end it when a whole pass has ended that found none."""
    told = VerificationState()
    while True:
        now = state()
        if (now.passes, now.findings) != (told.passes, told.findings):
            say = say_damaged if now.findings else partial(say_whole, since=now.whole_since)
            is_told = bool(now.findings) or now.passes > told.passes
            try:
                changed = is_told and await database.write(say)
            except StoreTrouble:
                await clock.sleep(LOOK_S)
                continue
            told = now
            if changed:
                note_commit()
        await clock.sleep(LOOK_S)


def damage_alarms(reader: RecordReader) -> list[AlarmRecord]:
    """Return the alarms that say that records are not as they were written, now."""
    return reader.find(
        AlarmRecord, equals("kind", AlarmKind.DAMAGE_FOUND), equals("ended_at", None)
    )


def damage_known(reader: RecordReader, state: VerificationState) -> str | None:
    """Return what is known to be damaged, in words; None: nothing is.

    Until that is mended nothing leaves that would vouch for the records (D62): no checkpoint and no proof.
    """
    if state.findings:
        return in_english(state.findings[0])
    if damage_alarms(reader):  # of a service before, and no pass has ended since
        return (
            "an alarm says that records are not as they were written; it ends when the verification beside the "
            "service has read everything once and found nothing"
        )
    return None


def say_damaged(uow: UnitOfWork) -> bool:
    """Raise the alarm, unless it stands; tell whether it was raised."""
    if damage_alarms(uow):
        return False
    raise_alarm(uow, AlarmKind.DAMAGE_FOUND, at=uow.now)
    return True


def say_whole(uow: UnitOfWork, *, since: datetime | None) -> bool:
    """End the alarm, if it was raised before the pass began that found nothing; tell whether it was.

    A pass that goes on from before the alarm has not read what was found to be damaged: a file of an earlier time that
    was put back says where it goes on.
    """
    mended = [each for each in damage_alarms(uow) if since is not None and each.raised_at <= since]
    for alarm in mended:
        record(uow, AlarmEnded(alarm_id=alarm.alarm_id), stream=alarm.stream, actor=AGENT)
    return bool(mended)
