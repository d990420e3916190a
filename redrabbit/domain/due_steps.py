"""The step of an alarm that is due: who is told now, and when the next message is (R10, B21).

Never silent: as long as an alarm is open and its steps are not over, what this returns has a next instant; and never
twice: each step and repetition is returned once, if what it returned is recorded. Of steps that are due together (a
silence or an outage has ended) one message tells all of them, as the highest; then it goes on by the clock. Where
nobody of them can be told, the next steps are told instead, without waiting; then whoever wants alarms of the kind.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from redrabbit.domain.escalation import Called, Escalation, Next, Rule, Told, is_due
from redrabbit.domain.facts.alarm import AlarmRecord
from redrabbit.domain.reaching import NOBODY_KNOWN, Reach

NOBODY_AGAIN_AFTER: Final = timedelta(minutes=15)
"""So soon is it tried again where nobody at all could be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueStep:
    """One alarm of which receivers are to be told now."""

    alarm: AlarmRecord
    step: int
    """From 1; 0: nothing is told, it is only to be looked at later."""
    repeat: int
    receivers: tuple[str, ...]
    """By their names; people by their numbers."""
    as_list: bool
    """Whether the step is a list at a time of day."""
    next_at: datetime | None
    """When it is told next; None: its steps are over."""
    nobody_at: tuple[int, ...] = ()
    """Steps that were due, or took their place, and of which nobody could be told."""
    unreached: tuple[str, ...] = ()
    """People of the steps told who could not be, by their numbers."""


def due_step(
    rules: Escalation, alarm: AlarmRecord, now: datetime, reach: Reach = NOBODY_KNOWN
) -> DueStep:
    """Return what is to be told now of an alarm whose instant has come."""
    rule = rules.rule_for(alarm.kind, alarm.line, alarm.raised_at)
    if rule is None:
        return _told(alarm, _at_once(rules, alarm), next_at=None)
    before = Told(alarm.steps_told, alarm.repeats_told, alarm.told_at or alarm.raised_at)
    coming = rules.next_after(rule, before, alarm.raised_at)
    if coming is None:  # the rules of today have no further step
        return _told(alarm, (), step=before.step, repeat=before.repeat, next_at=None)
    if not is_due(coming.due_at, _latest(alarm, before), now):  # the rules of today have it later
        return _told(alarm, (), step=before.step, repeat=before.repeat, next_at=coming.due_at)
    return _Telling(rules, rule, alarm, now, reach).due(before, coming)


def _latest(alarm: AlarmRecord, before: Told) -> datetime:
    """Return the latest instant on record of the steps: where it has not come yet, the clock was set back."""
    return max(before.at, alarm.noted_at or before.at)


class _Telling:
    """Tells one alarm by the steps of its rule."""

    def __init__(
        self, rules: Escalation, rule: Rule, alarm: AlarmRecord, now: datetime, reach: Reach
    ) -> None:
        self._rules = rules
        self._rule = rule
        self._alarm = alarm
        self._now = now
        self._reach = reach

    def due(self, before: Told, coming: Next) -> DueStep:
        """Return the message of all steps that are due, or of those in their place."""
        due = self._due_numbers(before, coming)
        called = {number: self._called(number) for number in due}
        further = range(due[-1] + 1, len(self._rule.steps) + 1)
        for number in further:
            if any(each.told for each in called.values()):
                break
            called[number] = self._called(number)
        told = _names(each.told for each in called.values())
        highest = max(called) if told else due[-1]
        nobody_at = tuple(number for number, each in called.items() if not each.told)
        told = told or self._wanting()
        if not told:
            return replace(
                self._at(before.step, before.repeat, (), called),
                next_at=self._now + NOBODY_AGAIN_AFTER,
                nobody_at=nobody_at,
            )
        if before.step == 0 and self._alarm.raised_silenced:
            told = _names((told, (n for n in self._wanting() if n not in self._rules.named)))
        repeat = coming.repeat if highest == before.step else 0
        return replace(self._at(highest, repeat, told, called), nobody_at=nobody_at)

    def _due_numbers(self, before: Told, coming: Next) -> tuple[int, ...]:
        """Return the numbers of the steps whose time has come; the last one told, where it is told again."""
        after = range(before.step + 1, len(self._rule.steps) + 1)

        def is_due_now(number: int) -> bool:
            due_at = self._rules.due_at(self._rule, number, before, self._alarm.raised_at)
            return due_at <= self._now

        return tuple(takewhile(is_due_now, after)) or (coming.step,)

    def _called(self, number: int) -> Called:
        step = self._rules.step_of(self._rule, number)
        called = self._rules.called(step, self._alarm.line, self._now, self._reach)
        return called._replace(told=_others(called.told, self._alarm))

    def _wanting(self) -> tuple[str, ...]:
        return _others(self._rules.wanting(self._alarm.kind), self._alarm)

    def _at(
        self, step: int, repeat: int, told: tuple[str, ...], called: dict[int, Called]
    ) -> DueStep:
        steps = [self._rules.step_of(self._rule, number) for number in called]
        later = self._rules.next_after(
            self._rule, Told(step, repeat, self._now), self._alarm.raised_at
        )
        unreached = _names(each.unreached for each in called.values())
        return replace(
            _told(self._alarm, told, step=step, repeat=repeat, next_at=later and later.due_at),
            as_list=all(each.at is not None for each in steps),
            unreached=tuple(name for name in unreached if name not in told),
        )


def _at_once(rules: Escalation, alarm: AlarmRecord) -> tuple[str, ...]:
    """Return who is told of what no rule takes, and was not told when it was raised.

    All who want it, if it was silenced then; else those that steps name, who are told late of what comes late.
    """
    wanting = rules.wanting(alarm.kind)
    if alarm.raised_silenced:
        return wanting
    return tuple(name for name in wanting if name in rules.named)


def _names(several: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all names, each once."""
    return tuple(dict.fromkeys(name for each in several for name in each))


def _others(names: Iterable[str], alarm: AlarmRecord) -> tuple[str, ...]:
    """Return who is not the receiver that the alarm is about: it would wait for its own return."""
    return tuple(name for name in names if name != alarm.receiver)


def _told(
    alarm: AlarmRecord,
    receivers: tuple[str, ...],
    *,
    next_at: datetime | None,
    step: int = 1,
    repeat: int = 0,
) -> DueStep:
    return DueStep(
        alarm=alarm,
        step=step,
        repeat=repeat,
        receivers=_others(receivers, alarm),
        as_list=False,
        next_at=next_at,
    )
