"""What a token may be for: never more than its owner may, when it is issued and each time it is used.

Nobody gives a program, and so nobody gives themselves by a program, a right that they do not have. Not here: what a program with
a scope may do (`redrabbit.domain.permissions`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.facts.token import Scope, TokenRecord
from redrabbit.domain.permissions import MAY, SCOPES
from redrabbit.domain.rights import is_active, roles_anywhere, roles_of_person
from redrabbit.domain.role import Role

NO_SCOPE: Final[frozenset[Scope]] = frozenset()

READING: Final[Mapping[Scope, frozenset[Role]]] = {
    Scope.READ: frozenset(Role) - {Role.ADMINISTRATOR, Role.SERVICE},
    Scope.LEDGER_READ: frozenset({Role.QUALITY_ENGINEER, Role.AUDITOR}),
}
"""Whose role on any line reads what a token of this scope reads. Administrators read no records."""

_ACTING: Final[Mapping[Scope, frozenset[Role]]] = {
    scope: frozenset[Role].intersection(
        *(MAY[act] for act, asked in SCOPES.items() if asked is scope)
    )
    - {Role.SERVICE}
    for scope in frozenset(SCOPES.values())
}
"""Which roles may do all acts of a scope themselves."""

_ANSWERS_FOR_OTHERS: Final = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})


def scopes_of_owner(
    owner: PersonRecord, grants: Iterable[RoleGrantRecord], line: str | None, at: datetime
) -> frozenset[Scope]:
    """Return the scopes that a token of this owner can have at an instant, on a line; None: on all lines.

    Reading is for the whole plant, with a role on any line; acts are bound to the line.
    """
    given = tuple(grants)
    anywhere = roles_anywhere(owner, given, at)
    there = roles_of_person(owner, given, line, at)
    reading = {scope for scope, roles in READING.items() if roles & anywhere}
    acting = {scope for scope, roles in _ACTING.items() if roles & there}
    return frozenset(reading | acting)


def scopes_of_token(
    token: TokenRecord,
    owner: PersonRecord,
    grants: Iterable[RoleGrantRecord],
    line: str | None,
    at: datetime,
) -> frozenset[Scope]:
    """Return what a token allows at an instant, on a line: what it is for, as far as its owner may that then."""
    if not holds(token, owner, at) or token.line not in {None, line}:
        return NO_SCOPE
    return token.allowed & scopes_of_owner(owner, grants, line, at)


def reading_of_token(
    token: TokenRecord, owner: PersonRecord, grants: Iterable[RoleGrantRecord], at: datetime
) -> frozenset[Scope]:
    """Return the scopes of a token that its owner's roles have on one line or another, at an instant.

    It says what a program may read, and which acts it may ask for; on which line is asked with the act.
    """
    given = tuple(grants)
    if not holds(token, owner, at):
        return NO_SCOPE
    lines = {grant.line for grant in given} if token.line is None else {token.line}
    may = NO_SCOPE.union(*(scopes_of_owner(owner, given, line, at) for line in lines))
    return token.allowed & may


def holds(token: TokenRecord, owner: PersonRecord, at: datetime) -> bool:
    """Tell whether a token is neither revoked nor over, and is of an owner who has rights."""
    in_force = token.revoked_at is None and at < token.expires_at
    return in_force and token.person_id == owner.person_id and is_active(owner, at)


def refuse_beyond_owner(
    scopes: Iterable[Scope],
    owner: PersonRecord,
    grants: Iterable[RoleGrantRecord],
    *,
    line: str | None,
    at: datetime,
    issued_by: str,
) -> None:
    """Refuse a token for more than its owner may on its line.

    A program is not asked what it is trained for. So nobody gives themselves a token that runs verifications, but who
    answers for those who do.
    """
    given = tuple(grants)
    may = scopes_of_owner(owner, given, line, at)
    if issued_by == owner.person_id and not (
        _ANSWERS_FOR_OTHERS & roles_of_person(owner, given, line, at)
    ):
        may -= {Scope.RUN}
    beyond = sorted(frozenset(scopes) - may)
    if beyond:
        raise Refusal(
            "scope_beyond_owner", person=owner.person_id, scopes=", ".join(beyond), line=line
        )
