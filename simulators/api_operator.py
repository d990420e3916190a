"""A line operator as a client of the product's public API, with hands in the simulated world.

The thin part: it turns the station's page as JSON into a `Prompt` and an `Action` into a request.
What to do is `simulators.line_operator`'s business. A refusal is an answer, not an error; a product
that is away for a moment is asked again.
"""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from redrabbit.base.clock import Clock
from simulators.line_operator import (
    BY_HAND,
    Act,
    Action,
    Asks,
    DueCheck,
    LineOperator,
    Prompt,
    RunShown,
    do_by_hand,
)
from simulators.plant import SimulatedPlant

LOOK_S = 0.1
"""Between two looks at the station page while there is nothing to do."""
AWAY_S = 0.5
"""Between two tries while the product can't be reached."""
REFUSED = frozenset({404, 409, 422})
"""Statuses with which the product says no."""


class Product:
    """The product's public API, as far as operators use it."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def prompt(self, station: str) -> Prompt:
        """Return what the page of a station asks for."""
        reply = await self._client.get(f"/api/v1/stations/{station}")
        reply.raise_for_status()
        return prompt_from(reply.json())

    async def say(self, action: Action, operator: str) -> bool:
        """Tell the product of an act; return whether it was refused."""
        path, body = request_for(action, operator)
        reply = await self._client.post(path, json=body)
        if reply.status_code in REFUSED:
            return True
        reply.raise_for_status()
        return False


def prompt_from(page: Mapping[str, Any]) -> Prompt:
    """Return the prompt that a station's page, as JSON, gives."""
    run = page.get("run")
    if run is not None:
        return Prompt(
            run=RunShown(
                run_id=run["run"],
                check_id=run.get("check", ""),
                asks=Asks(run["state"]),
                part=run["now_doing"]["part"],
                wants_tap=run["can_tap"],
                reads_codes=False,
            )
        )
    if page.get("no_data_since") is not None:
        return Prompt()  # nobody starts a check at a station that can't be read
    return Prompt(
        due=tuple(
            DueCheck(
                check_id=each["check"],
                occurrence_id=each["occurrence"],
                containment_id=each["containment"],
            )
            for each in page["startable"]
            if each["occurrence"] is not None or each["containment"] is not None
        )
    )


def request_for(action: Action, operator: str) -> tuple[str, dict[str, object]]:
    """Return the path and the body with which an act is told."""
    if action.act is Act.START:
        wanted = {
            "check_id": action.check_id,
            "occurrence_id": action.occurrence_id,
            "containment_id": action.containment_id,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        return "/api/v1/runs", {**given, "operator": operator}
    run = f"/api/v1/runs/{action.run_id}"
    match action.act:
        case Act.SCAN:
            return f"{run}/scan", {"code": action.code, "operator": operator}
        case Act.TAP:
            return f"{run}/presented", {"operator": operator}
        case Act.GIVE_BACK:
            return f"{run}/given-back", {"code": action.code, "operator": operator}
        case Act.CONFIRM:
            return f"{run}/confirm", {"operator": operator}
        case Act.ABORT:
            return f"{run}/abort", {"reason": action.reason, "operator": operator}
        case _:
            raise ValueError(f"{action.act.value} is done by hand, not told")


class ApiOperator:
    """One operator at one station of a simulated plant, following the product's prompts."""

    def __init__(
        self,
        operator: LineOperator,
        station: str,
        *,
        plant: SimulatedPlant,
        product: Product,
        clock: Clock,
        on_act: Callable[[Action, bool], None] = lambda _action, _refused: None,
    ) -> None:
        self.operator = operator
        self.station = station
        self._plant = plant
        self._product = product
        self._clock = clock
        self._on_act = on_act

    async def work(self) -> None:
        """Follow the prompts until cancelled."""
        while True:
            try:
                waited_s = await self.step()
            except httpx2.TransportError:
                waited_s = AWAY_S
            await self._clock.sleep(waited_s)

    async def step(self) -> float:
        """Look at the page once and do what it asks; return how long to wait before the next."""
        prompt = await self._product.prompt(self.station)
        action = self.operator.next_action(prompt)
        if action is None:
            return LOOK_S
        await self._clock.sleep(action.after_s)
        busy_s, refused = 0.0, False
        if action.act in BY_HAND:
            self._plant.driver.catch_up()
            busy_s = do_by_hand(action, self._plant.world, self.station)
        else:
            refused = await self._product.say(action, self.operator.name)
        self.operator.did(action, refused=refused)
        self._on_act(action, refused)
        return busy_s
