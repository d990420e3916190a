"""Who the people are whom an exported file names, and what they were called when (B35)."""

from dataclasses import replace

import pytest

from redrabbit.domain.exported_people import ExportedPeople, ExportedPerson
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.ledger import Entry
from tests.domain.folded import FoldedLedger

CHEN = Actor(id="p-0001", how=How.PASSWORD)
NAMES = {"name:li": "Li Na", "name:wang": "Wang Na"}


def story() -> list[Entry]:
    """Return entries in which Chen registers somebody, who is renamed, and acts."""
    ledger = FoldedLedger()
    ledger.actor = CHEN
    for type_, name in (
        ("person_registered", "name:li"),
        ("person_changed", "name:li"),
        ("person_changed", "name:wang"),
        ("person_changed", "name:gone"),
    ):
        ledger.say_on("plant", type_, person_id="p-0002", name=name, kind="person")
    ledger.actor = Actor(id="p-0002", how=How.BADGE)
    ledger.say("clock_stepped", step_s=1.0)
    return ledger.entries


def taken(entries: list[Entry]) -> ExportedPeople:
    people = ExportedPeople()
    for entry in entries:
        people.note(entry, f"line {entry.index}")
    return people


def missing(entries: list[Entry]) -> list[tuple[str, str, object]]:
    return [(each.code, each.place, each.params["person"]) for each in taken(entries).missing()]


@pytest.mark.parametrize("step", [1, -1])
def test_names_are_told_from_the_entry_on_that_told_them_in_whatever_order_they_come(
    step: int,
) -> None:
    """One that tells the same name again changes nothing; one that was erased stays one."""
    assert taken(story()[::step]).people(NAMES) == (
        ExportedPerson(person_id="p-0002", names=((0, "Li Na"), (2, "Wang Na"), (3, None))),
    )


def test_who_is_named_and_registered_nowhere_is_missed_once_where_they_are_first() -> None:
    entries = story()
    assert missing(entries) == [("person_missing", "line 0", "p-0001")]
    assert missing(entries[1:]) == [
        ("person_missing", "line 1", "p-0001"),
        ("person_missing", "line 1", "p-0002"),
    ]


def test_nobody_is_missed_where_what_registered_somebody_was_erased() -> None:
    """D51: nobody can tell any more of whom it spoke."""
    first, *rest = story()
    assert missing([replace(first, payload=None), *rest]) == []


def test_an_entry_that_makes_no_sense_is_told() -> None:
    first, *_ = story()
    with pytest.raises(ValueError, match="lacks"):
        taken([replace(first, payload={"person_id": 7})])
