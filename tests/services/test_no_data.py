"""A station without data is one alarm once it is no hiccup, and ends of itself (R17, B21)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.station import StationLost, StationRestored, StationRetired
from redrabbit.domain.identity import AGENT
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.escalating import take_steps
from redrabbit.services.no_data import NO_NEWS, NoDataWatch, is_read_again
from redrabbit.services.record_fact import record
from tests.alarm_rules import a_rule, a_step
from tests.plants import Bench, a_plant
from tests.services.test_escalating import TARGETS
from tests.services.test_reaching import ANDON

LINE, STATION = "line1", "op20"


class Watched:
    """A station that is lost and read again, looked at by hand."""

    def __init__(self, bench: Bench | None = None) -> None:
        self.bench = bench or Bench(a_plant(targets=(ANDON,)))
        self.commits = 0
        self.watch = NoDataWatch(
            self.bench.database, lambda: self.bench.plant, self.bench.clock, self._noted
        )

    def _noted(self) -> None:
        self.commits += 1

    def tell(self, fact: Any) -> None:
        self.bench.database.write_now(lambda uow: record(uow, fact, stream=LINE, actor=AGENT))

    def lose(self) -> None:
        now = self.bench.clock.now()
        self.tell(StationLost(station_id=STATION, no_data_since=now, reason="timeout"))

    def restore(self) -> None:
        self.tell(StationRestored(station_id=STATION))

    async def after(self, length: timedelta) -> list[bool]:
        """Let time pass, look, and return of each alarm whether it is open."""
        self.bench.clock.advance_to(self.bench.clock.steady + length)
        await self.watch.step()
        return [alarm.ended_at is None for alarm in self.alarms()]

    def alarms(self) -> list[AlarmRecord]:
        found = self.bench.database.read_now(lambda reader: reader.find(AlarmRecord))
        return [alarm for alarm in found if alarm.kind is AlarmKind.NO_DATA]


async def test_it_is_raised_once_and_ends_when_data_come_again() -> None:
    watched = Watched()
    watched.lose()
    assert await watched.after(NO_NEWS / 2) == []
    assert await watched.after(NO_NEWS / 2) == [True]
    assert await watched.after(NO_NEWS) == [True]
    assert watched.commits == 1
    (alarm,) = watched.alarms()
    assert (alarm.line, alarm.station, alarm.names is not None) == (LINE, STATION, True)
    watched.restore()
    assert await watched.after(timedelta(0)) == [False]
    assert await watched.after(NO_NEWS) == [False]
    assert watched.commits == 2
    watched.lose()
    assert await watched.after(NO_NEWS) == [False, True]


async def test_a_hiccup_is_no_alarm() -> None:
    watched = Watched()
    for _ in range(3):
        watched.lose()
        assert await watched.after(NO_NEWS / 2) == []
        watched.restore()
        assert await watched.after(NO_NEWS) == []


async def test_a_station_that_is_none_any_more_has_no_alarm() -> None:
    watched = Watched()
    watched.lose()
    assert await watched.after(NO_NEWS) == [True]
    watched.tell(StationRetired(station_id=STATION))
    assert await watched.after(timedelta(0)) == [False]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 90)), max_size=12))
def test_there_is_one_open_alarm_exactly_while_it_is_without_data_for_longer(
    happens: list[tuple[bool, int]],
) -> None:
    """Whatever it does, and however often the service is started anew between two looks."""
    watched, since = Watched(), None
    for is_read, seconds in happens:
        if is_read and since is not None:
            watched.restore()
            since = None
        elif not is_read and since is None:
            watched.lose()
            since = watched.bench.clock.now()
        watched = Watched(watched.bench)
        watched.bench.clock.advance_to(watched.bench.clock.steady + timedelta(seconds=seconds))
        asyncio.run(watched.watch.step())
        is_owed = since is not None and watched.bench.clock.now() - since >= NO_NEWS
        assert [each.ended_at is None for each in watched.alarms()].count(True) == int(is_owed)


async def test_one_dead_station_is_one_message() -> None:
    """What else is raised there waits for the next message about the station; it is told itself at once."""
    watched = Watched(
        Bench(a_plant(targets=TARGETS, rules=(a_rule(a_step(0, "anna"), a_step(10, "anna")),)))
    )
    database = watched.bench.database
    watched.lose()
    await watched.after(NO_NEWS)
    database.write_now(take_steps)
    for _ in range(3):
        database.write_now(
            lambda uow: raise_alarm(uow, AlarmKind.OVERDUE, at=uow.now, line=LINE, station=STATION)
        )
        database.write_now(take_steps)
    told = database.read_now(lambda reader: reader.waiting_deliveries("anna", 9))
    assert [each.event for each in told] == ["no_data"]


async def test_an_alarm_about_no_station_is_never_over() -> None:
    bench = Bench(a_plant(targets=(ANDON,)))
    raised = bench.database.write_now(lambda uow: raise_alarm(uow, AlarmKind.NO_DATA, at=uow.now))
    alarm = bench.database.read_now(lambda reader: reader.get(AlarmRecord, raised))
    assert alarm is not None
    assert not bench.database.read_now(lambda reader: is_read_again(reader, alarm))


async def test_trouble_is_told_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []

    class Away:
        async def read(self, query: Any) -> Any:
            del query
            raise StoreTrouble("disk full")

    class Clock:
        def now(self) -> Any:
            return Bench().clock.now()

        async def sleep(self, seconds: float) -> None:
            assert seconds > 0
            looks.append(1)
            if len(looks) == 3:
                raise KeyboardInterrupt

    away: Any = Away()
    clock: Any = Clock()
    with pytest.raises(KeyboardInterrupt):
        await NoDataWatch(away, a_plant, clock, lambda: None).run()
    assert caplog.text.count("stations without data not told") == 1
