"""A token is for no more than its owner may, when it is issued and each time it is used."""

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.permissions import SCOPES, may
from redrabbit.domain.role import Role
from redrabbit.domain.token_rights import (
    READING,
    reading_of_token,
    refuse_beyond_owner,
    scopes_of_owner,
    scopes_of_token,
)
from tests.domain.people import NOW, after, grant, person, person_id, token

ACTING = frozenset(Scope) - {Scope.READ, Scope.LEDGER_READ}
EVERYTHING = (grant(1, 1, Role.QUALITY_ENGINEER),)


@pytest.mark.parametrize("role", Role)
def test_an_owner_has_a_scope_where_their_role_may_all_its_acts(role: Role) -> None:
    owned = scopes_of_owner(person(1), [grant(1, 1, role)], "line1", NOW)
    for scope in ACTING:
        acts = [act for act, needed in SCOPES.items() if needed is scope]
        is_owned = role is not Role.SERVICE and all(may(frozenset({role}), act) for act in acts)
        assert (scope in owned) == is_owned, scope
    for scope, readers in READING.items():
        assert (scope in owned) == (role in readers), scope


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.QUALITY_ENGINEER, set(Scope)),
        (Role.SHIFT_LEADER, set(Scope) - {Scope.LEDGER_READ}),
        (
            Role.OPERATOR,
            {Scope.READ, Scope.RUN, Scope.PARTS_QUARANTINE, Scope.ALARMS, Scope.EVENTS},
        ),
        (Role.MAINTENANCE, {Scope.READ, Scope.ALARMS, Scope.EVENTS}),
        (Role.PARTS_KEEPER, {Scope.READ, Scope.PARTS_QUARANTINE, Scope.ALARMS}),
        (Role.AUDITOR, {Scope.READ, Scope.LEDGER_READ}),
        (Role.ADMINISTRATOR, set()),
        (Role.SERVICE, set()),
    ],
)
def test_what_each_role_can_lend_to_a_program(role: Role, scopes: set[Scope]) -> None:
    assert scopes_of_owner(person(1), [grant(1, 1, role)], None, NOW) == scopes


def test_acts_are_bound_to_a_line_and_reading_is_not() -> None:
    on_line_1 = [grant(1, 1, Role.SHIFT_LEADER, line="line1")]
    assert Scope.PAUSE in scopes_of_owner(person(1), on_line_1, "line1", NOW)
    assert scopes_of_owner(person(1), on_line_1, "line2", NOW) == {Scope.READ}
    assert scopes_of_owner(person(1), on_line_1, None, NOW) == {Scope.READ}


def test_a_token_is_worth_what_its_owner_may_on_its_line_as_long_as_they_may() -> None:
    mes = token(1, Scope.RUN, Scope.PAUSE, line="line1")
    owner = person(1)
    assert scopes_of_token(mes, owner, EVERYTHING, "line1", NOW) == {Scope.RUN, Scope.PAUSE}
    assert scopes_of_token(token(1, Scope.READ), owner, EVERYTHING, None, NOW) == {Scope.READ}
    operator = [grant(1, 1, Role.OPERATOR)]
    assert scopes_of_token(mes, owner, operator, "line1", NOW) == {Scope.RUN}
    nothing = [
        (mes, owner, EVERYTHING, "line2", NOW),
        (mes, owner, EVERYTHING, None, NOW),
        (mes, owner, EVERYTHING, "line1", after(24)),
        (mes, owner, (), "line1", NOW),
        (mes, owner, [grant(1, 1, Role.QUALITY_ENGINEER, revoked_at=NOW)], "line1", NOW),
        (mes, owner, [grant(1, 2, Role.QUALITY_ENGINEER)], "line1", NOW),
        (mes, person(2), EVERYTHING, "line1", NOW),
        (mes, person(1, disabled_at=after(-1)), EVERYTHING, "line1", NOW),
        (mes, person(1, expires_at=NOW), EVERYTHING, "line1", NOW),
        (token(1, Scope.RUN, revoked_at=after(-1)), owner, EVERYTHING, "line1", NOW),
    ]
    for asked in nothing:
        assert scopes_of_token(*asked) == frozenset()


def test_a_program_reads_the_whole_plant_as_its_owner_does() -> None:
    owner, grants = person(1), [grant(1, 1, Role.OPERATOR, line="line1")]
    reads = token(1, Scope.READ, Scope.LEDGER_READ, Scope.RUN)
    assert reading_of_token(reads, owner, grants, NOW) == {Scope.READ, Scope.RUN}
    elsewhere = token(1, Scope.READ, Scope.RUN, line="line2")
    assert reading_of_token(elsewhere, owner, grants, NOW) == {Scope.READ}
    assert reading_of_token(reads, owner, [], NOW) == frozenset()
    assert reading_of_token(reads, person(1, disabled_at=NOW), grants, NOW) == frozenset()


def refused(*scopes: Scope, role: Role, line: str | None = "line1", by: str = "p-0009") -> object:
    """Return the scopes that are named as beyond the owner; None where nothing is refused."""
    granted = [grant(1, 1, role, line="line1")]
    try:
        refuse_beyond_owner(scopes, person(1), granted, line=line, at=NOW, issued_by=by)
    except Refusal as refusal:
        told = refusal
    else:
        return None
    assert (told.code, told.params["person"]) == ("scope_beyond_owner", person_id(1))
    return told.params["scopes"]


def test_a_token_for_more_than_its_owner_may_is_refused() -> None:
    assert refused(*Scope, role=Role.QUALITY_ENGINEER) is None
    asked = (Scope.READ, Scope.RUN)
    assert refused(*asked, role=Role.ADMINISTRATOR) == "read, run"
    assert refused(*asked, role=Role.AUDITOR) == "run"
    assert refused(*asked, role=Role.OPERATOR) is None
    assert refused(*asked, role=Role.OPERATOR, line=None) == "run"
    assert refused(*asked, role=Role.OPERATOR, line="line2") == "run"


def test_nobody_gives_themselves_by_a_token_what_nobody_asks_a_program() -> None:
    """A program is not asked whether it is trained; an operator is."""
    own = person_id(1)
    assert refused(Scope.READ, Scope.RUN, role=Role.OPERATOR, by=own) == "run"
    for role in (Role.SHIFT_LEADER, Role.QUALITY_ENGINEER):
        assert refused(Scope.READ, Scope.RUN, role=role, by=own) is None
    assert refused(Scope.READ, role=Role.ADMINISTRATOR, by=own) == "read"
