"""A served plant that takes only what every database takes: in the middle of a shift.

One check has missed, so a case is open; a run is under way at the other station; a line is paused,
once as a person does it today, and once as an older version let it be done.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from redrabbit.base.clock import Clock
from redrabbit.domain import acts
from redrabbit.domain.facts.occurrence import PauseDeclared
from redrabbit.domain.identity import Actor, CheckId, LineId, PartId, PauseId
from redrabbit.domain.plant import Plant
from redrabbit.services.ports import Database, Reader, UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.web.access import AccessRules
from redrabbit.web.app import create_app
from tests.fakes import JumpClock
from tests.people import sign_in_at
from tests.plants import (
    BEGIN,
    IDLE_SIGNALS,
    LINE,
    OP30,
    TORQUE_CHECK,
    a_check,
    a_plant,
)
from tests.served import ServedPlant

T = TypeVar("T")

RULES = AccessRules(form_secret=b"k" * 32)
ANNA = Actor.stated("2207")
OTHER_CHECK = CheckId("op30-torque")
ZONE = ZoneInfo("Asia/Shanghai")
"""East of Greenwich: the last hours of the year 9999 can't be said there."""

Opening = Callable[[Plant, Clock], Database]
"""Opens the database of a plant."""


class StrictPlant(ServedPlant):
    """A small plant with its web application; no query and no command may ask for too much."""

    def __init__(self, opened: Opening | None = None) -> None:
        other = a_check(OTHER_CHECK, OP30, parts=(PartId("RR-0002"), PartId("GM-0002")))
        calendar = a_plant().calendars[LINE]
        plant = a_plant(a_check(), other, zone=ZONE, calendars={LINE: replace(calendar, zone=ZONE)})
        clock = JumpClock(BEGIN)
        super().__init__(plant, clock, IDLE_SIGNALS)
        self.taken_off = set(IDLE_SIGNALS) - {"part_count"}
        self._database: Database = opened(plant, clock) if opened is not None else self._kept
        self.app: FastAPI = create_app(
            self.service, clock=clock, sign_in=sign_in_at(self.agent), access=RULES
        )

    async def write(self, command: Callable[[UnitOfWork], T]) -> T:
        return await self._database.write(lambda uow: command(_strict(uow)))

    async def read(self, query: Callable[[Reader], T]) -> T:
        return await self._database.read(lambda reader: query(_strict(reader)))

    async def open(self) -> None:
        """Begin the agent's life, and bring the plant into the middle of a shift."""
        await super().open()
        missed = await self.start(TORQUE_CHECK, "2207")
        await self.take(missed, "RR-0001")
        await self.put_on(missed, "RR-0001")
        await self.answer(missed, 0.4, accepted=True)
        await self.take_off(missed)
        await self.give_back(missed, "RR-0001")
        await self.beat()
        await self.take(await self.start(OTHER_CHECK, "2207"), "RR-0002")
        pause = acts.DeclarePause(
            line=LineId(LINE),
            begins_at=BEGIN + timedelta(days=2),
            ends_at=BEGIN + timedelta(days=3),
            reason="inventory",
        )
        await self.service.do(pause, ANNA)
        await self.write(lambda uow: record(uow, OLD_PAUSE, stream=LINE, actor=ANNA))


OLD_PAUSE = PauseDeclared(
    pause_id=PauseId("line1-P-2"),
    line=LINE,
    begins_at=BEGIN + timedelta(days=9000),
    ends_at=datetime(9999, 12, 31, 23, tzinfo=UTC),
    reason_text="an old database holds this",
)
"""No command would record it today (K7)."""


class Strict:
    """A reader or unit of work that takes only what PostgreSQL takes (K6.2)."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def strict(*args: Any, **named: Any) -> Any:
            assert_storable((args, named))
            return found(*args, **named)

        return strict


def _strict(inner: Any) -> Any:
    return Strict(inner)


def assert_storable(value: object) -> None:
    """Fail for what no column holds, however deep it is."""
    match value:
        case str():
            assert "\0" not in value, "PostgreSQL keeps no NUL"
            value.encode("utf-8")
        case int():
            assert -(2**63) <= value < 2**63, "no column holds more than 64 bits"
        case datetime():
            assert value.astimezone(UTC) == value, "no column holds what UTC can't say"
        case Mapping():
            assert_storable((*value.keys(), *value.values()))
        case tuple() | list() | set() | frozenset():
            for one in value:
                assert_storable(one)
        case _ if is_dataclass(value) and not isinstance(value, type):
            assert_storable([getattr(value, field.name) for field in fields(value)])
