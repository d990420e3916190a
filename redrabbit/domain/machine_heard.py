"""What a station told of its machine since a part came: that it ran, or was restarted (D32)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from redrabbit.domain.observation import Acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHeard:
    """Told by heartbeat and steady counters, where there are any."""

    beat_at: datetime | None = None
    """When it was last seen to run."""
    restarted: bool = False
    """What follows says nothing of what was before."""

    def after(self, acquisition: Acquisition) -> "MachineHeard":
        """Return this with what one more acquisition tells; a beat that a restart brings is none."""
        if acquisition.machine_restarted:
            return replace(self, restarted=True)
        return (
            replace(self, beat_at=acquisition.window.ended_at) if acquisition.heart_beat else self
        )

    def ran_since(self, at: datetime) -> bool:
        """Return whether it was seen to run at that instant or later."""
        return self.beat_at is not None and self.beat_at >= at


NOTHING_HEARD: Final = MachineHeard()
