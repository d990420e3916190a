"""The time that a message tells, however it is written (D27)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.links.told_time import read_time

AT_S = 1772431200
"""2026-03-02T06:00:00Z."""


@pytest.mark.parametrize(
    ("told", "seconds", "resolution_s"),
    [
        (AT_S, AT_S, 1.0),
        (AT_S + 0.5, AT_S + 0.5, 0.0),
        (AT_S * 1000 + 250, AT_S + 0.25, 1e-3),
        (AT_S * 1_000_000 + 250_000, AT_S + 0.25, 1e-6),
        (AT_S * 1_000_000_000 + 250_000_000, AT_S + 0.25, 1e-9),
        (-5, -5, 1.0),
        ("2026-03-02T06:00:00Z", AT_S, 1.0),
        ("2026-03-02 06:00:00", AT_S, 1.0),
        ("20260302T060000Z", AT_S, 1.0),
        ("2026-03-02T07:00:00+01:00", AT_S, 1.0),
        ("2026-03-02T06:00:00.250", AT_S + 0.25, 1e-3),
        ("2026-03-02T06:00:00,25+0000", AT_S + 0.25, 1e-2),
        ("2026-W10-1T06:00:00.250000Z", AT_S + 0.25, 1e-6),
        ("2026-03-02T06:00", AT_S, 60.0),
        ("2026-03-02T06Z", AT_S, 3600.0),
        ("2026-03-02", AT_S - 6 * 3600, 86_400.0),
    ],
    ids=str,
)
def test_a_time_is_iso_8601_or_a_unix_number(
    told: object, seconds: float, resolution_s: float
) -> None:
    found = read_time(told)
    assert found is not None
    assert found.seconds == pytest.approx(seconds, abs=1e-6)
    assert found.resolution_s == pytest.approx(resolution_s)


@pytest.mark.parametrize(
    "told",
    ["9" * 400, "NaN", "Infinity", "-Infinity", "1e400", str(2**63), "true", "null", "[]", "{}"],
)
def test_what_is_no_time_is_none(told: str) -> None:
    """K7: 400 digits stopped the link's task, and a NaN put every later message out of order."""
    assert read_time(json.loads(told)) is None


@pytest.mark.parametrize("told", ["this morning", "0000-01-01", "", "2026-03-02T25:00:00"])
def test_a_text_that_is_no_time_is_none(told: str) -> None:
    assert read_time(told) is None


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"])
def test_a_time_that_utc_can_not_say_has_its_order_all_the_same(told: str) -> None:
    assert read_time(told) is not None


@given(st.datetimes(), st.sampled_from(["seconds", "milliseconds", "microseconds", "minutes"]))
def test_what_is_cut_off_is_less_than_the_resolution(at: object, spec: str) -> None:
    """Else a message could look older, or younger, than it is."""
    whole = read_time(at.isoformat(timespec="microseconds"))  # type: ignore[attr-defined]  # a datetime
    cut = read_time(at.isoformat(timespec=spec))  # type: ignore[attr-defined]  # a datetime
    assert whole is not None
    assert cut is not None
    assert -1e-4 <= whole.seconds - cut.seconds < cut.resolution_s + 1e-4
