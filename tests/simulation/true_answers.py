"""How long the answers of a station really lasted: the world's side of what the product learns (D30)."""

from datetime import datetime

from simulators.station import Change


class TrueAnswers:
    """How long the boolean signals of one station really stayed on."""

    def __init__(self, station: str) -> None:
        self.station = station
        self._on_since: dict[str, datetime] = {}
        self._lasted_s: dict[str, list[float]] = {}

    def take(self, change: Change) -> None:
        """Write down what changed."""
        for signal, value in change.signals.items() if change.station == self.station else ():
            if value is True:
                self._on_since.setdefault(signal, change.at)
            elif value is False and signal in self._on_since:
                lasted = change.at - self._on_since.pop(signal)
                self._lasted_s.setdefault(signal, []).append(lasted.total_seconds())

    def lasted_s(self, signal: str) -> list[float]:
        """Return how long each answer lasted."""
        return self._lasted_s.get(signal, [])
