"""Operators against a tiny stand-in for the product's run, which knows only the order of acts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulators.device import Device, Part
from simulators.line import StationModel, What, World
from simulators.line_operator import (
    BY_HAND,
    NEXT_PART,
    Act,
    Action,
    Asks,
    DueCheck,
    HumanFault,
    LineOperator,
    Prompt,
    RunShown,
    do_by_hand,
)

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
CHECK = DueCheck(check_id="torque", occurrence_id="l-O-1")


class StandIn:
    """One check of two parts, moved along as the product would, without judging anything."""

    def __init__(
        self,
        fault: HumanFault,
        *,
        wants_tap: bool = False,
        wants_start: bool = False,
        places: tuple[int, ...] = (),
    ) -> None:
        device = Device(
            id="d", within_s=2.0, answer_s=1.0, reject_codes={"low": 1}, prevents=wants_start
        )
        model = StationModel(
            id="op10", line="l", device=device, signals=frozenset({"part_present"}), cycle_s=5.0,
            places=places,
        )  # fmt: skip
        parts = [Part(code="GM-1", failure_mode=None), Part(code="RR-1", failure_mode="low")]
        self.world = World([model], parts, starts_at=START, seed=1)
        self.operator = LineOperator(
            "anna", seed=1, wrong_code="RR-9", fault_for=lambda _check: fault
        )
        self.wants_tap = wants_tap
        self.wants_start = wants_start
        self.places = places
        self.due: tuple[DueCheck, ...] = (CHECK,)
        self.run: RunShown | None = None
        self.to_present = ["GM-1", "RR-1"]
        self.acts: list[Act] = []
        self.refused: list[Action] = []
        self.told: list[object] = []
        self.given_back_at: list[datetime] = []

    def play(self, seconds: float = 3000.0) -> list[Act]:
        """Let the operator act until nothing more happens or the time is over."""
        end_at = START + timedelta(seconds=seconds)
        while self.world.now < end_at:
            self._see()
            action = self.operator.next_action(Prompt(due=self.due, run=self.run))
            if action is None:
                self.world.advance(self.world.now + timedelta(seconds=1))
                continue
            self.world.advance(self.world.now + timedelta(seconds=action.after_s))
            self._do(action)
        return self.acts

    def _see(self) -> None:
        run = self.run
        if run is None or self.world.part_inside("op10") != run.part:
            return
        answered = self.world.facts("op10", What.ACCEPTED, What.REJECTED)
        if run.asks in {Asks.ARMED, Asks.PRESENTED} and len(answered) == 2 - len(self.to_present):
            self.run = replace(run, asks=Asks.AWAITING_RETURN)

    def _do(self, action: Action) -> None:
        self.acts.append(action.act)
        if action.act in BY_HAND:
            busy_s = do_by_hand(action, self.world, "op10")
            self.world.advance(self.world.now + timedelta(seconds=busy_s))
            self.operator.did(action)
            return
        refused = self._say(action)
        if refused:
            self.refused.append(action)
        self.operator.did(action, refused=refused)

    def _say(self, action: Action) -> bool:
        run = self.run
        if action.act is Act.START:
            self.due = ()
            self._next_part()
            return False
        assert run is not None
        if action.act is Act.TELL:
            self.told.append(action.place)
            return False
        if action.act in {Act.SCAN, Act.GIVE_BACK} and action.code != run.part:
            return True
        match action.act, run.asks:
            case Act.SCAN, Asks.AWAITING_PART:
                self.run = replace(run, asks=Asks.ARMED)
            case Act.TAP, Asks.ARMED:
                self.run = replace(run, asks=Asks.PRESENTED)
            case Act.GIVE_BACK, Asks.AWAITING_RETURN:
                self.given_back_at.append(self.world.now)
                self._next_part()
            case Act.ABORT, Asks.ARMED:
                self.to_present.clear()
                self.run = replace(run, asks=Asks.AWAITING_RETURN)
            case Act.CONFIRM, Asks.AWAITING_CONFIRMATION:
                self.run = None
            case _:
                return True
        return False

    def _next_part(self) -> None:
        asks = Asks.AWAITING_PART if self.to_present else Asks.AWAITING_CONFIRMATION
        self.run = RunShown(
            run_id="l-R-1",
            check_id="torque",
            asks=asks,
            part=self.to_present.pop(0) if self.to_present else "",
            wants_tap=self.wants_tap,
            wants_start=self.wants_start,
            places=self.places,
            place_told="nest" if self.places else None,
        )


ONE_STEP = [Act.SCAN, Act.PUT_IN, Act.TAKE_OUT, Act.GIVE_BACK]


def test_an_operator_does_a_check_from_start_to_confirmation() -> None:
    acts = StandIn(HumanFault.NONE).play()
    assert acts == [Act.START, Act.HOLD, *ONE_STEP, *ONE_STEP, Act.CONFIRM, Act.RELEASE]


def test_who_verifies_after_a_miss_says_first_what_was_repaired() -> None:
    operator = LineOperator("anna", seed=1, wrong_code="RR-9")
    case = DueCheck(
        check_id="torque", occurrence_id=None, containment_id="l-C-1", needs_repair=True
    )
    action = operator.next_action(Prompt(due=(case,)))
    assert action is not None
    assert (action.act, action.containment_id) == (Act.REPAIR, "l-C-1")
    operator.did(action)
    repaired = operator.next_action(Prompt(due=(replace(case, needs_repair=False),)))
    assert repaired is not None
    assert repaired.act is Act.START
    operator.did(action, refused=True)
    assert operator.next_action(Prompt(due=(case,))) is None


def test_where_the_station_is_blind_to_parts_the_operator_taps_before_putting_in() -> None:
    acts = StandIn(HumanFault.NONE, wants_tap=True).play()
    step = [Act.SCAN, Act.TAP, Act.PUT_IN, Act.TAKE_OUT, Act.GIVE_BACK]
    assert acts == [Act.START, Act.HOLD, *step, *step, Act.CONFIRM, Act.RELEASE]


def test_where_a_cycle_must_be_demanded_the_operator_presses_start() -> None:
    acts = StandIn(HumanFault.NONE, wants_start=True).play()
    step = [Act.SCAN, Act.PUT_IN, Act.PRESS, Act.TAKE_OUT, Act.GIVE_BACK]
    assert acts == [Act.START, Act.HOLD, *step, *step, Act.CONFIRM, Act.RELEASE]


@pytest.mark.parametrize(
    ("fault", "as_told"), [(HumanFault.NONE, True), (HumanFault.PUTS_IN_ANOTHER_PLACE, False)]
)
def test_where_parts_lie_in_nests_the_operator_says_which_and_puts_it_there(
    fault: HumanFault, *, as_told: bool
) -> None:
    story = StandIn(fault, places=(1, 2, 3, 4))
    acts = story.play()
    step = [Act.TELL, *ONE_STEP]
    assert acts == [Act.START, Act.HOLD, *step, *step, Act.CONFIRM, Act.RELEASE]
    lain = [fact.place for fact in story.world.facts("op10", What.PUT_IN)]
    assert [place == told for place, told in zip(lain, story.told, strict=True)] == [as_told] * 2


def test_who_never_presses_start_waits_for_the_software() -> None:
    acts = StandIn(HumanFault.NEVER_STARTS, wants_start=True).play()
    assert acts == [Act.START, Act.HOLD, Act.SCAN, Act.PUT_IN]


def test_who_forgets_does_nothing() -> None:
    assert StandIn(HumanFault.FORGETS).play() == []


def test_a_wrong_scan_is_refused_and_put_right() -> None:
    story = StandIn(HumanFault.SCANS_WRONG_PART)
    acts = story.play()
    assert [action.code for action in story.refused] == ["RR-9"]
    assert acts[-2:] == [Act.CONFIRM, Act.RELEASE]


def test_a_second_scan_is_refused_and_does_no_harm() -> None:
    story = StandIn(HumanFault.SCANS_TWICE)
    assert story.play()[-2:] == [Act.CONFIRM, Act.RELEASE]
    assert [action.act for action in story.refused] == [Act.SCAN]


def test_who_aborts_brings_the_part_back() -> None:
    acts = StandIn(HumanFault.ABORTS).play()
    assert acts == [
        Act.START,
        Act.HOLD,
        Act.SCAN,
        Act.ABORT,
        Act.GIVE_BACK,
        Act.CONFIRM,
        Act.RELEASE,
    ]


def test_who_never_puts_the_part_in_waits_for_the_software() -> None:
    story = StandIn(HumanFault.NEVER_PUTS_IN)
    assert story.play() == [Act.START, Act.HOLD, Act.SCAN]
    assert story.world.facts("op10", What.PUT_IN) == []


@pytest.mark.parametrize("wants_tap", [False, True])
@pytest.mark.parametrize(
    ("fault", "put_in"),
    [
        (HumanFault.PUTS_IN_WRONG_PART, "RR-9"),
        (HumanFault.LEAVES_IT_IN_THE_DRAWER, NEXT_PART),
    ],
)
def test_another_part_than_the_scanned_one_can_come(
    fault: HumanFault, put_in: str, wants_tap: bool
) -> None:
    story = StandIn(fault, wants_tap=wants_tap)
    story.play()
    assert {fact.part for fact in story.world.facts("op10", What.PUT_IN)} == {put_in}


def test_a_foreign_part_can_come_before_the_right_one() -> None:
    story = StandIn(HumanFault.FOREIGN_PART_FIRST)
    story.play()
    put_in = [fact.part for fact in story.world.facts("op10", What.PUT_IN)]
    assert put_in[0] == NEXT_PART
    assert NEXT_PART not in put_in[1:]


@pytest.mark.parametrize("fault", [HumanFault.WALKS_AWAY, HumanFault.GIVES_BACK_LATE])
def test_who_is_away_brings_the_part_back_much_later(fault: HumanFault) -> None:
    story = StandIn(fault)
    assert story.play(6000.0)[-2:] == [Act.CONFIRM, Act.RELEASE]
    (answered, _) = story.world.facts("op10", What.ACCEPTED, What.REJECTED)
    assert story.given_back_at[0] - answered.at > timedelta(seconds=1000)
    assert story.given_back_at[1] - story.given_back_at[0] < timedelta(seconds=60)


def test_who_lets_the_part_go_finds_it_again() -> None:
    story = StandIn(HumanFault.LETS_GO)
    acts = story.play()
    assert [fact.part for fact in story.world.facts("op10", What.LET_GO)] == ["GM-1"]
    assert acts[-2:] == [Act.CONFIRM, Act.RELEASE]


def test_a_part_that_is_refused_twice_is_given_up() -> None:
    operator = LineOperator("anna", seed=1, wrong_code="RR-9")
    shown = RunShown(
        run_id="l-R-1", check_id="torque", asks=Asks.AWAITING_PART, part="RR-1", wants_tap=False,
    )  # fmt: skip
    acts = []
    for _ in range(4):
        action = operator.next_action(Prompt(run=shown))
        assert action is not None
        acts.append(action.act)
        operator.did(action, refused=action.act is Act.SCAN)
    assert acts == [Act.HOLD, Act.SCAN, Act.SCAN, Act.ABORT]


def test_a_refused_start_is_not_tried_again() -> None:
    operator = LineOperator("anna", seed=1, wrong_code="RR-9")
    start = operator.next_action(Prompt(due=(CHECK,)))
    assert start is not None
    operator.did(start, refused=True)
    assert operator.next_action(Prompt(due=(CHECK,))) is None
    other = replace(CHECK, occurrence_id="l-O-2")
    assert operator.next_action(Prompt(due=(CHECK, other))) is not None


def test_the_same_seed_takes_the_same_time() -> None:
    times = []
    for _ in range(2):
        operator = LineOperator("anna", seed=5, wrong_code="RR-9", pace=0.2)
        action = operator.next_action(Prompt(due=(CHECK,)))
        assert action is not None
        times.append(action.after_s)
    assert times[0] == times[1]
    assert 0 < times[0] < 1


def test_what_is_said_to_the_software_is_not_done_by_hand() -> None:
    story = StandIn(HumanFault.NONE)
    with pytest.raises(ValueError, match="not done by hand"):
        do_by_hand(Action(act=Act.SCAN, after_s=0), story.world, "op10")
