"""The step of an alarm that is due: who is told now, and when the next message is (R10, B21).

Never silent: as long as an alarm is open and its steps are not over, what this returns has a next instant; and never
twice: each step and repetition is returned once, if what it returned is recorded.
"""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.escalation import Escalation, Rule, Told, is_due
from redrabbit.domain.facts.alarm import AlarmRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStep:
    """One alarm of which receivers are to be told now."""

    alarm: AlarmRecord
    step: int
    """From 1; 0: nothing is told, it is only to be looked at later."""
    repeat: int
    receivers: tuple[str, ...]
    as_list: bool
    """Whether the step is a list at a time of day."""
    next_at: datetime | None
    """When it is told next; None: its steps are over."""


def due_step(rules: Escalation, alarm: AlarmRecord, now: datetime) -> DueStep:
    """Return what is to be told now of an alarm whose instant has come."""
    rule = rules.rule_for(alarm.kind, alarm.line, alarm.raised_at)
    if rule is None:
        return _told(alarm, _at_once(rules, alarm), next_at=None)
    before = Told(alarm.steps_told, alarm.repeats_told, alarm.told_at or alarm.raised_at)
    coming = rules.next_after(rule, before, alarm.raised_at)
    if coming is None:  # the rules of today have no further step
        return _told(alarm, (), step=before.step, repeat=before.repeat, next_at=None)
    if not is_due(coming.due_at, before.at, now):  # the rules of today have it later
        return _told(alarm, (), step=before.step, repeat=before.repeat, next_at=coming.due_at)
    step = rules.step_of(rule, coming.step)
    receivers = rules.receivers_of(step, alarm.line, now)
    if coming.step == 1 and coming.repeat == 0 and alarm.raised_silenced:
        receivers += tuple(name for name in rules.wanting(alarm.kind) if name not in rules.named)
    return _told(
        alarm,
        receivers,
        step=coming.step,
        repeat=coming.repeat,
        next_at=_next_at(rules, rule, Told(coming.step, coming.repeat, now), alarm.raised_at),
        as_list=step.at is not None,
    )


def _at_once(rules: Escalation, alarm: AlarmRecord) -> tuple[str, ...]:
    """Return who is told of what no rule takes, and was not told when it was raised.

    All who want it, if it was silenced then; else those that steps name, who are told late of what comes late.
    """
    wanting = rules.wanting(alarm.kind)
    if alarm.raised_silenced:
        return wanting
    return tuple(name for name in wanting if name in rules.named)


def _next_at(rules: Escalation, rule: Rule, told: Told, raised_at: datetime) -> datetime | None:
    later = rules.next_after(rule, told, raised_at)
    return later.due_at if later is not None else None


def _told(
    alarm: AlarmRecord,
    receivers: tuple[str, ...],
    *,
    next_at: datetime | None,
    step: int = 1,
    repeat: int = 0,
    as_list: bool = False,
) -> DueStep:
    return DueStep(
        alarm=alarm,
        step=step,
        repeat=repeat,
        receivers=tuple(name for name in receivers if name != alarm.receiver),
        as_list=as_list,
        next_at=next_at,
    )
