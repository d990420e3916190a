"""A repair stands until the device misses again (D35)."""

from dataclasses import replace

import pytest

from redrabbit.domain.records import ContainmentRecord
from tests.domain.facts.test_containment import CONTAINMENT
from tests.domain.folded import FoldedLedger, a_ledger, at, values

FIELDS = ("repair_code", "repair_text", "repaired_at", "repaired_by", "repaired_how")


def a_case() -> FoldedLedger:
    ledger = a_ledger()
    ledger.say("containment_opened", 0, **CONTAINMENT)
    return ledger


def test_a_repair_says_what_who_and_when_and_the_last_word_counts() -> None:
    ledger = a_case()
    assert set(values(ledger.the(ContainmentRecord, "line1-C-1"), *FIELDS).values()) == {None}
    for seconds, code in ((60, "nothing_found"), (70, "lens_cleaned")):
        ledger.say(
            "repair_recorded",
            seconds,
            containment_id="line1-C-1",
            repair_code=code,
            repair_text="oil",
        )
    case = ledger.the(ContainmentRecord, "line1-C-1")
    assert values(case, *FIELDS) == {
        "repair_code": "lens_cleaned",
        "repair_text": "oil",
        "repaired_at": at(70),
        "repaired_by": "name:anna",
        "repaired_how": "stated",
    }
    assert (case.repaired_entry, case.state) == (ledger.entries[-1].index, "open")


def test_a_repair_that_did_not_help_is_gone_from_the_case() -> None:
    ledger = a_case()
    before = ledger.the(ContainmentRecord, "line1-C-1")
    ledger.say(
        "repair_recorded", 60, containment_id="line1-C-1", repair_code="other", repair_text="x"
    )
    ledger.say(
        "repair_disproved",
        90,
        containment_id="line1-C-1",
        run_id="line1-R-2",
        repair_code="other",
    )
    after = ledger.the(ContainmentRecord, "line1-C-1")
    assert after.entry == len(ledger.entries) - 1
    assert replace(after, entry=before.entry) == before


@pytest.mark.parametrize("kind", ["repair_recorded", "repair_disproved"])
def test_a_repair_belongs_to_a_case(kind: str) -> None:
    more = {"run_id": "line1-R-1"} if kind == "repair_disproved" else {}
    with pytest.raises(LookupError):
        a_ledger().say(kind, containment_id="line1-C-9", repair_code="other", **more)
