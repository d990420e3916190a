"""Grades of evidence, A to E: how well it is known which part, which answer, and how it was watched.

The table is D28's. What is not known takes the weakest meaning and lowers the grade; it is never
guessed upwards, and nothing here judges: a verdict is reached without its grade. The words of a
grade are what records, pages and exports keep; the letters follow from them by this table alone.
`docs/grades.md` is printed from this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from redrabbit.domain.blind_time import blind_after_s
from redrabbit.domain.identity import SignalName
from redrabbit.domain.part_told import places_of
from redrabbit.domain.rule import (
    Above,
    Below,
    Between,
    Condition,
    DetectionRule,
    leaves,
    tells_by_silence,
)
from redrabbit.domain.same_part import named_only_on_change
from redrabbit.domain.station import Station
from redrabbit.domain.station_says import SaidOf


class Grade(StrEnum):
    """How strong the evidence is, A the strongest."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


class KnownBy(StrEnum):
    """By what it is known which part was before the device (D29)."""

    CODE = "code"
    """The station read the code on the part."""
    SERIAL = "serial"
    """The station told the part's serial number."""
    RECORD = "record"
    """The result record names the part."""
    HELD = "held"
    """The feed was held, and named counters counted exactly one part."""
    PALLET = "pallet"
    """The part's pallet was told."""
    NEST = "nest"
    """The part's nest was told."""
    NTH = "nth"
    """It was the n-th part after an entry point."""
    ORDER = "order"
    """The first part that came after the scan."""
    TAP = "tap"
    """The operator tapped that it was there."""
    ATTESTED = "attested"
    """A person stated it."""
    PAPER = "paper"
    """It was written on paper and entered later."""


class AnswerBy(StrEnum):
    """By what the device's answer is known."""

    CODE_RENEWED = "code_renewed"
    """The reject code, told anew since the part was presented."""
    MEASURED = "measured"
    """The measured value, which crossed its limit since the part was presented."""
    CODE_NOT_RENEWED = "code_not_renewed"
    """The reject code, which stood there before the part: reason not renewed (D31)."""
    SIGNAL = "signal"
    """A signal alone, which told no reason."""
    SILENCE = "silence"
    """No answer in time, where the rule says that this is a miss."""
    ATTESTED = "attested"
    """A person stated it."""
    PAPER = "paper"
    """It was written on paper and entered later."""


class Watched(StrEnum):
    """How the station was watched from presented to the verdict (D30)."""

    UNBROKEN = "unbroken"
    """No gap between readings was long enough to hide an answer or the next part."""
    GAP = "gap"
    """There was such a gap."""
    UNKNOWN = "unknown"
    """A judging signal has no rhythm: nothing tells whether a message of it was missed."""


PART_GRADES: Final[Mapping[KnownBy, Grade]] = {
    KnownBy.CODE: Grade.A,
    KnownBy.SERIAL: Grade.A,
    KnownBy.RECORD: Grade.A,
    KnownBy.HELD: Grade.B,
    KnownBy.PALLET: Grade.B,
    KnownBy.NEST: Grade.B,
    KnownBy.NTH: Grade.B,
    KnownBy.ORDER: Grade.C,
    KnownBy.TAP: Grade.D,
    KnownBy.ATTESTED: Grade.E,
    KnownBy.PAPER: Grade.E,
}
"""D28, first row: which part."""

ANSWER_GRADES: Final[Mapping[AnswerBy, Grade]] = {
    AnswerBy.CODE_RENEWED: Grade.A,
    AnswerBy.MEASURED: Grade.B,
    AnswerBy.CODE_NOT_RENEWED: Grade.B,
    AnswerBy.SIGNAL: Grade.C,
    AnswerBy.SILENCE: Grade.D,
    AnswerBy.ATTESTED: Grade.E,
    AnswerBy.PAPER: Grade.E,
}
"""D28, second row: which answer."""

WATCH_GRADES: Final[Mapping[Watched, Grade]] = {
    Watched.UNBROKEN: Grade.A,
    Watched.GAP: Grade.C,
    Watched.UNKNOWN: Grade.C,
}
"""D28, third row: how watched."""


DISPUTED: Final = Grade.D
"""The best that a disputed identity counts for: that of a person's tap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """What a grade rests on: three words, a letter for each, and the worst of the three."""

    known_by: KnownBy
    answer_by: AnswerBy
    watched: Watched
    disputed: bool = False
    """Whether what was measured contradicts the part's certificate (D29)."""

    @property
    def part(self) -> Grade:
        """How well it is known which part it was; D at most where that is disputed."""
        known = PART_GRADES[self.known_by]
        return max(known, DISPUTED) if self.disputed else known

    @property
    def answer(self) -> Grade:
        """How well the answer is known."""
        return ANSWER_GRADES[self.answer_by]

    @property
    def watch(self) -> Grade:
        """How well the station was watched."""
        return WATCH_GRADES[self.watched]

    @property
    def grade(self) -> Grade:
        """The worst of the three: the verdict's grade (D28)."""
        return max(self.part, self.answer, self.watch)


def worst_grade(grades: Iterable[Grade | None]) -> Grade | None:
    """Return the worst of several; None where there is none, or one of them is not known.

    So a run's grade is never better than what all its challenge parts bear out.
    """
    known: list[Grade] = []
    for grade in grades:
        if grade is None:
            return None
        known.append(grade)
    return max(known, default=None)


def reachable(rule: DetectionRule, station: Station) -> Grading:
    """Return the grading that a detection by this rule surely gets, if nothing goes wrong.

    What the station's file does not declare counts as its weakest meaning. So this is what may be
    asked of the device as it is configured (D28): a luckier verdict can be better.
    """
    return Grading(
        known_by=_known_by(rule, station),
        answer_by=_answer_by(rule),
        watched=_watched(rule, station),
    )


def best(rule: DetectionRule, station: Station) -> Grading:
    """Return the grading of the strongest detection that this rule can ever come to.

    What the plan demands beyond it can never be fulfilled.
    """
    surely = replace(reachable(rule, station), known_by=_told_by(rule, station))
    renewed = rule.reject_code is not None and surely.answer_by is AnswerBy.CODE_NOT_RENEWED
    return replace(surely, answer_by=AnswerBy.CODE_RENEWED) if renewed else surely


def _known_by(rule: DetectionRule, station: Station) -> KnownBy:
    """Return by what a part surely is known; by order where it may be named before the answer only."""
    once = named_only_on_change(rule, station)
    return KnownBy.ORDER if once else _told_by(rule, station)


def _told_by(rule: DetectionRule, station: Station) -> KnownBy:
    if rule.part_code is not None:
        return KnownBy.CODE
    places = places_of(station.says, rule)
    if places:
        return KnownBy.PALLET if SaidOf.PALLET in places else KnownBy.NEST
    if rule.presented is None:
        return KnownBy.TAP
    return KnownBy.ORDER if rule.held is None else KnownBy.HELD


def _answer_by(rule: DetectionRule) -> AnswerBy:
    if tells_by_silence(rule.detected):
        return AnswerBy.SILENCE
    if rule.reject_code is not None:
        cleared = rule.reject_code_cleared
        return AnswerBy.CODE_RENEWED if cleared else AnswerBy.CODE_NOT_RENEWED
    by_value = tells_by_value(rule.detected, rule.measured)
    return AnswerBy.MEASURED if by_value else AnswerBy.SIGNAL


def tells_by_value(condition: Condition, measured: SignalName | None) -> bool:
    """Return whether a condition turns true only where the measured value crosses a limit.

    One that needs a bit as well is told by that bit: the value may be the last part's.
    """
    return all(
        isinstance(leaf, Above | Below | Between) and leaf.signal == measured
        for leaf in leaves(condition)
    )


def _watched(rule: DetectionRule, station: Station) -> Watched:
    unknown = None in blind_after_s(rule, station).values()
    return Watched.UNKNOWN if unknown else Watched.UNBROKEN
