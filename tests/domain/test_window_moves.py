"""How far a suspect window reaches, and what moves its end (D34)."""

from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.facts.containment import ContainmentState, WindowEnd
from redrabbit.domain.facts.fact import json_of
from redrabbit.domain.facts.suspect_window import WindowMove
from redrabbit.domain.identity import RunId
from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.suspect_window import SuspectParts, WindowSide
from redrabbit.domain.window_moves import (
    end_reached,
    is_at_least,
    may_reach_further,
    moved_by_count,
    moved_by_miss,
    moved_by_reverification,
    moved_by_running,
    shown_since_end,
    so_far,
)
from tests.domain.facts.test_containment import CONTAINMENT, counted
from tests.domain.folded import AT, ISSUED, RUN, a_ledger, at
from tests.domain.test_consequences import Known

RUN_2 = RunId("line1-R-2")


def count(made: int, epoch: int = 1) -> PartCount:
    return PartCount(value=made, made=made, epoch=epoch, fell_from=None)


def side(made: int, epoch: int = 1) -> WindowSide:
    return WindowSide(counter=made, count=count(made, epoch))


def value_of(counter: int) -> WindowSide:
    """Return a side of which nobody knows but what the counter showed."""
    return WindowSide(counter=counter, count=None)


UNKNOWN = WindowSide(counter=None, count=None)


def a_case(**changed: Any) -> ContainmentRecord:
    """Return a case that was opened between counts of 1000 and 1214."""
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    return replace(ledger.the(ContainmentRecord, "line1-C-1"), **changed)


def stopped(made: int | None = 1214, **changed: Any) -> ContainmentRecord:
    """Return one whose window was ended by a stop at this count."""
    known = count(made) if made is not None else None
    usual: dict[str, Any] = {
        "stopped_at": at(20),
        "window_end": WindowEnd.STOP,
        "count_to": json_of(known),
        "quantity_is_lower_bound": False,
    }
    return a_case(**(usual | changed))


REVERIFIED: dict[str, Any] = {
    "state": ContainmentState.REVERIFIED,
    "reverified_by_run": RUN_2,
    "reached_by_run": RUN_2,
    "reached_at": at(60),
}


def test_a_window_is_at_least_while_it_is_open() -> None:
    assert is_at_least(a_case(quantity_is_lower_bound=False))
    assert not is_at_least(stopped())
    assert is_at_least(stopped(quantity_is_lower_bound=True))


@pytest.mark.parametrize(
    ("case", "until", "shown", "expected"),
    [
        pytest.param(a_case(), side(1240), 0, (240, True, False), id="still open"),
        pytest.param(a_case(), UNKNOWN, 0, (214, True, False), id="as far as it was counted"),
        pytest.param(stopped(), side(1214), 0, None, id="nothing made since the stop"),
        pytest.param(
            stopped(), side(1216), 2, (216, False, False), id="no more than challenge parts"
        ),
        pytest.param(stopped(), side(1217), 2, (217, True, True), id="production after the stop"),
        pytest.param(
            stopped(), side(1214, 2), 0, (214, True, False), id="something may have been skipped"
        ),
        pytest.param(stopped(), UNKNOWN, 0, None, id="nobody can tell"),
        pytest.param(
            stopped(None), side(1300), 0, (300, False, False), id="known for the first time"
        ),
        pytest.param(
            stopped(window_end=WindowEnd.ALTERNATE), side(1300), 0, None, id="under an alternate"
        ),
        pytest.param(stopped(**REVERIFIED), side(1300), 0, None, id="verified again"),
    ],
)
def test_a_later_miss_moves_the_window(
    case: ContainmentRecord,
    until: WindowSide,
    shown: int,
    expected: tuple[int, bool, bool] | None,
) -> None:
    """F1: what was made until then is inside, whatever was recorded as its end."""
    moved = moved_by_miss(case, until, RUN_2, shown)
    if expected is None:
        assert moved is None
        return
    assert moved is not None
    assert (moved.quantity, moved.quantity_is_lower_bound, moved.opens_again) == expected
    assert (moved.why, moved.run_id) == (WindowMove.LATER_MISS, RUN_2)
    assert moved.count_to == until.count
    assert moved.counter_to == (1214 if until.counter is None else until.counter)


def test_what_was_told_before_is_never_taken_back() -> None:
    """A case of schema 2 has no counts: its quantity is what two values said, which may be reset."""
    moved = moved_by_miss(a_case(count_from=None, count_to=None), side(40), RUN_2, 0)
    assert moved is not None
    assert (moved.quantity, moved.quantity_is_lower_bound) == (214, True)


@pytest.mark.parametrize(
    ("case", "until", "expected"),
    [
        pytest.param(a_case(), side(1230), (230, True), id="still open"),
        pytest.param(a_case(), UNKNOWN, (214, True), id="still open, and not counted"),
        pytest.param(stopped(), side(1230), (230, False), id="beyond the stop"),
        pytest.param(stopped(), side(1214), None, id="as far as the stop"),
        pytest.param(stopped(), UNKNOWN, None, id="nobody can tell"),
        pytest.param(stopped(window_end=WindowEnd.ALTERNATE), side(1230), None, id="alternate"),
    ],
)
def test_the_reverification_moves_the_window_for_the_last_time(
    case: ContainmentRecord, until: WindowSide, expected: tuple[int, bool] | None
) -> None:
    moved = moved_by_reverification(case, until, RUN_2)
    found = (moved.quantity, moved.quantity_is_lower_bound) if moved is not None else None
    assert found == expected
    assert moved is None or (moved.why, moved.opens_again) == (WindowMove.REVERIFICATION, False)


def test_a_count_moves_an_ended_window_only() -> None:
    assert moved_by_count(a_case(), count(1300), 0) is None
    moved = moved_by_count(stopped(), count(1300), 0)
    assert moved is not None
    assert (moved.why, moved.opens_again) == (WindowMove.COUNTED_ON, True)
    assert moved_by_count(stopped(window_end=WindowEnd.ALTERNATE), count(1300), 0) is None


@pytest.mark.parametrize("known", [True, False], ids=["counted", "not counted"])
def test_running_again_opens_the_window_again(known: bool) -> None:
    moved = moved_by_running(stopped(), count(1214) if known else None)
    assert moved is not None
    assert (moved.why, moved.opens_again) == (WindowMove.RUNNING_AGAIN, True)
    assert (moved.quantity, moved.quantity_is_lower_bound) == (214, True)
    assert moved_by_running(a_case(), None) is None
    assert moved_by_running(stopped(**REVERIFIED), None) is None


NOW = 80


@pytest.mark.parametrize(
    ("case", "seconds", "by_then", "now", "expected"),
    [
        pytest.param(a_case(), NOW, 1220, 1220, (1220, 220, False, False), id="now"),
        pytest.param(a_case(), NOW, None, None, (1214, 214, True, False), id="now, not counted"),
        pytest.param(a_case(), 50, 1220, None, (1214, 220, True, False), id="earlier, not counted"),
        pytest.param(a_case(), 50, 1220, 1225, (1225, 220, True, True), id="five are unsure"),
        pytest.param(a_case(), 50, 1220, 1220, (1220, 220, False, False), id="none made since"),
        pytest.param(a_case(), -50, 1190, 1214, (1214, 190, True, True), id="before the miss"),
        pytest.param(a_case(), -50, None, 1214, (1214, None, True, True), id="before any count"),
        pytest.param(a_case(), 50, 1200, 1220, (1220, 214, True, True), id="no less than before"),
        pytest.param(
            a_case(**REVERIFIED), 70, 1290, 1300, (1214, 214, False, True), id="verified before"
        ),
        pytest.param(
            a_case(**REVERIFIED), 50, 1210, 1300, (1214, 210, True, True), id="verified after"
        ),
        pytest.param(
            a_case(**(REVERIFIED | {"reached_by_run": None})),
            70,
            1290,
            1300,
            (1214, 214, True, False),
            id="a re-verification that schema 2 told",
        ),
    ],
)
def test_how_far_a_window_reaches_that_ended(
    case: ContainmentRecord,
    seconds: float,
    by_then: int | None,
    now: int | None,
    expected: tuple[int | None, int | None, bool, bool],
) -> None:
    reach = end_reached(
        case,
        at(seconds),
        by_then=None if by_then is None else count(by_then),
        counted=None if now is None else count(now),
        counted_at=at(NOW),
    )
    counter, quantity, is_lower_bound, ends_otherwise = expected
    assert reach.until.counter == counter
    assert reach.parts == SuspectParts(quantity=quantity, is_lower_bound=is_lower_bound)
    assert (reach.ends_at is not None) is ends_otherwise
    assert reach.ends_at in {None, at(NOW), case.seen_until}


def test_without_a_good_check_a_window_is_never_exact() -> None:
    case = a_case(window_from=None, counter_from=None, count_from=None)
    now = count(1220)
    reach = end_reached(case, at(50), by_then=now, counted=now, counted_at=at(50))
    assert reach.parts == SuspectParts(quantity=1220, is_lower_bound=True)


def test_a_count_says_something_new_if_it_grew_or_may_have() -> None:
    assert not may_reach_further(stopped(), count(1214))
    assert may_reach_further(stopped(), count(1215))
    assert may_reach_further(stopped(), count(1214, 2))
    assert may_reach_further(stopped(None), count(1214))


def test_challenge_parts_are_counted_since_the_end_at_the_station_of_the_case() -> None:
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    ledger.say("run_started", 5, **RUN)
    ledger.say("part_issued", 6, **ISSUED)
    told = AT | {"run_id": "line1-R-1", "step": 0, "presented_how": "edge", "count": counted(1214)}
    ledger.say("part_presented", 10, **told, attempt=1)
    known = Known(ledger)
    assert shown_since_end(known, ledger.the(ContainmentRecord, "line1-C-1")) == 0
    ledger.say(
        "containment_stopped",
        20,
        containment_id="line1-C-1",
        window_end="stop",
        quantity_is_lower_bound=False,
    )
    ledger.say("part_presented", 30, **told, attempt=2)
    ledger.say("part_presented", 40, **told, attempt=3)
    ledger.say("parts_counted", 50, station="op20", why="stop", count=counted(1214))
    assert shown_since_end(known, ledger.the(ContainmentRecord, "line1-C-1")) == 2


def of_nests(made: int, left: int, right: int) -> PartCount:
    """Return a count of which so many are known to be of each nest."""
    known = (
        MadeOf(variant=None, nest="left", made=left),
        MadeOf(variant=None, nest="right", made=right),
    )
    return replace(count(made), known=known)


LEFT: dict[str, Any] = {"nest": "left", "count_from": json_of(of_nests(1000, 400, 400))}


def test_a_window_of_one_nest_moves_by_what_may_be_of_it() -> None:
    """D34: 300 more were made, 180 of them surely right."""
    until = WindowSide(counter=1300, count=of_nests(1300, 500, 580))
    moved = moved_by_miss(a_case(**LEFT, quantity=50), until, RUN_2, 0)
    assert moved is not None
    assert (moved.quantity, moved.quantity_unknown) == (120, 20)


@pytest.mark.parametrize(
    ("unknown", "until", "expected"),
    [
        pytest.param(180, UNKNOWN, 180, id="not counted"),
        pytest.param(180, WindowSide(counter=1300, count=of_nests(1300, 500, 580)), 114, id="less"),
        pytest.param(20, WindowSide(counter=1300, count=of_nests(1300, 500, 580)), 20, id="fewer"),
        pytest.param(180, value_of(40), 180, id="set back, and nobody followed it"),
    ],
)
def test_what_was_told_before_is_as_sure_as_it_was(
    unknown: int, until: WindowSide, expected: int
) -> None:
    """D34: of the 214 that stay told, surely of this nest are those that were, or now are."""
    case = a_case(**LEFT, quantity=214, quantity_unknown=unknown)
    moved = moved_by_miss(case, until, RUN_2, 0)
    assert moved is not None
    assert (moved.quantity, moved.quantity_unknown) == (214, expected)
    reach = end_reached(case, at(50), by_then=until.count, counted=until.count, counted_at=at(NOW))
    assert (reach.parts.quantity, reach.parts.unknown) == (214, expected)
    assert reach.parts.is_lower_bound


def test_production_of_another_nest_after_a_stop_is_none_of_the_case() -> None:
    case = stopped(**LEFT, quantity=50)
    ended_at = of_nests(1214, 450, 500)
    case = replace(case, count_to=json_of(ended_at))
    right = of_nests(1290, 450, 576)
    assert not may_reach_further(case, right)
    assert moved_by_count(case, right, 0) is None
    unknown = of_nests(1291, 450, 576)
    assert may_reach_further(case, unknown)
    moved = moved_by_count(case, unknown, 0)
    assert moved is not None
    assert moved.opens_again
    assert moved_by_count(case, unknown, 1) is not None


def test_an_open_window_goes_on_with_the_count() -> None:
    """D34: told live, recorded when something is."""
    now = so_far(a_case(), count(1300))
    assert now == SuspectParts(quantity=300, is_lower_bound=True, unknown=0)
    left = so_far(a_case(**LEFT, quantity=10), of_nests(1300, 500, 580))
    assert left == SuspectParts(quantity=120, is_lower_bound=True, unknown=20)


@pytest.mark.parametrize(
    ("case", "now"),
    [
        pytest.param(a_case(), None, id="not read"),
        pytest.param(a_case(), count(1100), id="a count from before"),
        pytest.param(stopped(), count(1300), id="its window has ended"),
        pytest.param(
            a_case(state=ContainmentState.REVERIFIED),
            count(1300),
            id="its device is verified again",
        ),
        pytest.param(a_case(count_from=None, counter_from=None), count(1300), id="no begin"),
    ],
)
def test_else_what_is_recorded_stands(case: ContainmentRecord, now: PartCount | None) -> None:
    found = so_far(case, now)
    assert (found.quantity, found.is_lower_bound) == (case.quantity, is_at_least(case))
