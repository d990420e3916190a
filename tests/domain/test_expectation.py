"""What one presentation is to prove."""

from dataclasses import FrozenInstanceError, replace

import pytest

from redrabbit.domain.station_says import SaidOf
from tests.builders import COUNT, MASTER, TORQUE_LOW, an_expectation


def test_a_good_master_has_no_failure_mode_and_a_rabbit_has_one() -> None:
    assert an_expectation().failure_mode == TORQUE_LOW
    assert an_expectation(part=MASTER).failure_mode is None


def test_what_is_to_be_proved_does_not_change_while_it_is_proved() -> None:
    expected = an_expectation()
    with pytest.raises(FrozenInstanceError):
        expected.code = 12  # type: ignore[misc]  # because it must be refused


def test_the_place_of_the_part_is_followed_beside_the_rule() -> None:
    """D29."""
    expected = an_expectation()
    assert expected.signals == expected.rule.signals()
    known_by_place = replace(expected, places={SaidOf.NEST: COUNT})
    assert known_by_place.signals == expected.rule.signals() | {COUNT}
