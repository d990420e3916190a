"""An event loop on which waiting takes no time, and a clock that follows it.

Real sockets work on it as ever: only when nothing is to be read or written does time jump to the next
timer. What this process sends to itself over loopback is there before it can ask for it.
"""

import asyncio
import selectors
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

BEGIN = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
"""A Monday morning, in the first shift."""


class _Jumping(selectors.DefaultSelector):
    """Looks once, and lets time pass instead of waiting."""

    passes: Callable[[float], None]

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            raise RuntimeError("nothing is left that could ever happen")
        self.passes(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Begins at 0 s; connects to what listens at `wires` without a socket."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self.wires: dict[int, Callable[[asyncio.Protocol], asyncio.Transport]] = {}
        """By port: returns the client's end of a new connection."""
        selector = _Jumping()
        selector.passes = self._pass
        super().__init__(selector)

    def time(self) -> float:
        return self._now_s

    def _pass(self, seconds: float) -> None:
        self._now_s += seconds

    def run_in_executor(  # type: ignore[override]  # because nobody here asks for the precise type
        self, _executor: Any, func: Callable[..., T], *args: Any
    ) -> Any:
        """Do it at once: while a thread worked, time would run away from it."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  because whoever awaits it gets it
            done.set_exception(error)
        return done

    async def create_connection(
        self, protocol_factory: Any, host: Any = None, port: Any = None, **more: Any
    ) -> Any:
        """Return a wire where one is at this port, a socket elsewhere."""
        connect = self.wires.get(port)
        if connect is None:
            return await super().create_connection(protocol_factory, host, port, **more)
        protocol = protocol_factory()
        transport = connect(protocol)
        protocol.connection_made(transport)
        return transport, protocol


class LoopClock:
    """The product's clock, as the loop's time goes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self._loop.time())

    def steady_s(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251  because this is a clock

    async def sleep_until(self, instant: datetime) -> None:
        while (left := (instant - self.now()).total_seconds()) > 0:
            await self.sleep(left)

    def drift(self) -> timedelta:
        return timedelta(0)

    def reanchor(self) -> timedelta:
        return timedelta(0)

    def is_synchronised(self) -> bool:
        return False
