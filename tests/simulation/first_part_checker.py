"""Checker of the first part of a shift, D42: due in each shift that makes parts, and in none that surely made none.

What was really made is asked of the world, which counts whatever a counter shows.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from redrabbit.domain.identity import CheckId
from redrabbit.domain.ledger import Entry, instant
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule_rules import begun_rule
from redrabbit.domain.shift_calendar import ShiftWindow
from redrabbit.domain.shift_production import shift_at
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by

ENOUGH = 10
"""So many parts between two looks at a station that can be read are seen, whatever its counter does."""

Place = tuple[str, datetime]
"""A station, and the beginning of a shift."""


class FirstPartChecker:
    """Looks at what the first part of a shift makes due, when it is made, and at each start of a run."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._made_before: dict[str, int] = {}
        """What each station had made at the last commit before the shift of now."""
        self._made_last: dict[str, int] = {}
        self._shifts: dict[str, datetime] = {}
        self._made_at_end_of_run: dict[Place, int] = {}
        self._asked: dict[tuple[str, datetime], Entry] = {}

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "occurrence_made" and _is_first(told):
                self._made(scene, entry, told)
            if entry.type == "run_started":
                self._begun(scene, story, entry, told)
            if entry.type == "run_closed":
                self._closed(scene, entry, str(story.runs[told["run_id"]].station))
        for station in scene.plant.stations:
            self._note(scene, str(station.id), scene.world.now)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Look at nothing: all is looked at when it happens."""

    def _note(self, scene: Scene, station: str, at: datetime) -> None:
        shift = _shift(scene.plant, station, at)
        begin = at if shift is None else shift.begins_at
        if self._shifts.get(station) != begin:
            self._shifts[station] = begin
            if station in self._made_last:
                self._made_before[station] = self._made_last[station]
        self._made_last[station] = scene.world.made(station).total

    def _made(self, scene: Scene, entry: Entry, told: Any) -> None:
        station, due_at = str(told["station"]), instant(str(told["due_at"]))
        shift = _shift(scene.plant, station, entry.recorded_at)
        if shift is None or due_at < shift.begins_at:
            self.seen["D42 owed at the end"] += 1
            return
        self._asked[str(told["check_id"]), shift.begins_at] = entry
        self.seen["D42 begun"] += 1
        if self._shifts.get(station) == shift.begins_at:
            before = self._made_before.get(station)
        else:
            before = self._made_last.get(station)
        made = scene.world.made(station).total
        right = before is None or made > before
        require("D42", right, "due in a shift that made nothing", entry, made)

    def _closed(self, scene: Scene, entry: Entry, station: str) -> None:
        shift = _shift(scene.plant, station, entry.recorded_at)
        if shift is not None:
            made = scene.world.made(station).total
            self._made_at_end_of_run.setdefault((station, shift.begins_at), made)

    def _begun(self, scene: Scene, story: Story, entry: Entry, told: Any) -> None:
        """A station that starts a run can be read, and was when one ended before: what it made between was seen."""
        station = str(told["station"])
        shift = _shift(scene.plant, station, entry.recorded_at)
        if shift is None or scene.plant.station(told["station"]).part_counter is None:
            return
        since = self._made_at_end_of_run.get((station, shift.begins_at))
        if since is None or scene.world.made(station).total < since + ENOUGH:
            return
        for check in scene.plant.plan.checks:
            rule = begun_rule(check.schedule)
            if check.station != station or rule is None or shift.name in rule.left_out:
                continue
            asked = self._in_force_since(story, check.id) > shift.begins_at or (
                (str(check.id), shift.begins_at) in self._asked
            )
            require("D42", asked, "a shift that makes parts was not seen to begin", entry, check)
            self.seen["D42 looked for"] += 1

    @staticmethod
    def _in_force_since(story: Story, check_id: CheckId) -> datetime:
        return story.adopted[check_id][-1][0]


def _is_first(told: Any) -> bool:
    return str(told["trigger_key"]).startswith("production:")


def _shift(plant: Plant, station: str, at: datetime) -> ShiftWindow | None:
    line = next(each.line for each in plant.stations if each.id == station)
    return shift_at(plant.calendars[line], at)
