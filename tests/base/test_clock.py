"""The steady clock (R46, D61)."""

import ctypes
import sys
import time

import pytest

from redrabbit.base.clock import SteadyClock, kernel_says_synchronised


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


@pytest.mark.parametrize(
    ("state", "status", "is_right"),
    [(0, 0x2001, True), (0, 0x0041, False), (5, 0x0041, False), (5, 0, False), (-1, 0, False)],
    ids=["held by NTP", "set by hand", "never held", "in error", "not told"],
)
def test_the_kernel_says_whether_a_time_service_holds_the_clock(
    monkeypatch: pytest.MonkeyPatch, state: int, status: int, is_right: bool
) -> None:
    class Kernel:
        def adjtimex(self, asked: ctypes.Array[ctypes.c_char]) -> int:
            assert asked.raw == bytes(208), "it is asked, and nothing is changed"
            ctypes.memmove(ctypes.byref(asked, 40), status.to_bytes(4, sys.byteorder), 4)
            return state

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Kernel())
    monkeypatch.setattr(sys, "platform", "linux")
    assert kernel_says_synchronised() is is_right


def test_a_machine_that_can_not_tell_is_no_second_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert not kernel_says_synchronised()
