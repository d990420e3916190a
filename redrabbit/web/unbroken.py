"""Ids in what people read: each in an element of its own, so that no line ends inside one (D50).

A browser may end a line after any hyphen, and `line1-R-` above `1042` is read as two things. The text
stays what it is: copied, an id is exactly the id.
"""

import re
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

# ASCII only: in Chinese an id stands between words without a space, and is not part of them.
_MAY_BE_ID: Final = re.compile(r"[a-z0-9](?:[\w.-]*\w)?", re.ASCII | re.IGNORECASE)
_AN_ID: Final = Markup('<span class="id">{}</span>')
_A_LONG_ID: Final = Markup('<span class="id long">{}</span>')
_FITS_A_PHONE: Final = 20
"""Characters that stand in one line of a phone, in a heading too; a longer id is broken there."""

KEPT_TEXTS: Final = 2048
"""Pages that are made anew each second say the same ones again and again."""


def unbroken(text: object) -> Markup:
    """Return a text as HTML with each id in `<span class="id">`; for content, not for attributes.

    Words joined by hyphens are taken for an id (or a date) if there is a digit in them.
    """
    return _unbroken(str(text))


@lru_cache(maxsize=KEPT_TEXTS)
def _unbroken(said: str) -> Markup:
    found: list[Markup] = []
    end = 0
    for word in _MAY_BE_ID.finditer(said):
        if "-" in word[0] and any(each.isdigit() for each in word[0]):
            one_piece = _AN_ID if len(word[0]) <= _FITS_A_PHONE else _A_LONG_ID
            found += [escape(said[end : word.start()]), one_piece.format(word[0])]
            end = word.end()
    return Markup().join([*found, escape(said[end:])])
