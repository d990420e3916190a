"""Everything that moves obligations, in one story, beside a naive reader: none missing, doubled, retroactive or wrongly caused (L7, D41, D55, D56).

Plans and windows that are revised, calendars and zones that change, pauses, events, what a person excuses, looks that come late, stops and
restarts. What a clock does that is set by more than minutes is told by itself in `test_clock_doubts`.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.occurrence import event_key, first_times
from redrabbit.domain.occurrence import may_be_excused, trigger_key
from redrabbit.domain.records import OccurrenceRecord, PauseRecord, PlantEventRecord
from redrabbit.domain.schedule import AfterEvent, Daily, EveryShiftStart, ScheduleRule, due_times
from redrabbit.domain.schedule_rules import PlantEvent, rules_of
from redrabbit.domain.shift_calendar import ShiftCalendar
from redrabbit.services import planning, plant_events
from redrabbit.services.loop_watch import STANDS_STILL_AFTER_S
from redrabbit.services.taking_up import PlanChange
from tests.plants import LINE, OP20
from tests.services.test_calendar_changes import (
    CALENDARS,
    EARLY,
    LATE,
    NIGHT,
    SCHEDULES,
    a_calendar,
    a_check_open_for,
)
from tests.services.test_plan_revisions import ANNA, Life

MINUTE: Final = timedelta(minutes=1)
A_MOMENT: Final = timedelta(microseconds=1)
BEGIN: Final = datetime(2026, 3, 26, 5, 17, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What a naive reader says is owed."""

    due_at: datetime
    check: Check
    """As the plan had it then."""
    is_of_event: bool = False


class Whole(Life):
    """A line to which everything happens, and what is to be remembered of it by hand."""

    def __init__(self, schedule: ScheduleRule, calendar: ShiftCalendar) -> None:
        check = a_check_open_for(0, schedule)
        self.checks = [check]
        """That of each time in `in_force`."""
        self.is_by_plan = [False]
        """Whether a plan began it: then what is due at that very instant is the new one's."""
        self.alive_at = BEGIN
        self.holes: list[tuple[datetime, datetime]] = []
        self.events: dict[str, Owed] = {}
        self.told_at: datetime | None = None
        self.by_person: set[str] = set()
        self.known: dict[str, str] = {}
        """How each ended, and why."""
        super().__init__(check, calendar, BEGIN)

    def _note(self, change: PlanChange) -> None:
        super()._note(change)
        self.checks.append(change.plant.plan.checks[0])
        self.is_by_plan.append(True)

    def restart(self, calendar: ShiftCalendar | None = None) -> None:
        if (self.now - self.alive_at).total_seconds() > STANDS_STILL_AFTER_S:
            self.holes.append((self.alive_at, self.now))
        super().restart(calendar)
        if calendar is not None:
            self.checks.append(self.bench.plant.plan.checks[0])
            self.is_by_plan.append(False)

    def do(self, kind: str, what: Any) -> None:
        """Let one thing happen; whoever looks sees all that was due by then."""
        if kind in {"watched", "away"}:
            self.pass_time(what)
            if kind == "away":
                return
        elif kind in {"restart", "calendar"}:
            self.restart(what)
        elif kind == "revision":
            self.restart()
            self._revised(*what)
        else:
            self.watch()
            with suppress(Refusal):
                getattr(self, f"_{kind}")(*what)
        self.watch()
        self.write(lambda uow: uow.beat("agent", uow.now))
        self.alive_at = self.now

    def _revised(self, schedule: ScheduleRule, grace: int, closes: int, hours: int) -> None:
        instant = self.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)
        if all(each.effective_at != instant for each in self.waiting()):
            revised = replace(
                self.check,
                schedule=schedule,
                grace=grace * MINUTE,
                closes_after=closes * MINUTE,
            )
            self.revise(revised, instant)

    def _pause(self, begins: int, length: int) -> None:
        begins_at = self.now + begins * MINUTE
        self.write(
            lambda uow: planning.declare_pause(
                uow,
                self.bench.plant,
                line=LINE,
                begins_at=begins_at,
                ends_at=begins_at + length * MINUTE,
                reason="no orders",
                actor=ANNA,
            )
        )

    def _end_pause(self) -> None:
        going_on = [each for each in self.pauses() if each.ends_at > self.now]
        if going_on:
            last = max(going_on, key=lambda pause: pause.ends_at)
            self.write(lambda uow: planning.end_pause(uow, last.pause_id, actor=ANNA))

    def _excuse(self) -> None:
        open_now = (o for o in self.made() if o.outcome is None and may_be_excused(o, self.now))
        first = next(open_now, None)
        if first is not None:
            number = first.occurrence_id
            self.write(lambda uow: planning.excuse(uow, number, reason="part is away", actor=ANNA))
            self.by_person.add(first.trigger_key)

    def _event(self) -> None:
        standing = {key for key, owed in self.owed().items() if self.stands(owed)[0] == "stands"}
        told: PlantEventRecord = self.write(
            lambda uow: plant_events.tell(
                uow,
                self.bench.plant,
                line=LINE,
                station=OP20,
                event=PlantEvent.CHANGEOVER,
                note=None,
                actor=ANNA,
            )
        )
        if self.told_at is not None and self.now - self.told_at <= 2 * MINUTE:
            return  # told twice
        self.told_at = self.now
        check = self.bench.plant.plan.checks[0]
        waits = any(
            isinstance(rule, AfterEvent) and rule.event is PlantEvent.CHANGEOVER
            for rule in rules_of(check.schedule)
        )
        if waits and not standing - self.by_person:
            owed = Owed(due_at=self.now, check=check, is_of_event=True)
            self.events[event_key(told.event_id)] = owed

    def pauses(self) -> list[PauseRecord]:
        return list(self.bench.database.read_now(lambda reader: reader.find(PauseRecord)))

    def owed(self) -> dict[str, Owed]:
        """Return what is owed by now: of each plan and calendar what is due in its own time, and what events asked for."""
        found: dict[str, Owed] = {}
        anchor, schedule_before = self.in_force[0][0], self.in_force[0][1]
        ends = [since for since, _, _ in self.in_force[1:]] + [self.now]
        for place, (since, schedule, calendar) in enumerate(self.in_force):
            if schedule != schedule_before:
                anchor, schedule_before = since, schedule
            begins = since - A_MOMENT if self.is_by_plan[place] else since
            ends_by_plan = any(self.is_by_plan[place + 1 : place + 2])
            end = ends[place] - A_MOMENT if ends_by_plan else ends[place]
            for due in due_times(schedule, calendar, anchor, begins, end):
                owed = Owed(due_at=due.due_at, check=self.checks[place])
                found.setdefault(trigger_key(due.trigger_key), owed)
        return found | self.events

    def stands(self, owed: Owed) -> tuple[str, datetime, datetime]:
        """Return how something owed stands now, when it is due and when it closes, by all pauses."""
        due_at, closes_at = owed.due_at, owed.due_at + owed.check.closes_after
        while over := [p.ends_at for p in self.pauses() if p.begins_at <= due_at < p.ends_at]:
            due_at = max(over)
        if due_at >= closes_at and not owed.is_of_event:
            return "excused" if self.now >= closes_at else "waits", due_at, closes_at
        if due_at > owed.due_at:
            closes_at = max(closes_at, due_at + owed.check.grace)
        if self.now >= closes_at:
            return "lapsed", due_at, closes_at
        return "stands" if self.now >= due_at else "waits", due_at, closes_at

    def cause(self, due_at: datetime, closes_at: datetime) -> str:
        holes = [hole for hole in self.holes if hole[1] > due_at and hole[0] <= closes_at]
        return "not_watching" if holes else "not_done"


def check_whole(life: Whole) -> None:
    """Compare what is on record with what a naive reader says."""
    made, owed = life.made(), life.owed()
    assert Counter(each.trigger_key for each in made) == Counter(owed.keys()), "missing or doubled"
    for each in made:
        check_one(life, each, owed[each.trigger_key])
    entries = life.bench.database.read_now(lambda reader: reader.entries())
    decided = Counter(
        str((entry.payload or {})["occurrence_id"])
        for entry in entries
        if entry.type == "occurrence_decided"
    )
    assert set(decided.values()) <= {1}, "L7"


def check_one(life: Whole, made: OccurrenceRecord, owed: Owed) -> None:
    assert first_times(made).due_at == owed.due_at, "not when it was due"
    if made.trigger_key in life.by_person:
        assert (made.outcome, made.reason_code) == ("excused", "person")
        return
    word, due_at, closes_at = life.stands(owed)
    expected = {"lapsed": "lapsed", "excused": "excused"}.get(word)
    assert made.outcome == expected, word
    if expected is None:
        return
    is_new = made.trigger_key not in life.known  # a stop that begins as it lapses comes after that
    how = f"{made.outcome}, {made.reason_code}"
    assert life.known.setdefault(made.trigger_key, how) == how, "changed afterwards"
    if word == "lapsed":
        assert (made.due_at, made.closes_at, made.decided_at) == (due_at, closes_at, closes_at)
        if is_new:
            assert made.reason_code == life.cause(due_at, closes_at), "wrongly caused"
    else:
        assert made.reason_code == "pause"


ZONES: Final = tuple(map(ZoneInfo, ("Europe/Berlin", "Asia/Shanghai", "America/New_York")))
ZONED = st.builds(
    lambda calendar, zone: replace(calendar, zone=zone),
    CALENDARS,
    st.sampled_from((ZONES[0], *ZONES)),
)
NOTHING: Final[tuple[()]] = ()
WINDOWS: Final = st.sampled_from([(10, 30), (5, 12), (20, 55)])
REVISIONS = st.tuples(SCHEDULES, WINDOWS, st.integers(1, 30)).map(
    lambda told: ("revision", (told[0], *told[1], told[2]))
)
STEPS = st.lists(
    st.one_of(
        st.floats(0.05, 3).map(lambda hours: ("watched", hours)),
        st.floats(0.2, 20).map(lambda hours: ("watched", hours)),
        st.floats(0.1, 20).map(lambda hours: ("away", hours)),
        st.just(("restart", None)),
        ZONED.map(lambda calendar: ("calendar", calendar)),
        REVISIONS,
        REVISIONS,
        st.tuples(st.integers(0, 300), st.integers(1, 600)).map(lambda told: ("pause", told)),
        st.just(("end_pause", NOTHING)),
        st.just(("excuse", NOTHING)),
        st.just(("event", NOTHING)),
    ),
    min_size=3,
    max_size=14,
)


def play(schedule: ScheduleRule, first: ShiftCalendar, steps: list[tuple[str, Any]]) -> None:
    life = Whole(schedule, first)
    for kind, what in steps:
        life.do(kind, what)
        if kind != "away":
            check_whole(life)
    life.do("restart", None)
    check_whole(life)


@settings(max_examples=60, deadline=None)
@example(  # nobody watched, and a plan took effect meanwhile
    schedule=EveryShiftStart(),
    first=a_calendar(EARLY, LATE, NIGHT),
    steps=[("restart", None), ("revision", (EveryShiftStart(), 10, 30, 9)), ("away", 9.0)],
)
@example(  # at the very instant of a plan that changes its window only
    schedule=Daily(at=time(22)),
    first=a_calendar(EARLY, LATE, NIGHT),
    steps=[("watched", 0.5), ("revision", (Daily(at=time(22)), 5, 12, 16)), ("watched", 16.0)],
)
@given(schedule=SCHEDULES, first=CALENDARS, steps=STEPS)
def test_whatever_happens_each_obligation_is_there_once_and_ends_as_a_naive_reader_says(
    schedule: ScheduleRule, first: ShiftCalendar, steps: list[tuple[str, Any]]
) -> None:
    play(schedule, first, steps)


@pytest.mark.slow
@settings(max_examples=20_000, deadline=None)
@given(schedule=SCHEDULES, first=CALENDARS, steps=STEPS)
def test_in_twenty_thousand_stories_it_is_so(
    schedule: ScheduleRule, first: ShiftCalendar, steps: list[tuple[str, Any]]
) -> None:
    play(schedule, first, steps)
