"""What a scan is: a badge, a part, a place, a device or a line, told apart by declared forms (B29, B40).

1. Controls at both ends, the symbology mark that scanners can put in front (`]C1`), and the prefixes that the plant
names, are taken off. 2. A code is of the kind whose form it has; parts, places, devices and lines have the forms of
what the plant knows, unless it declares others. 3. What fits no form is tried as codes that were joined on their way,
because two scans came before one Enter: it is split where that can be done in exactly one way. 4. What is still
nothing stays whole and of no kind: whoever knows more may know it, for example as a badge that was taught in. Nothing is
dropped and nothing is guessed.

A form is text with places for characters: `B{6 digits}`, `RR-{digits}`, `LOC:{id}`. It is no regular expression,
because a wrong one of those can take a scan's minute, and nobody on the floor can read it.

Sources: ISO/IEC 15424 (symbology identifiers); B29, B40.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from redrabbit.domain.text import compared_name

LONGEST_SCAN: Final = 240
"""Characters: three of the longest codes."""
MOST_JOINED: Final = 3
JOINED: Final = 2
LONGEST_FORM: Final = 60
MOST_CHARACTERS: Final = 60
"""Of one place in a form."""


class CodeKind(StrEnum):
    """What a code stands for."""

    BADGE = "badge"
    PART = "part"
    PLACE = "place"
    DEVICE = "device"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """One code of a scan."""

    text: str
    """A badge's whole code; of others the id that stands in it."""
    kind: CodeKind | None
    """None: it has no declared form."""


@dataclass(frozen=True, slots=True)
class CodeForm:
    """How codes of a kind are written."""

    spelled: str
    pattern: re.Pattern[str] = field(repr=False, compare=False)

    def fits(self, text: str) -> bool:
        """Return whether a code is written so."""
        return self.pattern.fullmatch(text) is not None

    def id_in(self, text: str) -> str | None:
        """Return what stands in its last place, None where the code is not written so."""
        match = self.pattern.fullmatch(text)
        return None if match is None else match[match.lastindex or 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeForms:
    """What the plant's codes look like."""

    prefixes: tuple[str, ...] = ()
    """What scanners of the plant put in front."""
    forms: Mapping[CodeKind, tuple[CodeForm, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    """Declared by the plant; a kind that is not in it has the codes that are known."""


AS_KNOWN: Final = CodeForms()
"""Nothing is declared: codes are what the plant knows."""

Known = Mapping[CodeKind, frozenset[str]]
"""The ids of the plant: its parts, places, devices and lines."""

_CLASSES: Final = MappingProxyType({"digit": "[0-9]", "letter": "[A-Za-z]", "id": "[A-Za-z0-9_.-]"})
_PLACE: Final = re.compile(r"\{(?:(?P<count>[1-9][0-9]?) )?(?P<what>digit|letter|id)s?\}")
_SYMBOLOGY: Final = re.compile(r"\][A-Za-z][0-9]")


def code_form(spelled: str) -> CodeForm:
    """Return the form that is spelled so; ValueError says what is wrong with it."""
    if not spelled or len(spelled) > LONGEST_FORM:
        raise ValueError(f"a form has 1 to {LONGEST_FORM} characters")
    pattern, place, open_places = "", 0, 0
    for found in _PLACE.finditer(spelled):
        pattern += _literal(spelled[place : found.start()])
        count = int(found["count"] or 0)
        if count > MOST_CHARACTERS:
            raise ValueError(f"{found[0]} is more than {MOST_CHARACTERS} characters")
        open_places += not count
        pattern += f"({_CLASSES[found['what']]}{f'{{{count}}}' if count else '{1,60}'})"
        place = found.end()
    pattern += _literal(spelled[place:])
    if place == 0:
        raise ValueError(
            "it has no place for a code's own characters, such as {digits}, {6 digits}, {letters} or {id}"
        )
    if open_places > 1:  # where one ends and the next begins would be tried for each character
        raise ValueError("it has more than one place without a number of characters")
    return CodeForm(spelled, re.compile(pattern))


def scanned(raw: str, forms: CodeForms, known: Known) -> tuple[ScannedCode, ...]:
    """Return the codes of one scan in their order, a code that came twice in a row once; none for an empty scan."""
    text = bare(raw, forms)[:LONGEST_SCAN]
    if not text:
        return ()
    whole = _code(text, forms, known)
    if whole.kind is not None:
        return (whole,)
    ways = _ways(text, forms, known, MOST_JOINED)
    if len(ways) != 1:
        return (whole,)
    return tuple(code for at, code in enumerate(ways[0]) if at == 0 or code != ways[0][at - 1])


def reads_as_code(text: str) -> bool:
    """Tell whether a text looks as the code of a badge or label does, and not as anybody's name.

    Latin letters, digits and marks without a space, a digit among them. So a badge that nobody has, of a plant that declares
    no form for badges, becomes nobody's name (B28, decision 59). It is read as names are compared, or a badge in wide letters would be one.
    """
    bare_text = compared_name(text)
    has_digit = any(each.isdigit() for each in bare_text)
    return has_digit and bare_text.isascii() and not any(each.isspace() for each in text.strip())


def bare(raw: str, forms: CodeForms) -> str:
    """Return a scan without what its scanner put around the code."""
    text = raw.strip().strip("".join(map(chr, range(33)))).strip()
    while True:
        mark = _SYMBOLOGY.match(text)
        prefix = next((each for each in forms.prefixes if text.startswith(each)), None)
        if mark is not None:
            text = text[mark.end() :]
        elif prefix:
            text = text[len(prefix) :]
        else:
            return text


def confusions(forms: CodeForms, known: Known) -> Iterable[tuple[CodeKind, CodeKind, str]]:
    """Yield known ids of one kind that are also codes of another kind by its form: kind, other kind, id."""
    for kind, ids in known.items():
        for other, declared in forms.forms.items():
            if other is not kind:
                for text in sorted(ids):
                    if kind not in forms.forms and any(form.fits(text) for form in declared):
                        yield kind, other, text


def _code(text: str, forms: CodeForms, known: Known) -> ScannedCode:
    for kind in CodeKind:
        declared = forms.forms.get(kind)
        if declared is None:
            if text in known.get(kind, ()):
                return ScannedCode(text, kind)
            continue
        for form in declared:
            found = form.id_in(text)
            if found is not None:
                return ScannedCode(text if kind is CodeKind.BADGE else found, kind)
    return ScannedCode(text, None)


def _ways(
    text: str, forms: CodeForms, known: Known, most: int
) -> Sequence[tuple[ScannedCode, ...]]:
    """Return up to two ways to read a text as so many codes at most, each of a kind."""
    ways: list[tuple[ScannedCode, ...]] = []
    for at in range(1, len(text)):
        first = _code(text[:at], forms, known)
        if first.kind is None:
            continue
        rest_text = bare(text[at:], forms)
        rest = _code(rest_text, forms, known)
        if rest.kind is not None:
            ways.append((first, rest))
        elif most > JOINED:
            ways.extend((first, *more) for more in _ways(rest_text, forms, known, most - 1))
        if len(ways) > 1:
            return ways
    return ways


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(
            "a place is one of {digits}, {letters}, {id}, or with a number before: {6 digits}"
        )
    return re.escape(text)
