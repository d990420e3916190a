"""Ledgers of each schema version are read, verified and folded for ever, without a database."""

from pathlib import Path

import pytest

from redrabbit.base.signing import parse_verifier
from redrabbit.domain.checkpoint import parse_checkpoint
from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.ledger import StoredEntry, read_entry
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.record_comparison import Folded
from redrabbit.domain.records import (
    KINDS,
    TABLES,
    AlarmToldRecord,
    ApprovalRecord,
    BadgeRecord,
    CalendarChangeRecord,
    ClockDoubtRecord,
    CountRecord,
    CredentialRecord,
    DeviceRecord,
    InForceRecord,
    LapseReasonRecord,
    NotWatchedRecord,
    PartCountRecord,
    PartToldRecord,
    PersonRecord,
    PlanFormAnswerRecord,
    PlanRevisionRecord,
    PlantEventRecord,
    PulseRecord,
    QualificationRecord,
    Record,
    RemarkRecord,
    RoleGrantRecord,
    SignatureRecord,
    SilenceRecord,
    StationScreenRecord,
    TokenRecord,
)
from redrabbit.domain.signed_note import note_is_signed, parse_note
from tests.domain.frozen_schema_1 import FROZEN, not_frozen, today, told_today
from tests.logs import earlier_checkpoint, log_over

SAMPLES = Path(__file__).parent / "samples"
RAWS = (SAMPLES / "ledger_schema_1_every_type.jsonl").read_bytes().splitlines()
ENTRIES = [
    read_entry(StoredEntry(raw=raw, salt=None, payload=None), index)
    for index, raw in enumerate(RAWS)
]


def folded() -> Folded:
    records = Folded(fold)
    for entry in ENTRIES:
        records.add(entry)
    return records


def test_a_ledger_of_schema_1_with_every_type_of_entry_is_verified() -> None:
    log = log_over((entry.stream, leaf_hash(raw)) for entry, raw in zip(ENTRIES, RAWS, strict=True))
    text = (SAMPLES / "ledger_schema_1_every_type.checkpoint").read_text(encoding="utf-8")
    public = (SAMPLES / "ledger_schema_1_every_type.pub").read_text(encoding="utf-8").strip()
    note, verifier = parse_note(text), parse_verifier(public)
    assert note_is_signed(note, verifier)
    assert parse_checkpoint(note.text) == earlier_checkpoint(verifier.name, log)
    assert {entry.schema for entry in ENTRIES} == {1}
    assert len({entry.type for entry in ENTRIES}) == 34
    assert {entry.type for entry in ENTRIES} <= BY_TYPE.keys()


@pytest.mark.parametrize("table", FROZEN)
def test_a_ledger_of_schema_1_folds_to_the_records_that_were_frozen(table: str) -> None:
    """D12: later versions say more and change nothing; `frozen_schema_1` says where it stands now."""
    found = list(folded().records[KINDS[table]].values())
    assert today(table, found) == told_today(table)


def test_tables_that_schema_1_did_not_have_are_empty() -> None:
    records = folded().records
    later: set[type[Record]] = {
        AlarmToldRecord,
        SilenceRecord,
        DeviceRecord,
        InForceRecord,
        CalendarChangeRecord,
        LapseReasonRecord,
        NotWatchedRecord,
        PartCountRecord,
        PartToldRecord,
        PlantEventRecord,
        PulseRecord,
        RemarkRecord,
        BadgeRecord,
        ClockDoubtRecord,
        CredentialRecord,
        PersonRecord,
        PlanFormAnswerRecord,
        PlanRevisionRecord,
        QualificationRecord,
        RoleGrantRecord,
        SignatureRecord,
        ApprovalRecord,
        StationScreenRecord,
        TokenRecord,
    }
    assert {kind for kind, found in records.items() if not found} == later
    made_since = later | {CountRecord}
    assert set(TABLES.values()) - FROZEN.keys() == {kind.TABLE for kind in made_since}


WITH_AN_ENTRY = {
    "alarms": {"raised_entry", "acknowledged_how", "acknowledged_entry"},
    "challenge_parts": {
        "state_by",
        "state_how",
        "state_entry",
        "state_at",
        "all_who_quarantined",
        "measured",
        "certified_on",
        "entry",
    },
    "checks": {"owed_from", "runs_without_verdict", "without_verdict_since"},
    "configurations": {"entry"},
    "containments": {"opened_entry", "stopped_how", "stopped_entry", "window_end", "entry"},
    "occurrences": {"decided_entry", "entry"},
    "pauses": {"declared_how", "declared_entry", "ended_how", "ended_entry"},
    "presentations": {"issued_how", "issued_entry", "given_back_how", "given_back_entry"},
    "runs": {"started_entry", "stopped_by", "stopped_how", "stopped_entry", "confirmed_entry"},
}
"""What today's records know of schema 1 from its entries, though its records did not keep it."""


@pytest.mark.parametrize("table", FROZEN)
def test_what_schema_1_did_not_keep_is_nobodys_guess(table: str) -> None:
    unknown = not_frozen(table) - WITH_AN_ENTRY.get(table, set())
    for record in folded().records[KINDS[table]].values():
        for name in unknown:
            assert getattr(record, name) in {None, False}, (table, name)


def test_who_did_something_is_found_in_the_entry_that_the_record_names() -> None:
    """D23: `…_by`, `…_how` and `…_entry` say one thing."""
    for kind, found in folded().records.items():
        for record in found.values():
            for name in kind.__dataclass_fields__:
                did = name.removesuffix("_entry")
                if name.endswith("_entry") and hasattr(record, f"{did}_by"):
                    index = getattr(record, name)
                    actor = None if index is None else ENTRIES[index].actor
                    by, how = getattr(record, f"{did}_by"), getattr(record, f"{did}_how")
                    assert (by, how) == (actor and actor.id, actor and actor.how), (record, name)
