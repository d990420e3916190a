"""A person is answered in time, and an act whose answer was lost is never done twice (decision 0029, D65)."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from redrabbit.domain import acts
from redrabbit.domain.customer_minimum import CustomerMinimum, Least, Unit
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import How
from redrabbit.domain.plan_acts import SchedulePlan, approval_here
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PauseRecord, PlanRevisionRecord, RunRecord
from redrabbit.domain.schedule_rules import EveryShiftStart, ScheduleRule
from redrabbit.domain.schedule_words import parse_schedule
from redrabbit.services import plan_revisions
from redrabbit.services.errors import OutcomeUnknown, StoreTrouble, TroubleWhy
from redrabbit.services.plan_revisions import NewPlan
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader
from tests.plants import LINE, words
from tests.services.served import ANNA, START, Served

SOON_S = 0.05


@pytest.fixture
async def plant() -> Served:
    return await Served.opened()


def impatient(plant: Served) -> LocalPlantService:
    return LocalPlantService(plant.agent, answer_within_s=SOON_S, read_within_s=SOON_S)


def a_pause(now: datetime) -> acts.DeclarePause:
    begins_at = now + timedelta(minutes=1)
    return acts.DeclarePause(
        line=LINE, begins_at=begins_at, ends_at=begins_at + timedelta(hours=1), reason="inventory"
    )


async def test_an_act_whose_answer_is_lost_is_told_as_unknown_and_done_once(
    plant: Served,
) -> None:
    service, act = impatient(plant), a_pause(plant.clock.now())
    anna = await service.stated("Anna")
    plant.answers = asyncio.Event()
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await service.do(act, anna)  # no key: the second is another one
    assert plant.database.read_now(lambda reader: reader.count(PauseRecord)) == 2
    with pytest.raises(OutcomeUnknown):
        await service.do(act, anna, "k-1")
    first = await service.do(act, anna, "k-1")
    assert plant.database.read_now(lambda reader: reader.count(PauseRecord)) == 3
    plant.answers.set()
    await turn()
    assert await service.do(act, anna, "k-1") == first
    assert plant.database.read_now(lambda reader: reader.count(PauseRecord)) == 3


async def test_a_run_whose_start_was_not_answered_goes_on_once_it_is_known(
    plant: Served,
) -> None:
    """What the station's owner knows follows the records, though nobody waits any more."""
    service, act = impatient(plant), START
    anna = await service.stated("Anna")
    plant.answers = asyncio.Event()
    with pytest.raises(OutcomeUnknown):
        await service.do(act, anna, "k-1")
    started = await service.do(act, anna, "k-1")
    assert started.run_id
    plant.answers.set()
    while any(queue.busy for queue in plant.agent.queues.values()):
        await turn()
    plant.answers = None
    aborted = await service.do(acts.AbortRun(run_id=started.run_id, reason="why"), anna, "k-2")
    assert aborted.run_id == started.run_id
    assert plant.database.read_now(lambda reader: reader.count(RunRecord)) == 1


async def test_a_page_that_can_not_be_read_in_time_says_so(plant: Served) -> None:
    service = impatient(plant)

    async def silent(_query: Callable[[Reader], object]) -> object:
        return await asyncio.Event().wait()

    plant.agent.database.read = silent  # type: ignore[method-assign,assignment]  # a database that says nothing
    with pytest.raises(StoreTrouble) as told:
        await service.read(lambda reader: reader.head())
    assert told.value.why is TroubleWhy.NO_ANSWER


async def test_who_gives_up_waiting_takes_back_what_has_not_begun(plant: Served) -> None:
    service = LocalPlantService(plant.agent)
    plant.answers = asyncio.Event()
    asked = asyncio.create_task(service.do(a_pause(plant.clock.now()), ANNA))
    await turn()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


@pytest.mark.parametrize("kind", ["approve", "schedule"])
async def test_no_plan_below_a_customer_s_minimum_is_let_count(plant: Served, kind: str) -> None:
    """Also one that was stored, or approved, before the customer demanded it."""
    demanded = CustomerMinimum(
        programme="h5",
        name=words("H5"),
        lines=frozenset(),
        special=frozenset(),
        least=Least(unit=Unit.SHIFT),
        document="Q-12",
        clause=None,
    )
    revised = a_revised(plant.agent.plant, parse_schedule("daily at 06:00"))
    new = NewPlan(plant=revised, content="-", source_file=None, source_digest=None, answers={})
    draft = plant.database.write_now(
        lambda uow: plan_revisions.store_draft(uow, plant.agent.plant, new, actor=ANNA)
    )
    if kind == "schedule":
        approval = approval_here(draft.digest)
        plant.database.write_now(lambda uow: plan_revisions.approve(uow, approval, actor=ANNA))
    act = (
        approval_here(draft.digest)
        if kind == "approve"
        else SchedulePlan(digest=draft.digest, effective_at=None)
    )
    plant.agent.plant = replace(plant.agent.plant, minima=(demanded,))
    seldom = replace(revised, minima=(demanded,))
    with pytest.raises(Refusal) as refused:
        await LocalPlantService(plant.agent, revised=lambda _: seldom).do(act, ANNA)
    assert refused.value.code == "plan_below_minimum"
    stranger = replace(ANNA, how=How.TOKEN)
    with pytest.raises(Refusal) as refused:  # who may not is told that, and nothing of the plan
        await LocalPlantService(plant.agent, revised=lambda _: seldom).do(act, stranger)
    assert refused.value.code == "not_permitted"
    often = a_revised(seldom, EveryShiftStart())
    done = await LocalPlantService(plant.agent, revised=lambda _: often).do(act, ANNA, "key-1")
    again = await LocalPlantService(plant.agent, revised=lambda _: seldom).do(act, ANNA, "key-1")
    assert again == done  # as it was answered first (D65)
    assert isinstance(done, PlanRevisionRecord)
    assert done.state is {"approve": PlanState.APPROVED, "schedule": PlanState.SCHEDULED}[kind]


def a_revised(plant: Plant, schedule: ScheduleRule) -> Plant:
    checks = tuple(replace(check, schedule=schedule) for check in plant.plan.checks)
    item = InForceItem(kind=InForceKind.PLAN, id="CP-1", revision="B", digest="b" * 64)
    plan = replace(plant.plan, revision="B", checks=checks)
    return replace(plant, plan=plan, in_force=(item,))


async def turn() -> None:
    """Let everything that can run do so."""
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done
