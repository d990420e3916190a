"""What the reading of a plan has to say to its owner: errors, questions and notes, each with its cell."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from redrabbit.base.sentence import Sentence


class Kind(Enum):
    """What a finding does to the import."""

    ERROR = "errors"
    """Nothing is taken while one stands."""
    QUESTION = "questions"
    """It is taken only with an answer."""
    NOTE = "notes"


MOST: Final = 1_000
"""Findings of a kind: who has more has another kind of file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to be said of one place."""

    at: str
    code: str
    """For programs, the same in every language."""
    words: Sentence


@dataclass(slots=True)
class Findings:
    """Collects what is found while a file is read."""

    by_kind: dict[Kind, list[Finding]] = field(default_factory=lambda: {kind: [] for kind in Kind})

    def add(self, kind: Kind, code: str, at: str, words: Sentence) -> None:
        """Note one thing."""
        found = self.by_kind[kind]
        finding = Finding(at=at, code=code, words=words)
        if len(found) < MOST:
            found.append(finding)

    def error(self, code: str, at: str, words: Sentence) -> None:
        """Note what keeps the plan from being taken."""
        self.add(Kind.ERROR, code, at, words)

    def question(self, code: str, at: str, words: Sentence) -> None:
        """Note what somebody must answer."""
        self.add(Kind.QUESTION, code, at, words)

    def note(self, code: str, at: str, words: Sentence) -> None:
        """Note what somebody should know."""
        self.add(Kind.NOTE, code, at, words)
