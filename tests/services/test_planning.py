"""Excuses, pauses, quarantine, alarms: each with its author and its reason."""

from datetime import datetime, timedelta, timezone

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import Actor
from redrabbit.domain.records import AlarmRecord, OccurrenceRecord, PauseRecord
from redrabbit.services import planning, scheduling
from redrabbit.services.alarming import raise_alarm
from tests.plants import LINE, Bench

ENGINEER = Actor.stated("Li")


def a_due_occurrence(bench: Bench) -> OccurrenceRecord:
    bench.pass_time(600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    (made,) = bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    return made


def pause_line(bench: Bench, *, begins_h: float = 0, ends_h: float = 1) -> PauseRecord:
    """Declare a pause that begins and ends so many hours from now."""
    now = bench.clock.now()
    return bench.write(
        lambda uow: planning.declare_pause(
            uow,
            bench.plant,
            line=LINE,
            begins_at=now + timedelta(hours=begins_h),
            ends_at=now + timedelta(hours=ends_h),
            reason="no orders",
            actor=ENGINEER,
        )
    )


def test_an_excuse_names_who_and_why() -> None:
    bench = Bench()
    due = a_due_occurrence(bench)
    excused = bench.write(
        lambda uow: planning.excuse(
            uow, due.occurrence_id, reason=" fixture broken ", actor=ENGINEER
        )
    )
    assert (excused.outcome, excused.reason_code, excused.reason_text) == (
        "excused",
        "person",
        "fixture broken",
    )
    assert (excused.decided_by, excused.decided_how) == ("Li", "stated")


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("  ", "reason_required"),
        ("x" * 501, "reason_too_long"),
        ("worn\0", "text_character"),
        ("\u3164", "text_character"),
    ],
)
def test_an_excuse_needs_a_reason_of_readable_length(reason: str, code: str) -> None:
    bench = Bench()
    due = a_due_occurrence(bench)
    with pytest.raises(Refusal) as refused:
        bench.write(
            lambda uow: planning.excuse(uow, due.occurrence_id, reason=reason, actor=ENGINEER)
        )
    assert refused.value.code == code


def test_what_has_lapsed_can_not_be_excused_any_more() -> None:
    """L7: an occurrence ends in exactly one way, and a lapse is a lapse."""
    bench = Bench()
    due = a_due_occurrence(bench)
    bench.pass_time(3 * 3600)
    with pytest.raises(Refusal) as refused:
        bench.write(
            lambda uow: planning.excuse(uow, due.occurrence_id, reason="late", actor=ENGINEER)
        )
    assert refused.value.code == "occurrence_decided"


def test_what_falls_due_in_a_pause_is_due_at_its_end_and_a_person_may_excuse_it_before() -> None:
    """R13, B17, D56."""
    bench = Bench()
    pause = pause_line(bench)
    put_off = a_due_occurrence(bench)
    assert (put_off.outcome, put_off.due_at) == (None, pause.ends_at)
    excused = bench.write(
        lambda uow: planning.excuse(uow, put_off.occurrence_id, reason="no orders", actor=ENGINEER)
    )
    assert (excused.outcome, excused.reason_code) == ("excused", "person")


def test_the_past_can_not_be_paused() -> None:
    bench = Bench()
    due = a_due_occurrence(bench)
    assert pause_line(bench, begins_h=-2).begins_at == bench.clock.now()
    with pytest.raises(Refusal) as refused:
        pause_line(bench, begins_h=-2, ends_h=-1)
    assert refused.value.code == "pause_ends_before_it_begins"
    assert due.outcome is None


def test_a_pause_ended_early_excuses_no_longer() -> None:
    bench = Bench()
    pause = pause_line(bench)
    bench.pass_time(60)
    bench.write(lambda uow: planning.end_pause(uow, pause.pause_id, actor=ENGINEER))
    assert a_due_occurrence(bench).outcome is None
    with pytest.raises(Refusal) as refused:
        bench.write(lambda uow: planning.end_pause(uow, pause.pause_id, actor=ENGINEER))
    assert refused.value.code == "pause_is_over"


def test_a_quarantined_part_is_released_by_people_only() -> None:
    bench = Bench()
    kept = bench.write(
        lambda uow: planning.quarantine(uow, "RR-0001", reason="dropped", actor=ENGINEER)
    )
    assert (kept.state, kept.state_code, kept.state_text) == ("quarantined", "person", "dropped")
    bench.restart()
    again = bench.write(lambda uow: planning.release(uow, "RR-0001", actor=ENGINEER))
    assert again.state == "released"
    with pytest.raises(Refusal) as refused:
        bench.write(lambda uow: planning.release(uow, "RR-0001", actor=ENGINEER))
    assert refused.value.code == "part_already_released"


def test_an_alarm_is_acknowledged_once() -> None:
    bench = Bench()
    bench.write(
        lambda uow: raise_alarm(uow, AlarmKind.ESCAPE, at=uow.now, line=LINE, part_id="RR-0001")
    )
    (alarm,) = bench.database.read_now(lambda reader: reader.find(AlarmRecord))
    seen = bench.write(lambda uow: planning.acknowledge(uow, alarm.alarm_id, actor=ENGINEER))
    assert seen.acknowledged_by == "Li"
    with pytest.raises(Refusal) as refused:
        bench.write(lambda uow: planning.acknowledge(uow, alarm.alarm_id, actor=ENGINEER))
    assert refused.value.code == "alarm_already_acknowledged"


def test_a_part_found_again_is_stored() -> None:
    bench = Bench()
    with pytest.raises(Refusal) as refused:
        bench.write(lambda uow: planning.found_again(uow, "RR-0001", actor=ENGINEER))
    assert refused.value.code == "part_not_missing"


@pytest.mark.parametrize(
    ("days", "code"),
    [(14.01, "pause_too_long"), (365 * 100, "instant_out_of_range")],
)
def test_a_pause_is_not_longer_than_fourteen_days(days: float, code: str) -> None:
    """D56, K7: a pause without an end would switch verification off."""
    bench = Bench()
    with pytest.raises(Refusal) as refused:
        pause_line(bench, ends_h=24 * days)
    assert refused.value.code == code


def test_a_pause_of_fourteen_days_is_counted_from_now_on() -> None:
    bench = Bench()
    paused = pause_line(bench, begins_h=-24 * 300, ends_h=24 * 14)
    assert paused.ends_at - paused.begins_at == timedelta(days=14)


def test_a_pause_that_ends_where_no_clock_reaches_is_refused() -> None:
    """K7: `9999-12-31T23:59:59-14:00` can't be said in UTC at all."""
    bench = Bench()
    ends_at = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=14)))
    with pytest.raises(Refusal) as refused:
        bench.write(
            lambda uow: planning.declare_pause(
                uow,
                bench.plant,
                line=LINE,
                begins_at=bench.clock.now(),
                ends_at=ends_at,
                reason="no orders",
                actor=ENGINEER,
            )
        )
    assert refused.value.code == "instant_out_of_range"
