"""A signature is kept with who, when, in which meaning, by what they showed who they are (R20)."""

from typing import Any

import pytest

from redrabbit.domain.records import SignatureRecord
from redrabbit.domain.subject import Subject
from tests.domain.folded import PART, values
from tests.domain.test_signing import WU, a_story, signed


def test_a_signature_is_kept_by_the_entry_that_it_is_of() -> None:
    ledger = a_story()
    signed(ledger, Subject.PART)
    kept = ledger.the(SignatureRecord, 1, "reviewed", WU.id)
    assert values(
        kept,
        "stream",
        "subject",
        "subject_id",
        "signed_by",
        "signed_how",
        "signed_entry",
        "station",
    ) == {
        "stream": "line1",
        "subject": "part",
        "subject_id": "RR-0001",
        "signed_by": "p-0001",
        "signed_how": "password",
        "signed_entry": len(ledger.entries) - 1,
        "station": None,
    }
    assert (kept.leaf_hash, kept.shown, kept.language) == ("ab" * 32, "cd" * 32, "en")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"entry": 0}, "does not stand as"),
        ({"subject_id": "RR-0009"}, "does not stand as"),
        ({"subject": "run", "subject_id": "line1-R-1"}, "does not stand as"),
        ({"person_id": "p-0002"}, "signs as p-0002"),
    ],
)
def test_a_signature_of_something_else_folds_to_nothing(changed: dict[str, Any], why: str) -> None:
    """Verification folds the ledger again, and says so."""
    with pytest.raises(LookupError, match=why):
        signed(a_story(), Subject.PART, over=changed)


def test_a_signature_stands_on_the_stream_of_its_record() -> None:
    """D50."""
    ledger = a_story()
    ledger.say_on("line2", "part_registered", 10, **(PART | {"part_id": "RR-0002"}))
    with pytest.raises(LookupError, match="does not stand as"):
        signed(
            ledger,
            Subject.PART,
            over={"subject_id": "RR-0002", "entry": len(ledger.entries) - 1},
        )


def test_nobody_signs_twice_in_one_meaning() -> None:
    ledger = a_story()
    signed(ledger, Subject.PART)
    with pytest.raises(LookupError, match="has signed"):
        signed(ledger, Subject.PART)
    signed(ledger, Subject.PART, over={"meaning": "approved"})
