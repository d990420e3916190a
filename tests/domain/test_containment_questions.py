"""Which check can re-verify a case, and what is left to do of it (L4, B24, D35)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.containment_questions import (
    ToDo,
    left_to_do,
    may_reverify,
    missed_in,
    open_containments,
    reaction_of,
    waits_for_reverification,
)
from redrabbit.domain.facts.containment import ContainmentState, ReactionStep
from redrabbit.domain.facts.fact import json_of
from redrabbit.domain.identity import How, PartId
from redrabbit.domain.record_query import RecordReader
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.store.memory import MemoryDatabase
from tests.domain.facts.test_containment import CONTAINMENT
from tests.domain.folded import a_running_ledger
from tests.domain.test_consequences import Known
from tests.plants import a_check, a_plant
from tests.stored import RECORDING, SteppingClock, bare, put

TEN = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def a_case(**given_values: Any) -> ContainmentRecord:
    usual: dict[str, Any] = {
        "state": ContainmentState.OPEN,
        "device": "op20-torque",
        "failure_mode": "torque_low",
    }
    case: ContainmentRecord = bare(ContainmentRecord, **(usual | given_values))
    return case


def test_a_check_that_proves_the_failure_mode_at_the_device_may_reverify() -> None:
    assert may_reverify(a_plant(), a_check(), a_case())


@pytest.mark.parametrize("state", [ContainmentState.REVERIFIED, ContainmentState.CLOSED])
def test_a_case_is_reverified_once(state: ContainmentState) -> None:
    assert not may_reverify(a_plant(), a_check(), a_case(state=state))


def test_another_device_or_another_failure_mode_proves_nothing() -> None:
    """L4."""
    only_good = a_check(parts=(PartId("GM-0001"),))
    assert not may_reverify(a_plant(), a_check(), a_case(device="op30-torque"))
    assert not may_reverify(a_plant(), a_check(), a_case(failure_mode="screw_missing"))
    assert not may_reverify(a_plant(only_good), only_good, a_case())


def test_a_case_is_open_until_it_is_closed_and_the_oldest_stands_first() -> None:
    """B24: one that is re-verified waits for its reaction."""
    cases = [
        a_case(line="line1", containment_id=f"line1-C-{number}", number=number, state=state)
        for number, state in enumerate(
            (ContainmentState.REVERIFIED, ContainmentState.CLOSED, ContainmentState.OPEN), start=1
        )
    ]
    database = MemoryDatabase(
        origin="test", clock=SteppingClock(), recording=RECORDING, seal=lambda _log: "unsigned\n"
    )
    for case in cases:
        database.write_now(lambda work, case=case: work.append(put(case)))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    found = database.read_now(open_containments)
    assert [case.containment_id for case in found] == ["line1-C-1", "line1-C-3"]


def test_the_reaction_comes_back_with_who_did_which_step() -> None:
    done = ReactionStep(en="Stop", zh="停", done_at=TEN, done_by="badge 2207", done_how=How.STATED)
    to_do = ReactionStep(en="Sort", zh="挑选", done_at=None, done_by=None, done_how=None)
    case = a_case(reaction=json_of((done, to_do)))
    assert reaction_of(case) == (done, to_do)


@given(
    st.sampled_from(ContainmentState),
    st.none() | st.sampled_from(RepairCode),
    st.none() | st.just(TEN),
    st.lists(st.booleans(), max_size=4),
)
def test_nothing_is_closed_before_it_is_verified_again_its_window_ended_and_its_reaction_done(
    state: ContainmentState, repair: RepairCode | None, stopped: datetime | None, done: list[bool]
) -> None:
    """B24, D34, D35."""
    steps = tuple(
        ReactionStep(
            en="Sort",
            zh="挑选",
            done_at=TEN if is_done else None,
            done_by="li" if is_done else None,
            done_how=How.STATED if is_done else None,
        )
        for is_done in done
    )
    case = a_case(state=state, repair_code=repair, stopped_at=stopped, reaction=json_of(steps))
    left = left_to_do(case)
    assert (ToDo.REVERIFY in left) == (state is ContainmentState.OPEN)
    assert (ToDo.WINDOW in left) == (stopped is None)
    assert (ToDo.REACTION in left) == (not all(done))
    assert waits_for_reverification(case) == (ToDo.REVERIFY in left and repair is not None)


def test_the_miss_that_opened_a_case_is_its_first_presentation() -> None:
    """L10: a later one of the same step is kept beside it."""
    ledger = a_running_ledger()
    ledger.say("containment_opened", 82, **CONTAINMENT)
    case = ledger.the(ContainmentRecord, "line1-C-1")
    reader = cast("RecordReader", Known(ledger))
    missed = missed_in(reader, case)
    assert missed is not None
    assert (missed.run_id, missed.step, missed.attempt) == ("line1-R-1", 0, 1)
    assert missed_in(reader, replace(case, step=1)) is None
