"""Receivers that keep checkpoints get one for each shift and day, never an old one, and alarms never wait for it (D62)."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.alarms.checkpoint_sender import (
    FIRST_RETRY_S,
    LONGEST_RETRY_S,
    LOOK_S,
    CheckpointSender,
    sending_checkpoints,
)
from redrabbit.alarms.delivery import DeliveryFailed, DeliveryRefused
from redrabbit.base.messages import Message, catalogue
from redrabbit.base.signing import new_signer
from redrabbit.domain.checkpoint import parse_checkpoint, sign_checkpoint
from redrabbit.domain.checkpoint_moments import last_moment
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.ledger import instant
from redrabbit.domain.merkle import stored_frontier
from redrabbit.domain.plant import Plant
from redrabbit.domain.shift_calendar import ShiftCalendar
from redrabbit.domain.signed_note import note_is_signed, parse_note
from redrabbit.services.deliveries import CheckpointsSent
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.noting_stream_heads import are_heads_due, last_said, note_stream_heads
from redrabbit.services.sending_checkpoints import CheckpointSending, DueCheckpoint
from redrabbit.services.verifying import VerificationState, say_damaged, say_whole
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.unit_of_work import Recording
from simulators.virtual_clock import VirtualClock
from tests.plants import LINE, a_plant
from tests.stored import happened

BEGIN = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)  # a Friday
SIGNER = new_signer("plant.example/red-rabbit")


def on_weekdays(plant: Plant) -> Plant:
    """Return the plant with its shifts on five days: a weekend has none."""
    calendar = plant.calendars[LINE]
    shifts = tuple(replace(shift, weekdays=(0, 1, 2, 3, 4)) for shift in calendar.shifts)
    return replace(plant, calendars={LINE: replace(calendar, shifts=shifts)})


@dataclass
class Keeper:
    """A receiver that keeps what it is sent."""

    mood: str = "takes"
    tried: int = 0
    got: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, key: str, body: str) -> None:
        self.tried += 1
        match self.mood:
            case "away":
                raise DeliveryFailed("connection refused")
            case "refuses":
                raise DeliveryRefused("answered 404 Not Found")
            case "hangs":
                await asyncio.get_running_loop().create_future()
        told = json.loads(body)
        assert told["key"] == key
        self.got.append(told)
        if self.mood == "answers into nothing":
            raise DeliveryFailed("ConnectionResetError")

    @property
    def sizes(self) -> list[int]:
        return [told["size"] for told in self.got]


class World:
    """A ledger, a receiver, and lives of the service one after the other."""

    def __init__(self, plant: Plant | None = None) -> None:
        self.plant = plant or on_weekdays(a_plant())
        self.clock = VirtualClock(BEGIN)
        self.database = MemoryDatabase(
            origin=SIGNER.name,
            clock=self.clock,
            recording=Recording(fold=fold, software="test"),
            seal=lambda log: sign_checkpoint(log, SIGNER),
        )
        self.keeper = Keeper()
        self.state = VerificationState()
        self.restart()
        self.happens()

    def restart(self) -> None:
        self.began_at = self.clock.now()
        self.said_until: datetime | None = None
        self.sending = CheckpointSending(
            self.database,
            lambda: self.plant,
            verification=lambda: self.state,
            heads_said_until=lambda: self.said_until,
            now=self.clock.now,
        )
        self.sender = CheckpointSender("archive", self.keeper, self.sending, self.clock)

    def happens(self) -> None:
        self.database.write_now(lambda uow: uow.append(happened("clock_stepped", step_s=1.0)))

    def say_heads(self) -> None:
        """Do what the agent does every few seconds."""
        now = self.clock.now()
        if self.database.read_now(lambda r: are_heads_due(r, self.plant, self.began_at, now)):
            self.database.write_now(note_stream_heads)
        self.said_until = now

    async def look(self, times: int = 1) -> float:
        """Let the agent and the sender look, the one after the other."""
        rest_s = 0.0
        for _ in range(times):
            self.say_heads()
            rest_s = await self.sender.step()
        return rest_s

    def pass_hours(self, hours: float) -> None:
        self.clock.advance_to(self.clock.steady + timedelta(hours=hours))

    def root_at(self, size: int) -> bytes:
        """Return the root of the ledger's first entries."""
        return self.database.read_now(lambda reader: stored_frontier(size, reader.tree_node).root)

    @property
    def sent(self) -> CheckpointsSent:
        return self.database.read_now(lambda reader: reader.checkpoints_sent())["archive"]

    @property
    def moment(self) -> datetime:
        return last_moment(self.plant.calendars.values(), self.plant.zone, self.clock.now())


async def test_it_is_sent_at_the_end_of_a_shift_with_where_the_streams_stood_then() -> None:
    world = World()
    await world.look()
    first = len(world.keeper.got)
    world.pass_hours(0.9)
    await world.look()
    assert len(world.keeper.got) == first == 1
    world.happens()
    world.pass_hours(0.2)
    assert await world.sender.step() == LOOK_S
    assert len(world.keeper.got) == 1, "not before the ledger says where its streams stood"
    assert await world.look() == LOOK_S
    assert len(world.keeper.got) == 2
    said = world.database.read_now(last_said)
    told = world.keeper.got[-1]
    assert said is not None
    assert told["size"] == said.index + 1
    await world.look(5)
    assert len(world.keeper.got) == 2


async def test_what_is_sent_is_the_signed_note_with_words_in_both_languages() -> None:
    world = World()
    world.happens()
    await world.look()
    (told,) = world.keeper.got
    head = world.database.read_now(lambda reader: reader.head())
    assert (told["event"], told["plant"]) == ("checkpoint", "Testville")
    assert told["checkpoint"] == head.checkpoint
    assert (told["size"], told["at"]) == (head.size, "2026-03-06T05:00:00.000000Z")
    said = {"plant": "Testville", "size": 2, "at": world.clock.now()}
    assert told["text"] == {
        "en": "Checkpoint of the ledger of Testville: 2 entries, 2026-03-06 05:00:00 UTC. "
        "Keep it. It proves later that nothing was taken out.",
        "zh": catalogue("zh", UTC).render(Message("checkpoint.sent", said)),
    }
    assert "请妥善保存" in told["text"]["zh"]
    sent = world.sent
    assert (sent.size, sent.delivered_at, sent.said) == (2, world.clock.now(), None)


async def test_a_weekend_has_one_a_day_and_a_service_that_was_away_makes_good_one() -> None:
    world = World()
    world.pass_hours(23)  # Saturday 04:00
    await world.look()
    sizes = len(world.keeper.got)
    for _ in range(3 * 24):
        world.pass_hours(1)
        await world.look()
    moments = [str(told["key"]).split("-", 1)[1].rsplit("-", 1)[0] for told in world.keeper.got]
    assert moments[sizes:] == [
        "2026-03-07T06:00:00.000000Z",  # the night shift that began on Friday
        "2026-03-09T00:00:00.000000Z",  # Sunday had none; Saturday had that one
        "2026-03-09T14:00:00.000000Z",
        "2026-03-09T22:00:00.000000Z",
    ]
    world.pass_hours(24 * 10)
    world.restart()
    assert await world.sender.step() == LOOK_S, "not before the streams are looked at"
    before = len(world.keeper.got)
    await world.look(5)
    assert len(world.keeper.got) == before + 1


async def test_a_plant_without_shifts_gets_one_a_day_also_when_nothing_happens() -> None:
    plant = a_plant()
    empty = ShiftCalendar(zone=plant.zone, shifts=())
    world = World(replace(plant, calendars={LINE: empty}))
    for _ in range(5 * 24):
        await world.look()
        world.pass_hours(1)
    keys = [told["key"] for told in world.keeper.got]
    assert len(set(keys)) == len(keys) == 6


async def test_after_a_loss_one_of_the_same_moment_and_size_has_another_key() -> None:
    """D62: a copy that was put back reaches the size again that was sent already."""
    as_it_was, put_back = World(), World()
    as_it_was.happens()
    lost = happened("history_lost", size=2, root="00" * 32, found_size=1, found_root="11" * 32)
    put_back.database.write_now(lambda uow: uow.append(lost))
    for world in (as_it_was, put_back):
        await world.look()
    (before,), (after,) = as_it_was.keeper.got, put_back.keeper.got
    assert before["size"] == after["size"]
    moment_and_size, part = str(after["key"]).rsplit("-", 1)
    assert (moment_and_size, len(part)) == (before["key"], 12)


async def test_nothing_leaves_while_damage_is_known() -> None:
    """D62: it would vouch for what is not as it was written. Also after a restart, before a pass has ended."""
    world = World()
    world.database.write_now(say_damaged)
    await world.look(3)
    world.restart()
    await world.look(3)
    assert world.keeper.tried == 0
    world.database.write_now(partial(say_whole, since=world.clock.now()))
    await world.look()
    assert len(world.keeper.got) == 1


async def test_one_that_can_not_be_delivered_is_superseded_and_noted_once() -> None:
    world = World()
    world.keeper.mood = "away"
    rests = []
    for _ in range(9):
        rests.append(await world.look())
        world.pass_hours(8)
        world.happens()
    assert rests[:2] == [FIRST_RETRY_S, 2 * FIRST_RETRY_S]
    assert rests[-1] == LONGEST_RETRY_S
    assert (world.sent.said, world.sent.moment) == ("connection refused", None)
    world.keeper.mood = "refuses"
    await world.look()
    assert world.sent.said == "answered 404 Not Found"
    world.keeper.mood = "takes"
    await world.look(5)
    size = world.database.read_now(lambda reader: reader.head()).size
    assert world.keeper.sizes == [size]
    assert world.sent.said is None


async def test_a_receiver_that_never_answers_is_left_after_ten_seconds() -> None:
    world = World()
    world.keeper.mood = "hangs"
    world.say_heads()
    async with asyncio.timeout(15):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("redrabbit.alarms.checkpoint_sender.ATTEMPT_S", 0.05)
            await world.sender.step()
    assert world.sent.said == "no whole answer within 0.05 s"


async def test_what_was_taken_is_not_sent_again_because_it_could_not_be_noted() -> None:
    world = World()

    class Trouble(CheckpointSending):
        async def delivered(self, receiver: str, due: DueCheckpoint) -> None:
            if world.keeper.mood != "noted":
                raise StoreTrouble("database or disk is full")
            await super().delivered(receiver, due)

    world.sending.__class__ = Trouble
    for _ in range(3):
        with pytest.raises(StoreTrouble):
            await world.look()
    world.keeper.mood = "noted"
    await world.look(3)
    assert (len(world.keeper.got), world.sent.size) == (1, world.keeper.got[0]["size"])


async def test_a_task_goes_on_after_trouble_with_the_database() -> None:
    world = World()
    tries: list[str] = []

    class Trouble(CheckpointSending):
        async def expect(self, receiver: str) -> None:
            tries.append(receiver)
            if len(tries) < 3:
                raise StoreTrouble("database is locked")
            await super().expect(receiver)

    world.sending.__class__ = Trouble
    world.say_heads()
    works = sending_checkpoints(
        {"archive": world.keeper, "andon": Keeper()}, ["archive"], world.sending, world.clock
    )
    assert list(works) == ["checkpoints to archive"]
    task = asyncio.ensure_future(works["checkpoints to archive"]())
    for _ in range(8):
        for _ in range(20):
            turn = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(turn.set_result, None)
            await turn
        world.clock.advance_to(world.clock.steady + timedelta(seconds=LOOK_S))
        world.say_heads()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (len(tries), len(world.keeper.got)) == (3, 1)


EVENTS = st.one_of(
    st.sampled_from(
        [
            *["happens", "look", "restart", "damaged", "whole"],
            *["takes", "away", "refuses", "answers into nothing"],
            *["clock back", "adopts shifts", "adopts none"],
        ]
    ),
    st.floats(0.1, 60.0).map(lambda hours: round(hours, 1)),
)


@given(st.lists(EVENTS, max_size=60))
@example(["look", 2.0, "clock back", "look", 1.0, "look"])
@example(["look", 10.0, "look", "adopts none", "look", "adopts shifts", "look"])
@example(["answers into nothing", "look", "happens", "takes", "look"])
def test_no_receiver_ever_gets_one_twice_or_an_older_one_after_a_newer(
    happened_: list[str | float],
) -> None:
    asyncio.run(_story(happened_))


async def _story(events: list[str | float]) -> None:
    world = World()
    keeper = world.keeper
    was_lost = is_set_back = False
    for event in events:
        before = len(keeper.got)
        match event:
            case float():
                world.pass_hours(event)
                await world.look()
            case "happens":
                world.happens()
            case "look":
                await world.look()
            case "restart":
                world.restart()
            case "damaged":
                world.database.write_now(say_damaged)
            case "whole":
                world.database.write_now(partial(say_whole, since=world.clock.now()))
            case "clock back":
                world.clock.step_wall(timedelta(hours=-3))
                world.clock.reanchor()
                is_set_back = True
            case "adopts shifts" | "adopts none":
                plant = on_weekdays(a_plant())
                none = {LINE: ShiftCalendar(zone=plant.zone, shifts=())}
                world.plant = replace(plant, calendars=none) if event[-4:] == "none" else plant
            case mood:
                keeper.mood = mood
        was_lost |= keeper.mood == "answers into nothing" and len(keeper.got) > before
        _nothing_is_older(world)
        if not was_lost and not is_set_back:
            moments = [str(told["key"]).split("Z")[0] for told in keeper.got]
            assert moments == sorted(set(moments)), "one for each moment, and none for one before"
    await _ends_with_the_last(world)


def _nothing_is_older(world: World) -> None:
    """What was delivered verifies against the ledger now, and each has all of the one before."""
    sizes = world.keeper.sizes
    assert sizes == sorted(sizes)
    for told in world.keeper.got:
        note = parse_note(str(told["checkpoint"]))
        kept = parse_checkpoint(note.text)
        assert note_is_signed(note, SIGNER.verifier)
        assert (kept.size, kept.root) == (told["size"], world.root_at(kept.size))


async def _ends_with_the_last(world: World) -> None:
    """Once all is well, it has the one for the last moment, and gets no more until the next."""
    world.keeper.mood = "takes"
    world.database.write_now(partial(say_whole, since=world.clock.now()))
    await world.look(2)
    sent, count = world.sent, len(world.keeper.got)
    assert sent.moment is not None
    assert world.moment <= sent.moment <= world.clock.now()
    assert sent.size == world.keeper.got[-1]["size"]
    assert instant(str(world.keeper.got[-1]["at"])) <= world.clock.now() + timedelta(days=1)
    await world.look(3)
    assert len(world.keeper.got) == count
