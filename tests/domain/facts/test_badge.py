"""A badge stands for one person at a time, and the ledger has no code of one."""

import pytest

from redrabbit.domain.records import BadgeRecord
from tests.domain.folded import FoldedLedger, at

BADGE = "ab" * 32


def issued() -> FoldedLedger:
    ledger = FoldedLedger()
    for who in ("p-0007", "p-0008"):
        ledger.say_on("plant", "person_registered", person_id=who, name="name:li", kind="person")
    ledger.say_on(
        "plant", "badge_issued", 30, badge_id=BADGE, person_id="p-0007", provisional_until=at(99)
    )
    return ledger


def test_a_badge_stands_for_whom_it_was_issued_to() -> None:
    badge = issued().the(BadgeRecord, BADGE)
    assert (badge.person_id, badge.provisional_until) == ("p-0007", at(99))
    assert (badge.issued_at, badge.issued_by, badge.revoked_at) == (at(30), "name:anna", None)


def test_a_badge_that_was_revoked_can_stand_for_another() -> None:
    ledger = issued()
    ledger.say_on("plant", "badge_revoked", 60, badge_id=BADGE)
    revoked = ledger.the(BadgeRecord, BADGE)
    assert (revoked.person_id, revoked.revoked_at, revoked.revoked_by) == (
        "p-0007",
        at(60),
        "name:anna",
    )
    ledger.say_on("plant", "badge_issued", 90, badge_id=BADGE, person_id="p-0008")
    again = ledger.the(BadgeRecord, BADGE)
    assert (again.person_id, again.revoked_at, again.provisional_until) == ("p-0008", None, None)


def test_a_badge_of_nobody_is_refused() -> None:
    with pytest.raises(LookupError, match="PersonRecord"):
        FoldedLedger().say_on("plant", "badge_issued", badge_id=BADGE, person_id="p-0007")
    with pytest.raises(LookupError, match="BadgeRecord"):
        FoldedLedger().say_on("plant", "badge_revoked", badge_id=BADGE)
