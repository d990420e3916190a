"""What was answered about the forms in which a plant keeps its control plan: by whom, when, and for which form (decision 52)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from redrabbit.domain.facts.plan_form import PlanFormAnswered
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.ledger import PLANT_STREAM, JsonValue
from redrabbit.domain.records import CheckRecord, PlanFormAnswerRecord
from redrabbit.services.ports import Reader, UnitOfWork, equals
from redrabbit.services.record_fact import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An answer about a form that somebody gave."""

    words: str
    answered_by: str
    answered_how: How
    answered_entry: int
    answered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FormAnswer:
    """A value with which a question of a form was answered."""

    form: str
    question: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanKnown:
    """What a database knows of plans that come: the ids of all checks that ever were, and what was answered about each form."""

    check_ids: frozenset[str] = frozenset()
    of_forms: Mapping[str, Mapping[str, Remembered]] = field(default_factory=dict)
    """Form → name of the question → the last answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSaid:
    """An answer as it stands with a revision."""

    words: str
    of_entry: int | None
    """Index of the entry in which it was given about the form before; None: it was given with the revision."""


def of_form(words: str, entry: int) -> JsonValue:
    """Return an answer that was remembered, as it stands with a revision."""
    return {"words": words, "of_entry": entry}


def answers_said(kept: str) -> Mapping[str, AnswerSaid]:
    """Return the answers of a revision by the place, the name of the question, or the check."""

    def said(value: JsonValue) -> AnswerSaid:
        if isinstance(value, Mapping):
            entry = value.get("of_entry")
            words = str(value.get("words", ""))
            return AnswerSaid(words=words, of_entry=entry if isinstance(entry, int) else None)
        return AnswerSaid(words=str(value), of_entry=None)

    return {about: said(value) for about, value in json.loads(kept).items()}


def plans_known(reader: Reader) -> PlanKnown:
    """Return what is known of plans that come."""
    of_forms: dict[str, dict[str, Remembered]] = {}
    for each in reader.find(PlanFormAnswerRecord, order_by="answered_entry"):
        of_forms.setdefault(each.form_digest, {})[each.question] = Remembered(
            words=each.words,
            answered_by=each.answered_by,
            answered_how=each.answered_how,
            answered_entry=each.answered_entry,
            answered_at=each.answered_at,
        )
    return PlanKnown(
        check_ids=frozenset(each.check_id for each in reader.find(CheckRecord)), of_forms=of_forms
    )


def answered_in(reader: Reader, entry: int, question: str) -> PlanFormAnswerRecord | None:
    """Return the answer that an entry gave to a question; None where it gave none."""
    found = reader.find(
        PlanFormAnswerRecord, equals("answered_entry", entry), equals("question", question)
    )
    return found[0] if found else None


def remember(uow: UnitOfWork, answers: tuple[FormAnswer, ...], *, actor: Actor) -> None:
    """Keep what somebody answered about forms, for the next file of each; what is known so already is not kept again."""
    known = plans_known(uow).of_forms
    new: dict[str, dict[str, str]] = {}
    for each in answers:
        before = known.get(each.form, {}).get(each.question)
        if before is None or before.words != each.words:
            new.setdefault(each.form, {})[each.question] = each.words
    for form, said in new.items():
        answered = PlanFormAnswered(form_digest=form, answers=dict(said))
        record(uow, answered, stream=PLANT_STREAM, actor=actor)
