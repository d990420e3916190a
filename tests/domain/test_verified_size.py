"""How far entries were verified, and the mark that says so after a restart (D26)."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.findings import TEXTS, Finding
from redrabbit.domain.ledger import LogState
from redrabbit.domain.merkle import Frontier, leaf_hash
from redrabbit.domain.verified_size import (
    ROUND_MOST,
    VerifiedSize,
    damage_in_mark,
    mark_of_new_round,
    mark_text,
    parse_mark,
)

NOW = datetime(2026, 11, 22, 5, 30, 0, 123456, tzinfo=UTC)
ORIGIN = "Plant-1/0a"
FOUND = Finding(code="rows_changed", place="runs", params={"block": 3})
OTHER = Finding(code="entry_missing", place="ledger[3]")


def log_of(size: int) -> LogState:
    """Return the first entries of a log with two streams."""
    leaves = [(f"line{n % 2}", leaf_hash(str(n).encode())) for n in range(size)]
    return reduce(lambda log, leaf: log.with_leaf(*leaf), leaves, LogState())


def frontier(size: int) -> Frontier:
    return log_of(size).tree


INSTANTS = st.none() | st.integers(0, 10**15).map(lambda us: NOW + timedelta(microseconds=us))
FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(sorted(TEXTS)),
    place=st.text(max_size=9),
    params=st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=9)),
)
VERIFIED = st.builds(
    VerifiedSize,
    upto=st.integers(0, 40).map(log_of),
    upto_at=INSTANTS,
    again=st.integers(0, 40).map(log_of),
    began_at=INSTANTS,
    whole_since=INSTANTS,
    whole_at=INSTANTS,
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
)


@given(VERIFIED)
def test_a_mark_is_read_as_it_was_written(verified: VerifiedSize) -> None:
    assert parse_mark(mark_text(ORIGIN, verified), ORIGIN, frontier) == verified


@given(VERIFIED)
def test_a_mark_of_a_new_round_says_all_else_as_it_was(verified: VerifiedSize) -> None:
    text = mark_of_new_round(mark_text(ORIGIN, verified), ORIGIN)
    assert parse_mark(text, ORIGIN, frontier) == verified.round_ended()


@pytest.mark.parametrize("said", ["[]", "7", "{}", '"findings"', "not JSON"])
def test_of_what_is_no_mark_none_is_made(said: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whatever is wrong with it
        mark_of_new_round(f"{ORIGIN}\nred-rabbit verified 1\n{said}\n", ORIGIN)


@given(VERIFIED, st.data())
def test_no_other_text_is_a_mark(verified: VerifiedSize, data: st.DataObject) -> None:
    text = mark_text(ORIGIN, verified)
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.text('0a\n {}[],:-"', max_size=2))
    other = text[:at] + put + text[at + 1 :]
    try:
        found = parse_mark(other, ORIGIN, frontier)
    except (ValueError, OverflowError):
        return
    assert mark_text(ORIGIN, found) == other, "it says something else, and in the one form"


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        "[]",
        "7",
        '{"again":7}',
        '{"again":{"root":"00","size":0,"streams":{}}}',
        "not json",
    ],
)
def test_what_says_too_little_is_no_mark(said: str) -> None:
    with pytest.raises(ValueError, match=r"mark|entries|found|Expecting"):
        parse_mark(f"{ORIGIN}\nred-rabbit verified 1\n{said}\n", ORIGIN, frontier)


def test_a_mark_of_another_log_or_of_other_entries_is_not_believed() -> None:
    text = mark_text(ORIGIN, VerifiedSize(upto=log_of(20)))
    with pytest.raises(ValueError, match="no mark of how far this ledger"):
        parse_mark(text, "Plant-2/0a", frontier)
    with pytest.raises(ValueError, match="first 20 entries"):
        parse_mark(text, ORIGIN, lambda size: Frontier(size=size))


def test_a_finding_that_nobody_knows_is_not_believed() -> None:
    text = mark_text(ORIGIN, VerifiedSize(findings=(FOUND,)))
    with pytest.raises(ValueError, match="nothing that is found"):
        parse_mark(text.replace("rows_changed", "rows_dreamt"), ORIGIN, frontier)


@given(VERIFIED)
def test_what_is_damaged_is_known_whatever_the_tree_is_now(verified: VerifiedSize) -> None:
    text = mark_text(ORIGIN, verified)
    assert damage_in_mark(text, ORIGIN) == verified.findings
    with pytest.raises(ValueError, match="no mark"):
        damage_in_mark(text, "Plant-2/0a")
    with pytest.raises(ValueError, match="what was found"):
        damage_in_mark(f"{ORIGIN}\nred-rabbit verified 1\n{{}}\n", ORIGIN)


def test_the_form_stays_what_it_is() -> None:
    verified = VerifiedSize(upto=log_of(2), upto_at=NOW, findings=(FOUND,))
    origin, heading, said, end = mark_text(ORIGIN, verified).split("\n")
    assert (origin, heading, end) == (ORIGIN, "red-rabbit verified 1", "")
    assert json.loads(said) == {
        "again": {"root": LogState().root.hex(), "size": 0, "streams": {}},
        "began_at": None,
        "findings": [{"code": "rows_changed", "params": {"block": 3}, "place": "runs"}],
        "upto": {
            "root": log_of(2).root.hex(),
            "size": 2,
            "streams": {
                "line0": [1, leaf_hash(b"0").hex()],
                "line1": [1, leaf_hash(b"1").hex()],
            },
        },
        "upto_at": "2026-11-22T05:30:00.123456Z",
        "whole_at": None,
        "whole_since": None,
    }


def test_a_round_is_gone_on_with_unless_it_began_long_ago_or_the_clock_was_set() -> None:
    begun = VerifiedSize().begun(NOW)
    assert (begun.began_at, begun.again.size) == (NOW, 0)
    read = begun.read(log_of(7), NOW, again=True)
    assert read.begun(NOW + ROUND_MOST) == read
    assert read.begun(NOW - timedelta(seconds=1)) == read, "the clock was set right"
    more = ROUND_MOST + timedelta(seconds=1)
    for other in (NOW + more, NOW - more):
        anew = read.begun(other)
        assert (anew.began_at, anew.again.size, anew.upto.size) == (other, 0, 7)


def test_what_came_since_moves_one_place_and_the_round_the_other() -> None:
    later = NOW + timedelta(hours=1)
    known = VerifiedSize(upto=log_of(10), upto_at=NOW, again=log_of(4), began_at=NOW)
    since = known.read(log_of(12), later, again=False)
    assert (since.upto.size, since.upto_at, since.again.size) == (12, later, 4)
    again = since.read(log_of(8), later, again=True)
    assert (again.upto.size, again.again.size) == (12, 8)
    assert again.upto_at == later
    assert known.read(log_of(8), later, again=True).upto_at == NOW


def test_behind_a_damaged_entry_nothing_counts() -> None:
    known = VerifiedSize(upto=log_of(12), upto_at=NOW, again=log_of(4), began_at=NOW)
    later = NOW + timedelta(hours=1)
    assert known.back_to_round(later) == replace(known, upto=log_of(4), upto_at=later)
    from_the_start = replace(known, again=LogState()).back_to_round(later)
    assert (from_the_start.upto.size, from_the_start.upto_at) == (0, None)


def test_a_round_that_ends_is_told_and_the_next_begins_with_the_first_entry() -> None:
    later = NOW + timedelta(hours=1)
    known = VerifiedSize(findings=(OTHER,)).begun(NOW).read(log_of(9), NOW, again=True)
    assert known.round_ended() == replace(known, again=LogState(), began_at=None)
    whole = known.round_ended().ended((), NOW, later)
    assert (whole.whole_since, whole.whole_at, whole.findings) == (NOW, later, ())
    assert (whole.again.size, whole.began_at, whole.upto.size) == (0, None, 9)
    damaged = whole.begun(later).ended((FOUND,), later, later)
    assert damaged.findings == (FOUND,)
    assert damaged.whole_at == later, "of the last that found nothing"


def test_what_is_found_is_known_once() -> None:
    known = VerifiedSize().found((FOUND,))
    assert known.findings == (FOUND,)
    assert known.found((FOUND,)) == known
    assert known.found((FOUND, OTHER)) == replace(known, findings=(FOUND, OTHER))
