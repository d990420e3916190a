"""The checkers of a simulated plant, one per law, and who has them look.

    L1 L2 L3   verdict_checkers.VerdictChecker      what was judged really happened, and in time
    D28 D29    grade_checker.GradeChecker           a high grade is never wrong about part or time
    D29 D33    place_checker.PlaceChecker           what lies in a nest or on a pallet is told so
    L10        verdict_checkers.OutcomeChecker      the first presentation decides
    L4         record_checkers.ContainmentChecker   a miss opens a containment
    D34        window_checker.WindowChecker     no suspect window is too short
    D35        record_checkers.ContainmentChecker   no pass counts before a repair; a person closes the case
    D36        the same   each nest has its own case, last good check and pass
    D4         record_checkers.AgainChecker         runs without a verdict are counted and told
    L5 L6      record_checkers.PartChecker          fit parts go out, and come back
    L7         obligation_checker.ObligationChecker everything due came due, once, and ended once
    D42        first_part_checker.FirstPartChecker  the first part of a shift makes due, and nothing else
    L8         record_checkers.LedgerChecker        nothing is rewritten, lost or added
    L5 D50     stream_checkers.LoanChecker          a piece lent to another line, told on both
    D50        stream_checkers.StreamChecker        streams fold in any order
    D63        count_checker.CountChecker           what is counted is there
    D13        signal_checker.SignalChecker         the signals of a run are kept whole
    D30        pulse_checker.PulseChecker           no learnt pulse is longer than the truth
    D32        device_checker.DeviceChecker         no run at a device that is not read
    R12        unwatched_checker.UnwatchedChecker   time that nobody watched is told, and lapses say so
    D33        program_checker.ProgramChecker       another program than production's fulfils nothing

L9 (nothing is written to a station) is asserted where there are real stations to write to.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Protocol

from tests.simulation.count_checker import CountChecker
from tests.simulation.device_checker import DeviceChecker
from tests.simulation.first_part_checker import FirstPartChecker
from tests.simulation.grade_checker import GradeChecker
from tests.simulation.obligation_checker import ObligationChecker
from tests.simulation.place_checker import PlaceChecker
from tests.simulation.product import Commit
from tests.simulation.program_checker import ProgramChecker
from tests.simulation.pulse_checker import PulseChecker
from tests.simulation.record_checkers import (
    AgainChecker,
    ContainmentChecker,
    LedgerChecker,
    PartChecker,
)
from tests.simulation.signal_checker import SignalChecker
from tests.simulation.story import LawBroken, Scene, Story
from tests.simulation.stream_checkers import LoanChecker, StreamChecker
from tests.simulation.unwatched_checker import UnwatchedChecker
from tests.simulation.verdict_checkers import OutcomeChecker, VerdictChecker
from tests.simulation.window_checker import WindowChecker

__all__ = ["Checker", "Inspector", "LawBroken"]


class Checker(Protocol):
    """Looks at what was recorded, and raises LawBroken."""

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        """Look after a transaction."""
        ...

    def at_end(self, scene: Scene, story: Story) -> None:
        """Look when everything is over."""
        ...


class Inspector:
    """Lets every checker look, in order, whenever the ledger grew."""

    def __init__(self, scene: Scene, verifier: Any) -> None:
        self._scene = scene
        self.story = Story(scene)
        self.grades = GradeChecker()
        self.verdicts = VerdictChecker()
        self.places = PlaceChecker()
        self.containments = ContainmentChecker()
        self.windows = WindowChecker()
        self.again = AgainChecker()
        self.parts = PartChecker()
        self.obligations = ObligationChecker()
        self.first_parts = FirstPartChecker()
        self.loans = LoanChecker()
        self.signals = SignalChecker()
        self.devices = DeviceChecker()
        self.pulses = PulseChecker()
        self.programs = ProgramChecker()
        self.unwatched = UnwatchedChecker()
        self._checkers: tuple[Checker, ...] = (
            self.grades,
            self.verdicts,
            self.places,
            OutcomeChecker(),
            self.containments,
            self.windows,
            self.again,
            self.parts,
            self.obligations,
            self.first_parts,
            self.loans,
            self.signals,
            self.devices,
            self.pulses,
            self.programs,
            self.unwatched,
            CountChecker(),
            LedgerChecker(verifier),
            StreamChecker(),
        )

    def look(self, commits: Iterable[Commit]) -> None:
        """Look at new transactions."""
        for commit in commits:
            self.story.tell(commit)
            for checker in self._checkers:
                checker.after(self._scene, self.story, commit)

    def conclude(self) -> None:
        """Look at everything once more, now that it is over."""
        for checker in self._checkers:
            checker.at_end(self._scene, self.story)

    def seen(self) -> Counter[str]:
        """Return what the checkers had to compare."""
        return sum(
            (
                self.grades.seen,
                self.verdicts.seen,
                self.places.seen,
                self.containments.seen,
                self.windows.seen,
                self.again.seen,
                self.parts.seen,
                self.obligations.seen,
                self.first_parts.seen,
                self.loans.seen,
                self.signals.seen,
                self.devices.seen,
                self.pulses.seen,
                self.programs.seen,
                self.unwatched.seen,
            ),
            Counter(),
        )
