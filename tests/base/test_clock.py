"""The steady clock (R46, D61)."""

import time

import pytest

from redrabbit.base.clock import SteadyClock


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the machine can't tell its sleep")
def test_the_time_that_the_machine_slept_passes_on_the_steady_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CLOCK_MONOTONIC stands still then, CLOCK_BOOTTIME does not: a sleep of an hour, as both tell it."""
    asked = time.clock_gettime
    slept_s = 0.0

    def told(which: int) -> float:
        return asked(which) + (slept_s if which == time.CLOCK_BOOTTIME else 0.0)

    monkeypatch.setattr(time, "clock_gettime", told)
    clock = SteadyClock()
    before_s, before = clock.steady_s(), clock.now()
    slept_s = 3600.0
    assert 3600 <= clock.steady_s() - before_s < 3610
    assert 3600 <= (clock.now() - before).total_seconds() < 3610
