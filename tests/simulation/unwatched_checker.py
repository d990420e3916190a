"""Checker of time that nobody watched, R12: it is told before all else, and what was owed in it was nobody's omission.

Which lapse shares a moment with it is found entry by entry, on purpose without the product's query.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

from redrabbit.domain.ledger import Entry, instant
from redrabbit.domain.records import OccurrenceRecord
from tests.simulation.product import Commit, Standstill
from tests.simulation.story import Scene, Story, require, told_by

A_HOLE = timedelta(seconds=5)
"""B20: for longer without a turn nobody is watching."""
A_BEAT = timedelta(seconds=2)
"""How long before its end the heart beat last."""
EXACT = timedelta(milliseconds=1)


class UnwatchedChecker:
    """Looks at every standstill and every lapse."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._told: set[Standstill] = set()

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries:
            if entry.type == "not_watched":
                self._hole(scene, commit, entry)
            else:
                late = self._untold(scene, commit)
                require("R12", not late, "recorded before that nobody watched", entry, late)
            if entry.type == "occurrence_decided" and told_by(entry)["outcome"] == "lapsed":
                self._lapsed(scene, story, entry)

    def at_end(self, scene: Scene, story: Story) -> None:
        if scene.standstills is None:
            return
        long = [each for each in scene.standstills if _is_hole(each)]
        told = [entry for entry in story.holes if told_by(entry)["why"] == "frozen"]
        require("R12", len(told) == len(long), "standstills", told, long)

    def _untold(self, scene: Scene, commit: Commit) -> list[Standstill]:
        over = (each for each in scene.standstills or () if each.begins_at < commit.at)
        return [each for each in over if _is_hole(each) and each not in self._told]

    def _hole(self, scene: Scene, commit: Commit, entry: Entry) -> None:
        told: Any = told_by(entry)
        if scene.standstills is None:
            return
        begins_at, ends_at = (
            commit.in_world(instant(told[key])) for key in ("begins_at", "ends_at")
        )
        self.seen[f"R12 {told['why']}"] += 1
        if told["why"] == "frozen":
            really = {
                each
                for each in self._untold(scene, commit)
                if abs(each.begins_at - begins_at) < EXACT and abs(each.ends_at - ends_at) < EXACT
            }
            require("R12", really, "nobody watched, it is said, and somebody did", entry)
            self._told |= really
        elif told["why"] == "down":
            ended = scene.stops[-1] - begins_at
            right = timedelta(0) <= ended <= A_BEAT and abs(ends_at - commit.at) < EXACT
            require("R12", right, "it ran, or did not, at another time", entry, scene.stops)

    def _lapsed(self, scene: Scene, story: Story, entry: Entry) -> None:
        told: Any = told_by(entry)
        record = scene.ask(lambda reader: reader.get(OccurrenceRecord, told["occurrence_id"]))
        assert record is not None
        over_at = entry.occurred_at
        holes = [
            hole
            for hole in map(told_by, story.holes)
            if record.due_at < instant(str(hole["ends_at"])) <= entry.recorded_at
            and instant(str(hole["begins_at"])) <= over_at
        ]
        doubts = [
            doubt
            for doubt in map(told_by, story.doubts.values())
            if instant(str(doubt["stepped_at"])) < over_at
            and record.due_at < instant(str(doubt["set_to_at"]))
        ]
        awaited = "not_watching" if holes or doubts else "not_done"
        right = told["reason_code"] == awaited
        require("R12", right, f"awaited {awaited}", entry, record, holes, doubts)
        for why in {str(hole["why"]) for hole in holes}:
            self.seen[f"R12 lapsed, and {why}"] += 1
        self.seen["R12 not done"] += awaited == "not_done"


def _is_hole(standstill: Standstill) -> bool:
    return standstill.ends_at - standstill.begins_at > A_HOLE
