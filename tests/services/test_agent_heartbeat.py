"""The agent's heartbeat and the age of the last reading (B20)."""

from datetime import UTC, datetime, timedelta

from redrabbit.services.agent_heartbeat import AgentHeartbeat

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def heartbeat(last_reading_at: datetime | None) -> AgentHeartbeat:
    return AgentHeartbeat(
        last_beat_at=NOW, last_reading_at=last_reading_at, not_watching_since=None
    )


def test_a_reading_is_never_of_the_future() -> None:
    assert heartbeat(NOW + timedelta(seconds=0.1)).reading_age(NOW) == timedelta(0)
    assert heartbeat(NOW - timedelta(seconds=2)).reading_age(NOW) == timedelta(seconds=2)


def test_before_the_first_reading_there_is_no_age() -> None:
    assert heartbeat(None).reading_age(NOW) is None
