"""Alarms, rules and plants of alarms for tests of who is told."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from redrabbit.domain.escalation import Duty, Escalation, Rule, Step
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.codec import field_names
from redrabbit.domain.facts.silence import SilenceRecord
from redrabbit.domain.identity import AlarmId, How, LineId, SilenceId
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""In Shanghai, a Monday."""
MIDNIGHT = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
LINE = LineId("line1")
EVERY_DAY = tuple(range(7))
CALENDAR = ShiftCalendar(
    zone=SHANGHAI,
    shifts=(
        Shift(name="day", weekdays=EVERY_DAY, starts_at=time(8), ends_at=time(20)),
        Shift(name="night", weekdays=EVERY_DAY, starts_at=time(20), ends_at=time(8)),
    ),
)
MINUTE = timedelta(minutes=1)


def an_escalation(*rules: Rule, **changes: Any) -> Escalation:
    """Return rules of a plant that works in two shifts."""
    wishes: dict[str, frozenset[str]] = {
        "anna": frozenset(),
        "bo": frozenset(),
        "chen": frozenset(),
        "andon": frozenset(),
    }
    given: dict[str, Any] = {
        "rules": rules,
        "wishes": wishes,
        "zone": SHANGHAI,
        "calendars": {LINE: CALENDAR},
    }
    return Escalation(**(given | changes))


def a_step(minutes: float = 0, *receivers: str, **changes: Any) -> Step:
    """Return a step so many minutes after the alarm."""
    return Step(after=timedelta(minutes=minutes), receivers=receivers, **changes)


def a_rule(*steps: Step, **changes: Any) -> Rule:
    """Return a rule with these steps."""
    return Rule(steps=steps, **changes)


def a_duty(*receivers: str, **changes: Any) -> Duty:
    """Return who is on duty."""
    return Duty(receivers=receivers, **changes)


def an_alarm(number: int = 1, **changes: Any) -> AlarmRecord:
    """Return an open alarm at a station of line 1, of which nobody was told yet."""
    given: dict[str, Any] = {
        "alarm_id": AlarmId(f"line1-A-{number}"),
        "stream": "line1",
        "number": number,
        "kind": AlarmKind.OVERDUE,
        "line": "line1",
        "station": "op20",
        "raised_at": NOON,
        "raised_entry": number,
        "steps_told": 0,
        "repeats_told": 0,
        "raised_silenced": False,
    }
    given |= changes
    whole: dict[str, Any] = {name: given.get(name) for name in field_names(AlarmRecord)}
    return AlarmRecord(**whole)


def a_silence(**changes: Any) -> SilenceRecord:
    """Return a silence over everything for an hour from noon on."""
    given: dict[str, Any] = {
        "silence_id": SilenceId("plant-S-1"),
        "stream": "plant",
        "number": 1,
        "begins_at": NOON,
        "ends_at": NOON + timedelta(hours=1),
        "reason_text": "line rebuilt",
        "declared_by": "anna",
        "declared_how": How.STATED,
        "declared_entry": 1,
    }
    given |= changes
    whole: dict[str, Any] = {name: given.get(name) for name in field_names(SilenceRecord)}
    return SilenceRecord(**whole)


def a_day(text: str) -> date:
    """Return a date."""
    return date.fromisoformat(text)
