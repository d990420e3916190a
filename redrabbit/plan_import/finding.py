"""What the reading of a plan has to say to its owner: errors, questions and notes, each with its cell; and what was answered before it asked.

Some questions have a name, such as `symbol ◆` or `wording s/ plan`: who answers one by its name says a value, and the reading goes on with it as if the
file had said so. What is no such value is asked again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVar

from redrabbit.base.sentence import Sentence
from redrabbit.plan_import.grid import plain

T = TypeVar("T")


class Kind(Enum):
    """What a finding does to the import."""

    ERROR = "errors"
    """Nothing is taken while one stands."""
    QUESTION = "questions"
    """It is taken only with an answer."""
    NOTE = "notes"


MOST: Final = 1_000
"""Findings of a kind: who has more has another kind of file."""
LONGEST_NAME: Final = 200
"""Characters of a question's name; a longer text of a cell is asked about by its place only."""
YES: Final = frozenset({"yes", "y", "ok", "true", "right", "是", "对", "好"})
"""Words that say that what was proposed is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to be said of one place."""

    at: str
    code: str
    """For programs, the same in every language."""
    words: Sentence
    key: str = ""
    """The name of the question, by which a value answers it; empty: any words about its place do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with a name that was not asked, because it was answered."""

    form: str
    """Of the table, by `form_of`."""
    key: str
    said: str
    """The value that it was read with."""
    at: str
    words: Sentence
    """The question."""


def question_name(kind: str, text: str) -> str:
    """Return the name of a question about a text of the file; empty where the text is too long to be named."""
    name = f"{kind} {plain(text)}".replace("\0", "")
    return name if len(name) <= LONGEST_NAME else ""


@dataclass(slots=True)
class Findings:
    """Collects what is found while a file is read."""

    by_kind: dict[Kind, list[Finding]] = field(default_factory=lambda: {kind: [] for kind in Kind})
    form: str = ""
    """Of the table that is being read."""
    said: Mapping[str, str] = field(default_factory=dict)
    """What was answered for it, by the name of the question or the place."""
    answered: dict[tuple[str, str], Answered] = field(default_factory=dict)
    """By form and name of the question."""

    def add(self, kind: Kind, code: str, at: str, words: Sentence, key: str = "") -> None:
        """Note one thing."""
        found = self.by_kind[kind]
        finding = Finding(at=at, code=code, words=words, key=key)
        if len(found) < MOST:
            found.append(finding)

    def error(self, code: str, at: str, words: Sentence, key: str = "") -> None:
        """Note what keeps the plan from being taken."""
        self.add(Kind.ERROR, code, at, words, key)

    def question(self, code: str, at: str, words: Sentence, key: str = "") -> None:
        """Note what somebody must answer."""
        self.add(Kind.QUESTION, code, at, words, key)

    def note(self, code: str, at: str, words: Sentence) -> None:
        """Note what somebody should know."""
        self.add(Kind.NOTE, code, at, words)

    def answer(
        self,
        key: str,
        at: str,
        words: Sentence,
        read: Callable[[str], T | None],
        proposed: str | None = None,
    ) -> T | None:
        """Return the value that a question was answered with; None where it was not, or with what is no such value.

        A yes is the proposed value. So is one that names the place, as such questions were answered before they had names.
        """
        said = self.said.get(key, "").strip() if key else ""
        of_place = self.said.get(at, "").strip()
        if proposed is not None and (is_yes(said) or (not said and is_yes(of_place))):
            said = proposed
        value = read(said) if said else None
        if value is not None:
            told = Answered(form=self.form, key=key, said=said, at=at, words=words)
            self.answered.setdefault((self.form, key), told)
        return value


def is_yes(words: str) -> bool:
    """Tell whether words say that what was proposed is right."""
    return plain(words).strip(" .!。").lower() in YES
