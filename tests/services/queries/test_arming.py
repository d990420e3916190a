"""The page asks for a free place, then for the part, and says how long the station waits (D29)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.records import RunRecord
from redrabbit.domain.rule import DetectionRule, HeldFeed, Increases
from redrabbit.domain.run import Disowned, SaidHeld
from redrabbit.domain.run_words import RunState
from redrabbit.services.queries.arming import run_asks, time_to_wait
from tests.builders import BY_EDGE, BY_TAP, COUNT, a_rule
from tests.plants import BEGIN, OP20, OP30, a_plant, a_station
from tests.services.queries.at_op20 import ANNA, AtOp20
from tests.stored import bare

COUNTED = (SignalName("part_count"),)
BY_SIGNAL = HeldFeed(signal=SignalName("feed_held"), counters=COUNTED, travel_s=2.0)


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


def at_a_held_feed(held: HeldFeed) -> AtOp20:
    station = a_station(OP20, held=held)
    bench = AtOp20(a_plant(stations=(station, a_station(OP30))))
    bench.start()
    bench.scan()
    return bench


def doing(bench: AtOp20) -> tuple[str, object]:
    """Return what is to be done, and how long the part should still wait."""
    asked = bench.run_shown().now_doing
    return asked.title.code.removeprefix("do.armed_"), asked.detail.params["wait"]


def test_the_feed_is_to_be_held_and_the_way_to_be_clear_before_the_part_comes() -> None:
    """D29."""
    bench = at_a_held_feed(BY_SIGNAL)
    assert doing(bench) == ("hold", None)

    bench.read(OP20, feed_held=True)
    assert doing(bench) == ("wait", timedelta(seconds=2))
    bench.pass_time(1.5)
    bench.read(OP20, part_count=1001)  # one that was still under way
    assert doing(bench) == ("wait", timedelta(seconds=2))
    bench.pass_time(2)
    bench.read(OP20)
    assert doing(bench) == ("held", None)
    bench.read(OP20, feed_held=False)
    assert doing(bench) == ("hold", None)


def test_a_part_in_the_place_of_a_held_feed_is_to_be_taken_out() -> None:
    bench = at_a_held_feed(BY_SIGNAL)
    bench.read(OP20, feed_held=True, part_present=True)

    assert doing(bench) == ("occupied", None)


def test_where_no_signal_tells_of_the_feed_the_operator_is_asked() -> None:
    """D29: once a check."""
    bench = at_a_held_feed(HeldFeed(signal=None, counters=COUNTED, travel_s=2.0))
    bench.pass_time(1)
    assert (doing(bench), bench.run_shown().can_say_held) == (("hold_tap", None), True)

    bench.say(SaidHeld(at=bench.clock.now(), actor=ANNA))
    assert (doing(bench), bench.run_shown().can_say_held) == (
        ("wait", timedelta(seconds=2)),
        False,
    )


def test_a_part_that_comes_after_the_word_makes_the_page_ask_again() -> None:
    """A walker's plant: 17 parts were counted after the tap, and nobody was told."""
    bench = at_a_held_feed(HeldFeed(signal=None, counters=COUNTED, travel_s=2.0))
    bench.read(OP20)
    bench.say(SaidHeld(at=bench.clock.now(), actor=ANNA))
    bench.pass_time(1)
    bench.read(OP20, part_count=1001)
    assert (doing(bench), bench.run_shown().can_say_held) == (("hold_again", None), True)

    bench.say(SaidHeld(at=bench.clock.now(), actor=ANNA))
    assert (doing(bench)[0], bench.run_shown().can_say_held) == ("wait", False)


def test_nobody_is_told_to_wait_where_the_station_is_not_watched() -> None:
    rule = replace(BY_EDGE, held=BY_SIGNAL)
    assert time_to_wait(an_armed_run(), rule, None, [], BEGIN) is None
    assert time_to_wait(an_armed_run(), BY_EDGE, None, [], BEGIN) is None


def test_that_was_not_the_part_is_offered_until_the_answer() -> None:
    """D29."""
    bench = at_a_held_feed(BY_SIGNAL)
    assert not bench.run_shown().can_disown
    bench.put_on()
    assert bench.run_shown().can_disown
    bench.answer(rejected=True, reject_code=11)
    assert not bench.run_shown().can_disown


def test_that_was_not_the_part_is_heard_at_once_and_decided_by_the_next_reading() -> None:
    """Decision 0024."""
    bench = at_a_held_feed(BY_SIGNAL)
    bench.put_on()
    bench.pass_time(0.1)
    bench.say(Disowned(at=bench.clock.now(), actor=ANNA))

    run = bench.run_shown()
    assert (run.now_doing.title.code, run.can_disown) == ("do.presented_not_the_part", False)
    bench.pass_time(0.2)
    bench.read(OP20)
    run = bench.run_shown()
    assert run.now_doing.title.code == "do.awaiting_return"
    assert run.verdict is not None
    assert run.verdict.verdict == "inconclusive"


def test_nothing_goes_on_while_the_station_may_take_its_answer_back() -> None:
    """Decision 0024: the part may be back by then."""
    bench = at_a_held_feed(BY_SIGNAL)
    bench.put_on()
    bench.answer(rejected=True, reject_code=11)
    bench.settle(bench.owner.give_back("RR-0001", actor=ANNA, now=bench.clock.now()))

    run = bench.run_shown()
    assert (run.now_doing.title.code, run.expected_scan) == ("do.verdict_open", None)
    assert run.now_doing.detail.params["wait"] == timedelta(seconds=0.7)
    assert (run.can_confirm, run.can_abort) == (False, False)
    assert [line.title.code for line in run.steps if line.state == "now"] == ["step.verdict_open"]
    assert run.steps[0].title.code == "step.part_done"

    bench.pass_time(0.8)
    run = bench.run_shown()
    assert (run.now_doing.title.code, run.expected_scan) == ("do.awaiting_part", "take")
    assert run.can_abort


def test_what_stays_open_is_taken_back_on_the_page_of_whoever_was_quick() -> None:
    bench = at_a_held_feed(BY_SIGNAL)
    bench.put_on()
    bench.answer(rejected=True, reject_code=11)
    bench.settle(bench.owner.give_back("RR-0001", actor=ANNA, now=bench.clock.now()))
    bench.answer(accepted=True)

    run = bench.run_shown()
    assert (run.now_doing.title.code, run.can_confirm) == ("do.awaiting_confirmation", True)
    assert run.verdict is not None
    assert run.verdict.verdict == "inconclusive"
    assert "GM-0001" not in str(run.steps)
    bench.confirm()
    (kept,) = bench.ask(lambda reader: reader.find(RunRecord))
    assert kept.outcome == "inconclusive"
