"""How long to wait before trying again: doubling, jittered, never longer than 30 s (B11).

The jitter keeps a hundred links from knocking together when a switch comes back. Randomness is
passed in, so that a seeded run repeats itself.
"""

from random import Random

FIRST_PAUSE_S = 0.25
"""A loose cable or a restarting PLC is often back at once."""

LONGEST_PAUSE_S = 30.0
"""Nobody on the floor waits longer for a station that is back (B11)."""


class Backoff:
    """Pauses between attempts; `reset` after a success."""

    def __init__(
        self, rng: Random, *, first_s: float = FIRST_PAUSE_S, longest_s: float = LONGEST_PAUSE_S
    ) -> None:
        self._rng = rng
        self._first_s = min(first_s, longest_s)
        self._longest_s = longest_s
        self._next_s = self._first_s

    def next_s(self) -> float:
        """Return the next pause: between half and all of a bound that doubles each time."""
        bound = self._next_s
        self._next_s = min(self._longest_s, bound * 2)
        return bound * self._rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next_s = self._first_s
