"""That a receiver is not reached is recorded and told as any alarm is, but not to itself (D48)."""

import json

import pytest

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.receiver_alarms import ReceiverAlarms
from tests.plants import Bench

ANDON = NotificationTarget(name="andon", kind=TargetKind.MQTT)
OFFICE = NotificationTarget(name="office", kind=TargetKind.WEBHOOK)
PAGER = NotificationTarget(
    name="pager", kind=TargetKind.WEBHOOK, events=frozenset({AlarmKind.MISSED.value})
)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.database.send_to([ANDON, OFFICE, PAGER])
    return bench


def alarms_of(bench: Bench) -> tuple[ReceiverAlarms, list[str]]:
    """Return the alarms, and what is noted at each commit."""
    commits: list[str] = []
    return ReceiverAlarms(bench.database, lambda: commits.append("commit")), commits


def told(bench: Bench, receiver: str) -> list[dict[str, object]]:
    waiting = bench.database.read_now(lambda reader: reader.waiting_deliveries(receiver, 99))
    return [json.loads(one.payload) for one in waiting]


async def test_it_is_recorded_once_and_ends_when_the_receiver_is_reached(bench: Bench) -> None:
    alarms, commits = alarms_of(bench)
    assert await alarms.not_reached() == frozenset()
    await alarms.begin("andon")
    await alarms.begin("andon")
    await alarms.begin("office")
    assert await alarms.not_reached() == {"andon", "office"}
    await alarms.end("andon")
    await alarms.end("andon")
    assert await alarms.not_reached() == {"office"}
    await alarms.begin("andon")
    found = bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    assert [(one.receiver, one.ended_at is not None) for one in found] == [
        ("andon", True),
        ("office", False),
        ("andon", False),
    ]
    assert {(one.kind, one.stream, one.line) for one in found} == {
        (AlarmKind.RECEIVER_NOT_REACHED, "plant", None)
    }
    assert len(commits) == 6


async def test_the_others_are_told_and_the_one_it_is_about_is_not(bench: Bench) -> None:
    """It would wait for the dead receiver, and be old news when that is back."""
    alarms, _ = alarms_of(bench)
    await alarms.begin("andon")
    assert told(bench, "andon") == []
    assert told(bench, "pager") == [], "it asked for misses only"
    (heard,) = told(bench, "office")
    assert (heard["event"], heard["receiver"]) == ("receiver_not_reached", "andon")


async def test_receivers_that_are_all_lost_make_one_alarm_each_and_no_more(bench: Bench) -> None:
    """Each alarm waits for the other dead receiver, and raises none by that."""
    alarms, _ = alarms_of(bench)
    for _ in range(5):
        for name in ("andon", "office"):
            await alarms.begin(name)
    assert [each["receiver"] for each in told(bench, "andon")] == ["office"]
    assert [each["receiver"] for each in told(bench, "office")] == ["andon"]
