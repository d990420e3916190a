r"""Text from files, databases and networks, made harmless for whoever reads it at a terminal.

A terminal obeys control characters: a plant's name with an escape sequence in it could hide the
line that says by which key a file was checked. So everything that is printed or logged goes through
here, and what can't be seen is shown as an escape, `\x1b` or `\u202e` (D24). Letters, marks,
symbols and blanks of all scripts stay as they are; our own colours are added behind this point.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from unicodedata import east_asian_width

from redrabbit.base.sentence import ENGLISH, said

_PLAIN: Final = re.compile(r"[ -~]*")
"""What needs no closer look, which is nearly everything."""

_BLANKS: Final = frozenset("\u00a0\u3000\u2007\u202f")
"""Blanks of other scripts and of figures: harmless, though Python does not call them printable."""


def visible(text: str) -> str:
    """Return the text on one line, every character of it visible or a blank."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(each if _can_be_seen(each) else _escape(each) for each in text)


def visible_lines(text: str) -> str:
    """Return the text with its line feeds; everything else as `visible` has it."""
    return "\n".join(visible(line) for line in text.split("\n"))


def visible_json(value: object) -> str:
    """Return JSON on one line for machines that a person may look at, too: escapes are JSON's."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if _PLAIN.fullmatch(text):
        return text
    return "".join(each if _can_be_seen(each) else json.dumps(each)[1:-1] for each in text)


_spoken = ENGLISH
"""The language of this process's terminal: one for all threads, chosen once by the command line."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say sentences in this language, as long as the context lasts."""
    global _spoken  # noqa: PLW0603  because a process has one terminal
    before, _spoken = _spoken, language
    try:
        yield
    finally:
        _spoken = before


def spoken() -> str:
    """Return the language in which this process speaks to its terminal."""
    return _spoken


def for_terminal(line: str) -> str:
    """Return a line as the terminal gets it: a sentence in its language, and nothing that a terminal obeys."""
    return visible(said(line, _spoken))


def put_out(*lines: str) -> None:
    """Print to standard output; each argument is one line, whatever line ends are in it."""
    sys.stdout.write("".join(for_terminal(line) + "\n" for line in lines))


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines in which their columns stand below each other; sentences are in the terminal's language."""
    told = [[for_terminal(each) for each in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*told, strict=True)]
    return [
        "  ".join(
            each + " " * (width - _width(each)) for each, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in told
    ]


def _width(text: str) -> int:
    """Return how many places a text takes in a terminal: Chinese takes two a character."""
    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def complain(*lines: str) -> None:
    """Print to standard error; each argument is one line, whatever line ends are in it."""
    sys.stderr.write("".join(for_terminal(line) + "\n" for line in lines))


def hand_out(text: str) -> None:
    """Print what must not change on its way into a file; only a terminal gets it escaped."""
    sys.stdout.write(visible_lines(text) if sys.stdout.isatty() else text)


def _can_be_seen(character: str) -> bool:
    return character.isprintable() or character in _BLANKS


def _escape(character: str) -> str:
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004  because so far two hexadecimal digits go
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004  because so far four go
