"""Small texts that people keep and send: checkpoints, public keys, proofs.

Mail programs and editors change the ends of lines: CRLF, a byte order mark, UTF-16, blanks at the end of a line, blank
lines before and behind. None of it means anything in these texts, so none of it may look like a forgery.
"""

import codecs
import errno
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import read_at_most
from redrabbit.base.sentence import sentence

_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BLANKS: Final = " \t\u00a0"


class NoText(OSError):
    """A file holds no text; `strerror` says what was expected."""

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        super().__init__(
            errno.EILSEQ, sentence("it is no text; expected {what}", what=what), str(path)
        )

    def __str__(self) -> str:
        """Return the message without the operating system's number."""
        return f"{self._path}: {self.strerror}"


def read_kept_text(path: Path, limit: int, what: str) -> str:
    """Return the text of a file as it was before it was sent; each line ends in a line feed, and the last, too.

    OSErrors as they come; TooLarge beyond `limit` bytes, NoText for what is none.
    """
    content = read_at_most(path, limit, what)
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NoText(path, what) from error
    return without_noise(text)


def without_noise(text: str) -> str:
    """Return the text with line feeds only, without blanks at the ends of its lines and blank lines around it."""
    lines = [line.rstrip(_BLANKS) for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n") + "\n"
