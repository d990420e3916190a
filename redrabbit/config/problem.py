"""What is wrong with a configuration, where, and what was expected instead.

    Exception
    └── ConfigurationProblems    all problems of a folder at once, in the order of file and line

Rules: every problem is collected before anything is refused; nothing is mended, renamed or dropped
on the way. A message says what was found, what was expected, and what to do where that helps;
never a secret (D24).
"""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from redrabbit.base.redaction import masked
from redrabbit.base.sentence import Sentence, sentence

MOST_PROBLEMS: Final = 1_000
LONGEST_NEAR_WORD: Final = 100
"""Comparing takes time with the square of the length, and nobody mistypes a longer word."""


@dataclass(frozen=True, slots=True, order=True)
class SourcePosition:
    """Where something stands: lines and columns count from 1, in a table rows and columns."""

    file: str
    line: int = 1
    column: int = 1
    cell: str = ""
    """In a workbook: its sheet and cell, `Plan!K13`."""

    def __str__(self) -> str:
        """Return `file:line:column`, as editors and terminals understand it; `file:sheet!cell` of a workbook."""
        return f"{self.file}:{self.cell or f'{self.line}:{self.column}'}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that keeps a configuration from being used."""

    place: SourcePosition
    found: str
    expected: str
    hint: str | None = None

    @property
    def sentence(self) -> Sentence:
        """The one line that a person reads."""
        if self.hint:
            return sentence(
                "{place}: {found}; expected {expected}; {hint}",
                place=self.place,
                found=self.found,
                expected=self.expected,
                hint=self.hint,
            )
        return sentence(
            "{place}: {found}; expected {expected}",
            place=self.place,
            found=self.found,
            expected=self.expected,
        )

    def __str__(self) -> str:
        """Return that line in English."""
        return str(self.sentence)


class ConfigurationProblems(Exception):
    """The configuration can't be used; carries every problem that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=_order))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Problems:
    """Collects problems while files are read."""

    found: list[Problem] = field(default_factory=list)
    advised: list[Problem] = field(default_factory=list)
    """What keeps nothing from being used, and would be better said."""
    adopted: bool = False
    """The files were adopted before: later rules about their words refuse nothing of them (L7)."""
    judges_plan: bool = True
    """The plan is held against what customers demand at least."""

    @property
    def full(self) -> bool:
        """Tell whether so much is wrong that nobody reads on: a file of another kind, mostly."""
        return len(self.found) >= MOST_PROBLEMS

    def add(
        self, place: SourcePosition, found: str, expected: str, hint: str | None = None
    ) -> None:
        """Note one problem and go on; what looks like a secret is not quoted."""
        if self.full:
            return
        hint = _masked(hint) if hint else None
        self.found.append(Problem(place, _masked(found), _masked(expected), hint))

    def advise(self, place: SourcePosition, found: str, expected: str) -> None:
        """Note what would be better said; the configuration is used all the same."""
        if len(self.advised) < MOST_PROBLEMS:
            self.advised.append(Problem(place, _masked(found), _masked(expected)))

    def refuse_unknown(
        self, what: str, word: str, place: SourcePosition, known: Collection[str] | None
    ) -> None:
        """Note a name that nothing has, unless it can't be told (None) because that is broken."""
        if known is not None and word not in known:
            found = sentence("unknown {what} {word!r}", what=what, word=word)
            self.add(place, found, one_of(known), nearest(word, known))


def _masked(text: str) -> str:
    """Return a text without what looks like a secret; a sentence that has none stays one, to be said in other languages."""
    clean = masked(text)
    return text if clean == text else clean


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return a hint with the known word that was probably meant; None if none is near."""
    if len(word) > LONGEST_NEAR_WORD:
        return None
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return sentence("did you mean {word!r}?", word=close[0]) if close else None


def one_of(words: Iterable[str]) -> str:
    """Return `one of a, b, c`, or the word itself if there is only one."""
    listed = list(words)
    if not listed:
        return sentence("none (there are none)")
    return listed[0] if len(listed) == 1 else sentence("one of {words}", words=", ".join(listed))


def _order(problem: Problem) -> tuple[SourcePosition, str, str, str]:
    return (problem.place, problem.found, problem.expected, problem.hint or "")
