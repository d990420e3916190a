"""The command line: what each command takes, and which room does its work.

Rooms are imported by the command that needs them, so that `redrabbit --help` answers at once.
Exit codes: 0 all is well; 1 something was found (a problem, damage, an overdue check); 2 the
command itself was wrong; 3 (`verify`) not all could be read or vouched for (D60).
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redrabbit import __version__
from redrabbit.base.database_address import VARIABLE, WrongAddress, database_url
from redrabbit.base.printable import complain, speaking
from redrabbit.base.sentence import sentence, words_of
from redrabbit.base.settings import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    WebLimits,
)
from redrabbit.command_parser import WRONG, CommandParser, speak, wanted_language
from redrabbit.option_values import day_or_instant, host_name, networks, port, whole_number
from redrabbit.people_options import add_people, add_tokens
from redrabbit.plan_options import add_plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, in the language that is asked for, and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    with speaking(wanted_language(given, os.environ)):
        return _run(given)


def _run(arguments: Sequence[str]) -> int:
    parser = build_parser()
    speak(parser)
    if not arguments:
        parser.print_help(sys.stderr)
        return WRONG
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except WrongAddress as wrong:
        return _complain(words_of(wrong))
    except KeyboardInterrupt:
        return 130


def build_parser() -> CommandParser:
    """Return the parser of all commands, in English."""
    parser = CommandParser(
        prog="redrabbit",
        description="Proves, day after day, that the devices which catch bad parts still do.",
    )
    parser.add_argument("--version", action="version", version=f"redrabbit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_demo(commands)
    _add_serve(commands)
    _add_configuration(commands)
    _add_records(commands)
    _add_upkeep(commands)
    add_people(commands, _add_database, _database)
    add_tokens(commands, _add_database, _database)
    return parser


def _add_demo(commands: "argparse._SubParsersAction[CommandParser]") -> None:
    demo = commands.add_parser(
        "demo", help="start a small simulated plant and the service that verifies it"
    )
    demo.add_argument("--duration", type=float, metavar="S", help="stop by itself after S seconds")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="which story to tell")
    demo.add_argument("--json", action="store_true", help="print the result as one JSON object")
    demo.add_argument("--port", type=port, default=DEFAULT_PORT, help="0 takes a free port")
    demo.add_argument("--data-dir", type=Path, metavar="DIR", help="keep the database there")
    demo.set_defaults(command=_demo)


def _add_serve(commands: "argparse._SubParsersAction[CommandParser]") -> None:
    serve = commands.add_parser("serve", help="run the service of a plant")
    serve.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="YAML with these options as keys; what stands on the command line wins",
    )
    serve.add_argument("--config", type=Path, metavar="DIR", help="the plant's configuration")
    _add_database(serve)
    serve.add_argument(
        "--host",
        "--listen",
        metavar="ADDRESS",
        help=sentence("{host} if left out", host=DEFAULT_HOST),
    )
    serve.add_argument(
        "--port",
        type=port,
        help=sentence("0 takes a free port; {port} if left out", port=DEFAULT_PORT),
    )
    serve.add_argument(
        "--trust-network",
        action=argparse.BooleanOptionalAction,
        help="refused, with what to use instead: people sign in now",
    )
    serve.add_argument(
        "--look-only",
        action=argparse.BooleanOptionalAction,
        help="other machines see the boards, and nothing else: for screens on walls",
    )
    serve.add_argument(
        "--allow-host",
        action="append",
        metavar="NAME",
        help="another name under which tablets ask for the pages; may be repeated",
    )
    serve.add_argument(
        "--tls-cert",
        type=Path,
        metavar="FILE",
        help="serve by https with this certificate (PEM, its authorities behind it)",
    )
    serve.add_argument("--tls-key", type=Path, metavar="FILE", help="its key (PEM, 0600)")
    serve.add_argument(
        "--own-certificate",
        action=argparse.BooleanOptionalAction,
        help="serve by https with what `redrabbit certificate` made, and renew it in time",
    )
    serve.add_argument(
        "--behind-proxy",
        action="extend",
        type=networks,
        metavar="CIDR[,CIDR]",
        help="the proxies that bring requests; forwarded headers are believed from there only",
    )
    serve.add_argument(
        "--metrics", action=argparse.BooleanOptionalAction, help="serve /metrics, or not"
    )
    serve.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    serve.add_argument(
        "--plant-renamed",
        action="store_true",
        help="for this start: the plant has another name than it had, and is the same",
    )
    serve.add_argument(
        "--plain-logs", action=argparse.BooleanOptionalAction, help="log lines for people"
    )
    _add_limits(serve)
    serve.set_defaults(command=_serve)


def _add_limits(serve: argparse.ArgumentParser) -> None:
    limits = WebLimits()
    for option, default, what in (
        (
            "--most-connections",
            limits.most_connections,
            sentence("connections that are open at once"),
        ),
        (
            "--most-connections-per-client",
            limits.most_connections_per_client,
            sentence("of one address"),
        ),
        ("--most-streams", limits.most_streams, sentence("live pages and followers of the ledger")),
        ("--most-streams-per-client", limits.most_streams_per_client, sentence("of one address")),
        (
            "--header-deadline-s",
            limits.header_deadline_s,
            sentence("until a request's header is here"),
        ),
        ("--body-deadline-s", limits.body_deadline_s, sentence("until its body is here")),
    ):
        serve.add_argument(
            option,
            type=whole_number,
            metavar="N",
            help=sentence("{what}; {default} if left out", what=what, default=default),
        )


def _add_configuration(commands: "argparse._SubParsersAction[CommandParser]") -> None:
    init = commands.add_parser("init", help="write a commented configuration to start from")
    init.add_argument("folder", type=Path, metavar="DIR", help="where to write it; empty or new")
    init.set_defaults(command=_init)
    check = commands.add_parser("check-config", help="name every problem of a configuration")
    check.add_argument("folder", type=Path, metavar="DIR", help="the plant's configuration")
    check.add_argument(
        "--explain",
        metavar="NAME",
        help="say in words what a station's file comes to, and what grade each device can reach; what a receiver is told; when a check "
        "is due, and when it is left out; or with people, what the plant decides about people",
    )
    check.set_defaults(command=_check_config)
    add_plan(commands, _add_database, _database)
    schema = commands.add_parser("schema", help="print the JSON Schema of station files")
    schema.set_defaults(command=_schema)

    public = commands.add_parser(
        "holidays", help="print a country's public holidays as a calendar says them"
    )
    public.add_argument("country", metavar="COUNTRY", help="its two letters: CN, DE, US")
    public.add_argument("--year", type=int, required=True, metavar="YEAR")
    public.add_argument("--region", metavar="REGION", help="of the country: BW, MI")
    public.set_defaults(command=_holidays)


def _add_records(commands: "argparse._SubParsersAction[CommandParser]") -> None:
    overdue = commands.add_parser("overdue", help="list what is overdue; exit 1 if anything is")
    _add_database(overdue)
    overdue.add_argument("--json", action="store_true", help="print the list as JSON")
    overdue.set_defaults(command=_overdue)
    verify = commands.add_parser("verify", help="verify a database, an exported file, a proof")
    verify.add_argument("file", type=Path, nargs="?", metavar="FILE", help="an exported file")
    _add_database(verify)
    verify.add_argument(
        "--proof",
        type=Path,
        metavar="FILE",
        help="the proof of one entry, from the page of a verification",
    )
    verify.add_argument(
        "--public-key", type=Path, metavar="FILE", help="the key that you were given"
    )
    verify.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint that was kept elsewhere"
    )
    verify.set_defaults(command=_verify)
    checkpoint = commands.add_parser("checkpoint", help="print the signed checkpoint, to keep")
    _add_database(checkpoint)
    checkpoint.set_defaults(command=_checkpoint)
    export = commands.add_parser("export", help="write records with proofs and the checkpoint")
    _add_database(export)
    export.add_argument(
        "--from",
        dest="since",
        type=day_or_instant,
        required=True,
        metavar="TIME",
        help="the first: a day of the plant, 2026-11-22, or 2026-11-22T06:00:00+08:00",
    )
    export.add_argument(
        "--to",
        dest="until",
        type=day_or_instant,
        required=True,
        metavar="TIME",
        help="the last: a day, which is in it to its end, or an instant, which is not",
    )
    export.add_argument("--line", metavar="ID", help="of one line and the plant; all, if left out")
    export.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    export.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="prove that the ledger begins with a kept checkpoint",
    )
    export.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="where to write it"
    )
    export.add_argument(
        "--replace", action="store_true", help="write over the file where it is there already"
    )
    export.set_defaults(command=_export)


def _add_upkeep(commands: "argparse._SubParsersAction[CommandParser]") -> None:
    rebuild = commands.add_parser("rebuild", help="make all records again from the ledger")
    _add_database(rebuild)
    rebuild.add_argument(
        "--public-key", type=Path, metavar="FILE", help="the key that you were given"
    )
    rebuild.set_defaults(command=_rebuild)
    loss = commands.add_parser("accept-loss", help="go on with a ledger that lost entries")
    _add_database(loss)
    loss.add_argument(
        "--checkpoint", type=Path, required=True, metavar="FILE", help="of what the ledger was"
    )
    loss.add_argument("--by", required=True, metavar="NAME", help="who accepts it")
    loss.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    loss.add_argument(
        "--public-key", type=Path, metavar="FILE", help="that signed it, if the ledger lost it"
    )
    loss.set_defaults(command=_accept_loss)
    certificate = commands.add_parser(
        "certificate", help="make the certificate under which tablets reach the service"
    )
    certificate.add_argument(
        "names",
        nargs="*",
        type=host_name,
        metavar="NAME",
        help="host names and addresses of this server; none: show what is there",
    )
    _add_database(certificate)
    certificate.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    certificate.add_argument(
        "--new-authority",
        action="store_true",
        help="make a new authority, too: each tablet has to install it again",
    )
    certificate.add_argument(
        "--port", type=port, default=DEFAULT_PORT, help="the port of `serve`, for the picture"
    )
    certificate.set_defaults(command=_certificate)
    change = commands.add_parser("change-key", help="let a new key sign the ledger from here on")
    _add_database(change)
    change.add_argument("--by", required=True, metavar="NAME", help="who has it changed")
    change.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    change.set_defaults(command=_change_key)


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database",
        metavar="URL",
        help=sentence(
            "for example sqlite:///plant.sqlite3; or the environment variable {variable}",
            variable=VARIABLE,
        ),
    )
    parser.add_argument(
        "--database-file",
        type=Path,
        metavar="FILE",
        help="a file (0600) with the URL, where that has a password",
    )


def _demo(options: argparse.Namespace) -> int:
    from redrabbit.demo import run_demo  # noqa: PLC0415  because of --help

    return run_demo(
        duration_s=options.duration,
        seed=options.seed,
        as_json=options.json,
        port=options.port,
        data_dir=options.data_dir,
    )


def _serve(options: argparse.Namespace) -> int:
    from redrabbit.exit_codes import exit_code_of  # noqa: PLC0415  because of --help
    from redrabbit.serve_options import WrongOptions, serve_settings  # noqa: PLC0415  as above

    def work() -> int:
        try:
            settings = serve_settings(vars(options), options.settings, os.environ)
        except WrongOptions as wrong:
            return _complain(words_of(wrong))
        from redrabbit.serve_command import run_service  # noqa: PLC0415  because it takes a second

        return run_service(settings)

    return exit_code_of(work)


def _init(options: argparse.Namespace) -> int:
    from redrabbit.config_commands import write_configuration  # noqa: PLC0415  because of --help

    return write_configuration(options.folder)


def _check_config(options: argparse.Namespace) -> int:
    from redrabbit.config_commands import check_configuration  # noqa: PLC0415  because of --help

    return check_configuration(options.folder, options.explain)


def _holidays(options: argparse.Namespace) -> int:
    from redrabbit.config_commands import print_holidays  # noqa: PLC0415  because of --help

    return print_holidays(options.country, options.year, options.region)


def _schema(_options: argparse.Namespace) -> int:
    from redrabbit.config_commands import print_schema  # noqa: PLC0415  because of --help

    return print_schema()


def _overdue(options: argparse.Namespace) -> int:
    with _garbage_kept():
        from redrabbit.overdue_command import print_overdue  # noqa: PLC0415  because of --help

        return print_overdue(_database(options), as_json=options.json)


def _verify(options: argparse.Namespace) -> int:
    from redrabbit import verify_command  # noqa: PLC0415  because of --help

    given = verify_command.Given(public_key=options.public_key, checkpoint=options.checkpoint)
    if options.file is None and options.proof is None:
        return verify_command.verify_database_at(_database(options), given)
    if options.database is not None or options.database_file is not None:
        return _complain(sentence("found a file and a database; expected one of the two"))
    if options.proof is None:
        return verify_command.verify_file(options.file, given)
    if options.file is not None:
        return _complain(sentence("found an exported FILE and a proof; expected one of the two"))
    return verify_command.verify_entry_proof(options.proof, given)


def _rebuild(options: argparse.Namespace) -> int:
    from redrabbit.rebuild_command import rebuild_at  # noqa: PLC0415  because of --help

    return rebuild_at(_database(options), options.public_key)


def _checkpoint(options: argparse.Namespace) -> int:
    with _garbage_kept():
        from redrabbit.checkpoint_command import print_checkpoint  # noqa: PLC0415  because of --help

        return print_checkpoint(_database(options))


def _accept_loss(options: argparse.Namespace) -> int:
    from redrabbit.accept_loss_command import accept_loss_at  # noqa: PLC0415  because of --help

    return accept_loss_at(
        _database(options),
        kept_checkpoint=options.checkpoint,
        by=options.by,
        key_file=options.key,
        public_key=options.public_key,
    )


def _change_key(options: argparse.Namespace) -> int:
    from redrabbit.change_key_command import change_key_at  # noqa: PLC0415  because of --help

    return change_key_at(_database(options), by=options.by, key_file=options.key)


def _certificate(options: argparse.Namespace) -> int:
    from redrabbit.certificate_command import certificate_at  # noqa: PLC0415  because of --help

    return certificate_at(
        _database(options),
        options.names,
        key_file=options.key,
        new_authority=options.new_authority,
        port=options.port,
    )


def _export(options: argparse.Namespace) -> int:
    from redrabbit.export_command import export_records_to  # noqa: PLC0415  because of --help

    return export_records_to(
        _database(options),
        since=options.since,
        until=options.until,
        line=options.line,
        key_file=options.key,
        output=options.output,
        kept_checkpoint=options.checkpoint,
        replace=options.replace,
    )


def _database(options: argparse.Namespace) -> str:
    return database_url(options.database, options.database_file, os.environ)


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Look for no cycles, meanwhile or when the process ends: it is short, and mostly imports."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()  # the interpreter's last search is a tenth of the whole command


def _complain(message: str) -> int:
    complain(sentence("redrabbit: {problem}", problem=message))
    return WRONG
