"""The checker of nests and pallets: a record names the place in which the part really lay (D29, D33)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from redrabbit.domain.grade import KnownBy
from redrabbit.domain.records import PresentationRecord
from simulators.device import Behaviour, Value
from simulators.line import What
from tests.simulation.product import Commit
from tests.simulation.story import Judged, Scene, Story, require, told_by
from tests.simulation.true_places import came_last

PLACED: Final[Mapping[KnownBy | None, str]] = {KnownBy.NEST: "nest", KnownBy.PALLET: "pallet"}


class PlaceChecker:
    """Lays every place that a verdict or a case names beside where the part lay."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._done = 0

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for judged in story.judged[self._done :]:
            if judged.presented_at is not None:
                self._see(scene, judged)
        self._done = len(story.judged)
        for entry in commit.entries:
            if entry.type == "containment_opened":
                self._opened(scene, story, told_by(entry))

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing is left to look at."""

    def _see(self, scene: Scene, judged: Judged) -> None:
        key = (judged.run.run_id, judged.step, judged.attempt)
        record = scene.ask(lambda reader: reader.get(PresentationRecord, *key))
        assert record is not None
        word = PLACED.get(record.identity_kind)
        if word is None:
            return
        assert judged.presented_at is not None
        named = getattr(record, word)
        came = came_last(scene.world, judged.station, judged.presented_at)
        self.seen[f"D29 by {word}"] += 1
        lay = came is not None and named == str(came.place)
        require("D29", lay, f"not in this {word}", named, judged, came)
        blind_elsewhere = _blind_elsewhere(scene, judged, came.place if came else None)
        if blind_elsewhere and judged.verdict == "detected":
            self.seen[f"D33 detected beside a blind {word}"] += 1

    def _opened(self, scene: Scene, story: Story, told: Any) -> None:
        """A case is of the nest in which it was missed; where that is not told, of none."""
        judged = next(
            each
            for each in reversed(story.judged)
            if (each.run.run_id, each.step) == (told["run_id"], told["step"])
        )
        assert judged.presented_at is not None
        came = came_last(scene.world, judged.station, judged.presented_at)
        if told["nest"] is None or came is None:
            return
        self.seen["D33 missed in one nest"] += 1
        require("D33", told["nest"] == str(came.place), "a case of another nest", told, came)


def _blind_elsewhere(scene: Scene, judged: Judged, place: Value | None) -> bool:
    switches = [
        fact
        for fact in scene.world.facts(judged.station, What.BEHAVIOUR)
        if fact.at <= judged.decided_at
    ]
    last = switches[-1] if switches else None
    is_blind = last is not None and last.note == Behaviour.BLIND.value
    return is_blind and last is not None and last.place not in {None, place}
