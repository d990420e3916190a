"""Nobody guesses: tries are spaced, then locked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.throttle import (
    FORGOTTEN_AFTER,
    FREE,
    FREE_OF_ADDRESS,
    LOCKED_AFTER,
    LONGEST_WAIT,
    SignInAttempts,
    network_of,
    of_address,
)

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)


def failed(times: int, at: datetime = NOW) -> SignInAttempts:
    return SignInAttempts(subject="password p-1", failures=times, last_at=at)


@pytest.mark.parametrize(
    ("times", "wait_s"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (11, 60), (500, 60)],
)
def test_after_five_failures_each_try_waits_twice_as_long_up_to_a_minute(
    times: int, wait_s: int
) -> None:
    assert failed(times).next_at(NOW) - NOW == timedelta(seconds=wait_s)


def test_an_address_waits_later_because_a_hall_may_have_one() -> None:
    assert failed(FREE_OF_ADDRESS - 1).next_at(NOW, FREE_OF_ADDRESS) == NOW
    assert failed(FREE_OF_ADDRESS).next_at(NOW, FREE_OF_ADDRESS) == NOW + timedelta(seconds=1)


def test_ten_failures_in_a_row_lock() -> None:
    one = SignInAttempts.none("password p-1", NOW)
    for _ in range(LOCKED_AFTER):
        assert not one.is_locked
        one = one.tried(NOW)
    assert one.is_locked


@given(st.integers(0, 100), st.timedeltas(-timedelta(days=2), timedelta(days=2)))
def test_nobody_waits_longer_than_a_minute_whatever_the_clock_does(
    times: int, passed: timedelta
) -> None:
    now = NOW + passed
    wait = failed(times).next_at(now) - now
    assert timedelta(0) <= wait <= LONGEST_WAIT
    assert times >= FREE or wait == timedelta(0)


@given(st.lists(st.floats(0, 3600), min_size=1, max_size=40))
def test_however_tries_are_spaced_no_more_than_ten_are_taken(pauses: list[float]) -> None:
    one, now, taken = SignInAttempts.none("pin p-1", NOW), NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not one.is_locked and one.next_at(now) <= now:
            one, taken = one.tried(now), taken + 1
    assert taken <= LOCKED_AFTER


def test_an_address_is_forgotten_after_an_hour() -> None:
    kept = failed(30)
    assert of_address(kept, NOW + FORGOTTEN_AFTER - timedelta(seconds=1)) == kept
    assert of_address(kept, NOW + FORGOTTEN_AFTER).failures == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_whoever_has_a_whole_network_of_addresses_has_one(address: str, network: str) -> None:
    assert network_of(address) == network
