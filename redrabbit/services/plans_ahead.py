"""Plans that are to take effect: each is taken over at its instant, without a restart (D44, D52).

Where one does not fit the plant any more it is held back, which is recorded and told, and the plan in force goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.services.agent import SCHEDULE_S, Agent
from redrabbit.services.changing_calendar import DAYS, calendar_days_text, changes_of
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.plan_revisions import hold_back, next_change

LoadDays = Callable[[Mapping[str, str], str | None], tuple[Plant, Mapping[str, str]]]
"""Returns the configuration with what people have set of the calendars."""
LoadRevised = Callable[[Mapping[str, str], str], tuple[Plant, Mapping[str, str]] | str]
"""Returns the configuration with another plan in place of its own; what is wrong with it where that can't be."""

log = logging.getLogger("redrabbit.agent")


class PlansAhead:
    """Watches for the instant of the next plan."""

    def __init__(self, agent: Agent, load: LoadRevised, load_days: LoadDays | None = None) -> None:
        self._agent = agent
        self._load = load
        self._load_days = load_days

    async def run(self) -> None:
        """Take each plan over at its instant, until cancelled."""
        is_logged = False
        while True:
            try:
                next_at = await self.step()
                is_logged = False
            except StoreTrouble as trouble:
                next_at = None
                if not is_logged:
                    log.error("plan to come not taken over", extra={"reason": str(trouble)})  # noqa: TRY400  because trouble is no bug: no traceback
                is_logged = True
            now = self._agent.clock.now()
            wait_s = (next_at - now).total_seconds() if next_at is not None else SCHEDULE_S
            await self._agent.clock.sleep(max(0.0, min(wait_s, SCHEDULE_S)))

    async def step(self) -> datetime | None:
        """Take over what is to be in force by now; return when the next one is to be; StoreTrouble where the database can't."""
        while True:
            change = await self._agent.database.read(next_change)
            if change is None or change.effective_at is None:
                await self._follow_calendars()
                return None
            if change.effective_at > self._agent.clock.now():
                await self._follow_calendars()
                return change.effective_at
            await self._take(change, change.effective_at)

    async def _follow_calendars(self) -> None:
        """Take over what people have set of the calendars since the last look; it counts from now (decision 49)."""
        if self._load_days is None:
            return
        days = await self._agent.database.read(lambda r: calendar_days_text(changes_of(r)))
        if days == self._agent.files.get(DAYS):
            return
        plant, files = await asyncio.to_thread(self._load_days, self._agent.files, days)
        await self._agent.take_over(plant, files)
        log.info("calendars in force", extra={"changed": True})

    async def _take(self, change: PlanRevisionRecord, at: datetime) -> None:
        loaded = await asyncio.to_thread(self._load, self._agent.files, change.content)
        if isinstance(loaded, str):
            log.error("plan to come does not fit", extra={"plan": change.label, "reason": loaded})
            await self._agent.database.write(lambda uow: hold_back(uow, change.digest, loaded))
            self._agent.note_commit()
            return
        plant, files = loaded
        await self._agent.take_over(plant, files, at=at)
        log.info("plan in force", extra={"plan": change.label, "since": at.isoformat()})
