"""Who is told: whoever has a role on the line, now, and a way to be reached (R10)."""

from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.facts.codec import field_names
from redrabbit.domain.facts.person import PersonKind
from redrabbit.domain.reaching import NOBODY_KNOWN, Reached, Unreached, why_unreached
from redrabbit.domain.records import PersonRecord, RoleGrantRecord
from redrabbit.domain.role import Role
from tests.alarm_rules import NOON

DAY = timedelta(days=1)


def a_person(**changes: Any) -> PersonRecord:
    given: dict[str, Any] = {"person_id": "p-0001", "kind": PersonKind.PERSON, **changes}
    whole: dict[str, Any] = {name: given.get(name) for name in field_names(PersonRecord)}
    return PersonRecord(**whole)


def a_grant(**changes: Any) -> RoleGrantRecord:
    given: dict[str, Any] = {"person_id": "p-0001", "role": Role.SHIFT_LEADER, "line": "line1"}
    given |= {"from_at": NOON, "granted_at": NOON, **changes}
    whole: dict[str, Any] = {name: given.get(name) for name in field_names(RoleGrantRecord)}
    return RoleGrantRecord(**whole)


@pytest.mark.parametrize(
    ("person", "grant", "has_way", "line", "why"),
    [
        (a_person(), a_grant(), True, "line1", None),
        (a_person(), a_grant(), True, None, None),
        (a_person(), a_grant(line=None), True, "line9", None),
        (None, a_grant(), True, "line1", Unreached.UNKNOWN),
        (a_person(disabled_at=NOON), a_grant(), True, "line1", Unreached.DISABLED),
        (a_person(expires_at=NOON), a_grant(), True, "line1", Unreached.EXPIRED),
        (a_person(), a_grant(), True, "line2", Unreached.NO_ROLE),
        (a_person(), a_grant(revoked_at=NOON), True, "line1", Unreached.NO_ROLE),
        (a_person(), a_grant(until_at=NOON), True, None, Unreached.NO_ROLE),
        (a_person(), a_grant(from_at=NOON + DAY), True, "line1", Unreached.NO_ROLE),
        (a_person(), a_grant(), False, "line1", Unreached.NO_WAY),
    ],
)
def test_who_is_told_and_why_not(
    person: PersonRecord | None,
    grant: RoleGrantRecord,
    has_way: bool,
    line: str | None,
    why: Unreached | None,
) -> None:
    assert why_unreached(person, [grant], has_way=has_way, line=line, at=NOON) is why


def test_where_nobody_is_known_a_name_stands_for_nobody() -> None:
    assert NOBODY_KNOWN("4711", "line1") == Reached(None, Unreached.UNKNOWN)
