"""Reading a plant's plan without storing anything: what would be taken, what is wrong, what must be answered."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.plan_import.dates import Order, order_said, read_date
from redrabbit.plan_import.find_table import Table, find_table
from redrabbit.plan_import.finding import Finding, Findings, Kind
from redrabbit.plan_import.form_columns import SaidOf, nothing_said, of_field
from redrabbit.plan_import.grid import Book, Sheet, rows_of
from redrabbit.plan_import.header_words import Column, Label
from redrabbit.plan_import.meant import Known
from redrabbit.plan_import.plan_head import PlanHead, read_head
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.plan_times import with_time_of_day
from redrabbit.plan_import.read_apart import read_apart
from redrabbit.plan_import.sheet_lines import lines_of

DATES: Final = "dates"
"""The name of the question whether the day or the month stands first."""
REQUIRED: Final = (Column.FREQUENCY,)
"""Without such a column a table is no plan."""
FEWEST_CELLS: Final = 5
"""Filled cells that make a row look like a line of a plan."""
FEWEST_LINES: Final = 2
"""Such rows that make a sheet look like a part of a plan."""
OURS: Final = "Red Rabbit:"
"""A sheet whose first cell begins so explains our own form, and holds no plan."""
EPOCH: Final = datetime(1899, 12, 30, tzinfo=UTC)
SERIALS: Final = range(36_526, 73_051)
"""Numbers that a spreadsheet would show as a day from 2000 to 2099."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What was read from a file."""

    book: Book
    sheet: str | None
    header_rows: tuple[int, int] | None
    plan: Mapping[str, object]
    lines: tuple[PlanLine, ...]
    findings: Findings
    form: str | None = None
    """By what the form of its table is known."""

    @property
    def has_errors(self) -> bool:
        """Tell whether nothing of it could be taken."""
        return bool(self.findings.by_kind[Kind.ERROR])

    def as_json(self, language: str) -> dict[str, object]:
        """Return it for programs; messages in the language."""
        return {
            "file": self.book.file,
            "format": self.book.form,
            "encoding": self.book.encoding,
            "sheet": self.sheet,
            "header_rows": None if self.header_rows is None else list(self.header_rows),
            "form": self.form,
            "plan": dict(self.plan),
            "lines": [line.as_json() for line in self.lines],
            **{
                kind.value: [_finding_json(each, language) for each in found]
                for kind, found in self.findings.by_kind.items()
            },
            "answered": [
                {"name": each.key, "said": each.said, "at": each.at}
                for each in self.findings.answered.values()
            ],
            "difference": None,
        }


def _finding_json(finding: Finding, language: str) -> dict[str, str]:
    told = {"at": finding.at, "code": finding.code, "message": said(finding.words, language)}
    return told | ({"name": finding.key} if finding.key else {})


@dataclass(frozen=True, slots=True)
class _Candidate:
    table: Table
    head: PlanHead
    order: Order | None
    """How the file itself writes its dates."""


def dry_run(
    path: Path,
    sheet: str | None = None,
    masters: frozenset[str] | None = None,
    *,
    known_parts: frozenset[str] = frozenset(),
    known_special: Mapping[str, str] | None = None,
    known_devices: frozenset[str] = frozenset(),
    said_of: SaidOf = nothing_said,
    read: Callable[[Path], Book] = read_apart,
) -> DryRun:
    """Return what stands in a file; `sheet` names the one to read, else the highest revision is proposed.

    `masters` are the good masters of the plant; None: not known, so they are told by their numbers. `known_parts` are
    the numbers of the plant's parts, which may look like no part's, `known_devices` the ids of its devices,
    `known_special` its special characteristics by mark; None: not known. `said_of` returns what was answered
    for a form. `read` reads the file.

    Raises NotReadable where it is none that can be read, OSError where it can't be had.
    """
    book = read(path)
    findings = Findings()
    chosen = _choose(book, sheet, findings, said_of)
    if not chosen:
        return DryRun(book=book, sheet=None, header_rows=None, plan={}, lines=(), findings=findings)
    first = chosen[0]
    known = Known(parts=known_parts, masters=masters, special=known_special, devices=known_devices)
    read_lines: list[PlanLine] = []
    for each in chosen:
        findings.form, findings.said = each.table.form, each.table.said
        read_lines += lines_of(each.table, known, findings)
    findings.form, findings.said = first.table.form, first.table.said
    lines = _ask_about_lines(first.table, tuple(read_lines), findings)
    return DryRun(
        book=book,
        sheet=first.table.sheet.name,
        header_rows=(first.table.header_top, first.table.header_bottom),
        plan=_plan(first, findings if lines else Findings()),  # an empty form is asked nothing
        lines=lines,
        findings=findings,
        form=first.table.form,
    )


def _choose(
    book: Book, wanted: str | None, findings: Findings, said_of: SaidOf
) -> list[_Candidate]:
    """Return the sheets to read: those of one plan and revision."""
    candidates = []
    for sheet in book.sheets:
        if wanted is not None and sheet.name != wanted:
            continue
        if sheet.is_hidden and wanted is None:
            if sheet.cells:
                findings.note(
                    "hidden_sheet",
                    sheet.name,
                    sentence("the sheet {name} is hidden, and was not read", name=sheet.name),
                )
            continue
        table = find_table(sheet, said_of=said_of)
        if table is not None and all(each in table.columns for each in REQUIRED):
            candidates.append(_candidate(table))
        elif sheet.cells and not sheet.text(1, 1).startswith(OURS):
            _say_unread(sheet, findings)
    if book.encoding not in {None, "utf-8", "utf-16"}:
        findings.note(
            "encoding",
            book.file,
            sentence(
                "read as {encoding}; save it as CSV UTF-8 if letters are wrong",
                encoding=book.encoding,
            ),
        )
    if not book.sees_hidden:
        findings.note(
            "hidden_unseen",
            book.file,
            sentence(
                "hidden and struck rows, and cells with an error, can't be told in this form of file; save it as XLSX if there are some"
            ),
        )
    if not candidates:
        _say_no_table(book, wanted, findings)
        return []
    best = max(candidates, key=_age)
    same = [each for each in candidates if each is best or _continues(each, best)]
    others = [each for each in candidates if each not in same]
    if len(same) > 1:
        findings.question(
            "sheets_joined",
            best.table.sheet.name,
            sentence(
                "sheets {names} say the same number and revision, and were read as one plan: right?",
                names=", ".join(each.table.sheet.name for each in same),
            ),
        )
    if others:
        _ask_which(best, others, findings)
    return same


def _candidate(table: Table) -> _Candidate:
    """Return a table with what stands above it; where nothing there says how dates are written, an answer does."""
    head = read_head(table.sheet, table.header_top)
    order = head.order
    if order is None:
        head.order = order_said(table.said.get(DATES, ""))
    return _Candidate(table, head, order)


def _say_unread(sheet: Sheet, findings: Findings) -> None:
    """Say that a sheet was not read; ask, where it looks like the lines of a plan."""
    lines = [row for row in rows_of(sheet) if len(sheet.own_row(row)) >= FEWEST_CELLS]
    words = sentence(
        "the sheet {name} has no header that is known, and was not read ({n} rows of several cells)",
        name=sheet.name,
        n=len(lines),
    )
    if len(lines) >= FEWEST_LINES:
        findings.question("sheet_not_read", sheet.name, words)
    else:
        findings.note("sheet_not_read", sheet.name, words)


def _say_no_table(book: Book, wanted: str | None, findings: Findings) -> None:
    names = ", ".join(sheet.name for sheet in book.sheets)
    if wanted is not None and all(sheet.name != wanted for sheet in book.sheets):
        findings.error(
            "no_such_sheet",
            book.file,
            sentence("no sheet {name!r}; expected one of {names}", name=wanted, names=names),
        )
        return
    findings.error(
        "no_table",
        book.file,
        sentence(
            "no table with a column for the frequency; looked for words such as Frequency, 频率, Häufigkeit in the first 40 rows of {names}",
            names=names,
        ),
    )


def _continues(candidate: _Candidate, best: _Candidate) -> bool:
    """Tell whether a sheet goes on with a plan: both say the same number and revision."""
    return None not in _identity(best) and _identity(candidate) == _identity(best)


def _identity(candidate: _Candidate) -> tuple[str | None, str | None]:
    return candidate.head.number, candidate.head.revision


def _age(candidate: _Candidate) -> tuple[str, list[tuple[int, str]]]:
    """Return what orders revisions: their date, then their name, numbers by value."""
    dated = candidate.head.date(Label.DATE)
    words = re.findall(r"\d+|\D+", candidate.head.revision or "")
    name = [(int(each), "") if each.isdigit() else (0, each) for each in words]
    return ("" if dated is None else dated.text), name


def _ask_which(best: _Candidate, others: Iterable[_Candidate], findings: Findings) -> None:
    shown = "; ".join(
        f"{each.table.sheet.name}: {each.head.number or '?'} {each.head.revision or '?'}"
        for each in others
    )
    findings.question(
        "several_sheets",
        best.table.sheet.name,
        sentence(
            "taken: revision {revision} of sheet {sheet}; left out: {others}. Right? Another one is chosen with --sheet",
            revision=best.head.revision or "?",
            sheet=best.table.sheet.name,
            others=shown,
        ),
    )


def _plan(candidate: _Candidate, findings: Findings) -> dict[str, object]:
    head, sheet = candidate.head, candidate.table.sheet
    plan: dict[str, object] = {
        "number": head.number,
        "revision": head.revision,
        "date": None,
        "phase": head.phase,
        "part_numbers": list(head.part_numbers),
        "change_levels": list(head.change_levels),
    }
    for label, name in (
        (Label.DATE, "date"),
        (Label.DATE_ORIGINAL, "date_original"),
        (Label.EFFECTIVE_FROM, "effective_from"),
    ):
        plan[name] = _date(candidate, label, findings)
    for label, said_again in head.others:
        if label in {Label.NUMBER, Label.REVISION, Label.EFFECTIVE_FROM, Label.PART_NUMBERS}:
            findings.question(
                "said_twice",
                said_again.at,
                sentence(
                    "{one} at {at}, and {other} here: which one is it?",
                    one=head.said[label].text,
                    at=head.said[label].at,
                    other=said_again.text,
                ),
            )
    if head.number is None:
        findings.question(
            "no_plan_number",
            sheet.name,
            sentence("which number has this control plan? None was found"),
        )
    if head.revision is None:
        date = plan["date"]
        words = (
            sentence("which revision is this? None was found")
            if date is None
            else sentence("no revision was found; is the date {date} the revision?", date=date)
        )
        said_date = head.said.get(Label.DATE)
        findings.question("no_revision", sheet.name if said_date is None else said_date.at, words)
    return plan


def _date(candidate: _Candidate, label: Label, findings: Findings) -> str | None:
    head = candidate.head
    said_there = head.said.get(label)
    if said_there is None:
        return None
    dated = head.date(label)
    if dated is not None:
        by_itself = read_date(said_there.value, candidate.order) or read_date(
            said_there.text, candidate.order
        )
        if by_itself is not None and by_itself.is_ambiguous:
            words = sentence(
                "{text}: is the day or the month first? Read as {date}",
                text=said_there.text,
                date=by_itself.text,
            )
            if findings.answer(DATES, said_there.at, words, order_said) is None:
                findings.question("ambiguous_date", said_there.at, words, DATES)
        elif (
            candidate.order is not None
            and "/" in said_there.text
            and isinstance(said_there.value, str)
        ):
            findings.note(
                "date_order",
                said_there.at,
                sentence(
                    "{text} is {date}, as another date of the file shows",
                    text=said_there.text,
                    date=dated.text,
                ),
            )
        return dated.text
    number = said_there.value
    if isinstance(number, float | int) and math.isfinite(number) and int(number) in SERIALS:
        day = f"{EPOCH + timedelta(days=float(number)):%Y-%m-%d %H:%M}"
        findings.question(
            "date_without_format",
            said_there.at,
            sentence("{text} is a number; is it the date {date}?", text=said_there.text, date=day),
        )
        return day
    findings.question(
        "date_not_understood",
        said_there.at,
        sentence("{text!r} is no date that I can read", text=said_there.text),
    )
    return None


def _ask_about_lines(
    table: Table, lines: tuple[PlanLine, ...], findings: Findings
) -> tuple[PlanLine, ...]:
    """Return the lines, with the time of day that was answered; say what concerns several of them."""
    if not lines:
        findings.error("no_lines", table.sheet.name, sentence("no line stands below the header"))
    elif all(line.device is None for line in lines):
        findings.question(
            "no_device",
            table.place(table.header_top),
            sentence("no line names an error-proofing device: in which column do they stand?"),
            "" if Column.DEVICE in table.columns else of_field(Column.DEVICE),
        )
    _refuse_twice(table, lines, findings)
    timed = with_time_of_day(table, lines, findings)
    _say_language(table, timed, findings)
    return timed


def _refuse_twice(table: Table, lines: tuple[PlanLine, ...], findings: Findings) -> None:
    """Refuse a check that is there twice, and a plan line, but for the several checks of one line that say which they are."""
    checks: dict[str, PlanLine] = {}
    seen: dict[str, PlanLine] = {}
    numbered = Column.CHARACTERISTIC_NUMBER in table.columns
    for line in lines:
        check = line.terms.check
        if check is not None and (first := checks.setdefault(check, line)) is not line:
            findings.error(
                "check_twice",
                line.at,
                sentence("check {check} stands in row {row} already", check=check, row=first.row),
            )
        if line.line is None or check is not None or not (numbered or line.device):
            continue
        first = seen.setdefault(line.line, line)
        if first is not line:
            findings.error(
                "line_twice",
                line.at,
                sentence("line {line} stands in row {row} already", line=line.line, row=first.row),
            )


def _say_language(table: Table, lines: tuple[PlanLine, ...], findings: Findings) -> None:
    if any(line.reaction_also for line in lines):
        return
    texts = [step for line in lines if line.device for step in line.reaction]
    chinese = [bool(re.search(r"[\u3400-\u9fff]", text)) for text in texts]
    if not texts or (any(chinese) and not all(chinese)):
        return
    both = all(re.search(r"[A-Za-z]{3}", text) for text in texts) and all(chinese)
    if not both:
        missing: Sentence = sentence("English") if all(chinese) else sentence("Chinese")
        findings.note(
            "one_language",
            table.place(table.rows[0], Column.REACTION),
            sentence("the reactions are in one language; {language} is missing", language=missing),
        )
