"""Events are kept as they were told; what they make due does not move what the calendar owes."""

from redrabbit.domain.records import CheckRecord, OccurrenceRecord, PlantEventRecord
from tests.domain.folded import OCCURRENCE, FoldedLedger, a_ledger, at, values

TOLD: dict[str, object] = {
    "event_id": "line1-E-1",
    "line": "line1",
    "station": "op20",
    "event": "tool_change",
    "told_by_what": "person",
    "seen_late": False,
    "note": "order 4711",
    "serving": ["line1-O-7"],
}


def test_an_event_is_kept_with_who_told_it_and_from_when_it_holds() -> None:
    ledger = FoldedLedger()
    ledger.say("plant_event_told", 5, **TOLD)
    event = ledger.the(PlantEventRecord, "line1-E-1")
    assert values(event, "happened_at", "event", "station", "note", "told_by", "same_as") == {
        "happened_at": at(5),
        "event": "tool_change",
        "station": "op20",
        "note": "order 4711",
        "told_by": "name:anna",
        "same_as": None,
    }
    assert (event.number, event.those_serving, event.told_entry) == (1, ("line1-O-7",), 0)


def test_what_an_event_makes_due_hides_no_due_time_before_it() -> None:
    """A shift's start that nobody has looked at yet is still looked for."""
    ledger = a_ledger()
    before = ledger.the(CheckRecord, "line1", "torque")
    of_event = OCCURRENCE | {
        "occurrence_id": "line1-O-2",
        "trigger_key": "event:line1-E-1",
        "due_at": at(7200),
    }
    ledger.say("occurrence_made", 7200, **of_event)
    assert ledger.the(OccurrenceRecord, "line1-O-2").due_at == at(7200)
    assert ledger.the(CheckRecord, "line1", "torque") == before
