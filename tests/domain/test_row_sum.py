"""The sum over all rows, kept up with every change, is that of the rows that are there, and tells nothing (D26)."""

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.row_sum import SUM_BYTES, RowKey, Values

KEY = RowKey(bytes(range(32)))
GOLDEN = "bb6ff0c7c78199388c7832c5ac9db3d6"
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0),
    st.text(max_size=5),
)
ROWS: st.SearchStrategy[Mapping[int, Values]] = st.dictionaries(
    st.integers(0, 30), st.tuples(VALUES, VALUES), min_size=1, max_size=10
).map(lambda rows: {key: (key, *values) for key, values in rows.items()})


@given(st.lists(ROWS, min_size=1, max_size=5), st.randoms())
def test_it_is_that_of_the_rows_that_are_there(
    changes: list[Mapping[int, Values]], chance: Random
) -> None:
    total, table = 0, dict[int, Values]()
    for change in changes:
        for key, row in change.items():
            total += KEY.total("runs", [row])
            if key in table:
                total -= KEY.total("runs", [table[key]])
            table[key] = row
    there = list(table.values())
    chance.shuffle(there)
    assert KEY.masked(total, "head") == KEY.masked(KEY.total("runs", there), "head")


@given(ROWS, st.data())
def test_any_edit_shows(rows: Mapping[int, Values], data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(sorted(rows)))
    others = [row for key, row in rows.items() if key != at]
    match data.draw(st.sampled_from(["edit", "remove", "add twice"])):
        case "edit":
            value = data.draw(VALUES.filter(lambda each: repr(each) != repr(rows[at][1])))
            others.append((at, value, rows[at][2]))
        case "add twice":
            others += [rows[at], rows[at]]
    assert KEY.total("runs", others) != KEY.total("runs", rows.values())


@pytest.mark.parametrize(
    ("one", "other"),
    [((1,), (1.0,)), ((1,), ("1",)), ((None,), ("",)), (("a", "b"), ("ab",)), ((1, 2), (2, 1))],
)
def test_values_of_other_types_and_places_are_other_rows(one: Values, other: Values) -> None:
    assert KEY.total("runs", [one]) != KEY.total("runs", [other])


def test_one_value_has_one_form_however_it_came_about() -> None:
    text = "line1-R-7"
    again = "-".join(text.split("-"))
    assert text is not again
    assert KEY.total("runs", [(text, text)]) == KEY.total("runs", [(text, again)])


def test_a_row_of_another_table_is_another_row() -> None:
    assert KEY.total("runs", [(1,)]) != KEY.total("checks", [(1,)])


@given(st.integers(-(2**520), 2**520))
def test_whoever_has_the_key_goes_on_from_what_was_signed(total: int) -> None:
    signed = KEY.masked(total, "head")
    assert KEY.masked(KEY.unmasked(signed, "head") + 5, "next") == KEY.masked(total + 5, "next")


def test_what_is_shown_fits_one_head_and_one_key() -> None:
    shown = KEY.masked(17, "head")
    assert len(shown) == SUM_BYTES
    assert shown == KEY.masked(17, "head")
    assert shown != KEY.masked(17, "another head")
    assert shown != RowKey(bytes(32)).masked(17, "head")
    assert KEY.masked(-1, "head") == KEY.masked(2**512 - 1, "head")


def test_the_secret_is_not_shown() -> None:
    assert repr(KEY.secret) not in repr(KEY)


def test_what_is_signed_stays_what_it_is() -> None:
    """With another form every database would be opened slowly once, as if no sum had been signed."""
    total = KEY.total("runs", [("line1-R-7", 7, None, 18.25, "李娜", -(2**63))])
    assert KEY.masked(total, "head").hex()[:32] == GOLDEN
