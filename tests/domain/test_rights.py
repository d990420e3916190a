"""Roles in force: grants are intervals, and what was taken away never gives a right (R47, D45, K12)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.facts.role_grant import RoleGrantRecord
from redrabbit.domain.identity import PersonId
from redrabbit.domain.records import BadgeRecord
from redrabbit.domain.rights import (
    NOBODY,
    holder_of,
    is_active,
    is_in_force,
    lasting_administrators,
    refuse_last_administrator,
    refuse_own_grant,
    roles_anywhere,
    roles_of_person,
    stands_at,
)
from redrabbit.domain.role import Role
from tests.domain.people import NOW, after, grant, person, person_id, screen
from tests.stored import bare

HOURS = st.integers(-48, 48).map(lambda hours: NOW + timedelta(hours=hours))
LINES = st.sampled_from([None, "line1", "line2"])
PEOPLE = st.builds(
    person,
    st.integers(1, 3),
    expires_at=st.none() | HOURS,
    disabled_at=st.none() | HOURS,
)
GRANTS = st.builds(
    grant,
    st.integers(1, 9),
    st.integers(1, 3),
    st.sampled_from(Role),
    line=LINES,
    from_at=HOURS,
    until_at=st.none() | HOURS,
    revoked_at=st.none() | HOURS,
)


def holds_by_the_book(
    somebody: PersonRecord, given_: RoleGrantRecord, line: str | None, at: datetime
) -> bool:
    """Say it again in other words: every single reason why a grant gives nothing."""
    reasons = (
        given_.person_id != somebody.person_id,
        somebody.disabled_at is not None,
        somebody.expires_at is not None and somebody.expires_at <= at,
        given_.revoked_at is not None,
        given_.from_at > at,
        given_.until_at is not None and given_.until_at <= at,
        given_.line is not None and given_.line != line,
    )
    return not any(reasons)


@given(PEOPLE, st.lists(GRANTS), LINES, HOURS)
def test_a_role_is_had_where_one_grant_gives_it_and_nothing_takes_it(
    somebody: PersonRecord, grants: list[RoleGrantRecord], line: str | None, at: datetime
) -> None:
    expected = {g.role for g in grants if holds_by_the_book(somebody, g, line, at)}
    assert roles_of_person(somebody, grants, line, at) == expected
    everywhere = {
        g.role
        for g in grants
        if any(holds_by_the_book(somebody, g, at_line, at) for at_line in (None, "line1", "line2"))
    }
    assert roles_anywhere(somebody, grants, at) == everywhere


@given(GRANTS, HOURS, HOURS, HOURS)
def test_a_grant_is_one_interval(
    given_: RoleGrantRecord, first: datetime, between: datetime, last: datetime
) -> None:
    """What holds at two instants holds at each one between."""
    first, between, last = sorted((first, between, last))
    if is_in_force(given_, first) and is_in_force(given_, last):
        assert is_in_force(given_, between)


@given(PEOPLE, st.lists(GRANTS), LINES, HOURS)
def test_what_is_had_for_no_line_is_had_on_each(
    somebody: PersonRecord, grants: list[RoleGrantRecord], line: str | None, at: datetime
) -> None:
    assert roles_of_person(somebody, grants, None, at) <= roles_of_person(
        somebody, grants, line, at
    )


@pytest.mark.parametrize(
    ("changed", "hours", "holds"),
    [
        ({}, 0, True),
        ({"from_at": after(1)}, 0, False),
        ({"from_at": after(1)}, 1, True),
        ({"until_at": after(1)}, 0.99, True),
        ({"until_at": after(1)}, 1, False),
        ({"revoked_at": after(1)}, 0, False),
        ({"revoked_at": after(-1)}, 0, False),
    ],
    ids=["always", "not yet", "from", "still", "until", "revoked, a clock behind", "revoked"],
)
def test_when_a_grant_holds(changed: dict[str, Any], hours: float, holds: bool) -> None:
    assert is_in_force(grant(1, 1, Role.OPERATOR, **changed), after(hours)) is holds


def test_who_is_disabled_or_expired_has_no_role() -> None:
    grants = [grant(1, 1, Role.QUALITY_ENGINEER)]
    for changed in ({"disabled_at": after(-1)}, {"expires_at": NOW}):
        somebody = person(1, **changed)
        assert not is_active(somebody, NOW)
        assert roles_of_person(somebody, grants, None, NOW) == NOBODY
    soon = person(1, expires_at=after(0.01))
    assert roles_of_person(soon, grants, None, NOW) == {Role.QUALITY_ENGINEER}


def test_a_station_has_a_screen_that_was_not_revoked() -> None:
    assert stands_at([screen("op10")], "op10")
    assert not stands_at([screen("op10")], "op20")
    assert not stands_at([screen("op10")], None)
    assert not stands_at([screen("op10", revoked_at=NOW)], "op10")
    assert not stands_at([], "op10")


def test_a_badge_stands_for_one_person_until_it_is_revoked_or_its_day_is_over() -> None:
    """D45."""
    badge = bare(BadgeRecord, 1, person_id=person_id(1))
    assert holder_of(badge, NOW) == person_id(1)
    for_a_day = replace(badge, provisional_until=after(24))
    assert holder_of(for_a_day, after(23.9)) == person_id(1)
    assert holder_of(for_a_day, after(24)) is None
    assert holder_of(replace(badge, revoked_at=after(-1)), NOW) is None


def test_who_administers_with_no_end_in_sight() -> None:
    admin = Role.ADMINISTRATOR
    people = [
        person(1),
        person(2, disabled_at=NOW),
        person(3, expires_at=after(1)),
        person(4),
        person(5),
        person(6),
    ]
    grants = [
        grant(1, 1, admin),
        grant(2, 2, admin),
        grant(3, 3, admin),
        grant(4, 4, admin, until_at=after(1)),
        grant(5, 5, admin, revoked_at=NOW),
        grant(6, 6, Role.OPERATOR),
    ]
    assert lasting_administrators(people, grants, NOW) == {person_id(1)}


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(["disable", "enable", "revoke", "grant"]))
    )
)
def test_no_row_of_changes_leaves_a_plant_without_an_administrator(
    asked: list[tuple[int, str]],
) -> None:
    """K12: whatever is asked in whatever order, one administrator without an end stays."""
    people = {n: person(n) for n in (1, 2, 3)}
    grants = {1: grant(1, 1, Role.ADMINISTRATOR)}

    def administrators() -> frozenset[Any]:
        return lasting_administrators(people.values(), grants.values(), NOW)

    for number, what in asked:
        before, kept = administrators(), (dict(people), dict(grants))
        if what in {"disable", "enable"}:
            disabled_at = NOW if what == "disable" else None
            people[number] = person(number, disabled_at=disabled_at)
        elif what == "grant":
            grants[number] = grant(number, number, Role.ADMINISTRATOR)
        else:
            grants.pop(number, None)
        try:
            refuse_last_administrator(before, administrators())
        except Refusal:
            people, grants = kept
        assert administrators()


def test_the_last_administrator_is_named() -> None:
    """Where nobody administered before, nothing is refused for it."""
    nobody: frozenset[PersonId] = frozenset()
    refuse_last_administrator(nobody, nobody)
    with pytest.raises(Refusal) as refused:
        refuse_last_administrator(frozenset({person_id(2), person_id(1)}), nobody)
    assert refused.value.params == {"person": "p-0001"}


def test_nobody_grants_to_themselves() -> None:
    refuse_own_grant("p-0002", person_id(1))
    with pytest.raises(Refusal) as refused:
        refuse_own_grant("p-0001", person_id(1))
    assert (refused.value.code, refused.value.params) == ("own_grant", {"person": "p-0001"})


def test_a_clock_that_is_set_back_takes_no_role_that_was_given_for_at_once() -> None:
    """It lasts from its entry on; an end is by the clock, and what was revoked stays so."""
    given = grant(1, 1, Role.ADMINISTRATOR, from_at=NOW, granted_at=NOW, until_at=after(2))
    later = replace(given, from_at=after(1))
    for at, holds, begun in (
        (-5, True, False),
        (0, True, False),
        (1, True, True),
        (2, False, False),
    ):
        assert is_in_force(given, after(at)) is holds, at
        assert is_in_force(later, after(at)) is begun, at
    assert not is_in_force(replace(given, revoked_at=NOW), after(-5))
