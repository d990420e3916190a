"""The checker of learnt pulses: none is longer than the answers really lasted (D30).

What a station really showed is written down while it is watched closely; each answer that a proposal names
must have been one of these. A controller that showed old registers meanwhile can make an answer longer
than it was, or one out of two: as many may be unexplained as there were such faults.
"""

from collections import Counter
from typing import Any

from redrabbit.domain.learnt_pulse import SAMPLE
from simulators.faults import FaultKind
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by

OFF_BY_S = 1e-3
"""Bounds are told in whole milliseconds."""


class PulseChecker:
    """Lays every proposal and every decision beside what the station really showed."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._proposed: dict[int, Any] = {}

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        del story
        for entry in commit.entries:
            told: Any = told_by(entry)
            if entry.type == "pulse_proposed":
                self._proposed[entry.index] = told
                self._compare(scene, told)
            elif entry.type == "pulse_decided":
                self._decided(told)

    def _compare(self, scene: Scene, told: Any) -> None:
        answers = scene.true_answers
        if answers is None or answers.station != told["station"]:
            return
        self.seen[f"D30 {told['why']}"] += 1
        cycles = told["cycles"]
        shortest = min(cycle["at_least_s"] for cycle in cycles)
        require("D30", len(cycles) == SAMPLE, "learnt from too few", told)
        require("D30", told["at_least_s"] == shortest, "not the shortest of its answers", told)
        truth_s = answers.lasted_s(told["signal"])
        unexplained = [cycle for cycle in cycles if not _happened(cycle, truth_s)]
        faults = sum(
            fault.kind is FaultKind.STALE_REGISTERS and fault.station == answers.station
            for fault in scene.all_faults
        )
        require("D30", len(unexplained) <= faults, "a pulse that never was", unexplained, truth_s)

    def _decided(self, told: Any) -> None:
        proposed = self._proposed[told["proposed_entry"]]
        same = (told["signal"], told["pulse_s"], told["cycles"]) == (
            proposed["signal"],
            proposed["at_least_s"],
            proposed["cycles"],
        )
        require("D30", same, "decided what was not proposed", told, proposed)
        self.seen["D30 confirmed" if told["confirmed"] else "D30 refused"] += 1

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing more is to be said."""


def _happened(cycle: Any, truth_s: list[float]) -> bool:
    """Tell whether an answer between these bounds really happened."""
    return any(
        cycle["at_least_s"] <= lasted_s + OFF_BY_S and cycle["at_most_s"] >= lasted_s - OFF_BY_S
        for lasted_s in truth_s
    )
