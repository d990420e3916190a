"""The checker of suspect windows: none is too short, and none tells more than was made (D34).

Of a nest: all that was really made in it is inside, and what is said to be surely of it was made in it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redrabbit.domain.ledger import Entry, instant_text
from simulators.station import Made
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by


@dataclass(slots=True, kw_only=True)
class Told:
    """One case as its entries tell it, and what its station had really made."""

    case: str
    station: str
    failure_mode: str
    nest: str | None
    """None: its station has no nests, or nobody knows which."""
    since: Made | None
    """What was made where the window begins; None: since records began."""
    quantity: int | None
    at_least: bool = True
    is_open: bool = True
    by_stop: bool = False
    counted: bool = False
    """Whether the count at its end is known."""
    reached_by: str | None = None
    until: Made
    """What was made where it ends, or as far as it was seen to reach."""
    proved: Made | None = None
    """What was made when the device was proved again, where that was counted."""


class WindowChecker:
    """Lays every case beside what its station really made when something was recorded."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._presented: dict[tuple[str, str], Made] = {}
        """What was made when a run's part was presented, by run and instant."""
        self._proofs: dict[tuple[str, str, str | None], Made | None] = {}
        """What was made when a run detected a failure mode last, in which nest; None: it was not counted."""
        self._cases: dict[str, Told] = {}

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries if commit.made else ():
            told: Any = told_by(entry)
            take = getattr(self, f"_{entry.type}", None)
            if take is not None:
                take(story, entry, told, commit.made)
        for case in self._cases.values():
            self._reaches_its_proof(case)
        del scene

    def _part_presented(
        self, _story: Story, entry: Entry, told: Any, made: Mapping[str, Made]
    ) -> None:
        self._presented[told["run_id"], instant_text(entry.occurred_at)] = made[told["station"]]

    def _verdict_reached(
        self, story: Story, _entry: Entry, told: Any, made: Mapping[str, Made]
    ) -> None:
        _, mode, nest = story.judged[-1].about
        if told["decides"] and told["verdict"] == "detected":
            counted = made[told["station"]] if told["count"] is not None else None
            self._proofs[told["run_id"], mode, nest] = counted

    def _containment_opened(
        self, _story: Story, _entry: Entry, told: Any, made: Mapping[str, Made]
    ) -> None:
        self.seen["D34 opened"] += 1
        began = (told["window_from_run"], told["window_from"])
        case = Told(
            case=told["containment_id"],
            station=told["station"],
            failure_mode=told["failure_mode"],
            nest=told["nest"],
            since=self._presented.get(began),
            quantity=told["quantity"],
            until=made[told["station"]],
        )
        self._cases[case.case] = case
        require("D34", told["quantity_is_lower_bound"], "exact, and still open", told)
        self._no_more_than_made(case, told, made)

    def _containment_stopped(
        self, _story: Story, _entry: Entry, told: Any, made: Mapping[str, Made]
    ) -> None:
        self.seen["D34 stopped"] += 1
        case = self._cases[told["containment_id"]]
        case.is_open, case.by_stop = False, told["window_end"] == "stop"
        if case.proved is None:
            case.until = made[case.station]
        self._moved(case, told, made)

    def _containment_window_moved(
        self, _story: Story, _entry: Entry, told: Any, made: Mapping[str, Made]
    ) -> None:
        self.seen[f"D34 {told['why']}"] += 1
        case = self._cases[told["containment_id"]]
        case.is_open = case.is_open or told["opens_again"]
        case.reached_by = told["why"]
        case.until = made[case.station]
        if told["why"] == "reverification":
            case.until = self._proof(case, told["run_id"]) or case.until
        self._moved(case, told, made)

    def _containment_reverified(
        self, _story: Story, _entry: Entry, told: Any, _made: Mapping[str, Made]
    ) -> None:
        case = self._cases[told["containment_id"]]
        case.proved = self._proof(case, told["run_id"])

    def _proof(self, case: Told, run_id: str) -> Made | None:
        return self._proofs.get((run_id, case.failure_mode, case.nest))

    def _containment_closed(
        self, _story: Story, _entry: Entry, told: Any, _made: Mapping[str, Made]
    ) -> None:
        case = self._cases[told["containment_id"]]
        require("D34", not case.is_open, "closed while its window is open", case)

    def _reaches_its_proof(self, case: Told) -> None:
        """What was made while the device was blind is inside, wherever a stop was recorded."""
        if case.is_open or not case.by_stop or not case.counted or case.proved is None:
            return
        self.seen["D34 proved again"] += 1
        reached = case.until.of(case.nest) - case.proved.of(case.nest)
        require("D34", reached >= 0, "a window too short", case)

    def _moved(self, case: Told, told: Any, made: Mapping[str, Made]) -> None:
        case.quantity, case.at_least = told["quantity"], told["quantity_is_lower_bound"]
        case.counted = told["count_to"] is not None
        self._no_more_than_made(case, told, made)
        if case.is_open:
            require("D34", case.at_least, "exact, and still open", case)
        elif not case.at_least:
            self.seen["D34 exact"] += 1
            self._is_exact(case)

    def _is_exact(self, case: Told) -> None:
        """All that was made where the device was blind is counted, but for what was made since it was read."""
        require("D34", case.since is not None, "exact, and nobody knows since when", case)
        assert case.since is not None
        assert case.quantity is not None
        uncounted = case.until.of(case.nest) - case.since.of(case.nest) - case.quantity
        more = case.quantity - (case.until.total - case.since.total)
        require("D34", uncounted <= 1 and more <= 0, "exact, and not the truth", case)
        if case.nest is not None:
            self.seen["D34 exact in its nest"] += 1

    def _no_more_than_made(self, case: Told, told: Any, made: Mapping[str, Made]) -> None:
        if case.since is None or case.quantity is None:
            return
        truth = made[case.station].total - case.since.total
        require("D34", case.quantity <= truth, "more suspect than were made", case, truth)
        if case.nest is not None:
            surely = case.quantity - (told["quantity_unknown"] or 0)
            there = made[case.station].of(case.nest) - case.since.of(case.nest)
            self.seen["D34 surely in its nest"] += surely > 0
            require("D34", surely <= there, "surely of this nest, and of another", case, there)

    def at_end(self, scene: Scene, story: Story) -> None:
        del scene, story
