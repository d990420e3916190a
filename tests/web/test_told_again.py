"""Programs read the last messages of an alarm that was told again and again, and that there were more (R10)."""

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.alarm_told import AlarmsTold, ToldStep
from redrabbit.domain.identity import AGENT
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.web.api.alarms import MOST_TOLD
from tests.web.conftest import Visitor


def told_so_often(uow: UnitOfWork, times: int) -> str:
    """Raise an alarm and note this often that somebody was told of it."""
    alarm = raise_alarm(uow, AlarmKind.CLOCK_STEP, at=uow.now)
    for repeat in range(times):
        step = ToldStep(
            alarm_id=alarm, step=1, repeat=repeat, next_at=None, nobody_at=(), unreached=()
        )
        told = AlarmsTold(receivers=("anna",), key=f"k{repeat}", held_for=None, steps=(step,))
        record(uow, told, stream="plant", actor=AGENT)
    return alarm


def test_the_last_ones_are_given_in_their_order(visitor: Visitor) -> None:
    for times, is_cut in ((MOST_TOLD, False), (MOST_TOLD + 3, True)):
        alarm = visitor.let(visitor.plant.write(lambda uow: told_so_often(uow, times)))  # noqa: B023  called at once
        answer = visitor.client.get(f"/api/v1/alarms/{alarm}/told").json()
        repeats = [each["repeat"] for each in answer["told"]]
        assert repeats == list(range(times))[-MOST_TOLD:]
        assert answer["is_cut"] is is_cut
