"""Requests are answered in turns, so that no flood of them holds up a poll (D47)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redrabbit.base.settings import WebLimits
from redrabbit.web.budget import WebBudgets
from redrabbit.web.fair_share import LONGEST_REST_S, FairShare, RequestTurns
from redrabbit.web.proxies import REFUSED
from tests.fakes import JumpClock
from tests.web.conftest import Visitor

ME, YOU = "192.0.2.1", "192.0.2.2"


class Work:
    """An application whose answers are finished by the test."""

    def __init__(self) -> None:
        self.under_way: list[tuple[str, str]] = []
        self.most_at_once = 0
        self.answered: list[str] = []
        self.bodies: list[bytes] = []
        self.go = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (refused := scope.get("state", {}).get(REFUSED)) is not None:
            await PlainTextResponse(refused.code, status_code=503)(scope, receive, send)
            return
        mine = (scope["client"][0], scope["path"])
        self.under_way.append(mine)
        self.most_at_once = max(self.most_at_once, len(self.under_way))
        message = await receive()
        self.bodies.append(message["body"])
        await self.go.wait()
        self.under_way.remove(mine)
        self.answered.append(mine[0])
        await PlainTextResponse("done")(scope, receive, send)


class Desk:
    """Asks an application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.tasks: list[asyncio.Task[int]] = []

    def ask(
        self,
        client: str,
        path: str = "/due",
        method: str = "GET",
        receive: Receive | None = None,
        send: Callable[[Message], Any] | None = None,
    ) -> "asyncio.Task[int]":
        async def ask() -> int:
            scope = {"type": "http", "method": method, "path": path, "client": (client, 1)}
            sent: list[Message] = []

            async def keep(message: Message) -> None:
                sent.append(message)
                if send is not None:
                    await send(message)

            await self.app(scope | {"headers": []}, receive or nothing_more, keep)
            return int(sent[0]["status"]) if sent else 0

        task = asyncio.create_task(ask())
        self.tasks.append(task)
        return task


async def nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def settled() -> None:
    for _ in range(20):
        await JumpClock().sleep(0)


def shared(
    work: Work, limits: WebLimits | None = None, clock: JumpClock | None = None
) -> tuple[Desk, WebBudgets]:
    budgets = WebBudgets(limits)
    return Desk(FairShare(work, budgets, clock or JumpClock())), budgets


async def test_few_are_answered_at_once_and_everybody_in_the_end() -> None:
    work = Work()
    desk, _ = shared(work)
    asked = [desk.ask(f"192.0.2.{number}") for number in range(50)]
    await settled()
    assert len(work.under_way) == 2
    work.go.set()
    assert await asyncio.gather(*asked) == [200] * 50
    assert work.most_at_once == 2


async def test_nobody_waits_behind_a_flood_of_somebody_else() -> None:
    work = Work()
    desk, _ = shared(work)
    flood = [desk.ask(ME) for _ in range(100)]
    await settled()
    mine = desk.ask(YOU)
    await settled()
    assert (YOU, "/due") in work.under_way
    work.go.set()
    await mine
    assert work.answered.index(YOU) <= 2
    await asyncio.gather(*flood)


async def test_an_act_waits_for_no_page_and_no_file_for_either() -> None:
    work = Work()
    desk, _ = shared(work)
    asked = [desk.ask(f"192.0.2.{number}") for number in range(9)]
    asked += [desk.ask(ME, "/api/v1/runs", "POST"), desk.ask(ME, "/static/base.css")]
    await settled()
    assert {path for _, path in work.under_way} == {"/due", "/api/v1/runs", "/static/base.css"}
    work.go.set()
    await asyncio.gather(*asked)


async def test_a_slow_sender_and_a_slow_reader_hold_no_turn() -> None:
    work = Work()
    desk, _ = shared(work)
    senders = [desk.ask(f"192.0.2.{number}", receive=never) for number in range(9)]
    work.go.set()

    async def read_nothing(_message: Message) -> None:
        await asyncio.Event().wait()

    readers = [desk.ask(f"198.51.100.{number}", send=read_nothing) for number in range(9)]
    await settled()
    assert await desk.ask(ME) == 200
    for task in (*senders, *readers):
        task.cancel()
    await asyncio.gather(*senders, *readers, return_exceptions=True)
    assert await desk.ask(ME) == 200


async def test_a_body_that_comes_in_pieces_is_given_on_whole_and_one_that_ends_early_is_not() -> (
    None
):
    work = Work()
    work.go.set()
    desk, _ = shared(work)
    pieces: list[Message] = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]

    async def receive() -> Message:
        return pieces.pop(0)

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    assert await desk.ask(ME, method="POST", receive=receive) == 200
    assert await desk.ask(ME, method="POST", receive=gone) == 0
    assert work.bodies == [b"a"]
    assert pieces == []


async def test_whoever_asks_without_a_pause_leaves_most_of_the_time_to_others() -> None:
    clock = JumpClock()
    turns = RequestTurns(clock, at_once=2, of_client=1, rests=4)
    taken = timedelta(milliseconds=20)
    began_at, busy = clock.now(), timedelta()
    for _ in range(100):
        end = await turns.begin(ME)
        clock.jump(taken.total_seconds())
        busy += taken
        end()
        end()
    assert busy / (clock.now() - began_at) < 0.25


async def test_a_turn_that_waited_for_the_database_rests_no_longer_than_people_notice() -> None:
    clock = JumpClock()
    turns = RequestTurns(clock, at_once=1, of_client=1, rests=4)
    end = await turns.begin(ME)
    clock.jump(30.0)
    end()
    before = clock.now()
    (await turns.begin(YOU))()
    assert (clock.now() - before).total_seconds() <= LONGEST_REST_S


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    turns = RequestTurns(JumpClock(), at_once=1, of_client=1, rests=0)
    end = await turns.begin(ME)
    waiting = [asyncio.create_task(turns.begin(client)) for client in (ME, ME, YOU)]
    await settled()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    end()
    await settled()
    assert turns.clients == 0
    (await turns.begin(YOU))()
    await settled()
    assert turns.clients == 0


@pytest.mark.parametrize("path", ["/live/board", "/live/stations/x", "/api/v1/events"])
async def test_streams_are_counted_and_refused_beyond_their_budget(path: str) -> None:
    work = Work()
    desk, budgets = shared(work, WebLimits(most_streams=3, most_streams_per_client=2))
    asked = [desk.ask(client, path) for client in (ME, ME, ME, YOU, YOU)]
    await settled()
    assert budgets.streams.in_use == 3
    assert budgets.refused["too_many_streams_of_client"] == 1
    assert budgets.refused["too_many_streams"] == 1
    work.go.set()
    assert sorted(await asyncio.gather(*asked)) == [200, 200, 200, 503, 503]
    assert budgets.streams.in_use == 0
    assert await desk.ask(ME, path) == 200


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/api/v1/events", "application/problem+json"),
        ("/live/board", "text/html; charset=utf-8"),
        ("/live/stations/line1-op20", "text/html; charset=utf-8"),
    ],
)
@pytest.mark.parametrize(("language", "words"), [("en", "Try again"), ("zh", "再试")])
def test_a_refused_stream_is_told_why_and_when_to_come_again(
    onlooker: Visitor, path: str, content_type: str, language: str, words: str
) -> None:
    budgets = onlooker.budgets
    held = [budgets.streams.take(f"192.0.2.{number}") for number in range(budgets.streams.most)]
    try:
        answer = onlooker.client.get(path, headers={"accept-language": language})
    finally:
        for share in held:
            share.give_back()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == content_type
    assert words in answer.text
    assert str(budgets.streams.most) in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_metrics_tell_what_is_in_use_and_what_was_refused(onlooker: Visitor) -> None:
    budgets = onlooker.budgets
    budgets.note("body_late", ME)
    share = budgets.streams.take(ME)
    text = onlooker.client.get("/metrics").text
    share.give_back()
    assert 'redrabbit_web_in_use{kind="streams"} 1.0' in text
    assert f'redrabbit_web_limit{{kind="connections"}} {budgets.connections.most}.0' in text
    refused = f'redrabbit_web_refused_total{{reason="body_late"}} {budgets.refused["body_late"]}.0'
    assert refused in text
    assert 'redrabbit_web_refused_total{reason="reader_stalled"} 0.0' in text
