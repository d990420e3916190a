"""Texts: words of the plant's files in both languages (D17), and the rule for texts from outside.

Whatever a person, a program, a station or a file says is kept for years, signed, printed, sent to
terminals and to spreadsheets. So there is one rule for all of it (D24), and this is its only place:
composed as NFC, at most so many characters, no control, format, surrogate, private or unassigned
character, no letter that nobody can see, no heap of combining marks, and something visible.

What breaks the rule is refused and never mended: a name from which a character was quietly dropped
would be another name.

Sources: Unicode 15 (general categories; UAX #15 NFC; UAX #44 Default_Ignorable_Code_Point); Unicode
TR36 and CVE-2021-42574 on what bidirectional controls do to a reader.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MOST_NAME_CHARACTERS: Final = 60
"""Of a person's name or badge number: what a badge has room for."""
MOST_CODE_CHARACTERS: Final = 80
"""Of what a scanner reads: the longest codes on parts have about 60."""
MOST_REASON_CHARACTERS: Final = 500
"""Of a reason: a paragraph, not a report."""
MOST_WORDS_CHARACTERS: Final = 500
"""Of a text in the plant's files: what a step of a reaction needs at most."""
MOST_FILTER_CHARACTERS: Final = 200
"""Of an id that is asked for: longer than any that can be configured."""
MOST_SIGNAL_CHARACTERS: Final = 500
"""Of what a station says as text; Modbus can't say more than 250 at once."""

MOST_MARKS_IN_A_ROW: Final = 4
"""No living script puts more upon one letter (Vietnamese 2, Thai 2, pointed Hebrew 4)."""

_REFUSED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159\ufffc\ufffd")
"""Letters and signs that look like nothing, or that stand for what was lost."""
_BLANK: Final = r"[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_BLANKS: Final = re.compile(f"{_BLANK}+")
_BLANKS_AROUND: Final = re.compile(f"^{_BLANK}+|{_BLANK}+$")
_DASHES: Final = re.compile(" ?[-\u2010-\u2015\u2212\u2043\u2e3a\u2e3b] ?")
"""Marks that look like the hyphen of a number, with the blanks beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same words in English and Chinese, as the configuration gives them: `{en: …, zh: …}`."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """Return the Chinese words for any `zh…` language tag, else the English ones."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class TextProblem:
    """Why a text is not taken: a stable word and its values, as a refusal has them."""

    code: str
    """text_missing, text_too_long, text_character or text_marks."""
    params: Mapping[str, object] = field(default_factory=dict)


def clean_text(raw: str, limit: int) -> str | TextProblem:
    """Return a text from outside, composed and without blanks around it; else what is wrong.

    `limit` counts characters of the composed text.
    """
    if len(raw) > 4 * limit:  # far beyond it, the text itself is not even looked at
        return TextProblem("text_too_long", {"limit": limit})
    text = _BLANKS_AROUND.sub("", unicodedata.normalize("NFC", raw))
    return problem_in(text, limit) or text


def clean_name(raw: str) -> str | TextProblem:
    """Return a person's name or number: a clean text in which any blanks are one space."""
    text = clean_text(raw, MOST_NAME_CHARACTERS)
    return _BLANKS.sub(" ", text) if isinstance(text, str) else text


def compared_name(name: str) -> str:
    """Return a name as two names are compared: letters large or small, narrow or wide, blanks few or many, and one dash or another make no other name."""
    words = " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
    return _DASHES.sub("-", words)


def problem_in(text: str, limit: int) -> TextProblem | None:
    """Return the first problem of a text that is composed already."""
    marks, seen = 0, False
    for position, character in enumerate(text[: limit + 1], 1):
        category = unicodedata.category(character)
        if category in _REFUSED or character in _UNSEEN:
            params = {"character": f"U+{ord(character):04X}", "position": position}
            return TextProblem("text_character", params)
        is_mark = category.startswith("M")
        marks = marks + 1 if is_mark else 0
        if marks > MOST_MARKS_IN_A_ROW or (is_mark and position == 1):
            return TextProblem("text_marks", {"position": position})
        seen = seen or not (is_mark or category.startswith("Z"))
    if len(text) > limit:
        return TextProblem("text_too_long", {"limit": limit})
    return None if seen else TextProblem("text_missing")
