"""`redrabbit plan import`: what a plant's own control plan says, as it would be taken; nothing is stored."""

from collections.abc import Callable
from pathlib import Path

from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import wall_now
from redrabbit.base.printable import complain, put_out, spoken, visible_json
from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.domain.plant import Plant
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.plan_desk import read_with_answers, say_unused
from redrabbit.plan_import.compare import Comparison, compare
from redrabbit.plan_import.dry_run import DryRun
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.trigger_words import frequency_in_words
from redrabbit.services.plan_forms import PlanKnown, plans_known
from redrabbit.services.plan_looking import PlanAnswers
from redrabbit.services.queries.people import Names, names_in
from redrabbit.store.reading_database import open_for_reading

_HEADS = {
    Kind.ERROR: sentence("Errors, to be corrected in the file:"),
    Kind.QUESTION: sentence("Questions, to be answered before it can be taken:"),
    Kind.NOTE: sentence("Notes:"),
}


def import_plan(
    file: Path,
    sheet: str | None,
    database_url: str | None,
    answers_of: Callable[[], PlanAnswers],
    *,
    as_json: bool,
) -> int:
    """Read a plan and say what would be taken, what is wrong and what must be answered; 1 where anything is wrong.

    With a database, what would change to the plan in force, and when each check would be due next; and it is read with what was answered about
    its form before.
    """

    def work() -> int:
        answers = answers_of()
        plant, known, names = (
            (None, PlanKnown(), Names()) if database_url is None else _known(database_url)
        )
        try:
            read = read_with_answers(file, sheet, answers, known, plant)
        except NotReadable as problem:
            complain(problem.words)
            return FOUND
        compared = None if plant is None else compare(read, plant, wall_now())
        say_unused(read, answers, compared)
        if as_json:
            put_out(visible_json(_as_json(read, compared)))
        else:
            put_out(
                *told_in_words(read, compared, known, names),
                sentence("nothing was stored: this only reads the file"),
            )
        return FOUND if read.has_errors else 0

    return exit_code_of(work)


def _known(database_url: str) -> tuple[Plant, PlanKnown, Names]:
    with open_for_reading(database_url) as database:
        return database.read_now(
            lambda reader: (plant_in_force(reader), plans_known(reader), names_in(reader))
        )


def _as_json(read: DryRun, compared: Comparison | None) -> dict[str, object]:
    told = read.as_json(spoken())
    if compared is None:
        return told
    lines = [
        line.as_json() | {"next_due": list(compared.next_due[line.at])}
        if line.at in compared.next_due
        else line.as_json()
        for line in read.lines
    ]
    difference = [
        {
            "kind": change.kind.value,
            "line": change.line,
            "device": change.device,
            "message": said(change.words, spoken()),
        }
        for change in compared.changes
    ]
    return told | {"lines": lines, "difference": difference}


def told_in_words(
    read: DryRun, compared: Comparison | None, known: PlanKnown, names: Names
) -> list[str | Sentence]:
    """Return what was read, what would change and what was found, line by line."""
    told: list[str | Sentence] = []
    if read.header_rows is not None:
        first, last = read.header_rows
        told += [
            sentence(
                "{file}, sheet {sheet}: the header stands in rows {first} to {last}",
                file=read.book.file,
                sheet=read.sheet,
                first=first,
                last=last,
            ),
            sentence(
                "control plan {number}, revision {revision}, of {date}, phase {phase}",
                number=read.plan["number"] or "?",
                revision=read.plan["revision"] or "?",
                date=read.plan["date"] or "?",
                phase=read.plan["phase"] or "?",
            ),
        ]
    verified = [line for line in read.lines if line.device is not None]
    told.append(
        sentence(
            "lines: {lines}; lines that verify a device: {verified}",
            lines=len(read.lines),
            verified=len(verified),
        )
    )
    told += [
        sentence(
            "  {at}: line {line}, {device} with {parts}: {due}",
            at=line.at,
            line=line.line or "-",
            device=line.device,
            parts=", ".join(line.parts) or "-",
            due=frequency_in_words(line.frequency),
        )
        for line in verified
    ]
    if compared is not None:
        told += _compared_words(compared)
    told += _answered_words(read, known, names)
    for kind, found in read.findings.by_kind.items():
        if found:
            told.append(_HEADS[kind])
            told += [
                sentence("  {at}: {problem}", at=each.at, problem=each.words)
                if not each.key
                else sentence(
                    "  {at}: {problem} (answered by its name: {name})",
                    at=each.at,
                    problem=each.words,
                    name=each.key,
                )
                for each in found
            ]
    return told


def _answered_words(read: DryRun, known: PlanKnown, names: Names) -> list[str | Sentence]:
    """Return the answers that it was read with; of one that was given about the form before, by whom and when."""
    answered = read.findings.answered.values()
    if not answered:
        return []
    told: list[str | Sentence] = [sentence("Read with these answers:")]
    for each in answered:
        before = known.of_forms.get(each.form, {}).get(each.key)
        if before is None or before.words != each.said:
            told.append(sentence("  {name} = {said}", name=each.key, said=each.said))
            continue
        told.append(
            sentence(
                "  {name} = {said}, answered for this form on {at} by {who}; --answer changes it",
                name=each.key,
                said=each.said,
                at=f"{before.answered_at:%Y-%m-%d %H:%M} UTC",
                who=names.then(before.answered_by, before.answered_entry) or before.answered_by,
            )
        )
    return told


def _compared_words(compared: Comparison) -> list[str | Sentence]:
    told: list[str | Sentence] = [
        sentence("  {at}: due next {times}", at=at, times=", ".join(times))
        for at, times in compared.next_due.items()
        if times
    ]
    if not compared.changes:
        return [*told, sentence("no difference to the plan in force")]
    told.append(sentence("What would change:"))
    told += [sentence("  {change}", change=change.words) for change in compared.changes]
    return told
