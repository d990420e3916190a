"""Steps are taken in time, once, to the right people, and end when somebody takes the alarm (R10, B21)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.escalation import Rule
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.facts.alarm_told import AlarmToldRecord
from redrabbit.domain.facts.silence import SilenceRecord
from redrabbit.domain.facts.station import StationLost
from redrabbit.domain.identity import AGENT, Actor, AlarmId
from redrabbit.domain.plant import NotificationTarget, Plant, TargetKind
from redrabbit.services import messaging, planning
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.escalating import MOST_OTHERS, Escalating, take_steps
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.silencing import declare_silence, end_silence
from tests.alarm_rules import MINUTE, a_rule, a_step
from tests.plants import Bench, a_plant

LI = Actor.stated("Li")
NAMES = ("andon", "anna", "bo", "manager")
TARGETS = tuple(
    NotificationTarget(name=name, kind=TargetKind.WEBHOOK, url="http://127.0.0.1:9/")
    for name in NAMES
)
RULE = a_rule(a_step(0, "anna"), a_step(10, "bo", every=5 * MINUTE))


def plant(*rules: Rule) -> Plant:
    return a_plant(targets=TARGETS, rules=rules or (RULE,))


class Told:
    """A plant whose alarms are told, looked at every second."""

    def __init__(self, *rules: Rule) -> None:
        self.bench = Bench(plant(*rules))
        self.catching_up = False
        self.escalating = Escalating(
            self.bench.database, self.bench.clock, lambda: None, lambda: self.catching_up
        )
        self._seen = 0

    def write(self, command: Any) -> Any:
        return self.bench.database.write_now(command)

    def raise_one(self, kind: AlarmKind = AlarmKind.INCONCLUSIVE, **about: Any) -> AlarmId:
        given = {"line": "line1", "station": "op20"} | about
        raised: AlarmId = self.write(lambda uow: raise_alarm(uow, kind, at=uow.now, **given))
        return raised

    async def after(self, minutes: float) -> list[tuple[str, str]]:
        """Let time pass and return who was told of what since, by receiver and event."""
        clock = self.bench.clock
        clock.advance_to(clock.steady + timedelta(minutes=minutes))
        await self.escalating.step()
        return self.news()

    def news(self) -> list[tuple[str, str]]:
        waiting = [
            each
            for name in NAMES
            for each in self.bench.database.read_now(lambda r: r.waiting_deliveries(name, 99))  # noqa: B023  read at once
        ]
        news = sorted((each.target, each.event) for each in waiting if each.outbox_id > self._seen)
        self._seen = max((each.outbox_id for each in waiting), default=0)
        return news

    def payloads(self, name: str) -> list[dict[str, Any]]:
        waits = self.bench.database.read_now(lambda reader: reader.waiting_deliveries(name, 99))
        return [json.loads(each.payload) for each in waits]

    def alarm(self, alarm_id: AlarmId) -> AlarmRecord:
        found = self.bench.database.read_now(lambda reader: reader.get(AlarmRecord, alarm_id))
        assert found is not None
        return found


async def test_steps_are_told_one_by_one_until_a_person_takes_the_alarm() -> None:
    told = Told()
    alarm = told.raise_one()
    assert told.news() == [("andon", "inconclusive"), ("manager", "inconclusive")]
    assert await told.after(0) == [("anna", "inconclusive")]
    assert await told.after(9) == []
    assert await told.after(1) == [("bo", "inconclusive")]
    assert await told.after(5) == [("bo", "inconclusive")]
    told.write(lambda uow: planning.acknowledge(uow, alarm, actor=LI))
    assert await told.after(60) == []
    rows = told.bench.database.read_now(lambda reader: reader.find(AlarmToldRecord))
    assert [(row.step, row.repeat, json.loads(row.receivers)) for row in rows] == [
        (0, 0, []),
        (1, 0, ["anna"]),
        (2, 0, ["bo"]),
        (2, 1, ["bo"]),
    ]


async def test_each_message_has_a_key_of_its_own_and_says_which_step_it_is() -> None:
    told = Told()
    alarm = told.raise_one()
    await told.after(0)
    await told.after(10)
    await told.after(5)
    waits = told.bench.database.read_now(lambda reader: reader.waiting_deliveries("bo", 9))
    assert [each.key for each in waits] == [
        f"alarm-{alarm}-step-2-0-bo",
        f"alarm-{alarm}-step-2-1-bo",
    ]
    assert [(p["step"], p["repeat"]) for p in told.payloads("bo")] == [(2, 0), (2, 1)]
    assert {p["alarm_id"] for p in told.payloads("bo")} == {alarm}


async def test_what_no_rule_takes_is_told_at_once_as_ever() -> None:
    told = Told(a_rule(a_step(0, "anna"), kinds=frozenset({AlarmKind.MISSED})))
    told.raise_one()
    assert [name for name, _ in told.news()] == list(NAMES)
    assert await told.after(60) == []


async def test_a_plant_without_rules_tells_as_it_always_did() -> None:
    bench = Bench(a_plant(targets=TARGETS))
    bench.database.write_now(lambda uow: raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now))
    size = len(bench.database.read_now(lambda reader: reader.entries()))
    await Escalating(bench.database, bench.clock, lambda: None, lambda: False).step()
    assert len(bench.database.read_now(lambda reader: reader.entries())) == size
    waits = bench.database.read_now(lambda reader: reader.waiting_deliveries("anna", 9))
    assert [each.key for each in waits] == ["alarm-plant-A-1"]


async def test_alarms_of_a_line_that_are_due_at_once_are_one_message() -> None:
    told = Told()
    for _ in range(3):
        told.raise_one()
    told.news()
    assert await told.after(0) == [("anna", "inconclusive")]
    (message,) = told.payloads("anna")
    assert message["together"]["count"] == 3
    assert message["together"]["kinds"] == {"inconclusive": 3}
    assert len(message["together"]["alarms"]) == 3
    assert message["together"]["page"] == "/alarms"


async def test_alarms_of_a_dead_station_wait_for_the_next_message_about_it() -> None:
    told = Told(a_rule(a_step(0, "anna"), a_step(10, "anna")))
    told.raise_one()
    assert ("anna", "inconclusive") in await told.after(0)
    lost = StationLost(station_id="op20", no_data_since=told.bench.clock.now(), reason="timeout")
    told.write(lambda uow: record(uow, lost, stream="line1", actor=AGENT))
    await told.after(1)
    second = told.raise_one(AlarmKind.LAPSED)
    critical = told.raise_one(AlarmKind.NOT_RETURNED)
    told.news()
    assert await told.after(1) == [("anna", "not_returned")]
    assert told.alarm(second).held_for == "line1-A-1"
    assert told.alarm(critical).steps_told == 1
    assert await told.after(8) == [("anna", "inconclusive")]
    assert told.payloads("anna")[-1]["together"]["kinds"] == {"inconclusive": 1, "lapsed": 1}
    assert told.alarm(second).steps_told == 1


async def test_however_many_alarms_of_a_dead_station_nobody_took_it_waits_for_one_with_a_message_to_come() -> (
    None
):
    told = Told(
        a_rule(a_step(0, "anna"), kinds=frozenset({AlarmKind.OVERDUE})),
        a_rule(a_step(0, "anna"), a_step(10, "anna")),
    )
    for _ in range(MOST_OTHERS):  # ended, or with their steps over, and never acknowledged
        ended, over = told.raise_one(), told.raise_one(AlarmKind.OVERDUE)
        told.write(
            lambda uow: record(uow, AlarmEnded(alarm_id=ended), stream="line1", actor=AGENT)  # noqa: B023  called at once
        )
    await told.after(0)
    assert told.alarm(over).next_step_at is None
    told.raise_one()
    await told.after(0)
    lost = StationLost(station_id="op20", no_data_since=told.bench.clock.now(), reason="timeout")
    told.write(lambda uow: record(uow, lost, stream="line1", actor=AGENT))
    waits = told.raise_one(AlarmKind.LAPSED)
    told.news()
    assert await told.after(1) == []
    assert told.alarm(waits).held_for == f"line1-A-{2 * MOST_OTHERS + 1}"


async def test_an_alarm_ends_before_its_next_step_when_what_it_is_about_is_over() -> None:
    told = Told()
    overdue = told.raise_one(AlarmKind.NOT_RETURNED, part_id="RR-0001")  # which is in its place
    told.news()
    assert await told.after(0) == []
    assert told.alarm(overdue).ended_at is not None


def silence(told: Told, minutes: float, **about: Any) -> SilenceRecord:
    given = {"line": None, "station": None, "kind": None} | about
    declared: SilenceRecord = told.write(
        lambda uow: declare_silence(
            uow,
            told.bench.plant,
            **given,
            ends_at=told.bench.clock.now() + timedelta(minutes=minutes),
            reason="line rebuilt",
            actor=LI,
        )
    )
    return declared


async def test_a_silence_tells_nobody_until_it_ends_and_everybody_then() -> None:
    told = Told()
    silence(told, 30)
    alarm = told.raise_one()
    assert told.news() == []
    assert await told.after(29) == []
    assert told.alarm(alarm).acknowledged_at is None
    assert [name for name, _ in await told.after(1)] == ["andon", "anna", "bo", "manager"]
    assert told.alarm(alarm).steps_told == 2


async def test_a_silence_holds_back_the_next_step_and_one_that_a_person_ends_no_longer() -> None:
    told = Told()
    told.raise_one()
    await told.after(0)
    declared = silence(told, 120, station="op20")
    assert declared.line == "line1"
    assert await told.after(10) == []
    told.write(lambda uow: end_silence(uow, declared.silence_id, actor=LI))
    assert await told.after(0) == [("bo", "inconclusive")]


EVERY_FOUR_HOURS = a_rule(a_step(0, "anna", every=4 * 60 * MINUTE))


async def test_a_repeat_that_a_silence_held_back_is_told_when_it_ends() -> None:
    told = Told(EVERY_FOUR_HOURS)
    told.raise_one()
    await told.after(0)
    await told.after(235)
    silence(told, 10)
    assert await told.after(5) == []
    assert await told.after(4) == []
    assert await told.after(1) == [("anna", "inconclusive")]
    assert await told.after(239) == []
    assert await told.after(1) == [("anna", "inconclusive")]


async def test_a_repeat_that_a_silence_held_back_is_told_when_a_person_ends_it() -> None:
    told = Told(EVERY_FOUR_HOURS)
    told.raise_one()
    await told.after(0)
    await told.after(235)
    declared = silence(told, 120)
    assert await told.after(5) == []
    told.write(lambda uow: end_silence(uow, declared.silence_id, actor=LI))
    assert await told.after(0) == [("anna", "inconclusive")]


async def test_one_that_is_put_off_again_and_again_is_told_in_the_end() -> None:
    """It fell silent for good: each look moved the instant from which the next repeat counted."""
    told = Told(EVERY_FOUR_HOURS)
    told.raise_one()
    await told.after(240)
    for _ in range(3):
        silence(told, 245)
        assert await told.after(240) == []
    assert await told.after(5) == [("anna", "inconclusive")]


@pytest.mark.parametrize(
    ("minutes", "about", "code"),
    [
        (-1, {}, "silence_ends_before_it_begins"),
        (7 * 24 * 60 + 1, {}, "silence_too_long"),
        (5, {"line": "line9"}, "no_such_line"),
        (5, {"station": "op99"}, "no_such_station"),
        (10**8, {}, "instant_out_of_range"),
    ],
)
def test_a_silence_that_can_not_be_is_refused(
    minutes: float, about: dict[str, Any], code: str
) -> None:
    told = Told()
    with pytest.raises(Refusal) as refused:
        silence(told, minutes, **about)
    assert refused.value.code == code


def test_a_silence_is_ended_once() -> None:
    told = Told()
    declared = silence(told, 5, line="line1")
    told.write(lambda uow: end_silence(uow, declared.silence_id, actor=LI))
    for silence_id, code in (
        (declared.silence_id, "silence_is_over"),
        ("x-S-9", "no_such_silence"),
    ):
        with pytest.raises(Refusal) as refused:
            told.write(lambda uow: end_silence(uow, silence_id, actor=LI))  # type: ignore[arg-type]  # noqa: B023  an id of any form, asked at once
        assert refused.value.code == code


async def test_nothing_is_told_while_it_is_being_caught_up_and_all_together_afterwards() -> None:
    told = Told()
    told.catching_up = True
    told.raise_one()
    told.raise_one()
    told.news()
    assert await told.after(1) == []
    told.catching_up = False
    assert await told.after(0) == [("anna", "inconclusive")]


async def test_what_came_late_is_told_to_those_with_steps_too() -> None:
    """Decision 35: what a catch-up tells is gathered; whom steps name is told by the next look."""
    told = Told(a_rule(a_step(0, "anna"), kinds=frozenset({AlarmKind.MISSED})))
    late = told.bench.clock.now() - timedelta(hours=2)
    told.write(lambda uow: raise_alarm(uow, AlarmKind.LAPSED, at=late, line="line1"))
    told.write(lambda uow: uow.release())
    assert [name for name, _ in told.news()] == ["andon", "bo", "manager"]
    assert await told.after(0) == [("anna", "lapsed")]


async def test_a_step_whose_transaction_fails_is_told_by_the_next_look() -> None:
    told = Told()
    told.raise_one()
    told.news()

    def killed(uow: UnitOfWork) -> None:
        take_steps(uow)
        raise StoreTrouble("killed")

    for _ in range(3):
        with pytest.raises(StoreTrouble):
            told.write(killed)
    assert told.news() == []
    assert await told.after(0) == [("anna", "inconclusive")]


async def test_a_clock_that_is_set_back_puts_no_step_off() -> None:
    told = Told()
    told.raise_one()
    await told.after(1)
    told.bench.clock.step_wall(timedelta(days=-30))
    told.bench.clock.reanchor()
    assert await told.after(1) == [("bo", "inconclusive")]


def test_alarms_are_taken_together_and_those_that_were_taken_stay() -> None:
    told = Told()
    first, second, third = (told.raise_one() for _ in range(3))
    told.write(lambda uow: planning.acknowledge(uow, first, actor=Actor.stated("Wang")))
    told.write(lambda uow: planning.acknowledge_all(uow, (first, second, third), actor=LI))
    assert [told.alarm(each).acknowledged_by for each in (first, second, third)] == [
        "Wang",
        "Li",
        "Li",
    ]
    for these, code in (((first, second), "alarm_already_acknowledged"), ((), "no_such_alarm")):
        with pytest.raises(Refusal) as refused:
            told.write(lambda uow: planning.acknowledge_all(uow, these, actor=LI))  # noqa: B023  asked at once
        assert refused.value.code == code
    with pytest.raises(Refusal):
        told.write(lambda uow: planning.acknowledge_all(uow, (AlarmId("x-A-9"),), actor=LI))


async def test_a_test_message_goes_to_its_receiver_only_and_is_over_at_once() -> None:
    told = Told()
    silence(told, 5)
    alarm = told.write(lambda uow: messaging.test(uow, told.bench.plant, "bo", actor=LI))
    assert told.news() == [("bo", "test")]
    assert alarm.ended_at is not None
    assert await told.after(60) == []
    with pytest.raises(Refusal):
        told.write(lambda uow: messaging.test(uow, told.bench.plant, "nobody", actor=LI))


def test_a_message_of_a_step_that_was_parked_is_sent_again_with_its_alarm() -> None:
    told = Told()
    alarm = told.raise_one()
    told.write(take_steps)
    (waits,) = told.bench.database.read_now(lambda reader: reader.waiting_deliveries("anna", 9))
    from redrabbit.services.deliveries import ParkedReason

    told.write(lambda uow: uow.mark_parked(waits.outbox_id, "anna", ParkedReason.REFUSED, "no"))
    told.write(lambda uow: messaging.send_again(uow, told.bench.plant, alarm, "anna", actor=LI))
    again = told.bench.database.read_now(lambda reader: reader.waiting_deliveries("anna", 9))
    assert [each.key for each in again] == [waits.key]


def test_rules_may_be_changed_between_two_lives() -> None:
    told = Told()
    alarm = told.raise_one()
    changed = replace(told.bench.plant, rules=(a_rule(a_step(30, "manager")),))
    recording = told.bench.database._recording
    told.bench.database._recording = replace(recording, escalation=changed.escalation)
    told.write(take_steps)
    assert told.alarm(alarm).next_step_at == told.alarm(alarm).raised_at + 30 * MINUTE
