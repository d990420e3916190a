"""What the gap hides in which a part came (D27, D30)."""

from datetime import datetime

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.part_coming import Unread, answer_may_be_older, came_since, unread_for_long
from redrabbit.domain.rule import DetectionRule, Increases, Rises
from tests.builders import (
    ACCEPTED,
    BY_EDGE,
    BY_TAP,
    COUNT,
    IDLE,
    LEVELS,
    PART,
    PRESENT,
    REJECTED,
    a_rule,
    an_acquisition,
    an_expectation,
    at,
)

READ: dict[SignalName, datetime] = {PRESENT: at(1), PART: at(1.5), REJECTED: at(2), ACCEPTED: at(3)}


@pytest.mark.parametrize(
    ("rule", "came"),
    [
        pytest.param(BY_EDGE, 1.0, id="its presence was read last"),
        pytest.param(a_rule(), 1.5, id="its code was"),
        pytest.param(BY_TAP, 3.9, id="nothing at the station shows it"),
    ],
)
def test_a_sampled_part_came_after_the_last_reading_without_it(
    rule: DetectionRule, came: float
) -> None:
    shown = an_acquisition(4, took_s=0.1)
    assert came_since(an_expectation(rule), READ, shown) == at(came)


def test_what_was_never_read_bounds_nothing() -> None:
    shown = an_acquisition(4, took_s=0.1)
    assert came_since(an_expectation(BY_EDGE), {REJECTED: at(2)}, shown) == at(3.9)


def test_a_message_tells_when_the_part_came() -> None:
    told = an_acquisition(4, took_s=0.1)
    assert came_since(an_expectation(BY_EDGE, messages=True), READ, told) == at(3.9)


@pytest.mark.parametrize(
    ("blind_s", "until", "hides"),
    [(2.0, 4.0, False), (2.0, 4.1, True), (0.5, 2.5, False), (None, 99.0, False)],
)
def test_an_answer_can_have_gone_unseen_once_its_signal_is_unread_for_too_long(
    blind_s: float | None, until: float, hides: bool
) -> None:
    found = unread_for_long(an_expectation(blind_s=blind_s), READ, at(until))
    assert (found is not None) is hides
    if found is not None:
        assert found == Unread(gap_s=(at(until) - at(2)).total_seconds(), harmless_s=blind_s or 0.0)


def test_a_signal_that_was_never_read_has_no_gap() -> None:
    assert unread_for_long(an_expectation(), {PRESENT: at(1)}, at(99)) is None


@pytest.mark.parametrize(
    ("rule", "change", "turned"),
    [
        (a_rule(), {REJECTED: True}, True),
        (a_rule(), {ACCEPTED: True}, True),
        (a_rule(accepted=None), {ACCEPTED: True}, False),
        (LEVELS, {REJECTED: True}, True),
        (a_rule(detected=Increases(signal=COUNT)), {COUNT: 101}, True),
        (a_rule(detected=Increases(signal=COUNT)), {COUNT: 99}, False),
        (a_rule(detected=Rises(signal=PRESENT)), {REJECTED: True}, False),
    ],
)
def test_an_answer_turns_true_by_whatever_the_rule_takes_for_one(
    rule: DetectionRule, change: dict[SignalName, bool | int], turned: bool
) -> None:
    assert answer_may_be_older(rule, IDLE, {**IDLE, **change}, seen=False) is turned
    assert not answer_may_be_older(rule, IDLE, {**IDLE, **change}, seen=True)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize(
    ("rule", "now", "older"),
    [
        (a_rule(), {REJECTED: True}, True),
        (a_rule(), {REJECTED: False}, False),
        (a_rule(), {ACCEPTED: True}, True),
        (LEVELS, {REJECTED: True}, True),
        (a_rule(detected=Increases(signal=COUNT)), {COUNT: 101}, False),
    ],
)
def test_an_answer_that_was_unknown_may_have_been_there_all_along(
    rule: DetectionRule, now: dict[SignalName, bool | int], older: bool, seen: bool
) -> None:
    assert answer_may_be_older(rule, {}, now, seen=seen) is older
