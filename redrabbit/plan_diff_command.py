"""`redrabbit plan diff`: two files of control plans, of whatever form, compared in sentences."""

from pathlib import Path

from redrabbit.base.printable import complain, put_out, spoken, visible_json
from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.exit_codes import FOUND, WRONG_USE, in_words
from redrabbit.plan_import.dry_run import DryRun, dry_run
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.two_plans import TwoPlans, compare_plans


def compare_files(one: Path, other: Path, *, as_json: bool) -> int:
    """Say what differs between two plans: 0 nothing, 1 something, 2 one of them can't be read without an error."""
    before, after = _read(one), _read(other)
    if before is None or after is None:
        return WRONG_USE
    compared = compare_plans(before, after)
    if as_json:
        put_out(visible_json(_as_json((before, after), compared)))
    else:
        put_out(*_in_words(before, after, compared))
    return 0 if compared.are_the_same else FOUND


def _read(file: Path) -> DryRun | None:
    """Return what a plan says; None after saying why it can't be compared."""
    try:
        read = dry_run(file)
    except NotReadable as problem:
        complain(problem.words)
        return None
    except OSError as trouble:
        complain(in_words(trouble))
        return None
    errors = read.findings.by_kind[Kind.ERROR]
    if errors:
        complain(
            sentence("{file} has errors, and is not compared:", file=file),
            *(sentence("  {at}: {problem}", at=each.at, problem=each.words) for each in errors),
        )
        return None
    return read


def _as_json(read: tuple[DryRun, DryRun], compared: TwoPlans) -> dict[str, object]:
    language = spoken()
    files = [
        {
            "file": each.book.file,
            "plan": dict(each.plan),
            "questions": each.as_json(language)["questions"],
        }
        for each in read
    ]
    return {
        "files": files,
        "same": compared.are_the_same,
        "head": [said(words, language) for words in compared.head],
        "difference": [
            {
                "kind": change.kind.value,
                "line": change.line,
                "device": change.device,
                "message": said(change.words, language),
            }
            for change in compared.lines
        ],
    }


def _in_words(before: DryRun, after: DryRun, compared: TwoPlans) -> list[str | Sentence]:
    told: list[str | Sentence] = [
        sentence("{before} → {after}", before=_named(before), after=_named(after))
    ]
    if compared.are_the_same:
        told.append(sentence("no difference"))
    told += [sentence("  {change}", change=words) for words in compared.head]
    told += [sentence("  {change}", change=change.words) for change in compared.lines]
    for read in (before, after):
        asked = read.findings.by_kind[Kind.QUESTION]
        if asked:
            told.append(
                sentence("{file}: open questions, compared as proposed:", file=read.book.file)
            )
            told += [
                sentence("  {at}: {problem}", at=each.at, problem=each.words) for each in asked
            ]
    return told


def _named(read: DryRun) -> Sentence:
    return sentence(
        "{file} ({number} {revision})",
        file=read.book.file,
        number=read.plan["number"] or "?",
        revision=read.plan["revision"] or "?",
    )
