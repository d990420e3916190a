"""People as they were last told; records name them for ever, rights come from elsewhere."""

import pytest

from redrabbit.domain.facts.person import EarlierName, PersonKind, PersonLanguage
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.records import PersonRecord
from tests.domain.folded import FoldedLedger, at, values

WHO: dict[str, object] = {"person_id": "p-0007", "name": "name:li", "kind": "person"}


def registered() -> FoldedLedger:
    ledger = FoldedLedger()
    ledger.actor = Actor(id="p-0001", how=How.PASSWORD)
    ledger.say_on("plant", "person_registered", 60, **WHO)
    return ledger


def the_person(ledger: FoldedLedger) -> PersonRecord:
    return ledger.the(PersonRecord, "p-0007")


def test_a_person_is_known_from_then_on() -> None:
    person = the_person(registered())
    assert values(person, "stream", "number", "name", "kind", "disabled_at") == {
        "stream": "plant",
        "number": 7,
        "name": "name:li",
        "kind": PersonKind.PERSON,
        "disabled_at": None,
    }
    assert (person.registered_at, person.registered_by, person.registered_how) == (
        at(60),
        "p-0001",
        How.PASSWORD,
    )


def test_what_is_told_anew_stands_in_place_of_all_that_was_told_before() -> None:
    ledger = registered()
    before = the_person(ledger)
    ledger.say_on(
        "plant",
        "person_changed",
        90,
        person_id="p-0007",
        name="name:wang",
        language="zh",
        employee_number="name:2207",
        kind="service",
        expires_at=at(900),
    )
    person = the_person(ledger)
    assert values(person, "name", "language", "employee_number", "kind", "expires_at") == {
        "name": "name:wang",
        "language": PersonLanguage.ZH,
        "employee_number": "name:2207",
        "kind": PersonKind.SERVICE,
        "expires_at": at(900),
    }
    assert (person.registered_entry, person.registered_at) == (before.registered_entry, at(60))


def test_a_person_is_disabled_and_enabled_again() -> None:
    ledger = registered()
    entry = ledger.say_on("plant", "person_disabled", 90, person_id="p-0007")
    disabled = the_person(ledger)
    assert (disabled.disabled_at, disabled.disabled_by, disabled.disabled_entry) == (
        at(90),
        "p-0001",
        entry.index,
    )
    ledger.say_on("plant", "person_enabled", 120, person_id="p-0007")
    assert the_person(ledger) == the_person(registered())


def test_the_names_that_a_person_had_are_kept_up_to_the_entry_that_told_another() -> None:
    """B35."""
    ledger = registered()
    assert the_person(ledger).had_names == ()
    entries = [
        ledger.say_on("plant", "person_changed", moment, **WHO | {"name": name})
        for moment, name in ((90, "name:wang"), (95, "name:wang"), (120, "name:li"))
    ]
    person = the_person(ledger)
    assert (person.name, person.had_names) == (
        "name:li",
        tuple(
            EarlierName(name=name, until_entry=entry.index, until_at=entry.recorded_at)
            for name, entry in (("name:li", entries[0]), ("name:wang", entries[2]))
        ),
    )


@pytest.mark.parametrize("told", ["person_disabled", "person_enabled", "person_changed"])
def test_nothing_is_told_of_whom_nobody_registered(told: str) -> None:
    who = WHO if told == "person_changed" else {"person_id": "p-0007"}
    with pytest.raises(LookupError, match="PersonRecord"):
        FoldedLedger().say_on("plant", told, **who)
