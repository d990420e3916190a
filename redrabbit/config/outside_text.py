"""The rule for texts from outside (D24), laid on every word of a configuration file.

What a file says is signed, printed and shown on terminals, so no word of it may hold a character
that nobody sees or that deceives. Each is a problem at its own place. Words are composed (NFC), so
that the same words are equal, whatever they were typed on; nothing else about them is changed.

GBK that passes as UTF-8 often has marks that belong to no letter, which are refused in every word;
`garbled_text` knows what else it has where words in Chinese are expected.
"""

import unicodedata
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.garbled_text import has_bare_mark, save_as_utf_8
from redrabbit.config.located_yaml import Node, scalars
from redrabbit.config.problem import Problems
from redrabbit.domain.text import TextProblem, problem_in

MOST_CHARACTERS: Final = 2000
"""Of any one value; only addresses and conditions are longer than a paragraph."""

EXPECTED: Final = "text on one line, without control, unseen or direction characters"
_MARKS: Final = "marks that belong to no letter"
_LINE_BREAKS: Final = {"U+000A", "U+000D", "U+2028", "U+2029", "U+0085"}


def refuse_unreadable(root: Node, problems: Problems) -> None:
    """Compose every word of a file, and note those that break the rule."""
    for scalar in scalars(root):
        written = scalar.text
        if len(written) <= MOST_CHARACTERS:
            scalar.text = unicodedata.normalize("NFC", written)
        found = problem_in(scalar.text.rstrip("\n"), MOST_CHARACTERS)
        if (found is None or found.code == "text_marks") and has_bare_mark(scalar.text):
            problems.add(scalar.place, _MARKS, EXPECTED, save_as_utf_8(written))
        elif found is not None and found.code != "text_missing":
            problems.add(scalar.place, _in_words(found), EXPECTED)


def _in_words(found: TextProblem) -> str:
    """Return what is wrong, in words; the text itself is not repeated: it may be a secret."""
    at = found.params.get("position")
    match found.code:
        case "text_too_long":
            return sentence("more than {limit} characters", limit=found.params["limit"])
        case "text_marks":
            return sentence("{what} at character {at}", what=_MARKS, at=at)
        case _ if found.params["character"] in _LINE_BREAKS:
            return sentence("a line break at character {at}", at=at)
        case _:
            return sentence(
                "the character {character} at character {at}",
                character=found.params["character"],
                at=at,
            )
