"""Messages reach their receivers at least once, in order, and one that is away delays no other."""

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redrabbit.alarms.delivery import Courier, DeliveryFailed
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services.errors import StoreTrouble
from simulators.virtual_clock import VirtualClock

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ANDON = NotificationTarget(name="andon", kind=TargetKind.WEBHOOK, url="http://127.0.0.1:9/")
MAIL = NotificationTarget(name="mail", kind=TargetKind.MQTT, host="127.0.0.1", topic="alarms")


@dataclass
class Waiting:
    outbox_id: int
    target: str
    event: str = "missed"
    key: str = ""
    payload: str = '{"alarm_id":1}'
    attempts: int = 0


class KeptOutbox:
    """An outbox in memory that keeps the rules of the port."""

    def __init__(self, *waiting: Waiting) -> None:
        self.waiting = list(waiting)
        self.next_try: dict[tuple[int, str], datetime | None] = {}
        self.errors: list[str] = []
        self.away = False

    async def pending(self, now: datetime, limit: int) -> list[Waiting]:
        if self.away:
            raise StoreTrouble("connection refused")
        due = [w for w in self.waiting if self._is_due(w, now)]
        return due[:limit]

    def _is_due(self, one: Waiting, now: datetime) -> bool:
        key = (one.outbox_id, one.target)
        at = self.next_try.get(key, now)
        if any(
            target == one.target and number < one.outbox_id and ahead is not None and ahead > now
            for (number, target), ahead in self.next_try.items()
        ):
            return False
        return at is not None and at <= now

    async def delivered(self, outbox_id: int, target: str) -> None:
        self.waiting = [w for w in self.waiting if (w.outbox_id, w.target) != (outbox_id, target)]

    async def failed(
        self, outbox_id: int, target: str, error: str, next_try_at: datetime | None
    ) -> None:
        self.errors.append(error)
        self.next_try[outbox_id, target] = next_try_at
        for one in self.waiting:
            if (one.outbox_id, one.target) == (outbox_id, target):
                one.attempts += 1


class Receiver:
    """Takes messages, or is away for its first so many."""

    def __init__(self, away_for: int = 0) -> None:
        self.away_for = away_for
        self.got: list[dict[str, object]] = []

    async def __call__(self, target: NotificationTarget, key: str, body: str) -> None:
        del target
        if self.away_for:
            self.away_for -= 1
            raise DeliveryFailed("connection refused")
        assert json.loads(body)["key"] == key
        self.got.append(json.loads(body))


def a_courier(
    outbox: KeptOutbox, webhook: Receiver, mqtt: Receiver
) -> tuple[Courier, VirtualClock]:
    clock = VirtualClock(BEGIN)
    channels = {"webhook": webhook, "mqtt": mqtt}
    return Courier(outbox, (ANDON, MAIL), channels, clock, random.Random(1)), clock


async def test_every_receiver_gets_its_messages_in_order() -> None:
    outbox = KeptOutbox(
        Waiting(1, "andon", key="a"), Waiting(1, "mail", key="a"), Waiting(2, "andon", key="b")
    )
    webhook, mqtt = Receiver(), Receiver()
    courier, _ = a_courier(outbox, webhook, mqtt)
    assert await courier.step() == 3
    assert [message["key"] for message in webhook.got] == ["a", "b"]
    assert [message["key"] for message in mqtt.got] == ["a"]
    assert outbox.waiting == []


async def test_a_receiver_that_is_away_is_tried_again_later_and_delays_no_other() -> None:
    """B21."""
    outbox = KeptOutbox(
        Waiting(1, "andon", key="a"), Waiting(2, "andon", key="b"), Waiting(2, "mail", key="b")
    )
    webhook, mqtt = Receiver(away_for=1), Receiver()
    courier, clock = a_courier(outbox, webhook, mqtt)
    assert await courier.step() == 1
    assert webhook.got == []
    assert len(mqtt.got) == 1
    clock.advance_to(BEGIN + timedelta(seconds=2))
    await courier.step()
    assert [message["key"] for message in webhook.got] == ["a", "b"]
    assert outbox.errors == ["connection refused"]


async def test_pauses_between_tries_grow_to_a_limit() -> None:
    outbox = KeptOutbox(Waiting(1, "andon", key="a", attempts=20))
    courier, clock = a_courier(outbox, Receiver(away_for=1), Receiver())
    await courier.step()
    next_try = outbox.next_try[1, "andon"]
    assert next_try is not None
    assert timedelta(seconds=200) < next_try - clock.now() < timedelta(seconds=400)


async def test_a_receiver_gone_from_the_plant_file_is_given_up() -> None:
    outbox = KeptOutbox(Waiting(1, "pager"))
    courier, _ = a_courier(outbox, Receiver(), Receiver())
    await courier.step()
    assert outbox.next_try[1, "pager"] is None
    assert outbox.errors == ["no longer in the plant file"]


async def test_messages_behind_one_that_failed_wait_for_it() -> None:
    """A receiver gets its messages in order, also after it was away."""
    outbox = KeptOutbox(Waiting(1, "andon", key="a"), Waiting(2, "andon", key="b"))
    webhook = Receiver(away_for=1)
    courier, clock = a_courier(outbox, webhook, Receiver())
    for _ in range(6):
        await courier.step()
        clock.advance_to(clock.steady + timedelta(seconds=0.5))
    assert [message["key"] for message in webhook.got] == ["a", "b"]


async def test_a_channel_with_a_bug_delays_no_other_receiver() -> None:
    outbox = KeptOutbox(Waiting(1, "andon", key="a"), Waiting(1, "mail", key="a"))

    async def broken(target: NotificationTarget, key: str, body: str) -> None:
        raise ValueError(f"{target.name} can't take {key}: {body}")

    mqtt = Receiver()
    clock = VirtualClock(BEGIN)
    courier = Courier(
        outbox, (ANDON, MAIL), {"webhook": broken, "mqtt": mqtt}, clock, random.Random(1)
    )
    assert await courier.step() == 1
    assert len(mqtt.got) == 1
    assert outbox.errors[0].startswith("ValueError")


async def test_a_database_that_is_away_ends_nothing() -> None:
    """It is told once, in words: a network does that every day."""
    outbox = KeptOutbox(Waiting(1, "andon", key="a"))
    outbox.away = True
    webhook = Receiver()
    courier, clock = a_courier(outbox, webhook, Receiver())
    running = asyncio.ensure_future(courier.run())
    for count in range(20):
        outbox.away = count < 5
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn
        clock.advance_to(clock.steady + timedelta(seconds=1))
    assert not running.done()
    running.cancel()
    assert len(webhook.got) == 1
