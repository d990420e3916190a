"""The configuration in a folder whose control plan may be a workbook: `control_plan.xlsx`, read as `redrabbit plan import` reads any plan.

What becomes of the workbook is the text of a plan file, so that whatever knows a plan file knows it. Its first line names the workbook by
its digest. Nobody can be asked here, so what the import would ask is a problem as an error is: it is to be said in the workbook.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Final

from redrabbit.base.bounded import MB, TooLarge, read_at_most
from redrabbit.base.clock import wall_now
from redrabbit.base.sentence import sentence, system_words
from redrabbit.config.plant import (
    PLAN_WORKBOOK,
    PLAN_YAML,
    advice_on,
    read_configuration,
    read_without_plan,
)
from redrabbit.config.problem import ConfigurationProblems, Problem, SourcePosition
from redrabbit.domain.plant import Plant
from redrabbit.domain.shift_calendar import instant_of
from redrabbit.domain.special_characteristic import codes_by_mark
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Finding, Kind
from redrabbit.plan_import.grid import Book
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.plan_text import plan_text
from redrabbit.plan_import.read_apart import read_apart

MOST_BYTES: Final = 20 * MB
_FIRST_LINE: Final = f"# Read from {PLAN_WORKBOOK}, SHA-256 "
_A_CHECK: Final = re.compile(r"  \S+:")
"""A line of the text with which the next check begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A configuration as it was found in its folder."""

    plant: Plant
    files: Mapping[str, str]
    workbook: str | None = None
    """The SHA-256 of the workbook that its control plan was read from."""
    below: ConfigurationProblems | None = None
    """What its control plan is below a customer's minimum, where that was not refused."""


def configuration_in(folder: Path) -> Folder:
    """Return the configuration of a folder; ConfigurationProblems names everything that is wrong with it."""
    return _read(folder, judges_plan=True)


def configuration_to_start(folder: Path) -> Folder:
    """Return the same for a start, which may take another plan than the folder's: one below a customer's minimum is told, not refused."""
    try:
        return configuration_in(folder)
    except ConfigurationProblems as problems:
        return replace(_read(folder, judges_plan=False), below=problems)


def _read(folder: Path, *, judges_plan: bool) -> Folder:
    texts, digest, lines = _texts(folder, judges_plan=judges_plan)
    try:
        plant, files = read_configuration(texts, judges_plan=judges_plan)
    except ConfigurationProblems as found:
        raise _in_workbook(found, texts, lines) from found
    return Folder(plant=plant, files=files, workbook=digest)


def plant_in(folder: Path) -> Plant:
    """Return the plant of a folder; raises as `configuration_in`."""
    return configuration_in(folder).plant


def advice_in(folder: Path) -> tuple[Plant, tuple[Problem, ...]]:
    """Return the plant with what would be better said of it; raises as `configuration_in`."""
    texts, _, lines = _texts(folder)
    try:
        return advice_on(texts)
    except ConfigurationProblems as found:
        raise _in_workbook(found, texts, lines) from found


def workbook_of(text: str) -> str | None:
    """Return the digest of the workbook that the text of a plan was read from; None where it was read from none."""
    first, _, _ = text.partition("\n")
    return first.removeprefix(_FIRST_LINE) if first.startswith(_FIRST_LINE) else None


def _texts(
    folder: Path, *, judges_plan: bool = True
) -> tuple[Path | dict[str, str], str | None, Sequence[str]]:
    """Return what is to be understood, the digest of the workbook, and the places of the checks in it."""
    path = folder / PLAN_WORKBOOK
    if not path.is_file():
        return folder, None, ()
    raw = _bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    try:
        plant, files = read_without_plan(folder)
    except ConfigurationProblems as problems:
        told = _problems(dry_run(path, read=lambda _: _book(path, digest)), Kind.ERROR)
        raise ConfigurationProblems([*problems.problems, *told]) from problems
    judged = plant if judges_plan else replace(plant, minima=())
    text, lines = _planned(path, digest, judged)
    return {**files, PLAN_YAML: text}, digest, lines


def _bytes(path: Path) -> bytes:
    try:
        return read_at_most(path, MOST_BYTES, "a control plan")
    except TooLarge as large:
        raise ConfigurationProblems([_problem(str(large))]) from large
    except OSError as error:
        found = sentence("unreadable ({problem})", problem=system_words(error))
        raise ConfigurationProblems([_problem(found)]) from error


@lru_cache(maxsize=4)
def _book(path: Path, digest: str) -> Book:
    """Return what stands in the workbook of a digest; it is read in a process of its own, which takes a second."""
    del digest  # it says that a workbook that was changed is another one
    try:
        return read_apart(path)
    except NotReadable as problem:
        raise ConfigurationProblems([_problem(problem.words)]) from problem


def _planned(path: Path, digest: str, plant: Plant) -> tuple[str, Sequence[str]]:
    """Return the text of the plan, and where in the workbook each check stands."""
    masters = frozenset(part.id for part in plant.parts if part.is_good_master)
    known = frozenset(part.id for part in plant.parts)
    read = dry_run(
        path,
        None,
        masters,
        known_parts=known,
        known_special=codes_by_mark(plant.special_characteristics),
        read=lambda _: _book(path, digest),
    )
    number = str(read.plan.get("number") or "")
    if not read.has_errors:
        compare(read, replace(plant, plan=replace(plant.plan, number=number)), wall_now())
    text = None if read.has_errors else plan_text(read, plant, ())
    problems = [*_problems(read, Kind.ERROR), *_problems(read, Kind.QUESTION)]
    if text is None or problems:
        raise ConfigurationProblems(problems)
    lines = [line.at for line in read.lines if line.device is not None]
    return f"{_FIRST_LINE}{digest}\n{_effective(read, plant)}{text}", lines


def _effective(read: DryRun, plant: Plant) -> str:
    """Return the line that says from when the plan counts; a day without a time is meant from its beginning."""
    said = read.plan.get("effective_from")
    if not isinstance(said, str):
        return ""
    local = datetime.fromisoformat(said)
    at = instant_of(plant.zone, local.date(), time(local.hour, local.minute))
    return f"effective_from: {at.astimezone(plant.zone).isoformat()}\n"


def _problems(read: DryRun, kind: Kind) -> list[Problem]:
    found: Iterable[Finding] = read.findings.by_kind[kind]
    expected = (
        sentence("a control plan that can be taken")
        if kind is Kind.ERROR
        else sentence("the answer in the workbook itself: nobody is asked at a start")
    )
    return [_problem(each.words, expected, each.at, number) for number, each in enumerate(found, 1)]


def _problem(found: str, expected: str = "", at: str = "", number: int = 1) -> Problem:
    place = SourcePosition(PLAN_WORKBOOK, line=number, cell=at)
    return Problem(place, found, expected or sentence("a control plan that can be taken"))


def _in_workbook(
    found: ConfigurationProblems, texts: Path | Mapping[str, str], lines: Sequence[str]
) -> ConfigurationProblems:
    """Return problems of the plan's text at the places of the workbook from which it was made."""
    if isinstance(texts, Path):
        return found
    where, last = [PLAN_WORKBOOK], -1
    for row in texts[PLAN_YAML].split("\n"):
        last += _A_CHECK.fullmatch(row) is not None
        where.append(lines[last] if 0 <= last < len(lines) else "")
    return ConfigurationProblems(
        replace(each, place=replace(each.place, file=PLAN_WORKBOOK, cell=where[each.place.line]))
        if each.place.file == PLAN_YAML
        else each
        for each in found.problems
    )
