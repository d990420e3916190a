"""What a person decides about a message that was not taken is done, and on record (D48)."""

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind, MessageDecided, MessageDecision
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.identity import Actor, AlarmId
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.records import AlarmRecord
from redrabbit.services import messaging
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.deliveries import ParkedReason
from tests.plants import Bench, a_plant

ANNA = Actor.stated("Anna")
ALARM = AlarmId("plant-A-1")
ANDON = NotificationTarget(name="andon", kind=TargetKind.MQTT)


@pytest.fixture
def bench() -> Bench:
    """A bench with one alarm whose message the andon refused."""
    bench = Bench(a_plant(targets=(ANDON,)))
    bench.database.write_now(lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    bench.database.write_now(
        lambda uow: uow.mark_parked(1, "andon", ParkedReason.REFUSED, "answered 400")
    )
    return bench


def send_again(bench: Bench, alarm: str = ALARM, receiver: str = "andon") -> AlarmRecord:
    return bench.database.write_now(
        lambda uow: messaging.send_again(uow, bench.plant, AlarmId(alarm), receiver, actor=ANNA)
    )


def drop(bench: Bench, alarm: str = ALARM, receiver: str = "andon") -> AlarmRecord:
    return bench.database.write_now(
        lambda uow: messaging.drop(uow, AlarmId(alarm), receiver, actor=ANNA)
    )


def waiting(bench: Bench) -> int:
    return len(bench.database.read_now(lambda reader: reader.waiting_deliveries("andon", 9)))


@pytest.mark.parametrize(
    ("decide", "decision", "waits"),
    [(send_again, MessageDecision.SEND_AGAIN, 1), (drop, MessageDecision.DROP, 0)],
)
def test_the_decision_is_done_and_recorded_with_who_took_it(
    decide: object, decision: MessageDecision, waits: int, bench: Bench
) -> None:
    assert callable(decide)
    before = bench.database.read_now(lambda reader: reader.get(AlarmRecord, ALARM))
    assert decide(bench) == before
    entry = bench.database.read_now(lambda reader: reader.entries())[-1]
    assert fact_of(entry) == MessageDecided(alarm_id=ALARM, receiver="andon", decision=decision)
    assert (entry.actor, entry.stream) == (ANNA, "plant")
    assert waiting(bench) == waits
    assert bench.database.read_now(lambda reader: reader.parked_counts()) == {}


def test_what_is_not_parked_is_refused_and_nothing_is_recorded(bench: Bench) -> None:
    drop(bench)
    size = bench.database.read_now(lambda reader: reader.head().size)
    for again in (send_again, drop):
        with pytest.raises(Refusal, match="message_not_parked"):
            again(bench)
        with pytest.raises(Refusal, match="no_such_alarm"):
            again(bench, alarm="plant-A-9")
    assert bench.database.read_now(lambda reader: reader.head().size) == size
    assert waiting(bench) == 0


def test_nothing_is_sent_to_a_receiver_that_the_plant_does_not_have(bench: Bench) -> None:
    with pytest.raises(Refusal, match="no_such_receiver"):
        send_again(bench, receiver="pager")
    with pytest.raises(Refusal, match="message_not_parked"):
        drop(bench, receiver="pager")
    assert bench.database.read_now(lambda reader: reader.parked_counts()) == {"andon": 1}
