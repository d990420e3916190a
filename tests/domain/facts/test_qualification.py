"""What somebody was trained for, and until when."""

import pytest

from redrabbit.domain.records import QualificationRecord
from tests.domain.folded import FoldedLedger, at

SKILL: dict[str, object] = {
    "qualification_id": "q-0003",
    "person_id": "p-0007",
    "check_id": "torque",
    "valid_until": at(900),
}


def qualified() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.say_on("plant", "person_registered", person_id="p-0007", name="name:li", kind="person")
    ledger.say_on("plant", "qualification_recorded", 30, **SKILL)
    return ledger


def test_a_qualification_is_for_one_thing_and_has_an_end() -> None:
    skill = qualified().the(QualificationRecord, "q-0003")
    assert (skill.person_id, skill.station, skill.device, skill.check_id) == (
        "p-0007",
        None,
        None,
        "torque",
    )
    assert (skill.number, skill.valid_until, skill.recorded_at) == (3, at(900), at(30))
    assert skill.withdrawn_at is None


def test_a_qualification_is_withdrawn() -> None:
    ledger = qualified()
    entry = ledger.say_on("plant", "qualification_withdrawn", 60, qualification_id="q-0003")
    skill = ledger.the(QualificationRecord, "q-0003")
    assert (skill.withdrawn_at, skill.withdrawn_by, skill.withdrawn_entry) == (
        at(60),
        "name:anna",
        entry.index,
    )


def test_nobody_unknown_is_qualified() -> None:
    with pytest.raises(LookupError, match="PersonRecord"):
        FoldedLedger().say_on("plant", "qualification_recorded", **SKILL)
    with pytest.raises(LookupError, match="QualificationRecord"):
        FoldedLedger().say_on("plant", "qualification_withdrawn", qualification_id="q-0003")
