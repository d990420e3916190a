"""Values from callers: taken by one rule for each kind, or refused; never another failure (K7)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.limits import can_be_recorded
from redrabbit.web.values import LARGEST_NUMBER, day_from, instant_from, number_from, text_from
from tests.web.conftest import Visitor
from tests.web.edges import EDGES

ZONE = ZoneInfo("Asia/Shanghai")
BY = {"operator": "2207"}
PAUSE = {
    **BY,
    "line": "line1",
    "reason": "inventory",
    "begins_at": "2026-11-23T08:00:00+08:00",
    "ends_at": "2026-11-23T16:00:00+08:00",
}


@given(st.one_of(st.sampled_from(EDGES), st.text(), st.from_regex(r"[0-9]{1,40}")))
@example("1" * 4301)
@example("9999-12-31T23:59:59-14:00")
@example("0001-01-01T00:00:00+14:00")
def test_a_value_is_taken_or_refused_and_nothing_else(text: str) -> None:
    number = number_from(text)
    assert number is None or 0 <= number <= LARGEST_NUMBER
    parsers: list[Callable[[str], Any]] = [
        text_from,
        day_from,
        lambda given: instant_from(given, ZONE),
    ]
    for parse in parsers:
        with suppress(Refusal):
            value = parse(text)
            assert value is not None
            assert parse is not parsers[2] or can_be_recorded(value)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"operator": "\u200b"}, "text_character"),
        ({"operator": "Agent"}, "operator_name_reserved"),
        ({"operator": "\u202eanna"}, "text_character"),
        ({"reason": "a\0b"}, "text_character"),
        ({"reason": "\u0301"}, "text_marks"),
        ({"line": "line1\0"}, "text_character"),
        ({"ends_at": "9999-12-31T23:00:00Z"}, "instant_out_of_range"),
        ({"ends_at": "9999-12-31T23:59:59-14:00"}, "instant_out_of_range"),
        ({"begins_at": "0001-01-01T00:00:00+14:00"}, "instant_out_of_range"),
        ({"begins_at": 0}, "not_a_time"),
        ({"begins_at": "0.5"}, "not_a_time"),
    ],
)
def test_one_broken_value_is_said_with_the_code_of_its_rule(
    onlooker: Visitor, changed: dict[str, object], code: str
) -> None:
    answer = onlooker.client.post("/api/v1/pauses", json=PAUSE | changed)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, code)
    assert problem["errors"][0]["where"] == ["body", next(iter(changed))]
    assert "refusal." not in problem["detail"]


def test_all_broken_values_are_said_at_once(onlooker: Visitor) -> None:
    broken = PAUSE | {"operator": "agent", "reason": "", "ends_at": "9999-12-31T23:00:00Z"}
    problem = onlooker.client.post("/api/v1/pauses", json=broken).json()
    assert problem["code"] == "invalid_request"
    assert [error["where"][1] for error in problem["errors"]] == ["operator", "reason", "ends_at"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/runs?line=%00",
        "/api/v1/runs?device=%E2%80%8B",
        "/api/v1/occurrences?line=%00",
        "/api/v1/overdue?line=%00",
        "/api/v1/checks/%00",
        "/api/v1/stations/a%00",
        "/api/v1/occurrences?to=0.5",
        "/api/v1/runs?from=0001-01-01T00:00:00Z",
    ],
)
def test_nothing_that_a_database_refuses_reaches_it(onlooker: Visitor, path: str) -> None:
    """K6.2: on PostgreSQL a NUL was answered as if the records were away."""
    assert onlooker.client.get(path).status_code == 422


def test_a_filter_that_breaks_the_rule_is_left_out_and_said(onlooker: Visitor) -> None:
    page = onlooker.text("/runs?line=%00&from=0001-01-01", status=400)
    assert "U+0000" in page or "out of range" in page


@pytest.mark.parametrize("number", ["1" * 4301, "-1", "1.0", "%00", "x", str(2**64), "a%00-R-1"])
@pytest.mark.parametrize("place", ["/runs", "/containments"])
def test_a_path_without_a_number_leads_nowhere(onlooker: Visitor, place: str, number: str) -> None:
    """K7.3"""
    assert onlooker.client.get(f"{place}/{number}").status_code == 404


def test_nobody_goes_by_an_unseen_or_a_reserved_name(visitor: Visitor) -> None:
    """K6.1, K3.6."""
    visitor.client.cookies.delete("rr_badge")
    for name in ("\u3164", "scheduler", "a\nb"):
        assert visitor.send("/stations/line1-op20/who", name=name) == 409
        assert visitor.client.cookies.get("rr_badge") is None
        assert visitor.send("/due/excuse", occurrence="line4-O-2", reason="x", by=name) == 409
    assert visitor.send("/stations/line1-op20/who", name=" Anna  Li ") == 303
    assert visitor.client.cookies.get("rr_badge") == "Anna%20Li"
