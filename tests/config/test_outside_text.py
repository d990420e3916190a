"""The rule for texts from outside, on every word of a file (D24, K6)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.printable import visible
from redrabbit.config.garbled_text import chinese_is_garbled, has_bare_mark
from redrabbit.config.located_yaml import Scalar, Sequence
from redrabbit.config.outside_text import refuse_unreadable
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.domain.text import problem_in


@given(st.lists(st.text(max_size=10), max_size=4))
def test_a_file_has_a_problem_for_each_of_its_broken_words(texts: list[str]) -> None:
    words = [
        Scalar(text, SourcePosition("x.yaml", line), quoted=True)
        for line, text in enumerate(texts, 1)
    ]
    problems = Problems()
    refuse_unreadable(Sequence(list(words), SourcePosition("x.yaml")), problems)
    told = {problem.place.line for problem in problems.found}
    for word in words:
        assert word.text == unicodedata.normalize("NFC", word.text)
        found = problem_in(word.text.rstrip("\n"), 2000)
        is_broken = has_bare_mark(word.text) or (found is not None and found.code != "text_missing")
        assert (word.place.line in told) is is_broken
    assert all(visible(str(each)) == str(each) for each in problems.found), "they can't deceive"


@pytest.mark.parametrize("words", ["停止", "通知", "压接力监控", "校准设备", "扭矩过低"])
def test_chinese_that_was_saved_in_gbk_is_never_taken_for_chinese(words: str) -> None:
    try:
        read = words.encode("gbk").decode("utf-8")
    except UnicodeDecodeError:
        return  # no UTF-8 at all: that is refused when the file is read
    broken = problem_in(unicodedata.normalize("NFC", read), 2000)
    assert broken is not None or chinese_is_garbled(read)


@pytest.mark.parametrize("words", ["停线。", "OP20", "1号线", "TPMS", "5 kΩ", "Ø 8", "螺栓 Ω"])
def test_chinese_words_of_a_plant_are_chinese(words: str) -> None:
    assert not chinese_is_garbled(words)
