"""Requests get their share of the process that judges, and no more (D47).

A stream takes one of the budget of streams for as long as it is open. Anything else is answered in
turns: one after the other for each client, so that nobody waits behind a flood of somebody else; each
after its body is here, so that nobody holds a turn by sending slowly; until the answer begins, so
that nobody holds it by reading slowly. After a turn comes a rest by the time it took: however many
ask, the event loop belongs to the polls most of the time. Acts and static files have turns of their own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redrabbit.base.clock import Clock
from redrabbit.web.access import SAFE_METHODS, is_file
from redrabbit.web.budget import WebBudgets
from redrabbit.web.head import STREAMS
from redrabbit.web.proxies import REFUSED

LONGEST_REST_S: Final = 0.25
"""After an answer for which the database was waited for: that costs the event loop little."""


class RequestTurns:
    """So many requests at once, so many of one client, and a rest after each."""

    def __init__(self, clock: Clock, *, at_once: int, of_client: int, rests: int) -> None:
        """`rests`: how many times as long as a turn its rest is."""
        self._clock = clock
        self._free = asyncio.Semaphore(at_once)
        self._most_of_client = of_client
        self._of_client: dict[str, _Queue] = {}
        self._rests = rests
        self._resting: set[asyncio.Task[None]] = set()

    @property
    def clients(self) -> int:
        """How many clients have a turn, or wait for one."""
        return len(self._of_client)

    async def begin(self, client: str) -> Callable[[], None]:
        """Wait for a turn; return what ends it, which may be called again."""
        queue = self._of_client.setdefault(client, _Queue(self._most_of_client))
        queue.members += 1
        try:
            await queue.free.acquire()
            try:
                await self._free.acquire()
            except BaseException:
                queue.free.release()
                raise
        except BaseException:
            self._leave(client, queue)
            raise
        began_s, is_over = self._clock.steady_s(), False

        def end() -> None:
            nonlocal is_over
            if not is_over:
                is_over = True
                self._rest(client, queue, self._clock.steady_s() - began_s)

        return end

    def _rest(self, client: str, queue: "_Queue", took_s: float) -> None:
        async def rest() -> None:
            try:
                await self._clock.sleep(min(took_s * self._rests, LONGEST_REST_S))
            finally:
                self._free.release()
                queue.free.release()
                self._leave(client, queue)

        task = asyncio.create_task(rest(), name="rest")
        self._resting.add(task)
        task.add_done_callback(self._resting.discard)

    def _leave(self, client: str, queue: "_Queue") -> None:
        queue.members -= 1
        if queue.members == 0:  # addresses come and go for years
            del self._of_client[client]


class _Queue:
    """The requests of one client: those that wait, and those whose turn it is."""

    def __init__(self, at_once: int) -> None:
        self.free = asyncio.Semaphore(at_once)
        self.members = 0


class FairShare:
    """Give requests their turns, and streams what the budget has."""

    def __init__(self, app: ASGIApp, budgets: WebBudgets, clock: Clock) -> None:
        self._app = app
        self._budgets = budgets
        self._looking = RequestTurns(clock, at_once=2, of_client=1, rests=4)
        self._files = RequestTurns(clock, at_once=2, of_client=2, rests=1)
        self._acting = RequestTurns(clock, at_once=4, of_client=4, rests=1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on when it is its turn."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"].startswith(STREAMS):
            await self._stream(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = _client(scope)
        refused = self._budgets.streams.refusal(client)
        if refused is not None:
            self._budgets.note(refused.code, client)
            scope.setdefault("state", {}).setdefault(REFUSED, refused)
            await self._answer(scope, receive, send)
            return
        share = self._budgets.streams.take(client)
        try:
            await self._app(scope, receive, send)
        finally:
            share.give_back()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        came = await _whole_body(receive)
        if came is None:
            return  # nobody waits for the answer
        end_turn = await self._turns_of(scope).begin(_client(scope))

        async def send_and_end_turn(message: Message) -> None:
            end_turn()
            await send(message)

        try:
            await self._app(scope, _replaying(came, receive), send_and_end_turn)
        finally:
            end_turn()

    def _turns_of(self, scope: Scope) -> RequestTurns:
        if scope["method"] not in SAFE_METHODS:
            return self._acting
        return self._files if is_file(scope["path"]) else self._looking


async def _whole_body(receive: Receive) -> list[Message | HTTPException] | None:
    """Return what has come of a body: all of it, or what is wrong with it; None if nobody is there."""
    came: list[Message | HTTPException] = []
    while True:
        try:
            message = await receive()
        except HTTPException as too_large:  # to be told by the pages, in their words
            return [*came, too_large]
        if message["type"] == "http.disconnect":
            return None
        came.append(message)
        if not message.get("more_body", False):
            return came


def _replaying(
    came: list[Message | HTTPException], receive: Receive
) -> Callable[[], Awaitable[Message]]:
    """Return a `receive` that gives what has come, and then what comes."""
    ahead = iter(came)

    async def replay() -> Message:
        one = next(ahead, None)
        if isinstance(one, HTTPException):
            raise one
        return one if one is not None else await receive()

    return replay


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client is not None else ""
