"""Words in two languages, and the one rule for texts from outside (D24)."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.domain.text import Text, TextProblem, clean_name, clean_text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "torque low"),
        ("zh", "扭矩低"),
        ("zh-CN", "扭矩低"),
        ("zh_Hans", "扭矩低"),
        ("de", "torque low"),
    ],
)
def test_a_reader_gets_chinese_for_any_chinese_tag_and_english_else(
    language: str, words: str
) -> None:
    assert Text(en="torque low", zh="扭矩低").in_language(language) == words


REFUSED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(alphabet=st.characters(codec=None), max_size=40), st.integers(1, 30))
@example(raw="a\u0301" * 5, limit=5)
def test_a_clean_text_keeps_every_part_of_the_rule(raw: str, limit: int) -> None:
    """D24."""
    text = clean_text(raw, limit)
    if isinstance(text, TextProblem):
        return
    assert text == unicodedata.normalize("NFC", text)
    assert 1 <= len(text) <= limit
    assert not {unicodedata.category(character) for character in text} & REFUSED
    assert clean_text(text, limit) == text, "cleaning is done once for all"
    assert text.isprintable() or any(character.isspace() for character in text)
    text.encode("utf-8")


@given(st.text(alphabet="Añ Ω李红兔子é5 -_.,;:!()'\"<>{}%=", min_size=1, max_size=40))
def test_what_people_write_is_taken_as_they_wrote_it(raw: str) -> None:
    expected = unicodedata.normalize("NFC", raw).strip()
    assert clean_text(raw, 40) == (expected or TextProblem("text_missing"))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        pytest.param("", "text_missing", id="nothing"),
        pytest.param(" \u00a0\u3000", "text_missing", id="blanks"),
        pytest.param("a\0b", "text_character", id="NUL"),
        pytest.param("a\nb", "text_character", id="line break"),
        pytest.param("a\x1b[31m", "text_character", id="escape sequence"),
        pytest.param("\u200b", "text_character", id="zero width space"),
        pytest.param("Anna\u3164", "text_character", id="hangul filler"),
        pytest.param("\u2800", "text_character", id="braille blank"),
        pytest.param("\uffa0", "text_character", id="halfwidth filler"),
        pytest.param("\u202eanna", "text_character", id="right to left override"),
        pytest.param("\u2066anna\u2069", "text_character", id="isolates"),
        pytest.param("\ufeffanna", "text_character", id="byte order mark"),
        pytest.param("\ufffd", "text_character", id="replacement character"),
        pytest.param("\uffff", "text_character", id="noncharacter"),
        pytest.param("\ue000", "text_character", id="private use"),
        pytest.param("\ud800", "text_character", id="half a surrogate pair"),
        pytest.param("\u0378", "text_character", id="unassigned"),
        pytest.param("a\u2028b", "text_character", id="line separator"),
        pytest.param("\U000e0041", "text_character", id="tag"),
        pytest.param("\u0301", "text_marks", id="mark without a letter"),
        pytest.param("\u0363\u05b9", "text_marks", id="GBK read as UTF-8"),
        pytest.param("q" + "\u0301" * 5, "text_marks", id="stack of marks"),
        pytest.param("x" * 61, "text_too_long", id="one too many"),
        pytest.param("x" * 1_000_000, "text_too_long", id="a million"),
    ],
)
def test_what_nobody_could_read_is_refused(raw: str, code: str) -> None:
    found = clean_text(raw, 60)
    assert isinstance(found, TextProblem)
    assert found.code == code


def test_a_refused_character_is_named_with_its_place() -> None:
    assert clean_text("Anna\u202e", 60) == TextProblem(
        "text_character", {"character": "U+202E", "position": 5}
    )


@pytest.mark.parametrize("raw", ["Nguyễn Thị Ánh", "สมชาย", "Å", "e\u0301", "⚠️ stop", "🐰"])
def test_names_of_the_world_are_taken(raw: str) -> None:
    assert clean_text(raw, 60) == unicodedata.normalize("NFC", raw)


def test_a_name_has_one_space_between_its_words() -> None:
    assert clean_name("  Anna \u3000 Li\u00a0") == "Anna Li"
    assert clean_name("x" * 61) == TextProblem("text_too_long", {"limit": 60})
