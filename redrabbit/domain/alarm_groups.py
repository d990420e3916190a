"""Which alarms are told in one message, which wait for another one, and which are silenced (B21).

A line that stops raises many alarms: they are one message. A station that is dead raises one alarm after the other:
who has been told of the station hears of the others with its next message. What is critical is never put into a message
with others and never waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from redrabbit.domain.due_steps import DueStep
from redrabbit.domain.escalation import SEVERITY, Severity
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.silence import SilenceRecord
from redrabbit.domain.identity import AlarmId

NEVER_SILENCED: Final = frozenset({AlarmKind.ADMINISTRATOR_ADDED, AlarmKind.TEST})
"""Kinds of which everybody is told whom it is for, whatever was silenced: also all alarms of the plant."""


class AnAlarm(Protocol):
    """What is asked of an alarm: a fact or a record."""

    @property
    def kind(self) -> AlarmKind:
        """What it is about."""
        ...

    @property
    def line(self) -> str | None:
        """At which line."""
        ...

    @property
    def station(self) -> str | None:
        """At which station."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OneMessage:
    """What some receivers are told at once."""

    receivers: tuple[str, ...]
    steps: tuple[DueStep, ...]


def is_critical(kind: AlarmKind) -> bool:
    """Tell whether a kind never waits and is never told among others."""
    return SEVERITY[kind] is Severity.CRITICAL


def messages_of(due: Iterable[DueStep]) -> tuple[OneMessage, ...]:
    """Return the messages by which everybody is told of all that is due to be told to them, each once."""
    of_receiver: dict[tuple[str, str], list[DueStep]] = {}
    for each in due:
        for receiver in each.receivers:
            of_receiver.setdefault((receiver, _group(each)), []).append(each)
    together: dict[tuple[str, ...], tuple[list[str], list[DueStep]]] = {}
    for (receiver, _), steps in of_receiver.items():
        ids = tuple(str(each.alarm.alarm_id) for each in steps)
        together.setdefault(ids, ([], steps))[0].append(receiver)
    return tuple(
        OneMessage(receivers=tuple(receivers), steps=tuple(steps))
        for receivers, steps in together.values()
    )


def _group(due: DueStep) -> str:
    if is_critical(due.alarm.kind):
        return str(due.alarm.alarm_id)
    return "" if due.as_list else f" {due.alarm.line or ''}"  # no id begins with a blank


def waits_for(
    due: DueStep,
    others: Iterable[AlarmRecord],
    told: Mapping[AlarmId, Sequence[str]],
    lost_stations: Iterable[str],
) -> AlarmRecord | None:
    """Return the open alarm with whose next message this one is told, as its station is dead; None: it is told now.

    `told` has, by alarm, who was told of it: nobody may have to wait who has not heard of the station at all. An
    alarm waits once, and only before its first step: so no two can wait for each other.
    """
    alarm = due.alarm
    is_news = (
        is_critical(alarm.kind) or alarm.kind is AlarmKind.NO_DATA
    )  # the others wait for this one
    may_wait = alarm.steps_told == 0 and alarm.held_for is None and not is_news
    if not may_wait or alarm.station not in set(lost_stations):
        return None
    return next(
        (
            other
            for other in others
            if other.station == alarm.station
            and other.alarm_id != alarm.alarm_id
            and other.steps_told > 0
            and other.next_step_at is not None
            and set(due.receivers) <= set(told.get(other.alarm_id, ()))
        ),
        None,
    )


def silence_over(
    alarm: AnAlarm, silences: Iterable[SilenceRecord], now: datetime
) -> SilenceRecord | None:
    """Return the silence that an alarm falls under now, the one that ends last; None: none."""
    over = [each for each in silences if _covers(each, alarm, now)]
    return max(over, key=lambda each: each.ends_at, default=None)


def _covers(silence: SilenceRecord, alarm: AnAlarm, now: datetime) -> bool:
    return (
        silence.begins_at <= now < silence.ends_at
        and alarm.kind not in NEVER_SILENCED
        and silence.line in {None, alarm.line}
        and silence.station in {None, alarm.station}
        and silence.kind in {None, alarm.kind}
    )
