"""Conditions are values: what is asked can be read, compared and kept."""

from typing import Any

import pytest

from redrabbit.domain.record_query import Where, equals, latest, recorded
from redrabbit.domain.records import AgentRecord


class AskedReader:
    """Answers with what it was given, and keeps how it was asked."""

    def __init__(self, *answer: object) -> None:
        self.answer = list(answer)
        self.asked: tuple[object, ...] = ()

    def get(self, kind: type[Any], *key: str | int) -> Any:
        self.asked = (kind, *key)
        return next(iter(self.answer), None)

    def find(
        self,
        kind: type[Any],
        *where: Where,
        order_by: str | None = None,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[Any]:
        self.asked = (kind, where, order_by, descending, limit)
        return self.answer


def test_the_commonest_condition_is_that_a_field_equals_a_value() -> None:
    assert equals("state", "open") == Where("state", "=", "open")


def test_what_was_recorded_is_there_or_there_is_a_bug() -> None:
    reader = AskedReader("the third life")
    life: object = recorded(reader, AgentRecord, 3)
    assert (life, reader.asked) == ("the third life", (AgentRecord, 3))
    with pytest.raises(AssertionError, match="agents"):
        recorded(AskedReader(), AgentRecord, 4)


def test_the_latest_is_asked_for_alone() -> None:
    """Its time does not grow with what was recorded long ago (B30)."""
    reader, ended = AskedReader("the last"), equals("stopped_at", None)
    last: object = latest(reader, AgentRecord, ended, by="agent_id")
    assert last == "the last"
    assert reader.asked == (AgentRecord, (ended,), "agent_id", True, 1)


def test_of_none_there_is_no_latest() -> None:
    assert latest(AskedReader(), AgentRecord, by="agent_id") is None
