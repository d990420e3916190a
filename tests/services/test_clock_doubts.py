"""A clock that is set by more than a few minutes: lapses wait, running a check never does (D43, D61; findings K2)."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.clock_doubts import BELIEVED_UP_TO, is_in_doubt, open_doubts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.occurrence import may_be_run
from redrabbit.domain.pauses import undecided
from redrabbit.domain.records import AlarmRecord, CheckRecord, ClockDoubtRecord, OccurrenceRecord
from redrabbit.domain.schedule import EveryInterval, ScheduleRule, parse_schedule
from redrabbit.services import scheduling
from redrabbit.services.clock_steps import ClockWatch, note_steps
from redrabbit.services.overdue import lapsed_checks
from redrabbit.services.settling_clock import confirm_by_second_source, confirm_clock
from tests.plants import BEGIN, Bench, a_check, a_plant
from tests.services.test_custody import ANNA

MINUTE = timedelta(minutes=1)
EVERY, GRACE, OPEN_FOR = timedelta(hours=2), timedelta(minutes=20), timedelta(minutes=45)
DAY = 24 * 60


class Clocked:
    """One check every two hours, or by another schedule, and a machine whose clock people set."""

    def __init__(self, schedule: ScheduleRule | None = None) -> None:
        check = a_check(
            schedule=schedule or EveryInterval(interval_s=EVERY.total_seconds()),
            opens_before=timedelta(0),
            grace=GRACE,
            closes_after=OPEN_FOR,
        )
        self.bench = Bench(a_plant(check))
        self.watch = ClockWatch(self.bench.clock)

    @property
    def now(self) -> datetime:
        return self.bench.clock.now()

    def wait(self, minutes: float) -> None:
        self.bench.pass_time(minutes * 60)

    def look(self) -> None:
        self.bench.write(lambda uow: scheduling.step(uow, self.bench.plant))

    def set(self, minutes: float) -> None:
        """Set the wall clock while the service runs: it notes that before it does anything else."""
        self.bench.clock.step_wall(timedelta(minutes=minutes))
        self.watch.adopt()
        steps = self.watch.steps()
        self.bench.write(lambda uow: note_steps(uow, steps))
        self.watch.recorded(steps)

    def restart(self, minutes_set: float = 0) -> None:
        """Stop, set the wall clock, start: nobody saw it."""
        self.bench.clock.step_wall(timedelta(minutes=minutes_set))
        self.bench.clock.reanchor()
        self.bench.restart()

    def doubts(self) -> list[ClockDoubtRecord]:
        return self.bench.database.read_now(open_doubts)

    def confirm(self) -> None:
        doubts = self.doubts()
        if doubts:
            self.bench.write(lambda uow: confirm_clock(uow, doubts[-1].entry, actor=ANNA))

    def made(self) -> list[OccurrenceRecord]:
        found = self.bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
        return sorted(found, key=lambda each: each.due_at)

    def told(self) -> list[tuple[float, str | None, str | None]]:
        """Return when each was due, in hours, its end, and why."""
        return [
            ((each.due_at - BEGIN) / timedelta(hours=1), each.outcome, each.reason_code)
            for each in self.made()
        ]

    def types(self) -> Counter[str]:
        return Counter(
            entry.type for entry in self.bench.database.read_now(lambda reader: reader.entries())
        )


def a_clocked(hours: float) -> Clocked:
    clocked = Clocked()
    clocked.wait(hours * 60)
    clocked.look()
    return clocked


def test_a_day_ahead_for_ten_minutes_makes_nothing_lapse() -> None:
    """A3: the coming shifts stood as lapsed hours before they were due, and nothing was asked for 24 hours."""
    clocked = a_clocked(2.1)
    clocked.set(DAY)
    clocked.look()
    assert [end for _, end, _ in clocked.told()] == [None, None], "the one of now is made at once"
    clocked.wait(10)
    clocked.look()
    clocked.set(-DAY)
    assert clocked.doubts() == []
    clocked.wait(30)
    clocked.look()
    assert clocked.told()[0] == (2, "lapsed", "not_watching"), "the clock was wrong in its window"
    clocked.wait(120)
    clocked.look()
    assert clocked.told()[:2] == [(2, "lapsed", "not_watching"), (4, "lapsed", "not_done")]
    assert [end for _, end, _ in clocked.told()[2:]] == [None]


def test_sixty_days_ahead_are_no_thousands_of_lapses() -> None:
    """B08: 2,880 false lapses in one transaction."""
    clocked = a_clocked(1)
    clocked.set(60 * DAY)
    clocked.look()
    assert len(clocked.made()) <= 1
    assert "occurrence_decided" not in clocked.types()
    assert (
        clocked.bench.database.read_now(
            lambda reader: lapsed_checks(reader, clocked.bench.plant, clocked.now)
        )
        == []
    )


@pytest.mark.parametrize("by", ["person", "second_source"])
def test_what_the_step_passed_over_lapses_once_the_time_is_confirmed(by: str) -> None:
    clocked = a_clocked(1)
    clocked.set(DAY / 4)  # now at 7:00 of a plant that began at 0:00
    clocked.look()
    assert clocked.told() == [(6, None, None)] or clocked.told() == []
    if by == "person":
        clocked.confirm()
    else:
        clocked.bench.write(confirm_by_second_source)
    clocked.look()
    assert clocked.told() == [
        (2, "lapsed", "not_watching"),
        (4, "lapsed", "not_watching"),
        (6, "lapsed", "not_watching"),
    ]
    (settled,) = clocked.bench.database.read_now(lambda reader: reader.find(ClockDoubtRecord))
    assert settled.settled == by


def test_a_check_whose_window_only_one_clock_ended_may_be_run_and_has_not_lapsed() -> None:
    clocked = a_clocked(2.1)
    clocked.set(DAY)
    clocked.look()
    owed = clocked.bench.database.read_now(lambda reader: undecided(reader, clocked.now))
    assert next(each.due_at for each in owed if may_be_run(each, clocked.now)) == BEGIN + EVERY


def test_a_check_that_is_open_by_the_clock_of_before_may_be_run_when_it_is_set_back() -> None:
    clocked = a_clocked(2.1)
    clocked.set(-DAY)
    clocked.look()
    (owed,) = clocked.bench.database.read_now(lambda reader: undecided(reader, clocked.now))
    assert may_be_run(owed, clocked.now)


def test_a_lapse_of_a_time_to_come_is_taken_back_with_its_alarm() -> None:
    """The clock was ahead since before the start, which nobody can tell from a long stop."""
    clocked = a_clocked(1)
    clocked.restart(DAY)
    clocked.look()
    assert len([end for _, end, _ in clocked.told() if end == "lapsed"]) == 12
    clocked.set(-DAY)
    assert len(clocked.doubts()) == 1
    clocked.confirm()
    assert {end for _, end, _ in clocked.told()} == {None}
    alarms = clocked.bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert {each.kind for each in alarms if each.ended_at is None} == {"clock_step"}
    clocked.wait(2 * 60)
    clocked.look()
    assert clocked.told()[0] == (2, "lapsed", "not_done")


def test_a_start_with_an_empty_battery_is_in_doubt_until_the_clock_is_right_again() -> None:
    clocked = a_clocked(3)
    away = BEGIN - datetime(2001, 1, 1, tzinfo=BEGIN.tzinfo)
    clocked.restart(-away / MINUTE)
    assert len(clocked.doubts()) == 1
    clocked.look()
    with pytest.raises(Refusal) as refused:
        clocked.confirm()
    assert refused.value.code == "clock_too_far_back"
    clocked.wait(60)
    clocked.set(away / MINUTE)
    clocked.confirm()
    clocked.look()
    assert [when for when, _, _ in clocked.told()] == [2, 4]
    (check,) = clocked.bench.database.read_now(lambda reader: reader.find(CheckRecord))
    assert check.adopted_at == BEGIN


def test_what_is_confirmed_is_the_step_that_was_shown() -> None:
    clocked = a_clocked(1)
    clocked.set(DAY)
    (shown,) = clocked.doubts()
    clocked.set(DAY)
    with pytest.raises(Refusal) as refused:
        clocked.bench.write(lambda uow: confirm_clock(uow, shown.entry, actor=ANNA))
    assert refused.value.code == "no_such_clock_doubt"


STEPS = st.lists(
    st.one_of(
        st.integers(1, 300).map(lambda n: ("wait", n)),
        st.integers(1, 300).map(lambda n: ("wait and look", n)),
        st.sampled_from([-3 * DAY, -DAY, -400, -7, -4, 3, 6, 90, 400, DAY, 2 * DAY, 5 * DAY]).map(
            lambda n: ("set", n)
        ),
        st.sampled_from([0, 0, 0, 90, -90, DAY, -DAY]).map(lambda n: ("restart", n)),
        st.just(("confirm", 0)),
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=100, deadline=None)
@example([("wait", 10), ("set", -3 * DAY), ("set", 5 * DAY)])
@given(STEPS)
def test_whatever_the_clock_was_set_to_each_due_time_ends_as_if_it_had_not_been(
    steps: list[tuple[str, int]],
) -> None:
    """L7: in the end the clock is right and somebody says so; nothing lapsed early, twice or never."""
    clocked = Clocked(parse_schedule("every 2 h of work"))
    wrong = 0
    for what, minutes in [*steps, ("wait and look", 1)]:
        match what:
            case "wait" | "wait and look":
                clocked.wait(minutes)
            case "set":
                clocked.set(minutes)
                wrong += minutes
            case "restart":
                clocked.restart(minutes)
                wrong += minutes
            case _:
                clocked.confirm()
        if what == "wait and look":
            before = {each.occurrence_id for each in clocked.made() if each.outcome}
            clocked.look()
            doubts = clocked.doubts()
            for each in clocked.made():
                if each.outcome is not None and each.occurrence_id not in before:
                    assert not is_in_doubt(doubts, each.closes_at), "it waits"
    if wrong:
        clocked.set(-wrong)
    clocked.confirm()
    clocked.look()
    told = {each.due_at: each.outcome for each in clocked.made()}
    assert len(told) == len(clocked.made()), "doubled"
    six = BEGIN + 10 * MINUTE
    due = {six + n * EVERY for n in range(1000) if six + n * EVERY <= clocked.now}
    assert due <= told.keys(), "forgotten"
    for at, end in told.items():
        assert end == ("lapsed" if at + OPEN_FOR <= clocked.now else None), at


@given(st.floats(0, 1e4))
def test_a_small_step_is_in_no_doubt(seconds: float) -> None:
    clocked = Clocked()
    clocked.set(seconds / 60)
    assert bool(clocked.doubts()) is (timedelta(seconds=seconds) > BELIEVED_UP_TO)
