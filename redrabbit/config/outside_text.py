"""The rule for texts from outside (D24), laid on every word of a configuration file.

What a file says is signed, printed and shown on terminals, so no word of it may hold a character
that nobody sees or that deceives. Each is a problem at its own place. Words are composed (NFC), so
that the same words are equal, whatever they were typed on; nothing else about them is changed.

GBK that was opened as UTF-8 is often valid UTF-8, of the wrong letters: 停止 becomes two marks that
belong to no letter. `is_mangled_chinese` finds what the rule itself lets through.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from redrabbit.config.located_yaml import Mapping, Node, Scalar, Sequence
from redrabbit.config.problem import Problems
from redrabbit.domain.text import TextProblem, problem_in

MOST_CHARACTERS: Final = 2000
"""Of any one value; only addresses and conditions are longer than a paragraph."""

EXPECTED: Final = "text on one line, without control, unseen or direction characters"
MANGLED_HINT: Final = "is it GBK? Save the file as UTF-8"
_LINE_BREAKS: Final = {"U+000A", "U+000D", "U+2028", "U+2029", "U+0085"}
_HAN: Final = "CJK "
_SIGNS: Final = frozenset("µμΩΩøØ")
"""Letters in the names of units and diameters."""


def refuse_unreadable(root: Node, problems: Problems) -> None:
    """Compose every word of a file, and note those that break the rule."""
    for scalar in _scalars(root):
        if len(scalar.text) <= MOST_CHARACTERS:
            scalar.text = unicodedata.normalize("NFC", scalar.text)
        found = problem_in(scalar.text.rstrip("\n"), MOST_CHARACTERS)
        if found is not None and found.code != "text_missing":
            hint = MANGLED_HINT if found.code == "text_marks" else None
            problems.add(scalar.place, _told(found), EXPECTED, hint)


def is_mangled_chinese(text: str) -> bool:
    """Return whether words that should be Chinese have letters of other scripts and none of Han."""
    foreign = {ch for ch in text if not ch.isascii() and ch.isalpha()} - _SIGNS
    return bool(foreign) and not any(unicodedata.name(ch, "").startswith(_HAN) for ch in foreign)


def _told(found: TextProblem) -> str:
    """Return what is wrong, in words; the text itself is not repeated: it may be a secret."""
    where = f"at character {found.params['position']}" if "position" in found.params else ""
    match found.code:
        case "text_too_long":
            return f"more than {found.params['limit']} characters"
        case "text_marks":
            return f"marks that belong to no letter {where}"
        case _ if found.params["character"] in _LINE_BREAKS:
            return f"a line break {where}"
        case _:
            return f"the character {found.params['character']} {where}"


def _scalars(root: Node) -> Iterator[Scalar]:
    """Yield every value and every key of a tree, without recursion."""
    waiting: list[Node] = [root]
    while waiting:
        match waiting.pop():
            case Scalar() as scalar:
                yield scalar
            case Sequence(items=items):
                waiting.extend(items)
            case Mapping(entries=entries):
                for key, value in entries:
                    waiting.extend((key, value))
