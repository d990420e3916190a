"""A request falls when what it is about is changed, by whichever fact (D45)."""

from typing import Any

import pytest

from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.fallen_requests import CHANGING
from redrabbit.domain.records import ChallengePartRecord, ContainmentRecord, OccurrenceRecord
from redrabbit.domain.signing import Standing, standing
from redrabbit.domain.subject import Subject
from tests.domain.folded import FoldedLedger
from tests.domain.test_sample_ledgers import ENTRIES, folded
from tests.domain.test_signing import CHANGES, a_story, said

KINDS: dict[type[Record], Subject] = {
    OccurrenceRecord: Subject.EXCUSE,
    ContainmentRecord: Subject.CONTAINMENT,
    ChallengePartRecord: Subject.PART,
}


def test_every_fact_of_a_ledger_with_all_of_schema_1_that_changes_such_a_record_is_known() -> None:
    of_all = (record for kept in folded().records.values() for record in kept.values())
    found = {
        record.entry
        for record in of_all
        if isinstance(record, OccurrenceRecord | ContainmentRecord | ChallengePartRecord)
    }
    made = {"containment_opened", "occurrence_made"}
    """Nobody can have asked before."""
    known = {fact.TYPE for fact in CHANGING} | made
    assert found
    assert {ENTRIES[index].type for index in found} <= known


def stands(ledger: FoldedLedger) -> dict[Any, Standing | None]:
    return {
        key: standing(ledger.look, KINDS[kind], str(key[0]))
        for kind, key in ledger.records
        if kind in KINDS
    }


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_a_fact_that_changes_such_a_record_is_known(change: tuple[str, dict[str, Any]]) -> None:
    ledger = a_story()
    before = stands(ledger)
    said(ledger, change)
    if stands(ledger) != before:
        assert BY_TYPE[change[0]] in CHANGING


def test_a_record_says_which_entry_last_changed_it_and_one_that_is_not_there_stands_nowhere() -> (
    None
):
    ledger = a_story()
    assert standing(ledger.look, Subject.PART, "RR-0001") == Standing(stream="line1", entry=1)
    assert standing(ledger.look, Subject.EXCUSE, "line1-O-1") == Standing(
        stream="line1", entry=len(ledger.entries) - 1
    )
    for subject in KINDS.values():
        assert standing(ledger.look, subject, "nothing") is None
