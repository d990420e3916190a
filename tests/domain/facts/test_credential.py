"""That somebody has a password or PIN is told, and how it stands; never what it is."""

from dataclasses import fields

import pytest

from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.facts.credential import (
    CredentialLocked,
    CredentialRemoved,
    CredentialSet,
    CredentialState,
    CredentialUnlocked,
    LinkGiven,
)
from redrabbit.domain.records import CredentialRecord
from tests.domain.folded import FoldedLedger, at

PIN = {"person_id": "p-0007", "kind": "pin"}


def with_pin() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.say_on("plant", "person_registered", person_id="p-0007", name="name:li", kind="person")
    ledger.say_on("plant", "credential_set", 30, **PIN)
    return ledger


def the_pin(ledger: FoldedLedger) -> CredentialRecord:
    return ledger.the(CredentialRecord, "p-0007", CredentialKind.PIN)


def test_the_ledger_has_no_secret_and_no_digest_of_one() -> None:
    for kind in (CredentialSet, CredentialRemoved, CredentialLocked, CredentialUnlocked):
        assert {field.name for field in fields(kind)} == {"person_id", "kind"}


def test_that_a_link_was_given_changes_no_record() -> None:
    ledger = with_pin()
    before = the_pin(ledger)
    assert {field.name for field in fields(LinkGiven)} == {"person_id"}
    ledger.say_on("plant", "link_given", 60, person_id="p-0007")
    assert the_pin(ledger) == before


def test_a_credential_is_set_locked_unlocked_set_anew_and_removed() -> None:
    ledger = with_pin()
    steps = [
        ("credential_locked", CredentialState.LOCKED, at(30)),
        ("credential_unlocked", CredentialState.SET, at(30)),
        ("credential_set", CredentialState.SET, at(120)),
        ("credential_removed", CredentialState.REMOVED, at(120)),
    ]
    assert the_pin(ledger).state is CredentialState.SET
    for number, (told, state, set_at) in enumerate(steps, start=1):
        entry = ledger.say_on("plant", told, 60 * number - 60 * (told == "credential_set"), **PIN)
        pin = the_pin(ledger)
        assert (pin.state, pin.set_at) == (state, set_at)
        assert (pin.changed_by, pin.changed_entry) == ("name:anna", entry.index)
        assert pin.changed_at == entry.occurred_at


def test_password_and_pin_are_two() -> None:
    ledger = with_pin()
    ledger.say_on("plant", "credential_set", 60, person_id="p-0007", kind="password")
    ledger.say_on("plant", "credential_locked", 90, person_id="p-0007", kind="password")
    assert the_pin(ledger).state is CredentialState.SET


@pytest.mark.parametrize("told", ["credential_removed", "credential_locked", "credential_unlocked"])
def test_what_was_never_set_is_not_told_of(told: str) -> None:
    with pytest.raises(LookupError, match="CredentialRecord"):
        FoldedLedger().say_on("plant", told, **PIN)
    with pytest.raises(LookupError, match="PersonRecord"):
        FoldedLedger().say_on("plant", "credential_set", **PIN)
