"""The list of steps agrees with the run that is under way, whatever happens in it."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import PartId, SignalName
from redrabbit.domain.rule import HeldFeed
from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    Disowned,
    Event,
    GivenBack,
    Run,
    SaidHeld,
    Scanned,
    Tapped,
)
from redrabbit.domain.run_transitions import advance
from redrabbit.services.queries.station import RunUnderWay
from tests.plants import OP20, OP30, Bench, a_check, a_plant, a_station
from tests.services.queries.at_op20 import ANNA, AtOp20

THREE_PARTS = a_check(parts=(PartId("RR-0001"), PartId("RR-0002"), PartId("GM-0001")))


def _part(bench: AtOp20) -> str:
    return bench.owner.run.part if bench.owner.run is not None else "RR-0001"


def _restart(bench: AtOp20) -> None:
    Bench.restart(bench)


def _time_over(bench: AtOp20) -> None:
    deadline = bench.owner.deadline()
    if deadline is not None:
        bench.clock.advance_to(max(deadline.at, bench.clock.now()))
        bench.settle(bench.owner.tick(bench.clock.now()))
    bench.read_both()


def _part_counted(bench: AtOp20) -> None:
    told = bench.owner.live.readings[SignalName("part_count")].value
    bench.read(OP20, part_count=told + 1 if isinstance(told, int) else 1000)


HAPPENINGS: Mapping[str, Callable[[AtOp20], object]] = {
    "start": lambda bench: bench.start(),
    "scan": lambda bench: bench.scan(_part(bench)),
    "tap": lambda bench: bench.settle(bench.owner.tap(actor=ANNA, now=bench.clock.now())),
    "say held": lambda bench: bench.say(SaidHeld(at=bench.clock.now(), actor=ANNA)),
    "hold": lambda bench: bench.read(OP20, feed_held=True),
    "let run": lambda bench: bench.read(OP20, feed_held=False),
    "part counted": _part_counted,
    "disown": lambda bench: bench.say(Disowned(at=bench.clock.now(), actor=ANNA)),
    "put on": lambda bench: bench.put_on(),
    "rejected": lambda bench: bench.answer(rejected=True, reject_code=11),
    "rejected for another reason": lambda bench: bench.answer(rejected=True, reject_code=99),
    "accepted": lambda bench: bench.answer(accepted=True),
    "link lost": lambda bench: bench.fail(OP20),
    "give back": lambda bench: bench.give_back(_part(bench)),
    "confirm": lambda bench: bench.confirm(),
    "abort": lambda bench: bench.abort(),
    "restart": _restart,
    "time over": _time_over,
}
ONWARD = ["scan", "say held", "put on", "tap", "rejected", "accepted", "give back"]
COUNTED = (SignalName("part_count"),)
RULES: Mapping[str, Mapping[str, object]] = {
    "order": {},
    "tap": {"presented": None},
    "held": {
        "held": HeldFeed(signal=SignalName("feed_held"), counters=COUNTED, travel_s=1.0),
    },
    "said held": {"held": HeldFeed(signal=None, counters=COUNTED, travel_s=1.0)},
}


@given(
    happenings=st.lists(st.sampled_from([*HAPPENINGS, *ONWARD, *ONWARD]), max_size=25),
    known_by=st.sampled_from(sorted(RULES)),
)
def test_the_page_tells_of_any_run_what_the_run_itself_would_do(
    happenings: list[str], known_by: str
) -> None:
    """B23, D4: nothing is asked for that can't happen, and nothing is left out."""
    station = a_station(OP20, **RULES[known_by])
    bench = AtOp20(a_plant(THREE_PARTS, stations=(station, a_station(OP30))))
    bench.start()
    for happening in happenings:
        try:
            HAPPENINGS[happening](bench)
        except Refusal:
            continue
        must_agree(bench)


def must_agree(bench: AtOp20) -> None:
    run, shown = bench.owner.run, bench.page().run
    if run is None:
        assert shown is None
        return
    assert shown is not None
    verdicts = [s.judgement.verdict for s in run.steps if s.judgement is not None]
    ended = run.stopped is not None or not all(verdict.is_good for verdict in verdicts)
    assert (shown.going_no_further is not None) is ended
    to_come = [line.title.params["part"] for line in shown.steps if line.title.code in FOLLOWING]
    expected = [] if ended else [s.expectation.part for s in run.steps[run.index + 1 :]]
    assert to_come == expected
    assert sum(line.state == "now" for line in shown.steps) == 1
    assert offered(shown) == {act for act, event in acts_at(bench).items() if takes(run, event)}
    left = sum(line.state in {"now", "to_come"} for line in shown.steps) - 1
    assert shown.now_doing.missing.params.get("steps", 0) == left
    assert "None" not in str([line.title for line in shown.steps])


FOLLOWING = {"step.part", "step.good_part"}


def offered(shown: RunUnderWay) -> set[str]:
    """Return what the page has a button or a field for."""
    offers = {
        "scan": shown.expected_scan == "take",
        "give back": shown.expected_scan == "give_back",
        "tap": shown.can_tap,
        "say held": shown.can_say_held,
        "disown": shown.can_disown,
        "confirm": shown.can_confirm,
        "abort": shown.can_abort,
    }
    return {act for act, is_offered in offers.items() if is_offered}


def acts_at(bench: AtOp20) -> dict[str, Event]:
    now, part = bench.clock.now(), _part(bench)
    return {
        "scan": Scanned(at=now, code=part, actor=ANNA, readings=bench.owner.live.readings),
        "give back": GivenBack(at=now, code=part, actor=ANNA),
        "tap": Tapped(at=now, actor=ANNA),
        "say held": SaidHeld(at=now, actor=ANNA),
        "disown": Disowned(at=now, actor=ANNA),
        "confirm": Confirmed(at=now, actor=ANNA),
        "abort": Aborted(at=now, actor=ANNA, reason="gloves"),
    }


def takes(run: Run, event: Event) -> bool:
    """Return whether the run would take the act; advancing a value changes nothing."""
    try:
        advance(run, event)
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    ("happenings", "titles"),
    [
        pytest.param(
            ["scan"],
            [
                "take",
                "hold_feed",
                "put_on",
                "answer",
                "give_back",
                "part",
                "good_part",
                "confirm",
            ],
            id="armed",
        ),
        pytest.param(
            ["scan", "put on", "rejected", "give back"],
            [
                "part_done",
                "hold_feed",
                "take",
                "put_on",
                "answer",
                "give_back",
                "good_part",
                "confirm",
            ],
            id="the second part",
        ),
        pytest.param(
            ["scan", "put on", "accepted"],
            ["take", "hold_feed", "put_on", "verdict", "give_back", "confirm"],
            id="missed",
        ),
    ],
)
def test_the_part_under_way_is_spelled_out_the_others_are_a_line_each(
    happenings: list[str], titles: list[str]
) -> None:
    bench = AtOp20(a_plant(THREE_PARTS))
    bench.start()
    for happening in happenings:
        HAPPENINGS[happening](bench)
    codes = [line.title.code for line in bench.run_shown().steps]
    assert codes == [f"step.{title}" for title in titles]


def at_a_device(known_by: str) -> AtOp20:
    """A bench whose device knows its part so."""
    station = a_station(OP20, **RULES[known_by])
    return AtOp20(a_plant(THREE_PARTS, stations=(station, a_station(OP30))))


def feed_told(bench: AtOp20) -> tuple[str, str | None]:
    """Return how the line that asks to hold the feed stands, and what it tells."""
    (line,) = (each for each in bench.run_shown().steps if each.title.code == "step.hold_feed")
    return line.state, line.detail.code if line.detail is not None else None


def test_the_feed_is_asked_for_until_the_station_shows_that_it_is_held() -> None:
    """D29."""
    bench = at_a_device("held")
    bench.start()
    assert feed_told(bench) == ("to_come", "step.hold_feed.detail")
    bench.scan()
    assert feed_told(bench) == ("now", "step.hold_feed.detail")
    bench.read(OP20, feed_held=True)
    assert feed_told(bench) == ("done", "step.hold_feed.detail")
    bench.put_on()
    assert feed_told(bench) == ("done", "step.hold_feed.detail")
    bench.read(OP20, feed_held=False)
    assert feed_told(bench) == ("unconfirmed", "step.hold_feed.unconfirmed")


def test_a_feed_that_nobody_confirmed_gets_no_tick_while_its_part_is_there() -> None:
    bench = at_a_device("said held")
    bench.start()
    bench.scan()
    bench.put_on()
    assert feed_told(bench) == ("unconfirmed", "step.hold_feed.unconfirmed")


def test_a_feed_that_was_held_until_the_verdict_may_run_again() -> None:
    bench = at_a_device("held")
    bench.start()
    bench.scan()
    bench.read(OP20, feed_held=True)
    bench.put_on()
    bench.answer(rejected=True, reject_code=11, part_count=1001)
    bench.read(OP20, feed_held=False)
    assert feed_told(bench) == ("done", "step.hold_feed.detail")


def test_who_said_that_the_feed_is_held_stands_in_its_line() -> None:
    bench = at_a_device("said held")
    bench.start()
    bench.scan()
    assert feed_told(bench) == ("now", "step.hold_feed.detail")
    HAPPENINGS["say held"](bench)
    assert feed_told(bench) == ("done", "step.taken")


def test_where_nothing_tells_of_the_feed_it_is_not_said_to_be_held() -> None:
    bench = at_a_device("order")
    bench.start()
    bench.scan()
    assert feed_told(bench) == ("unconfirmed", "step.hold_feed.unconfirmed")
    bench.read(OP20, part_present=True)
    assert feed_told(bench) == ("now", "step.hold_feed.detail")


def test_a_run_that_is_stopped_asks_for_no_feed_any_more() -> None:
    bench = at_a_device("held")
    bench.start()
    bench.scan()
    bench.abort()
    assert "step.hold_feed" not in [line.title.code for line in bench.run_shown().steps]


def test_the_feed_held_for_one_part_is_held_for_the_next() -> None:
    """D29: once a check."""
    bench = at_a_device("said held")
    bench.start()
    bench.scan()
    HAPPENINGS["say held"](bench)
    bench.put_on()
    bench.answer(rejected=True, reject_code=11, part_count=1001)
    bench.give_back()
    bench.scan("RR-0002")
    assert feed_told(bench) == ("done", "step.taken")
    assert not bench.run_shown().can_say_held


def test_nobody_is_named_for_what_nobody_has_done_yet() -> None:
    """The last line named who had started the run, though another person scanned their badge and confirmed."""
    bench = AtOp20(a_plant(THREE_PARTS))
    bench.start()
    assert bench.run_shown().steps[-1].title.code == "step.confirm"
    assert bench.run_shown().steps[-1].detail is None
