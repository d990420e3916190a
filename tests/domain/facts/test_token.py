"""A token has an owner, scopes, a line and an end; the ledger has no secret of it."""

import pytest

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.records import TokenRecord
from tests.domain.folded import FoldedLedger, at

TOKEN: dict[str, object] = {
    "token_id": "t-0002",
    "name": "MES",
    "person_id": "p-0007",
    "scopes": ["run", "parts:quarantine"],
    "line": "line1",
    "expires_at": at(900),
}


def issued() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.say_on("plant", "person_registered", person_id="p-0007", name="name:li", kind="person")
    ledger.say_on("plant", "token_issued", 30, **TOKEN)
    return ledger


def test_a_token_is_kept_with_what_it_allows_and_whose_it_is() -> None:
    token = issued().the(TokenRecord, "t-0002")
    assert token.allowed == {Scope.RUN, Scope.PARTS_QUARANTINE}
    assert (token.number, token.name, token.person_id, token.line) == (2, "MES", "p-0007", "line1")
    assert (token.expires_at, token.issued_at, token.revoked_at) == (at(900), at(30), None)


def test_a_token_is_revoked() -> None:
    ledger = issued()
    entry = ledger.say_on("plant", "token_revoked", 60, token_id="t-0002")
    token = ledger.the(TokenRecord, "t-0002")
    assert (token.revoked_at, token.revoked_by, token.revoked_entry) == (
        at(60),
        "name:anna",
        entry.index,
    )


def test_a_token_of_nobody_is_refused() -> None:
    with pytest.raises(LookupError, match="PersonRecord"):
        FoldedLedger().say_on("plant", "token_issued", **TOKEN)
    with pytest.raises(LookupError, match="TokenRecord"):
        FoldedLedger().say_on("plant", "token_revoked", token_id="t-0002")
