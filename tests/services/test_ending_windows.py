"""What people say about the end of a suspect window: when, why, and behind which box (D34)."""

from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.containment import WindowEnd
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import ContainmentId
from redrabbit.domain.records import ContainmentRecord, PartCountRecord
from redrabbit.services import containing
from redrabbit.services.containing import EndTold
from redrabbit.services.ports import equals
from tests.plants import OP20
from tests.services.test_suspect_windows import LI, Line


@pytest.fixture
def line() -> Line:
    """Return a line whose device missed after six parts."""
    line = Line()
    line.check()
    line.make(6)
    line.is_blind = True
    line.check()
    line.read(OP20)
    return line


def the_case(line: Line) -> ContainmentRecord:
    (case,) = line.cases()
    return case


def test_a_stop_now_is_counted_exactly(line: Line) -> None:
    made = line.made_between(the_case(line).window_from, None)
    line.end(the_case(line), EndTold(text=" belt jammed ", box_label=" KLT-88012 "))
    case = the_case(line)
    assert (case.window_end, case.stopped_by, case.stop_text, case.box_label) == (
        WindowEnd.STOP,
        LI.id,
        "belt jammed",
        "KLT-88012",
    )
    assert (case.quantity, case.quantity_is_lower_bound) == (made, False)
    told = line.ask(lambda r: r.find(PartCountRecord, equals("why", CountedWhy.STOP)))
    assert [row.count for row in told] == [line.owner.production.counting.at(line.clock.now())]


def test_a_stop_that_was_some_time_ago_takes_in_what_was_counted_since(line: Line) -> None:
    """Nobody knows which of them were made before it."""
    then = line.clock.now()
    line.make(3)
    line.end(the_case(line), EndTold(at=then))
    case = the_case(line)
    assert (case.stopped_at, case.window_to) == (then, line.clock.now())
    made = line.made_between(case.window_from, then)
    assert (case.quantity, case.quantity_is_lower_bound) == (made, True)
    assert case.counter_to == line.shown_count


def test_a_stop_without_a_counter_has_its_box(line: Line) -> None:
    line.fail(OP20)
    before = the_case(line)
    line.end(before, EndTold(box_label="SN 4711"))
    case = the_case(line)
    assert (case.window_to, case.box_label) == (line.clock.now(), "SN 4711")
    assert (case.quantity, case.quantity_is_lower_bound) == (before.quantity, True)


def test_the_first_piece_under_an_alternate_control_ends_it(line: Line) -> None:
    told = EndTold(end=WindowEnd.ALTERNATE, text="gauge at OP25, Q. Li", box_label="SN 4711")
    line.end(the_case(line), told)
    case = the_case(line)
    assert (case.window_end, case.stop_text) == (WindowEnd.ALTERNATE, "gauge at OP25, Q. Li")
    line.make(5)
    line.look()
    line.check()
    assert the_case(line) == case, "what comes after is checked otherwise"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        pytest.param({"at": 60}, "stop_to_come", id="still to come"),
        pytest.param({"at": -3600}, "stop_before_window", id="before the last good check"),
        pytest.param({"text": "x" * 501}, "reason_too_long", id="too long a reason"),
        pytest.param({"box_label": "x" * 81}, "text_too_long", id="too long a label"),
        pytest.param(
            {"end": WindowEnd.ALTERNATE, "text": "gauge"}, "label_required", id="without a label"
        ),
        pytest.param(
            {"end": WindowEnd.ALTERNATE, "box_label": "SN 1", "text": " "},
            "reason_required",
            id="without saying which control",
        ),
    ],
)
def test_what_can_not_be_is_refused(line: Line, told: dict[str, Any], code: str) -> None:
    if "at" in told:
        told = told | {"at": line.clock.now() + timedelta(seconds=told["at"])}
    before = the_case(line)
    with pytest.raises(Refusal) as refused:
        line.end(before, EndTold(**told))
    assert refused.value.code == code
    assert the_case(line) == before


def test_an_instant_beyond_all_bounds_is_refused_where_the_window_has_no_beginning() -> None:
    line = Line()
    line.is_blind = True
    line.check()
    case = the_case(line)
    assert case.window_from is None
    long_ago = line.clock.now() - timedelta(days=365 * 40)
    with pytest.raises(Refusal) as refused:
        line.end(case, EndTold(at=long_ago))
    assert refused.value.code == "instant_out_of_range"
    line.end(case, EndTold(at=line.clock.now() - timedelta(hours=1)))
    ended = the_case(line)
    assert (ended.quantity, ended.quantity_is_lower_bound) == (None, True), "before any count"


def test_a_window_ends_once(line: Line) -> None:
    line.end(the_case(line))
    with pytest.raises(Refusal) as refused:
        line.end(the_case(line))
    assert refused.value.code == "already_stopped_production"


def test_a_case_that_is_not_there_or_closed_has_no_window_to_end(line: Line) -> None:
    line.end(the_case(line))
    line.reverify()
    line.tick()
    for case, code in (
        (the_case(line).containment_id, "containment_closed"),
        (ContainmentId("line1-C-9"), "no_such_containment"),
    ):
        with pytest.raises(Refusal) as refused:
            line.write(
                lambda uow, case=case: containing.end_window(  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                    uow, case, EndTold(), count=None, actor=LI
                )
            )
        assert refused.value.code == code
