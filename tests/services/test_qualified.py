"""An operator who is not qualified is refused at the start, or the record says so, as the plant wants it (R19)."""

from datetime import datetime, timedelta

import pytest

from redrabbit.domain.acts import StartRun
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.qualification import QualificationGap
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import Actor, How, LineId, PersonId
from redrabbit.domain.people_acts import EnrolScreen, IssueToken, RecordQualification
from redrabbit.domain.people_rules import AskedQualification, PeopleRules
from redrabbit.domain.plant import Line
from redrabbit.domain.records import RunRecord
from redrabbit.domain.role import Role
from tests.plants import BEGIN, OP20, TORQUE_CHECK, a_plant, words
from tests.services.people_served import ADMINISTRATOR, a_person, refused, with_administrator
from tests.services.served import ANNA, Served

START = StartRun(check_id=TORQUE_CHECK, occurrence_id=None, containment_id=None)
ASK, WARN, IGNORE = AskedQualification.ASK, AskedQualification.WARN, AskedQualification.IGNORE


async def served_with(rule: AskedQualification) -> Served:
    return await with_administrator(a_plant(people=PeopleRules(qualification=rule)))


async def qualify(served: Served, whom: Actor, until: datetime) -> None:
    asked = RecordQualification(person_id=PersonId(whom.id), station=OP20, valid_until=until)
    await served.service.do(asked, await a_person(served, "Boss", Role.SHIFT_LEADER))


async def started(served: Served, actor: Actor) -> RunRecord:
    return await served.service.do(START, actor)


async def test_where_the_plant_asks_who_is_not_qualified_is_told_who_is() -> None:
    served = await served_with(ASK)
    li, wang = [await a_person(served, name, Role.OPERATOR) for name in ("Li", "Wang")]
    with pytest.raises(Refusal) as nobody:
        await started(served, li)
    assert (nobody.value.code, nobody.value.params) == (
        "nobody_qualified",
        {"check": TORQUE_CHECK},
    )
    await qualify(served, wang, until=BEGIN + timedelta(days=1))
    with pytest.raises(Refusal) as other:
        await started(served, li)
    assert (other.value.code, other.value.params) == (
        "not_qualified",
        {"check": TORQUE_CHECK, "who": "Wang", "count": 1},
    )
    assert (await started(served, wang)).unqualified is None


@pytest.mark.parametrize(("many", "more"), [(5, ""), (6, " …")])
async def test_at_most_five_are_named_and_all_are_counted(many: int, more: str) -> None:
    served = await served_with(ASK)
    li = await a_person(served, "Li", Role.OPERATOR)
    boss = await a_person(served, "Boss", Role.SHIFT_LEADER)
    for number in range(many):
        one = PersonId((await a_person(served, f"W{number}", Role.OPERATOR)).id)
        asked = RecordQualification(person_id=one, station=OP20)
        await served.service.do(asked, boss)
    with pytest.raises(Refusal) as other:
        await started(served, li)
    assert other.value.params == {
        "check": TORQUE_CHECK,
        "who": f"W0, W1, W2, W3, W4{more}",
        "count": many,
    }


async def test_who_has_no_role_on_the_line_by_which_to_start_is_not_named() -> None:
    """They are qualified and can't help: without a role, with one elsewhere, with one that starts nothing."""
    lines = (*a_plant().lines, Line(id=LineId("line2"), name=words("Line 2")))
    plant = a_plant(people=PeopleRules(qualification=ASK), lines=lines)
    served = await with_administrator(plant)
    li = await a_person(served, "Li", Role.OPERATOR)
    nobody = await a_person(served, "Nobody")
    elsewhere = await a_person(served, "Elsewhere", Role.OPERATOR, line="line2")
    fitter = await a_person(served, "Fitter", Role.MAINTENANCE)
    boss = await a_person(served, "Boss", Role.SHIFT_LEADER)
    for each in (nobody, elsewhere, fitter):
        asked = RecordQualification(person_id=PersonId(each.id), station=OP20)
        await served.service.do(asked, boss)
    assert await refused(served, START, li) == "nobody_qualified"


async def test_a_qualification_that_has_ended_is_none() -> None:
    served = await served_with(WARN)
    li = await a_person(served, "Li", Role.OPERATOR)
    await qualify(served, li, until=BEGIN + timedelta(minutes=1))
    served.pass_time(120)
    await served.read_station()
    assert (await started(served, li)).unqualified is QualificationGap.ENDED


async def test_where_the_plant_warns_the_run_goes_on_and_says_so() -> None:
    served = await served_with(WARN)
    run = await started(served, await a_person(served, "Li", Role.OPERATOR))
    assert run.unqualified is QualificationGap.MISSING
    assert served.types()[-2:] == ["run_started", "run_unqualified"]


@pytest.mark.parametrize("role", [Role.SHIFT_LEADER, Role.QUALITY_ENGINEER])
async def test_who_answers_for_the_operators_is_not_asked(role: Role) -> None:
    served = await served_with(ASK)
    leader = await a_person(served, "Leader", Role.OPERATOR, role)
    assert (await started(served, leader)).unqualified is None


async def test_a_name_that_was_only_said_is_not_qualified() -> None:
    served = await served_with(ASK)
    await served.service.do(EnrolScreen(station=OP20, name="tablet"), ADMINISTRATOR)
    stated = Actor(id=ANNA.id, how=How.STATED, station=OP20)
    assert await refused(served, START, stated) == "nobody_qualified"


async def test_a_program_is_trained_for_nothing_and_not_asked() -> None:
    served = await served_with(ASK)
    owner = PersonId((await a_person(served, "Owner", Role.OPERATOR, line=None)).id)
    ask = IssueToken(
        name="MES",
        person_id=owner,
        scopes=(Scope.RUN,),
        line=None,
        expires_at=BEGIN + timedelta(days=30),
        secret_digest="ab" * 32,
    )
    token = await served.service.do(ask, ADMINISTRATOR)
    program = Actor(id=owner, how=How.TOKEN, token=token.token_id)
    assert (await started(served, program)).unqualified is None


async def test_as_long_as_nobody_is_registered_nobody_is_asked() -> None:
    served = await Served.opened(a_plant(people=PeopleRules(qualification=ASK)))
    assert (await started(served, ANNA)).unqualified is None


async def test_a_plant_that_says_nothing_asks_nobody() -> None:
    served = await served_with(IGNORE)
    li = await a_person(served, "Li", Role.OPERATOR)
    assert (await started(served, li)).unqualified is None
    assert PeopleRules().qualification is IGNORE
