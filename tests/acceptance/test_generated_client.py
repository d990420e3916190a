"""A program whose client was generated from the service's own document, by a generator that is not ours, runs a whole check.

With a token it starts a run and follows the station's prompts; whether the device saw the part, the station's own signals say. Only
a person confirms: with a session, by the same client.
"""

import asyncio
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from redrabbit.base.settings import sqlite_url
from simulators.api_operator import ApiOperator, Overview, once, request_for, run_shown
from simulators.line import StationModel
from simulators.line_operator import Act, Action, Asks, LineOperator, Prompt
from simulators.scenarios.demo.story import prepared
from tests.acceptance.busy_plant import hurry
from tests.acceptance.processes import CLOCK, LIMIT_S, Service, redrabbit
from tests.people import PASSWORD

pytestmark = [pytest.mark.acceptance]

STATION = "line1-op20"
PACKAGE = "client_of_the_plant"
OVER = "occurrence_not_open"
EVERY_S = 30
"""Nearly always open, and long enough for a slow machine: only the start of a run must be within."""
BY_HAND_S = 2.0
"""From the scan to the place: sooner a part is not taken for the scanned one (`domain.place_free`)."""
CALLS = {
    Act.START: ("start_run", "StartRun"),
    Act.TELL: ("tell_of_part", "TellOfPart"),
    Act.SCAN: ("scan_part", "Scan"),
    Act.TAP: ("part_presented", "Act"),
    Act.GIVE_BACK: ("part_given_back", "Scan"),
    Act.CONFIRM: ("confirm_run", "Act"),
}


@dataclass(frozen=True)
class Program:
    """Asks with the generated client: `simulators.api_operator.Product`, of one station."""

    token: Any
    """The client that shows the token."""
    session: Any
    """The client of the person who confirms."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Close the clients at the end."""
        try:
            yield
        finally:
            for client in (self.token, self.session):
                await client.get_async_httpx_client().aclose()

    async def call(self, where: str, *path: str, client: Any = None, **more: Any) -> dict[str, Any]:
        """Call what the document names so, and return what it says of the answer; a refusal is none."""
        told = await self._answer(where, *path, client=client, **more)
        assert "code" not in told, told
        return told

    async def _answer(self, where: str, *path: str, client: Any, **more: Any) -> dict[str, Any]:
        called = importlib.import_module(f"{PACKAGE}.api.{where}")
        answer = await called.asyncio(*path, client=client or self.token, **more)
        told: dict[str, Any] = answer.to_dict()
        return told

    async def prompt(self, station: StationModel) -> Prompt:
        """Return what the station asks for."""
        for run in (await self.call("runs.list_runs", station=station.id))["items"]:
            if run["state"] != Asks.CLOSED.value:
                return Prompt(run=run_shown(run, station))
        stations = (await self.call("plant.list_stations"))["items"]
        owed = (await self.call("obligations.list_occurrences", limit=60))["items"]
        return Prompt(due=Overview({s["id"]: s for s in stations}, owed, ()).due_at(station.id))

    async def say(self, action: Action, _operator: str) -> str | None:
        """Tell the service of an act; what was due a moment ago may be over, anything else is done."""
        name, body = CALLS[action.act]
        told = await self._answer(
            f"runs.{name}",
            *(() if action.run_id is None else (action.run_id,)),
            client=self.session if action.act is Act.CONFIRM else None,
            body=getattr(importlib.import_module(f"{PACKAGE}.models"), body).from_dict(
                request_for(action)[1]
            ),
            idempotency_key=once()["Idempotency-Key"],
        )
        refused: str | None = told.get("code")
        assert refused in (None, OVER), told
        return refused


def generated(url: str, folder: Path) -> None:
    """Generate the client; whatever the generator can't read it would leave out."""
    settings = folder / "generator.yaml"
    settings.write_text("post_hooks: []", encoding="utf-8")  # nobody reads what was made
    told = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
            *("--config", settings),
            *("--url", f"{url}/openapi.json", "--meta", "none", "--output-path", folder / PACKAGE),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=2 * LIMIT_S,
    )
    assert told.returncode == 0, told.stdout + told.stderr


async def signed_in(url: str, token: str, link: str) -> Program:
    """Return the program with its token, and the session of who set a password by a link."""
    package = importlib.import_module(PACKAGE)
    for found_module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        # Not in the midst of the run: the plant answers in this process, and would be silent meanwhile.
        importlib.import_module(found_module.name)
    found = re.search(r"/welcome/\S+", link)
    assert found is not None, link
    async with httpx2.AsyncClient(base_url=url, timeout=LIMIT_S) as browser:
        page = (await browser.get(found[0])).text
        hidden = re.search(r'name="form_token" value="([^"]+)"', page)
        assert hidden is not None, page
        fields = {"form_token": hidden[1], "password": PASSWORD, "again": PASSWORD}
        assert (await browser.post(found[0], data=fields)).status_code == 303
    session = package.Client(base_url=url, headers={"Origin": url}, raise_on_unexpected_status=True)
    program = Program(
        package.AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True),
        session,
    )
    models = importlib.import_module(f"{PACKAGE}.models")
    asked = models.SignInAsked.from_dict({"name": "Li Na", "password": PASSWORD})
    me = await program.call("people.sign_in", client=session, body=asked)
    assert me["name"] == "Li Na"
    return program


async def first_closed(program: Program) -> dict[str, Any] | None:
    """Return the run that was closed; None before."""
    runs = (await program.call("runs.list_runs", station=STATION))["items"]
    return next((run for run in reversed(runs) if run["state"] == Asks.CLOSED.value), None)


async def test_a_generated_client_runs_a_whole_check_with_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "records.sqlite3"
    monkeypatch.syspath_prepend(tmp_path)

    async def told(*asked: str) -> str:
        where = ("--database", sqlite_url(database))
        ended = await asyncio.to_thread(redrabbit, *asked[:2], *where, *asked[2:])
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    async with prepared(tmp_path, seed=4, clock=CLOCK) as plant:
        hurry(plant.config_dir, every_s=EVERY_S, opens_before_s=EVERY_S - 2, closes_after_s=1)
        with Service.forked(tmp_path, plant.config_dir, database) as service:
            await asyncio.to_thread(generated, await service.ready(), tmp_path)
            assert await service.stopped() == 0
        await told("people", "add", "Zhao Qiang", "--role", "administrator")
        link = await told("people", "add", "Li Na", "--role", "shift_leader", "--link")
        await told("people", "add", "Wu Min", "--role", "quality_engineer")
        may = ("--scope", "read", "--scope", "run")
        token = await told("token", "issue", "Cell 4", "--owner", "Wu Min", *may)
        with Service.forked(tmp_path, plant.config_dir, database) as service:
            url = await service.ready()
            program = await signed_in(url, token.split()[-1], link)
            operator = ApiOperator(
                LineOperator("Cell 4", seed=4, wrong_code="", pace=0.05, by_hand_s=BY_HAND_S),
                STATION,
                plant=plant.plant,
                product=program,  # type: ignore[arg-type]  # because only what it is asked for matters
                clock=CLOCK,
            )
            async with program.open(), asyncio.timeout(2 * LIMIT_S):
                while (done := await first_closed(program)) is None:
                    await CLOCK.sleep(await operator.step())
            assert done["outcome"] == "passed"
            assert (done["started_how"], done["confirmed_how"]) == ("token", "password")
