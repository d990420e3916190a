"""What one control plan asks for otherwise than another, in words (D55)."""

from functools import reduce
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.facts.plan_revision import PlanDifference
from redrabbit.domain.schedule_words import parse_duration, parse_schedule
from redrabbit.services.queries.schedule_shown import schedule_shown
from redrabbit.services.queries.wording import message

_DURATIONS: Final = frozenset(
    {
        *("opens_before", "grace", "closes_after"),
        *("arming_timeout", "return_timeout", "run_timeout"),
    }
)
_SCHEDULES: Final = frozenset({"schedule", "check_new"})
_NOTHING: Final = "-"


def difference_words(difference: PlanDifference) -> Message:
    """Return the sentence of one difference, without the check that it is about."""
    params = {
        name: _shown(difference.code, name, value) for name, value in difference.params.items()
    }
    return message(f"plan_difference.{difference.code}", **params)


def _shown(code: str, name: str, value: object) -> object:
    if value is None or value == "":
        return _NOTHING
    if code in _SCHEDULES and name in {"schedule", "before", "after"}:
        return schedule_words(str(value))
    if code in _DURATIONS:
        return parse_duration(str(value))
    return value


def schedule_words(text: str) -> Message:
    """Return how often a check is due, in words, by the words of the plan file."""
    try:
        rules = schedule_shown(parse_schedule(text))
    except ValueError:  # of another version
        rules = ()
    if not rules or any(rule.weekdays for rule in rules):
        return message("schedule.as_written", words=text)
    words = (rule.words for rule in rules)
    return reduce(lambda one, other: message("schedule.both", one=one, other=other), words)
