"""The checker of suspect windows: none is too short, and none tells more than was made (D34)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redrabbit.domain.ledger import Entry, instant_text
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require, told_by


@dataclass(slots=True)
class Told:
    """One case as its entries tell it, and what its station had really made."""

    case: str
    station: str
    failure_mode: str
    since: int | None
    """Parts made where the window begins; None: since records began."""
    quantity: int | None
    at_least: bool = True
    is_open: bool = True
    by_stop: bool = False
    counted: bool = False
    """Whether the count at its end is known."""
    reached_by: str | None = None
    until: int = 0
    """Parts made where it ends, or as far as it was seen to reach."""
    proved: int | None = None
    """Parts made when the device was proved again, where that was counted."""


class WindowChecker:
    """Lays every case beside what its station really made when something was recorded."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._presented: dict[tuple[str, str], int] = {}
        """Parts made when a run's part was presented, by run and instant."""
        self._proofs: dict[tuple[str, str], int | None] = {}
        """Parts made when a run detected a failure mode last; None: it was not counted."""
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
        self, _story: Story, entry: Entry, told: Any, made: Mapping[str, int]
    ) -> None:
        self._presented[told["run_id"], instant_text(entry.occurred_at)] = made[told["station"]]

    def _verdict_reached(
        self, story: Story, _entry: Entry, told: Any, made: Mapping[str, int]
    ) -> None:
        mode = story.judged[-1].failure_mode
        if told["decides"] and told["verdict"] == "detected" and mode is not None:
            counted = made[told["station"]] if told["count"] is not None else None
            self._proofs[told["run_id"], str(mode)] = counted

    def _containment_opened(
        self, _story: Story, _entry: Entry, told: Any, made: Mapping[str, int]
    ) -> None:
        self.seen["D34 opened"] += 1
        began = (told["window_from_run"], told["window_from"])
        case = Told(
            case=told["containment_id"],
            station=told["station"],
            failure_mode=told["failure_mode"],
            since=self._presented.get(began),
            quantity=told["quantity"],
            until=made[told["station"]],
        )
        self._cases[case.case] = case
        require("D34", told["quantity_is_lower_bound"], "exact, and still open", told)
        self._no_more_than_made(case, made)

    def _containment_stopped(
        self, _story: Story, _entry: Entry, told: Any, made: Mapping[str, int]
    ) -> None:
        self.seen["D34 stopped"] += 1
        case = self._cases[told["containment_id"]]
        case.is_open, case.by_stop = False, told["window_end"] == "stop"
        if case.proved is None:
            case.until = made[case.station]
        self._moved(case, told, made)

    def _containment_window_moved(
        self, _story: Story, _entry: Entry, told: Any, made: Mapping[str, int]
    ) -> None:
        self.seen[f"D34 {told['why']}"] += 1
        case = self._cases[told["containment_id"]]
        case.is_open = case.is_open or told["opens_again"]
        case.reached_by = told["why"]
        case.until = made[case.station]
        if told["why"] == "reverification":
            case.until = self._proofs[told["run_id"], case.failure_mode] or case.until
        self._moved(case, told, made)

    def _containment_reverified(
        self, _story: Story, _entry: Entry, told: Any, _made: Mapping[str, int]
    ) -> None:
        case = self._cases[told["containment_id"]]
        case.proved = self._proofs.get((told["run_id"], case.failure_mode))

    def _containment_closed(
        self, _story: Story, _entry: Entry, told: Any, _made: Mapping[str, int]
    ) -> None:
        case = self._cases[told["containment_id"]]
        require("D34", not case.is_open, "closed while its window is open", case)

    def _reaches_its_proof(self, case: Told) -> None:
        """What was made while the device was blind is inside, wherever a stop was recorded."""
        if case.is_open or not case.by_stop or not case.counted or case.proved is None:
            return
        self.seen["D34 proved again"] += 1
        require("D34", case.proved <= case.until, "a window too short", case)

    def _moved(self, case: Told, told: Any, made: Mapping[str, int]) -> None:
        case.quantity, case.at_least = told["quantity"], told["quantity_is_lower_bound"]
        case.counted = told["count_to"] is not None
        self._no_more_than_made(case, made)
        if case.is_open:
            require("D34", case.at_least, "exact, and still open", case)
        elif not case.at_least:
            self.seen["D34 exact"] += 1
            require("D34", case.since is not None, "exact, and nobody knows since when", case)
            assert case.since is not None
            assert case.quantity is not None
            unread = case.until - case.since - case.quantity  # made since it was read last
            require("D34", 0 <= unread <= 1, "exact, and not the truth", case)

    def _no_more_than_made(self, case: Told, made: Mapping[str, int]) -> None:
        if case.since is not None and case.quantity is not None:
            truth = made[case.station] - case.since
            require("D34", case.quantity <= truth, "more suspect than were made", case, truth)

    def at_end(self, scene: Scene, story: Story) -> None:
        del scene, story
