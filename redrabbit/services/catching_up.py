"""Catching up: what came due while nobody looked, a part at a time, while the service answers (L7, R12).

After a long stop, or a clock that was set far ahead, thousands of obligations are to be made and to lapse. Each
part is one transaction of bounded size (`scheduling.step_some`); between two of them whoever else wants to write has
its turn. What is not brought up yet nobody may take for *nothing is due*: pages, `/ready` and `/metrics` say from when
to when it is being caught up (decision 0035).
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.domain.identity import CheckId

REST_S: Final = 0.02
"""Between two parts: whoever waits is committed without the next one."""

log = logging.getLogger("redrabbit.agent")

Part = Callable[[CheckId | None], Awaitable[datetime | None]]
"""Brings one part up, of one check only where it is named; returns since when something is left, None: nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchingUp:
    """What came due in a time is being recorded."""

    since: datetime
    """When the first obligation was due that is not brought up yet; what was due before is on record."""
    until: datetime
    """Up to when it was looked last."""


class CatchUp:
    """Brings obligations up part by part, and knows how far they are."""

    def __init__(self, part: Part, clock: Clock) -> None:
        self._part = part
        self._clock = clock
        self.now: CatchingUp | None = None
        """None: all obligations are up to date."""

    def note(self, left_since: datetime | None) -> None:
        """Note since when obligations are left; None: none is."""
        before, until = self.now, self._clock.now()
        self.now = CatchingUp(since=left_since, until=until) if left_since is not None else None
        if before is None and left_since is not None:
            about = {"since": left_since.isoformat(), "until": until.isoformat()}
            log.warning("catching up with what came due", extra=about)
        elif before is not None and left_since is None:
            log.warning("caught up with what came due", extra={"until": until.isoformat()})

    async def go_on(self) -> None:
        """Bring one part up."""
        self.note(await self._part(None))

    async def finish(self) -> None:
        """Bring all obligations up; StoreTrouble where the database can't."""
        await self.go_on()
        while self.now is not None:
            await self._clock.sleep(REST_S)
            await self.go_on()

    async def finish_one(self, check: CheckId) -> None:
        """Bring up one check, of which somebody starts a run: else its scheduled check would not be known yet."""
        while self.now is not None and await self._part(check) is not None:
            await self._clock.sleep(REST_S)
