"""What follows from a verdict and from the end of a run (L4, D4, D35), without a store."""

import operator
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.consequences import (
    Dated,
    consequences,
    decision,
    next_id,
)
from redrabbit.domain.control_plan import Check
from redrabbit.domain.facts.alarm import AlarmKind, AlarmRaised
from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.codec import decode, field_names, plain
from redrabbit.domain.facts.containment import (
    ContainmentOpened,
    ContainmentReverified,
)
from redrabbit.domain.facts.fact import Fact, Record, read_json
from redrabbit.domain.facts.occurrence import OccurrenceDecided, OccurrenceOutcome
from redrabbit.domain.facts.repair import RepairDisproved
from redrabbit.domain.facts.suspect_window import ContainmentWindowMoved
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.identity import (
    CheckId,
    ContainmentId,
    DeviceId,
    LineId,
    PartId,
    RunId,
    StationId,
)
from redrabbit.domain.ledger import JsonValue
from redrabbit.domain.record_query import Where
from redrabbit.domain.records import AlarmRecord, OccurrenceRecord, RunRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.run_words import Outcome
from redrabbit.domain.schedule import OnDemand
from redrabbit.domain.text import Text
from tests.domain.facts.test_containment import CONTAINMENT, counted
from tests.domain.folded import (
    AT,
    ISSUED,
    NAMES,
    RUN,
    VERDICT,
    FoldedLedger,
    a_ledger,
    a_running_ledger,
    at,
)

R = TypeVar("R", bound=Record)

CHECK = Check(
    id=CheckId("torque"),
    plan_line="10",
    pfmea="12.4 rev C",
    line=LineId("line1"),
    station=StationId("op20"),
    device=DeviceId("op20-torque"),
    parts=(PartId("RR-0001"),),
    schedule=OnDemand(),
    opens_before=timedelta(),
    grace=timedelta(minutes=20),
    closes_after=timedelta(hours=1),
    reaction=(Text(en="Stop the line", zh="停线"),),
    escalate_after_inconclusive=1,
)


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
    "in": lambda value, among: value in among,
}


class Known:
    """The records of a small ledger, as a command would find them."""

    def __init__(self, ledger: FoldedLedger) -> None:
        self._ledger = ledger
        self._given: Counter[tuple[type[Record], str]] = Counter()

    def get(self, kind: type[R], *key: str | int) -> R | None:
        return self._ledger.look(kind, *key)

    def find(self, kind: type[R], *where: Where, **how: Any) -> list[R]:
        known = [r for (k, _), r in self._ledger.records.items() if k is kind]
        meets = [
            r
            for r in known
            if all(OPERATORS[w.operator](getattr(r, w.field), w.value) for w in where)
        ]
        order = how.get("order_by")
        if order:
            meets.sort(key=lambda r: getattr(r, order), reverse=how.get("descending", False))
        return cast("list[R]", meets[: how.get("limit")])

    def next_number(self, kind: type[Record], stream: str) -> int:
        self._given[kind, stream] += 1
        return self._given[kind, stream]


def follow(
    ledger: FoldedLedger,
    event_type: str,
    seconds: float,
    values: Mapping[str, object],
    *,
    check: Check | None = CHECK,
) -> list[Fact]:
    """Append a fact and all that follows, as services do; return what followed."""
    ledger.say(event_type, seconds, **values)
    kind = BY_TYPE[event_type]
    fact: Any = decode(kind, {name: plain(values.get(name)) for name in field_names(kind)})
    return [following.fact for following in following_of(ledger, fact, at(seconds), check)]


def following_of(
    ledger: FoldedLedger, fact: Fact, when: datetime, check: Check | None
) -> list[Dated]:
    return list(consequences(fact, when, Known(ledger), check))


def kinds(facts: list[Fact]) -> list[str]:
    return [fact.TYPE for fact in facts]


def test_a_miss_fails_its_occurrence_opens_a_case_and_raises_an_alarm() -> None:
    """L4: nothing of it waits for a person."""
    missed = VERDICT | {"verdict": "missed"}
    decided, opened, raised = follow(a_running_ledger(), "verdict_reached", 82, missed)
    assert isinstance(decided, OccurrenceDecided)
    assert (decided.outcome, decided.reason_code, decided.run_id) == (
        "failed",
        "missed",
        "line1-R-1",
    )
    assert decided.reason_text is None
    assert isinstance(opened, ContainmentOpened)
    assert (opened.failure_mode, opened.window_from, opened.counter_to) == (
        "torque_low",
        None,
        1214,
    )
    assert (opened.quantity, opened.quantity_is_lower_bound) == (1214, True)
    assert [(step.en, step.done_at) for step in opened.reaction] == [("Stop the line", None)]
    assert isinstance(raised, AlarmRaised)
    assert (raised.kind, raised.part_id, raised.run_id) == (
        AlarmKind.MISSED,
        "RR-0001",
        "line1-R-1",
    )
    assert (opened.containment_id, raised.alarm_id) == ("line1-C-1", "line1-A-1")


@pytest.mark.parametrize("answer", [*AnswerBy, None])
def test_the_alarm_of_a_miss_tells_silence_from_acceptance(answer: AnswerBy | None) -> None:
    """F5: who reads the message need not open the run to know."""
    missed = VERDICT | {"verdict": "missed", "answer_kind": answer}
    raised = follow(a_running_ledger(), "verdict_reached", 82, missed)[-1]
    assert isinstance(raised, AlarmRaised)
    assert raised.answer_kind == answer
    unclear = VERDICT | {"verdict": "inconclusive", "verdict_reason": "stale"}
    (raised,) = follow(a_running_ledger(), "verdict_reached", 82, unclear | {"answer_kind": answer})
    assert isinstance(raised, AlarmRaised)
    assert raised.answer_kind is None


def test_case_and_alarm_keep_the_words_of_their_run() -> None:
    """D53: they are told as it was, whatever the plan calls things later."""
    missed = VERDICT | {"verdict": "missed", "variant": "LHD", "nest": "left"}
    facts = follow(a_running_ledger(), "verdict_reached", 82, missed)
    _, opened, raised = facts
    assert isinstance(opened, ContainmentOpened)
    assert isinstance(raised, AlarmRaised)
    names = decode(PlaceNames, NAMES)  # type: ignore[arg-type]  # plain values of a fact
    assert (opened.names, raised.names) == (names, names)
    assert opened.failure_mode_name == Text(en="Torque too low", zh="扭矩过低")
    assert (opened.variant, opened.nest) == ("LHD", "left")


def test_under_schema_1_nobody_knows_what_places_were_called() -> None:
    ledger = a_ledger()
    ledger.say("run_started", 60, **(RUN | {"names": None}))
    assert read_json(PlaceNames, ledger.the(RunRecord, "line1-R-1").names) is None


def test_numbers_count_on_each_line_by_itself() -> None:
    """D50."""
    known = Known(a_ledger())
    ids = [next_id(known, AlarmRecord, line) for line in ("line1", "line2", "line1")]
    assert ids == ["line1-A-1", "line2-A-1", "line1-A-2"]


def test_the_window_begins_at_the_last_good_check() -> None:
    """D5."""
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **VERDICT)
    ledger.say("run_started", 160, **(RUN | {"run_id": "line1-R-2"}))
    ledger.say("part_issued", 170, **(ISSUED | {"run_id": "line1-R-2"}))
    missed = VERDICT | {"run_id": "line1-R-2", "verdict": "missed", "counter": 1300}
    facts = follow(ledger, "verdict_reached", 182, missed)
    opened = next(fact for fact in facts if isinstance(fact, ContainmentOpened))
    assert (opened.window_from, opened.window_from_run, opened.counter_from) == (
        at(80),
        "line1-R-1",
        1214,
    )
    assert (opened.quantity, opened.quantity_is_lower_bound) == (86, True), "it has not ended yet"


def test_the_window_is_counted_from_the_presentation_of_the_last_good_check() -> None:
    """D34: what was made before its verdict was recorded is inside."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("part_issued", 70, **ISSUED)
    presented = AT | {"run_id": "line1-R-1", "step": 0, "attempt": 1, "presented_how": "edge"}
    ledger.say("part_presented", 80, **presented, count=counted(15))
    ledger.say("verdict_reached", 82, **(VERDICT | {"count": counted(16), "counter": 16}))
    ledger.say("run_started", 160, **(RUN | {"run_id": "line1-R-2"}))
    ledger.say("part_issued", 170, **(ISSUED | {"run_id": "line1-R-2"}))
    missed = VERDICT | {"run_id": "line1-R-2", "verdict": "missed", "counter": 62}
    after_a_reset = counted(1062, epoch=2) | {"value": 62}
    facts = follow(ledger, "verdict_reached", 182, missed | {"count": after_a_reset})
    opened = next(fact for fact in facts if isinstance(fact, ContainmentOpened))
    assert (opened.counter_from, opened.counter_to) == (15, 62)
    assert (opened.quantity, opened.quantity_is_lower_bound) == (1047, True), "F2"
    assert opened.count_from is not None
    assert opened.count_to is not None
    assert (opened.count_from.epoch, opened.count_to.epoch) == (1, 2)


def test_a_second_miss_opens_no_second_case_but_moves_the_window() -> None:
    """F1: what the device let through until then is inside."""
    ledger = a_running_ledger()
    ledger.say("containment_opened", 10, **CONTAINMENT)
    missed = VERDICT | {"verdict": "missed", "counter": 1240, "count": counted(1240)}
    facts = follow(ledger, "verdict_reached", 82, missed)
    assert kinds(facts) == ["occurrence_decided", "containment_window_moved", "alarm_raised"]
    moved = facts[1]
    assert isinstance(moved, ContainmentWindowMoved)
    assert (moved.why, moved.run_id, moved.counter_to) == ("later_miss", "line1-R-1", 1240)
    assert (moved.quantity, moved.quantity_is_lower_bound) == (240, True)


LEFT, RIGHT = ({"nest": nest, "sources": {"nest": "signal"}} for nest in ("left", "right"))


def test_a_miss_in_another_nest_opens_a_case_of_its_own() -> None:
    """D36: the dimensions of a verdict are device, variant and nest."""
    ledger = a_running_ledger()
    ledger.say("containment_opened", 10, **(CONTAINMENT | {"nest": "left"}))
    missed = VERDICT | {"verdict": "missed", "counter": 1240, "count": counted(1240)}
    facts = follow(ledger, "verdict_reached", 82, missed | RIGHT)
    (opened,) = (fact for fact in facts if isinstance(fact, ContainmentOpened))
    assert (opened.nest, opened.window_from, opened.quantity) == ("right", None, 1240)
    assert not any(isinstance(fact, ContainmentWindowMoved) for fact in facts)


def test_a_window_counts_its_own_nest_and_what_is_not_known() -> None:
    ledger = a_running_ledger()
    known = [{"variant": None, "nest": nest, "made": n} for nest, n in (("left", 40), ("right", 9))]
    count = counted(100) | {"known": known}
    missed = VERDICT | {"verdict": "missed", "counter": 100, "count": count}
    facts = follow(ledger, "verdict_reached", 82, missed | RIGHT)
    (opened,) = (fact for fact in facts if isinstance(fact, ContainmentOpened))
    assert (opened.quantity, opened.quantity_unknown) == (60, 51)


@pytest.mark.parametrize(("told", "proves"), [(LEFT, True), (RIGHT, False), ({}, True)])
def test_only_its_own_nest_verifies_a_case_again(told: dict[str, object], proves: bool) -> None:
    """L4: where no nest is told, there is one."""
    ledger = a_ledger()
    ledger.say("containment_opened", 10, **(CONTAINMENT | {"nest": "left"}))
    ledger.say("repair_recorded", 20, **REPAIRED)
    ledger.say("run_started", 60, **(RUN | AGAIN))
    ledger.say("part_issued", 70, **ISSUED)
    ledger.say("verdict_reached", 82, **(VERDICT | told))
    facts = follow(ledger, "run_closed", 99, CLOSED)
    assert any(isinstance(fact, ContainmentReverified) for fact in facts) is proves


ENDED: dict[str, object] = {
    "containment_id": "line1-C-1",
    "window_end": "stop",
    "counter_to": 1214,
    "count_to": counted(1214),
    "quantity": 214,
    "quantity_is_lower_bound": False,
}


def test_a_later_miss_that_counts_no_further_leaves_the_end_where_it_is() -> None:
    ledger = a_running_ledger()
    ledger.say("containment_opened", 10, **CONTAINMENT)
    ledger.say("containment_stopped", 20, **ENDED)
    missed = VERDICT | {"verdict": "missed", "count": counted(1214)}
    facts = follow(ledger, "verdict_reached", 82, missed)
    assert kinds(facts) == ["occurrence_decided", "alarm_raised"]


def test_a_count_told_after_the_stop_opens_the_window_again() -> None:
    """D34: more was made than challenge parts were shown."""
    ledger = a_running_ledger()
    ledger.say("containment_opened", 10, **CONTAINMENT)
    ledger.say("containment_stopped", 20, **ENDED)
    told = {"station": "op20", "why": "counted_on", "count": counted(1220)}
    (moved,) = follow(ledger, "parts_counted", 82, told)
    assert isinstance(moved, ContainmentWindowMoved)
    assert (moved.why, moved.opens_again, moved.quantity) == ("counted_on", True, 220)
    assert follow(ledger, "parts_counted", 83, told | {"count": counted(1214)}) == []


def test_a_false_reject_fails_the_occurrence_without_a_case() -> None:
    """D4: no suspect window."""
    facts = follow(a_running_ledger(), "verdict_reached", 82, VERDICT | {"verdict": "false_reject"})
    assert kinds(facts) == ["occurrence_decided", "alarm_raised"]


def test_an_inconclusive_verdict_decides_nothing() -> None:
    """D4: the occurrence stays open."""
    unclear = VERDICT | {"verdict": "inconclusive", "verdict_reason": "stale"}
    facts = follow(a_running_ledger(), "verdict_reached", 82, unclear)
    assert kinds(facts) == ["alarm_raised"]


def test_a_good_verdict_and_one_kept_beside_have_no_consequence() -> None:
    """L10."""
    assert follow(a_running_ledger(), "verdict_reached", 82, VERDICT) == []
    beside = VERDICT | {"verdict": "missed", "decides": False}
    assert follow(a_running_ledger(), "verdict_reached", 82, beside) == []


def test_a_verdict_after_all_that_the_run_may_hold_comes_after_the_lapse() -> None:
    """D9: dated at the close, whoever writes it."""
    ledger = a_running_ledger()
    ledger.say("agent_started", -1000, agent_id=1, software="test")
    run = ledger.the(RunRecord, "line1-R-1")
    late = decision(run, at(9999), OccurrenceOutcome.PASSED, None, Known(ledger))
    assert late is not None
    assert isinstance(late.fact, OccurrenceDecided)
    assert (late.fact.outcome, late.fact.reason_code, late.at) == (
        "lapsed",
        "not_done",
        at(3600),
    )


def test_what_lapses_at_a_run_s_late_end_is_nobody_s_omission_if_nobody_watched() -> None:
    """R12, C3."""
    ledger = a_running_ledger()
    ledger.say("agent_started", -1000, agent_id=1, software="test")
    ledger.say_on("plant", "not_watched", 3700, begins_at=at(3500), ends_at=at(3700), why="frozen")
    run = ledger.the(RunRecord, "line1-R-1")
    late = decision(run, at(9999), OccurrenceOutcome.PASSED, None, Known(ledger))
    assert late is not None
    assert isinstance(late.fact, OccurrenceDecided)
    assert (late.fact.reason_code, late.at) == ("not_watching", at(3600))


@pytest.mark.parametrize(
    "changed",
    [{"occurrence_id": None}, {"occurrence_id": "line1-O-77"}, {"run_id": "line1-R-5"}],
    ids=["on demand", "gone", "held by another run"],
)
def test_a_run_decides_only_the_occurrence_that_it_holds(changed: dict[str, Any]) -> None:
    ledger = a_running_ledger()
    run = replace(ledger.the(RunRecord, "line1-R-1"), **changed)
    assert decision(run, at(90), OccurrenceOutcome.PASSED, None, Known(ledger)) is None


def test_an_occurrence_is_decided_once() -> None:
    """L7."""
    ledger = a_running_ledger()
    excused = OccurrenceOutcome.EXCUSED
    decided = replace(ledger.the(OccurrenceRecord, "line1-O-1"), outcome=excused)
    ledger.records[OccurrenceRecord, ("line1-O-1",)] = decided
    facts = follow(ledger, "verdict_reached", 82, VERDICT | {"verdict": "missed"})
    assert kinds(facts) == ["containment_opened", "alarm_raised"]


CLOSED: dict[str, object] = {"run_id": "line1-R-1", "outcome": "passed", "confirmed": True}


REPAIRED: dict[str, object] = {"containment_id": "line1-C-1", "repair_code": "lens_cleaned"}
AGAIN = {"purpose": "reverification", "containment_id": "line1-C-1", "occurrence_id": None}


def a_ledger_with_a_case() -> FoldedLedger:
    ledger = a_ledger()
    ledger.say("containment_opened", 10, **CONTAINMENT)
    return ledger


def test_a_passing_reverification_after_a_repair_ends_the_miss_and_closes_nothing() -> None:
    """D35: a person closes the case."""
    ledger = a_ledger_with_a_case()
    ledger.say("repair_recorded", 20, **REPAIRED)
    ledger.say("run_started", 60, **(RUN | AGAIN))
    ledger.say("part_issued", 70, **ISSUED)
    ledger.say("verdict_reached", 82, **VERDICT)
    facts = follow(ledger, "run_closed", 99, CLOSED)
    assert facts == [
        ContainmentReverified(containment_id=ContainmentId("line1-C-1"), run_id=RunId("line1-R-1"))
    ]
    reverified = {"containment_id": "line1-C-1", "run_id": "line1-R-1"}
    moved = follow(ledger, "containment_reverified", 99, reverified)
    assert kinds(moved) == ["containment_window_moved"]
    done: dict[str, JsonValue] = {
        "en": "Stop",
        "zh": "停",
        "done_at": "2026-03-02T06:01:00.000000Z",
        "done_by": "name:li",
        "done_how": "stated",
    }
    ticked = {"containment_id": "line1-C-1", "step": 0, "reaction": [done]}
    assert follow(ledger, "reaction_changed", 120, ticked) == []


def test_a_passing_reverification_without_a_repair_does_not_count() -> None:
    """D35: one that an earlier version let begin."""
    ledger = a_ledger_with_a_case()
    ledger.say("run_started", 60, **(RUN | AGAIN))
    assert follow(ledger, "run_closed", 99, CLOSED) == []


def test_a_miss_after_a_repair_tells_that_it_did_not_help() -> None:
    """D35: the next re-verification needs another one."""
    ledger = a_running_ledger()
    ledger.say("containment_opened", 10, **CONTAINMENT)
    ledger.say("repair_recorded", 20, **REPAIRED)
    facts = follow(ledger, "verdict_reached", 82, VERDICT | {"verdict": "missed"})
    assert kinds(facts) == [
        "occurrence_decided",
        "repair_disproved",
        "containment_window_moved",
        "alarm_raised",
    ]
    assert facts[1] == RepairDisproved(
        containment_id=ContainmentId("line1-C-1"),
        run_id=RunId("line1-R-1"),
        repair_code=RepairCode.LENS_CLEANED,
    )


REVERIFIED = {"containment_id": "line1-C-1", "run_id": "line1-R-1"}


def a_reverified_ledger(ended: bool) -> FoldedLedger:
    """Return one whose case was verified again at a count of 1230."""
    ledger = a_ledger_with_a_case()
    ledger.say("repair_recorded", 15, **REPAIRED)
    if ended:
        ledger.say("containment_stopped", 20, **ENDED)
    ledger.say("run_started", 60, **(RUN | AGAIN))
    ledger.say("part_issued", 70, **ISSUED)
    ledger.say(
        "part_presented", 80, **AT, run_id="line1-R-1", step=0, attempt=1, presented_how="edge"
    )
    ledger.say("verdict_reached", 82, **(VERDICT | {"count": counted(1230)}))
    return ledger


@pytest.mark.parametrize("ended", [False, True], ids=["still open", "stopped before"])
def test_a_passing_reverification_ends_the_miss_and_moves_the_window(ended: bool) -> None:
    """B24, D34: it reaches as far as the device was proved again."""
    ledger = a_reverified_ledger(ended)
    facts = follow(ledger, "run_closed", 99, CLOSED)
    assert facts == [
        ContainmentReverified(containment_id=ContainmentId("line1-C-1"), run_id=RunId("line1-R-1"))
    ]
    values = {name: plain(REVERIFIED.get(name)) for name in REVERIFIED}
    ledger.say("containment_reverified", 99, **values)
    fact: Any = decode(ContainmentReverified, values)
    (moved,) = following_of(ledger, fact, at(99), CHECK)
    assert isinstance(moved.fact, ContainmentWindowMoved)
    assert (moved.fact.why, moved.fact.counter_to, moved.at) == ("reverification", 1230, at(82))
    assert (moved.fact.quantity, moved.fact.quantity_is_lower_bound) == (230, not ended)


def test_a_reverification_whose_proof_counts_no_further_moves_nothing() -> None:
    ledger = a_ledger_with_a_case()
    ledger.say("run_started", 60, **(RUN | AGAIN))
    assert follow(ledger, "containment_reverified", 99, REVERIFIED) == [], "without its proof"
    ledger = a_reverified_ledger(ended=False)
    still = ENDED | {"count_to": counted(1230)}
    ledger.say("containment_stopped", 90, **still)
    assert follow(ledger, "containment_reverified", 99, REVERIFIED) == []


def test_a_reverification_of_a_case_that_is_not_open_changes_nothing() -> None:
    ledger = a_ledger()
    again = {"purpose": "reverification", "containment_id": "line1-C-8", "occurrence_id": None}
    ledger.say("run_started", 60, **(RUN | again))
    assert follow(ledger, "run_closed", 99, CLOSED) == []


def test_nobody_shops_around_a_miss() -> None:
    """D4: after so many inconclusive runs of one occurrence the quality engineer is told."""
    (raised,) = follow(a_running_ledger(), "run_closed", 99, CLOSED | {"outcome": "inconclusive"})
    assert isinstance(raised, AlarmRaised)
    assert (raised.kind, raised.occurrence_id) == (
        AlarmKind.INCONCLUSIVE_AGAIN,
        "line1-O-1",
    )


@given(st.lists(st.sampled_from(Outcome), max_size=14), st.booleans())
def test_a_check_that_is_run_again_and_again_without_a_verdict_is_told(
    outcomes: list[Outcome], planned: bool
) -> None:
    """D4: given up or inconclusive, on demand or not, each time that so many more are in a row."""
    ledger = a_ledger()
    in_a_row = 0
    for number, outcome in enumerate(outcomes, start=1):
        about = {"run_id": f"line1-R-{number}", "occurrence_id": None}
        ledger.say("run_started", 100 * number, **(RUN | about))
        closed = {"run_id": about["run_id"], "outcome": outcome, "confirmed": False}
        check = CHECK if planned else None
        told = follow(ledger, "run_closed", 100 * number + 50, closed, check=check)
        in_a_row = 0 if outcome in {"passed", "failed"} else in_a_row + 1
        if in_a_row in {3, 6, 9, 12}:
            (raised,) = told
            assert isinstance(raised, AlarmRaised)
            assert (raised.kind, raised.run_id) == ("no_verdict_again", about["run_id"])
            assert raised.runs_without_verdict == in_a_row
        else:
            assert told == []


def test_a_run_that_passed_leaves_its_decided_occurrence_alone() -> None:
    assert follow(a_running_ledger(), "run_closed", 99, CLOSED) == []


def test_fewer_inconclusive_runs_than_that_tell_nobody() -> None:
    patient = replace(CHECK, escalate_after_inconclusive=3)
    unclear = CLOSED | {"outcome": "inconclusive"}
    assert follow(a_running_ledger(), "run_closed", 99, unclear, check=patient) == []
    ledger = a_running_ledger()
    excused = replace(ledger.the(OccurrenceRecord, "line1-O-1"), outcome=OccurrenceOutcome.EXCUSED)
    ledger.records[OccurrenceRecord, ("line1-O-1",)] = excused
    assert follow(ledger, "run_closed", 99, unclear) == []


def test_a_run_of_a_check_that_the_plan_no_longer_has_escalates_nothing() -> None:
    unclear = CLOSED | {"outcome": "inconclusive"}
    assert follow(a_running_ledger(), "run_closed", 99, unclear, check=None) == []


def test_most_facts_have_no_consequence() -> None:
    assert follow(a_ledger(), "check_retired", 99, {"check_id": "torque"}) == []
