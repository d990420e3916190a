"""A line operator as a client of the product's public API, with hands in the simulated world.

The thin part: it turns the station's page as JSON into a `Prompt` and an `Action` into a request.
What to do is `simulators.line_operator`'s business. A refusal is an answer, not an error; a product
that is away for a moment is asked again.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2

from redrabbit.base.clock import Clock
from simulators.browser import API
from simulators.line import StationModel
from simulators.line_operator import (
    BY_HAND,
    TO_WAIT,
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
"""Between two looks at the page while there is nothing to do."""
RUNS_S, OVERVIEW_S = 0.1, 0.5
"""How old what is shown of runs, and of the plant, may be: all operators share one look."""
AWAY_S = 0.5
"""Between two tries while the product can't be reached."""
REFUSED = frozenset({404, 409, 422})
"""Statuses with which the product says no."""
RUNNABLE = frozenset({"open", "due", "overdue"})
MANY_RUNS, MANY_OCCURRENCES = 20, 60
"""Looked at, newest first: more than the demo plant has open."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Stations, what is due, and open cases, as the product shows them."""

    stations: Mapping[str, Mapping[str, Any]]
    occurrences: Sequence[Mapping[str, Any]]
    cases: Sequence[Mapping[str, Any]]

    def due_at(self, station: str) -> tuple[DueCheck, ...]:
        """Return what may be run at a station: the one due first in front, open cases last.

        Nobody starts a check at a station that can't be read.
        """
        if self.stations[station]["no_data_since"] is not None:
            return ()
        open_here = sorted(
            (
                each
                for each in self.occurrences
                if each["station"] == station and each["status"] in RUNNABLE
            ),
            key=lambda each: str(each["due_at"]),
        )
        due = [
            DueCheck(check_id=each["check_id"], occurrence_id=each["occurrence_id"])
            for each in open_here
        ]
        due += [
            DueCheck(
                check_id=case["check_id"],
                occurrence_id=None,
                containment_id=case["containment_id"],
                needs_repair=case["repair_code"] is None,
            )
            for case in self.cases
            if case["station"] == station
        ]
        return tuple(due)


class SharedLook:
    """One answer of the product that all operators use while it is fresh enough."""

    def __init__(self, look: Callable[[], Awaitable[Any]], clock: Clock, fresh_s: float) -> None:
        self._look = look
        self._clock = clock
        self._fresh = timedelta(seconds=fresh_s)
        self._seen: tuple[datetime, Any] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def seen(self) -> Any:
        """Return what was seen last, or look again."""
        async with self._one_at_a_time:
            if self._seen is None or self._clock.now() - self._seen[0] > self._fresh:
                self._seen = (self._clock.now(), await self._look())
            return self._seen[1]

    def forget(self) -> None:
        """Look again before the next answer: something was changed."""
        self._seen = None


class Product:
    """The product's public API, as far as operators use it."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock) -> None:
        self._client = client
        self._overview = SharedLook(self._look_at_plant, clock, OVERVIEW_S)
        self._runs = SharedLook(self._look_at_runs, clock, RUNS_S)

    async def prompt(self, station: StationModel) -> Prompt:
        """Return what the product asks of the operator of a station."""
        for run in await self._runs.seen():
            if run["station"] == station.id and run["state"] != Asks.CLOSED.value:
                return Prompt(run=run_shown(run, station))
        overview: Overview = await self._overview.seen()
        return Prompt(due=overview.due_at(station.id))

    async def say(self, action: Action, operator: str) -> str | None:
        """Tell the product of an act in a stated name; return the code with which it was refused, None if it was done."""
        path, body = request_for(action)
        refused = await refusal_of(self._client, path, {**body, "operator": operator})
        self.look_again()
        return refused

    def look_again(self) -> None:
        """Look again before the next prompt: something was changed."""
        self._runs.forget()
        self._overview.forget()

    async def occurrences(self, check_id: str) -> list[Mapping[str, Any]]:
        """Return the occurrences of a check, newest first."""
        overview: Overview = await self._overview.seen()
        return [each for each in overview.occurrences if each["check_id"] == check_id]

    async def _look_at_runs(self) -> Any:
        return (await self._get(f"/runs?limit={MANY_RUNS}"))["items"]

    async def _look_at_plant(self) -> Overview:
        stations = await self._get_all("/stations")
        occurrences = await self._get(f"/occurrences?limit={MANY_OCCURRENCES}")
        cases = await self._get("/containments?state=open")
        return Overview(
            {each["id"]: each for each in stations}, occurrences["items"], cases["items"]
        )

    async def _get_all(self, path: str) -> list[Any]:
        """Return what stands on all pages of a list."""
        page = await self._get(path)
        found = list(page["items"])
        while page["next"] is not None:
            page = await self._get(f"{path}?cursor={quote(page['next'], safe='')}")
            found += page["items"]
        return found

    async def _get(self, path: str) -> Any:
        reply = await self._client.get(API + path)
        reply.raise_for_status()
        return reply.json()


def run_shown(run: Mapping[str, Any], station: StationModel) -> RunShown:
    """Return a run as its operator sees it, from the API's form of it."""
    return RunShown(
        run_id=run["run_id"],
        check_id=run["check_id"],
        asks=Asks(run["state"]),
        part=run["parts"][run["step"]],
        wants_tap=station.needs_tap,
        wants_start=station.device.prevents,
        places=station.places,
        place_told=station.place_told,
    )


async def refusal_of(
    client: httpx2.AsyncClient, path: str, body: Mapping[str, object]
) -> str | None:
    """Ask for an act, once; return the code with which it was refused, None if it was done."""
    reply = await client.post(API + path, json=body, headers=once())
    if reply.status_code in REFUSED:
        return str(reply.json()["code"])
    reply.raise_for_status()
    return None


def request_for(action: Action) -> tuple[str, dict[str, object]]:
    """Return the path, below `API`, and the body with which an act is told, without who does it."""
    if action.act is Act.REPAIR:
        return f"/containments/{action.containment_id}/repair", {"repair": action.code}
    if action.act is Act.START:
        return "/runs", {
            "check": action.check_id,
            "occurrence": action.occurrence_id,
            "containment": action.containment_id,
        }
    run = f"/runs/{action.run_id}"
    match action.act:
        case Act.TELL:
            return f"{run}/tell", {"of": action.place_told, "value": str(action.place)}
        case Act.SCAN:
            return f"{run}/scan", {"code": action.code}
        case Act.TAP:
            return f"{run}/presented", {}
        case Act.DISOWN:
            return f"{run}/not-the-part", {}
        case Act.GIVE_BACK:
            return f"{run}/given-back", {"code": action.code}
        case Act.CONFIRM:
            return f"{run}/confirm", {}
        case Act.ABORT:
            return f"{run}/abort", {"reason": action.reason}
        case _:
            raise ValueError(f"{action.act.value} is done by hand, not told")


def once() -> Mapping[str, str]:
    """Return the header by which an act is done once, however often it is asked."""
    return {"Idempotency-Key": uuid.uuid4().hex}


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
        says: Callable[[Action], Awaitable[str | None]] | None = None,
        on_act: Callable[[Action, bool], None] = lambda _action, _refused: None,
    ) -> None:
        """`says` tells the product of an act; left out: in the operator's name, as it is stated."""
        self.operator = operator
        self.station = station
        self._model = plant.world.model(station)
        self._plant = plant
        self._product = product
        self._clock = clock
        self._says = says or (lambda action: product.say(action, operator.name))
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
        prompt = await self._product.prompt(self._model)
        action = self.operator.next_action(prompt)
        if action is None:
            return LOOK_S
        await self._clock.sleep(action.after_s)
        busy_s, refused = 0.0, None
        if action.act in BY_HAND:
            self._plant.driver.catch_up()
            busy_s = do_by_hand(action, self._plant.world, self.station)
        else:
            refused = await self._says(action)
        if refused == TO_WAIT:
            return LOOK_S
        self.operator.did(action, refused=refused is not None)
        self._on_act(action, refused is not None)
        return busy_s
