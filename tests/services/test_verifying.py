"""Damage that is found beside the service is an alarm until a whole pass finds none (D62)."""

import asyncio
from dataclasses import replace

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.findings import Finding
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.verifying import VerificationState, damage_alarms, tell_damage
from tests.fakes import JumpClock
from tests.plants import Bench

FOUND = Finding(code="rows_changed", place="runs", params={"block": 3})


class Told:
    """What is told of a state that a test sets."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.clock = JumpClock()
        self.state = VerificationState()
        self.commits = 0

    def ended(self, *findings: Finding) -> None:
        """Let a pass end that began just now."""
        self.state = replace(
            self.state,
            passes=self.state.passes + 1,
            findings=findings,
            whole_since=self.state.whole_since if findings else self.bench.clock.now(),
        )

    async def look(self) -> list[bool]:
        """Let it be looked at; return for each alarm of this kind whether it stands."""
        task = asyncio.create_task(
            tell_damage(self.bench.database, lambda: self.state, self.clock, self._note)
        )
        for _ in range(20):
            self.clock.jump(1)
            await self.clock.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        alarms = self.bench.database.read_now(lambda reader: reader.find(AlarmRecord))
        assert {alarm.kind for alarm in alarms} <= {AlarmKind.DAMAGE_FOUND}
        return [alarm.ended_at is None for alarm in alarms]

    def _note(self) -> None:
        self.commits += 1


async def test_it_is_told_once_and_ends_with_a_whole_pass_that_finds_nothing() -> None:
    told = Told()
    assert await told.look() == []
    told.ended()
    assert await told.look() == []
    told.ended(FOUND)
    assert await told.look() == [True]
    told.ended(FOUND)
    assert await told.look() == [True]
    told.ended()
    assert await told.look() == [False]
    told.ended(FOUND)
    assert await told.look() == [False, True]
    assert told.commits == 3
    assert len(told.bench.database.read_now(damage_alarms)) == 1


async def test_while_the_database_is_away_it_is_tried_again() -> None:
    told = Told()
    told.ended(FOUND)
    write, refused = told.bench.database.write, 0

    async def refusing(command: object) -> object:
        nonlocal refused
        refused += 1
        if refused < 4:
            raise StoreTrouble("away")
        return await write(command)  # type: ignore[arg-type]  # because it is handed on as it came

    told.bench.database.write = refusing  # type: ignore[method-assign,assignment]  # because the database is away
    assert await told.look() == [True]
    assert refused == 4


async def test_damage_that_was_known_before_a_restart_is_told_before_any_pass_has_ended() -> None:
    told = Told()
    told.state = replace(told.state, findings=(FOUND,))
    assert await told.look() == [True]


async def test_an_alarm_of_before_stands_until_a_whole_pass_has_ended_since_the_start() -> None:
    """A mark of before that says nothing of damage, or none at all, ends no alarm."""
    told = Told()
    told.ended(FOUND)
    assert await told.look() == [True]
    told.state = VerificationState(whole_at=told.clock.now(), verified_at=told.clock.now())
    assert await told.look() == [True]
    told.ended()
    assert await told.look() == [False]


async def test_a_pass_that_goes_on_from_before_the_alarm_does_not_end_it() -> None:
    """A mark of before the damage was found that somebody put back ended the alarm, and checkpoints left again."""
    told = Told()
    before = told.bench.clock.now()
    told.bench.pass_time(60)
    told.ended(FOUND)
    assert await told.look() == [True]
    told.state = replace(told.state, passes=2, findings=(), whole_since=before)
    assert await told.look() == [True]
    told.bench.pass_time(60)
    told.ended()
    assert await told.look() == [False]
