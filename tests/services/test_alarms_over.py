"""An alarm about an overdue check ends with it in the record, in plants without rules for steps, too (decision 41)."""

from typing import Any

import pytest

from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.facts.occurrence import OccurrenceRecord
from redrabbit.domain.identity import Actor
from redrabbit.services import planning, scheduling
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.alarms_over import AT_ONE_LOOK, decided_alarms
from redrabbit.services.escalating import Escalating
from redrabbit.services.ports import UnitOfWork
from tests.plants import Bench

LI = Actor.stated("Li")


def an_overdue_bench() -> Bench:
    bench = Bench()
    bench.pass_time(40 * 60)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    return bench


async def looked(bench: Bench) -> dict[str, bool]:
    """Let it be looked once, and say of each kind of alarm whether all of it ended."""
    await Escalating(bench.database, bench.clock, lambda: None, lambda: False).step()
    ended: dict[str, bool] = {}
    for each in bench.database.read_now(lambda reader: reader.find(AlarmRecord)):
        ended[each.kind] = ended.get(each.kind, True) and each.ended_at is not None
    return ended


def occurrence(bench: Bench) -> OccurrenceRecord:
    return bench.database.read_now(lambda reader: reader.find(OccurrenceRecord))[0]


async def test_an_alarm_about_an_overdue_check_stays_until_the_check_is_decided() -> None:
    bench = an_overdue_bench()
    assert await looked(bench) == {"overdue": False}
    due = occurrence(bench).occurrence_id
    bench.write(lambda uow: planning.excuse(uow, due, reason="line rebuilt", actor=LI))
    assert await looked(bench) == {"overdue": True}


async def test_a_lapsed_check_is_overdue_no_more_and_waits_for_a_person() -> None:
    bench = an_overdue_bench()
    bench.pass_time(4 * 3600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    assert await looked(bench) == {"overdue": True, "lapsed": False}


async def test_those_that_a_service_of_before_left_open_end_however_many_there_are() -> None:
    bench = an_overdue_bench()
    due = occurrence(bench)

    def more(uow: UnitOfWork) -> None:
        about: dict[str, Any] = {"line": due.line, "occurrence_id": due.occurrence_id}
        for _ in range(AT_ONE_LOOK + 1):
            raise_alarm(uow, AlarmKind.OVERDUE, at=uow.now, **about)
        planning.excuse(uow, due.occurrence_id, reason="line rebuilt", actor=LI)

    bench.write(more)
    assert len(bench.database.read_now(decided_alarms)) == AT_ONE_LOOK
    assert await looked(bench) == {"overdue": True}


@pytest.mark.parametrize("kind", [AlarmKind.OVERDUE, AlarmKind.MISSED])
async def test_an_alarm_about_no_check_is_left_alone(kind: AlarmKind) -> None:
    bench = Bench()
    bench.write(lambda uow: raise_alarm(uow, kind, at=uow.now))
    assert await looked(bench) == {kind: False}
