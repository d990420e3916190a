"""Why a station rejected: told anew, standing, wrong, gone again (L2, D31)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import FailureMode
from redrabbit.domain.observation import Value
from redrabbit.domain.reject_reason import (
    NOTHING_TOLD,
    RejectReason,
    at_rejection,
    heard,
    is_expected,
    is_reason,
    stood,
)
from tests.builders import CODE, a_rule, an_expectation

RIGHT, WRONG = 11, 12
RULE = a_rule(reject_code=CODE, reject_codes={FailureMode("torque_high"): WRONG})
EXPECTED = an_expectation(RULE, code=RIGHT)


def told(before: Value | None, *readings: Value, rejected_after: int = 0) -> RejectReason:
    """The reason after these readings; the rejection comes with reading number so and so."""
    reason = stood({} if before is None else {CODE: before}, RULE)
    for number, code in enumerate(readings, start=1):
        was_rejected = 0 < rejected_after < number
        reason = heard(reason, {CODE: code}, EXPECTED, rejected=was_rejected)
        if number == rejected_after:
            reason = at_rejection(reason, RULE, frozenset({CODE}))
    return reason


def said(reason: RejectReason) -> tuple[Value | None, bool]:
    return reason.told, reason.renewed


def test_a_code_that_stands_at_the_presentation_tells_nothing_yet() -> None:
    assert stood({CODE: RIGHT}, RULE) == RejectReason(before=RIGHT, standing=RIGHT)
    assert said(told(RIGHT, RIGHT, RIGHT)) == (None, False)


def test_a_code_that_changes_is_told_anew() -> None:
    assert said(told(0, RIGHT)) == (RIGHT, True)
    assert said(told(WRONG, RIGHT)) == (RIGHT, True)


def test_a_code_that_stood_all_the_time_counts_from_the_rejection_on_and_is_not_renewed() -> None:
    """D31: a PLC may show the same code twice, and nobody could see the second time."""
    assert said(told(RIGHT, RIGHT, rejected_after=1)) == (RIGHT, False)


def test_a_code_that_goes_and_comes_again_is_told_anew() -> None:
    assert said(told(RIGHT, 0, RIGHT)) == (RIGHT, True)
    assert said(told(RIGHT, RIGHT, 0, RIGHT, rejected_after=1)) == (RIGHT, True)


def test_a_code_of_which_no_before_is_known_is_not_known_to_be_new() -> None:
    assert said(told(None, RIGHT)) == (None, False)
    assert said(told(None, RIGHT, rejected_after=1)) == (RIGHT, False)


def test_a_code_that_is_first_read_after_the_rejection_is_its_reason_but_not_known_to_be_new() -> (
    None
):
    rejected = at_rejection(NOTHING_TOLD, RULE, frozenset())

    reason = heard(rejected, {CODE: RIGHT}, EXPECTED, rejected=True)

    assert said(reason) == (RIGHT, False)


def test_a_code_that_was_not_read_since_the_part_came_is_no_reason() -> None:
    """L1: what stood there before is stale."""
    stale = at_rejection(stood({CODE: RIGHT}, RULE), RULE, frozenset())

    assert said(stale) == (None, False)
    assert heard(stale, {}, EXPECTED, rejected=True) == stale


def test_a_rule_without_a_reject_code_tells_no_reason() -> None:
    assert stood({CODE: RIGHT}, a_rule()) == NOTHING_TOLD


def test_a_code_that_goes_after_the_rejection_stays_the_reason() -> None:
    """Many stations show it for some 100 ms only."""
    assert said(told(0, RIGHT, 0, rejected_after=1)) == (RIGHT, True)
    assert said(told(RIGHT, RIGHT, 0, rejected_after=1)) == (RIGHT, False)


@pytest.mark.parametrize("rest", ["OK", 1, "-"])
def test_a_code_that_goes_back_to_what_stood_before_the_part_takes_no_reason_back(
    rest: Value,
) -> None:
    """A tester that says OK between parts: nobody declared it, and it is no other reason."""
    assert said(told(rest, RIGHT, rest, rejected_after=1)) == (RIGHT, True)
    assert said(told(rest, rest, RIGHT, rest, rejected_after=2)) == (RIGHT, True)


def test_a_declared_code_that_stood_before_is_a_reason_when_it_comes_back() -> None:
    assert said(told(WRONG, RIGHT, WRONG, rejected_after=1)) == (WRONG, True)


def test_an_undeclared_code_after_none_at_all_is_a_reason_and_a_wrong_one() -> None:
    assert said(told("OK", 0, "OK", rejected_after=1)) == ("OK", True)


def test_a_code_that_came_and_went_just_before_the_rejection_is_its_reason() -> None:
    """Bit and code stand in different registers: one cycle may read the code before the bit."""
    assert said(told(0, RIGHT, 0, rejected_after=2)) == (RIGHT, True)


def test_a_code_that_was_cleared_for_the_part_is_none() -> None:
    assert said(told(RIGHT, 0, 0, rejected_after=2)) == (None, False)


def test_another_code_after_a_left_over_one_is_the_reason() -> None:
    """m6: the bit first, the code 250 ms later."""
    assert said(told(RIGHT, RIGHT, WRONG, rejected_after=1)) == (WRONG, True)
    assert said(told(WRONG, WRONG, RIGHT, rejected_after=1)) == (RIGHT, True)


def test_a_right_code_that_changes_to_a_wrong_one_is_wrong() -> None:
    assert said(told(0, RIGHT, WRONG, rejected_after=1)) == (WRONG, True)


@given(st.lists(st.sampled_from([0, RIGHT, WRONG, 31])))
def test_a_wrong_reason_told_anew_for_the_rejection_stays_whatever_follows(
    later: list[int],
) -> None:
    """L2: two reasons for one part are no right reason."""
    assert said(told(0, WRONG, *later, rejected_after=1)) == (WRONG, True)


@given(
    before=st.sampled_from([None, 0, RIGHT, WRONG]),
    readings=st.lists(st.sampled_from([0, RIGHT, WRONG]), min_size=1),
    data=st.data(),
)
def test_a_reason_is_called_new_only_if_it_was_seen_to_come(
    before: int | None, readings: list[int], data: st.DataObject
) -> None:
    """D31, by looking back: somewhere a known other code was followed by this one."""
    reason = told(
        before, *readings, rejected_after=data.draw(st.integers(0, len(readings)), "rejected after")
    )
    seen = [before, *readings]
    came = {b for a, b in pairwise(seen) if a is not None and a != b and b}

    assert reason.renewed == (reason.told in came)
    assert reason.told is None or reason.told in seen


@pytest.mark.parametrize(
    ("code", "names_one"),
    [
        (0, False),
        (0.0, False),
        ("", False),
        ("  ", False),
        (False, False),
        (11, True),
        ("F1", True),
    ],
)
def test_an_empty_code_names_no_reason(code: Value, names_one: bool) -> None:
    assert is_reason(code, RULE) is names_one


def test_an_empty_code_names_a_reason_where_it_is_declared_for_one() -> None:
    rule = a_rule(reject_code=CODE, reject_codes={FailureMode("torque_low"): 0})

    assert is_reason(0, rule)
    assert not is_reason("", rule)


def test_a_code_is_expected_where_it_is_the_declared_one() -> None:
    assert is_expected(12.0, 12)
    assert not is_expected(12, 11)
    assert not is_expected(True, 1)
    assert not is_expected(None, 11)
    assert not is_expected(11, None)
