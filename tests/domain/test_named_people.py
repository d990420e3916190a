"""Whom an entry names (D23): by numbers of people and by ids of names, and by nothing that only looks like one."""

from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest

from redrabbit.domain.facts.catalogue import FACTS
from redrabbit.domain.identity import AGENT, Actor, How, PersonId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.named_people import NAMING, names_named, persons_named
from tests.domain.folded import FoldedLedger

CHEN = Actor(id="p-0001", how=How.PASSWORD)
LI = Actor.stated("name:li")
WHO: dict[str, object] = {
    "person_id": "p-0007",
    "name": "name:wang",
    "employee_number": "name:2207",
    "kind": "person",
}


def named(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return persons_named(entry), names_named(entry)


def by(actor: Actor, type_: str = "clock_stepped", **payload: object) -> Entry:
    ledger = FoldedLedger()
    ledger.actor = CHEN
    if payload.get("person_id") is not None and type_ != "person_registered":
        ledger.say_on("plant", "person_registered", **WHO)
    ledger.actor = actor
    return ledger.say_on("plant", type_, **payload or {"step_s": 1.0})


def test_an_entry_names_who_did_it() -> None:
    assert named(by(CHEN)) == (("p-0001",), ())
    assert named(by(LI)) == ((), ("name:li",))
    assert named(by(AGENT)) == ((), ())


@pytest.mark.parametrize("type_", sorted(NAMING))
def test_who_somebody_is_names_them_and_their_name_and_no_employee_number(type_: str) -> None:
    assert named(by(CHEN, type_, **WHO)) == (("p-0001", "p-0007"), ("name:wang",))
    assert named(by(LI, type_, **WHO)) == (("p-0007",), ("name:li", "name:wang"))


def test_a_deputy_names_whose_deputy_it_is_and_each_is_named_once() -> None:
    grant: dict[str, object] = {
        "grant_id": "g-0001",
        "person_id": "p-0007",
        "role": "shift_leader",
        "from_at": "2026-03-02T06:00:00.000000Z",
        "deputy_for": "p-0001",
    }
    assert named(by(CHEN, "role_granted", **grant)) == (("p-0001", "p-0007"), ())


def test_every_field_that_holds_a_persons_number_names_them() -> None:
    """Also of facts to come."""
    holding = {
        (kind.TYPE, field.name)
        for kind in FACTS
        for field in fields(kind)
        if PersonId in get_args(hint := get_type_hints(kind)[field.name]) or hint is PersonId
    }
    assert ("role_granted", "deputy_for") in holding
    for type_, field in holding:
        told = replace(by(AGENT), type=type_, payload={field: "p-0042"})
        assert persons_named(told) == ("p-0042",), (type_, field)


def test_a_reaction_names_who_did_which_step() -> None:
    steps = [{"done_by": each} for each in ("p-0042", "name:li", None, 7)]
    for type_ in ("containment_opened", "reaction_changed"):
        told = replace(by(AGENT), type=type_, payload={"reaction": [*steps, "nonsense"]})
        assert named(told) == (("p-0042",), ("name:li",))
        assert named(replace(told, payload={"reaction": 7})) == ((), ())


def test_what_only_looks_like_an_id_names_nobody() -> None:
    """Whoever labels a part so, or types it as a reason, can't keep anybody from exporting."""
    text = {"part_id": "p-0042", "name": "name:li", "reason": "name:" + "0" * 32}
    assert named(replace(by(AGENT), type="part_quarantined", payload=text)) == ((), ())


def test_under_schema_1_nobody_is_named_by_an_id() -> None:
    old = replace(by(CHEN), schema=1)
    assert named(old) == ((), ())


def test_of_an_erased_payload_only_the_actor_is_left() -> None:
    erased = replace(by(CHEN, "person_registered", **WHO), payload=None)
    assert named(erased) == (("p-0001",), ())
