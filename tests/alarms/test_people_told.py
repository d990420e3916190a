"""People are told in the ways that are set for them now, in their language, and what fails is seen (R10, D48)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.alarms.people_told import PeopleReached, PeopleTold, WayChannel
from redrabbit.alarms.receiver_queue import ReceiverQueue
from redrabbit.domain.identity import How
from redrabbit.domain.way import Way, WayKind
from redrabbit.services.errors import StoreTrouble
from tests.alarms.mail_server import receiving_mail
from tests.alarms.moody import CLOCK, OK, answer, listening
from tests.alarms.people_to_tell import NOBODY_TOLD, WORDS
from tests.alarms.test_receiver_queue import KeptOutbox, Waiting

BODY = json.dumps({"event": "test", "raised_at": "2026-03-02T04:00:00+00:00", "page": "/alarms"})
LI = "p-0042:1"


def a_way(kind: WayKind, address: str) -> Way:
    return Way(
        way_id=LI,
        person_id="p-0042",
        kind=kind,
        address=address,
        set_at=datetime(2026, 3, 2, tzinfo=UTC),
        set_by="p-0042",
        set_how=How.PASSWORD,
    )


def finding(*ways: tuple[Way, str | None] | None) -> Callable[[str], Awaitable[Any]]:
    """Return what finds these ways one after the other, the last one for ever."""
    left = list(ways)

    async def find(way_id: str) -> tuple[Way, str | None] | None:
        assert way_id == LI
        return left.pop(0) if len(left) > 1 else left[0]

    return find


async def test_a_mail_goes_by_the_mail_server_of_the_plant_in_the_persons_language() -> None:
    async with receiving_mail() as server:
        people = replace(
            NOBODY_TOLD,
            find=finding((a_way(WayKind.MAIL, "li.na@plant.example"), "zh")),
            mail_server=f"mailto://127.0.0.1:{server.port}?from=rr@plant.example&mode=insecure",
        )
        await WayChannel(LI, people, CLOCK).send("k", BODY)
        ((subject, text),) = server.said
        assert server.mails[0]["to"] == "li.na@plant.example"
    assert subject == "测试消息：Changchun"
    assert "https://rr/alarms" in text


async def test_what_was_changed_meanwhile_holds_for_the_next_message() -> None:
    async with listening(answer(OK)) as one, listening(answer(OK)) as other:
        ways = [
            (a_way(WayKind.APPRISE, f"json://127.0.0.1:{each.port}/"), "en")
            for each in (one, other)
        ]
        channel = WayChannel(LI, replace(NOBODY_TOLD, find=finding(*ways)), CLOCK)
        await channel.send("k", BODY)
        await channel.send("k", BODY)
        assert [len(each.bodies) for each in (one, other)] == [1, 1]


async def test_a_way_that_is_gone_and_mail_without_a_server_are_refused() -> None:
    with pytest.raises(DeliveryRefused, match="no such way"):
        await WayChannel(LI, NOBODY_TOLD, CLOCK).send("k", BODY)
    mail = replace(NOBODY_TOLD, find=finding((a_way(WayKind.MAIL, "a@b.cn"), None)))
    with pytest.raises(DeliveryRefused, match="no mail server"):
        await WayChannel(LI, mail, CLOCK).send("k", BODY)


async def test_a_database_in_trouble_fails_and_is_tried_again() -> None:
    async def trouble(way_id: str) -> tuple[Way, str | None] | None:
        raise StoreTrouble(way_id)

    with pytest.raises(DeliveryFailed) as failed:
        await WayChannel(LI, replace(NOBODY_TOLD, find=trouble), CLOCK).send("k", BODY)
    assert not isinstance(failed.value, DeliveryRefused)


async def test_whoever_something_waits_for_is_told_and_then_no_task_waits_for_anybody() -> None:
    messages = [Waiting(n, LI, payload=BODY) for n in (1, 2)]
    outbox, kept = KeptOutbox([*messages, Waiting(3, "andon")]), dict[str, ReceiverQueue]()
    async with listening(answer(OK)) as hook:
        way = a_way(WayKind.APPRISE, f"json://127.0.0.1:{hook.port}/")

        async def waiting() -> list[str]:
            return sorted({each.target for each in outbox.waits})

        people = PeopleReached(
            find=finding((way, None)), waiting=waiting, mail_server=None, words=WORDS
        )
        told = PeopleTold(people, outbox, CLOCK, kept)
        async with asyncio.TaskGroup() as group:
            await told.look(group)
            await told.look(group)
        assert len(hook.bodies) == 2
    assert [each.target for each in outbox.waits] == ["andon"]
    assert list(kept) == [LI]
    assert kept[LI].is_failing is False


async def test_trouble_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []

    async def waiting() -> list[str]:
        looks.append(1)
        raise StoreTrouble("disk full")

    people = replace(NOBODY_TOLD, waiting=waiting)

    clock: Any = Quick(looks)
    with pytest.raises(asyncio.CancelledError):
        await PeopleTold(people, KeptOutbox([]), clock, {}).run()
    assert len(looks) == 3
    assert caplog.text.count("people not told") == 1


class Quick:
    """A clock on which no time passes, until somebody has looked three times."""

    def __init__(self, looks: list[int]) -> None:
        self._looks = looks

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        if len(self._looks) > 2:
            raise asyncio.CancelledError
