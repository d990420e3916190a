"""Whether a person can be told of an alarm now, and why not (R10).

Told is who has a role on the alarm's line, in force now; of what belongs to no line, who has one on any. Who is
disabled, has expired or has no such role any more is told nothing further: an alarm says what is wrong in a plant.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.rights import is_active, roles_anywhere, roles_of_person


class Unreached(StrEnum):
    """Why a person is not told."""

    UNKNOWN = "unknown"
    """Nobody has this number."""
    DISABLED = "disabled"
    EXPIRED = "expired"
    NO_ROLE = "no_role"
    """They have no role on the line."""
    NO_WAY = "no_way"
    """Nobody has set how they are reached."""


class Reached(NamedTuple):
    """Whom a name in the plant file stands for, and why they can't be told."""

    person_id: str | None
    """None: nobody."""
    why: Unreached | None
    """None: they can be told."""


Reach = Callable[[str, str | None], Reached]
"""Says of a name in the plant file, and a line, whom it stands for and whether they can be told of it now."""


def why_unreached(
    person: PersonRecord | None,
    grants: Iterable[RoleGrantRecord],
    *,
    has_way: bool,
    line: str | None,
    at: datetime,
) -> Unreached | None:
    """Return why a person is not told of what happens on a line, or on none; None: they are."""
    if person is None:
        return Unreached.UNKNOWN
    if person.disabled_at is not None:
        return Unreached.DISABLED
    if not is_active(person, at):
        return Unreached.EXPIRED
    held = tuple(grants)
    roles = (
        roles_anywhere(person, held, at)
        if line is None
        else roles_of_person(person, held, line, at)
    )
    if not roles:
        return Unreached.NO_ROLE
    return None if has_way else Unreached.NO_WAY


def nobody_known(name: str, line: str | None) -> Reached:
    """Say that a name stands for nobody."""
    del name, line
    return Reached(None, Unreached.UNKNOWN)


NOBODY_KNOWN: Final[Reach] = nobody_known
