"""What turns by the clock alone is found without reading all that is open: the same as a naive reader of all finds (decision 72)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.clock_doubts import open_doubts, waits_for_clock
from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, OccurrenceId
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.pauses import as_paused, excuse_at, is_covered, pauses_after
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord, PauseRecord
from redrabbit.domain.schedule import parse_schedule
from redrabbit.services import planning, scheduling
from redrabbit.services.clock_steps import ClockWatch, note_steps
from redrabbit.services.ports import Reader, equals
from redrabbit.services.settling_clock import confirm_clock
from redrabbit.services.taking_up import take_over
from redrabbit.services.turning import next_turn_at, turned_by
from redrabbit.services.unmade import adopted_checks, each_unmade
from tests.plants import BEGIN, IDLE_SIGNALS, LINE, OP20, Bench, a_check, a_plant
from tests.services.test_custody import ANNA

MINUTE: Final = timedelta(minutes=1)
PLANS: Final = (
    (
        "every 2 h",
        "every shift start",
        "every 50 min of work",
        "daily at 06:30 else next shift start",
    ),
    ("every 2 h", "every shift end", "every 50 min of work", "daily at 09:00"),
    ("every 3 h", "every shift start"),
)
WINDOWS: Final = ((0, 20, 45), (200, 30, 90), (100, 60, 60), (400, 5, 700))
"""In minutes: how long before its due time each check opens, its grace, and when it closes."""

LATER: Final = (0, 7, 31, 55, 90, 170, 400, 900)
"""In minutes: so much later than now it is asked, too, as if nothing had happened until then."""


def checks_of(rules: tuple[str, ...]) -> list[Check]:
    return [
        a_check(
            f"check-{place}",
            schedule=parse_schedule(rule),
            opens_before=opens * MINUTE,
            grace=grace * MINUTE,
            closes_after=closes * MINUTE,
        )
        for place, (rule, (opens, grace, closes)) in enumerate(zip(rules, WINDOWS, strict=False))
    ]


class Story:
    """A line with several checks, some of which are open long before they are due."""

    def __init__(self) -> None:
        self.plans = 0
        self.bench = Bench(self.plant_of(0))
        self.watch = ClockWatch(self.bench.clock)

    def plant_of(self, plan: int) -> Plant:
        self.plans += 1
        plant = a_plant(*checks_of(PLANS[plan]), digest=f"{self.plans:064d}")
        return replace(plant, plan=replace(plant.plan, revision=str(self.plans)))

    @property
    def now(self) -> datetime:
        return self.bench.clock.now()

    def wait(self, minutes: int) -> None:
        self.bench.pass_time(minutes * 60)

    def look(self) -> None:
        self.bench.write(lambda uow: scheduling.step(uow, self.bench.plant))

    def pause(self, begins: int, length: int) -> None:
        begins_at = self.now + begins * MINUTE
        self.bench.write(
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

    def end_pause(self, which: int) -> None:
        pauses = self.bench.database.read_now(lambda reader: reader.find(PauseRecord))
        going_on = [each for each in pauses if each.ends_at > self.now]
        if going_on:
            pause = going_on[which % len(going_on)]
            self.bench.write(lambda uow: planning.end_pause(uow, pause.pause_id, actor=ANNA))

    def set(self, minutes: int) -> None:
        self.bench.clock.step_wall(minutes * MINUTE)
        self.watch.adopt()
        steps = self.watch.steps()
        self.bench.write(lambda uow: note_steps(uow, steps))
        self.watch.recorded(steps)

    def confirm(self) -> None:
        doubts = self.bench.database.read_now(open_doubts)
        if doubts:
            self.bench.write(lambda uow: confirm_clock(uow, doubts[-1].entry, actor=ANNA))

    def plan(self, which: int) -> None:
        before, self.bench.plant = self.bench.plant, self.plant_of(which)
        taken = self.bench.write(
            lambda uow: take_over(
                uow,
                self.bench.plant,
                {"plan": str(self.plans)},
                "test",
                before=before,
                owners=self.bench.owners,
                at=self.now,
            )
        )
        self.bench.owners |= taken.rebuilt
        for station in taken.rebuilt:
            self.bench.read(station, **IDLE_SIGNALS)

    def restart(self) -> None:
        self.bench.restart()

    def run(self, which: int) -> None:
        """Begin the check, whichever of those that it owes is open."""
        check = self.bench.plant.plan.checks[which % len(self.bench.plant.plan.checks)]
        self.bench.settle(
            self.bench.owners[OP20].start(
                check_id=check.id, occurrence_id=None, containment_id=None, actor=ANNA, now=self.now
            )
        )

    def give_up(self) -> None:
        self.bench.settle(self.bench.owners[OP20].abort("gloves", actor=ANNA, now=self.now))

    def do(self, step: tuple[Any, ...]) -> None:
        what, *values = step
        with suppress(Refusal):  # people ask for what can't be: nothing is recorded
            getattr(self, what)(*values)

    def ask(self, question: Callable[[Reader], Any]) -> Any:
        return self.bench.database.read_now(question)


def turns_naively(reader: Reader, now: datetime) -> dict[OccurrenceId, list[datetime]]:
    """Return when each that is undecided turns, by all pauses that there ever were."""
    pauses, doubts = pauses_after(reader, BEGIN - timedelta(days=9000)), open_doubts(reader)
    turns: dict[OccurrenceId, list[datetime]] = {}
    for made in reader.find(OccurrenceRecord, equals("outcome", None)):
        at = turns[made.occurrence_id] = []
        stands = as_paused(made, pauses, now)
        if stands.decided_at is not None:
            at.append(stands.decided_at)
        elif not waits_for_clock(stands, doubts, now):
            at.append(lapse_at(stands))
        at += [] if stands.overdue_told else [stands.grace_ends_at]
        at += [min(made.due_at, stands.due_at)] if stands.due_at != made.due_at else []
        at += [excuse_at(stands)] if is_covered(stands) else []
    return turns


def check_as_a_naive_reader(story: Story) -> None:
    def check(reader: Reader) -> None:
        for minutes in LATER:
            check_at(story.now + minutes * MINUTE, reader)

    story.ask(check)


def check_at(now: datetime, reader: Reader) -> None:
    turns = turns_naively(reader, now)
    turned = {each for each, at in turns.items() if any(instant <= now for instant in at)}
    found = turned_by(reader, now)
    assert {each.occurrence_id for each in found} == turned
    assert len(found) == len(turned)
    assert [each.due_at for each in found] == sorted(each.due_at for each in found)
    first = min((instant for at in turns.values() for instant in at), default=None)
    told = next_turn_at(reader, now)
    if first is None or told is None or max(first, told) > now:
        assert told == first
    by_check = [turned_by(reader, now, CheckId(f"check-{number}")) for number in range(4)]
    assert sorted(o.number for each in by_check for o in each) == sorted(o.number for o in found)


def test_however_much_is_open_few_of_it_are_read() -> None:
    """An idle look read all that was open, twice a second."""
    story = Story()
    story.wait(300)
    story.look()
    open_long = a_check(
        schedule=parse_schedule("every 2 h"), opens_before=timedelta(days=30), grace=MINUTE
    )
    story.bench.plant = a_plant(open_long, digest="f" * 64)
    story.restart()
    story.look()

    def read(reader: Reader) -> tuple[int, int]:
        counting: Any = Counting(reader)
        next_turn_at(counting, story.now)
        turned_by(counting, story.now)
        return counting.found, reader.count(OccurrenceRecord, equals("outcome", None))

    read_of_them, are_open = story.ask(read)
    assert are_open > 300
    assert read_of_them < 10


class Counting:
    """Reads, and counts the records that it found."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.found = 0
        self.asked = 0

    def find(self, *what: Any, **how: Any) -> list[Any]:
        found: list[Any] = self._reader.find(*what, **how)
        self.found += len(found)
        self.asked += 1
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


def test_what_is_not_made_is_asked_for_many_at_once() -> None:
    """Each due time of a long stop was asked for by itself."""
    story = Story()
    story.wait(60 * 24 * 60)
    plant = story.bench.plant

    def read(reader: Reader) -> tuple[int, int]:
        counting: Any = Counting(reader)
        ((check, known),) = adopted_checks(reader, plant, CheckId("check-0"))
        unmade = each_unmade(
            counting,
            plant,
            check,
            known,
            doubts=[],
            since=known.scheduled_until,
            now=story.now,
        )
        return len(list(unmade)), counting.asked

    due, asked = story.ask(read)
    assert due == 720
    assert asked < 40


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 300)),
        st.tuples(st.just("wait"), st.integers(1, 60)),
        st.just(("look",)),
        st.just(("look",)),
        st.just(("look",)),
        st.tuples(st.just("pause"), st.integers(-30, 300), st.integers(1, 500)),
        st.tuples(st.just("pause"), st.integers(0, 100), st.integers(1, 90)),
        st.tuples(st.just("end_pause"), st.integers(0, 3)),
        st.tuples(st.just("run"), st.integers(0, 3)),
        st.just(("give_up",)),
        st.tuples(st.just("set"), st.sampled_from([-1500, -400, -7, 4, 6, 90, 400, 1500])),
        st.just(("confirm",)),
        st.tuples(st.just("plan"), st.integers(0, 2)),
        st.just(("restart",)),
    ),
    min_size=3,
    max_size=16,
)


@settings(max_examples=60, deadline=None)
@example([("wait", 60), ("pause", 10, 100), ("wait", 65), ("look",), ("end_pause", 0), ("look",)])
@example([("wait", 41), ("look",)])
@example([("look",), ("pause", 30, 30), ("wait", 45), ("look",), ("end_pause", 0)])
@example([("wait", 121), ("look",), ("wait", 40), ("look",), ("run", 0), ("wait", 6)])
@given(STEPS)
def test_whatever_happened_what_turns_is_what_a_naive_reader_of_all_finds(
    steps: list[tuple[Any, ...]],
) -> None:
    story = Story()
    for step in steps:
        story.do(step)
        check_as_a_naive_reader(story)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(STEPS)
def test_whatever_happened_in_thousands_of_stories(steps: list[tuple[Any, ...]]) -> None:
    story = Story()
    for step in steps:
        story.do(step)
        check_as_a_naive_reader(story)
