"""The end of a window moves, and is taken back (D34)."""

import pytest

from redrabbit.domain.ledger import canonical_text
from redrabbit.domain.records import ContainmentRecord
from tests.domain.facts.test_containment import CONTAINMENT, counted
from tests.domain.folded import FoldedLedger, a_ledger, at, values

MOVED: dict[str, object] = {
    "containment_id": "line1-C-1",
    "why": "later_miss",
    "run_id": "line1-R-2",
    "opens_again": False,
    "counter_to": 1240,
    "count_to": counted(1240),
    "quantity": 240,
    "quantity_is_lower_bound": True,
}
STOPPED: dict[str, object] = {
    "containment_id": "line1-C-1",
    "window_end": "stop",
    "stop_signal": "running",
    "counter_to": 1220,
    "quantity": 220,
    "quantity_is_lower_bound": False,
}


def opened(*, stopped: bool) -> FoldedLedger:
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    if stopped:
        ledger.say("containment_stopped", 20, **STOPPED)
    return ledger


@pytest.mark.parametrize("stopped", [False, True], ids=["still open", "stopped before"])
def test_a_window_reaches_further(stopped: bool) -> None:
    ledger = opened(stopped=stopped)
    before = ledger.the(ContainmentRecord, "line1-C-1")
    assert before.seen_until == at(0)
    ledger.say("containment_window_moved", 60, **MOVED)
    case = ledger.the(ContainmentRecord, "line1-C-1")
    assert values(case, "counter_to", "count_to", "quantity", "reached_at", "reached_by_run") == {
        "counter_to": 1240,
        "count_to": canonical_text(counted(1240)),
        "quantity": 240,
        "reached_at": at(60),
        "reached_by_run": "line1-R-2",
    }
    assert (case.window_to, case.seen_until) == (at(60) if stopped else None, at(60))
    assert (case.stopped_at, case.window_end) == (before.stopped_at, before.window_end)


def test_a_window_opens_again() -> None:
    """Nothing of the recorded end is left but in the ledger."""
    ledger = opened(stopped=True)
    again = MOVED | {"why": "counted_on", "run_id": None, "opens_again": True}
    ledger.say("containment_window_moved", 60, **again)
    case = ledger.the(ContainmentRecord, "line1-C-1")
    gone = ("window_to", "stopped_at", "stopped_by", "stop_signal", "window_end", "ends_at")
    assert set(values(case, *gone).values()) == {None}
    assert (case.quantity, case.reached_by_run) == (240, None)
