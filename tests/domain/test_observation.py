from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Observation, Reason, Window

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REJECTED = SignalName("rejected")


def test_a_window_may_be_an_instant() -> None:
    assert Window(began_at=NOON, ended_at=NOON).ended_at == NOON


@pytest.mark.parametrize(
    ("began_at", "ended_at"),
    [
        pytest.param(NOON.replace(tzinfo=None), NOON, id="naive begin"),
        pytest.param(NOON, NOON.replace(tzinfo=None), id="naive end"),
    ],
)
def test_a_window_of_naive_instants_is_refused(began_at: datetime, ended_at: datetime) -> None:
    with pytest.raises(ValueError, match="aware"):
        Window(began_at=began_at, ended_at=ended_at)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Window(began_at=NOON, ended_at=NOON - timedelta(microseconds=1))


def test_false_and_zero_are_values() -> None:
    """B1: only the lack of a value needs a reason."""
    assert Observation(signal=REJECTED, value=False).value is False
    assert Observation(signal=REJECTED, value=0).value == 0


@pytest.mark.parametrize(
    ("value", "reason"), [(None, None), (0, Reason.TIMEOUT)], ids=["neither", "both"]
)
def test_an_observation_is_a_value_or_a_reason_and_never_both(
    value: int | None, reason: Reason | None
) -> None:
    """B1: never a value beside a reason, never a silent nothing."""
    with pytest.raises(ValueError, match="rejected: an observation is a value or a reason"):
        Observation(signal=REJECTED, value=value, reason=reason)
