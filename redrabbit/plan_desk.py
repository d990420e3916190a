"""A control plan that somebody brings, looked at beside the plan in force: what it comes to, what is wrong, and what would be stored.

The command and the page look with these eyes. The file is read by a process of its own (`read_apart`), and nothing is stored here.
"""

import hashlib
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from redrabbit.config.plant import read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.plant import Plant
from redrabbit.domain.special_characteristic import codes_by_mark
from redrabbit.plan_at_start import with_plan
from redrabbit.plan_import.compare import Comparison, compare
from redrabbit.plan_import.difference import ChangeKind
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Finding, Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.plan_text import plan_text
from redrabbit.plan_import.trigger_words import frequency_in_words
from redrabbit.services.plan_looking import (
    LineLooked,
    PlanAnswers,
    PlanLooked,
    SaidOfPlace,
    not_answered,
    value_said,
)
from redrabbit.services.plan_revisions import NewPlan

LONGEST_NAME: Final = 100
VALUES: Final[Mapping[str, str]] = {"no_plan_number": "number", "no_revision": "revision"}
"""Questions whose answer is a value that the file does not say, by what the answer names it."""


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
    ids: Collection[str],
    *,
    beside: InForce,
) -> PlanLooked:
    """Return what the bytes of a file come to; what is none that can be read is an error of it."""
    kept_name = Path(name.replace("\0", "")).name[-LONGEST_NAME:] or "plan"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / kept_name
        path.write_bytes(content)
        try:
            return look_at_file(path, sheet, answers, ids, beside=beside)[0]
        except NotReadable as problem:
            return PlanLooked(errors=(SaidOfPlace(at=kept_name, words=problem.words),))


def look_at_file(
    path: Path,
    sheet: str | None,
    answers: PlanAnswers,
    ids: Collection[str],
    *,
    beside: InForce,
) -> tuple[PlanLooked, DryRun, Comparison]:
    """Return what a file comes to, and how it was read; NotReadable where it can't be, OSError where it can't be had."""
    plant = beside.plant
    masters = frozenset(part.id for part in plant.parts if part.is_good_master)
    parts = frozenset(part.id for part in plant.parts)
    read = dry_run(
        path,
        sheet,
        masters,
        known_parts=parts,
        known_special=codes_by_mark(plant.special_characteristics),
    )
    read = _with_values(read, answers)
    compared = compare(read, plant, beside.now)
    text = plan_text(read, plant, ids)
    _leave_to_questions(read)
    looked = _looked(read, compared)
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
        answers={**answers.places, **answers.retired},
    )
    return replace(looked, new=new), read, compared


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


def _looked(read: DryRun, compared: Comparison) -> PlanLooked:
    found = {
        kind: tuple(
            SaidOfPlace(at=each.at, words=each.words, key=VALUES.get(each.code, ""))
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
        left_out=tuple(check for check in left_out if check is not None),
        notes=found[Kind.NOTE],
        changes=tuple(change.words for change in compared.changes),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
