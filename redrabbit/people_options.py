"""What `redrabbit people` and `redrabbit token` take. The work is done by `people_command` and `token_command`."""

import argparse
import getpass
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from redrabbit.command_parser import CommandParser

if TYPE_CHECKING:
    from redrabbit.domain.plant import Plant
    from redrabbit.services.people_at_server import Newcomer

DatabaseOf = Callable[[argparse.Namespace], str]

ROLES: Final = (
    "operator",
    "shift_leader",
    "maintenance",
    "process_engineer",
    "parts_keeper",
    "quality_engineer",
    "auditor",
    "administrator",
)
SCOPES: Final = ("read", "ledger:read", "run", "parts:quarantine", "pause", "alarms", "events")
LONGEST_TOKEN_DAYS: Final = 400


def add_people(
    commands: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    """Add `redrabbit people`."""
    people = commands.add_parser("people", help="who is known to the plant, and what they may")
    asked = people.add_subparsers(title="what to do", metavar="WHAT", required=True)

    def new(
        name: str, what: str, run: Callable[[argparse.Namespace, str], int]
    ) -> argparse.ArgumentParser:
        parser = asked.add_parser(name, help=what)
        add_database(parser)
        parser.set_defaults(command=lambda options: run(options, database_of(options)))
        if name != "list":
            parser.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
        return parser

    add = new("add", "make somebody known; an administrator gets a link for a password", _add)
    add.add_argument("name", metavar="NAME", help="as records are to name them")
    add.add_argument("--role", action="append", choices=ROLES, default=[], help="may be repeated")
    _add_lines(add)
    _add_person(add)
    add.add_argument("--link", action="store_true", help="print a link to set a password with")
    _add_address(add)
    change = new("change", "tell anew what is told of somebody", _change)
    change.add_argument("person", metavar="PERSON", help="their number (p-0042) or name")
    change.add_argument("--name", metavar="NAME", help="what they are called now")
    _add_person(change)
    change.add_argument("--no-expiry", action="store_true", help="the account has no end any more")
    for name, what, run in (
        ("disable", "take all rights of somebody away", _disable),
        ("enable", "give them back", _enable),
        ("link", "print a link with which somebody sets a password anew", _link),
    ):
        parser = new(name, what, run)
        parser.add_argument("person", metavar="PERSON", help="their number (p-0042) or name")
        if name == "link":
            _add_address(parser)
    grant = new("grant", "give somebody a role", _grant)
    grant.add_argument("person", metavar="PERSON", help="their number (p-0042) or name")
    role = grant.add_mutually_exclusive_group(required=True)
    role.add_argument("role", nargs="?", choices=ROLES, metavar="ROLE", help=", ".join(ROLES))
    role.add_argument(
        "--role", dest="named_role", choices=ROLES, help="the same, as other commands take it"
    )
    _add_lines(grant)
    grant.add_argument(
        "--deputy-for", metavar="PERSON", help="whose deputy they are; needs --until"
    )
    revoke = new("revoke", "end a grant for good", _revoke)
    revoke.add_argument("grant", metavar="GRANT", help="its number (g-0042), as list prints it")
    badge = new("badge", "let a badge stand for somebody; its code is asked for", _badge)
    badge.add_argument("person", nargs="?", metavar="PERSON", help="their number (p-0042) or name")
    badge.add_argument("--revoke", action="store_true", help="let it stand for nobody")
    way = new("way", "let messages about alarms reach somebody; the address is asked for", _way)
    way.add_argument("person", metavar="PERSON", help="their number (p-0042) or name")
    way.add_argument(
        "--kind", choices=("mail", "apprise"), default="mail", help="what the address is"
    )
    way.add_argument("--remove", type=int, metavar="N", help="erase this way, as list numbers it")
    table = new("import", "take a table of people (.xlsx, .csv), all or none", _import)
    table.add_argument("file", type=Path, metavar="FILE", help="with a header row; see the README")
    _add_same_name(table)
    table.add_argument("--dry-run", action="store_true", help="say only what would become of it")
    listing = new("list", "list people with their roles; also beside a running service", _list)
    listing.add_argument("--json", action="store_true", help="print the list as JSON")


def add_tokens(
    commands: "argparse._SubParsersAction[CommandParser]",
    add_database: Callable[[argparse.ArgumentParser], None],
    database_of: DatabaseOf,
) -> None:
    """Add `redrabbit token`."""
    token = commands.add_parser("token", help="what programs act with")
    asked = token.add_subparsers(title="what to do", metavar="WHAT", required=True)
    issue = asked.add_parser("issue", help="issue a token and print it, once")
    add_database(issue)
    issue.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    issue.add_argument("name", metavar="NAME", help="what it is for")
    issue.add_argument("--owner", required=True, metavar="PERSON", help="who answers for it")
    issue.add_argument("--scope", action="append", choices=SCOPES, required=True, help="repeatable")
    issue.add_argument("--line", metavar="ID", help="all lines, if left out")
    issue.add_argument(
        "--days", type=_days, default=LONGEST_TOKEN_DAYS, metavar="N", help="how long it is good"
    )
    issue.set_defaults(command=lambda options: _issue(options, database_of(options)))
    revoke = asked.add_parser("revoke", help="let a token be worth nothing")
    add_database(revoke)
    revoke.add_argument("--key", type=Path, metavar="FILE", help="the ledger's signing key")
    revoke.add_argument("token", metavar="TOKEN", help="its number (t-0042)")
    revoke.set_defaults(command=lambda options: _revoke_token(options, database_of(options)))
    listing = asked.add_parser("list", help="list tokens; also beside a running service")
    add_database(listing)
    listing.add_argument("--json", action="store_true", help="print the list as JSON")
    listing.set_defaults(command=lambda options: _list_tokens(options, database_of(options)))


def _add_lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--line", action="append", default=[], metavar="ID", help="all lines, if left out"
    )
    parser.add_argument("--until", type=_day, metavar="DAY", help="the roles' last day")


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--number", metavar="NUMBER", help="the employee number")
    parser.add_argument("--language", choices=("en", "zh"), help="in which they are told of things")
    parser.add_argument("--expires", type=_day, metavar="DAY", help="the account's last day")
    _add_same_name(parser)


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--address",
        type=_address,
        metavar="URL",
        help="how people reach the service, with which the link begins; else `address` of plant.yaml",
    )


def _address(text: str) -> str:
    """Read the address with which a link begins."""
    try:
        parts = urlsplit(text)
        is_one = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        )
        is_bare = (
            parts.path in {"", "/"} and not parts.query and not parts.fragment and parts.port != 0
        )
    except ValueError:
        is_one = is_bare = False
    if not (is_one and is_bare):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address of a service; expected https://rabbit.plant.example"
        )
    return text.rstrip("/")


def _add_same_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--same-name", action="store_true", help="another person has this name, and that is known"
    )


def _day(text: str) -> date:
    """Read a day of the plant's clock."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day; expected 2026-11-22") from None


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LONGEST_TOKEN_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 400")
    return int(text)


def _newcomer(options: argparse.Namespace, name: str, plant: "Plant") -> "Newcomer":
    from redrabbit.domain.facts.person import PersonLanguage  # noqa: PLC0415  because of --help
    from redrabbit.domain.shift_calendar import day_ends  # noqa: PLC0415  as above
    from redrabbit.services.people_at_server import Newcomer  # noqa: PLC0415  as above

    return Newcomer(
        name=name,
        language=None if options.language is None else PersonLanguage(options.language),
        employee_number=options.number,
        expires_at=None if options.expires is None else day_ends(plant.zone, options.expires),
        same_name=options.same_name,
    )


def _add(options: argparse.Namespace, database: str) -> int:
    from redrabbit.domain.role import Role  # noqa: PLC0415  because of --help
    from redrabbit.people_command import add_person  # noqa: PLC0415  as above

    return add_person(
        database,
        options.key,
        lambda plant: _newcomer(options, options.name, plant),
        roles=tuple(Role(role) for role in options.role),
        lines=tuple(options.line),
        until=options.until,
        link=options.link,
        address=options.address,
    )


def _change(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import change_person  # noqa: PLC0415  because of --help

    def changed(before: "Newcomer", plant: "Plant") -> "Newcomer":
        said = _newcomer(options, options.name or before.name, plant)
        ends = None if options.no_expiry else said.expires_at or before.expires_at
        return replace(
            said,
            language=said.language or before.language,
            employee_number=said.employee_number or before.employee_number,
            kind=before.kind,
            expires_at=ends,
        )

    return change_person(database, options.key, options.person, changed)


def _disable(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import disable_person  # noqa: PLC0415  because of --help

    return disable_person(database, options.key, options.person)


def _enable(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import enable_person  # noqa: PLC0415  because of --help

    return enable_person(database, options.key, options.person)


def _link(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import new_link  # noqa: PLC0415  because of --help

    return new_link(database, options.key, options.person, address=options.address)


def _grant(options: argparse.Namespace, database: str) -> int:
    from redrabbit.domain.role import Role  # noqa: PLC0415  because of --help
    from redrabbit.people_command import grant_role  # noqa: PLC0415  as above

    return grant_role(
        database,
        options.key,
        options.person,
        Role(options.role or options.named_role),
        lines=tuple(options.line),
        until=options.until,
        deputy_for=options.deputy_for,
    )


def _revoke(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import revoke_role  # noqa: PLC0415  because of --help

    return revoke_role(database, options.key, options.grant)


def _badge(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import badge_of  # noqa: PLC0415  because of --help

    code = getpass.getpass("badge: ") if sys.stdin.isatty() else sys.stdin.readline()
    return badge_of(database, options.key, options.person, code, revoke=options.revoke)


def _way(options: argparse.Namespace, database: str) -> int:
    from redrabbit.domain.way import WayKind  # noqa: PLC0415  because of --help
    from redrabbit.way_command import change_way  # noqa: PLC0415  as above

    def address() -> str:
        return getpass.getpass("address: ") if sys.stdin.isatty() else sys.stdin.readline()

    return change_way(
        database,
        options.key,
        options.person,
        kind=WayKind(options.kind),
        address=None if options.remove is not None else address(),
        remove=options.remove,
    )


def _import(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import import_table  # noqa: PLC0415  because of --help

    return import_table(
        database,
        options.key,
        options.file,
        dry_run=options.dry_run,
        same_name=options.same_name,
    )


def _list(options: argparse.Namespace, database: str) -> int:
    from redrabbit.people_command import list_people  # noqa: PLC0415  because of --help

    return list_people(database, as_json=options.json)


def _issue(options: argparse.Namespace, database: str) -> int:
    from redrabbit.domain.facts.token import Scope  # noqa: PLC0415  because of --help
    from redrabbit.token_command import issue_token  # noqa: PLC0415  as above

    return issue_token(
        database,
        options.key,
        name=options.name,
        owner=options.owner,
        scopes=tuple(Scope(scope) for scope in options.scope),
        line=options.line,
        days=options.days,
    )


def _revoke_token(options: argparse.Namespace, database: str) -> int:
    from redrabbit.token_command import revoke_token  # noqa: PLC0415  because of --help

    return revoke_token(database, options.key, options.token)


def _list_tokens(options: argparse.Namespace, database: str) -> int:
    from redrabbit.token_command import list_tokens  # noqa: PLC0415  because of --help

    return list_tokens(database, as_json=options.json)
