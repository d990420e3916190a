"""A signature over a leaf that is not the one of the entry that it names is found in an exported file (R20)."""

from collections.abc import Iterable
from typing import Any

import pytest

from redrabbit.domain.exported_signatures import SIGNED, ExportedSignatures
from redrabbit.domain.facts.approval_request import ApprovalRequested
from redrabbit.domain.facts.catalogue import FACTS
from redrabbit.domain.findings import Finding
from redrabbit.domain.merkle import leaf_hash
from redrabbit.domain.signing import subject_of
from redrabbit.domain.subject import Subject
from tests.domain.folded import FoldedLedger
from tests.domain.test_signing import OF, a_story, signed


def findings(ledger: FoldedLedger, entries: Iterable[int] | None = None) -> list[Finding]:
    """Return what is found in a file that has these entries of the stream, all if not given."""
    reading = ExportedSignatures()
    found: list[Finding] = []
    for index in range(len(ledger.entries)) if entries is None else entries:
        leaf = leaf_hash(ledger.stored[index].raw)
        found += reading.add(ledger.entries[index], leaf, f"ledger[{index}]")
    return found


def a_signed_story(subject: Subject, leaf: str | None = None) -> tuple[FoldedLedger, int]:
    """Return a ledger in which a record is signed, and the entry that is; `leaf` is what the signature says of it."""
    ledger = a_story()
    kind, subject_id = OF[subject]
    record: Any = ledger.the(kind, subject_id)
    entry = record.decided_entry if subject is Subject.EXCUSE else record.entry
    honest = leaf_hash(ledger.stored[entry].raw).hex()
    signed(ledger, subject, over={"leaf_hash": leaf or honest})
    return ledger, entry


@pytest.mark.parametrize("subject", OF)
def test_an_honest_signature_passes_and_another_leaf_is_found(subject: Subject) -> None:
    ledger, _ = a_signed_story(subject)
    assert findings(ledger) == []
    ledger, entry = a_signed_story(subject, leaf="ab" * 32)
    (found,) = findings(ledger)
    last = len(ledger.entries) - 1
    assert (found.code, found.place, found.params) == (
        "signature_differs",
        f"ledger[{last}]",
        {"of_entry": entry},
    )


def test_what_stands_before_the_file_begins_is_not_there_to_be_compared() -> None:
    ledger, entry = a_signed_story(Subject.RUN, leaf="ab" * 32)
    assert findings(ledger, range(entry + 1, len(ledger.entries))) == []


def test_a_signature_over_what_is_never_signed_is_found() -> None:
    ledger, entry = a_signed_story(Subject.RUN)
    others = [index for index in range(len(ledger.entries)) if index != entry]
    (found,) = findings(ledger, others)
    assert found.code == "signature_differs"


def test_a_signature_whose_payload_was_erased_says_nothing_of_an_entry() -> None:
    ledger, _ = a_signed_story(Subject.RUN, leaf="ab" * 32)
    ledger.erase(len(ledger.entries) - 1)
    assert findings(ledger) == []


def test_everything_that_is_signed_is_kept() -> None:
    of_records = {fact.TYPE for fact in FACTS if subject_of(bare_fact(fact)) is not None}
    assert of_records | {ApprovalRequested.TYPE} == SIGNED


def bare_fact(kind: type[Any]) -> Any:
    """Return a fact of this type of which only the type counts."""
    made = object.__new__(kind)
    for name in ("run_id", "containment_id", "part_id", "occurrence_id", "digest"):
        if name in kind.__dataclass_fields__:
            object.__setattr__(made, name, "x")
    return made
