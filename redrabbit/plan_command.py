"""`redrabbit plan import`: what a plant's own control plan says, as it would be taken; nothing is stored."""

from pathlib import Path

from redrabbit.base.printable import complain, put_out, spoken, visible_json
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.trigger_words import frequency_in_words

_HEADS = {
    Kind.ERROR: sentence("Errors, to be corrected in the file:"),
    Kind.QUESTION: sentence("Questions, to be answered before it can be taken:"),
    Kind.NOTE: sentence("Notes:"),
}


def import_plan(file: Path, sheet: str | None, *, as_json: bool) -> int:
    """Read a plan and say what would be taken, what is wrong and what must be answered; 1 where anything is wrong."""

    def work() -> int:
        try:
            read = dry_run(file, sheet)
        except NotReadable as problem:
            complain(problem.words)
            return FOUND
        if as_json:
            put_out(visible_json(read.as_json(spoken())))
        else:
            put_out(*_in_words(read))
        return FOUND if read.has_errors else 0

    return exit_code_of(work)


def _in_words(read: DryRun) -> list[str | Sentence]:
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
    for kind, found in read.findings.by_kind.items():
        if found:
            told.append(_HEADS[kind])
            told += [
                sentence("  {at}: {problem}", at=each.at, problem=each.words) for each in found
            ]
    told.append(sentence("nothing was stored: this only reads the file"))
    return told
