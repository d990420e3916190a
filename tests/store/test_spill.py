"""A mapping that is larger than memory behaves as a dictionary does."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from redrabbit.services.errors import StoreTrouble
from redrabbit.store.spill import Spill, SpilledMapping


class Found(StrEnum):
    ALL = "all"
    SOME = "some"


PARTS = (
    st.sampled_from(["line1", "line2", "值", "it's", '"', "1.5", "\ud800", Found.ALL])
    | st.integers(0, 4)
    | st.booleans()
    | st.sampled_from([1.0, 1.5, None, b"x", -1])
)
KEYS = st.tuples(PARTS) | st.tuples(PARTS, PARTS) | st.sampled_from(["digest", "other"])


class AsADictionary(RuleBasedStateMachine):
    """Whatever is done to it, in any order, with next to nothing in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.spill = Spill()
        self.mapping: SpilledMapping[Any, tuple[int, str]] = self.spill.mapping(
            lambda value: value, tuple, in_memory=2
        )
        self.model: dict[Any, tuple[int, str]] = {}

    @rule(key=KEYS, number=st.integers())
    def put(self, key: Any, number: int) -> None:
        self.mapping[key] = (number, "x")
        self.model[key] = (number, "x")

    @rule(key=KEYS)
    def get(self, key: Any) -> None:
        assert self.mapping.get(key) == self.model.get(key)
        assert (key in self.mapping) is (key in self.model)

    @rule(key=KEYS)
    def pop(self, key: Any) -> None:
        assert self.mapping.pop(key, None) == self.model.pop(key, None)

    @rule(key=KEYS)
    def delete(self, key: Any) -> None:
        if key in self.model:
            del self.model[key]
            del self.mapping[key]
        else:
            with pytest.raises(KeyError):
                del self.mapping[key]

    @rule(key=KEYS)
    def put_if_absent(self, key: Any) -> None:
        assert self.mapping.setdefault(key, (0, "")) == self.model.setdefault(key, (0, ""))

    @invariant()
    def holds_the_same_in_the_same_order(self) -> None:
        assert len(self.mapping) == len(self.model)
        assert list(self.mapping) == list(self.model)

    def teardown(self) -> None:
        self.spill.__exit__(None, None, None)


TestAsADictionary = AsADictionary.TestCase
TestAsADictionary.settings = settings(max_examples=60, stateful_step_count=20)


@pytest.fixture
def spill() -> Iterator[Spill]:
    with Spill() as made:
        yield made


def test_only_what_was_used_lately_is_in_memory(spill: Spill) -> None:
    mapping = spill.mapping(lambda value: value, int, in_memory=10)
    for number in range(1_000):
        mapping[("key", number)] = number
    assert len(mapping._young) + len(mapping._old) <= 20
    assert [mapping["key", number] for number in range(1_000)] == list(range(1_000))
    assert len(mapping._young) + len(mapping._old) <= 20


def test_two_mappings_of_one_file_know_nothing_of_each_other(spill: Spill) -> None:
    one, other = (spill.mapping(lambda value: value, int, in_memory=1) for _ in range(2))
    for number in range(5):
        one[(number,)] = number
    assert list(other) == []
    assert (0,) not in other


@given(st.lists(st.integers(0, 3), max_size=12))
def test_the_last_value_put_is_the_one_that_is_there(numbers: list[int]) -> None:
    with Spill() as made:
        mapping = made.mapping(lambda value: value, int, in_memory=1)
        for place, number in enumerate(numbers):
            mapping[(number,)] = place
        assert dict(mapping) == {(number,): place for place, number in enumerate(numbers)}


def test_a_disk_that_is_full_is_told(spill: Spill) -> None:
    spill._file.execute("PRAGMA max_page_count = 20")
    mapping = spill.mapping(lambda value: value, bytes, in_memory=1)
    many = {(number,): bytes(4_000) for number in range(100)}
    with pytest.raises(StoreTrouble, match="putting aside what memory does not hold"):
        mapping.update(many)


def test_a_key_that_no_record_has_is_not_there(spill: Spill) -> None:
    """A stranger's row may have anything in the place of its key."""
    mapping = spill.mapping(lambda value: value, int)
    mapping[("line1", 1)] = 1
    for key in (
        ("line1", float("inf")),
        ("line1", float("nan")),
        (datetime(2026, 3, 1, tzinfo=UTC), 1),
        (None,),
    ):
        assert mapping.pop(key, None) is None
    assert mapping.pop(("line1", True), None) == 1
