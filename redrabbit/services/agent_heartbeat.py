"""Whether anybody is watching: the watcher is watched, too (B20)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from redrabbit.domain.records import ClockDoubtRecord
from redrabbit.services.catching_up import CatchingUp
from redrabbit.services.recording_watch import RecordingStopped


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHeartbeat:
    """The agent's own heartbeat, for screens that must not show green without it."""

    last_beat_at: datetime | None
    last_reading_at: datetime | None
    reading_age: timedelta | None
    """How long ago that was; None: nothing was read yet."""
    not_watching_since: datetime | None
    """None while the agent's heart beats."""
    not_recording: RecordingStopped | None = None
    """None while something was committed within the last seconds."""
    catching_up: CatchingUp | None = None
    """None while every obligation is up to date."""
    clock_doubt: ClockDoubtRecord | None = None
    """The last step of the clock that nobody has confirmed; None: the time is known."""
