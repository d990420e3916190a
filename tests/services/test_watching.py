"""The agent's heartbeat and the age of the last reading (B20)."""

from datetime import UTC, datetime, timedelta

from redrabbit.services.watching import Watching

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def watching(last_reading_at: datetime | None) -> Watching:
    return Watching(last_beat_at=NOW, last_reading_at=last_reading_at, not_watching_since=None)


def test_a_reading_is_never_of_the_future() -> None:
    assert watching(NOW + timedelta(seconds=0.1)).reading_age(NOW) == timedelta(0)
    assert watching(NOW - timedelta(seconds=2)).reading_age(NOW) == timedelta(seconds=2)


def test_before_the_first_reading_there_is_no_age() -> None:
    assert watching(None).reading_age(NOW) is None
