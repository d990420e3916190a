"""The plan in force as a plant keeps it: our form with all that its lines hold, read again before it is handed over."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.control_plan import Check
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule_words import duration_text
from redrabbit.domain.special_characteristic import codes_by_mark
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.dry_run import dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.frequency_text import frequency_text
from redrabbit.plan_import.grid import plain
from redrabbit.plan_import.header_words import Column, Label
from redrabbit.plan_import.open_book import open_book
from redrabbit.plan_import.plan_form import HEADINGS, Choices, FilledForm
from redrabbit.plan_import.trigger_rules import frequency_of
from redrabbit.plan_import.write_form import write_form

_OTHER: Final = {"en": "zh", "zh": "en"}
_NUMBER: Final = re.compile(r"([^\s-]+)-([^\s-]+)")
"""A plan line of process and characteristic: `20-2`."""


class NotTheSame(Exception):
    """A plan of which the form says something else when it is read again; nothing was written."""

    def __init__(self, problems: tuple[Sentence, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def export_plan(path: Path, plant: Plant, language: str, choices: Choices, now: datetime) -> None:
    """Write the plan in force, as the ending of the name says: XLSX or CSV.

    It is read as any other plan first, and compared with the one in force. Raises NotTheSame where it says anything else, OSError where it
    can't be written.
    """
    form = form_of(plant, language, choices)
    with TemporaryDirectory() as folder:
        draft = Path(folder) / f"plan{path.suffix.lower()}"
        write_form(draft, form)
        problems = tuple(_otherwise(draft, plant, now))
    if problems:
        raise NotTheSame(problems)
    write_form(path, form)


def form_of(plant: Plant, language: str, choices: Choices) -> FilledForm:
    """Return the plan in force as a filled form."""
    plan = plant.plan
    head = {Label.NUMBER: plan.number, Label.REVISION: plan.revision}
    if plan.effective_from is not None:
        head[Label.EFFECTIVE_FROM] = _instant(plan.effective_from, plant)
    rows = tuple(_row(check, plant, language) for check in plan.checks)
    filled = {column for row in rows for column, text in row.items() if text}
    return FilledForm(
        language=language,
        headings=tuple(each for each in HEADINGS if each.in_template or each.column in filled),
        head=head,
        rows=rows,
        choices=choices,
    )


def _instant(at: datetime, plant: Plant) -> str:
    local = at.astimezone(plant.zone)
    return local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")


def _row(check: Check, plant: Plant, language: str) -> Mapping[Column, str]:
    station, device = plant.station_of(check.device)
    number = _NUMBER.fullmatch(check.plan_line)
    modes = dict.fromkeys(
        mode for part in check.parts if (mode := plant.part(part).failure_mode) is not None
    )
    name = station.name.in_language(language)
    return {
        Column.PROCESS_NUMBER: number[1] if number else check.plan_line,
        Column.CHARACTERISTIC_NUMBER: number[2] if number else "",
        Column.PROCESS_NAME: name if station.operation in name else f"{station.operation} {name}",
        Column.MACHINE: device.name.in_language(language),
        Column.CHARACTERISTIC: ", ".join(
            plant.failure_modes[mode].in_language(language)
            for mode in modes
            if mode in plant.failure_modes
        ),
        Column.SPECIAL: check.special_characteristic or "",
        Column.DEVICE: check.device,
        Column.PARTS: ", ".join(check.parts),
        Column.FREQUENCY: frequency_text(frequency_of(check.schedule), language),
        Column.OPENS_BEFORE: duration_text(check.opens_before),
        Column.GRACE: duration_text(check.grace),
        Column.CLOSES_AFTER: duration_text(check.closes_after),
        Column.LEAST_GRADE: "" if check.least_grade is None else check.least_grade.value,
        Column.REACTION: _steps(check, language),
        Column.REACTION_ALSO: _steps(check, _OTHER[language]),
        Column.PFMEA: check.pfmea,
        Column.FAILURE_MODE: ", ".join(modes),
        Column.ARMING_TIMEOUT: _seconds(check.arming_timeout_s),
        Column.RETURN_TIMEOUT: _seconds(check.return_timeout_s),
        Column.RUN_TIMEOUT: _seconds(check.run_timeout_s),
        Column.INCONCLUSIVE_RUNS: str(check.escalate_after_inconclusive),
        Column.CHECK: check.id,
    }


def _steps(check: Check, language: str) -> str:
    """Return the steps of the reaction, each on its line with its number: a step may have `;` in it, or begin like a number."""
    return "\n".join(
        f"{number}. {step.in_language(language)}" for number, step in enumerate(check.reaction, 1)
    )


def _seconds(seconds: float) -> str:
    return duration_text(timedelta(seconds=seconds))


def _otherwise(draft: Path, plant: Plant, now: datetime) -> Iterator[Sentence]:
    """Yield what a written plan says otherwise than the plan in force when it is read again."""
    parts = frozenset(part.id for part in plant.parts)
    masters = frozenset(part.id for part in plant.parts if part.is_good_master)
    read = dry_run(
        draft,
        masters=masters,
        known_parts=parts,
        known_special=codes_by_mark(plant.special_characteristics),
        read=open_book,
    )
    plan = plant.plan
    effective = None if plan.effective_from is None else _instant(plan.effective_from, plant)
    for label, value, kept in (
        (sentence("control plan number"), read.plan.get("number"), plain(plan.number)),
        (sentence("revision"), read.plan.get("revision"), plain(plan.revision)),
        (sentence("effective from"), read.plan.get("effective_from"), effective),
    ):
        if value != kept:
            yield sentence(
                "{what} {value!r} would be read as {read!r}", what=label, value=kept, read=value
            )
    yield from (each.words for each in read.findings.by_kind[Kind.ERROR])
    if not read.findings.by_kind[Kind.ERROR]:
        yield from (change.words for change in compare(read, plant, now).changes)
