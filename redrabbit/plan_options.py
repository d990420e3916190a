"""What `redrabbit plan` takes. The work is done by the modules of its commands."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from redrabbit.command_parser import CommandParser

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
    _add_template(asked)
    _add_export(asked, add_database, database_of)
    _add_diff(asked)
    _add_coverage(asked, add_database, database_of)


def _add_import(asked: "argparse._SubParsersAction[CommandParser]") -> None:
    taken = asked.add_parser(
        "import",
        help="say what a spreadsheet's control plan comes to, and what is wrong with it; nothing is stored",
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
    taken.set_defaults(command=_import)


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
    from redrabbit.plan_command import import_plan  # noqa: PLC0415  because of --help

    return import_plan(options.file, options.sheet, options.database, as_json=options.json)


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
