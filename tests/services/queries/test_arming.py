"""The page asks for a free place, then for the part, and says how long the station waits (D29)."""

from datetime import timedelta

import pytest

from redrabbit.domain.records import RunRecord
from redrabbit.domain.rule import DetectionRule, Increases
from redrabbit.domain.run_words import RunState
from redrabbit.services.queries.arming import run_asks
from tests.builders import BY_EDGE, BY_TAP, COUNT, a_rule
from tests.plants import OP20
from tests.services.queries.at_op20 import AtOp20
from tests.stored import bare


def an_armed_run() -> RunRecord:
    armed: RunRecord = bare(RunRecord, run_id="line1-R-1", state=RunState.ARMED)
    return armed


def test_a_part_in_the_place_is_to_be_taken_out_first() -> None:
    bench = AtOp20()
    bench.start()
    bench.read(OP20, part_present=True)
    bench.scan()
    doing = bench.run_shown().now_doing
    assert doing.title.code == "do.armed_occupied"
    assert doing.detail.params["left"] == timedelta(seconds=120)

    bench.pass_time(5)
    bench.read(OP20, part_present=False)
    doing = bench.run_shown().now_doing
    assert doing.title.code == "do.armed_next"
    assert doing.detail.params["left"] == timedelta(seconds=115)


def test_only_an_armed_run_waits_for_its_part() -> None:
    bench = AtOp20()
    bench.start()
    doing = bench.run_shown().now_doing
    assert (doing.title.code, doing.detail.params["left"]) == ("do.awaiting_part", None)


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (a_rule(), "armed"),
        (BY_TAP, "armed_tap"),
        (BY_EDGE, "armed_occupied"),
        (a_rule(part_code=None, presented=Increases(signal=COUNT)), "armed_next"),
    ],
    ids=["code", "tap", "edge, not read", "count"],
)
def test_what_is_asked_follows_from_what_the_station_tells(rule: DetectionRule, asked: str) -> None:
    assert run_asks(an_armed_run(), rule, None) == asked
