"""A check's schedule in words of the reader's language (D18, B16)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from redrabbit.base.messages import Message
from redrabbit.domain.schedule import schedule_text
from redrabbit.domain.schedule_rules import (
    AfterEvent,
    Daily,
    EveryInterval,
    EveryParts,
    EveryShiftStart,
    FirstPart,
    Monthly,
    OnDemand,
    OneRule,
    ScheduleRule,
    Weekly,
    WithinRunning,
    rules_of,
)
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """One rule of a schedule."""

    words: Message
    weekdays: tuple[int, ...] = ()
    """The days that go with the words; 0 is Monday."""


def schedule_shown(schedule: ScheduleRule) -> tuple[RuleShown, ...]:
    """Return the rules of a schedule; what has no words of its own is said as the plan file says it."""
    return rules_shown(rules_of(schedule))


def rules_shown(rules: Iterable[OneRule]) -> tuple[RuleShown, ...]:
    """Return some rules of a schedule in the same words."""
    return tuple(_shown(rule) for rule in rules)


def _shown(rule: OneRule) -> RuleShown:
    match rule:
        case EveryShiftStart(left_out=()):
            return RuleShown(words=message("schedule.shift_start"))
        case Daily():
            return RuleShown(words=message("schedule.daily", at=f"{rule.at:%H:%M}"))
        case Weekly():
            words = message("schedule.weekly", at=f"{rule.at:%H:%M}")
            return RuleShown(words=words, weekdays=rule.weekdays)
        case Monthly():
            words = message("schedule.monthly", day=rule.day, at=f"{rule.at:%H:%M}")
            return RuleShown(words=words)
        case EveryInterval():
            return RuleShown(
                words=message("schedule.interval", length=timedelta(seconds=rule.interval_s))
            )
        case FirstPart(left_out=()):
            return RuleShown(words=message("schedule.first_part"))
        case WithinRunning(left_out=()):
            return RuleShown(words=message("schedule.running", minutes=rule.minutes))
        case EveryParts():
            return RuleShown(words=message("schedule.parts", parts=rule.parts))
        case OnDemand():
            return RuleShown(words=message("schedule.on_demand"))
        case AfterEvent():
            return RuleShown(words=message(f"schedule.after.{rule.event.value}"))
        case _:  # rules that have no words of their own here
            return RuleShown(words=message("schedule.as_written", words=schedule_text(rule)))
