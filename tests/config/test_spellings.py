from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.config import spellings
from redrabbit.config.spellings import Address


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("100 ms", timedelta(milliseconds=100)),
        ("4s", timedelta(seconds=4)),
        ("15 min", timedelta(minutes=15)),
        ("1.5 h", timedelta(minutes=90)),
    ],
)
def test_a_duration_has_its_unit(text: str, length: timedelta) -> None:
    assert spellings.duration(text) == length


@pytest.mark.parametrize(
    ("text", "size"),
    [("1 B", 1), ("200 kB", 200_000), ("64KiB", 65_536), ("1024 KiB", 1_048_576)],
)
def test_a_size_has_its_unit(text: str, size: int) -> None:
    assert spellings.message_size(text) == size


def test_only_some_durations_may_be_nothing() -> None:
    assert spellings.duration_or_none("0 s") == timedelta(0)
    with pytest.raises(ValueError, match="longer than nothing"):
        spellings.duration("0 s")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.20.1.20:502", Address("10.20.1.20", 502)),
        ("plc-7.plant.local:65535", Address("plc-7.plant.local", 65535)),
        ("[fe80::1]:502", Address("fe80::1", 502)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert spellings.address(text) == address


def test_an_instant_keeps_its_offset() -> None:
    found = spellings.aware_instant("2026-11-01T06:00:00+08:00")
    assert found == datetime(2026, 10, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("understand", "text"),
    [
        (spellings.duration, "4"),
        (spellings.duration, "four s"),
        (spellings.duration, "-4 s"),
        (spellings.message_size, "64"),
        (spellings.message_size, "64 kb"),
        (spellings.message_size, "0.5 KiB"),
        (spellings.message_size, "0 B"),
        (spellings.message_size, "1025 KiB"),
        (spellings.time_of_day, "6:00"),
        (spellings.time_of_day, "06:60"),
        (spellings.calendar_date, "2026-02-29"),
        (spellings.calendar_date, "20261101"),
        (spellings.aware_instant, "2026-11-01"),
        (spellings.aware_instant, "2026-11-01T06:00:00"),
        (spellings.zone, "Asia"),
        (spellings.zone, "../etc/passwd"),
        (spellings.address, "host"),
        (spellings.address, "host:0"),
        (spellings.address, "fe80::1:502"),
        (spellings.web_address, "file:///etc/passwd"),
        (spellings.web_address, "http://"),
        (spellings.schedule, "sometimes"),
        (spellings.schedule, "every 1 parts"),
    ],
)
def test_what_is_not_understood_is_refused(understand: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  because the shape's own words say what was expected
        understand(text)
