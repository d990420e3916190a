"""Names beside exported entries (D51)."""

from collections.abc import Sequence

import pytest

from redrabbit.domain.erasable import StatedName
from redrabbit.domain.exported_names import ExportedNames, names_beside
from redrabbit.domain.identity import AGENT, Actor
from redrabbit.domain.ledger import Entry, JsonValue
from tests.domain.folded import FoldedLedger

LI = StatedName(name="Li Wei", salt=bytes(range(16)))
ITS_OWN = {"name": LI.name, "salt": LI.salt.hex()}


def by(actor: Actor) -> Entry:
    ledger = FoldedLedger()
    ledger.actor = actor
    return ledger.say("clock_stepped", 0, step_s=1.0)


def erasure(*names: str) -> Entry:
    ledger = FoldedLedger()
    ledger.actor = AGENT
    return ledger.say("payloads_erased", 0, rule="ten years", entries=[], names=names, blobs=[])


def found(told: Sequence[tuple[Entry, JsonValue]]) -> list[tuple[str, str]]:
    names = ExportedNames()
    beside = [
        each
        for n, (entry, name) in enumerate(told)
        for each in names.note(entry, names_beside(entry, {"name": name}), f"line {n}")
    ]
    return [(each.code, each.place) for each in (*beside, *names.missing())]


STATED = by(Actor.stated(LI.id))


def test_a_name_that_is_its_own_or_was_erased_is_not_missed() -> None:
    assert found([(STATED, ITS_OWN), (STATED, None)]) == []
    assert found([(STATED, None), (erasure(LI.id), None)]) == []
    assert found([(by(AGENT), None)]) == []


def test_names_are_told_by_their_ids_only_where_they_are_their_own() -> None:
    names = ExportedNames()
    assert (
        list(names.note(STATED, {LI.id: {"name": "Mallory", "salt": LI.salt.hex()}}, "line 1"))
        != []
    )
    assert list(names.note(by(AGENT), {}, "line 2")) == []
    assert names.given == {}
    assert list(names.note(STATED, {LI.id: ITS_OWN}, "line 3")) == []
    assert names.given == {LI.id: LI.name}


def test_a_name_that_nothing_says_was_erased_is_missed_once_where_it_is_first() -> None:
    told = [(by(AGENT), None), (STATED, None), (STATED, None), (erasure("name:00"), None)]
    assert found(told) == [("name_missing", "line 1")]


@pytest.mark.parametrize(
    "name", [7, "Li Wei", {"name": "Li"}, ITS_OWN | {"salt": "zz"}, ITS_OWN | {"name": "Anna"}]
)
def test_another_name_is_not_its_own(name: JsonValue) -> None:
    assert found([(STATED, name)]) == [("name_differs", "line 0")]


def test_beside_an_entry_stands_each_name_that_it_names_and_no_other() -> None:
    assert names_beside(STATED, {"names": {LI.id: None}}) == {LI.id: None}
    assert names_beside(by(AGENT), {"names": {}}) == {}
    for names in ({}, {LI.id: None, "name:00": None}, {"name:00": None}, None, [LI.id]):
        with pytest.raises(ValueError, match="not those that it names"):
            names_beside(STATED, {"names": names})


def test_before_format_3_only_the_actors_name_stood_beside_an_entry() -> None:
    assert names_beside(STATED, {"name": None}) == {LI.id: None}
    assert names_beside(STATED, {"name": ITS_OWN}) == {LI.id: ITS_OWN}
    assert names_beside(by(AGENT), {"name": None}) == {}
    assert names_beside(by(AGENT), {"name": 7}) == {AGENT.id: 7}
