"""What the operator tells of a part, and the nest or pallet by which it is known (D29, D33)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.grade import KnownBy
from redrabbit.domain.grading import known_by
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.part_told import (
    asked_of,
    came_there,
    left_place,
    not_told,
    places_of,
    same_place,
    stands_there,
    with_told,
)
from redrabbit.domain.rule import Increases
from redrabbit.domain.run import Effect, PartPresented, PartTold, VerdictReached
from redrabbit.domain.run_words import Presented, RunState, Verdict
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from tests.builders import (
    BY_EDGE,
    BY_TAP,
    COUNT,
    IDLE,
    OTHER_RABBIT,
    PRESENT,
    RABBIT,
    T0,
    Story,
    a_rule,
    a_run,
    an_acquisition,
    an_expectation,
    kinds,
)

NEST, PALLET = SignalName("nest"), SignalName("pallet")
BY_NEST = Asked(by=Source.TAP, values=("1", "2", "3", "4"))
BY_SCAN = Asked(by=Source.SCAN)
TABLE = StationSays(nest=NEST, asked={SaidOf.NEST: BY_NEST})
LEFT_OR_RIGHT = Asked(by=Source.TAP, values=("left", "right"))


class Table(Story):
    """The story of a rabbit at a station that tells where the part before it stands."""

    def __init__(self, says: StationSays = TABLE, *, messages: bool = False, **idle: Value) -> None:
        self.covers = frozenset({*IDLE, NEST, PALLET})
        expectation = replace(
            an_expectation(BY_EDGE, messages=messages),
            expires_s=dict.fromkeys(self.covers, 2.0),
            asked=asked_of(says, BY_EDGE),
            places=places_of(says, BY_EDGE),
        )
        super().__init__(a_run(expectation, expectation), **({"nest": 1, "pallet": "P-1", **idle}))

    def read(self, seconds: float, **told: Value | None) -> tuple[Effect, ...]:
        """One poll of all signals; None is what can't be read."""
        changes: dict[SignalName, Value | Reason] = {
            SignalName(name): Reason.BAD_QUALITY if value is None else value
            for name, value in told.items()
            if (known := self.readings.get(SignalName(name))) is None or known.value != value
        }
        return self.observe(an_acquisition(seconds, changes, covers=self.covers))

    def take(self, nest: str = "3") -> None:
        """The operator taps the nest, and scans the part."""
        self.tell(0.5, "nest", nest)
        self.scan(1)


def presented(effects: tuple[Effect, ...]) -> list[Presented]:
    """Return how the part was presented, if it was."""
    return [e.how for e in effects if isinstance(e, PartPresented)]


# What is asked ------------------------------------------------------------------------------------


def test_a_place_is_asked_only_where_the_part_is_known_by_it() -> None:
    says = replace(TABLE, asked={SaidOf.NEST: BY_NEST, SaidOf.VARIANT: LEFT_OR_RIGHT})
    assert places_of(says, BY_EDGE) == {SaidOf.NEST: NEST}
    assert set(asked_of(says, BY_EDGE)) == {SaidOf.NEST, SaidOf.VARIANT}
    for rule in (BY_TAP, a_rule()):
        assert places_of(says, rule) == {}
        assert set(asked_of(says, rule)) == {SaidOf.VARIANT}


def test_a_nest_that_only_the_operator_tells_is_asked_and_proves_nothing() -> None:
    says = StationSays(asked={SaidOf.NEST: BY_NEST})
    assert (places_of(says, BY_EDGE), set(asked_of(says, BY_EDGE))) == ({}, {SaidOf.NEST})


def test_what_is_not_told_is_asked_in_one_order() -> None:
    asked = (SaidOf.PALLET, SaidOf.SERIAL, SaidOf.VARIANT)
    assert not_told(asked, {SaidOf.VARIANT: "left"}) == (SaidOf.SERIAL, SaidOf.PALLET)
    assert not_told((), {}) == ()


@pytest.mark.parametrize(
    ("of", "value", "code"),
    [
        pytest.param("serial", "S-1", "not_asked", id="nobody asks for it"),
        pytest.param("colour", "red", "not_asked", id="nobody knows it"),
        pytest.param("variant", "middle", "no_such_choice", id="no button says so"),
        pytest.param("pallet", OTHER_RABBIT, "label_of_a_part", id="a part's label"),
    ],
)
def test_what_can_not_be_told_is_refused(of: str, value: str, code: str) -> None:
    asked = {SaidOf.VARIANT: LEFT_OR_RIGHT, SaidOf.PALLET: BY_SCAN}
    with pytest.raises(Refusal) as refused:
        with_told(asked, {}, of, value, {RABBIT, OTHER_RABBIT})
    assert (refused.value.code, refused.value.params["what"]) == (code, of)


def test_what_is_told_again_counts() -> None:
    asked = {SaidOf.VARIANT: LEFT_OR_RIGHT}
    first = with_told(asked, {}, "variant", "left", ())
    assert with_told(asked, first, "variant", "right", ()) == {SaidOf.VARIANT: "right"}


@pytest.mark.parametrize(
    ("value", "told", "same"),
    [
        (3, "3", True),
        (3, "03", True),
        (3.0, "3", True),
        (3, "4", False),
        (3, "P-3", False),
        (" P-3 ", "P-3", True),
        ("P-3", "p-3", False),
        (True, "1", False),
        (3, None, False),
    ],
)
def test_a_place_is_the_one_that_was_told(value: Value, told: str | None, same: bool) -> None:
    assert same_place(value, told) is same


PLACES = {SaidOf.PALLET: PALLET, SaidOf.NEST: NEST}
TOLD = {SaidOf.PALLET: "P-1", SaidOf.NEST: "3"}


@pytest.mark.parametrize(
    ("known", "there"),
    [
        ({PALLET: "P-1", NEST: 3}, True),
        ({PALLET: "P-1", NEST: 2}, False),
        ({PALLET: "P-2"}, False),
        ({PALLET: "P-1"}, None),
        ({}, None),
    ],
)
def test_it_stands_there_if_all_that_tells_where_says_so(
    known: Mapping[SignalName, Value], there: bool | None
) -> None:
    assert stands_there(PLACES, TOLD, known) is there


@pytest.mark.parametrize(
    ("before", "after", "came"),
    [
        pytest.param((False, 2), (True, 3), True, id="a part came"),
        pytest.param((False, 3), (True, 3), True, id="where its nest was told already"),
        pytest.param((True, 2), (True, 3), True, id="the table turned below it"),
        pytest.param((True, 3), (True, 3), False, id="it stood there"),
        pytest.param((False, 2), (True, 4), False, id="in another nest"),
        pytest.param((False, 2), (False, 3), False, id="an empty nest"),
        pytest.param((True, None), (True, 3), False, id="nobody knows where it stood"),
        pytest.param((None, 2), (True, 3), True, id="it may have stood there, in another nest"),
    ],
)
def test_it_came_where_a_part_and_its_place_come_together(
    before: tuple[bool | None, int | None], after: tuple[bool | None, int | None], came: bool
) -> None:
    one, other = (
        {
            **({} if present is None else {PRESENT: present}),
            **({} if nest is None else {NEST: nest}),
        }
        for present, nest in (before, after)
    )
    assert BY_EDGE.presented is not None
    places, told = {SaidOf.NEST: NEST}, {SaidOf.NEST: "3"}
    assert came_there(BY_EDGE.presented, places, told, one, other) is came


def test_a_part_that_is_counted_comes_with_its_count() -> None:
    counted, places, told = Increases(signal=COUNT), {SaidOf.NEST: NEST}, {SaidOf.NEST: "3"}
    assert came_there(counted, places, told, {COUNT: 5, NEST: 2}, {COUNT: 6, NEST: 3})
    assert not came_there(counted, places, told, {COUNT: 5, NEST: 2}, {COUNT: 5, NEST: 3})


def test_it_has_left_where_a_reading_of_now_does_not_show_it_there() -> None:
    places, told = {SaidOf.NEST: NEST}, {SaidOf.NEST: "3"}
    covers = frozenset({NEST})

    def left(known: Mapping[SignalName, Value], **more: Any) -> bool:
        return left_place(places, told, an_acquisition(1, covers=covers, **more), known)

    assert left({NEST: 4})
    assert left({})
    assert not left({NEST: 3})
    assert not left({NEST: 4}, fresh=False)
    assert not left({}, failure=Reason.TIMEOUT)
    assert not left_place(places, told, an_acquisition(1), {NEST: 4})


# A run ---------------------------------------------------------------------------------------------


def test_the_part_is_taken_only_once_all_is_told() -> None:
    """D33: the run says what is missing, and waits."""
    story = Table()
    with pytest.raises(Refusal) as refused:
        story.scan(0.2)
    assert (refused.value.code, refused.value.params) == ("not_told", {"what": "nest"})
    assert story.run.state is RunState.AWAITING_PART

    (told,) = story.tell(0.5, "nest", "3")
    assert isinstance(told, PartTold)
    assert (told.of, told.value, told.by, told.step) == (SaidOf.NEST, "3", Source.TAP, 0)
    assert kinds(story.scan(1)) == ["PartIssued"]
    with pytest.raises(Refusal):
        story.tell(1.5, "nest", "4")


def test_a_part_in_another_nest_is_passed_over_and_ours_is_known_by_its_nest() -> None:
    story = Table()
    story.take()
    assert presented(story.read(3, part_present=True, nest=2)) == []
    story.read(3.5, rejected=True)
    story.read(4, part_present=False, rejected=False)

    assert presented(story.read(5, part_present=True, nest=3)) == [Presented.NEST]
    story.read(6, rejected=True)
    assert story.verdict == "detected"
    (reached,) = (e for e in story.effects if isinstance(e, VerdictReached))
    assert known_by(reached.evidence) is KnownBy.NEST


def test_the_pallet_names_it_where_both_are_told() -> None:
    asked = {SaidOf.PALLET: BY_SCAN, SaidOf.NEST: BY_NEST}
    story = Table(StationSays(nest=NEST, pallet=PALLET, asked=asked))
    story.tell(0.5, "nest", "3")
    story.tell(0.6, "pallet", "P-7")
    story.scan(1)
    assert presented(story.read(3, part_present=True, nest=3)) == []
    story.read(4, part_present=False)
    how = presented(story.read(5, part_present=True, pallet="P-7"))
    assert how == [Presented.PALLET]
    story.read(6, rejected=True)
    (reached,) = (e for e in story.effects if isinstance(e, VerdictReached))
    assert known_by(reached.evidence) is KnownBy.PALLET


def test_what_was_under_way_to_the_device_at_the_scan_is_not_ours() -> None:
    story = Table()
    story.take()
    assert presented(story.read(1.5, part_present=True, nest=3)) == []


def test_what_stood_before_the_device_at_the_scan_is_not_ours() -> None:
    story = Table(part_present=True, nest=3)
    story.take()
    assert presented(story.read(5)) == []


@pytest.mark.parametrize("nest", [4, 0, None])
def test_an_answer_after_the_nest_went_on_is_not_about_ours(nest: int | None) -> None:
    story = Table()
    story.take()
    story.read(3, part_present=True, nest=3)
    story.read(3.5, nest=nest, rejected=True)
    assert story.verdict == "inconclusive wrong_part"


def test_ours_a_second_time_is_another_presentation() -> None:
    story = Table()
    story.take()
    story.read(3, part_present=True, nest=3)
    story.read(3.5, part_present=False)
    story.read(4, part_present=True, rejected=True)
    assert story.verdict == "inconclusive wrong_part"


@pytest.mark.parametrize(("messages", "verdict"), [(False, "detected"), (True, "inconclusive")])
def test_after_a_blind_time_only_a_nest_that_is_read_again_tells_that_it_is_still_ours(
    messages: bool, verdict: str
) -> None:
    """D30: a message may be missing that told of the next part; a poll tells the nest anew."""
    story = Table(messages=messages)
    expectation = replace(story.run.step.expectation, blind_after_s=dict.fromkeys(IDLE, 0.5))
    story.run = story.run.with_step(replace(story.run.step, expectation=expectation))
    story.take()
    story.read(3, part_present=True, nest=3)
    story.read(4.5, rejected=True)
    assert story.verdict.split()[0] == verdict


def test_each_step_asks_anew() -> None:
    story = Table()
    story.take()
    story.read(3, part_present=True, nest=3)
    story.read(4, rejected=True)
    story.give_back(6)
    assert (story.run.index, story.run.told) == (1, {})
    with pytest.raises(Refusal):
        story.scan(7)


# Whatever the line does -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One part on a turning table, as it comes before the device."""

    nest: int
    stays_s: float
    gap_s: float
    rejects: bool


POLL_S = 0.1
parts = st.lists(
    st.builds(
        Part,
        nest=st.integers(1, 4),
        stays_s=st.floats(0.4, 1.5),
        gap_s=st.one_of(st.just(0.0), st.floats(0.01, 0.6)),
        rejects=st.booleans(),
    ),
    min_size=1,
    max_size=8,
).filter(lambda line: all(one.nest != other.nest for one, other in pairwise(line)))
"""Two parts that follow each other never stand in the same nest: a table turns on."""


@given(
    parts=parts,
    nest_lag_s=st.sampled_from([-0.05, 0.0, 0.05, 0.12]),
    failing=st.sets(st.integers(0, 80), max_size=12),
    phase_s=st.floats(0, 0.099),
)
def test_no_verdict_known_by_its_nest_is_of_a_part_in_another_nest(
    parts: list[Part], nest_lag_s: float, failing: set[int], phase_s: float
) -> None:
    """The number may be told a little before or after the part, and readings may fail."""
    begins = list(accumulate((p.stays_s + p.gap_s for p in parts), initial=1.2))[:-1]
    there = list(zip(begins, parts, strict=True))

    def before_device(now: float) -> Part | None:
        return next((p for at, p in there if at <= now < at + p.stays_s), None)

    def told_nest(now: float) -> int:
        return [1, *(p.nest for at, p in there if at + nest_lag_s <= now)][-1]

    def rejected(now: float) -> bool:
        return any(at + 0.25 <= now < at + p.stays_s and p.rejects for at, p in there)

    story = Table()
    story.take()
    for i in range(int((begins[-1] + 3) / POLL_S)):
        now = 1.1 + phase_s + i * POLL_S
        if i in failing:
            story.observe(an_acquisition(now, covers=story.covers, failure=Reason.TIMEOUT))
            continue
        story.read(
            now,
            part_present=before_device(now) is not None,
            nest=told_nest(now),
            rejected=rejected(now),
            accepted=False,
            part_code="",
            reject_code=0,
            good_count=100,
        )
    for reached in (e for e in story.effects if isinstance(e, VerdictReached)):
        if reached.judgement.verdict is Verdict.INCONCLUSIVE:
            continue
        assert known_by(reached.evidence) is KnownBy.NEST
        seen = before_device((reached.judgement.decided_at - T0).total_seconds())
        assert seen is not None
        assert seen.nest == 3
        if reached.judgement.verdict is Verdict.DETECTED:
            assert seen.rejects
