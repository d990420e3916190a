"""Marks of special characteristics: what is the same mark, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.special_characteristic import SpecialCharacteristic, codes_by_mark, mark_of
from redrabbit.domain.text import Text

DECLARED = tuple(
    SpecialCharacteristic(code=code, name=Text(en=code, zh=code), symbols=symbols)
    for code, symbols in (("CC", ("◆", "<S>")), ("SC", ("◇",)), ("D/TLD", ()))
)


@given(
    st.sampled_from(DECLARED),
    st.sampled_from([str.lower, str.upper, lambda text: f" {' '.join(text)} "]),
)
def test_width_case_and_blanks_make_no_other_mark(
    declared: SpecialCharacteristic, spelled: object
) -> None:
    assert callable(spelled)
    for mark in (declared.code, *declared.symbols):
        assert codes_by_mark(DECLARED)[mark_of(spelled(mark))] == declared.code
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in declared.code)
    assert codes_by_mark(DECLARED)[mark_of(wide)] == declared.code


@pytest.mark.parametrize("mark", ["S", "C", "CCC", "D", "TLD", "D-TLD", "★", "", "CC, SC"])
def test_what_is_only_alike_is_none(mark: str) -> None:
    assert mark_of(mark) not in codes_by_mark(DECLARED)
