"""A plan that was read, beside the plant and the plan in force: who is unknown, what would change, and when it would be due."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.messages import zoned
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.problem import nearest
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.customer_minimum import CustomerMinimum, enough, keeps, keeps_by_turns
from redrabbit.domain.identity import CheckId, DeviceId
from redrabbit.domain.plant import Plant
from redrabbit.domain.rotation import Rotation, rotation_text
from redrabbit.domain.schedule import next_dues
from redrabbit.domain.schedule_words import duration_text
from redrabbit.domain.shift_calendar import ShiftCalendar
from redrabbit.plan_import.cell_words import class_of, pfmea_of
from redrabbit.plan_import.difference import Change, ChangeKind, differences, pairs_of
from redrabbit.plan_import.dry_run import DryRun
from redrabbit.plan_import.finding import question_name
from redrabbit.plan_import.frequency_text import frequency_text
from redrabbit.plan_import.grid import plain
from redrabbit.plan_import.line_terms import ANY, Terms
from redrabbit.plan_import.plan_form import LANGUAGES
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.trigger_rules import frequency_of, rule_of
from redrabbit.plan_import.trigger_words import frequency_in_words

SHOWN: Final = 5
"""Next due times of a check (B16)."""


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
    _ask_about_shifts(read, verified, plant)
    _say_revision(read, plant)
    before = kept_lines(plant.plan)
    _refuse_below(read, verified, plant, pairs_of(before, verified))
    changes = tuple(differences(before, verified))
    for change in changes:
        if change.kind is ChangeKind.LEFT_OUT:
            read.findings.question(
                "check_left_out",
                read.sheet or read.book.file,
                sentence("{change}: is it retired, and why, or forgotten?", change=change.words),
            )
    if (
        changes
        and read.plan.get("number") == plain(plant.plan.number)
        and read.plan.get("revision") == plain(plant.plan.revision)
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
                question_name("device", line.device or ""),
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
                    question_name("part", part),
                )


def _hint(word: str, known: Sequence[str]) -> str:
    return nearest(word, known) or sentence("is it new?")


def _say_revision(read: DryRun, plant: Plant) -> None:
    number = read.plan.get("number")
    if number is not None and number != plain(plant.plan.number):
        read.findings.question(
            "another_plan",
            read.sheet or read.book.file,
            sentence(
                "control plan {number}; in force is {plan}: does it replace that one?",
                number=number,
                plan=plant.plan.label,
            ),
        )


def kept_lines(plan: ControlPlan) -> list[PlanLine]:
    """Return the lines of a plan in force as a file that says all of them would have them."""
    return [_kept_line(check) for check in plan.checks]


def _kept_line(check: Check) -> PlanLine:
    return PlanLine(
        at=check.id,
        row=0,
        line=check.plan_line,
        process="",
        device_text="",
        device=check.device,
        parts=tuple(check.parts),
        frequency_text="",
        frequency=frequency_of(check.schedule),
        reaction=tuple(step.en for step in check.reaction),
        reaction_also=tuple(step.zh for step in check.reaction),
        characteristic="",
        special=class_of(check.special_characteristic or "") or "",
        pfmea=pfmea_of(check.pfmea),
        size=None,
        owner=None,
        failure_mode=None,
        terms=Terms(
            check=check.id,
            opens_before=duration_text(check.opens_before),
            grace=duration_text(check.grace),
            closes_after=duration_text(check.closes_after),
            least_grade=ANY if check.least_grade is None else check.least_grade.value,
            arming_timeout=duration_text(timedelta(seconds=check.arming_timeout_s)),
            return_timeout=duration_text(timedelta(seconds=check.return_timeout_s)),
            run_timeout=duration_text(timedelta(seconds=check.run_timeout_s)),
            inconclusive_runs=str(check.escalate_after_inconclusive),
        ),
    )


def _calendar_of(line: PlanLine, plant: Plant) -> ShiftCalendar | None:
    """Return the calendar that the device of a plan line works by; None where the device is not known."""
    lines = (
        station.line
        for station in plant.stations
        for device in station.devices
        if device.id == line.device
    )
    return next((plant.calendars.get(each) for each in lines), None)


def _next_due(line: PlanLine, plant: Plant, now: datetime) -> Iterator[str]:
    rule, calendar = rule_of(line.frequency), _calendar_of(line, plant)
    if rule is None or calendar is None or _unknown_shifts(line, calendar):
        return
    for due in next_dues(rule, calendar, now, now + timedelta(seconds=1), SHOWN):
        yield zoned(due.due_at, plant.zone)


def _unknown_shifts(line: PlanLine, calendar: ShiftCalendar) -> list[str]:
    """Return the shifts that a plan line leaves out and that the calendar does not have."""
    known = {shift.name for shift in calendar.shifts}
    named = (name for trigger in line.frequency.triggers for name in trigger.except_shifts)
    return [name for name in dict.fromkeys(named) if name not in known]


def _refuse_below(
    read: DryRun, lines: Sequence[PlanLine], plant: Plant, pairs: Mapping[int, PlanLine]
) -> None:
    """Refuse each line whose device is verified less often than a customer demands."""
    at = {device.id: each.line for each in plant.stations for device in each.devices}
    known = {check.id: check for check in plant.plan.checks}
    for number, line in enumerate(lines):
        where = at.get(DeviceId(line.device or ""))
        kept = pairs.get(number)
        check = None if kept is None else known.get(CheckId(kept.at))
        same = kept is not None and kept.frequency.triggers == line.frequency.triggers
        rule = check.schedule if check is not None and same else rule_of(line.frequency)
        if where is None or rule is None:
            continue
        special = line.special
        if special is None and check is not None:
            special = check.special_characteristic
        calendar = plant.calendars.get(where)
        for minimum in plant.minima:
            if not minimum.is_about(where, special):
                continue
            turns = None if check is None else check.rotation
            if not keeps(rule, calendar, minimum.least):
                read.findings.error("below_minimum", line.at, _below(line, minimum, calendar))
            elif turns is not None and not keeps_by_turns(turns, rule, calendar, minimum.least):
                read.findings.error("below_minimum", line.at, _below_by_turns(line, minimum, turns))


def _below(line: PlanLine, minimum: CustomerMinimum, calendar: ShiftCalendar | None) -> Sentence:
    found = enough(minimum.least, calendar)
    told = (
        () if found is None else (frequency_text(frequency_of(found), each) for each in LANGUAGES)
    )
    return sentence(
        "line {line}: {due} is less often than programme {programme} demands: {least}, by {source}; write {write}, or more often",
        line=line.line or line.device or "-",
        due=frequency_in_words(line.frequency),
        programme=minimum.programme,
        least=minimum.least.text,
        source=minimum.source,
        write=", ".join(f'"{words}"' for words in told) or "-",
    )


def _below_by_turns(line: PlanLine, minimum: CustomerMinimum, turns: Rotation) -> Sentence:
    return sentence(
        "line {line}: by `{rotation}` each failure mode is shown less often than programme {programme} demands: {least}, by {source}; take `rotation` out of the check before",
        line=line.line or line.device or "-",
        rotation=rotation_text(turns),
        programme=minimum.programme,
        least=minimum.least.text,
        source=minimum.source,
    )


def _ask_about_shifts(read: DryRun, lines: Iterable[PlanLine], plant: Plant) -> None:
    for line in lines:
        calendar = _calendar_of(line, plant)
        if calendar is None:
            continue
        known = ", ".join(shift.name for shift in calendar.shifts) or "-"
        for name in _unknown_shifts(line, calendar):
            read.findings.question(
                "unknown_shift",
                line.at,
                sentence(
                    "which shift is {shift}? The line has {known}",
                    shift=name,
                    known=known,
                ),
            )
