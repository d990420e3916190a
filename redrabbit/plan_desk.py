"""A control plan that somebody brings, looked at beside the plan in force: what it comes to, what is wrong, and what would be stored.

The command and the page look with these eyes. The file is read by a process of its own (`read_apart`), and nothing is stored here.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

from redrabbit.base.sentence import sentence
from redrabbit.config.plant import read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.ledger import JsonValue
from redrabbit.domain.plant import Plant
from redrabbit.domain.special_characteristic import codes_by_mark
from redrabbit.plan_at_start import with_plan
from redrabbit.plan_import.compare import Comparison, compare
from redrabbit.plan_import.difference import ChangeKind
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Answered, Finding, Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.plan_text import plan_text
from redrabbit.plan_import.trigger_words import frequency_in_words
from redrabbit.services.plan_forms import FormAnswer, PlanKnown, of_form
from redrabbit.services.plan_looking import (
    VALUES,
    AnswerLooked,
    LineLooked,
    PlanAnswers,
    PlanLooked,
    SaidOfPlace,
    not_answered,
    value_said,
)
from redrabbit.services.plan_revisions import NewPlan

LONGEST_NAME: Final = 100


def read_with_answers(
    path: Path, sheet: str | None, answers: PlanAnswers, known: PlanKnown, plant: Plant | None
) -> DryRun:
    """Return how a file is read with what is answered for it, and what was answered about its form before; without a plant, by itself."""

    def said_of(form: str) -> Mapping[str, str]:
        before = known.of_forms.get(form, {})
        return {name: each.words for name, each in before.items()} | dict(answers.places)

    parts = () if plant is None else plant.parts
    stations = () if plant is None else plant.stations
    read = dry_run(
        path,
        sheet,
        None if plant is None else frozenset(part.id for part in parts if part.is_good_master),
        known_parts=frozenset(part.id for part in parts),
        known_special=None if plant is None else codes_by_mark(plant.special_characteristics),
        known_devices=frozenset(device.id for each in stations for device in each.devices),
        said_of=said_of,
    )
    if (
        answers.form is not None
        and read.form is not None
        and not read.form.startswith(answers.form)
    ):
        read.findings.error(
            "mapping_of_another_form",
            answers.form_at,
            sentence(
                "these answers are for the form {form}, and this file has the form {other}",
                form=answers.form,
                other=read.form[: len(answers.form)],
            ),
        )
    return _with_values(read, answers)


def say_unused(read: DryRun, answers: PlanAnswers, compared: Comparison | None) -> None:
    """Say which answers of a file nothing was asked for."""
    found = [each for kind in (Kind.ERROR, Kind.QUESTION) for each in read.findings.by_kind[kind]]
    asked = {name for each in found for name in (each.at, each.key, VALUES.get(each.code, ""))}
    asked |= {key for _, key in read.findings.answered}
    unused = {name: at for name, at in answers.stands_at.items() if name not in asked}
    if compared is not None:
        gone = {each.check for each in compared.changes if each.kind is ChangeKind.LEFT_OUT}
        unused |= {check: at for check, at in answers.retired_at.items() if check not in gone}
    for name, place in unused.items():
        read.findings.note(
            "answer_not_asked", place, sentence("nothing asks for {name}", name=name)
        )


class _AnswersKept(TypedDict):
    answers: Mapping[str, JsonValue]
    of_forms: tuple[FormAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a plan is looked at beside."""

    plant: Plant
    files: Mapping[str, str]
    now: datetime


def look_at_bytes(
    content: bytes,
    name: str,
    sheet: str | None,
    answers: PlanAnswers,
    known: PlanKnown,
    *,
    beside: InForce,
) -> PlanLooked:
    """Return what the bytes of a file come to; what is none that can be read is an error of it."""
    kept_name = Path(name.replace("\0", "")).name[-LONGEST_NAME:] or "plan"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / kept_name
        path.write_bytes(content)
        try:
            return look_at_file(path, sheet, answers, known, beside=beside)[0]
        except NotReadable as problem:
            return PlanLooked(errors=(SaidOfPlace(at=kept_name, words=problem.words),))


def look_at_file(
    path: Path,
    sheet: str | None,
    answers: PlanAnswers,
    known: PlanKnown,
    *,
    beside: InForce,
) -> tuple[PlanLooked, DryRun, Comparison]:
    """Return what a file comes to, and how it was read; NotReadable where it can't be, OSError where it can't be had."""
    plant = beside.plant
    read = read_with_answers(path, sheet, answers, known, plant)
    compared = compare(read, plant, beside.now)
    text = plan_text(read, plant, known.check_ids)
    _leave_to_questions(read)
    say_unused(read, answers, compared)
    looked = _looked(read, compared, known)
    if text is None or looked.errors or not_answered(looked, answers):
        return looked, read, compared
    try:
        revised = read_configuration(with_plan(beside.files, text))[0]
    except ConfigurationProblems as problems:
        at = read.sheet or read.book.file
        return replace(looked, errors=(SaidOfPlace(at=at, words=str(problems)),)), read, compared
    new = NewPlan(
        plant=revised,
        content=text,
        source_file=path.name,
        source_digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        **_answers_kept(looked, answers),
    )
    return replace(looked, new=new), read, compared


def _answers_kept(looked: PlanLooked, answers: PlanAnswers) -> _AnswersKept:
    """Return what stands with the revision of what was answered, and what is remembered of its form."""
    asked = {each.answered_by for each in looked.questions}
    named = {each.key: each for each in looked.answered}
    return _AnswersKept(
        answers={
            **{at: words for at, words in answers.places.items() if at in asked},
            **{key: _kept(each) for key, each in named.items()},
            **answers.retired,
        },
        of_forms=tuple(
            FormAnswer(form=each.form, question=each.key, words=each.said)
            for each in looked.answered
            if each.before is None
        ),
    )


def _kept(each: AnswerLooked) -> JsonValue:
    before = each.before
    return each.said if before is None else of_form(each.said, before.answered_entry)


def _with_values(read: DryRun, answers: PlanAnswers) -> DryRun:
    """Return what was read, with the number and revision that were asked for and answered."""
    asked = {VALUES[each.code] for each in _asked_values(read)}
    told = {key: words for key in asked if (words := value_said(answers.places.get(key, "")))}
    return replace(read, plan={**read.plan, **told}) if told else read


def _asked_values(read: DryRun) -> list[Finding]:
    return [each for each in read.findings.by_kind[Kind.QUESTION] if each.code in VALUES]


def _leave_to_questions(read: DryRun) -> None:
    """Take away what is an error only as long as a question about it is not answered."""
    asked = {f"no_plan_{VALUES[each.code]}" for each in _asked_values(read)}
    errors = read.findings.by_kind[Kind.ERROR]
    errors[:] = [each for each in errors if each.code not in asked]


def _looked(read: DryRun, compared: Comparison, known: PlanKnown) -> PlanLooked:
    found = {
        kind: tuple(
            SaidOfPlace(at=each.at, words=each.words, key=each.key or VALUES.get(each.code, ""))
            for each in read.findings.by_kind[kind]
            if each.code != "check_left_out"
        )
        for kind in Kind
    }
    left_out = (c.check for c in compared.changes if c.kind is ChangeKind.LEFT_OUT)
    return PlanLooked(
        sheet=read.sheet,
        sheets=tuple(each.name for each in read.book.sheets if not each.is_hidden),
        header_rows=read.header_rows,
        number=_text(read.plan.get("number")),
        revision=_text(read.plan.get("revision")),
        lines=tuple(
            LineLooked(
                at=line.at,
                line=line.line or "-",
                device=line.device,
                parts=line.parts,
                due=frequency_in_words(line.frequency),
                next_due=compared.next_due.get(line.at, ()),
                special=line.special,
            )
            for line in read.lines
            if line.device is not None
        ),
        all_lines=len(read.lines),
        errors=found[Kind.ERROR],
        questions=found[Kind.QUESTION],
        answered=tuple(_answered(each, known) for each in read.findings.answered.values()),
        left_out=tuple(check for check in left_out if check is not None),
        notes=found[Kind.NOTE],
        changes=tuple(change.words for change in compared.changes),
    )


def _answered(each: Answered, known: PlanKnown) -> AnswerLooked:
    before = known.of_forms.get(each.form, {}).get(each.key)
    return AnswerLooked(
        form=each.form,
        at=each.at,
        words=each.words,
        key=each.key,
        said=each.said,
        before=before if before is not None and before.words == each.said else None,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
