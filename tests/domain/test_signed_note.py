"""Signed notes: one form, and every other one refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.signed_note import (
    NoteSignature,
    SignedNote,
    from_base64,
    key_name,
    note_is_signed,
    parse_note,
    sign_note,
    to_base64,
)
from tests.fakes import ToyKey

TEXT = "plant/1\n12\n"

KEY = ToyKey(name="plant/1")
NOTE = sign_note(TEXT, KEY)


def test_a_note_is_text_blank_line_and_signature_line() -> None:
    signature = to_base64(b"key1" + KEY.sign(TEXT.encode()))
    assert f"{TEXT}\n— plant/1 {signature}\n" == NOTE


def test_a_note_is_read_back() -> None:
    note = parse_note(NOTE)
    assert note.text == TEXT
    assert note_is_signed(note, KEY)


def test_the_text_may_hold_empty_lines() -> None:
    note = parse_note(sign_note("one\n\ntwo\n", KEY))
    assert note.text == "one\n\ntwo\n"
    assert note_is_signed(note, KEY)


@given(st.data())
def test_any_changed_byte_spoils_the_note(data: st.DataObject) -> None:
    raw = bytearray(NOTE.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        note = parse_note(raw.decode("utf-8"))
    except ValueError:
        return
    assert not note_is_signed(note, KEY)


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    other = sign_note(TEXT, ToyKey(name="plant/1", key_id=b"key2")).removeprefix(TEXT + "\n")
    note = parse_note(NOTE + other)
    assert len(note.signatures) == 2
    assert note_is_signed(note, KEY)
    assert not note_is_signed(note, ToyKey(name="plant/2"))


def test_one_wrong_signature_in_the_keys_name_spoils_the_note() -> None:
    note = parse_note(NOTE)
    forged = NoteSignature(name=KEY.name, key_id=KEY.key_id, signature=b"forged")
    both = SignedNote(text=note.text, signatures=(*note.signatures, forged))
    assert not note_is_signed(both, KEY)


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="empty"),
        pytest.param(TEXT, id="no signature"),
        pytest.param("\n\n— plant/1 a2V5MXg=\n", id="no text"),
        pytest.param(NOTE[:-1], id="cut off"),
        pytest.param(NOTE + "\n", id="line too many"),
        pytest.param(NOTE.replace("—", "-"), id="hyphen for dash"),
        pytest.param(NOTE.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param(TEXT + "\n— plant/1 a2V5MQ==\n", id="no signature after the key id"),
        pytest.param(TEXT + "\n— plant/1 a2V5MXh=\n", id="base64 with stray bits"),
        pytest.param(TEXT + "\n— plant/1 a2V5MXg\n", id="base64 without padding"),
        pytest.param(TEXT + "\n— plant/1 a2V5==MX\n", id="padding in the middle"),
        pytest.param(TEXT + "\n" + "— a a2V5MXg=\n" * 17, id="too many signatures"),
    ],
)
def test_another_form_is_refused(note: str) -> None:
    with pytest.raises(ValueError, match=r"note|signature|base64|control"):
        parse_note(note)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", ""])
def test_a_text_that_is_no_notes_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="note"):
        sign_note(text, KEY)


def test_a_key_name_of_two_words_does_not_sign() -> None:
    with pytest.raises(ValueError, match="one word"):
        sign_note(TEXT, ToyKey(name="plant 1"))


@given(st.binary(max_size=40))
def test_base64_has_one_form(content: bytes) -> None:
    assert from_base64(to_base64(content)) == content


@pytest.mark.parametrize("text", ["QQ", "QQ==\n", "QR==", "Q-==", "Ä"])
def test_any_other_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        from_base64(text)


@pytest.mark.parametrize(
    ("words", "name"),
    [("Suzhou plant 2", "Suzhou-plant-2"), ("苏州\t工厂+1", "苏州-工厂-1"), (" + ", "plant")],
)
def test_a_plants_name_becomes_one_word(words: str, name: str) -> None:
    assert key_name(words) == name
