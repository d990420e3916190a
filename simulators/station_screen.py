"""The tablet of one station, enrolled, and the operator before it: a badge says who it is (D45).

The product asks anew who is there after five idle minutes and at a change of shift; then the badge is scanned again.
"""

from collections.abc import Callable

import httpx2

from simulators.api_operator import refusal_of, request_for
from simulators.browser import Browser
from simulators.line_operator import Action

NOBODY_HERE = "operator_required"
"""How an act is refused at a screen at which nobody is."""


class StationScreen:
    """A station's own screen, at which one person works."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        station: str,
        badge: str,
        *,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`client` has the screen's cookie once it is enrolled; `changed` is told after each act."""
        self._client = client
        self._station = station
        self._badge = badge
        self._changed = changed

    async def enrol(self, leader: Browser) -> None:
        """Become the station's own, by a code that the leader's browser shows, once."""
        shown = await leader.call(f"/stations/{self._station}/enrolment-codes", {})
        body = {"code": shown["code"], "name": "tablet"}
        await Browser(self._client).call("/enrolments", body)

    async def come(self) -> None:
        """Scan the badge."""
        await Browser(self._client).call(f"/stations/{self._station}/badge", {"code": self._badge})

    async def say(self, action: Action) -> str | None:
        """Do an act as who is there; return the code with which it was refused, None if it was done."""
        path, body = request_for(action)
        refused = await refusal_of(self._client, path, body)
        if refused == NOBODY_HERE:
            await self.come()
            refused = await refusal_of(self._client, path, body)
        self._changed()
        return refused
