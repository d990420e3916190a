"""What somebody answered about a form in which the plant keeps its control plan, remembered for the next file of that form (decision 52).

A form is known by the texts of its header; another header is another form, of which nobody said anything. They stand on the plant's stream.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from redrabbit.domain.facts.fact import Changes, Fact, Look, Put, Record
from redrabbit.domain.identity import How
from redrabbit.domain.ledger import Entry, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFormAnswerRecord(Record):
    """One answer about a form; the last one to a question counts, and the others stay on record."""

    TABLE: ClassVar = "plan_form_answers"
    KEY: ClassVar = ("form_digest", "question", "answered_entry")

    form_digest: str
    """SHA-256, hex, over the texts of the form's header."""
    question: str
    """Its name, for example `symbol ◆` or `wording s/ plan`."""
    words: str
    """The value that it was answered with."""
    answered_by: str
    answered_how: How
    answered_entry: int
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFormAnswered(Fact):
    """A person who brought a plan answered questions that its form asks; the next file of this form is read with the answers."""

    TYPE: ClassVar = "plan_form_answered"

    form_digest: str
    """SHA-256, hex, over the texts of the form's header."""
    answers: Mapping[str, JsonValue]
    """Name of the question → the value that it was answered with."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Keep each answer with who gave it and when."""
        del look
        return tuple(
            Put(
                PlanFormAnswerRecord(
                    form_digest=self.form_digest,
                    question=question,
                    words=str(words),
                    answered_by=entry.actor.id,
                    answered_how=entry.actor.how,
                    answered_entry=entry.index,
                    answered_at=entry.occurred_at,
                )
            )
            for question, words in self.answers.items()
        )
