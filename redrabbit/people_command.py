"""`redrabbit people`: who is known to the plant, at the server and with the service stopped.

It makes the first administrator, takes a table of people, and is the way back in when nobody can sign in. While the service
runs, administrators do the same in the browser; here only `list` works beside it.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final, TypeVar

from redrabbit import __version__
from redrabbit.adopted_plant import plant_in_force
from redrabbit.base.clock import SteadyClock, wall_now
from redrabbit.base.messages import last_day, zoned
from redrabbit.base.printable import columns, complain, for_terminal, put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.people_table import read_people, words_of_lines
from redrabbit.config.problem import ConfigurationProblems, Problems, SourcePosition
from redrabbit.config.sheet import read_sheet
from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import SERVER, GrantId
from redrabbit.domain.ledger import instant, instant_text
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import BadgeRecord, PersonRecord, RoleGrantRecord
from redrabbit.domain.rights import is_active, is_in_force
from redrabbit.domain.role import Role
from redrabbit.domain.role_limits import withdrawn_with
from redrabbit.domain.shift_calendar import day_ends
from redrabbit.exit_codes import FOUND, exit_code_of, in_words, in_zone, times_in_zone
from redrabbit.services import badges, granting, people
from redrabbit.services.errors import StoreTrouble, WriterAlreadyRunning
from redrabbit.services.importing_people import (
    Imported,
    NotImported,
    PersonRow,
    column_of,
    import_people,
)
from redrabbit.services.people_at_server import (
    Newcomer,
    add,
    change,
    enable,
    give_roles,
    link_code,
    person_said,
)
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.queries.people import kept_name, name_now, names_in
from redrabbit.services.queries.people_told import way_rows
from redrabbit.store.database_files import refuse_no_file
from redrabbit.store.engine import parsed_url, sqlite_path
from redrabbit.store.installation_secret import installation_secret
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.unit_of_work import Recording

T = TypeVar("T")


def at_the_server(
    database_url: str, key_file: Path | None, command: Callable[[UnitOfWork, Plant], T]
) -> T:
    """Run one command as the server itself, with the service stopped.

    Raises StoreTrouble where the service holds the database, and says what to do instead.
    """
    path = sqlite_path(parsed_url(database_url))
    if path is not None:
        if not path.exists():
            raise StoreTrouble(
                sentence(
                    "{path}: there is no such database yet. `redrabbit serve` makes it: start it once with your configuration, "
                    "stop it, and call this again",
                    path=path,
                )
            )
        refuse_no_file(path)
    with open_for_reading(database_url) as database:
        plant = database.read_now(plant_in_force)
    recording = Recording(
        fold=fold,
        software=f"redrabbit {__version__}",
        targets=plant.targets,
        escalation=plant.escalation,  # what is told here is told as the service tells it
    )
    try:
        with open_database(
            database_url, plant="", clock=SteadyClock(), recording=recording, key_path=key_file
        ) as database:
            return database.write_now(lambda uow: command(uow, plant_in_force(uow)))
    except Refusal as refusal:
        raise in_zone(refusal, plant.zone) from refusal
    except NotImported as not_imported:
        refused = [(row, in_zone(why, plant.zone)) for row, why in not_imported.refused]
        raise NotImported(refused) from not_imported
    except WriterAlreadyRunning as running:
        raise StoreTrouble(
            sentence(
                "the service runs ({holder}), and only one process may write: an administrator does this in the browser; "
                "or stop the service first",
                holder=times_in_zone(running.holder, plant.zone) or sentence("unknown"),
            )
        ) from running


def add_person(
    database_url: str,
    key_file: Path | None,
    who: Callable[[Plant], Newcomer],
    *,
    roles: tuple[Role, ...],
    lines: tuple[str, ...],
    until: date | None,
    link: bool,
    address: str | None = None,
) -> int:
    """Make somebody known, with roles; an administrator gets a link to set a password with.

    `address` is how people reach the service; None: as the plant file says.
    """
    wants_link = link or Role.ADMINISTRATOR in roles

    def command(uow: UnitOfWork, plant: Plant) -> tuple[Sentence, str | None, str]:
        newcomer = who(plant)
        person_id = add(uow, newcomer).person_id
        until_at = _end_of(plant, until)
        give_roles(uow, plant, person_id, roles, lines=lines, until_at=until_at)
        code = link_code(uow, person_id, is_new=True) if wants_link else None
        told = sentence("{name} is {person}", name=newcomer.name, person=person_id)
        return told, code, address or plant.address or ""

    def work() -> int:
        told, code, where = at_the_server(database_url, key_file, command)
        put_out(told)
        if code is not None:
            put_out(*_link_words(where, code))
        return 0

    return exit_code_of(work)


def new_link(
    database_url: str, key_file: Path | None, said: str, *, address: str | None = None
) -> int:
    """Print a link with which a person sets a password anew; `address` is how people reach the service."""

    def command(uow: UnitOfWork, plant: Plant) -> tuple[str, str]:
        return address or plant.address or "", link_code(uow, person_said(uow, said).person_id)

    def work() -> int:
        put_out(*_link_words(*at_the_server(database_url, key_file, command)))
        return 0

    return exit_code_of(work)


def change_person(
    database_url: str,
    key_file: Path | None,
    said: str,
    changed: Callable[[Newcomer, Plant], Newcomer],
) -> int:
    """Tell anew what is told of a person; what isn't said stays."""

    def command(uow: UnitOfWork, plant: Plant) -> str:
        person, names = person_said(uow, said), uow.names()
        number = person.employee_number
        before = Newcomer(
            name=kept_name(names, person.name),
            language=person.language,
            employee_number=None if number is None else kept_name(names, number),
            kind=person.kind,
            expires_at=person.expires_at,
        )
        return change(uow, person, changed(before, plant)).person_id

    return _told(database_url, key_file, command, sentence("changed"))


def disable_person(database_url: str, key_file: Path | None, said: str) -> int:
    """Take all rights of a person away."""
    return _told(
        database_url,
        key_file,
        lambda uow, _: (
            people.disable(uow, person_said(uow, said).person_id, actor=SERVER).person_id
        ),
        sentence("disabled"),
    )


def enable_person(database_url: str, key_file: Path | None, said: str) -> int:
    """Let a person have the rights of their grants again."""
    return _told(
        database_url,
        key_file,
        lambda uow, _: enable(uow, person_said(uow, said).person_id).person_id,
        sentence("enabled"),
    )


def grant_role(
    database_url: str,
    key_file: Path | None,
    said: str,
    role: Role,
    *,
    lines: tuple[str, ...],
    until: date | None,
    deputy_for: str | None,
) -> int:
    """Give a person a role, on lines or on all."""

    def command(uow: UnitOfWork, plant: Plant) -> tuple[str, bool]:
        person = person_said(uow, said)
        principal = None if deputy_for is None else person_said(uow, deputy_for).person_id
        given = give_roles(
            uow,
            plant,
            person.person_id,
            (role,),
            lines=lines,
            until_at=_end_of(plant, until),
            deputy_for=principal,
        )
        issued = uow.find(BadgeRecord, equals("person_id", person.person_id))
        withdrawn = any(withdrawn_with(grant, issued) for grant in given)
        return ", ".join(grant.grant_id for grant in given), withdrawn

    def work() -> int:
        what, withdrawn = at_the_server(database_url, key_file, command)
        put_out(sentence("{name}: {what}", name=what, what=sentence("granted")))
        if withdrawn:
            put_out(
                sentence(
                    "a badge was taken away with it: whoever gave it may give none to somebody with this role; "
                    "give one with `redrabbit people badge`"
                )
            )
        return 0

    return exit_code_of(work)


def revoke_role(database_url: str, key_file: Path | None, grant_id: str) -> int:
    """End a grant for good."""
    return _told(
        database_url,
        key_file,
        lambda uow, _: granting.revoke(uow, GrantId(grant_id), actor=SERVER).grant_id,
        sentence("revoked"),
    )


def badge_of(
    database_url: str, key_file: Path | None, said: str | None, code: str, *, revoke: bool
) -> int:
    """Let a badge stand for a person, or for nobody."""
    key = installation_secret(database_url, key_file).part("badges")
    badge = badge_id(key, code)

    def command(uow: UnitOfWork, _plant: Plant) -> str:
        if revoke:
            return badges.revoke(uow, badge, actor=SERVER).person_id
        person = person_said(uow, said or "")
        return badges.issue(uow, badge, person.person_id, actor=SERVER).person_id

    done = sentence("badge revoked") if revoke else sentence("badge issued")
    return _told(database_url, key_file, command, done)


class _DryRun(Exception):
    """All went well, and nothing is to be kept."""

    def __init__(self, imported: Imported) -> None:
        self.imported = imported
        super().__init__()


def import_table(
    database_url: str, key_file: Path | None, table: Path, *, dry_run: bool, same_name: bool
) -> int:
    """Take a table of people, all or none; with `dry_run` say only what would become of it."""

    def work() -> int:
        key = installation_secret(database_url, key_file).part("badges")

        def command(uow: UnitOfWork, plant: Plant) -> Imported:
            problems = Problems()
            rows = read_sheet(table, problems)
            lines = words_of_lines(plant.lines)
            found = () if rows is None else read_people(rows, table.name, lines, problems)
            if problems.found:
                raise ConfigurationProblems(problems.found)
            imported = import_people(
                uow, plant, found, lambda code: badge_id(key, code), same_name=same_name
            )
            if dry_run:
                raise _DryRun(imported)
            return imported

        try:
            imported = at_the_server(database_url, key_file, command)
            put_out(_imported_words(imported), *_withdrawn_words(imported))
        except _DryRun as dry:
            put_out(
                sentence(
                    "nothing was changed; it would be: {what}", what=_imported_words(dry.imported)
                ),
                *_withdrawn_words(dry.imported),
            )
        except NotImported as refused:
            complain(*(_refused_words(table, row, why) for row, why in refused.refused))
            complain(sentence("nothing was imported"))
            return FOUND
        return 0

    return exit_code_of(work)


def list_people(database_url: str, *, as_json: bool) -> int:
    """List who is known, with their roles in force; also beside a running service."""

    def work() -> int:
        now = wall_now()
        with open_for_reading(database_url) as database:
            rows = database.read_now(lambda reader: [*_rows(reader, now)])
            if as_json:
                put_out(json.dumps(rows, ensure_ascii=False))
            elif rows:
                zone = database.read_now(plant_in_force).zone
                put_out(*columns([_HEADINGS, *(_row_words(row, zone) for row in rows)]))
            else:
                put_out(sentence("nobody is registered"))
        return 0

    return exit_code_of(work)


def _rows(reader: Reader, now: datetime) -> list[dict[str, object]]:
    names = names_in(reader)
    return [
        {
            "person_id": person.person_id,
            "name": name_now(names, person.person_id),
            "employee_number": None
            if person.employee_number is None
            else name_now(names, person.employee_number),
            "active": is_active(person, now),
            "expires_at": None if person.expires_at is None else instant_text(person.expires_at),
            "roles": [
                {
                    "grant_id": grant.grant_id,
                    "role": grant.role.value,
                    "line": grant.line,
                    "until_at": None if grant.until_at is None else instant_text(grant.until_at),
                    "deputy_for": grant.deputy_for,
                }
                for grant in reader.find(RoleGrantRecord, equals("person_id", person.person_id))
                if is_in_force(grant, now)
            ],
            "ways": [
                {"number": way.number, "kind": way.kind.value, "shown": way.shown}
                for way in way_rows(reader, person.person_id, names)
            ],
        }
        for person in reader.find(PersonRecord, order_by="number")
    ]


_HEADINGS: Final = (
    sentence("NUMBER"),
    sentence("NAME"),
    sentence("EMPLOYEE NUMBER"),
    sentence("ACCOUNT"),
    sentence("LAST DAY"),
    sentence("ROLES NOW"),
    sentence("REACHED BY"),
)


def _row_words(row: dict[str, object], zone: tzinfo) -> tuple[str, ...]:
    roles, ways = row["roles"], row["ways"]
    assert isinstance(roles, list)  # noqa: S101  made above
    assert isinstance(ways, list)  # noqa: S101  made above
    state = sentence("active") if row["active"] else sentence("disabled or expired")
    said = "; ".join(for_terminal(_role_words(role, zone)) for role in roles)
    reached = ", ".join(f"{way['number']}: {way['shown']}" for way in ways)
    ends_at = row["expires_at"]
    last = "-" if ends_at is None else _until_words(instant(str(ends_at)), zone)
    number = str(row["employee_number"] or "-")
    who = (str(row["person_id"]), str(row["name"]), number)
    return (*who, state, last, said or sentence("none"), reached)


def _role_words(role: Mapping[str, str | None], zone: tzinfo) -> Sentence:
    held, principal = _held_words(role, zone), role["deputy_for"]
    if principal is None:
        return held
    return sentence("{role}, deputy of {person}", role=held, person=principal)


def _held_words(role: Mapping[str, str | None], zone: tzinfo) -> Sentence:
    where, until = where_words(role["line"]), role["until_at"]
    if until is None:
        return sentence(
            "{role} {where} ({grant})", role=role["role"], where=where, grant=role["grant_id"]
        )
    return sentence(
        "{role} {where} until {until} ({grant})",
        role=role["role"],
        where=where,
        until=_until_words(instant(until), zone),
        grant=role["grant_id"],
    )


def _until_words(ends_at: datetime, zone: tzinfo) -> str:
    """Return the last day of what ends with a day, as --until names it, else the instant."""
    return last_day(ends_at, zone) or zoned(ends_at, zone)


def where_words(line: str | None) -> Sentence:
    """Return on which line a role or token counts."""
    return sentence("on all lines") if line is None else sentence("on {line}", line=line)


def _told(
    database_url: str,
    key_file: Path | None,
    command: Callable[[UnitOfWork, Plant], str],
    done: Sentence,
) -> int:
    def work() -> int:
        what = at_the_server(database_url, key_file, command)
        put_out(sentence("{name}: {what}", name=what, what=done))
        return 0

    return exit_code_of(work)


def _end_of(plant: Plant, day: date | None) -> datetime | None:
    """Return when a day of the plant's clock is over."""
    return None if day is None else day_ends(plant.zone, day)


def _link_words(address: str, code: str) -> tuple[str, ...]:
    where = address or "http://127.0.0.1:8080"
    told = sentence(
        "start the service and open this link once, within 24 hours, to set a password:"
    )
    if address:
        return told, f"{where}/welcome/{code}"
    elsewhere = sentence(
        "where people reach the service otherwise, behind a proxy for example, the link begins with that instead: name it with "
        "--address URL, or once with `address` in plant.yaml"
    )
    return told, f"{where}/welcome/{code}", elsewhere


def _refused_words(table: Path, row: PersonRow, why: Refusal) -> Sentence:
    place = SourcePosition(table.name, row.row, column_of(row, why))
    return sentence("{place}: {problem}", place=place, problem=in_words(why))


def _withdrawn_words(imported: Imported) -> list[Sentence]:
    """Return whose badges go, and that somebody has to give new ones (decision 62)."""
    return [
        sentence(
            "row {row}, {name}: a badge taken away with the role; whoever gave it may give none to somebody with this role; "
            "give one with `redrabbit people badge`",
            row=row.row,
            name=row.name,
        )
        for row in imported.withdrawn
    ]


def _imported_words(imported: Imported) -> Sentence:
    return sentence(
        "{added} added, {changed} changed, {granted} roles granted, {badges} badges issued",
        added=imported.added,
        changed=imported.changed,
        granted=imported.granted,
        badges=imported.badges,
    )
