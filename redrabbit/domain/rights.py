"""Which roles somebody has now, on a line: from people and grants as they are recorded (R19, R47, D45).

A grant is an interval: it holds from when it is given, or from a later first instant, up to, not including, its last. One that was
revoked never holds again, whatever the clock says; who is disabled, or has expired, has no role at all. A
role on one line is none on another, and none for what belongs to no line. Not here: what a role may do
(`redrabbit.domain.permissions`), what a token may be for (`redrabbit.domain.token_rights`).
"""

from collections.abc import Iterable
from datetime import datetime

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.badge import BadgeRecord
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.facts.station_screen import StationScreenRecord
from redrabbit.domain.identity import PersonId
from redrabbit.domain.role import Role

NOBODY: frozenset[Role] = frozenset()


def is_active(person: PersonRecord, at: datetime) -> bool:
    """Tell whether a person has any rights: neither disabled nor expired."""
    return person.disabled_at is None and (person.expires_at is None or at < person.expires_at)


def is_in_force(grant: RoleGrantRecord, at: datetime) -> bool:
    """Tell whether a grant holds at an instant.

    One that was given for at once holds from its entry on, also where the clock was set back behind it since: else such a step took
    the rights of the last hours from everybody. One for later begins by the clock, and every end is by the clock.
    """
    is_for_later = grant.from_at > grant.granted_at
    if grant.revoked_at is not None or (is_for_later and at < grant.from_at):
        return False
    return grant.until_at is None or at < grant.until_at


def roles_of_person(
    person: PersonRecord, grants: Iterable[RoleGrantRecord], line: str | None, at: datetime
) -> frozenset[Role]:
    """Return the roles that a person has at an instant, on a line; `line` None: what belongs to none.

    Grants of others among `grants` give nothing.
    """
    if not is_active(person, at):
        return NOBODY
    return frozenset(
        grant.role
        for grant in grants
        if grant.person_id == person.person_id
        and grant.line in {None, line}
        and is_in_force(grant, at)
    )


def roles_anywhere(
    person: PersonRecord, grants: Iterable[RoleGrantRecord], at: datetime
) -> frozenset[Role]:
    """Return the roles that a person has at an instant on one line or another, or on all."""
    given = tuple(grants)
    return frozenset[Role]().union(
        *(roles_of_person(person, given, grant.line, at) for grant in given)
    )


def stands_at(screens: Iterable[StationScreenRecord], station: str | None) -> bool:
    """Tell whether a station has a screen that was enrolled and not revoked (B28)."""
    return any(screen.station == station and screen.revoked_at is None for screen in screens)


def holder_of(badge: BadgeRecord, at: datetime) -> PersonId | None:
    """Return for whom a badge stands at an instant; None: for nobody."""
    over = badge.provisional_until is not None and badge.provisional_until <= at
    return None if badge.revoked_at is not None or over else badge.person_id


def lasting_administrators(
    people: Iterable[PersonRecord], grants: Iterable[RoleGrantRecord], at: datetime
) -> frozenset[PersonId]:
    """Return who administers the plant with no end in sight: those of whom one must always stay."""
    lasting = {
        grant.person_id
        for grant in grants
        if grant.role is Role.ADMINISTRATOR and grant.until_at is None and is_in_force(grant, at)
    }
    return frozenset(
        person.person_id
        for person in people
        if person.person_id in lasting and person.disabled_at is None and person.expires_at is None
    )


def refuse_last_administrator(before: frozenset[PersonId], after: frozenset[PersonId]) -> None:
    """Refuse a change after which nobody administers the plant any more, where somebody did before."""
    if before and not after:
        raise Refusal("last_administrator", person=min(before))


def refuse_own_grant(actor_id: str, person_id: PersonId) -> None:
    """Refuse a right that somebody would give to themselves."""
    if actor_id == person_id:
        raise Refusal("own_grant", person=person_id)
