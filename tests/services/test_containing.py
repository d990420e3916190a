"""What people do about a case: repair, and the end (D35)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.containment_questions import (
    left_to_do,
    reaction_of,
    waits_for_reverification,
)
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, ContainmentId
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import ContainmentRecord, RunRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.services import containing
from redrabbit.services.containing import EndTold
from tests.services.queries.at_op20 import AtOp20

CASE = ContainmentId("line1-C-1")
CHEN = Actor.stated("chen")


def the_case(bench: AtOp20) -> ContainmentRecord:
    return bench.ask(lambda reader: recorded(reader, ContainmentRecord, CASE))


def tick(bench: AtOp20) -> None:
    left = [i for i, step in enumerate(reaction_of(the_case(bench))) if not step.done_at]
    bench.write(
        lambda uow: containing.tick_reaction(uow, CASE, step=min(left, default=0), actor=CHEN)
    )


def stop(bench: AtOp20) -> None:
    bench.write(lambda uow: containing.end_window(uow, CASE, EndTold(), count=None, actor=CHEN))


def close(bench: AtOp20) -> None:
    bench.write(lambda uow: containing.close(uow, CASE, actor=CHEN))


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refusal:
        act()
    return refusal.value.code


def missed() -> AtOp20:
    bench = AtOp20()
    bench.miss()
    return bench


def test_without_a_repair_no_re_verification_is_started() -> None:
    """D35: nobody runs the check again until it is detected once."""
    bench = missed()
    assert refused(lambda: bench.start(case=CASE)) == "repair_not_recorded"
    bench.repair()
    bench.start(case=CASE)


def test_a_repair_that_did_not_help_is_not_enough_for_another_try() -> None:
    bench = missed()
    bench.repair()
    bench.miss(case=CASE)
    assert refused(lambda: bench.start(case=CASE)) == "repair_not_recorded"
    bench.verify(case=CASE)
    assert the_case(bench).state == "reverified"


def test_something_else_is_said_in_words() -> None:
    bench = missed()
    assert refused(lambda: bench.repair(code=RepairCode.OTHER)) == "repair_words_required"
    assert refused(lambda: bench.repair(text="\u200b")) == "text_character"
    bench.repair(code=RepairCode.OTHER, text=" new light ")
    assert (the_case(bench).repair_code, the_case(bench).repair_text) == ("other", "new light")


def test_a_case_is_closed_once_and_not_before_its_time() -> None:
    bench = missed()
    assert refused(lambda: close(bench)) == "containment_not_done"
    bench.verify(case=CASE)
    assert refused(bench.repair) == "already_reverified"
    tick(bench)
    assert refused(lambda: close(bench)) == "containment_not_done"
    tick(bench)
    assert refused(lambda: close(bench)) == "containment_not_done", "its window is open (D34)"
    stop(bench)
    close(bench)
    assert (the_case(bench).state, the_case(bench).closed_by) == ("closed", "chen")
    assert refused(lambda: close(bench)) == "containment_closed"
    assert refused(bench.repair) == "containment_closed"


def passes(bench: AtOp20, _run: RunRecord) -> None:
    for part, answer in (
        ("RR-0001", {"rejected": True, "reject_code": 11}),
        ("GM-0001", {"accepted": True}),
    ):
        bench.judged(part, **answer)
        bench.give_back(part)
    bench.confirm()


ACTS: dict[str, Callable[[AtOp20], object]] = {
    "repair": lambda bench: bench.repair(),
    "miss": lambda bench: bench.miss(),
    "miss again": lambda bench: bench.miss(case=CASE),
    "pass": lambda bench: bench.verify(),
    "re-verify": lambda bench: passes(bench, bench.start(case=CASE)),
    "tick": tick,
    "stop": stop,
    "close": close,
}


@given(st.lists(st.sampled_from([*ACTS]), max_size=12))
def test_no_case_ends_by_itself(happenings: list[str]) -> None:
    """D35: closed only by a person who asks it, with nothing left to do; verified again only repaired."""
    bench = missed()
    for happening in happenings:
        before = the_case(bench)
        try:
            ACTS[happening](bench)
        except Refusal:
            assert the_case(bench) == before
            continue
        after = the_case(bench)
        if after.state != before.state:
            assert (happening, after.state) in {("re-verify", "reverified"), ("close", "closed")}
            if happening == "close":
                assert left_to_do(before) == ()
            else:
                assert waits_for_reverification(before)
