"""Checker of the signals that are kept of each run: all that its station told, and nothing else (D13)."""

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from redrabbit.domain.observation import Acquisition
from redrabbit.domain.station import Station
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by

WITHHELD: Final = {"not_running", "not_yet_read"}
"""Why nothing is kept of a machine whose heart stands still."""
Point = tuple[object, str | None]


class SignalChecker:
    """Compares what is kept of a run with what was read meanwhile; a restart begins anew."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.sizes: list[int] = []
        self._since: dict[str, int] = {}
        """Station → how often it had been read when the log of its run began."""

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "agent_started":
                self._since = dict(commit.heard)
            elif entry.type == "run_started":
                self._since[told["station"]] = commit.heard.get(told["station"], 0)
            elif entry.type == "run_closed" and told["signals"] is not None and scene.heard:
                name = story.runs[told["run_id"]].station
                heard = scene.heard[name][self._since[name] : commit.heard[name]]
                station = story.station(story.runs[told["run_id"]].station)
                self._compare(scene, station, told["signals"], heard)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing more is to be said."""

    def _compare(
        self, scene: Scene, station: Station, digest: str, heard: Sequence[Acquisition]
    ) -> None:
        packed = scene.ask(lambda reader: reader.blob(digest))
        require("D13", packed is not None, "the signals of a run are lost", digest)
        assert packed is not None
        self.sizes.append(len(packed))
        kept = json.loads(zlib.decompress(packed))["signals"]
        points = {name: [(value, why) for _, value, why in each] for name, each in kept.items()}
        awaited = {name: _told(name, each[0], heard) for name, each in points.items()}
        if station.heartbeat is None:
            wrong = {name for name in points if points[name] != awaited[name]}
        else:
            wrong = {name for name in points if not _is_part_of(points[name], awaited[name])}
        require("D13", not wrong, "kept otherwise than read", wrong, points, awaited)
        self.seen["D13 points"] += sum(len(each) - 1 for each in points.values())
        self.seen["D13"] += 1


def _told(name: str, begin: Point, heard: Sequence[Acquisition]) -> list[Point]:
    """Return what a signal was, from how it stood when the log began."""
    points = [begin]
    for acquisition in heard:
        if acquisition.failure is not None:
            lost = (None, acquisition.failure.value)
            if name in acquisition.signals and points[-1] != lost:
                points.append(lost)
            continue
        points += [
            (change.value, change.reason.value if change.reason is not None else None)
            for change in acquisition.changes
            if change.signal == name
        ]
    return points


def _is_part_of(kept: Sequence[Point], told: Sequence[Point]) -> bool:
    """Return whether all that was kept was told, in order; what a standing machine showed is not kept."""
    rest, last = iter(told), None
    for point in kept:
        if point[1] not in WITHHELD and point != last:
            last = point
            if not any(each == point for each in rest):
                return False
    return True
