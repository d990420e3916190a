"""The log of a run's signals: every change of every signal of its station, from start to close (D13)."""

import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.ledger import instant
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.records import RunRecord
from tests.plants import IDLE_SIGNALS, OP20, OP30, TORQUE_CHECK, Bench
from tests.services.served import ANNA

Told = tuple[str, Value | None, str | None]

VALUES: dict[str, st.SearchStrategy[Value]] = {
    "reject_code": st.integers(0, 65535),
    "part_code": st.text(max_size=8),
    "part_count": st.integers(0, 2**32 - 1),
    "rejected": st.booleans(),
    "accepted": st.booleans(),
    "part_present": st.booleans(),
}
"""`part_count` is read by no rule."""
CHANGES = st.lists(
    st.one_of(st.fixed_dictionaries({}, optional=VALUES), st.sampled_from(Reason)), max_size=12
)


def start(bench: Bench) -> None:
    bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=ANNA,
            now=bench.clock.now(),
        )
    )


def abort(bench: Bench) -> dict[str, Any]:
    """End the run, whose part was never taken, and return the log of its signals."""
    bench.settle(bench.owners[OP20].abort("gloves", actor=ANNA, now=bench.clock.now()))
    return log_of(bench)


def log_of(bench: Bench) -> dict[str, Any]:
    (run,) = bench.database.read_now(lambda reader: reader.find(RunRecord))
    assert (run.state, run.signals is None) == ("closed", False)
    packed = bench.database.read_now(lambda reader: reader.blob(str(run.signals)))
    assert packed is not None
    found: dict[str, Any] = json.loads(zlib.decompress(packed))
    return found


@given(CHANGES)
def test_all_that_the_station_told_is_in_the_log(told: list[dict[str, Value] | Reason]) -> None:
    bench = Bench()
    start(bench)
    awaited: dict[str, list[Any]] = {
        name: [[0.0, value, None]] for name, value in IDLE_SIGNALS.items()
    }
    for number, each in enumerate(told, start=1):
        bench.pass_time(0.1)
        bench.read(OP30, part_count=number)
        at_s = round(0.1 * number, 6)
        if isinstance(each, Reason):
            bench.fail(OP20, each)
            for points in awaited.values():
                if points[-1][1:] != [None, each.value]:
                    points.append([at_s, None, each.value])
        else:
            bench.read(OP20, **each)
            for name, value in each.items():
                awaited[name].append([at_s, value, None])
    log = abort(bench)
    assert log["signals"] == awaited
    assert log["dropped"] == 0


def test_a_restart_in_mid_run_begins_a_new_log() -> None:
    """What the station told before was never kept: the log says from when on it speaks."""
    bench = Bench()
    start(bench)
    bench.pass_time(1)
    bench.read(OP20, part_count=1001)
    bench.pass_time(1)
    restarted_at = bench.clock.now()
    bench.restart()
    bench.pass_time(1)
    bench.read(OP20, part_count=1002)
    log = abort(bench)
    assert instant(log["began_at"]) == restarted_at
    counts = [each for each in log["signals"]["part_count"] if each[1] is not None]
    assert counts == [[0.0, 1001, None], [1.0, 1002, None]]
    assert log["signals"]["part_count"][0] == [0.0, None, Reason.NOT_YET_READ.value]


def test_a_station_that_can_not_be_read_for_long_is_told_once() -> None:
    """Else half an hour of silence would push out what came after it."""
    bench = Bench()
    start(bench)
    for _ in range(500):
        bench.pass_time(0.1)
        bench.fail(OP20)
    bench.pass_time(0.1)
    bench.read(OP20, **IDLE_SIGNALS)
    counts = abort(bench)["signals"]["part_count"]
    assert [each[1:] for each in counts] == [
        [1000, None],
        [None, Reason.TIMEOUT.value],
        [1000, None],
    ]


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_is_set_moves_no_point(step: timedelta) -> None:
    """R46: seconds since the run began are durations."""
    bench = Bench()
    start(bench)
    bench.pass_time(1)
    bench.clock.step_wall(step)
    moved = bench.clock.reanchor()
    for owner in bench.owners.values():
        owner.shift(moved)
    bench.pass_time(1)
    bench.read(OP20, part_count=1001)
    assert abort(bench)["signals"]["part_count"] == [[0.0, 1000, None], [2.0, 1001, None]]
