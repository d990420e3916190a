"""Checker of what was found while a station worked by another program than production's (D33)."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from simulators.line import What
from simulators.station import PROGRAM
from tests.simulation.product import Commit
from tests.simulation.story import Judged, Scene, Story, require, told_by
from tests.simulation.verdict_checkers import Truth

NEAR = timedelta(seconds=0.5)
"""A program that changes so near to a presentation's begin or end may be read in it or not."""


class ProgramChecker:
    """It is recorded as such, and fulfils no obligation; what production's program showed counts."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._otherwise: set[str] = set()
        """Runs of which a verdict was reached under another program."""
        self._done = 0

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for judged in story.judged[self._done :]:
            self._see(scene, judged)
        self._done = len(story.judged)
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "occurrence_decided" and told["outcome"] == "passed":
                by = told["run_id"]
                require("D33", by not in self._otherwise, "another program fulfilled it", told)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Every verdict was looked at as it was recorded."""

    def _see(self, scene: Scene, judged: Judged) -> None:
        tells = scene.plant.station(judged.station_id).says.program is not None
        if not tells or judged.presented_at is None:
            return
        found = judged.not_counted == "other_program"
        inner = _programs(scene, judged, judged.presented_at + NEAR, judged.decided_at - NEAR)
        if inner - {PROGRAM}:
            self.seen["D33 another program"] += 1
            require("D33", found, "another program's verdict counts", judged, judged.not_counted)
            self._otherwise.add(judged.run.run_id)
            return
        outer = _programs(scene, judged, judged.presented_at - NEAR, judged.decided_at + NEAR)
        if outer == {PROGRAM} and not Truth(scene, judged).faults:
            self.seen["D33 production's program"] += 1
            require("D33", not found, "production's own verdict doesn't count", judged)


def _programs(scene: Scene, judged: Judged, since: datetime, until: datetime) -> set[object]:
    """Return every program by which the station really worked in a span; empty: there is no such span."""
    if until < since:
        return set()
    at_begin: object = PROGRAM
    programs = set()
    for fact in scene.world.facts(judged.station, What.PROGRAM):
        if fact.at <= since:
            at_begin = fact.code
        elif fact.at <= until:
            programs.add(fact.code)
    return programs | {at_begin}
