"""Of a second copy the key is the same; of another message it never is, though history was lost (B21, D62)."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.identity import Actor, AlarmId
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.services import messaging
from redrabbit.services.accepting_loss import accept_loss
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.ports import UnitOfWork
from redrabbit.store.memory import MemoryUnitOfWork
from tests.plants import Bench, a_plant

ANNA = Actor.stated("Anna")
ANDON = NotificationTarget(name="andon", kind=TargetKind.MQTT)
ALARM, LOSS = "alarm", "loss"
LOST = HistoryLost(size=9, root="00" * 32, found_size=2, found_root="11" * 32)


def alarm(uow: UnitOfWork) -> None:
    raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now)


def loss(uow: UnitOfWork) -> None:
    accept_loss(uow, LOST, ANNA)


STEPS: dict[str, Callable[[UnitOfWork], None]] = {ALARM: alarm, LOSS: loss}


def plays(*steps: str) -> list[str]:
    """Return the keys of what a plant sends that lives this, the first sent first."""
    bench = Bench(a_plant(targets=(ANDON,)))
    for step in steps:
        bench.database.write_now(STEPS[step])
    sent = bench.database.read_now(lambda reader: reader.waiting_deliveries("andon", 99))
    return [delivery.key for delivery in sent]


def test_where_no_history_was_lost_the_key_is_the_alarm() -> None:
    assert plays(ALARM, ALARM) == ["alarm-plant-A-1", "alarm-plant-A-2"]


@settings(max_examples=30, deadline=None)
@given(
    kept=st.lists(st.sampled_from([ALARM, LOSS]), max_size=4),
    lives=st.lists(st.integers(1, 4), min_size=2, max_size=4),
)
def test_what_a_copy_sends_after_it_was_put_back_has_no_key_of_before(
    kept: list[str], lives: list[int]
) -> None:
    """The same copy is put back again and again; each time the loss is accepted, and alarms go on."""
    before = plays(*kept)
    known = set(before)
    for alarms in lives:
        after = plays(*kept, LOSS, *[ALARM] * alarms)[len(before) :]
        assert len(set(after)) == alarms + 1
        assert known.isdisjoint(after)
        known |= set(after)


def park(number: int, uow: MemoryUnitOfWork) -> None:
    uow.mark_parked(number, "andon", ParkedReason.REFUSED, "answered 400")


def decide(bench: Bench, alarm: AlarmId, uow: UnitOfWork, *, again: bool) -> None:
    if again:
        messaging.send_again(uow, bench.plant, alarm, "andon", actor=ANNA)
    else:
        messaging.drop(uow, alarm, "andon", actor=ANNA)


@pytest.mark.parametrize("again", [True, False])
def test_a_message_that_was_parked_before_the_loss_is_found_after_it(again: bool) -> None:
    bench = Bench(a_plant(targets=(ANDON,)))
    for step in (ALARM, LOSS, ALARM):
        bench.database.write_now(STEPS[step])
    sent = bench.database.read_now(lambda reader: reader.waiting_deliveries("andon", 9))
    for number in (1, 2, 3):
        bench.database.write_now(partial(park, number))
        bench.database.write_now(partial(decide, bench, AlarmId(f"plant-A-{number}"), again=again))
    waits = bench.database.read_now(lambda reader: reader.waiting_deliveries("andon", 9))
    assert [each.key for each in waits] == ([each.key for each in sent] if again else [])
