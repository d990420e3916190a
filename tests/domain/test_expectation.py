"""What one presentation is to prove."""

from dataclasses import FrozenInstanceError

import pytest

from tests.builders import MASTER, TORQUE_LOW, an_expectation


def test_a_good_master_has_no_failure_mode_and_a_rabbit_has_one() -> None:
    assert an_expectation().failure_mode == TORQUE_LOW
    assert an_expectation(part=MASTER).failure_mode is None


def test_what_is_to_be_proved_does_not_change_while_it_is_proved() -> None:
    expected = an_expectation()
    with pytest.raises(FrozenInstanceError):
        expected.code = 12  # type: ignore[misc]  # because it must be refused
