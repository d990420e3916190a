"""What stands beside the ledger: named by entries, erased by a rule, or removed (D51, D65)."""

import inspect

from redrabbit.domain.erasable_content import BLOBS, PICTURE, SIGNALS, ErasableContent
from redrabbit.domain.facts.catalogue import BY_TYPE
from redrabbit.domain.facts.codec import field_names
from redrabbit.domain.identity import AGENT, Actor
from tests.domain.folded import AT, VERDICT, FoldedLedger, a_running_ledger, at, event
from tests.domain.schema_1_entries import appended_in_schema_1

CLOSED = {**AT, "run_id": "line1-R-1", "outcome": "passed", "confirmed": True}


def noted(ledger: FoldedLedger) -> ErasableContent:
    content = ErasableContent()
    for entry in ledger.entries:
        content.note(entry)
    return content


def test_every_stated_name_is_known_by_the_first_entry_that_has_it() -> None:
    ledger = FoldedLedger()
    for actor in (AGENT, Actor.stated("name:1"), Actor.stated("name:2"), Actor.stated("name:1")):
        ledger.actor = actor
        ledger.say("clock_stepped", step_s=1.0)
    assert noted(ledger).names == {"name:1": 1, "name:2": 2}


def test_blobs_are_known_by_the_first_fact_that_names_them_and_by_their_kind() -> None:
    ledger = a_running_ledger()
    ledger.say("verdict_reached", 82, **(VERDICT | {"pictures": ["a" * 64, "b" * 64]}))
    ledger.say("run_closed", 99, **CLOSED, signals="c" * 64)
    judged, closed = ledger.entries[-2].index, ledger.entries[-1].index
    assert noted(ledger).blobs == {
        "a" * 64: (judged, PICTURE),
        "b" * 64: (judged, PICTURE),
        "c" * 64: (closed, SIGNALS),
    }


def test_a_fact_without_a_blob_names_none() -> None:
    ledger = a_running_ledger()
    ledger.say("run_closed", 99, **CLOSED)
    assert noted(ledger).blobs == {}


def test_what_an_entry_says_was_erased_may_be_gone() -> None:
    ledger = FoldedLedger()
    ledger.say("payloads_erased", rule="r", entries=[], names=["name:1"], blobs=["a" * 64])
    ledger.say("payloads_erased", rule="r", entries=[], names=["name:2"], blobs=[])
    beside = noted(ledger)
    assert (beside.erased_names, beside.erased_blobs) == ({"name:1", "name:2"}, {"a" * 64})


def test_an_erased_payload_names_nothing_but_its_entry_still_says_who() -> None:
    ledger = a_running_ledger()
    ledger.say("run_closed", 99, **CLOSED, signals="c" * 64)
    ledger.erase(ledger.entries[-1].index)
    beside = noted(ledger)
    assert beside.blobs == {}
    assert "name:anna" in beside.names


def test_schema_1_had_names_in_clear_and_no_blobs() -> None:
    ledger = FoldedLedger()
    who = Actor.stated("name:somebody who called himself so")
    said = event("clock_stepped", who, step_s=1.0)
    ledger.take(appended_in_schema_1(ledger.log, said, at(0)))
    assert noted(ledger) == ErasableContent()


def test_every_field_that_names_blobs_is_listed() -> None:
    """The class says so in words below the field: a digest of a blob."""
    for type_, (name, _) in BLOBS.items():
        assert name in field_names(BY_TYPE[type_])
    for type_, kind in BY_TYPE.items():
        says_so = 'Digests of the blobs."' in inspect.getsource(kind) or (
            "Digest of the blob" in inspect.getsource(kind)
        )
        assert says_so is (type_ in BLOBS), type_
