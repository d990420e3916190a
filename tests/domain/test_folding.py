"""From payload to record fields and back: nothing but what a ledger can hold."""

from datetime import UTC, date, datetime

import pytest

from redrabbit.domain.folding import payload_of
from redrabbit.domain.records import ChallengePartRecord, RunRecord
from tests.domain.folded import PART, FoldedLedger, a_ledger


def test_a_payload_holds_instants_dates_lists_and_maps_as_json() -> None:
    payload = payload_of(
        at=datetime(2026, 3, 2, 6, 0, tzinfo=UTC),
        day=date(2026, 3, 2),
        parts=("RR-0001", "GM-0001"),
        name={"en": "Bolt"},
        nothing=None,
        ratio=0.5,
    )
    assert payload == {
        "at": "2026-03-02T06:00:00.000000Z",
        "day": "2026-03-02",
        "parts": ["RR-0001", "GM-0001"],
        "name": {"en": "Bolt"},
        "nothing": None,
        "ratio": 0.5,
    }


def test_what_json_cannot_hold_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        payload_of(what=object())


def test_a_record_reads_dates_and_json_back() -> None:
    part = a_ledger().the(ChallengePartRecord, "RR-0001")
    assert part.valid_until == PART["valid_until"]
    assert part.name == '{"en":"Bolt","zh":"螺栓"}'


def test_an_entry_about_a_record_that_is_not_there_is_refused() -> None:
    with pytest.raises(LookupError, match="RunRecord"):
        FoldedLedger().say("scan_refused", run_id=7, code="x", refusal="y")


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(LookupError, match="run_id is not a number"):
        FoldedLedger().say("scan_refused", run_id="7")


def test_a_run_keeps_what_was_in_force() -> None:
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN_OF_ONE_PART)
    run = ledger.the(RunRecord, 1)
    assert (run.plan, run.configuration, run.parts) == ("CP-1 rev A", "c0ffee", '["RR-0001"]')


RUN_OF_ONE_PART: dict[str, object] = {
    "run_id": 1,
    "occurrence_id": None,
    "check_id": "torque",
    "purpose": "check",
    "containment_id": None,
    "line": "line1",
    "station": "op20",
    "device": "op20-torque",
    "parts": ["RR-0001"],
    "late_s": None,
    "expires_at": datetime(2026, 3, 2, 6, 15, tzinfo=UTC),
}
