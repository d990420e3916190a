"""A plant's own control plan, as a quality engineer brings it: from the file to the first check that it makes due at a station (D44, D45).

In each mode of approval: another person before, another one afterwards, nobody else. The real service over a real socket, and a real browser.
"""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from ruamel.yaml import YAML

from redrabbit.config.plant import read_configuration
from redrabbit.domain.approval import ApprovalMode
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.domain.role import Role
from redrabbit.web.app import create_app
from tests.acceptance.processes import free_port
from tests.acceptance.test_accessibility import CHROMIUM, browser
from tests.acceptance.test_office_walks import fits, signed_in
from tests.people import PASSWORD, People, sign_in_at
from tests.plan_desks import PlanDesk
from tests.showcase import ShowcaseClock
from tests.showcase_story import BEGIN, Showcase

__all__ = ["browser"]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]

REALISTIC = Path(__file__).parents[2] / "station_configs"
AIAG = Path(__file__).parents[1] / "plan_import" / "workbooks" / "01_aiag_en.xlsx"
ENGINEER, OTHER = "Chen Wei", "Zhang Min"
STATION = "/stations/line1-op20"


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, Showcase, ShowcaseClock]]:
    """The plant of a configuration with two quality engineers over a real socket."""
    clock = ShowcaseClock(BEGIN)
    plant, files = read_configuration(folder)
    desk = PlanDesk(plant, files, clock)
    showcase = Showcase(clock, plant)

    def opened() -> None:
        asyncio.run(showcase.open())
        people = People(showcase.agent, lambda command: asyncio.run(showcase.write(command)))
        for name in (ENGINEER, OTHER):
            people.register(name, Role.QUALITY_ENGINEER)

    with ThreadPoolExecutor(1) as beside:  # the browser's own loop is under way in this thread
        beside.submit(opened).result()
    port = free_port()
    app = create_app(
        showcase.service,
        clock=clock,
        sign_in=sign_in_at(showcase.agent),
        look_at_plan=desk.look,
        revised=desk.revised,
    )
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    )

    async def serve() -> None:
        living = [
            asyncio.create_task(showcase.live()),
            asyncio.create_task(desk.ahead(showcase.agent).run()),
        ]
        await server.serve()
        for each in living:
            each.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    while thread.is_alive() and not server.started:
        thread.join(timeout=0.05)
    try:
        yield f"http://127.0.0.1:{port}", showcase, clock
    finally:
        server.should_exit = True
        thread.join(timeout=20)


def press(page: Any, words: str) -> None:
    """Press the button that acts, as a person does."""
    with page.expect_navigation():
        page.locator(words).click()


def brought(page: Any, address: str) -> None:
    """Bring the workbook, answer what is asked, and keep the draft."""
    page.goto(f"{address}/plan")
    press(page, "a[href='/plan/import']")
    page.set_input_files("input[type=file]", AIAG)
    press(page, "#choose button.primary")
    assert "CP-311-07" in page.locator("#read").inner_text()
    assert fits(page)
    for label in page.locator("#questions label:has(input:required)").all():
        of_revision = label.locator("b.mono").get_by_text("revision", exact=True).count() > 0
        label.locator("input").fill("2026-11-02" if of_revision else "moved to another plan")
    press(page, "#questions button.primary")
    assert "20-2" in page.locator("#lines").inner_text()
    press(page, "#keep button.primary")
    assert "CP-311-07 rev 2026-11-02" in page.locator("h1").inner_text()
    assert fits(page)


def approved_by_another(browser: Any, address: str, size: tuple[int, int]) -> None:
    """Sign as approved what another person asks for, or has decided."""
    page = signed_in(browser, address, OTHER, "en", size)
    page.goto(f"{address}/approvals")
    press(page, "main a[href^='/sign/']")
    assert "CP-311-07" in page.locator("pre.signed-text").inner_text()
    page.locator("input[name=meaning][value=approved]").check()
    page.fill("input[name=password]", PASSWORD)
    press(page, "form[action^='/sign/'] button.primary")
    assert OTHER in page.locator("main").inner_text()
    page.context.close()


def only_revision(showcase: Showcase) -> PlanRevisionRecord:
    (found,) = showcase.ask(lambda reader: reader.find(PlanRevisionRecord))
    return found


def in_mode(folder: Path, mode: ApprovalMode) -> Path:
    """Return a plant that wants plans approved in a mode."""
    shutil.copytree(REALISTIC, folder)
    yaml = YAML()
    plant = yaml.load(folder / "plant.yaml")
    plant.setdefault("people", {})["approval"] = {"approve_plan": mode.value}
    yaml.dump(plant, folder / "plant.yaml")
    return folder


@pytest.mark.parametrize(
    ("mode", "language", "size"),
    [
        (ApprovalMode.BEFORE, "en", (1280, 800)),
        (ApprovalMode.AFTER, "zh", (390, 844)),
        (ApprovalMode.ALONE, "zh", (1280, 800)),
    ],
)
def test_the_aiag_workbook_goes_from_upload_to_the_first_due_check(
    tmp_path: Path, browser: Any, mode: ApprovalMode, language: str, size: tuple[int, int]
) -> None:
    with served(in_mode(tmp_path / "plant", mode)) as (address, showcase, clock):
        page = signed_in(browser, address, ENGINEER, language, size)
        brought(page, address)
        revision = page.url
        press(page, "#approve form[action$='/approve'] button.primary")
        if mode is ApprovalMode.BEFORE:
            assert page.locator("#schedule").count() == 0, "approved by who brought it"
        if mode is not ApprovalMode.ALONE:
            approved_by_another(browser, address, size)
            page.goto(revision)
        press(page, "#schedule button.primary")
        effective_at = only_revision(showcase).effective_at
        assert effective_at is not None
        page.goto(f"{address}{STATION}")
        to(clock, effective_at)
        card = page.locator(".start-list .card", has_text="20-2")
        card.wait_for(timeout=10_000)  # it is in force; the check of this shift was open before
        to(clock, effective_at + timedelta(hours=8, seconds=1))
        due = page.locator(".start-list .urgent", has_text="20-2")
        due.wait_for(timeout=10_000)
        assert "RR-0001" in due.inner_text()
        assert fits(page)
        page.context.close()
        assert only_revision(showcase).state is PlanState.IN_FORCE


def to(clock: ShowcaseClock, instant: datetime) -> None:
    clock.jump((instant - clock.now()).total_seconds())
