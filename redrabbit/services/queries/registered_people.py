"""The pages of people: who is registered, what they may, what stands for them; and the tokens of programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.facts.credential import CredentialState
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import (
    BadgeRecord,
    CredentialRecord,
    PersonRecord,
    RoleGrantRecord,
    TokenRecord,
)
from redrabbit.domain.rights import holder_of, is_active, is_in_force, roles_anywhere
from redrabbit.domain.role import Role
from redrabbit.domain.role_limits import withdrawn_with
from redrabbit.domain.text import Text
from redrabbit.services.administrators_added import about_whom, open_alarms
from redrabbit.services.people import the_person
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, name_now, names_in
from redrabbit.services.queries.people_told import WayRow, way_rows
from redrabbit.services.queries.qualifications import (
    QualificationChoices,
    QualificationRow,
    qualification_choices,
    qualification_rows,
)
from redrabbit.services.sessions import live_sessions

GRANTED: tuple[Role, ...] = tuple(role for role in Role if role is not Role.SERVICE)
"""What a person is given; a service's right is its token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChoice:
    """A line of the plant, to choose."""

    line: str
    name: Text


class PersonState(StrEnum):
    """Whether a person has any rights."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    """The account's end has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """One role that a person has now: where, and how long."""

    role: Role
    line: str | None
    """None: all lines."""
    until_at: datetime | None
    deputy_for: str
    """Whose deputy they are, by name; empty: nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person in the list."""

    person: str
    name: str
    employee_number: str
    roles: tuple[Role, ...]
    """Anywhere, now."""
    held: tuple[HeldRole, ...]
    """The same with their lines and ends."""
    state: PersonState
    expires_at: datetime | None
    language: PersonLanguage | None
    """None: the plant's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Who is registered."""

    people: tuple[PersonRow, ...]
    added: tuple["AddedRow", ...]
    """Administrators who were made at the server, as long as nobody has looked whether that was right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedRow:
    """Somebody who was made administrator at the server."""

    alarm: str
    person: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """One role of a person that holds, or will."""

    grant: str
    role: Role
    line: str | None
    from_at: datetime
    until_at: datetime | None
    is_in_force: bool
    deputy_for: str
    """Whose deputy they are meanwhile, by name; empty: nobody's."""
    badges_withdrawn: tuple[str, ...]
    """Badges that were taken away with it, as long as nobody has given the person one since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRow:
    """A password or PIN."""

    kind: CredentialKind
    state: CredentialState
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeRow:
    """A badge that stands for the person."""

    badge: str
    issued_at: datetime
    provisional_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """Where the person is signed in."""

    session: str
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    """One person: what they may, and what stands for them."""

    row: PersonRow
    grants: tuple[GrantRow, ...]
    credentials: tuple[CredentialRow, ...]
    badges: tuple[BadgeRow, ...]
    sessions: tuple[SessionRow, ...]
    ways: tuple[WayRow, ...]
    last_day: str
    """Of the account; empty: it has no end."""
    lines: tuple[LineChoice, ...]
    qualifications: tuple[QualificationRow, ...]
    can_be_qualified_for: tuple[QualificationChoices, ...]
    roles: tuple[Role, ...] = GRANTED
    languages: tuple[PersonLanguage, ...] = tuple(PersonLanguage)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token of a program."""

    token: str
    name: str
    owner: str
    owner_name: str
    scopes: tuple[Scope, ...]
    line: str | None
    expires_at: datetime
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage:
    """The tokens that were not revoked, and who may own one."""

    tokens: tuple[TokenRow, ...]
    owners: tuple[PersonRow, ...]
    lines: tuple[LineChoice, ...]
    scopes: tuple[Scope, ...] = tuple(Scope)


def people_page(reader: Reader, now: datetime) -> PeoplePage:
    """Return who is registered, by name."""
    names = names_in(reader)
    found = [(each, about_whom(reader, each)) for each in open_alarms(reader)]
    added = tuple(
        AddedRow(
            alarm=each.alarm_id,
            person=who or "",
            name=name_now(names, who) if who is not None else "",
            at=each.raised_at,
        )
        for each, who in found
    )
    return PeoplePage(people=_people(reader, now), added=added)


def person_page(
    reader: Reader, plant: Plant, person_id: str, now: datetime, *, session: str = ""
) -> PersonPage:
    """Return one person; Refusal where there is none. `session` is the digest of the asker's own."""
    person, names = the_person(reader, person_id), names_in(reader)
    grants = reader.find(RoleGrantRecord, equals("person_id", person_id))
    credentials = reader.find(CredentialRecord, equals("person_id", person_id))
    issued = reader.find(BadgeRecord, equals("person_id", person_id))
    badges = [each for each in issued if holder_of(each, now) is not None]
    return PersonPage(
        row=_row(person, grants, names, now),
        grants=tuple(
            GrantRow(
                grant=each.grant_id,
                role=each.role,
                line=each.line,
                from_at=each.from_at,
                until_at=each.until_at,
                is_in_force=is_in_force(each, now),
                deputy_for=name_now(names, each.deputy_for) if each.deputy_for else "",
                badges_withdrawn=tuple(badge.badge_id for badge in withdrawn_with(each, issued)),
            )
            for each in grants
            if each.revoked_at is None and (each.until_at is None or now < each.until_at)
        ),
        credentials=tuple(
            CredentialRow(kind=each.kind, state=each.state, set_at=each.set_at)
            for each in credentials
        ),
        badges=tuple(
            BadgeRow(
                badge=each.badge_id,
                issued_at=each.issued_at,
                provisional_until=each.provisional_until,
            )
            for each in badges
        ),
        sessions=tuple(
            SessionRow(
                session=each.id,
                created_at=each.created_at,
                seen_at=each.seen_at,
                address=each.address,
                agent=each.agent,
                is_this=each.digest == session,
            )
            for each in live_sessions(reader, person_id, now)
        ),
        ways=way_rows(reader, person_id, names),
        last_day=last_day(person.expires_at, plant.zone),
        lines=_lines(plant),
        qualifications=qualification_rows(reader, person_id, names, now),
        can_be_qualified_for=qualification_choices(plant),
    )


def last_day(ends_at: datetime | None, zone: tzinfo) -> str:
    """Return the plant's day on which something is still good that ends then, as a date field has it; empty: no end."""
    if ends_at is None:
        return ""
    return (ends_at - timedelta(microseconds=1)).astimezone(zone).date().isoformat()


def tokens_page(reader: Reader, plant: Plant, now: datetime) -> TokensPage:
    """Return the tokens that were not revoked, those that end first before the others."""
    names = names_in(reader)
    active = {each.person_id: is_active(each, now) for each in reader.find(PersonRecord)}
    tokens = [each for each in reader.find(TokenRecord) if each.revoked_at is None]
    return TokensPage(
        tokens=tuple(
            TokenRow(
                token=each.token_id,
                name=each.name,
                owner=each.person_id,
                owner_name=name_now(names, each.person_id),
                scopes=tuple(sorted(each.allowed)),
                line=each.line,
                expires_at=each.expires_at,
                holds=now < each.expires_at and active.get(each.person_id, False),
            )
            for each in sorted(tokens, key=lambda each: (each.expires_at, each.number))
        ),
        owners=tuple(row for row in _people(reader, now) if row.state is PersonState.ACTIVE),
        lines=_lines(plant),
    )


def _people(reader: Reader, now: datetime) -> tuple[PersonRow, ...]:
    names = names_in(reader)
    grants: dict[str, list[RoleGrantRecord]] = {}
    for each in reader.find(RoleGrantRecord):
        grants.setdefault(each.person_id, []).append(each)
    rows = (
        _row(person, grants.get(person.person_id, ()), names, now)
        for person in names.people.values()
    )
    return tuple(
        sorted(rows, key=lambda row: (row.state is not PersonState.ACTIVE, row.name.casefold()))
    )


def _row(
    person: PersonRecord, grants: Sequence[RoleGrantRecord], names: Names, now: datetime
) -> PersonRow:
    ended = PersonState.DISABLED if person.disabled_at is not None else PersonState.EXPIRED
    number = person.employee_number
    return PersonRow(
        person=person.person_id,
        name=name_now(names, person.person_id),
        employee_number=name_now(names, number) if number is not None else "",
        roles=tuple(sorted(roles_anywhere(person, grants, now), key=list(Role).index)),
        held=tuple(
            HeldRole(
                role=each.role,
                line=each.line,
                until_at=each.until_at,
                deputy_for=name_now(names, each.deputy_for) if each.deputy_for else "",
            )
            for each in sorted(grants, key=lambda one: (list(Role).index(one.role), one.line or ""))
            if is_active(person, now) and is_in_force(each, now)
        ),
        state=PersonState.ACTIVE if is_active(person, now) else ended,
        expires_at=person.expires_at,
        language=person.language,
    )


def _lines(plant: Plant) -> tuple[LineChoice, ...]:
    return tuple(LineChoice(line=line.id, name=line.name) for line in plant.lines)
