"""Messages reach their receivers at least once, in order, and one that is away delays no other."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redrabbit.alarms.delivery import Courier, DeliveryFailed
from redrabbit.domain.plant import NotificationTarget, TargetKind
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

    async def pending(self, now: datetime, limit: int) -> list[Waiting]:
        due = [w for w in self.waiting if self._is_due(w, now)]
        return due[:limit]

    def _is_due(self, one: Waiting, now: datetime) -> bool:
        key = (one.outbox_id, one.target)
        if key not in self.next_try:
            return True
        at = self.next_try[key]
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
