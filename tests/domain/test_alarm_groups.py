"""One message for a line that stops, one for a dead station, and silences that are over (B21)."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.alarm_groups import is_critical, messages_of, silence_over, waits_for
from redrabbit.domain.due_steps import DueStep
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.identity import AlarmId
from tests.alarm_rules import NOON, a_silence, an_alarm


def a_due(number: int = 1, *receivers: str, as_list: bool = False, **changes: Any) -> DueStep:
    return DueStep(
        alarm=an_alarm(number, **changes),
        step=1,
        repeat=0,
        receivers=receivers or ("anna",),
        as_list=as_list,
        next_at=None,
    )


def said(*due: DueStep) -> list[tuple[tuple[str, ...], list[int]]]:
    found = messages_of(due)
    return [(each.receivers, [step.alarm.number for step in each.steps]) for each in found]


def test_a_line_that_stops_is_one_message() -> None:
    due = (a_due(1), a_due(2), a_due(3, line="line2"))
    assert said(*due) == [(("anna",), [1, 2]), (("anna",), [3])]


def test_who_is_told_the_same_is_told_by_one_message() -> None:
    due = (a_due(1, "anna", "bo"), a_due(2, "anna", "bo"), a_due(3, "bo", line="line2"))
    assert said(*due) == [(("anna", "bo"), [1, 2]), (("bo",), [3])]


def test_what_is_critical_is_a_message_of_its_own() -> None:
    due = (a_due(1), a_due(2, kind=AlarmKind.MISSED), a_due(3))
    assert said(*due) == [(("anna",), [1, 3]), (("anna",), [2])]


def test_a_list_is_one_message_for_all_lines() -> None:
    due = (a_due(1, as_list=True), a_due(2, as_list=True, line="line2"), a_due(3, line=None))
    assert said(*due) == [(("anna",), [1, 2]), (("anna",), [3])]


DUES = st.lists(
    st.builds(
        lambda number, names, line, kind, as_list: a_due(
            number, *sorted(names), as_list=as_list, line=line, kind=kind
        ),
        st.integers(1, 9),
        st.sets(st.sampled_from(["anna", "bo", "chen"]), min_size=1),
        st.sampled_from(["line1", "line2", None]),
        st.sampled_from(list(AlarmKind)),
        st.booleans(),
    ),
    max_size=9,
    unique_by=lambda due: due.alarm.number,
)


@given(DUES)
def test_everybody_is_told_of_everything_that_is_due_to_be_told_exactly_once(
    due: list[DueStep],
) -> None:
    wanted = Counter((each.alarm.number, name) for each in due for name in each.receivers)
    got = Counter(
        (step.alarm.number, name)
        for message in messages_of(due)
        for step in message.steps
        for name in message.receivers
    )
    assert got == wanted
    for message in messages_of(due):
        kinds = [step.alarm.kind for step in message.steps]
        assert len(kinds) == 1 or not any(is_critical(kind) for kind in kinds)


LEADER = an_alarm(7, steps_told=1, next_step_at=NOON + timedelta(minutes=10))
TOLD = {LEADER.alarm_id: ("anna", "bo")}


def waits(due: DueStep, *others: AlarmRecord, lost: str = "op20") -> AlarmRecord | None:
    return waits_for(due, others or (LEADER,), TOLD, [lost])


def test_an_alarm_of_a_dead_station_waits_for_the_next_message_about_it() -> None:
    assert waits(a_due(1)) is LEADER


@pytest.mark.parametrize(
    "due",
    [
        a_due(1, kind=AlarmKind.MISSED),
        a_due(1, station="op30"),
        a_due(1, "chen"),  # who has not heard of the station
        a_due(1, steps_told=1),
        a_due(1, held_for="line1-A-3"),  # it waited once
        a_due(7),
    ],
    ids=["critical", "another station", "another person", "told before", "waited", "itself"],
)
def test_nothing_else_waits(due: DueStep) -> None:
    assert waits(due) is None


def test_nothing_waits_for_a_station_that_is_read_or_an_alarm_whose_steps_are_over() -> None:
    assert waits(a_due(1), lost="op30") is None
    assert waits(a_due(1), an_alarm(8, steps_told=2)) is None
    assert waits(a_due(1), an_alarm(8, next_step_at=NOON)) is None


@given(st.data())
def test_no_two_alarms_wait_for_each_other(data: st.DataObject) -> None:
    number = st.integers(1, 3)
    alarms = [
        an_alarm(
            each,
            steps_told=data.draw(number) - 1,
            next_step_at=NOON,
            held_for=data.draw(st.sampled_from([None, "line1-A-9"])),
        )
        for each in (1, 2, 3)
    ]
    told: dict[AlarmId, tuple[str, ...]] = {each.alarm_id: ("anna",) for each in alarms}
    for alarm in alarms:
        due = DueStep(
            alarm=alarm, step=1, repeat=0, receivers=("anna",), as_list=False, next_at=None
        )
        leader = waits_for(due, alarms, told, ["op20"])
        if leader is not None:
            assert alarm.steps_told == 0
            assert leader.steps_told > 0


@pytest.mark.parametrize(
    ("silence", "is_silenced"),
    [
        ({}, True),
        ({"line": "line1", "station": "op20", "kind": AlarmKind.OVERDUE}, True),
        ({"line": "line2"}, False),
        ({"station": "op30"}, False),
        ({"kind": AlarmKind.MISSED}, False),
        ({"ends_at": NOON}, False),
        ({"begins_at": NOON + timedelta(minutes=1)}, False),
    ],
)
def test_a_silence_is_over_what_it_names_for_its_time(
    silence: dict[str, Any], *, is_silenced: bool
) -> None:
    found = silence_over(an_alarm(), [a_silence(**silence)], NOON)
    assert (found is not None) == is_silenced


def test_of_several_silences_that_which_ends_last_counts_and_tests_are_never_silenced() -> None:
    longer = a_silence(ends_at=NOON + timedelta(hours=2))
    assert silence_over(an_alarm(), [a_silence(), longer], NOON) is longer
    assert silence_over(an_alarm(kind=AlarmKind.TEST), [longer], NOON) is None
