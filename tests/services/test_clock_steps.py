"""A life that begins earlier than the last entry says so (C4, R46, D61)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.ledger import Entry
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.clock_steps import CLOCK_STEP_S
from redrabbit.services.ports import equals
from tests.plants import Bench


def restarted(bench: Bench, *, stopped_s: float, step_s: float) -> list[Entry]:
    """Stop for a while, set the machine's clock meanwhile, start again; return the new life's entries."""
    size = bench.database.read_now(lambda reader: reader.head()).size
    bench.pass_time(stopped_s)
    bench.clock.step_wall(timedelta(seconds=step_s))
    bench.clock.reanchor()
    bench.restart()
    return list(bench.database.read_now(lambda reader: reader.entries(size)))


def test_a_start_a_day_earlier_is_an_entry_an_alarm_and_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It started silently, and nothing said why the entries' times go back."""
    bench = Bench()
    last = bench.database.read_now(lambda reader: reader.entries())[-1]
    entries = restarted(bench, stopped_s=60, step_s=-86400)
    started, stepped, alarm = entries[:3]
    assert (started.type, stepped.type, alarm.type) == (
        "agent_started",
        "clock_stepped",
        "alarm_raised",
    )
    assert stepped.payload == {"step_s": 60.0 - 86400.0}
    assert stepped.occurred_at == last.recorded_at
    assert stepped.recorded_at < last.recorded_at
    alarms = bench.database.read_now(
        lambda reader: reader.find(AlarmRecord, equals("kind", "clock_step"))
    )
    assert len(alarms) == 1
    assert "the clock is earlier than the last entry" in caplog.messages


def test_the_first_life_of_all_has_no_entry_to_compare_with() -> None:
    entries = Bench().database.read_now(lambda reader: reader.entries())
    assert "clock_stepped" not in {entry.type for entry in entries}


@given(st.floats(0, 1e6), st.floats(-1e6, 1e6))
def test_only_a_time_before_the_last_entry_is_a_step(stopped_s: float, step_s: float) -> None:
    """D61: a long stop is none, and a clock that was set forwards can't be told from one."""
    entries = restarted(Bench(), stopped_s=stopped_s, step_s=step_s)
    is_told = "clock_stepped" in {entry.type for entry in entries}
    late_s = stopped_s + step_s
    if abs(late_s + CLOCK_STEP_S) > 1e-3:
        assert is_told is (late_s < -CLOCK_STEP_S)
