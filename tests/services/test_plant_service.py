"""A person is answered in time, and an act whose answer was lost is never done twice (decision 0029, D65)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from redrabbit.domain import acts
from redrabbit.domain.records import PauseRecord, RunRecord
from redrabbit.services.errors import OutcomeUnknown, StoreTrouble, TroubleWhy
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import Reader
from tests.plants import LINE
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


async def turn() -> None:
    """Let everything that can run do so."""
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done
