"""Ids in what people read are never broken at a hyphen, and stay what they are."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import Letter, numbered
from redrabbit.web.unbroken import unbroken

WORDS = st.text(st.sampled_from("aZ1 -.<>&\"'一是·"), max_size=40)


@given(WORDS)
def test_the_text_stays_what_it_is(text: str) -> None:
    assert unescape(re.sub(r'<span class="id( long)?">|</span>', "", str(unbroken(text)))) == text


@given(
    st.sampled_from(["line1", "plant", "L-R-1", "final-assembly", "op.20--b-"]),
    st.sampled_from(Letter),
    st.integers(1, 10**18 - 1),
    st.sampled_from(
        ["{}", "{} is under way", "a <b> {}: x", "\u9a8c\u8bc1{}\u8fdb\u884c\u4e2d", "({})."]
    ),
)
def test_each_id_is_in_an_element_of_its_own(
    stream: str, letter: Letter, number: int, sentence: str
) -> None:
    """D50."""
    made = numbered(stream, letter, number)
    kind = "id" if len(made) <= 20 else "id long"
    assert f'<span class="{kind}">{made}</span>' in unbroken(sentence.format(made))


@pytest.mark.parametrize("text", ["R-1042", "RR-0007", "line2-op20", "2026-11-26"])
def test_what_has_a_digit_and_a_hyphen_is_not_broken(text: str) -> None:
    assert unbroken(text) == f'<span class="id">{text}</span>'


@pytest.mark.parametrize("text", ["re-verification", "1042", "a - 1", "", "-1"])
def test_words_and_numbers_are_left_alone(text: str) -> None:
    assert unbroken(text) == text
