"""Catching up in parts: nothing doubled, nothing forgotten, and whoever else writes has its turn (L7, decision 0035)."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import time, timedelta
from itertools import count
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain import acts
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.occurrence import first_times
from redrabbit.domain.identity import Actor, SignalName, StationId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.observation import Acquisition, Observation, Window
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.plant import NotificationTarget, Plant, TargetKind
from redrabbit.domain.records import AlarmRecord, CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule import Daily, EveryInterval, EveryShiftStart, ScheduleRule, due_times
from redrabbit.services import planning, scheduling
from redrabbit.services.agent import Agent
from redrabbit.services.doing import Door
from redrabbit.services.gathering import IN_TIME
from redrabbit.services.ports import Reader, UnitOfWork
from simulators.virtual_clock import VirtualClock
from tests.plants import (
    BEGIN,
    IDLE_SIGNALS,
    LINE,
    OP20,
    OP30,
    TORQUE_CHECK,
    a_check,
    a_memory_database,
    a_plant,
)

T = TypeVar("T")
ANNA = Actor.stated("anna")
FILES = {"plant.yaml": "plant: x\n"}
OBLIGATIONS = {"occurrence_made", "occurrence_overdue", "occurrence_decided", "alarm_raised"}
DAY_S = 86400
ALL, ONLY_LAPSED = "andon", "quality-office"
TARGETS = (
    NotificationTarget(name=ALL, kind=TargetKind.WEBHOOK, url="http://127.0.0.1/a"),
    NotificationTarget(
        name=ONLY_LAPSED,
        kind=TargetKind.WEBHOOK,
        url="http://127.0.0.1/b",
        events=frozenset({"lapsed"}),
    ),
)


class Killed(BaseException):
    """The process is gone before this command."""


class Plants:
    """One plant's database through several lives of the agent; each may be killed at a command."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.clock = VirtualClock(BEGIN)
        self.database = a_memory_database(plant, self.clock)
        self.left = -1
        """Commands before the kill; below 0: never."""
        self.commands = 0
        self.largest = 0
        """Entries of the largest command."""
        self.agent = self.new_agent(plant, None)

    def new_agent(self, plant: Plant, before: Plant | None) -> Agent:
        self.plant = plant
        return Agent(plant, FILES, self, self.clock, "test", previous_plant=lambda _: before)

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        if self.left == 0:
            raise Killed
        self.left -= 1
        self.commands += 1
        size = self.size()
        result = self.database.write_now(command)
        self.largest = max(self.largest, self.size() - size)
        return result

    async def show(self, station: StationId) -> None:
        """Let a station be read: nothing is on."""
        now = self.clock.now()
        signals = self.agent.queues[station].owner.station.signals
        taken = self.agent.sink(
            Acquisition(
                station=station,
                window=Window(began_at=now, ended_at=now),
                signals=frozenset(spec.name for spec in signals),
                changes=tuple(
                    Observation(signal=SignalName(name), value=value)
                    for name, value in IDLE_SIGNALS.items()
                ),
            )
        )
        assert taken is not None
        await taken

    async def read(self, query: Callable[[Reader], T]) -> T:
        return self.database.read_now(query)

    def size(self) -> int:
        return self.database.read_now(lambda reader: reader.head()).size

    def pass_time(self, time_off: timedelta) -> None:
        self.clock.advance_to(self.clock.steady + time_off)

    async def live(self, plant: Plant, before: Plant | None, *, left: int = -1) -> bool:
        """Begin a life and let it catch up; return whether it was not killed before the end."""
        self.left = left
        self.agent = self.new_agent(plant, before)
        try:
            await moved(self.clock, self.agent.open())
            await moved(self.clock, self.agent.catch_up.finish())
        except Killed:
            return False
        finally:
            self.left = -1
        return True

    def told(self) -> list[Any]:
        """Return what the ledger says of obligations, apart from when it was recorded."""
        return [about(entry) for entry in self.entries() if entry.type in OBLIGATIONS]

    def entries(self) -> Sequence[Entry]:
        return self.database.read_now(lambda reader: reader.entries())

    def messages(self, receiver: str) -> list[Any]:
        """Return what waits for a receiver, in order: nobody delivers it."""
        waiting = self.database.read_now(lambda reader: reader.waiting_deliveries(receiver, 10_000))
        return [(each.event, each.key, json.loads(each.payload)) for each in waiting]

    def occurrences(self) -> list[OccurrenceRecord]:
        return list(self.database.read_now(lambda reader: reader.find(OccurrenceRecord)))


class StillClock(VirtualClock):
    """Rests take no time."""

    async def sleep(self, seconds: float) -> None:
        del seconds


async def moved(clock: VirtualClock, work: Any) -> Any:
    """Do it; its rests take no time."""
    with patch.object(clock, "sleep", StillClock(BEGIN).sleep):
        return await work


def about(entry: Entry) -> Any:
    return entry.type, entry.stream, entry.occurred_at, entry.actor.id, entry.payload


SCHEDULES: st.SearchStrategy[ScheduleRule] = st.one_of(
    st.just(EveryShiftStart()),
    st.integers(0, 23).map(lambda hour: Daily(at=time(hour))),
    st.sampled_from([3600.0, 7200.0, 5400.0]).map(lambda s: EveryInterval(interval_s=s)),
)


@st.composite
def checks(draw: st.DrawFn) -> tuple[Check, ...]:
    """Some checks whose windows may reach over the next due time."""
    numbers = count()
    return tuple(
        a_check(
            f"check-{next(numbers)}",
            draw(st.sampled_from([OP20, OP30])),
            schedule,
            opens_before=timedelta(minutes=draw(st.integers(0, 30))),
            grace=timedelta(minutes=draw(st.integers(0, 30))),
            closes_after=timedelta(minutes=draw(st.integers(30, 300))),
        )
        for schedule in draw(st.lists(SCHEDULES, min_size=1, max_size=4))
    )


@pytest.mark.parametrize("revised", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_a_catch_up_that_is_killed_anywhere_says_what_an_undisturbed_one_says(
    revised: bool,
    data: st.DataObject,
) -> None:
    """L7: entry for entry apart from times of recording; nothing doubled, nothing forgotten."""
    wanted = data.draw(checks())
    plant = a_plant(*wanted, targets=TARGETS)
    after = (
        a_plant(a_check("other"), *wanted[1:], digest="1" * 64, targets=TARGETS)
        if revised
        else plant
    )
    time_off = timedelta(seconds=data.draw(st.integers(0, 9 * DAY_S)))
    paused_after = timedelta(seconds=data.draw(st.integers(0, 8 * DAY_S)))
    killed_at = data.draw(st.lists(st.integers(0, 6), max_size=8))
    at_once = data.draw(st.sampled_from([1, 2, 7, 50]))

    async def story(lives: Sequence[int]) -> Plants:
        plants = Plants(plant)
        await plants.live(plant, None)
        begins_at = BEGIN + paused_after
        plants.database.write_now(
            lambda uow: planning.declare_pause(
                uow,
                plant,
                line=LINE,
                begins_at=begins_at,
                ends_at=begins_at + timedelta(hours=9),
                reason="no orders",
                actor=ANNA,
            )
        )
        plants.pass_time(time_off)
        for left in lives:
            adopted = plants.database.read_now(lambda reader: reader.find(CheckRecord))
            is_new = any(each.check_id == "other" for each in adopted)
            if await plants.live(after, after if is_new else plant, left=left):
                return plants
        assert await plants.live(after, plant if len(lives) == 0 else before(plants))
        return plants

    def before(plants: Plants) -> Plant:
        adopted = plants.database.read_now(lambda reader: reader.find(CheckRecord))
        return after if any(each.check_id == "other" for each in adopted) else plant

    with patch.object(scheduling, "AT_ONCE", at_once):
        undisturbed, killed = await story([]), await story(killed_at)
    assert killed.told() == undisturbed.told()
    for receiver in (ALL, ONLY_LAPSED):
        assert killed.messages(receiver) == undisturbed.messages(receiver)
    refuse_untold(killed)
    refuse_gaps(killed, plant, revised=revised)
    assert killed.largest <= 12 * at_once + 40, "one part is bounded"


def refuse_untold(plants: Plants) -> None:
    """Each alarm is told once to each receiver that wants it: in time by itself, late all in one (B21)."""
    now = plants.clock.now()
    alarms = plants.database.read_now(lambda reader: reader.find(AlarmRecord))
    for receiver, wants in ((ALL, {"lapsed", "overdue"}), (ONLY_LAPSED, {"lapsed"})):
        wanted = [alarm for alarm in alarms if alarm.kind in wants]
        late = Counter(str(a.kind) for a in wanted if now - a.raised_at >= IN_TIME)
        in_time = {a.alarm_id for a in wanted if now - a.raised_at < IN_TIME}
        told = plants.messages(receiver)
        assert len({key for _, key, _ in told}) == len(told)
        alone = {about["alarm_id"] for _, _, about in told if "together" not in about}
        assert in_time <= alone
        assert len(told) <= len(late) + len(in_time)
        counted: Counter[str] = Counter()
        for event, _, about in told:
            if about["alarm_id"] not in in_time:
                counted[event] += about.get("together", {"count": 1})["count"]
        assert counted == late


def refuse_gaps(plants: Plants, plant: Plant, *, revised: bool) -> None:
    """Compare what was made with what the schedule says, and nothing may be ripe still."""
    now = plants.clock.now()
    found = plants.occurrences()
    made = Counter((each.check_id, first_times(each).due_at) for each in found)
    assert set(made.values()) <= {1}, "doubled"
    for check in plant.plan.checks:
        until = now + check.opens_before
        rule, calendar = check.schedule, plant.calendars[check.line]
        due = {each.due_at for each in due_times(rule, calendar, BEGIN, BEGIN, until)}
        assert {at for name, at in made if name == check.id} == due, (check.id, revised)
    for each in found:
        assert each.outcome is not None or now < lapse_at(each), "not lapsed"


async def test_what_is_brought_up_between_two_parts_is_a_whole_past() -> None:
    """Up to where it says that it is, everything is made and decided."""
    plants = Plants(a_plant(a_check(), a_check("op30-torque", OP30)))
    await plants.live(plants.plant, None)
    plants.pass_time(timedelta(days=60))
    plants.agent = plants.new_agent(plants.plant, plants.plant)
    await plants.agent.open()
    seen = []
    while (now := plants.agent.catch_up.now) is not None:
        assert plants.agent.heartbeat().catching_up == now
        seen.append(now.since)
        due = [each for each in plants.occurrences() if each.due_at < now.since]
        assert {each.outcome for each in due} == {"lapsed"}
        assert len(due) == len({(each.check_id, each.due_at) for each in due})
        await plants.agent.catch_up.go_on()
    assert len(seen) >= 5
    assert seen == sorted(set(seen))
    assert plants.largest <= 5 * scheduling.AT_ONCE
    assert len(plants.occurrences()) == 2 * 60 * 3 + 2


async def test_a_run_that_is_started_meanwhile_is_of_the_check_that_is_due_now() -> None:
    """Else today's would lapse though it was done."""
    plants = Plants(a_plant())
    await plants.live(plants.plant, None)
    plants.pass_time(timedelta(days=60, minutes=15))
    plants.agent = plants.new_agent(plants.plant, plants.plant)
    await plants.agent.open()
    assert plants.agent.catch_up.now is not None
    await plants.show(OP20)
    act = acts.StartRun(check_id=TORQUE_CHECK, occurrence_id=None, containment_id=None)
    run = await moved(plants.clock, Door(plants.agent).do(act, ANNA))
    held = next(each for each in plants.occurrences() if each.occurrence_id == run.occurrence_id)
    assert held.due_at == BEGIN + timedelta(days=60, minutes=10)
    await moved(plants.clock, plants.agent.catch_up.finish())
    assert Counter(each.outcome for each in plants.occurrences()) == {"lapsed": 180, None: 1}


async def test_what_a_plan_until_now_owes_is_on_record_before_another_one_is_adopted() -> None:
    """L7: in parts, too; and they are read as it is asked anew after a kill."""
    plants = Plants(a_plant())
    await plants.live(plants.plant, None)
    plants.pass_time(timedelta(days=60))
    other = a_plant(a_check(schedule=Daily(at=time(7))), digest="1" * 64)
    assert not await plants.live(other, plants.plant, left=3)
    told = plants.database.read_now(lambda reader: reader.find(CheckRecord))
    assert [each.schedule for each in told] == ["every shift start"]
    assert await plants.live(other, a_plant())
    ends = Counter((each.outcome, each.reason_code) for each in plants.occurrences())
    assert ends == {("lapsed", "not_watching"): 180, ("excused", "superseded"): 1}  # D55
    types = [entry.type for entry in plants.entries()]
    last_made = len(types) - types[::-1].index("occurrence_made")
    last_adopted = len(types) - types[::-1].index("configuration_adopted")
    assert last_made < last_adopted


def test_plants_owe_the_same_only_where_everything_that_is_made_is_alike() -> None:
    plant = a_plant(a_check(), a_check("op30-torque", OP30))
    more = a_plant(*plant.plan.checks, a_check("third"))
    assert scheduling.owe_the_same(plant, more)
    assert not scheduling.owe_the_same(more, plant)
    calendar = replace(plant.calendars[LINE], shifts=())
    assert not scheduling.owe_the_same(plant, replace(plant, calendars={LINE: calendar}))
    revised = replace(plant, plan=replace(plant.plan, revision="B"))
    assert not scheduling.owe_the_same(plant, revised)
