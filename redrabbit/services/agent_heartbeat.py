"""Whether anybody is watching: the watcher is watched, too (B20)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.services.recording_watch import RecordingStopped


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHeartbeat:
    """The agent's own heartbeat, for screens that must not show green without it."""

    last_beat_at: datetime | None
    last_reading_at: datetime | None
    not_watching_since: datetime | None
    """None while the agent's heart beats."""
    not_recording: RecordingStopped | None = None
    """None while something was committed within the last seconds."""

    def reading_age(self, now: datetime) -> timedelta | None:
        """Return how old the last reading is; one taken while `now` was asked is not of the future."""
        if self.last_reading_at is None:
            return None
        return max(timedelta(0), now - self.last_reading_at)
