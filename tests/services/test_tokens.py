"""A token has an owner, scopes and an end within 400 days (K12)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.domain.acts import AbortRun
from redrabbit.domain.beside import TokenSecret
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import Actor, GrantId, How, LineId, PersonId, RunId
from redrabbit.domain.people_acts import DisablePerson, IssueToken, RevokeRole, RevokeToken
from redrabbit.domain.role import Role
from tests.plants import BEGIN, LINE
from tests.services.people_served import ADMINISTRATOR, a_person, refused, with_administrator
from tests.services.served import START, Served

LONGEST = BEGIN + timedelta(days=400)


def token_for(owner: PersonId) -> IssueToken:
    return IssueToken(
        name="MES",
        person_id=owner,
        scopes=(Scope.RUN, Scope.ALARMS, Scope.RUN),
        line=LINE,
        expires_at=LONGEST,
        secret_digest="ab" * 32,
    )


def secrets(served: Served) -> list[tuple[str, str]]:
    kept = served.database.read_now(lambda reader: reader.rows(TokenSecret))
    return [(each.token_id, each.digest) for each in kept]


async def test_a_program_acts_with_a_token_until_it_is_revoked() -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    token = await served.service.do(token_for(li), ADMINISTRATOR)
    assert token.token_id == "t-0001"
    assert token.allowed == {Scope.RUN, Scope.ALARMS}
    assert secrets(served) == [("t-0001", "ab" * 32)]
    mes = Actor(id=li, how=How.TOKEN, token=token.token_id)
    started = await served.service.do(START, mes)
    assert (started.started_by, started.started_how) == (li, How.TOKEN)
    revoke = RevokeToken(token_id=token.token_id)
    await served.service.do(revoke, ADMINISTRATOR)
    assert secrets(served) == []
    assert await refused(served, revoke) == "no_such_token"
    assert await refused(served, AbortRun(run_id=RunId(started.run_id), reason="x"), mes) == (
        "scope_missing"
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"scopes": ()}, "scopes_required"),
        ({"line": LineId("no")}, "no_such_line"),
        ({"expires_at": BEGIN}, "end_is_past"),
        ({"expires_at": LONGEST + timedelta(seconds=1)}, "token_too_long"),
        ({"line": None}, "scope_beyond_owner"),
        ({"scopes": (Scope.READ, Scope.PAUSE)}, "scope_beyond_owner"),
        ({"person_id": PersonId(ADMINISTRATOR.id)}, "scope_beyond_owner"),
        ({"name": "a\u202eb"}, "text_character"),
        ({"person_id": PersonId("p-0099")}, "no_such_person"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_makes_no_sense_is_no_token(changed: dict[str, Any], code: str) -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    assert await refused(served, replace(token_for(li), **changed)) == code


async def test_nobody_without_rights_owns_a_new_token() -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    await served.service.do(DisablePerson(person_id=li), ADMINISTRATOR)
    assert await refused(served, token_for(li)) == "person_disabled"


async def test_a_token_ends_with_the_role_that_its_owner_had_for_it() -> None:
    served = await with_administrator()
    li = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    token = await served.service.do(token_for(li), ADMINISTRATOR)
    revoke = RevokeRole(person_id=li, grant_id=GrantId("g-0002"))
    await served.service.do(revoke, ADMINISTRATOR)
    mes = Actor(id=li, how=How.TOKEN, token=token.token_id)
    assert await refused(served, START, mes) == "scope_missing"
