"""A small plant with much to do: operators who verify all the time, an engineer who interferes.

Everything goes through the public API, and every answer that says yes is kept: what was answered
must be in the records for ever.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from ruamel.yaml import YAML

from redrabbit.configuration_folder import configuration_in
from simulators.api_operator import ApiOperator, Product, once
from simulators.browser import API
from simulators.device import Behaviour
from simulators.line_operator import HumanFault, LineOperator
from simulators.scenarios.demo.story import ROLES, DemoPlant, prepared
from tests.acceptance.processes import CLOCK, LIMIT_S

EVERY_S = 6
OPENS_BEFORE_S, GRACE_S, CLOSES_AFTER_S = 4, 1, 2
BY_HAND_S = 0.6
"""From the scan to the place: with the look before it longer than a place must be free (`domain.place_free`)."""
WRONG_CODE = "RR-0002"
FAULTS = (
    *(HumanFault.NONE,) * 8,
    HumanFault.FORGETS,
    HumanFault.SCANS_WRONG_PART,
    HumanFault.SCANS_TWICE,
    HumanFault.ABORTS,
)
BEHAVIOURS = (
    *(Behaviour.HEALTHY,) * 3,
    *(Behaviour.BLIND,) * 2,
    Behaviour.ALWAYS_REJECTING,
)
SCANS = ("/scan", "/given-back")
"""Acts whose refusals are kept, too (B25)."""
WITHIN = "1500 ms"
"""Less than stations are given, so that a miss is told within one short life."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One request that was answered with yes, or a scan that was refused and kept."""

    path: str
    body: Mapping[str, Any]
    answer: Mapping[str, Any]
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with its key, answered or not."""

    path: str
    content: bytes
    key: str


@dataclass(slots=True)
class BusyPlant:
    """Stations that can be read, and the people around them."""

    plant: DemoPlant
    chance: random.Random
    acknowledged: list[Acknowledged] = field(default_factory=list)
    operators: dict[str, LineOperator] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    """What was asked since the last start, by key."""
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Key → the answer, if it was yes."""
    repeated: Counter[str] = field(default_factory=Counter)
    """How many acts were asked again after a restart: answered before, or cut off."""

    def __post_init__(self) -> None:
        for station, role in ROLES.items():
            self.operators[station] = LineOperator(
                role.name,
                seed=self.plant.seed,
                wrong_code=WRONG_CODE,
                pace=0.05,
                by_hand_s=BY_HAND_S,
                fault_for=lambda _check: self.chance.choice(FAULTS),
            )

    @asynccontextmanager
    async def at_work(self, base_url: str) -> AsyncIterator[None]:
        """Let everybody work against a service for the length of a block."""
        hooks: dict[str, list[Callable[..., Any]]] = {
            "request": [self._note_asked],
            "response": [self._note],
        }
        async with httpx2.AsyncClient(
            base_url=base_url, timeout=LIMIT_S, event_hooks=hooks
        ) as client:
            product = Product(client, CLOCK)
            works = [
                ApiOperator(
                    operator, station, plant=self.plant.plant, product=product, clock=CLOCK
                ).work()
                for station, operator in self.operators.items()
            ]
            tasks = [asyncio.create_task(work) for work in (*works, self._interfere(client))]
            try:
                yield
                for task in tasks:
                    if task.done():
                        task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def ask_again(self, base_url: str) -> None:
        """Ask everything again that was asked in the life before, each with its key (D65).

        What was answered gets the same answer; what was cut off is done now, or was, and is done
        once: asked a third time it gets the answer of the second. So does a refused scan, which is kept
        (B25). Any other refusal did nothing, and may be about what passes: a station that was not read yet.
        """
        async with httpx2.AsyncClient(base_url=base_url, timeout=LIMIT_S) as client:
            for each in self.asked.values():
                told = [await _again(client, each) for _ in range(2)]
                before = self.answers.get(each.key)
                if before is not None:
                    assert _lasting(before) == told[0], (each, before, told)
                if "code" not in told[0] or each.path.endswith(SCANS):
                    assert told[0] == told[1], (each, told)
                self.repeated["answered" if before is not None else "cut off"] += 1
        self.asked.clear()
        self.answers.clear()

    async def _note_asked(self, request: httpx2.Request) -> None:
        key = request.headers.get("Idempotency-Key")
        if request.method == "POST" and key is not None:
            path = request.url.path
            self.asked[key] = Asked(path, request.content, key)

    async def _note(self, response: httpx2.Response) -> None:
        if response.request.method != "POST":
            return
        await response.aread()  # only a whole answer is one
        path = response.request.url.path.removeprefix(API)
        body = _json(response.request.content)
        if response.is_success:
            self.acknowledged.append(Acknowledged(path, body, response.json()))
            self.answers[response.request.headers["Idempotency-Key"]] = response.json()
            return
        self.asked.pop(response.request.headers["Idempotency-Key"], None)  # refused: not done
        if path.endswith("/scan") and response.json()["code"] == "wrong_part":
            self.acknowledged.append(Acknowledged(path, body, response.json(), refused=True))

    async def _interfere(self, client: httpx2.AsyncClient) -> None:
        """Excuse, pause, acknowledge, record stops, tick reactions; devices change, too."""
        while True:
            with suppress(httpx2.TransportError):
                await self.chance.choice(
                    (self._excuse, self._pause, self._see_alarms, self._react, self._change)
                )(client)
            await CLOCK.sleep(self.chance.uniform(0.02, 0.3))

    async def _excuse(self, client: httpx2.AsyncClient) -> None:
        found = (await client.get(f"{API}/occurrences", params={"limit": 20})).json()["items"]
        undecided = [each for each in found if each["decided_at"] is None]
        if undecided and self.chance.random() < 0.3:
            chosen = self.chance.choice(undecided)["occurrence_id"]
            await self._act(client, "/excuses", occurrence=chosen, reason=f"reason {chosen}")

    async def _pause(self, client: httpx2.AsyncClient) -> None:
        line = self.chance.choice(("line1", "line2"))
        now = CLOCK.now()
        body = {"line": line, "reason": "changeover"} | {
            "begins_at": (now + timedelta(seconds=0.5)).isoformat(),
            "ends_at": (now + timedelta(seconds=1.2)).isoformat(),
        }
        declared = await self._act(client, "/pauses", **body)
        if declared is not None and self.chance.random() < 0.5:
            await self._act(client, f"/pauses/{declared['pause_id']}/end")

    async def _see_alarms(self, client: httpx2.AsyncClient) -> None:
        found = (await client.get(f"{API}/alarms", params={"acknowledged": "false"})).json()
        for alarm in found["items"][:3]:
            await self._act(client, f"/alarms/{alarm['alarm_id']}/acknowledge")

    async def _react(self, client: httpx2.AsyncClient) -> None:
        found = (await client.get(f"{API}/containments")).json()
        unclosed = [case for case in found["items"] if case["state"] != "closed"]
        for case in unclosed[:4]:
            where = f"/containments/{case['containment_id']}"
            if case["stopped_at"] is None:
                await self._act(client, f"{where}/stop")
            open_steps = [n for n, step in enumerate(case["reaction"]) if step["done_at"] is None]
            if open_steps:
                await self._act(client, f"{where}/tick", step=open_steps[0])
            elif case["state"] == "reverified":
                await self._act(client, f"{where}/close")

    async def _change(self, _client: httpx2.AsyncClient) -> None:
        station = self.chance.choice(tuple(ROLES))
        self.plant.plant.world.set_behaviour(station, self.chance.choice(BEHAVIOURS))

    async def _act(
        self, client: httpx2.AsyncClient, path: str, **body: object
    ) -> dict[str, Any] | None:
        answer = await client.post(
            API + path, json={"operator": "engineer 77", **body}, headers=once()
        )
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.is_success else None


@asynccontextmanager
async def busy_plant(folder: Path, *, seed: int) -> AsyncIterator[BusyPlant]:
    """Start the plant's faces in this process, its configuration in `folder`/config."""
    async with prepared(folder, seed=seed, clock=CLOCK) as plant:
        hurry(plant.config_dir)
        yield BusyPlant(plant, random.Random(f"{seed}: people"))


def hurry(
    config_dir: Path,
    *,
    every_s: int = EVERY_S,
    opens_before_s: int = OPENS_BEFORE_S,
    closes_after_s: int = CLOSES_AFTER_S,
) -> None:
    """Make every check due every few seconds, devices quick, and tell nobody outside."""
    yaml = YAML()
    text = configuration_in(config_dir).files["control_plan.yaml"]
    (config_dir / "control_plan.xlsx").unlink(missing_ok=True)
    plan = yaml.load(text)
    for check in plan["checks"].values():
        check["schedule"] = f"every {every_s} s"
        check["opens_before"] = f"{opens_before_s} s"
        check["grace"] = f"{GRACE_S} s"
        check["closes_after"] = f"{closes_after_s} s"
    yaml.dump(plan, config_dir / "control_plan.yaml")
    for path in config_dir.glob("line*.yaml"):
        station = yaml.load(path)
        for device in station["devices"].values():
            if not _answers_by_silence(device["rule"]):
                device["rule"]["within"] = WITHIN
        yaml.dump(station, path)
    plant = yaml.load(config_dir / "plant.yaml")
    plant.pop("notifications", None)
    yaml.dump(plant, config_dir / "plant.yaml")


def _answers_by_silence(rule: Mapping[str, Any]) -> bool:
    """Return whether an answer has a time of its own, which must be over within the rule's."""
    return any("stays_off" in rule[answer] for answer in ("detected", "accepted"))


def _json(content: bytes) -> Mapping[str, Any]:

    found: Mapping[str, Any] = json.loads(content)
    return found


async def _again(client: httpx2.AsyncClient, asked: Asked) -> Mapping[str, Any]:
    headers = {"Idempotency-Key": asked.key, "Content-Type": "application/json"}
    answer = await client.post(asked.path, content=asked.content, headers=headers)
    assert answer.status_code < 500, answer.text
    return _lasting(answer.json())


def _lasting(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what of an answer is not as it stands now; of a refusal its code."""
    if "code" in answer and "detail" in answer:
        return {"code": answer["code"]}
    return {name: value for name, value in answer.items() if name != "status"}
