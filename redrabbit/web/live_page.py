"""A page as all who watch it see it: read once, and rendered once in each language (D47).

However many watch, a change costs one query and one rendering a sight; what differs from browser to
browser is put in by `rendering.for_viewer`. Pages take turns, and after each turn the rest of the
service gets as much time as was spent on it, so that all pages together have about half of the time of
the event loop, at most. Where many are watched, those go first on which somebody does something.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from fastapi.sse import format_sse_event

from redrabbit.base.clock import Clock
from redrabbit.domain.errors import Refusal
from redrabbit.services.errors import StoreTrouble
from redrabbit.web.at_station import NOT_THERE, AtStation
from redrabbit.web.streaming import Bell

log = logging.getLogger("redrabbit.web")

C = TypeVar("C")

LOOK_EVERY_S: Final = 0.25
"""How soon a change is noticed where it is urgent."""
RENDER_EVERY_S: Final = 1.0
"""How often a page is made anew in any case, for its countdowns."""
BEAT_EVERY_S: Final = 3.0
LONGEST_REST_S: Final = 1.0
"""After a turn in which the database kept everybody waiting."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How a page is seen: in which language, by somebody who said who it is or by nobody."""

    language: str
    is_stated: bool
    is_signed_in: bool = False
    """Somebody is signed in at the browser."""
    at_station: AtStation = NOT_THERE
    """How somebody is known who scanned their badge there."""


@dataclass(frozen=True, slots=True)
class Shown(Generic[C]):
    """A page as it was rendered last for one sight."""

    event: bytes
    """The whole event, with the marks of `rendering`."""
    content: C
    turn: int
    """In which turn it was read."""


@dataclass(slots=True)
class Turn:
    """One making of one page."""

    spent_s: float = 0.0
    """How long it kept a reader or the event loop busy; waiting for others is not in it."""


class PageTurns:
    """Lets pages be made one after the other, with a rest after each as long as it took."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._is_taken = False
        self._first: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._count = 0

    @asynccontextmanager
    async def turn(self, *, is_urgent: bool) -> AsyncIterator[Turn]:
        """Wait for a turn, and have it for the length of the block."""
        while self._is_taken:
            mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            (self._first if is_urgent else self._others).append(mine)
            try:
                await mine
            except asyncio.CancelledError:
                if not mine.cancelled():  # it was called, and does not come
                    self._call_next()
                raise
        self._is_taken, turn = True, Turn()
        try:
            yield turn
            await self._clock.sleep(min(turn.spent_s, LONGEST_REST_S))
        finally:
            self._is_taken = False
            self._call_next()

    def _call_next(self) -> None:
        """Call who waits: the urgent ones first, but each fourth time another."""
        self._count += 1
        queues = (self._first, self._others) if self._count % 4 else (self._others, self._first)
        for queue in queues:
            while queue:
                called = queue.popleft()
                if not called.done():
                    called.set_result(None)
                    return


class LivePage(Generic[C]):
    """One page that is kept true for as long as anybody watches it."""

    def __init__(
        self,
        turns: PageTurns,
        clock: Clock,
        *,
        version: Callable[[], int],
        read: Callable[[], Awaitable[C]],
        render: Callable[[C, Sight], str],
        is_urgent: Callable[[C], bool],
    ) -> None:
        """`is_urgent`: somebody does something there, and every change is told at once."""
        self._turns = turns
        self._clock = clock
        self._version = version
        self._read = read
        self._render = render
        self._asks_if_urgent = is_urgent
        self._is_urgent = True
        self._bell = Bell(clock)
        self._watching: Counter[Sight] = Counter()
        self._shown: dict[Sight, Shown[C]] = {}
        self._turn = 0
        self._beats = 0
        self._is_awaited = False
        self._keeping: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        """How many watch."""
        return self._watching.total()

    async def watch(self, sight: Sight) -> AsyncGenerator[Shown[C] | None, None]:
        """Yield the page whenever it reads differently, and None as a beat in between.

        The first is never older than the call: whoever has just acted is not shown the moment
        before. Ends where a fault of the software keeps the page from being made.
        """
        self._watching[sight] += 1
        joined, seen, beats = self._turn, b"", self._beats
        keeping = self._keep()
        try:
            while self._keeping is keeping:
                shown = self._shown.get(sight)
                if shown is None or shown.turn <= joined:
                    self._is_awaited = True
                elif shown.event is not seen:
                    seen, beats = shown.event, self._beats
                    yield shown
                    continue
                elif beats != self._beats:
                    beats = self._beats
                    yield None
                    continue
                await self._bell.heard()
        finally:
            self._leave(sight)

    def _keep(self) -> "asyncio.Task[None]":
        """Return the task that keeps the page true; the first who watches starts it."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_true(), name="live page")
        return self._keeping

    def _leave(self, sight: Sight) -> None:
        self._watching[sight] -= 1
        if self._watching[sight] == 0:
            del self._watching[sight]
            self._shown.pop(sight, None)
        if not self._watching and self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    async def _keep_true(self) -> None:
        """Make the page anew whenever it may read differently, until nobody watches any more."""
        said_s = self._clock.steady_s()
        try:
            while True:
                async with self._turns.turn(is_urgent=self._is_urgent) as turn:
                    version, read_s = self._version(), self._clock.steady_s()
                    try:
                        has_changed = await self._make(turn)
                    except StoreTrouble as trouble:  # silence tells the page; the next may succeed
                        log.warning("live page not refreshed: %s", trouble)
                        has_changed = False
                    else:
                        if has_changed or read_s - said_s >= BEAT_EVERY_S:
                            said_s = read_s
                            self._beats += 1
                            await self._bell.ring()
                await self._until_changed(version, read_s)
        except Refusal as refusal:  # the station is no longer in the plant
            log.info("live page ended: %s", refusal.code)
        except Exception:
            log.exception("live page not made")
        self._keeping = None
        await self._bell.ring()

    async def _make(self, turn: Turn) -> bool:
        """Read the page and render each sight of it; return whether anybody has to be told."""
        self._turn += 1
        is_awaited, self._is_awaited = self._is_awaited, False
        began_s = self._clock.steady_s()
        content = await self._read()
        turn.spent_s += self._clock.steady_s() - began_s
        self._is_urgent = self._asks_if_urgent(content)
        has_changed = is_awaited
        for sight in tuple(self._watching):
            if sight in self._watching:  # nobody has left during another's rendering
                began_s = self._clock.steady_s()
                has_changed |= self._render_one(content, sight)
                turn.spent_s += self._clock.steady_s() - began_s
                await self._clock.sleep(0)
        return has_changed

    def _render_one(self, content: C, sight: Sight) -> bool:
        event = format_sse_event(data_str=self._render(content, sight))
        before = self._shown.get(sight)
        is_same = before is not None and before.event == event
        kept = before.event if before is not None and is_same else event
        self._shown[sight] = Shown(kept, content, self._turn)
        return not is_same

    async def _until_changed(self, version: int, since_s: float) -> None:
        """Wait for a change, but not longer than a countdown may stand still."""
        await self._clock.sleep(LOOK_EVERY_S)
        while (
            (self._version() == version or not self._is_urgent)
            and not self._is_awaited
            and self._clock.steady_s() - since_s < RENDER_EVERY_S
        ):
            await self._clock.sleep(LOOK_EVERY_S)
