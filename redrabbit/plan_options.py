"""What `redrabbit plan` takes. The work is done by the modules of its commands."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from redrabbit.command_parser import CommandParser
from redrabbit.option_values import amount_said, duration_said, instant_said, month_said

if TYPE_CHECKING:
    from redrabbit.services.plan_looking import PlanAnswers

DatabaseOf = Callable[[argparse.Namespace], str]

LANGUAGES: Final = ("en", "zh")


def add_plan(
    commands: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    """Add `redrabbit plan`."""
    plan = commands.add_parser("plan", help="read, write and compare control plans")
    asked = plan.add_subparsers(metavar="COMMAND", required=True)
    _add_import(asked)
    _add_revisions(asked, add_database, database_of)
    _add_template(asked)
    _add_export(asked, add_database, database_of)
    _add_diff(asked)
    _add_coverage(asked, add_database, database_of)
    _add_try_out(asked, add_database, database_of)


def _add_import(asked: "argparse._SubParsersAction[CommandParser]") -> None:
    taken = asked.add_parser(
        "import",
        help="say what a spreadsheet's control plan comes to, and what is wrong with it; nothing is stored without --commit",
    )
    taken.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="XLSX, XLSM, XLS, ODS, CSV or TSV, as the plant keeps it",
    )
    taken.add_argument(
        "--sheet",
        metavar="NAME",
        help="the sheet to read; left out: the highest revision that is not hidden",
    )
    taken.add_argument(
        "--database",
        metavar="URL",
        help="say what would change to the plan in force there; it may be in use",
    )
    taken.add_argument("--json", action="store_true", help="print it as JSON")
    taken.add_argument(
        "--commit",
        action="store_true",
        help="store it as a draft, with the service stopped; needs no error, and an answer to each question",
    )
    taken.add_argument(
        "--answer",
        type=_pair,
        action="append",
        default=[],
        metavar="PLACE=WORDS",
        help="answer what is asked of a place in the file, or a question by its name; `number=…` and `revision=…` say what it does not; may be repeated",
    )
    taken.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="a YAML file with such answers: columns, wordings, symbols, devices, parts; they are remembered for this form with --commit",
    )
    taken.add_argument(
        "--retire",
        type=_pair,
        action="append",
        default=[],
        metavar="CHECK=REASON",
        help="why a check that the plan leaves out is retired; may be repeated",
    )
    taken.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    taken.set_defaults(command=_import, parser=taken)


def _pair(text: str) -> tuple[str, str]:
    name, equals, words = text.partition("=")
    if not (name.strip() and equals and words.strip()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=WORDS")
    return name.strip(), words.strip()


def _add_revisions(
    asked: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    listed = asked.add_parser("list", help="list the revisions of the plan that a database knows")
    add_database(listed)
    listed.set_defaults(command=lambda options: _list(database_of(options)))
    shown = asked.add_parser("show", help="print the plan in force, as a plan file")
    add_database(shown)
    shown.add_argument(
        "--as-of",
        type=instant_said,
        metavar="INSTANT",
        help="that was in force then: 2026-11-22T06:00:00+08:00",
    )
    shown.set_defaults(command=lambda options: _show(options, database_of(options)))
    approved = asked.add_parser(
        "approve", help="say by which document a draft was approved, and from when it counts"
    )
    _add_plan_named(approved, add_database)
    approved.add_argument(
        "--document", required=True, metavar="NUMBER", help="the document by which it was approved"
    )
    approved.add_argument(
        "--on",
        type=date.fromisoformat,
        required=True,
        metavar="DAY",
        help="the day on which it was",
    )
    approved.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="a picture or file that shows it; its digest is recorded",
    )
    approved.add_argument(
        "--from",
        dest="effective",
        type=instant_said,
        metavar="INSTANT",
        help="from when it counts; left out: from the next shift start",
    )
    approved.set_defaults(command=lambda options: _approve(options, database_of(options)))
    discarded = asked.add_parser("discard", help="take back a revision that never took effect")
    _add_plan_named(discarded, add_database)
    discarded.add_argument("--reason", required=True, metavar="WORDS", help="why")
    discarded.set_defaults(command=lambda options: _discard(options, database_of(options)))


def _add_plan_named(
    parser: argparse.ArgumentParser, add_database: Callable[[argparse.ArgumentParser], None]
) -> None:
    parser.add_argument(
        "plan", metavar="PLAN", help="its revision, or the digest that `plan list` shows"
    )
    add_database(parser)
    parser.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")


def _add_template(asked: "argparse._SubParsersAction[CommandParser]") -> None:
    template = asked.add_parser(
        "template", help="write an empty form of a control plan, to fill in"
    )
    template.add_argument("file", type=Path, metavar="FILE", help="where to write it, as XLSX")
    template.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="offer the devices, parts and frequencies of this configuration in its lists",
    )
    _add_language(template)
    _add_replace(template)
    template.set_defaults(command=_template)


def _add_export(
    asked: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    export = asked.add_parser("export", help="write the plan in force as a spreadsheet")
    export.add_argument("file", type=Path, metavar="FILE", help="where to write it, as XLSX or CSV")
    _add_source(export, add_database)
    _add_language(export)
    _add_replace(export)
    export.set_defaults(command=lambda options: _export(options, _source(options, database_of)))


def _add_diff(asked: "argparse._SubParsersAction[CommandParser]") -> None:
    diff = asked.add_parser("diff", help="say in sentences what differs between two control plans")
    diff.add_argument("before", type=Path, metavar="A", help="the earlier plan, in any form")
    diff.add_argument("after", type=Path, metavar="B", help="the later plan, in any form")
    diff.add_argument("--json", action="store_true", help="print it as JSON")
    diff.set_defaults(command=_diff)


def _add_coverage(
    asked: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    covers = asked.add_parser(
        "coverage",
        help="list which failure modes the plan in force proves where; exit 1 if there is a gap",
    )
    _add_source(covers, add_database)
    covers.add_argument(
        "--xlsx", type=Path, metavar="FILE", help="write matrix and gaps there, too; a new file"
    )
    covers.add_argument("--json", action="store_true", help="print it as JSON")
    covers.set_defaults(command=lambda options: _coverage(options, _source(options, database_of)))


def _add_try_out(
    asked: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    tried = asked.add_parser(
        "try-out",
        help="play a control plan over a month: when what is due, operators' minutes, parts between two proofs; nothing is stored",
    )
    tried.add_argument(
        "--plan",
        metavar="PLAN",
        help="a file in any form, a revision or a digest; left out: the plan in force",
    )
    tried.add_argument(
        "--against", metavar="PLAN", help="another plan, named in the same ways, side by side"
    )
    tried.add_argument(
        "--month",
        type=month_said,
        metavar="MONTH",
        help="2026-12; left out: the month that comes next; of a month that is over the records tell what was made",
    )
    tried.add_argument(
        "--parts-per-hour",
        type=amount_said,
        action="append",
        default=[],
        metavar="[LINE=]NUMBER",
        help="parts that each station makes in an hour of work; left out: as its counter told; may be repeated",
    )
    tried.add_argument(
        "--minutes",
        type=amount_said,
        action="append",
        default=[],
        metavar="[CHECK=]NUMBER",
        help="minutes that one run takes; left out: as the last good runs took; may be repeated",
    )
    tried.add_argument(
        "--to-shipping",
        type=duration_said,
        metavar="TIME",
        help="how long after it was made a part can leave the plant: `8 h`",
    )
    _add_source(tried, add_database)
    tried.add_argument("--json", action="store_true", help="print it as JSON, with every due time")
    tried.set_defaults(command=lambda options: _try_out(options, _source(options, database_of)))


def _add_source(
    parser: argparse.ArgumentParser, add_database: Callable[[argparse.ArgumentParser], None]
) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="DIR", help="a plant's configuration, instead of a database"
    )
    add_database(parser)
    parser.set_defaults(parser=parser)


def _source(options: argparse.Namespace, database_of: DatabaseOf) -> str | None:
    """Return the database, where no configuration is named or both are."""
    named = options.database is not None or options.database_file is not None
    if options.config is not None and not named:
        return None
    if options.config is not None:
        options.parser.error("found --config and a database; expected one of the two")
    return database_of(options)


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        help="of the headers and the instructions; left out: the one of the command",
    )


def _add_replace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replace", action="store_true", help="write over the file where it is there already"
    )


def _import(options: argparse.Namespace) -> int:
    if options.commit:
        return _commit(options)
    from redrabbit.plan_command import import_plan  # noqa: PLC0415  because of --help

    return import_plan(
        options.file,
        options.sheet,
        options.database,
        lambda: _answers(options),
        as_json=options.json,
    )


def _answers(options: argparse.Namespace) -> "PlanAnswers":
    """Return what the command line answers; where it answers what the file of a mapping does, it wins."""
    from redrabbit.plan_import.mapping_file import read_mapping  # noqa: PLC0415  because of --help
    from redrabbit.services.plan_looking import PlanAnswers  # noqa: PLC0415  because of --help

    mapped = PlanAnswers() if options.mapping is None else read_mapping(options.mapping)
    said, retired = dict(options.answer), dict(options.retire)
    return replace(
        mapped,
        places={**mapped.places, **said},
        retired={**mapped.retired, **retired},
        stands_at={**mapped.stands_at, **{name: f"--answer {name}" for name in said}},
        retired_at={**mapped.retired_at, **{check: f"--retire {check}" for check in retired}},
    )


def _commit(options: argparse.Namespace) -> int:
    if options.database is None:
        options.parser.error("--commit stores the plan: expected --database URL")
    from redrabbit.plan_revision_command import commit_plan  # noqa: PLC0415  because of --help

    return commit_plan(
        options.file, options.sheet, options.database, options.key, lambda: _answers(options)
    )


def _list(database: str) -> int:
    from redrabbit.plan_revision_command import list_plans  # noqa: PLC0415  because of --help

    return list_plans(database)


def _show(options: argparse.Namespace, database: str) -> int:
    from redrabbit.plan_revision_command import show_plan  # noqa: PLC0415  because of --help

    return show_plan(database, options.as_of)


def _approve(options: argparse.Namespace, database: str) -> int:
    from redrabbit.plan_revision_command import approve_plan  # noqa: PLC0415  because of --help

    return approve_plan(
        database,
        options.key,
        options.plan,
        (options.document, options.on, options.picture),
        options.effective,
    )


def _discard(options: argparse.Namespace, database: str) -> int:
    from redrabbit.plan_revision_command import discard_plan  # noqa: PLC0415  because of --help

    return discard_plan(database, options.key, options.plan, options.reason)


def _template(options: argparse.Namespace) -> int:
    from redrabbit.plan_template_command import write_template  # noqa: PLC0415  because of --help

    return write_template(options.file, options.language, options.config, replace=options.replace)


def _export(options: argparse.Namespace, database: str | None) -> int:
    from redrabbit.plan_export_command import export_plan_to  # noqa: PLC0415  because of --help

    return export_plan_to(
        options.file, options.language, options.config, database, replace=options.replace
    )


def _diff(options: argparse.Namespace) -> int:
    from redrabbit.plan_diff_command import compare_files  # noqa: PLC0415  because of --help

    return compare_files(options.before, options.after, as_json=options.json)


def _coverage(options: argparse.Namespace, database: str | None) -> int:
    from redrabbit.plan_coverage_command import print_coverage  # noqa: PLC0415  because of --help

    return print_coverage(options.config, database, options.xlsx, as_json=options.json)


def _try_out(options: argparse.Namespace, database: str | None) -> int:
    from redrabbit.plan_try_out_command import Asked, try_plans_out  # noqa: PLC0415  because of --help

    asked = Asked(
        plan=options.plan,
        against=options.against,
        month=options.month,
        per_hour=tuple(options.parts_per_hour),
        minutes=tuple(options.minutes),
        to_shipping=options.to_shipping,
    )
    return try_plans_out(asked, options.config, database, as_json_line=options.json)
