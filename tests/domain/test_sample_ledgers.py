"""Ledgers of each schema version are read, verified and folded for ever, without a database."""

import json
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path

from redrabbit.base.signing import parse_verifier
from redrabbit.domain.audit import Folded
from redrabbit.domain.checkpoint import checkpoint_of, parse_checkpoint
from redrabbit.domain.facts.catalogue import BY_TYPE, fold
from redrabbit.domain.ledger import from_bytes, instant_text, rebuild
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.records import KEYS, TABLES
from redrabbit.domain.signed_note import note_is_signed, parse_note

SAMPLES = Path(__file__).parent / "samples"
FROZEN = json.loads(
    (SAMPLES.parents[1] / "store" / "samples" / "schema_1.records.json").read_text(encoding="utf-8")
)
RAWS = (SAMPLES / "ledger_schema_1_every_type.jsonl").read_bytes().splitlines()
ENTRIES = [from_bytes(raw, index) for index, raw in enumerate(RAWS)]


def plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def test_a_ledger_of_schema_1_with_every_type_of_entry_is_verified() -> None:
    log = rebuild((entry.stream, leaf_hash(raw)) for entry, raw in zip(ENTRIES, RAWS, strict=True))
    text = (SAMPLES / "ledger_schema_1_every_type.checkpoint").read_text(encoding="utf-8")
    public = (SAMPLES / "ledger_schema_1_every_type.pub").read_text(encoding="utf-8").strip()
    note, verifier = parse_note(text), parse_verifier(public)
    assert note_is_signed(note, verifier)
    assert parse_checkpoint(note.text) == checkpoint_of(verifier.name, log)
    assert {entry.schema for entry in ENTRIES} == {1}
    assert len({entry.type for entry in ENTRIES}) == 34
    assert {entry.type for entry in ENTRIES} <= BY_TYPE.keys()


def test_a_ledger_of_schema_1_folds_to_the_records_that_were_frozen() -> None:
    """D12: later versions add fields and change none."""
    folded = Folded(fold)
    for entry in ENTRIES:
        folded.add(entry)
    for kind, table in TABLES.items():
        if table not in FROZEN:
            continue
        found = sorted(folded.records[kind].values(), key=attrgetter(*KEYS[kind]))
        names = FROZEN[table][0]
        assert [{name: plain(getattr(record, name)) for name in names} for record in found] == (
            FROZEN[table]
        ), table
