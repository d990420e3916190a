"""Which passwords and PINs are taken (ASVS 4.0.3, 2.1)."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from redrabbit.base.common_passwords import common_passwords
from redrabbit.domain.credential import (
    FEWEST_CHARACTERS,
    MOST_CHARACTERS,
    composed,
    refuse_weak_password,
    refuse_weak_pin,
)
from redrabbit.domain.errors import Refusal

COMMON = common_passwords()
NAMES = ("An", "Li Na", "Wang Wei", "204711", "Changchun 2", "red rabbit")
GOOD = "kettle umbrella 42 moss"
words = st.sampled_from(sorted(COMMON))


def refused(password: str) -> str | None:
    try:
        refuse_weak_password(password, common=COMMON, names=NAMES)
    except Refusal as refusal:
        return refusal.code
    return None


def refused_pin(pin: str) -> str | None:
    try:
        refuse_weak_pin(pin, names=("204711", "Li Na"))
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct horse battery staple",
        "Zx9#tq!vB2mw",
        "我们每天早上验证防错装置",
        "        spaces count        ",
        "48201938475629",
        "x" * 3 + "quarrelsome-ferret",
        "ö" * 4 + "tungsten-carbide",
        "1234 tungsten ferret",
    ],
)
def test_a_password_that_nobody_would_try_is_taken(password: str) -> None:
    assert refused(password) is None


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-one-1", "password_too_short"),
        ("", "password_too_short"),
        ("m0" * 65, "password_too_long"),
        ("tab\tin the middle", "password_character"),
        ("nul\0in the middle", "password_character"),
        ("lone \ud800 surrogate", "password_character"),
        ("password1234", "password_common"),
        ("PassWord1234!!", "password_common"),
        ("P@ssw0rd2026!", "password_common"),
        ("!!!iloveyou!!!", "password_common"),
        ("passwordpassword", "password_common"),
        ("qwertyuiopqwerty", "password_common"),
        ("qwertyuiop123", "password_common"),
        ("abcdefghijkl", "password_common"),
        ("mlkjihgfedcba", "password_common"),
        ("123456789012", "password_common"),
        ("098765432109", "password_common"),
        ("12345678901234567890123", "password_common"),
        ("1qaz2wsx3edc", "password_common"),
        ("aaaaaaaaaaaaaaa", "password_common"),
        ("abcabcabcabcabc", "password_common"),
        ("121212121212123", "password_common"),
        ("1234567890ab", "password_common"),
        ("ab1234567890", "password_common"),
        ("Abcdef123456", "password_common"),
        ("qwerty-asdfgh-1", "password_common"),
        ("1q2w3e4r5t6y7u", "password_common"),
        ("password12345678", "password_common"),
        ("87654321Password", "password_common"),
        ("000000aaaaaaZ9x", "password_common"),
        ("!!!!!!!!!!!!ferret", "password_common"),
        ("QWERTZUIOPÜ+123", "password_common"),
        ("zaq12wsxcde34rfv", "password_common"),
        ("Changchun 2 123456", "password_of_a_name"),
        ("Wang Wei 2026", "password_of_a_name"),
        ("changchun 2 li na", "password_of_a_name"),
        ("Red Rabbit 204711", "password_of_a_name"),
        ("wangwei83027", "password_of_a_name"),
        ("WeiWang.8302", "password_of_a_name"),
        ("wang-wei-8302", "password_of_a_name"),
        ("204711-204711", "password_of_a_name"),
        ("changchun8302", "password_of_a_name"),
        ("weiwang204711", "password_of_a_name"),
    ],
)
def test_a_password_that_others_try_first_is_refused(password: str, code: str) -> None:
    assert refused(password) == code


@given(
    word=words,
    before=st.text("0123456789!.-_", max_size=2),
    after=st.text("0123456789!?#", max_size=4),
)
@example(word="password", before="", after="2026")
def test_a_word_of_the_list_is_not_hidden_by_decoration(word: str, before: str, after: str) -> None:
    assume(word[0].isalpha() and word[-1].isalpha())
    for written in (word, word.upper(), word.title()):
        assert refused(before + written + after) in {"password_common", "password_too_short"}


@given(word=words, times=st.integers(2, 4))
@example(word="08520852", times=2)
def test_a_word_of_the_list_is_not_better_twice(word: str, times: int) -> None:
    code = refused(word * times)
    assert code in {"password_common", "password_too_short"}


@given(st.text(min_size=0, max_size=200))
def test_any_text_is_taken_or_refused_with_a_code(password: str) -> None:
    taken = refused(password) is None
    assert not taken or FEWEST_CHARACTERS <= len(composed(password)) <= MOST_CHARACTERS


@given(st.text(min_size=1))
def test_however_a_keyboard_composes_a_letter_it_is_the_same_password(password: str) -> None:
    assert composed(composed(password)) == composed(password)
    assert composed("e\u0301") == composed("é")


def test_without_names_any_password_that_is_not_known_is_taken() -> None:
    assert refuse_weak_password("Wang Wei 2026", common=COMMON) is None  # type: ignore[func-returns-value]  # that it returns is what is tested


@pytest.mark.parametrize("pin", ["204119", "830275", "902811736455"])
def test_a_pin_of_six_digits_that_nobody_would_try_is_taken(pin: str) -> None:
    assert refused_pin(pin) is None


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("12345", "pin_form"),
        ("1234567890123", "pin_form"),
        ("83027a", "pin_form"),
        ("\uff18\uff13\uff10\uff12\uff17\uff15", "pin_form"),
        ("", "pin_form"),
        ("123456", "pin_trivial"),
        ("654321", "pin_trivial"),
        ("789012", "pin_trivial"),
        ("000000", "pin_trivial"),
        ("777777", "pin_trivial"),
        ("121212", "pin_trivial"),
        ("123123", "pin_trivial"),
        ("112233", "pin_trivial"),
        ("204711", "pin_trivial"),
    ],
)
def test_a_pin_that_others_try_first_is_refused(pin: str, code: str) -> None:
    assert refused_pin(pin) == code


@given(st.sampled_from(string.digits), st.integers(6, 12))
def test_a_pin_of_one_digit_is_refused_however_long(digit: str, length: int) -> None:
    assert refused_pin(digit * length) == "pin_trivial"


def test_a_pin_needs_no_names() -> None:
    assert refuse_weak_pin("830275") is None  # type: ignore[func-returns-value]  # that it returns is what is tested
