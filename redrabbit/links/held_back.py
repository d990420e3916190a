"""Whether a message that tells no time may have been held back on its way (D27).

After a stall of ours (the event loop stood still) or of the link (a reconnect, a silence longer than was
promised) comes what was said meanwhile, and nothing in it tells that it is old. So after a stall every
message of a topic may be as old as the stall was long, until a second has passed without a message. A
topic that sends several messages in any second is believed when one has passed with no more of them than
ever: what is worked off comes faster than it was made.

A topic that has changed its pace is believed after a minute: no backlog is worked off for so long without
the links being slower than their stations.

What can't be known: what a publisher or a gateway held back by itself, while the topic seemed as ever.
Only a told time shows that (`source_time`).
"""

import math
from collections import deque
from datetime import datetime, timedelta

QUIET = timedelta(seconds=1)
"""D27."""
REMEMBERED = timedelta(minutes=10)
"""How long it is remembered how much a topic sends."""
PACE_BELIEVED_AFTER = timedelta(minutes=1)


class HeldBack:
    """Watches the arrivals of one topic."""

    def __init__(self, promised_s: float | None) -> None:
        """`promised_s`: the topic speaks at least so often; None: it promises nothing."""
        self._promised_s = promised_s
        self._recent: deque[datetime] = deque()
        """Arrivals within the last second."""
        self._quiet_since: datetime | None = None
        """Since when nothing came: the last arrival, or the connect."""
        self._stall: tuple[datetime, float] | None = None
        """When the last stall ended, and how many seconds the longest lasted; None: all is live."""
        self._usual = (1, 1)
        """The most that came in an ordinary second of this span of `REMEMBERED`, and of the one before."""
        self._span_ends_at: datetime | None = None

    def connected(self, at: datetime) -> None:
        """Begin to listen; not the first time, what comes may be of any age."""
        if self._quiet_since is not None:
            self.stalled(at, math.inf)
        self._recent.clear()
        self._quiet_since = at

    def stalled(self, ended_at: datetime, lasted_s: float) -> None:
        """Note a stall; until it is over what arrives may be as old as it was long."""
        longest_s = lasted_s if self._stall is None else max(lasted_s, self._stall[1])
        self._stall = (ended_at, longest_s)

    def hear(self, at: datetime) -> tuple[float, bool]:
        """Return for how many seconds a message may have been held back, and whether it broke a silence.

        A silence is a second without a message.
        """
        silent = at - (self._quiet_since or at)
        self._quiet_since = at
        if self._promised_s is not None and silent.total_seconds() > self._promised_s:
            self.stalled(at, silent.total_seconds() - self._promised_s)
        after_quiet = silent >= QUIET
        while self._recent and self._recent[0] <= at - QUIET:
            self._recent.popleft()
        self._recent.append(at)
        if self._stall is None:
            self._note_pace(at)
            return 0.0, after_quiet
        ended_at, lasted_s = self._stall
        usual = max(self._usual)
        as_ever = at - ended_at >= QUIET and len(self._recent) <= usual + usual // 2
        if not as_ever and at - ended_at < PACE_BELIEVED_AFTER:
            return lasted_s, after_quiet
        self._stall = None
        self._note_pace(at)
        return 0.0, after_quiet

    def shift(self, step: timedelta) -> None:
        """Move with a step of our own clock (R46)."""
        self._recent = deque(at + step for at in self._recent)
        if self._quiet_since is not None:
            self._quiet_since += step
        if self._stall is not None:
            self._stall = (self._stall[0] + step, self._stall[1])
        if self._span_ends_at is not None:
            self._span_ends_at += step

    def _note_pace(self, at: datetime) -> None:
        if self._span_ends_at is None or at >= self._span_ends_at:
            self._usual = (1, self._usual[0])
            self._span_ends_at = at + REMEMBERED
        self._usual = (max(self._usual[0], len(self._recent)), self._usual[1])
