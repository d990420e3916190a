"""Why a check is due at a time, in words: by which rules of the plan, or by what happened (R06, B16)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from redrabbit.base.messages import Message
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import MadeBy, event_of, first_times, made_by
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord, OccurrenceRecord, PlantEventRecord
from redrabbit.domain.schedule import each_due_time
from redrabbit.domain.schedule_rules import EveryParts, FirstPart, OneRule, WithinRunning, rules_of
from redrabbit.domain.shift_calendar import A_MOMENT
from redrabbit.services.ports import Reader
from redrabbit.services.queries.reasons import mode_not_shown, postponed_words
from redrabbit.services.queries.schedule_shown import RuleShown, rules_shown
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyDue:
    """Why something is due when it is."""

    rules: tuple[RuleShown, ...]
    """The rules that make it due then; empty: the plan in force no longer says."""
    plan: str | None
    """The plan by which it was made, where no rule can be given; None: rules are."""
    postponed: Message | None
    """From when to when a pause moved it."""


def why_planned(plant: Plant, check: Check, record: CheckRecord, due_at: datetime) -> WhyDue:
    """Return why the plan in force makes a check due at an instant."""
    rules = _rules_at(plant, check, record, due_at)
    return WhyDue(rules=rules_shown(rules), plan=None, postponed=None)


def why_made_due(
    reader: Reader, plant: Plant, check: Check, record: CheckRecord, made: OccurrenceRecord
) -> WhyDue:
    """Return why a scheduled check was made due: no rule of another plan than its own is given for it."""
    own = (made.plan_number, made.plan_revision) == (plant.plan.number, plant.plan.revision)
    rules: tuple[RuleShown, ...] = ()
    match made_by(made.trigger_key):
        case MadeBy.EVENT:
            event = reader.get(PlantEventRecord, event_of(made.trigger_key))
            if event is not None:
                rules = (RuleShown(words=message(f"schedule.after.{event.event.value}")),)
        case MadeBy.PARTS:
            rules = _of_kind(check, (EveryParts,)) if own else ()
        case MadeBy.FIRST_PART:
            rules = _of_kind(check, (FirstPart, WithinRunning)) if own else ()
        case MadeBy.ROTATION:
            rules = (RuleShown(words=mode_not_shown(plant, made)),)
        case MadeBy.SCHEDULE:
            due_at = first_times(made).due_at
            rules = rules_shown(_rules_at(plant, check, record, due_at)) if own else ()
    return WhyDue(
        rules=rules,
        plan=None if rules else f"{made.plan_number} {made.plan_revision}",
        postponed=postponed_words(made),
    )


def _of_kind(check: Check, kinds: tuple[type[OneRule], ...]) -> tuple[RuleShown, ...]:
    return rules_shown([rule for rule in rules_of(check.schedule) if isinstance(rule, kinds)])


def _rules_at(
    plant: Plant, check: Check, record: CheckRecord, due_at: datetime
) -> Sequence[OneRule]:
    calendar, anchor = plant.calendars[check.line], record.adopted_at
    return [
        rule
        for rule in rules_of(check.schedule)
        if any(each_due_time(rule, calendar, anchor, due_at - A_MOMENT, due_at))
    ]
