"""A fact becomes a payload and comes back as the same fact, or is refused by field."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.facts.catalogue import FACTS
from redrabbit.domain.facts.codec import decode, encode, field_names, plain
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.identity import RunId
from redrabbit.domain.ledger import JsonValue, canonical, instant_text
from redrabbit.domain.text import Text
from tests.strategies import values_of


class Word(StrEnum):
    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    number: int
    ratio: float
    truth: bool
    word: Word
    at: datetime
    day: date
    texts: tuple[Text, ...]
    run: RunId
    free: Mapping[str, JsonValue]
    maybe: str | None


SAMPLE: dict[str, Any] = {
    "number": 1,
    "ratio": 0.5,
    "truth": True,
    "word": "good",
    "at": "2026-03-02T06:00:00.000000Z",
    "day": "2026-03-02",
    "texts": [{"en": "Bolt", "zh": "螺栓"}],
    "run": "line1-R-7",
    "free": {"windows": [1, 2.5, None]},
    "maybe": None,
}


def test_a_payload_is_read_into_types_and_written_back() -> None:
    sample = decode(Sample, SAMPLE)
    assert sample.word is Word.GOOD
    assert sample.at == datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    assert sample.texts == (Text(en="Bolt", zh="螺栓"),)
    assert encode(sample) == SAMPLE


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("number", "1"),
        ("number", True),
        ("number", None),
        ("ratio", True),
        ("ratio", "x"),
        ("truth", 1),
        ("word", "bad"),
        ("at", "2026-03-02"),
        ("at", 5),
        ("day", "yesterday"),
        ("texts", "Bolt"),
        ("texts", [{"en": "Bolt"}]),
        ("run", 7),
        ("free", []),
        ("maybe", 3),
    ],
)
def test_a_field_that_is_not_as_its_type_says_is_named(name: str, wrong: JsonValue) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        decode(Sample, SAMPLE | {name: wrong})


def test_a_field_that_the_type_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="Sample has no field colour"):
        decode(Sample, SAMPLE | {"colour": "red"})


def test_a_missing_field_is_refused_whether_it_may_be_null_or_not() -> None:
    """D53: every field of a type is always there, null if unknown."""
    for left_out in ("maybe", "number"):
        payload = {name: value for name, value in SAMPLE.items() if name != left_out}
        with pytest.raises(ValueError, match=f"Sample lacks {left_out}"):
            decode(Sample, payload)


def test_the_fields_of_a_type_are_those_of_its_class() -> None:
    for kind in FACTS:
        assert list(field_names(kind)) == [field.name for field in fields(kind)]


def test_a_whole_number_is_read_as_the_number_it_is() -> None:
    assert type(decode(Sample, SAMPLE | {"ratio": 2}).ratio) is float


def test_what_json_cannot_hold_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        plain(object())


@given(st.sampled_from(FACTS).flatmap(values_of))
def test_every_fact_comes_back_as_it_was_written(fact: Fact) -> None:
    """D22: what is folded now is what verification will fold in ten years."""
    payload = encode(fact)
    assert canonical(payload)
    assert decode(type(fact), payload) == fact
    assert set(payload) == {field.name for field in fields(fact)}


def test_an_instant_of_a_fact_is_written_as_the_ledger_writes_it() -> None:
    at = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    assert plain(at) == instant_text(at)


def test_every_field_of_every_fact_has_a_type_that_can_be_read() -> None:
    for kind in FACTS:
        assert get_type_hints(kind)
        with pytest.raises(ValueError, match=r"has no field nonsense"):
            decode(kind, {"nonsense": 1})
