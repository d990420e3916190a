"""A plan that was read, beside the plant and the plan in force: who is unknown, what would change, and when it would be due."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from redrabbit.base.messages import zoned
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.problem import nearest
from redrabbit.domain.control_plan import Check
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import next_dues
from redrabbit.domain.schedule_rules import (
    WEEKDAYS,
    AfterEvent,
    Daily,
    EveryInterval,
    EveryShiftStart,
    Monthly,
    OnDemand,
    OneRule,
    PlantEvent,
    ScheduleRule,
    Weekly,
    rules_of,
    schedule_of,
)
from redrabbit.plan_import.dry_run import DryRun
from redrabbit.plan_import.plan_lines import PlanLine
from redrabbit.plan_import.trigger import CALENDAR, Frequency, On, Trigger
from redrabbit.plan_import.trigger_words import frequency_in_words

SHOWN: Final = 5
"""Next due times of a check (B16)."""
_HOUR_S: Final = 3_600
_EVENTS: Final = frozenset(event.value for event in PlantEvent)


class ChangeKind(Enum):
    """What the file does to a check of the plan in force."""

    NEW = "new"
    LEFT_OUT = "left_out"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference to the plan in force."""

    kind: ChangeKind
    line: str
    device: str
    words: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the plant has to do with a plan that was read."""

    changes: tuple[Change, ...]
    next_due: dict[str, tuple[str, ...]]
    """Place of a line → when it would be due next, in the plant's zone."""


def compare(read: DryRun, plant: Plant, now: datetime) -> Comparison:
    """Return what would change; who is unknown, and what can't be scheduled, is added to the findings."""
    verified = [line for line in read.lines if line.device is not None]
    _ask_about_unknown(read, verified, plant)
    _say_revision(read, plant)
    changes = tuple(_changes(verified, plant.plan.checks))
    for change in changes:
        if change.kind is ChangeKind.LEFT_OUT:
            read.findings.question(
                "check_left_out",
                read.sheet or read.book.file,
                sentence("{change}: is it retired, and why, or forgotten?", change=change.words),
            )
    if (
        changes
        and read.plan["number"] == plant.plan.number
        and read.plan["revision"] == plant.plan.revision
    ):
        read.findings.error(
            "same_revision",
            read.sheet or read.book.file,
            sentence(
                "{plan} is in force with another content: {n} differences. Another content needs another revision",
                plan=plant.plan.label,
                n=len(changes),
            ),
        )
    next_due = {line.at: tuple(_next_due(line, plant, now)) for line in verified}
    return Comparison(changes=changes, next_due=next_due)


def _ask_about_unknown(read: DryRun, lines: Iterable[PlanLine], plant: Plant) -> None:
    devices = [device.id for station in plant.stations for device in station.devices]
    parts = [part.id for part in plant.parts]
    for line in lines:
        if line.device not in devices:
            read.findings.question(
                "unknown_device",
                line.at,
                sentence(
                    "device {device} is not known in this plant; {hint}",
                    device=line.device,
                    hint=_hint(line.device or "", devices),
                ),
            )
        for part in line.parts:
            if part not in parts:
                read.findings.question(
                    "unknown_part",
                    line.at,
                    sentence(
                        "part {part} is not known in this plant; {hint}",
                        part=part,
                        hint=_hint(part, parts),
                    ),
                )


def _hint(word: str, known: Sequence[str]) -> str:
    return nearest(word, known) or sentence("is it new?")


def _say_revision(read: DryRun, plant: Plant) -> None:
    number = read.plan["number"]
    if number is not None and number != plant.plan.number:
        read.findings.question(
            "another_plan",
            read.sheet or read.book.file,
            sentence(
                "control plan {number}; in force is {plan}: does it replace that one?",
                number=number,
                plan=plant.plan.label,
            ),
        )


def _changes(lines: Sequence[PlanLine], checks: Sequence[Check]) -> Iterator[Change]:
    pairs = _pairs(lines, checks)
    left = [check for check in checks if check not in pairs.values()]
    for line in lines:
        check = pairs.get(line.at)
        if check is None:
            yield _change(
                ChangeKind.NEW,
                line.line or "-",
                line.device or "-",
                sentence(
                    "new: {due}, with {parts}",
                    due=frequency_in_words(line.frequency),
                    parts=", ".join(line.parts),
                ),
            )
            continue
        differences = list(_differences(line, check))
        if differences:
            words = differences[0]
            for each in differences[1:]:
                words = sentence("{one}; {other}", one=words, other=each)
            yield _change(ChangeKind.CHANGED, line.line or "-", line.device or "-", words)
    for check in left:
        yield _change(
            ChangeKind.LEFT_OUT,
            check.plan_line,
            check.device,
            sentence("left out: check {check}", check=check.id),
        )


def _change(kind: ChangeKind, line: str, device: str, words: Sentence) -> Change:
    told = sentence("{line} {device}: {change}", line=line, device=device, change=words)
    return Change(kind=kind, line=line, device=device, words=told)


def _pairs(lines: Sequence[PlanLine], checks: Sequence[Check]) -> dict[str, Check]:
    """Return the check of each line, by the line's place: of the same device and plan line, else the only ones of a device that are left."""
    pairs: dict[str, Check] = {}
    for line in lines:
        same = [c for c in checks if c.device == line.device and _same_line(c.plan_line, line.line)]
        if len(same) == 1 and same[0] not in pairs.values():
            pairs[line.at] = same[0]
    for line in lines:
        left = [c for c in checks if c.device == line.device and c not in pairs.values()]
        alone = [
            other for other in lines if other.device == line.device and other.at not in pairs
        ] == [line]
        if line.at not in pairs and alone and len(left) == 1:
            pairs[line.at] = left[0]
    return pairs


def _same_line(one: str, other: str | None) -> bool:
    """Tell whether two numbers of a plan line are one: plans part them by `-`, `.` or `/`."""
    return other is not None and one.replace(".", "-").replace("/", "-") == other.replace(
        ".", "-"
    ).replace("/", "-")


def _differences(line: PlanLine, check: Check) -> Iterator[Sentence]:
    if line.line is not None and not _same_line(check.plan_line, line.line):
        yield sentence(
            "plan line {before} becomes {after}", before=check.plan_line, after=line.line
        )
    before = frequency_of(check.schedule)
    if not _same_moments(line.frequency, before):
        yield sentence(
            "{before} becomes {after}",
            before=frequency_in_words(before),
            after=frequency_in_words(line.frequency),
        )
    added = [part for part in line.parts if part not in check.parts]
    removed = [part for part in check.parts if part not in line.parts]
    if added:
        yield sentence("{parts} added", parts=", ".join(added))
    if removed:
        yield sentence("{parts} removed", parts=", ".join(removed))
    if not added and not removed and line.parts != check.parts:
        yield sentence("the parts come in another order: {parts}", parts=", ".join(line.parts))
    for number, (step, kept) in enumerate(zip(line.reaction, check.reaction, strict=False), 1):
        if _plain(step) not in {
            _plain(kept.en),
            _plain(kept.zh),
            _plain(f"{kept.zh} {kept.en}"),
            _plain(f"{kept.en} {kept.zh}"),
        }:
            yield sentence("step {number} of the reaction is reworded", number=number)
    if line.reaction and len(line.reaction) != len(check.reaction):
        yield sentence(
            "the reaction has {after} steps, not {before}",
            after=len(line.reaction),
            before=len(check.reaction),
        )
    if line.pfmea is not None and line.pfmea != check.pfmea:
        yield sentence("PFMEA {before} becomes {after}", before=check.pfmea, after=line.pfmea)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split()).rstrip(".。;")


def frequency_of(schedule: ScheduleRule) -> Frequency:
    """Return the triggers of a check as it is scheduled now."""
    return Frequency(triggers=tuple(_trigger_of(rule) for rule in rules_of(schedule)))


def _trigger_of(rule: OneRule) -> Trigger:
    match rule:
        case EveryShiftStart():
            return Trigger(on=On.SHIFT_START)
        case Daily():
            return Trigger(on=On.DAILY, at=rule.at)
        case Weekly():
            return Trigger(
                on=On.WEEKLY, days=tuple(WEEKDAYS[day] for day in rule.weekdays), at=rule.at
            )
        case Monthly():
            return Trigger(on=On.MONTHLY, day=rule.day, at=rule.at)
        case EveryInterval():
            return Trigger(on=On.INTERVAL, hours=rule.interval_s / _HOUR_S)
        case AfterEvent():
            return Trigger(on=On(rule.event.value))
        case OnDemand():
            return Trigger(on=On.DEMAND)


def _same_moments(one: Frequency, other: Frequency) -> bool:
    """Tell whether two frequencies are due at the same moments; a time of day that is not said is asked for, and no difference."""
    if one.is_first_of != other.is_first_of or len(one.triggers) != len(other.triggers):
        return False
    return all(
        a == b
        or (
            a.on is b.on
            and a.except_shifts == b.except_shifts
            and a.on in CALENDAR
            and a.at is None
            and a.days == b.days
            and a.day == b.day
        )
        for a, b in zip(one.triggers, other.triggers, strict=True)
    )


def rule_of(frequency: Frequency) -> ScheduleRule | None:
    """Return the schedule of a frequency; None where one of its triggers is not scheduled yet."""
    rules = [rule for each in frequency.triggers if (rule := _rule_of(each)) is not None]
    if not rules or len(rules) < len(frequency.triggers) or frequency.is_first_of:
        return None
    return schedule_of(rules)


def _rule_of(trigger: Trigger) -> OneRule | None:
    if trigger.except_shifts:
        return None
    days = tuple(sorted(WEEKDAYS.index(day) for day in trigger.days))
    match trigger:
        case Trigger(on=On.SHIFT_START):
            return EveryShiftStart()
        case Trigger(on=On.DAILY, at=at) if at is not None:
            return Daily(at=at)
        case Trigger(on=On.WEEKLY, at=at) if at is not None and days:
            return Weekly(weekdays=days, at=at)
        case Trigger(on=On.MONTHLY, at=at, day=day, week=None) if (
            at is not None and day is not None
        ):
            return Monthly(day=day, at=at)
        case Trigger(on=On.DEMAND):
            return OnDemand()
        case Trigger(on=on) if on.value in _EVENTS:
            return AfterEvent(event=PlantEvent(on.value))
        case _:
            return None


def _next_due(line: PlanLine, plant: Plant, now: datetime) -> Iterator[str]:
    rule = rule_of(line.frequency)
    found = [
        station.line
        for station in plant.stations
        for device in station.devices
        if device.id == line.device
    ]
    calendar = plant.calendars.get(found[0]) if found else None
    if rule is None or calendar is None:
        return
    for due in next_dues(rule, calendar, now, now + timedelta(seconds=1), SHOWN):
        yield zoned(due.due_at, plant.zone)
