"""What mail programs and editors do to a kept text is forgiven, and nothing else (T6)."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.bounded import TooLarge
from redrabbit.base.kept_texts import NoText, read_kept_text, without_noise

NOTE = "Suzhou-2/5f0c1e9b\n2\nCsUYapGGPo4=\n\n— Suzhou-2/5f0c1e9b 9xQ3+A==\n"
BLANKS = st.text(" \t\u00a0", max_size=3)
BLANK_LINES = st.lists(BLANKS, max_size=3)


@given(st.data())
def test_line_ends_and_blanks_around_a_text_mean_nothing(data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    before, behind = data.draw(BLANK_LINES), data.draw(BLANK_LINES)
    lines = [line + data.draw(BLANKS) for line in NOTE.split("\n")]
    noisy = end.join([*before, *lines, *behind])
    assert without_noise(noisy) == NOTE


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_nothing_but_blanks_and_line_ends_is_ever_changed(text: str) -> None:
    """A text that is changed elsewhere stays changed, so that its signature fails."""
    read = without_noise(text)
    assert "".join(read.split()) == "".join(text.split())
    assert without_noise(read) == read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_read_in_what_editors_save(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "kept"
    path.write_bytes(NOTE.replace("\n", "\r\n").encode(encoding))
    assert read_kept_text(path, 1_000, "a checkpoint") == NOTE


def test_what_is_no_text_or_too_large_is_told(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"\xff\x00\xff")
    with pytest.raises(NoText, match="kept: it is no text; expected a checkpoint"):
        read_kept_text(path, 1_000, "a checkpoint")
    path.write_bytes(b"x" * 11)
    with pytest.raises(TooLarge):
        read_kept_text(path, 10, "a checkpoint")
