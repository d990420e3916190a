"""Grants are kept as they were given, and revoked once."""

import pytest

from redrabbit.domain.records import RoleGrantRecord
from redrabbit.domain.role import Role
from tests.domain.folded import FoldedLedger, at, values

GRANT: dict[str, object] = {
    "grant_id": "g-0012",
    "person_id": "p-0007",
    "role": "shift_leader",
    "line": "line1",
    "from_at": at(60),
    "until_at": at(600),
    "deputy_for": "p-0003",
}


def granted() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.say_on("plant", "person_registered", person_id="p-0007", name="name:li", kind="person")
    ledger.say_on("plant", "role_granted", 30, **GRANT)
    return ledger


def test_a_grant_says_which_role_where_when_for_whom_and_who_gave_it() -> None:
    grant = granted().the(RoleGrantRecord, "g-0012")
    assert values(grant, *GRANT) == {**GRANT, "role": Role.SHIFT_LEADER}
    assert (grant.number, grant.stream, grant.granted_at, grant.granted_by) == (
        12,
        "plant",
        at(30),
        "name:anna",
    )
    assert (grant.revoked_at, grant.revoked_by) == (None, None)


def test_a_grant_is_revoked_and_stays_what_it_was() -> None:
    ledger = granted()
    entry = ledger.say_on("plant", "role_revoked", 90, grant_id="g-0012")
    grant = ledger.the(RoleGrantRecord, "g-0012")
    assert values(grant, *GRANT) == {**GRANT, "role": Role.SHIFT_LEADER}
    assert (grant.revoked_at, grant.revoked_by, grant.revoked_entry) == (
        at(90),
        "name:anna",
        entry.index,
    )


def test_nobody_unknown_gets_or_loses_a_role() -> None:
    with pytest.raises(LookupError, match="PersonRecord"):
        FoldedLedger().say_on("plant", "role_granted", **GRANT)
    with pytest.raises(LookupError, match="RoleGrantRecord"):
        FoldedLedger().say_on("plant", "role_revoked", grant_id="g-0012")
