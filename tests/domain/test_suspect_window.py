"""How many parts are suspect, and how far that can be trusted (D5, D6, D34)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.suspect_window import (
    SINCE_RECORDS_BEGAN,
    SuspectParts,
    WindowSide,
    suspect_parts,
)


def side(made: int, epoch: int = 1) -> WindowSide:
    count = PartCount(value=made, made=made, epoch=epoch, fell_from=None)
    return WindowSide(counter=made, count=count)


def value(counter: int | None) -> WindowSide:
    return WindowSide(counter=counter, count=None)


@pytest.mark.parametrize(
    ("since", "until", "has_ended", "quantity", "is_lower_bound"),
    [
        pytest.param(side(1000), side(1214), True, 214, False, id="counted without a gap"),
        pytest.param(side(1000), side(1214), False, 214, True, id="still open"),
        pytest.param(side(1000), side(1000), True, 0, False, id="nothing was made in between"),
        pytest.param(side(15), side(1060, 2), True, 1045, True, id="something may be skipped"),
        pytest.param(side(15), side(10, 2), True, 0, True, id="never less than none"),
        pytest.param(SINCE_RECORDS_BEGAN, side(1214), True, 1214, True, id="no good check before"),
        pytest.param(value(1000), value(1214), True, 214, True, id="two values nobody followed"),
        pytest.param(value(1000), side(1214), True, 214, True, id="followed from one side only"),
        pytest.param(value(1000), value(40), True, 40, True, id="it went back in between"),
        pytest.param(value(5), value(-40), True, 0, True, id="below zero"),
        pytest.param(SINCE_RECORDS_BEGAN, value(1214), True, 1214, True, id="since records began"),
        pytest.param(value(None), side(1214), True, None, True, id="its begin can't be told"),
        pytest.param(side(1000), value(None), True, None, True, id="its end can't be told"),
        pytest.param(value(None), value(None), True, None, True, id="the station counts nothing"),
    ],
)
def test_parts_between_the_two_sides_of_a_window(
    since: WindowSide,
    until: WindowSide,
    has_ended: bool,
    quantity: int | None,
    is_lower_bound: bool,
) -> None:
    found = suspect_parts(since, until, has_ended=has_ended)
    assert found == SuspectParts(quantity=quantity, is_lower_bound=is_lower_bound)


def test_a_window_of_one_nest_holds_what_is_not_known_to_be_of_another() -> None:
    """D34: of 200 made, 90 are surely left and 60 surely right."""

    def known(left: int, right: int) -> tuple[MadeOf, ...]:
        return (
            MadeOf(variant=None, nest="left", made=left),
            MadeOf(variant=None, nest="right", made=right),
        )

    since = WindowSide(counter=0, count=replace(_count(1000), known=known(10, 40)))
    until = WindowSide(counter=0, count=replace(_count(1200), known=known(100, 100)))
    left = suspect_parts(since, until, has_ended=True, nest="left")
    assert left == SuspectParts(quantity=140, is_lower_bound=False, unknown=50)
    assert suspect_parts(since, until, has_ended=True).quantity == 200


@pytest.mark.parametrize(
    ("since", "until"),
    [(value(1000), value(1214)), (side(1000), value(1214)), (value(1000), side(1214))],
    ids=["never followed", "no longer followed", "followed since"],
)
@pytest.mark.parametrize(
    ("own", "unknown"),
    [({"nest": "left"}, 214), ({"variant": "front"}, 214), ({}, 0)],
    ids=["of a nest", "of a variant", "of the only one"],
)
def test_of_what_two_values_tell_all_may_be_of_another(
    since: WindowSide, until: WindowSide, own: dict[str, str], unknown: int
) -> None:
    """D34: nothing tells them apart, so none of them is surely of this nest."""
    found = suspect_parts(since, until, has_ended=True, **own)
    assert found == SuspectParts(quantity=214, is_lower_bound=True, unknown=unknown)


def told(quantity: int | None, unknown: int = 0) -> SuspectParts:
    return SuspectParts(quantity=quantity, is_lower_bound=False, unknown=unknown)


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        pytest.param(told(120, 20), told(None), told(120, 20), id="nothing was told"),
        pytest.param(told(300), told(214), told(300), id="more"),
        pytest.param(told(214), told(214), told(214), id="as many"),
    ],
)
def test_what_is_known_now_stands_where_it_is_no_less(
    now: SuspectParts, before: SuspectParts, expected: SuspectParts
) -> None:
    assert now.no_less_than(before) == expected


counted_parts = st.integers(0, 500).flatmap(
    lambda quantity: st.builds(told, st.just(quantity), st.integers(0, quantity))
)


@given(now=counted_parts | st.just(told(None)), before=counted_parts)
def test_what_was_told_before_is_never_taken_back(now: SuspectParts, before: SuspectParts) -> None:
    """D34: neither how many are suspect, nor how many of them are surely of this variant and nest."""
    found = now.no_less_than(before)
    assert found.quantity == max(now.quantity or 0, before.quantity or 0)
    assert found.surely == max(now.surely, before.surely)
    assert found.is_lower_bound is (found.quantity != now.quantity)


def _count(made: int) -> PartCount:
    return PartCount(value=made, made=made, epoch=1, fell_from=None)
