"""Each receiver gets its messages at least once, in order, and delays nobody but itself (B21, D48)."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiomqtt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from redrabbit.alarms import receiver_queue
from redrabbit.alarms.channels import make_channels
from redrabbit.alarms.delivery import Channel, DeliveryFailed, DeliveryRefused
from redrabbit.alarms.receiver_queue import (
    ASKED_IN_ORDER,
    FAILED_TRIES,
    FORGET_AGAIN_S,
    KEPT_FOR,
    LONGEST_RETRY_S,
    POLL_S,
    REFUSED_TRIES,
    ReceiverQueue,
    forget_delivered,
    park_removed,
)
from redrabbit.alarms.receiver_secrets import ReceiverSecrets
from redrabbit.alarms.telling import telling
from redrabbit.base.clock import Clock, SteadyClock
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.errors import StoreTrouble
from simulators.broker import serving
from simulators.virtual_clock import VirtualClock
from tests.alarms.moody import DRIPPING, listening
from tests.alarms.people_to_tell import NOBODY_TOLD

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@dataclass
class Waiting:
    outbox_id: int
    target: str = "andon"
    event: str = "missed"
    payload: str = '{"alarm_id":1}'
    attempts: int = 0

    @property
    def key(self) -> str:
        return f"m{self.outbox_id}"


@dataclass
class KeptOutbox:
    """An outbox in memory that keeps the rules of the port."""

    waits: list[Waiting]
    next_try: dict[tuple[int, str], datetime] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    is_away: bool = False
    can_write: bool = True
    parked_for: dict[tuple[str, str], ParkedReason] = field(default_factory=dict)
    """By receiver and key."""
    forgotten: list[datetime] = field(default_factory=list)
    """Before when messages were forgotten, each time."""

    async def waiting(self, target: str, limit: int) -> list[Waiting]:
        if self.is_away:
            raise StoreTrouble("connection refused")
        return [replace(one) for one in self.waits if one.target == target][:limit]

    async def delivered(self, outbox_id: int, target: str) -> None:
        self._refuse_to_write()
        self.waits = [w for w in self.waits if (w.outbox_id, w.target) != (outbox_id, target)]

    async def failed(self, outbox_id: int, target: str, error: str, next_try_at: datetime) -> None:
        self._refuse_to_write()
        self.errors.append(error)
        self.next_try[outbox_id, target] = next_try_at
        for one in self.waits:
            if (one.outbox_id, one.target) == (outbox_id, target):
                one.attempts += 1

    async def parked(self, outbox_id: int, target: str, reason: ParkedReason, error: str) -> None:
        self._refuse_to_write()
        self.errors.append(error)
        (one,) = (w for w in self.waits if (w.outbox_id, w.target) == (outbox_id, target))
        self.waits.remove(one)
        self.parked_for[target, one.key] = reason

    async def park_all_but(self, targets: Collection[str]) -> Mapping[str, int]:
        if self.is_away:
            raise StoreTrouble("connection refused")
        gone = [one for one in self.waits if one.target not in targets]
        self.waits = [one for one in self.waits if one.target in targets]
        for one in gone:
            self.parked_for[one.target, one.key] = ParkedReason.RECEIVER_REMOVED
        return Counter(one.target for one in gone)

    async def forget_delivered(self, before: datetime) -> int:
        if self.is_away:
            raise StoreTrouble("connection refused")
        self.forgotten.append(before)
        return 3

    def _refuse_to_write(self) -> None:
        if not self.can_write:
            raise StoreTrouble("disk full")


@dataclass
class Receiver:
    """Takes messages, or does with each what `fails` says."""

    fails: dict[str, list[Exception]] = field(default_factory=dict)
    """What the next attempts with a message end with; by its key, `*` any."""
    got: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    async def send(self, key: str, body: str) -> None:
        assert json.loads(body)["key"] == key
        self.tried.append(key)
        for which in (key, "*"):
            if self.fails.get(which):
                raise self.fails[which].pop(0)
        self.got.append(key)


AWAY = DeliveryFailed("connection refused")


def a_queue(
    outbox: KeptOutbox, channel: Channel, clock: Clock | None = None, name: str = "andon"
) -> ReceiverQueue:
    return ReceiverQueue(name, channel, outbox, clock or VirtualClock(BEGIN), random.Random(1))


async def test_messages_come_in_order_and_then_it_rests() -> None:
    outbox, receiver = KeptOutbox([Waiting(1), Waiting(2)]), Receiver()
    queue = a_queue(outbox, receiver)
    assert await queue.step() == 0.0
    assert receiver.got == ["m1", "m2"]
    assert outbox.waits == []
    assert await queue.step() == POLL_S


async def test_messages_behind_one_that_failed_wait_for_it() -> None:
    outbox, receiver = KeptOutbox([Waiting(1), Waiting(2)]), Receiver({"*": [AWAY]})
    queue = a_queue(outbox, receiver)
    assert 0.8 <= await queue.step() <= 1.2
    assert receiver.tried == ["m1"]
    assert outbox.errors == ["connection refused"]
    await queue.step()
    assert receiver.got == ["m1", "m2"]


@pytest.mark.parametrize("attempts", [20, 1023, 1024, 100_000])
async def test_pauses_grow_to_a_limit_and_no_outage_is_too_long_to_be_counted(
    attempts: int,
) -> None:
    """After 1,024 attempts, some days, the pause could not be computed any more."""
    outbox = KeptOutbox([Waiting(1, attempts=attempts)])
    clock = VirtualClock(BEGIN)
    rest_s = await a_queue(outbox, Receiver({"*": [AWAY]}), clock).step()
    assert 0.8 * LONGEST_RETRY_S <= rest_s <= 1.2 * LONGEST_RETRY_S
    next_try = outbox.next_try[1, "andon"]
    assert next_try == clock.now() + timedelta(seconds=rest_s)


async def test_a_receiver_that_asks_to_be_left_alone_is() -> None:
    asked = DeliveryFailed("answered 503", retry_after_s=777.0)
    outbox = KeptOutbox([Waiting(1)])
    assert await a_queue(outbox, Receiver({"*": [asked]})).step() == 777.0


async def test_a_fault_in_a_channel_ends_no_task_and_tells_nothing_of_what_was_sent() -> None:
    outbox = KeptOutbox([Waiting(1)])
    await a_queue(outbox, Receiver({"*": [ValueError("zQ-S3cret")]})).step()
    assert outbox.errors == ["a fault of this service: ValueError"]


async def test_an_attempt_that_has_no_end_is_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        async def send(self, key: str, body: str) -> None:
            del key, body
            await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(receiver_queue, "ATTEMPT_S", 0.05)
    outbox = KeptOutbox([Waiting(1)])
    await a_queue(outbox, Endless()).step()
    assert outbox.errors == ["no whole answer within 0.05 s"]


REFUSED = DeliveryRefused("answered 400 Bad Request: no field line")
BROKEN = DeliveryFailed("answered 500")


async def stepped(queue: ReceiverQueue, count: int) -> None:
    for _ in range(count):
        await queue.step()


async def test_a_message_that_is_refused_again_and_again_is_parked_and_the_next_ones_go_on() -> (
    None
):
    """K2.4: it held back everything behind it, for ever."""
    outbox = KeptOutbox([Waiting(1), Waiting(2), Waiting(3)])
    receiver = Receiver({"m1": [REFUSED] * 99})
    await stepped(a_queue(outbox, receiver), REFUSED_TRIES)
    assert receiver.tried == ["m1"] * REFUSED_TRIES + ["m2", "m3"]
    assert outbox.parked_for == {("andon", "m1"): ParkedReason.REFUSED}
    assert outbox.errors[-1] == str(REFUSED)
    assert outbox.waits == []


async def test_a_refusal_that_does_not_last_parks_nothing() -> None:
    outbox, receiver = KeptOutbox([Waiting(1)]), Receiver({"m1": [REFUSED] * (REFUSED_TRIES - 1)})
    await stepped(a_queue(outbox, receiver), REFUSED_TRIES)
    assert receiver.got == ["m1"]
    assert outbox.parked_for == {}


async def test_a_receiver_that_is_away_has_nothing_parked_however_long() -> None:
    messages = [Waiting(n) for n in range(1, 6)]
    outbox, receiver = KeptOutbox(messages), Receiver({"*": [AWAY] * 1000})
    queue = a_queue(outbox, receiver)
    await stepped(queue, 300)
    assert outbox.parked_for == {}
    receiver.fails.clear()
    await stepped(queue, 2)
    assert receiver.got == ["m1", "m2", "m3", "m4", "m5"]


async def test_a_receiver_that_asked_to_be_left_alone_is_not_asked_which_message_it_is() -> None:
    asked = DeliveryFailed("answered 429", retry_after_s=60.0)
    outbox, receiver = KeptOutbox([Waiting(1), Waiting(2)]), Receiver({"*": [asked] * 99})
    await stepped(a_queue(outbox, receiver), 20)
    assert receiver.tried == ["m1"] * 20


async def test_a_receiver_that_is_just_back_gets_the_older_message_and_nothing_is_parked() -> None:
    """It came back between two attempts of one step."""
    outbox = KeptOutbox([Waiting(1, attempts=FAILED_TRIES - 1), Waiting(2), Waiting(3)])
    receiver = Receiver({"m1": [BROKEN]})
    await stepped(a_queue(outbox, receiver), 2)
    assert outbox.parked_for == {}
    assert receiver.got == ["m2", "m1", "m3"]


@given(
    fates=st.lists(st.sampled_from(["taken", "refused", "broken"]), min_size=1, max_size=9),
    outages=st.sets(st.integers(0, 60)),
)
def test_no_message_holds_back_those_behind_it_and_the_rest_keeps_its_order(
    fates: list[str], outages: set[int]
) -> None:
    """Whatever the receiver does with each, and however often it is away for a while.

    Where more than `ASKED_IN_ORDER` of them are the trouble, those behind may change places.
    """
    assume(len(fates) - fates.count("taken") <= ASKED_IN_ORDER)
    fate = {f"m{n}": each for n, each in enumerate(fates, 1)}
    outbox = KeptOutbox([Waiting(n) for n in range(1, len(fates) + 1)])
    receiver = Receiver()
    queue = a_queue(outbox, receiver)

    async def told() -> None:
        for step in range(300):
            failure = {"refused": REFUSED, "broken": BROKEN}
            always: dict[str, list[Exception]] = {
                key: [failure[how]] * 9 for key, how in fate.items() if how != "taken"
            }
            receiver.fails = {"*": [AWAY] * 99} if step in outages else always
            await queue.step()

    asyncio.run(told())
    assert receiver.got == [key for key, how in fate.items() if how == "taken"]
    parked = {key for _, key in outbox.parked_for}
    assert {key for key, how in fate.items() if how == "refused"} <= parked
    left = {one.key for one in outbox.waits}
    assert {fate[key] for key in left | parked} <= {"refused", "broken"}
    assert all(fate[key] == "broken" for key in left), "nothing stands behind it that could tell"


async def test_many_messages_that_only_fail_hold_back_nothing_either() -> None:
    """Those behind them that are taken, are: the older ones first, as far as that can be known."""
    broken = [f"m{n}" for n in range(1, 41)]
    outbox = KeptOutbox([Waiting(n) for n in range(1, 61)])
    receiver = Receiver({key: [BROKEN] * 999 for key in broken})
    await stepped(a_queue(outbox, receiver), 400)
    assert sorted(receiver.got) == sorted(f"m{n}" for n in range(41, 61))
    assert set(outbox.parked_for.values()) == {ParkedReason.OTHERS_TAKEN}


async def test_what_waited_for_a_receiver_that_was_removed_is_parked_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """K2.5: it was dropped without a word."""
    outbox = KeptOutbox([Waiting(1, "pager"), Waiting(2, "pager"), Waiting(2, "andon")])
    outbox.is_away = True
    clock = VirtualClock(BEGIN)
    task = asyncio.create_task(park_removed(outbox, ["andon"], clock))
    await turned(5)
    outbox.is_away = False
    clock.advance_to(clock.steady + timedelta(seconds=POLL_S))
    await task
    assert outbox.parked_for == {
        ("pager", "m1"): ParkedReason.RECEIVER_REMOVED,
        ("pager", "m2"): ParkedReason.RECEIVER_REMOVED,
    }
    assert [one.target for one in outbox.waits] == ["andon"]
    (told,) = caplog.records
    assert (vars(told)["receiver"], vars(told)["messages"]) == ("pager", 2)


async def test_old_messages_are_forgotten_each_day_and_sooner_where_the_database_was_away() -> None:
    clock, outbox = VirtualClock(BEGIN), KeptOutbox([])
    outbox.is_away = True
    task = asyncio.create_task(forget_delivered(outbox, clock))
    await turned(5)
    outbox.is_away = False
    for passed in (timedelta(seconds=FORGET_AGAIN_S), timedelta(days=1)):
        clock.advance_to(clock.steady + passed)
        await turned(5)
    task.cancel()
    first = BEGIN + timedelta(seconds=FORGET_AGAIN_S) - KEPT_FOR
    assert outbox.forgotten == [first, first + timedelta(days=1)]


async def turned(count: int) -> None:
    for _ in range(count):
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn


@asynccontextmanager
async def running(queue: ReceiverQueue) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(queue.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_database_that_is_away_ends_nothing_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outbox, receiver, clock = KeptOutbox([Waiting(1)]), Receiver(), VirtualClock(BEGIN)
    outbox.is_away = True
    async with running(a_queue(outbox, receiver, clock)) as task:
        for _ in range(5):
            await turned(5)
            clock.advance_to(clock.steady + timedelta(seconds=POLL_S))
        outbox.is_away = False
        await turned(5)
        assert not task.done()
    assert receiver.got == ["m1"]
    assert [record.message for record in caplog.records] == ["messages not delivered"]


async def test_what_was_taken_is_not_sent_again_because_the_database_could_not_be_told() -> None:
    """A full disk made a copy each half second, for as long as it was full."""
    outbox, receiver, clock = KeptOutbox([Waiting(1), Waiting(2)]), Receiver(), VirtualClock(BEGIN)
    outbox.can_write = False
    async with running(a_queue(outbox, receiver, clock)):
        for _ in range(5):
            await turned(5)
            clock.advance_to(clock.steady + timedelta(seconds=POLL_S))
        assert receiver.got == ["m1"]
        outbox.can_write = True
        await turned(5)
    assert receiver.got == ["m1", "m2"]


@pytest.mark.parametrize("step", [timedelta(days=-9), timedelta(days=9)])
async def test_a_clock_that_is_set_changes_no_pause(step: timedelta) -> None:
    """Set back by a day, a receiver got nothing for a day (R46)."""
    outbox, receiver, clock = KeptOutbox([Waiting(1)]), Receiver({"*": [AWAY]}), VirtualClock(BEGIN)
    async with running(a_queue(outbox, receiver, clock)):
        await turned(5)
        clock.step_wall(step)
        clock.reanchor()
        clock.advance_to(clock.steady + timedelta(seconds=0.7))
        await turned(5)
        assert receiver.got == []
        clock.advance_to(clock.steady + timedelta(seconds=0.6))
        await turned(5)
    assert receiver.got == ["m1"]


class NobodysAlarms:
    """Records that nothing is told to."""

    async def not_reached(self) -> frozenset[str]:
        return frozenset()

    async def begin(self, receiver: str) -> None:
        raise AssertionError(receiver)

    async def end(self, receiver: str) -> None:
        raise AssertionError(receiver)


async def test_a_receiver_fails_as_long_as_something_waits_that_it_does_not_take() -> None:
    """Not known before the first attempt; an answer that refuses is an answer."""
    outbox, receiver = KeptOutbox([Waiting(1)]), Receiver({"*": [AWAY, REFUSED]})
    queue = a_queue(outbox, receiver)
    said = [queue.is_failing]
    for _ in range(3):
        await queue.step()
        said.append(queue.is_failing)
    assert said == [None, True, True, False]


async def test_a_receiver_that_refuses_all_is_not_said_to_fail_once_nothing_waits() -> None:
    outbox, receiver = KeptOutbox([Waiting(1)]), Receiver({"*": [REFUSED] * 9})
    queue = a_queue(outbox, receiver)
    await stepped(queue, REFUSED_TRIES)
    assert queue.is_failing is None
    await queue.step()
    assert queue.is_failing is False


@asynccontextmanager
async def delivering(channels: Mapping[str, Channel], outbox: KeptOutbox) -> AsyncIterator[None]:
    works = telling(channels, NOBODY_TOLD, outbox, NobodysAlarms(), SteadyClock())
    tasks = [asyncio.ensure_future(work()) for work in works.values()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("mood", DRIPPING)
async def test_a_dripping_webhook_delays_no_message_to_a_broker(mood: str) -> None:
    """K2.1: with one such webhook, MQTT got one message and then none, until it was killed."""
    messages = [Waiting(n, target) for n in range(1, 21) for target in ("office", "andon")]
    outbox = KeptOutbox(messages)
    async with serving() as (_, port), listening(DRIPPING[mood]) as hook:
        targets = (
            NotificationTarget(name="office", kind=TargetKind.WEBHOOK, url=hook.url),
            NotificationTarget(
                name="andon", kind=TargetKind.MQTT, host="127.0.0.1", port=port, topic="events"
            ),
        )
        secrets = {target.name: ReceiverSecrets() for target in targets}
        async with aiomqtt.Client("127.0.0.1", port) as client:
            await client.subscribe("events", qos=1)
            got = aiter(client.messages)
            async with delivering(make_channels(targets, secrets, SteadyClock()), outbox):
                keys = [json.loads((await anext(got)).payload)["key"] for _ in range(20)]
        assert keys == [f"m{n}" for n in range(1, 21)]
        assert len(hook.bodies) <= 1, "its first attempt was still under way"
    assert {one.target for one in outbox.waits} == {"office"}
