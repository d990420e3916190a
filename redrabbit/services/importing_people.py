"""People and badges from a table, all or none (R19): who is known by number or name is changed, others are added.

What the table doesn't say stays: no role, badge or person is taken away by leaving it out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.identity import SERVER, Actor, BadgeId, PersonId, person_name
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import BadgeRecord, PersonRecord, RoleGrantRecord
from redrabbit.domain.rights import holder_of
from redrabbit.domain.role import Role
from redrabbit.domain.shift_calendar import day_ends
from redrabbit.domain.text import compared_name
from redrabbit.services import badges, people_at_server
from redrabbit.services.people import people_named
from redrabbit.services.people_at_server import Newcomer, number_id
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import kept_name, people_numbered
from redrabbit.services.stated_names import id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """What one row says of one person."""

    row: int
    """Its number in the table, the header being 1."""
    name: str
    employee_number: str | None
    language: PersonLanguage | None
    roles: tuple[Role, ...]
    lines: tuple[str, ...]
    """Empty: all lines."""
    until: date | None
    """The last day of the roles, on the plant's clock."""
    expires: date | None
    """The last day of the account, on the plant's clock."""
    badge: str | None
    """The badge's code."""
    columns: Mapping[str, int] = field(default_factory=dict, compare=False)
    """Where each thing stands in the row, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTaken:
    """What became of one row: whom it is about, and what they were given."""

    row: int
    was: PersonRecord | None
    """The person as they were before; None: the table adds them."""
    name: str
    """What that person was called; of somebody new what the row says."""
    granted: tuple[tuple[Role, str | None], ...]
    """Roles with their lines."""
    has_badge: bool
    """A badge stands for them that did not."""
    withdrawn: frozenset[BadgeId]
    """Badges that were taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a table."""

    added: int = 0
    changed: int = 0
    granted: int = 0
    badges: int = 0
    withdrawn: tuple[PersonRow, ...] = ()
    """Rows with whose roles badges were taken away, as decision 62 says."""
    people: tuple[RowTaken, ...] = field(default=(), compare=False)
    """Row by row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """What is wrong with one cell of a table, or with the table."""

    row: int
    column: int
    found: str
    expected: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleTable:
    """What a table says: its rows, and everything that is wrong with it."""

    rows: tuple[PersonRow, ...]
    problems: tuple[CellProblem, ...]


ReadTable = Callable[[bytes, str, Plant], PeopleTable]
"""Reads a stranger's file, of this name, with bounds on what that may take."""

COLUMN_OF: Final[Mapping[str, str]] = {
    "auditor_needs_end": "expires",
    "badge_issued_already": "badge",
    "badge_taken": "badge",
    "employee_number_taken": "employee_number",
    "end_is_past": "expires",
    "grant_ends_before_it_begins": "until",
    "no_such_line": "lines",
    "own_grant": "roles",
    "role_for_all_lines": "lines",
}
"""The cell of a row that a refusal is about; of all others the name says whose row it is."""


def column_of(row: PersonRow, why: Refusal) -> int:
    """Return in which column of a table the cell stands that a refusal is about, from 1."""
    return row.columns.get(COLUMN_OF.get(why.code, "name"), 1)


class NotImported(Exception):
    """Rows that the rules refuse; nothing was imported."""

    def __init__(self, refused: list[tuple[PersonRow, Refusal]]) -> None:
        self.refused = refused
        super().__init__(f"{len(refused)} rows refused")


def import_people(
    uow: UnitOfWork,
    plant: Plant,
    rows: tuple[PersonRow, ...],
    badge_id_of: Callable[[str], BadgeId],
    *,
    same_name: bool = False,
    by: Actor = SERVER,
) -> Imported:
    """Take every row, or none: NotImported names each that is refused, with why. `by` is whose table it is.

    A row that would give a person the name of another is refused, unless it is known (`same_name`) that they are two.
    """
    told, refused = Imported(), []
    named = None if same_name else people_named(uow)
    before = {person.person_id: person for person in uow.find(PersonRecord)}
    for row in rows:
        try:
            told = _take(uow, plant, row, badge_id_of, told, named=named, before=before, by=by)
        except Refusal as refusal:
            refused.append((row, refusal))
    if refused:
        raise NotImported(refused)
    return told


def _take(
    uow: UnitOfWork,
    plant: Plant,
    row: PersonRow,
    badge_id_of: Callable[[str], BadgeId],
    told: Imported,
    *,
    named: dict[str, list[PersonId]] | None,
    before: Mapping[PersonId, PersonRecord],
    by: Actor,
) -> Imported:
    person, told = _person(uow, plant, row, told, named, by=by)
    missing = [
        (role, line)
        for role in row.roles
        for line in row.lines or (None,)
        if not _has(uow, person.person_id, role, line, _end_of(plant, row.until))
    ]
    held = _held_badges(uow, person.person_id)
    for role, line in missing:
        lines = () if line is None else (line,)
        until_at = _end_of(plant, row.until)
        people_at_server.give_roles(
            uow, plant, person.person_id, (role,), lines=lines, until_at=until_at, by=by
        )
    told = replace(told, granted=told.granted + len(missing))
    withdrawn = held - _held_badges(uow, person.person_id)
    if withdrawn:
        told = replace(told, withdrawn=(*told.withdrawn, row))
    has_badge = row.badge is not None and not _is_theirs(
        uow, badge_id_of(row.badge), person.person_id
    )
    if row.badge is not None and has_badge:
        badges.issue(uow, badge_id_of(row.badge), person.person_id, actor=by)
        told = replace(told, badges=told.badges + 1)
    was = before.get(person.person_id)
    taken = RowTaken(
        row=row.row,
        was=was,
        name=row.name if was is None else kept_name(uow.names(), was.name),
        granted=tuple(missing),
        has_badge=has_badge,
        withdrawn=frozenset(withdrawn),
    )
    return replace(told, people=(*told.people, taken))


def _person(
    uow: UnitOfWork,
    plant: Plant,
    row: PersonRow,
    told: Imported,
    named: dict[str, list[PersonId]] | None,
    *,
    by: Actor,
) -> tuple[PersonRecord, Imported]:
    who = Newcomer(
        name=row.name,
        language=row.language,
        employee_number=row.employee_number,
        expires_at=_end_of(plant, row.expires),
        same_name=True,  # asked here, of all rows at once
    )
    known = _known(uow, row)
    if named is not None:
        _refuse_same_name(row, known, named)
    if known is None:
        added = people_at_server.add(uow, who, by=by)
        if named is not None:
            named.setdefault(compared_name(row.name), []).append(added.person_id)
        return added, replace(told, added=told.added + 1)
    wanted = replace(
        known,
        name=id_of(uow, person_name(row.name)),
        language=row.language or known.language,
        employee_number=number_id(uow, row.employee_number) or known.employee_number,
        expires_at=who.expires_at or known.expires_at,
    )
    if wanted == known:
        return known, told
    number = None if wanted.employee_number is None else uow.names()[wanted.employee_number].name
    anew = replace(
        who,
        language=wanted.language,
        employee_number=number,
        kind=PersonKind(known.kind),
        expires_at=wanted.expires_at,
    )
    changed = people_at_server.change(uow, known, anew, by=by)
    return changed, replace(told, changed=told.changed + 1)


def _refuse_same_name(
    row: PersonRow, known: PersonRecord | None, named: dict[str, list[PersonId]]
) -> None:
    """Refuse a name that another person has, in the plant or further up in the table."""
    have_it = named.get(compared_name(row.name), [])
    if have_it and (known is None or known.person_id not in have_it):
        raise Refusal("same_name", name=row.name, person=have_it[0])


def _known(uow: UnitOfWork, row: PersonRow) -> PersonRecord | None:
    """Return whom a row is about: known by the employee number where it has one, however it is written, else by the name."""
    said = person_name(row.name if row.employee_number is None else row.employee_number)
    if row.employee_number is None:
        said_id = uow.id_of_name(said)
        found = [] if said_id is None else uow.find(PersonRecord, equals("name", said_id))
    else:
        found = people_numbered(uow, said)
    if len(found) > 1:
        raise Refusal("name_of_several", person=said)
    return found[0] if found else None


def _has(
    uow: UnitOfWork, person_id: PersonId, role: Role, line: str | None, until_at: datetime | None
) -> bool:
    grants = uow.find(RoleGrantRecord, equals("person_id", person_id))
    return any(
        (grant.role, grant.line, grant.until_at, grant.revoked_at) == (role, line, until_at, None)
        for grant in grants
    )


def _held_badges(uow: UnitOfWork, person_id: PersonId) -> set[BadgeId]:
    """Return the badges that stand for a person now."""
    issued = uow.find(BadgeRecord, equals("person_id", person_id))
    return {each.badge_id for each in issued if holder_of(each, uow.now) is not None}


def _is_theirs(uow: UnitOfWork, badge_id: BadgeId, person_id: PersonId) -> bool:
    known = uow.get(BadgeRecord, badge_id)
    for_good = known is not None and known.provisional_until is None
    return known is not None and for_good and holder_of(known, uow.now) == person_id


def _end_of(plant: Plant, day: date | None) -> datetime | None:
    return None if day is None else day_ends(plant.zone, day)
