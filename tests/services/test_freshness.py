"""How fresh a station is, is told by steady time, whatever is done to the wall clock and when (C2, R46, R17, B20)."""

import asyncio
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.observation import Acquisition, Observation, StationView
from redrabbit.links.stopwatch import Stopwatch
from tests.plants import IDLE_SIGNALS
from tests.services.test_agent import Running

LOOK_S = 0.25
HOUR_S = 3600.0
CLOSE_S = 0.01
"""What rounding to microseconds may make of a duration, and much more."""
STEPS = st.one_of(st.sampled_from([-HOUR_S, HOUR_S, -1.0, 1.0]), st.floats(-2 * HOUR_S, HOUR_S))
POLLS = st.lists(st.tuples(st.floats(0.05, 1.5), st.floats(0.0, 2.5)), min_size=1, max_size=4)
"""How long each poll waits for its turn, and how long it is in flight."""


class Floor:
    """Stations that are polled by a link for a while, and then are unplugged."""

    def __init__(self) -> None:
        self.running = Running()
        self.read_s: dict[StationId, float] = {}
        """When each station was read last, by steady time."""
        self.readings = 0

    async def poll(self, polls: list[tuple[float, float]]) -> None:
        for pause_s, takes_s in polls:
            await self.running.clock.sleep(pause_s)
            spent = Stopwatch(self.running.clock)
            await self.running.clock.sleep(takes_s)
            for name, queue in self.running.agent.queues.items():
                told = {} if name in self.read_s else IDLE_SIGNALS
                acquisition = Acquisition(
                    station=name,
                    window=spent.window(),
                    signals=frozenset(spec.name for spec in queue.owner.station.signals),
                    changes=tuple(
                        Observation(signal=SignalName(signal), value=value)
                        for signal, value in told.items()
                    ),
                )
                self.running.agent.sink(acquisition)
                self.read_s[name] = self.running.clock.steady_s()
            self.readings += 1

    async def set_clock(self, at_s: float, step_s: float) -> None:
        await self.running.clock.sleep(at_s)
        self.running.clock.step_wall(timedelta(seconds=step_s))

    def look(self) -> None:
        """Compare what everybody is shown with what is so."""
        for name, view in self.running.agent.views().items():
            if name in self.read_s:
                self._compare(view, self.running.clock.steady_s() - self.read_s[name])
        if self.read_s:
            age = self.running.agent.heartbeat().reading_age
            assert age is not None
            lasts_s = self.running.clock.steady_s() - max(self.read_s.values())
            assert abs(age.total_seconds() - lasts_s) < CLOSE_S

    def _compare(self, view: StationView, lasts_s: float) -> None:
        expires_s = self.running.plant.station(view.station).value_expires_s
        assert view.reading_age is not None
        assert abs(view.reading_age.total_seconds() - lasts_s) < CLOSE_S
        if abs(lasts_s - expires_s) > CLOSE_S:
            assert (view.no_data is not None) is (lasts_s > expires_s)
            known = {each.value is not None for each in view.readings.values()}
            assert known == {lasts_s < expires_s}


async def shown(step_s: float, step_at_s: float, polls: list[tuple[float, float]]) -> None:
    floor = Floor()
    await floor.running.agent.open()
    tasks = [
        asyncio.ensure_future(each)
        for each in (
            floor.running.agent.run(),
            floor.poll(polls),
            floor.set_clock(step_at_s, step_s),
        )
    ]
    before, readings = timedelta(0), 0
    for _ in range(round((sum(map(sum, polls)) + 5.0) / LOOK_S)):
        await floor.running.pass_time(LOOK_S)
        floor.look()
        age = floor.running.agent.heartbeat().reading_age
        if age is not None:
            assert age >= before or floor.readings > readings, "older without a reading"
            before, readings = age, floor.readings
    assert all(view.no_data is not None for view in floor.running.agent.views().values())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@settings(max_examples=25, deadline=None)
@given(step_s=STEPS, step_at_s=st.floats(0.0, 8.0), polls=POLLS)
@example(step_s=-HOUR_S, step_at_s=0.6, polls=[(0.5, 2.5)])
@example(step_s=HOUR_S, step_at_s=0.6, polls=[(0.5, 2.5)])
def test_what_is_shown_of_a_reading_s_age_knows_no_wall_clock(
    step_s: float, step_at_s: float, polls: list[tuple[float, float]]
) -> None:
    """The clock was set back 1 h with a poll in flight, all stations were unplugged, and one seemed fresh for an hour."""
    asyncio.run(shown(step_s, step_at_s, polls))
