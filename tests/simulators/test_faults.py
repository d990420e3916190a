import itertools
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulators.device import Device, Part
from simulators.direct_link import DirectModbus, DirectMqtt
from simulators.faults import Fault, FaultKind, FaultPlan, draw_plan
from simulators.line import StationModel, What, World
from simulators.mqtt_station import MqttSignal, Voice
from tests.simulators.places import mqtt_place

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SIGNALS = frozenset({"part_present", "rejected", "reject_code", "part_count"})


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def a_world(signals: frozenset[str] = SIGNALS) -> World:
    device = Device(id="d", within_s=2.0, answer_s=1.0, reject_codes={"low": 11})
    model = StationModel(id="op10", line="l", device=device, signals=signals, cycle_s=4.0)
    return World([model], [Part(code="RR-1", failure_mode="low")], starts_at=START, seed=1)


def a_plan(kind: FaultKind, begin_s: float = 10.0, end_s: float = 20.0) -> FaultPlan:
    at, until = START + seconds(begin_s), START + seconds(end_s)
    return FaultPlan((Fault(kind=kind, at=at, until=until, station="op10"),))


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (FaultKind.DROPPED_REPLY, "timeout"),
        (FaultKind.LATE_REPLY, "timeout"),
        (FaultKind.LINK_GAP, "timeout"),
        (FaultKind.RESET_CONNECTION, "not_connected"),
        (FaultKind.LINK_CUT, "not_connected"),
        (FaultKind.SLOW_REPLY, None),
    ],
    ids=lambda value: str(getattr(value, "value", value)),
)
def test_a_poll_fails_while_its_fault_lasts_and_no_longer(
    kind: FaultKind, failure: str | None
) -> None:
    world = a_world()
    link = DirectModbus(world, "op10", a_plan(kind), random.Random(1))
    replies = {}
    for at_s in (9.99, 10.0, 19.99, 20.0):
        world.advance(START + seconds(at_s))
        replies[at_s] = link.poll()
    assert [reply.failure for reply in replies.values()] == [None, failure, failure, None]
    for reply in replies.values():
        assert (reply.values is None) == (reply.failure is not None)
        assert reply.began_at < reply.ended_at


def test_stale_registers_stand_still_while_the_station_goes_on() -> None:
    world = a_world()
    link = DirectModbus(world, "op10", a_plan(FaultKind.STALE_REGISTERS), random.Random(1))
    seen = []
    for at_s in (10.0, 15.0, 19.0, 20.0):
        world.advance(START + seconds(at_s))
        seen.append(link.poll().values)
    assert seen[0] == seen[1] == seen[2]
    assert seen[3] == world.snapshot("op10") != seen[2]


def test_a_machine_without_a_value_shows_its_code_for_that_and_its_bits_as_ever() -> None:
    world = a_world()
    plan, codes = a_plan(FaultKind.NO_VALUE), {"part_count": 65_535}
    link = DirectModbus(world, "op10", plan, random.Random(1), codes)
    world.advance(START + seconds(10))
    reply = link.poll()
    assert reply.no_values == codes
    assert reply.values is not None
    assert "part_count" not in reply.values
    assert "rejected" in reply.values
    world.advance(START + seconds(20))
    assert link.poll().no_values == {}


def test_a_label_that_can_not_be_read_is_told_by_nobody_until_it_can() -> None:
    world, plan = a_world(SIGNALS | {"part_code"}), a_plan(FaultKind.LABEL_UNREAD)
    world.put_in("op10", "RR-1")
    polled = DirectModbus(world, "op10", plan, random.Random(1))
    label = MqttSignal(name="part_code", place=mqtt_place("part_code"))
    published = DirectMqtt(world, "op10", plan, Voice([label]))
    seen, told = [], list[str]()
    for second in (5, 10, 20):
        world.advance(START + seconds(second))
        reply = polled.poll()
        assert reply.values is not None
        assert reply.values["part_present"] is True
        seen.append(reply.values["part_code"])
        told += [arrival.payload.decode() for arrival in published.arrivals()]
    assert seen == ["RR-1", "", "RR-1"]
    assert ["RR-1" in each for each in told] == [False, True]


@pytest.mark.parametrize(
    ("kind", "happened"),
    [
        (FaultKind.MACHINE_RESTART, What.RESTARTED),
        (FaultKind.COUNTER_RESET, What.COUNTER_RESET),
    ],
)
def test_what_happens_once_in_a_fault_happens_at_its_first_poll(
    kind: FaultKind, happened: What
) -> None:
    world = a_world()
    link = DirectModbus(world, "op10", a_plan(kind), random.Random(1))
    for at_s in (9.0, 10.5, 11.0, 25.0):
        world.advance(START + seconds(at_s))
        link.poll()
    assert [fact.at for fact in world.facts("op10", happened)] == [START + seconds(10.5)]


def test_a_station_whose_clock_is_set_goes_on_by_the_new_time() -> None:
    world = a_world()
    place = replace(mqtt_place("rejected", "rejected"), time_path=("at",))
    step = Fault(
        kind=FaultKind.STATION_CLOCK,
        at=START + seconds(10),
        until=START + seconds(11),
        station="op10",
        step_s=-60,
    )
    voice = Voice([MqttSignal(name="rejected", place=place)])
    link = DirectMqtt(world, "op10", FaultPlan((step,)), voice)
    told = []
    for at_s in (5.0, 10.5, 30.0):
        world.advance(START + seconds(at_s))
        (arrival,) = link.arrivals(everything=True)
        told.append(datetime.fromisoformat(json.loads(arrival.payload)["at"]))
    assert told == [START + seconds(at_s) for at_s in (5.0, -49.5, -30.0)]


def test_held_messages_arrive_all_at_once_when_the_broker_lets_them_go() -> None:
    world = a_world()
    link = DirectMqtt(world, "op10", a_plan(FaultKind.HELD_MESSAGES), a_voice())
    heard = {}
    for at_s in (5.0, 12.0, 15.0, 20.0):
        world.advance(START + seconds(at_s))
        heard[at_s] = len(link.arrivals(everything=True))
    every = len(SIGNALS)
    assert heard == {5.0: every, 12.0: 0, 15.0: 0, 20.0: 3 * every}


def a_voice() -> Voice:
    return Voice(MqttSignal(name=name, place=mqtt_place(name)) for name in SIGNALS)


def said(link: DirectMqtt, world: World, until_s: float) -> list[tuple[str, bytes, bool]]:
    heard = []
    while (at := world.next_change_at("op10")) is not None and at <= START + seconds(until_s):
        world.advance(at)
        heard += [(each.topic, each.payload, each.retained) for each in link.arrivals()]
    return heard


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.LOST_MESSAGE, lambda good, heard: set(heard) < set(good)),
        (FaultKind.DUPLICATED_MESSAGE, lambda good, heard: len(heard) > len(good)),
        (FaultKind.REORDERED_MESSAGE, lambda good, heard: heard != good),
        (FaultKind.RETAINED_MESSAGE, lambda _, heard: any(retained for *_, retained in heard)),
        (FaultKind.LATE_MESSAGE, lambda good, heard: set(heard) == set(good) and heard != good),
        (FaultKind.BROKER_RESTART, lambda good, heard: set(heard) < set(good)),
    ],
    ids=lambda value: str(getattr(value, "value", "")),
)
def test_messages_suffer_what_the_plan_says(kind: FaultKind, expected) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  a table of conditions
    quiet_world, world = a_world(), a_world()
    good = said(DirectMqtt(quiet_world, "op10", FaultPlan(), a_voice()), quiet_world, 30)
    heard = said(DirectMqtt(world, "op10", a_plan(kind), a_voice()), world, 30)
    assert len(good) > 20
    assert expected(good, heard)


def test_a_reason_is_said_before_its_bit() -> None:
    world = a_world()
    link = DirectMqtt(world, "op10", FaultPlan(), a_voice())
    world.advance(world.hold("op10"))
    world.put_in("op10", "RR-1")
    topics = [topic for topic, payload, _ in said(link, world, 30) if payload in {b"11", b"1"}]
    assert topics.index("plant/reject_code") < topics.index("plant/rejected")


def test_a_sequence_begins_at_zero_again() -> None:
    place = mqtt_place("rejected", "rejected", sequence="seq", modulus=3)
    voice = Voice([MqttSignal(name="rejected", place=place)])
    told = [json.loads(voice.say({"rejected": True}, START)[0].payload)["seq"] for _ in range(4)]
    assert told == [1, 2, 0, 1]


def test_everything_is_said_when_it_is_asked_for() -> None:
    link = DirectMqtt(a_world(), "op10", FaultPlan(), a_voice())
    assert {each.topic for each in link.arrivals(everything=True)} == {
        f"plant/{name}" for name in SIGNALS
    }
    assert link.arrivals() == []


def test_one_seed_draws_one_plan_and_faults_of_a_station_never_overlap() -> None:
    moments = [START + seconds(30 * n) for n in range(40)]
    plans = [
        draw_plan(random.Random(seed), polled=["a", "b"], publishing=["c"], moments=moments)
        for seed in (3, 3, 4)
    ]
    assert plans[0] == plans[1] != plans[2]
    assert len(plans[0].faults) > 10
    for station in "abc":
        own = [fault for fault in plans[0].faults if fault.station == station]
        assert all(one.until < other.at for one, other in itertools.pairwise(own))


def test_a_plan_tells_when_it_changes_and_what_is_the_products_own() -> None:
    step = Fault(kind=FaultKind.CLOCK_STEP, at=START, until=START, step_s=-60)
    plan = FaultPlan((*a_plan(FaultKind.LINK_CUT).faults, step))
    assert plan.of_the_product() == (step,)
    assert plan.change_instants() == (START, START + seconds(10), START + seconds(20))
