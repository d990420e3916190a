"""A watched page costs one query and one rendering, however many watch it (D47)."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.services.errors import StoreTrouble
from redrabbit.web.live_page import LOOK_EVERY_S, LivePage, PageTurns, Shown, Sight
from redrabbit.web.streaming import WOKEN_AT_A_TIME, Bell
from tests.fakes import JumpClock

EN, ZH = Sight("en", is_stated=False), Sight("zh", is_stated=False)
ME = Sight("en", is_stated=True)
Watched = AsyncGenerator[Shown[str] | None, None]


@dataclass
class Plant:
    """What a page shows: a text that a test changes, and how often it was asked for."""

    text: str = "one"
    version: int = 0
    reads: int = 0
    rendered: Counter[Sight] = field(default_factory=Counter)
    troubles: list[Exception] = field(default_factory=list)
    reading_takes_s: float = 0.0
    is_urgent: bool = True

    def __post_init__(self) -> None:
        self.clock = JumpClock()
        self.page: LivePage[str] = LivePage(
            PageTurns(self.clock),
            self.clock,
            version=lambda: self.version,
            read=self.read,
            render=self.render,
            is_urgent=lambda _content: self.is_urgent,
        )

    async def read(self) -> str:
        self.reads += 1
        if self.troubles:
            raise self.troubles.pop()
        self.clock.jump(self.reading_takes_s)
        return self.text

    def render(self, content: str, sight: Sight) -> str:
        self.rendered[sight] += 1
        return f"{content} in {sight.language}"

    def change(self, text: str) -> None:
        self.text, self.version = text, self.version + 1

    @asynccontextmanager
    async def watched(self, sight: Sight = EN) -> AsyncIterator[Watched]:
        async with aclosing(self.page.watch(sight)) as watched:
            yield watched


def said(shown: Shown[str] | None) -> str:
    return shown.event.decode().removeprefix("data: ").strip() if shown is not None else "beat"


async def test_a_page_is_sent_only_when_it_reads_differently() -> None:
    plant = Plant()
    async with plant.watched() as watched:
        heard = []
        for text in ("one", "one", "two", "two", "three"):
            plant.change(text)
            heard.append(said(await anext(watched)))
    assert [each for each in heard if each != "beat"] == ["one in en", "two in en", "three in en"]


async def test_a_quiet_page_beats_every_three_seconds() -> None:
    plant = Plant()
    async with plant.watched() as watched:
        assert said(await anext(watched)) == "one in en"
        for _ in range(3):
            before = plant.clock.now()
            assert await anext(watched) is None
            assert 2.5 <= (plant.clock.now() - before).total_seconds() <= 4.5


async def test_a_change_is_noticed_before_the_countdown_moves() -> None:
    plant = Plant()
    async with plant.watched() as watched:
        await anext(watched)
        plant.change("two")
        before = plant.clock.now()
        assert said(await anext(watched)) == "two in en"
        assert (plant.clock.now() - before).total_seconds() <= 0.5


async def test_where_nobody_does_anything_a_page_is_made_once_a_second_however_much_changes() -> (
    None
):
    plant = Plant(is_urgent=False)
    async with plant.watched() as watched:
        await anext(watched)
        reads, before = plant.reads, plant.clock.now()
        while plant.reads < reads + 10:
            plant.change(str(plant.version))
            await plant.clock.sleep(0.01)
        assert (plant.clock.now() - before).total_seconds() >= 9
        assert said(await anext(watched)) != "one in en"


async def test_a_clock_that_is_set_back_holds_up_neither_page_nor_beat() -> None:
    """R46: an hour is set back, and the page of before would be told for an hour."""
    plant = Plant()
    async with plant.watched() as watched:
        await anext(watched)
        plant.clock.jump(-3600.0)
        plant.text = "two"
        before = plant.clock.now()
        heard = [said(await anext(watched)) for _ in range(3)]
        assert "two in en" in heard
        assert "beat" in heard
        assert (plant.clock.now() - before).total_seconds() <= 9


async def test_a_database_in_trouble_ends_no_stream() -> None:
    plant = Plant(troubles=[StoreTrouble("away"), StoreTrouble("still away")])
    async with plant.watched() as watched:
        assert said(await anext(watched)) == "one in en"
    assert plant.reads == 3


@pytest.mark.parametrize("fault", [ValueError("a mistake"), Refusal("no_such_station")])
async def test_a_page_that_can_t_be_made_ends_its_streams_and_the_next_one_tries_again(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    plant = Plant()
    async with plant.watched() as one, plant.watched() as other:
        await anext(one)
        await anext(other)
        plant.troubles.append(fault)
        for each in (one, other):
            assert all([said(shown) in {"one in en", "beat"} async for shown in each])
    assert len([record for record in caplog.records if record.exc_info]) == (
        1 if isinstance(fault, ValueError) else 0
    )
    async with plant.watched() as again:
        assert said(await anext(again)) == "one in en"


async def test_whoever_comes_after_an_act_is_never_shown_the_moment_before() -> None:
    plant = Plant()
    async with plant.watched() as first:
        await anext(first)
        plant.text = "after the act"
        async with plant.watched() as second:
            assert said(await anext(second)) == "after the act in en"


async def test_nothing_is_left_when_nobody_watches() -> None:
    plant = Plant()
    async with plant.watched() as one, plant.watched(ZH) as other:
        await anext(one)
        await anext(other)
    reads = plant.reads
    for _ in range(20):
        await plant.clock.sleep(1.0)
    assert (plant.reads, plant.page.viewers) == (reads, 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@given(sights=st.lists(st.sampled_from([EN, ZH, ME]), min_size=1, max_size=40))
def test_many_viewers_cost_what_one_costs(sights: list[Sight]) -> None:
    async def watch() -> None:
        plant = Plant()
        began_at = plant.clock.now()
        async with AsyncExitStack() as stack:
            watched = [await stack.enter_async_context(plant.watched(each)) for each in sights]
            for text in ("one", "two", "three"):
                plant.change(text)
                for sight, each in zip(sights, watched, strict=True):
                    while (heard := said(await anext(each))) == "beat":
                        pass
                    assert heard == f"{text} in {sight.language}"
            assert set(plant.rendered) == set(sights)
            assert max(plant.rendered.values()) <= plant.reads
            seconds = (plant.clock.now() - began_at).total_seconds()
            assert plant.reads <= seconds / LOOK_EVERY_S + 1  # whoever watches, and how many

    asyncio.run(watch())


async def test_pages_leave_the_rest_of_the_service_as_much_time_as_they_take() -> None:
    """All pages together have one turn at a time, so many pages are made less often, not slower."""
    plant = Plant(reading_takes_s=0.5)
    async with plant.watched() as watched:
        await anext(watched)
        before, reads = plant.clock.now(), plant.reads
        while plant.reads < reads + 10:
            plant.change(str(plant.reads))
            await anext(watched)
    seconds = (plant.clock.now() - before).total_seconds()
    assert 10 * plant.reading_takes_s <= seconds / 2


async def test_whoever_does_something_goes_first_and_the_others_come_all_the_same() -> None:
    clock, went = JumpClock(), list[str]()
    turns = PageTurns(clock)

    async def go(name: str, *, is_urgent: bool) -> None:
        async with turns.turn(is_urgent=is_urgent):
            went.append(name)

    async with turns.turn(is_urgent=False):
        waiting = [asyncio.create_task(go("other", is_urgent=False)) for _ in range(4)]
        await clock.sleep(0)
        waiting += [asyncio.create_task(go("urgent", is_urgent=True)) for _ in range(8)]
        gone = asyncio.create_task(go("gone", is_urgent=True))
        await clock.sleep(0)
        gone.cancel()
        await clock.sleep(0)
    await asyncio.gather(*waiting)
    assert went.count("urgent") == 8
    assert went[:3] == ["urgent"] * 3
    assert "other" in went[:4]
    assert "gone" not in went


async def test_a_turn_that_was_called_and_is_given_up_is_another_s() -> None:
    clock, turns = JumpClock(), PageTurns(JumpClock())

    async def go() -> None:
        async with turns.turn(is_urgent=True):
            await clock.sleep(0)

    async with turns.turn(is_urgent=True):
        waiting = [asyncio.create_task(go()) for _ in range(3)]
        await clock.sleep(0)
    waiting[0].cancel()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting[1:])
        async with turns.turn(is_urgent=True):
            pass
    assert waiting[0].cancelled()


async def test_a_database_that_keeps_everybody_waiting_is_not_waited_for_twice() -> None:
    plant = Plant(reading_takes_s=60.0)
    async with plant.watched() as watched:
        await anext(watched)
    async with plant.watched() as watched:
        before = plant.clock.now()
        await anext(watched)
    assert (plant.clock.now() - before).total_seconds() <= 62


async def test_a_ring_wakes_a_few_in_each_turn_of_the_loop() -> None:
    bell, woken = Bell(JumpClock()), 0

    async def wait() -> None:
        nonlocal woken
        await bell.heard()
        woken += 1

    waiting = [asyncio.create_task(wait()) for _ in range(100)]
    await JumpClock().sleep(0)
    waiting[0].cancel()
    ringing, steps = asyncio.create_task(bell.ring()), [0]
    while woken < 99:
        await JumpClock().sleep(0)
        steps.append(woken)
    await ringing
    assert max(b - a for a, b in pairwise(steps)) <= 2 * WOKEN_AT_A_TIME
