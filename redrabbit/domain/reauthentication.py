"""That somebody has shown, just now, who they are: what an electronic signature needs (R20).

How long ago it was is measured by a clock that only goes forward, so that setting the wall clock back makes nothing fresh
again. Kept in memory only: after a restart everybody shows it anew.

Not here: what is shown (a password in the office, a PIN at a station) and to whom (`redrabbit.services.sign_in`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, How

FRESH: Final = timedelta(seconds=60)
"""So long after a person has shown who they are they may sign (R20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthentication:
    """A person has typed what only they know."""

    person_id: str
    how: How
    at: datetime
    """When, by the service's clock, as the ledger will say it."""
    steady_s: float
    """The same by a clock that only goes forward."""
    credential: str | None = None
    """The mark of the password or PIN that was typed: once it is another one, nothing is shown any more. None: nothing is kept of it."""

    def is_fresh(self, steady_s: float) -> bool:
        """Return whether that was within the last minute; `steady_s` is what that clock says now."""
        return 0 <= steady_s - self.steady_s <= FRESH.total_seconds()


def refuse_stale(shown: Reauthentication | None, actor: Actor, steady_s: float) -> Reauthentication:
    """Return what was shown; Refusal where it was nothing, by somebody else, or too long ago."""
    if shown is None or shown.person_id != actor.id or not shown.is_fresh(steady_s):
        raise Refusal("reauthentication_required", within_s=int(FRESH.total_seconds()))
    return shown
