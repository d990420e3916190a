"""The checker of grades against the truth: D28 and D29.

However the world lies, what is graded A or B is of this part and of this time; and where a verdict is
wrong about the device all the same, the record says by what the part was known, so that people can
tell. A wrong verdict with a high grade is the one thing that must not be.
"""

from collections import Counter
from datetime import timedelta
from typing import Any, Final

from redrabbit.domain.grade import Grade, KnownBy
from redrabbit.domain.identity import RunId
from redrabbit.domain.records import ContainmentRecord, PresentationRecord
from redrabbit.services.ports import equals
from simulators.device import ACCEPTING, Behaviour
from simulators.line import Fact, What
from tests.simulation.product import Commit
from tests.simulation.story import Judged, Scene, Story, require
from tests.simulation.verdict_checkers import Truth

STRONG: Final = frozenset({Grade.A, Grade.B})
BY_PLACE: Final = frozenset({KnownBy.NEST, KnownBy.PALLET})
"""How a part is known by where it lies: which one was put there is the operator's word."""
BY_PEOPLE: Final = frozenset({KnownBy.ORDER, KnownBy.TAP, KnownBy.HELD, *BY_PLACE})
"""How a part is known where people decide which one comes: it may be another one."""
SAID: Final = {
    "detected": What.REJECTED,
    "false_reject": What.REJECTED,
    "accepted": What.ACCEPTED,
    "missed": What.ACCEPTED,
}
"""What the device really said, where a verdict that rests on more than silence is right."""
NOT_SEEING: Final = frozenset(behaviour.value for behaviour in ACCEPTING)
"""Behaviours of devices that don't see their defect."""
LEAST_TRAVEL: Final = timedelta(seconds=1)
"""So long nothing must have been fed before the part, as the station files tell."""
ANSWERS: Final = (What.REJECTED, What.ACCEPTED, What.BEHAVIOUR)


class GradeChecker:
    """Looks at the grade of every verdict as it is recorded, and at how its part was known."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._done = 0

    def after(self, scene: Scene, story: Story, _commit: Commit) -> None:
        for judged in story.judged[self._done :]:
            self._see(scene, judged, Truth(scene, judged))
        self._done = len(story.judged)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing is left to look at."""

    def _see(self, scene: Scene, judged: Judged, truth: Truth) -> None:
        key = (judged.run.run_id, judged.step, judged.attempt)
        record = scene.ask(lambda reader: reader.get(PresentationRecord, *key))
        assert record is not None
        if record.grade is not None:
            self.seen[f"D28 {record.grade.value}"] += 1
        if truth.behaviours <= NOT_SEEING and judged.verdict == "detected":
            self.seen["D28 blind, and detected"] += 1
            require("D28", record.grade not in STRONG, "a blind device detected", judged, truth)
            require("D28", record.identity_kind, "nobody knows by what", judged, truth)
        leftover = truth.behaviours == {Behaviour.LEFTOVER_REASON.value}
        if leftover and judged.verdict == "detected" and judged.rule.reject_code is not None:
            self.seen["D31 not told anew"] += 1
            require("D31", record.grade is not Grade.A, "a leftover reason counts as told", judged)
        if record.identity_kind is KnownBy.HELD:
            self._held(scene, judged, truth, record)
        elif record.grade in STRONG:
            _is_of_this_part_and_time(judged, truth, record, self.seen)
        if judged.verdict == "missed" and judged.decides:
            self._missed(scene, judged, truth)

    def _held(self, scene: Scene, judged: Judged, truth: Truth, record: PresentationRecord) -> None:
        """Hold a held feed to what it can tell: that one part came, and by hand; not which one."""
        self.seen["D29 held"] += 1
        came = [f for f in truth.facts if f.what is What.PUT_IN and f.at >= judged.issued_at]
        labelled = {part.id for part in scene.plant.parts}
        require("D29", len(came) == 1, "held, and not one part", judged, truth)
        require("D29", came[0].part in labelled, "held, and fed", judged, truth)
        require("D29", _was_held(scene, judged), "held, and the feed ran", judged, truth)
        if came[0].part != judged.part:
            self.seen["D29 held, and another by hand"] += 1
        elif record.grade in STRONG:
            _is_of_this_part_and_time(judged, truth, record, self.seen)

    def _missed(self, scene: Scene, judged: Judged, truth: Truth) -> None:
        if not _is_healthy(truth):
            return
        self.seen["D29 healthy, and missed"] += 1
        for case in scene.ask(lambda reader: _cases(reader, judged)):
            known = case.identity_kind in BY_PEOPLE
            require("D29", known, "a healthy device missed", case.identity_kind, judged, truth)


def _was_held(scene: Scene, judged: Judged) -> bool:
    """Return whether nothing was fed from before the part until the verdict."""
    told = scene.world.facts(judged.station, What.HELD, What.RELEASED)
    assert judged.presented_at is not None
    before = [fact for fact in told if fact.at <= judged.presented_at - LEAST_TRAVEL]
    since = [fact for fact in told if fact not in before and fact.at <= judged.decided_at]
    released = any(fact.what is What.RELEASED for fact in since)
    return bool(before) and before[-1].what is What.HELD and not released


def _is_of_this_part_and_time(
    judged: Judged, truth: Truth, record: PresentationRecord, seen: Counter[str]
) -> None:
    about = (f"grade {record.grade}", judged, truth)
    answers = [
        fact for fact in sorted(_answers(truth), key=lambda each: each.at) if fact.at >= truth.begin
    ]
    require("D28", answers, "no answer in its time", *about)
    first = answers[0]
    mine = first.part in {None, judged.part} and truth.put_in_at is not None
    if not mine and record.identity_kind in BY_PLACE:  # in its place lay another one
        seen["D28 another part in its place"] += 1
        return
    require("D28", mine, "of another part", *about)
    require("D28", first.at <= truth.in_time_until, "of another time", *about)
    right = first.what in {SAID[judged.verdict], What.BEHAVIOUR}
    require("D28", right, "not what the device said", *about)


def _answers(truth: Truth) -> list[Fact]:
    """Return what was answered; a bit that sticks answers by itself."""
    return [
        fact
        for fact in truth.facts
        if fact.what in ANSWERS
        and (fact.what is not What.BEHAVIOUR or fact.note == Behaviour.STUCK_ON.value)
    ]


def _is_healthy(truth: Truth) -> bool:
    """Return whether the device did its work all the time."""
    return truth.behaviours == {Behaviour.HEALTHY.value} and not truth.switched


def _cases(reader: Any, judged: Judged) -> list[ContainmentRecord]:
    """Return the cases that this miss opened; a later miss of an open case opens none."""
    return list(
        reader.find(
            ContainmentRecord,
            equals("run_id", RunId(judged.run.run_id)),
            equals("step", judged.step),
        )
    )
