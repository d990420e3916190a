"""The signals of one presentation as a timing diagram, like on a logic analyser (look.md).

Geometry only: the template draws it. The presented window is shaded, the deciding edge marked,
a stretch without a value hatched; nothing is drawn where nothing was known (B1).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

from redrabbit.domain.records import Json
from redrabbit.domain.signals import SignalSpec
from redrabbit.domain.text import Text

LABEL_WIDTH: Final = 132
PLOT_WIDTH: Final = 520
ROW_GAP: Final = 20
WAVE_HEIGHT: Final = 18
MEASURED_EXTRA: Final = 22
"""How much taller the measured value is drawn, to be read against its limit."""
TOP: Final = 40
BOTTOM: Final = 30
LEAD_S: Final = 0.6
"""How much is shown before the part was presented."""
TAIL_S: Final = 0.8
"""How much is shown after the last thing that happened."""
TICKS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
MOST_TICKS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A value written beside its wave."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One signal."""

    signal: str
    label: Text | str
    y: float
    """Of the base line."""
    path: str
    """SVG path data; gaps where no value was known."""
    unknown: tuple[tuple[float, float], ...]
    """Stretches without a value: x and width."""
    notes: tuple[Note, ...]
    decides: bool
    """True for a signal that changed at the deciding edge."""
    limit_y: float | None
    limit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingDiagram:
    """A drawing: everything in the units of its view box."""

    width: float
    height: float
    plot_left: float
    plot_right: float
    bottom: float
    origin_at: datetime
    """Second 0."""
    ticks: tuple[tuple[float, str], ...]
    shaded: tuple[float, float] | None
    """The presented window: x and width."""
    edge_x: float | None
    edge_left: bool
    """True where the edge's words stand to the left of it."""
    waves: tuple[Wave, ...]
    windows: int
    largest_gap_s: float | None
    poll_interval_s: float | None
    deadline_x: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """What a signal was called when it was recorded, and in which unit."""

    label: Text | str
    unit: str | None


def _called(signal: str, kept: Mapping[str, Any], specs: Mapping[str, SignalSpec]) -> _Called:
    """Return a signal's words of its time (B35); schema 1 kept none, so there today's stand."""
    said = (kept.get("signals") or {}).get(signal)
    if said is not None:
        label = said["label"]
        words = Text(en=label["en"], zh=label["zh"]) if label is not None else signal
        return _Called(label=words, unit=said["unit"])
    spec = specs.get(signal)
    if spec is None:
        return _Called(label=signal, unit=None)
    return _Called(label=spec.label or signal, unit=spec.unit)


def timing_diagram(evidence: Json | None, specs: Mapping[str, SignalSpec]) -> TimingDiagram | None:
    """Return the drawing of a presentation's evidence; None where there is none to draw.

    `specs` are today's signals of the station, for records that kept no words.
    """
    if evidence is None:
        return None
    kept: dict[str, Any] = json.loads(evidence)
    trace: dict[str, list[list[Any]]] = kept.get("trace") or {}
    presented = _instant(kept.get("presented_at"))
    points = [_instant(point[0]) for series in trace.values() for point in series]
    known = [at for at in (*points, presented) if at is not None]
    if not known or presented is None:
        return None
    edge, deadline = _instant(kept.get("edge_at")), _instant(kept.get("deadline_at"))
    ends = [at for at in (*known, edge, deadline if edge is None else None) if at is not None]
    scale = _Scale(presented, -LEAD_S, (max(ends) - presented).total_seconds() + TAIL_S)
    rule: dict[str, Any] = kept.get("rule") or {}
    heights = dict.fromkeys(trace, WAVE_HEIGHT)
    if rule.get("measured") in heights:
        heights[rule["measured"]] += MEASURED_EXTRA
    signals = _in_order(trace, rule)
    lines = accumulate((heights[signal] + ROW_GAP for signal in signals), initial=TOP)
    waves = tuple(
        _wave(
            signal,
            trace[signal],
            y=y,
            height=heights[signal],
            scale=scale,
            edge=edge,
            rule=rule,
            called=_called(signal, kept, specs),
        )
        for signal, y in zip(signals, list(lines)[1:], strict=True)
    )
    bottom = (waves[-1].y if waves else TOP) + 10
    shaded_to = scale.x(min(deadline or max(ends), max(ends)))
    windows: dict[str, Any] = kept.get("windows") or {}
    edge_x = scale.x(edge) if edge is not None else None
    return TimingDiagram(
        width=LABEL_WIDTH + PLOT_WIDTH + 18,
        height=bottom + BOTTOM,
        plot_left=LABEL_WIDTH,
        plot_right=LABEL_WIDTH + PLOT_WIDTH,
        bottom=bottom,
        origin_at=presented,
        ticks=scale.ticks(),
        shaded=(scale.x(presented), max(2.0, round(shaded_to - scale.x(presented), 1))),
        edge_x=edge_x,
        edge_left=edge_x is not None and edge_x > LABEL_WIDTH + PLOT_WIDTH * 0.62,
        waves=waves,
        windows=int(windows.get("count") or 0),
        largest_gap_s=windows.get("largest_gap_s"),
        poll_interval_s=kept.get("poll_interval_s"),
        deadline_x=scale.x(deadline) if deadline is not None and deadline <= max(ends) else None,
    )


class _Scale:
    """Seconds from presented to x."""

    def __init__(self, origin: datetime, first_s: float, last_s: float) -> None:
        self._origin = origin
        self._first_s = first_s
        self._last_s = max(last_s, first_s + 0.5)

    def x(self, at: datetime) -> float:
        """Return where an instant lies; what came earlier lies on the left border."""
        return self.at_s((at - self._origin).total_seconds())

    def at_s(self, seconds: float) -> float:
        """Return where so many seconds after presented lie."""
        share = (seconds - self._first_s) / (self._last_s - self._first_s)
        return round(LABEL_WIDTH + PLOT_WIDTH * min(max(share, 0.0), 1.0), 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return the grid: x and seconds, at most eight."""
        span = self._last_s - self._first_s
        step = next((t for t in TICKS if span / t <= MOST_TICKS), span / MOST_TICKS)
        return tuple(
            (self.at_s(n * step), f"{n * step:g}") for n in range(int(self._last_s / step) + 1)
        )


def _in_order(trace: Mapping[str, object], rule: Mapping[str, Any]) -> list[str]:
    """Return the signals: what tells presented first, then the verdict's, numbers last."""
    named = json.dumps([rule.get("presented"), rule.get("part_code")])
    judged = json.dumps([rule.get("detected"), rule.get("accepted"), rule.get("reject_code")])
    measured = rule.get("measured")

    def rank(signal: str) -> tuple[int, str]:
        quoted = json.dumps(signal)
        if signal == measured:
            return 3, signal
        return (0 if quoted in named else 1 if quoted in judged else 2), signal

    return sorted(trace, key=rank)


def _wave(
    signal: str,
    series: Sequence[Sequence[Any]],
    *,
    y: float,
    height: float,
    scale: _Scale,
    edge: datetime | None,
    rule: Mapping[str, Any],
    called: _Called,
) -> Wave:
    points = [(_must(at), value) for at, value, _ in series]
    numbers = [v for _, v in points if isinstance(v, int | float) and not isinstance(v, bool)]
    limit = _limit_of(signal, rule)
    low, high = _range(numbers, limit)
    path: list[str] = []
    unknown: list[tuple[float, float]] = []
    notes: list[Note] = []
    end = LABEL_WIDTH + PLOT_WIDTH
    drawing = False
    for index, (at, value) in enumerate(points):
        x = scale.x(at)
        until = scale.x(points[index + 1][0]) if index + 1 < len(points) else end
        if value is None:
            drawing = False
            if until > x:
                unknown.append((x, round(until - x, 1)))
            continue
        level = round(y - height * _share(value, low, high), 1)
        path.append(f"V{level}" if drawing else f"M{x} {level}")
        path.append(f"H{until}")
        drawing = True
        if not isinstance(value, bool) and value != "" and until - x > 3:  # noqa: PLR2004  a note needs room to stand at
            notes.append(Note(x=x, y=round(level - 5, 1), text=_noted(value, called.unit)))
    return Wave(
        signal=signal,
        label=called.label,
        y=y,
        path="".join(path),
        unknown=tuple(unknown),
        notes=_spread(notes),
        decides=edge is not None and any(at == edge for at, _ in points),
        limit_y=round(y - height * _share(limit, low, high), 1) if limit is not None else None,
        limit=f"{limit:g}" if limit is not None else None,
    )


def _spread(notes: list[Note]) -> tuple[Note, ...]:
    """Return the notes that stand clear of each other, the latest of a crowd."""
    kept: list[Note] = []
    for note in reversed(notes):
        if not kept or kept[-1].x - note.x > 10 + 6.2 * len(note.text):
            kept.append(note)
    return tuple(reversed(kept))


def _noted(value: object, unit: str | None) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text


def _range(numbers: Sequence[float], limit: float | None) -> tuple[float, float]:
    values = [*numbers, *([limit] if limit is not None else [])]
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    return (min(low, 0.0) if limit is not None else low), high


def _share(value: object, low: float, high: float) -> float:
    """Return how high a value stands, from 0 to 1."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, str):
        return 1.0 if value else 0.0
    if isinstance(value, int | float):
        return (value - low) / (high - low) if high > low else 0.0
    return 0.0


def _limit_of(signal: str, rule: Mapping[str, Any]) -> float | None:
    """Return the limit that the rule sets for a signal, if it is a single number."""
    found: list[float] = []

    def look(condition: object) -> None:
        if isinstance(condition, list):
            for part in condition:
                look(part)
        elif isinstance(condition, dict):
            for word, body in condition.items():
                if word in {"above", "below"} and body.get("signal") == signal:
                    found.append(float(body["limit"]))
                elif isinstance(body, dict | list):
                    look(body)

    look([rule.get("detected"), rule.get("accepted")])
    return found[0] if found else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


def _must(text: str) -> datetime:
    return datetime.fromisoformat(text)
