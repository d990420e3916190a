from dataclasses import replace

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Becomes,
    Below,
    Between,
    Condition,
    DetectionRule,
    Equals,
    Falls,
    HeldFeed,
    Increases,
    Not,
    OnSilence,
    Rises,
    StaysOff,
    judging_signals,
    leaves,
    signals_of,
    tells_by_silence,
)

A, B, C = SignalName("a"), SignalName("b"), SignalName("c")


@pytest.mark.parametrize(
    "leaf",
    [
        Equals(signal=A, value=1),
        Above(signal=A, limit=1),
        Below(signal=A, limit=1),
        Between(signal=A, low=0, high=1),
        Becomes(signal=A, value=1),
        Rises(signal=A),
        Falls(signal=A),
        Increases(signal=A),
    ],
    ids=lambda leaf: type(leaf).__name__.lower(),
)
def test_a_condition_on_one_signal_is_its_own_leaf(leaf: Condition) -> None:
    assert list(leaves(leaf)) == [leaf]
    assert signals_of(leaf) == {A}


def test_leaves_come_in_reading_order_through_all_any_and_not() -> None:
    a, b, c = Rises(signal=A), Above(signal=B, limit=3), Equals(signal=C, value="NG")
    condition = AllOf(of=(a, AnyOf(of=(Not(of=b), c)), a))

    assert list(leaves(condition)) == [a, b, c, a]
    assert signals_of(condition) == {A, B, C}


def test_a_rule_reads_every_signal_that_it_names_and_no_other() -> None:
    rule = DetectionRule(
        presented=Rises(signal=SignalName("present")),
        detected=Rises(signal=SignalName("rejected")),
        accepted=Rises(signal=SignalName("accepted")),
        within_s=2,
        on_silence=OnSilence.MISSED,
        part_code=SignalName("part_code"),
        reject_code=SignalName("reject_code"),
        measured=SignalName("torque"),
    )

    assert rule.signals() == {
        "present",
        "rejected",
        "accepted",
        "part_code",
        "reject_code",
        "torque",
    }


def test_a_rule_with_nothing_but_detected_reads_that_alone() -> None:
    rule = DetectionRule(
        presented=None,
        detected=Rises(signal=A),
        accepted=None,
        within_s=2,
        on_silence=OnSilence.INCONCLUSIVE,
    )

    assert rule.signals() == {A}


def test_a_rule_that_does_not_say_what_silence_means_can_not_be_made() -> None:
    """L3, D3: there is no default for silence."""
    with pytest.raises(TypeError, match="on_silence"):
        DetectionRule(  # type: ignore[call-arg]  # the missing word is what is tested
            presented=None, detected=Rises(signal=A), accepted=None, within_s=2
        )


def test_only_the_signals_of_the_answers_are_judged_on() -> None:
    rule = DetectionRule(
        presented=Rises(signal=SignalName("present")),
        detected=Rises(signal=A),
        accepted=AllOf(of=(Rises(signal=B), Above(signal=A, limit=1))),
        within_s=2,
        on_silence=OnSilence.MISSED,
        reject_code=C,
        measured=C,
    )

    assert judging_signals(rule) == {A, B}
    assert judging_signals(replace(rule, accepted=None)) == {A}


def test_a_rule_waits_for_its_changes_and_for_what_a_silence_begins_with() -> None:
    """D33: what can't be heard to change any more is never waited for in vain."""
    silence = StaysOff(signal=B, for_s=1, after=Falls(signal=C))
    rule = DetectionRule(
        presented=None,
        detected=AllOf(of=(Rises(signal=A), silence)),
        accepted=AnyOf(of=(Above(signal=C, limit=1), StaysOff(signal=A, for_s=2, after=None))),
        demanded=Becomes(signal=C, value=2),
        within_s=5,
        on_silence=OnSilence.MISSED,
    )

    assert [leaf.signal for leaf in rule.answers()] == [A, B, C, A]
    assert rule.awaited() == (Rises(signal=A), Falls(signal=C), Becomes(signal=C, value=2))
    assert tells_by_silence(rule.detected)
    bare = replace(rule, detected=Rises(signal=A), accepted=None, demanded=None)
    assert bare.awaited() == (Rises(signal=A),)
    assert not tells_by_silence(bare.detected)


@pytest.mark.parametrize(("signal", "told"), [(C, {A, B, C}), (None, {A, B})])
def test_a_held_feed_is_told_by_its_counters_and_its_signal(
    signal: SignalName | None, told: set[SignalName]
) -> None:
    held = HeldFeed(signal=signal, counters=(A, B), travel_s=1.0)

    assert held.signals == told


def test_what_tells_of_the_feed_judges_nothing() -> None:
    """D32: a device is read without it."""
    bare = DetectionRule(
        presented=Rises(signal=A),
        detected=Rises(signal=B),
        accepted=None,
        within_s=5.0,
        on_silence=OnSilence.MISSED,
    )
    held = replace(bare, held=HeldFeed(signal=C, counters=(C,), travel_s=1.0))

    assert held.signals() == bare.signals()
