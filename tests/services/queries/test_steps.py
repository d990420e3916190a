"""The list of steps agrees with the run that is under way, whatever happens in it."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import PartId
from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    Event,
    GivenBack,
    Run,
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


HAPPENINGS: Mapping[str, Callable[[AtOp20], object]] = {
    "start": lambda bench: bench.start(),
    "scan": lambda bench: bench.scan(_part(bench)),
    "tap": lambda bench: bench.settle(bench.owner.tap(actor=ANNA, now=bench.clock.now())),
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
ONWARD = ["scan", "put on", "tap", "rejected", "accepted", "give back"]


@given(
    happenings=st.lists(st.sampled_from([*HAPPENINGS, *ONWARD, *ONWARD]), max_size=25),
    tells_presented=st.booleans(),
)
def test_the_page_tells_of_any_run_what_the_run_itself_would_do(
    happenings: list[str], tells_presented: bool
) -> None:
    """B23, D4: nothing is asked for that can't happen, and nothing is left out."""
    rule = {} if tells_presented else {"presented": None}
    bench = AtOp20(a_plant(THREE_PARTS, stations=(a_station(OP20, **rule), a_station(OP30))))
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
    left = sum(line.state != "done" for line in shown.steps) - 1
    assert shown.now_doing.missing.params.get("steps", 0) == left
    assert "None" not in str([line.title for line in shown.steps])


FOLLOWING = {"step.part", "step.good_part"}


def offered(shown: RunUnderWay) -> set[str]:
    """Return what the page has a button or a field for."""
    offers = {
        "scan": shown.expected_scan == "take",
        "give back": shown.expected_scan == "give_back",
        "tap": shown.can_tap,
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
            ["take", "put_on", "answer", "give_back", "part", "good_part", "confirm"],
            id="armed",
        ),
        pytest.param(
            ["scan", "put on", "rejected", "give back"],
            ["part_done", "take", "put_on", "answer", "give_back", "good_part", "confirm"],
            id="the second part",
        ),
        pytest.param(
            ["scan", "put on", "accepted"],
            ["take", "put_on", "verdict", "give_back", "confirm"],
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
