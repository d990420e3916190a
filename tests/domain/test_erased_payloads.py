"""A payload that is gone was erased only if an entry of the ledger says so (D51)."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.erased_payloads import ErasedPayloads, erased_by
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.plant import PayloadsErased
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import Entry, Event, JsonValue, LedgerContext, LogState

AT = datetime(2026, 11, 22, tzinfo=UTC)
CONTEXT = LedgerContext(in_force="", software="0.1.0")
INDEXES = st.integers(0, 9)


def entry(index: int, entry_type: str, payload: dict[str, JsonValue]) -> Entry:
    event = Event(type=entry_type, stream="plant", occurred_at=AT, actor=AGENT, payload=payload)
    return replace(LogState().append(event, AT, CONTEXT, bytes(16)).entry, index=index)


def telling(index: int, *erased: int) -> Entry:
    fact = PayloadsErased(rule="ten years", entries=erased, names=(), blobs=())
    return entry(index, fact.TYPE, encode(fact))


@given(st.sets(INDEXES), st.lists(st.sets(INDEXES), max_size=3), st.randoms())
def test_missing_is_what_is_gone_and_not_named_in_any_order(
    gone: set[int], named: list[set[int]], random: Random
) -> None:
    entries = [replace(entry(index, "noted", {}), payload=None) for index in gone]
    entries += [telling(20 + place, *each) for place, each in enumerate(named)]
    random.shuffle(entries)
    payloads = ErasedPayloads()
    for each in entries:
        payloads.note(each)
    assert payloads.missing == sorted(gone.difference(*named))


def test_an_entry_that_was_erased_itself_names_nothing() -> None:
    assert erased_by(replace(telling(3, 1), payload=None)) == frozenset()


def test_another_type_names_nothing() -> None:
    assert erased_by(entry(3, "noted", {"entries": [1]})) == frozenset()


def test_what_should_say_it_and_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        erased_by(entry(3, "payloads_erased", {"entries": [1]}))
