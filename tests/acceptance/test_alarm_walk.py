"""An alarm from raised to taken to ended, as people meet it: in Chinese on a phone, in English at a desk (R10, L5).

A challenge part was not brought back. The band says it on every page and the page of the alarms names who was told; a
person takes it, which ends no band; then says that the part is back, which does.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvicorn

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.challenge_part import PartMissing
from redrabbit.domain.identity import AGENT
from redrabbit.domain.role import Role
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.web.app import create_app
from tests.acceptance.processes import free_port
from tests.acceptance.test_accessibility import ARGUMENTS, CHROMIUM
from tests.people import People, sign_in_at
from tests.showcase import ShowcaseClock
from tests.showcase_story import BEGIN, Showcase

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]

PART = "RR-0001"


@contextmanager
def a_part_is_missing(*, people: bool) -> Iterator[tuple[str, str]]:
    """Serve a plant in which a part was not brought back; with its address, the session of who is on duty."""
    clock = ShowcaseClock(BEGIN)
    showcase = Showcase(clock)
    asyncio.run(showcase.open())
    part = next(each for each in showcase.agent.plant.parts if each.id)
    home = showcase.agent.plant.home_of(part.id)

    def missing(uow: UnitOfWork) -> None:
        fact = PartMissing(part_id=part.id, run_id=None, station="", device=None, box_label=None)
        record(uow, fact, stream=home, actor=AGENT)
        raise_alarm(uow, AlarmKind.NOT_RETURNED, at=uow.now, line=home, part_id=part.id)

    showcase._kept.write_now(missing)
    session = ""
    if people:
        known = People(showcase.agent, showcase._kept.write_now)
        session = known.session(known.register("李娜 Li Na", Role.QUALITY_ENGINEER))
    port = free_port()
    app = create_app(showcase.service, clock=clock, sign_in=sign_in_at(showcase.agent))
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(timeout=0.05)
    yield f"http://127.0.0.1:{port}", session
    server.should_exit = True
    thread.join(timeout=20)


@pytest.mark.parametrize(
    ("language", "size", "words"),
    [
        ("zh", (390, 844), ("接手", "已找到并放回", "最近接手", "没有未处理的报警")),
        ("en", (1280, 800), ("Take", "It is back in its place", "Taken last", "No open alarms")),
    ],
)
def test_an_alarm_is_seen_taken_and_ended(
    language: str, size: tuple[int, int], words: tuple[str, str, str, str]
) -> None:
    from playwright.sync_api import sync_playwright

    take, found, taken, none_open = words
    on_phone = language == "zh"
    with a_part_is_missing(people=on_phone) as (address, session), sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language
        )
        if session:
            context.add_cookies([{"name": "rr_session", "value": session, "url": address}])
        page = context.new_page()
        page.goto(f"{address}/alarms")
        band = page.locator("aside.band")
        assert band.count() == 1
        if not session:
            names = page.locator("input[name=by]:visible")
            assert names.count() == 1, "the name is asked for once"
            names.fill("Li Na")
        page.get_by_role("button", name=take, exact=True).first.click()
        page.wait_for_load_state()
        assert page.get_by_text(none_open).count() == 1
        assert "Li Na" in page.locator("#taken").inner_text()
        assert taken in page.locator("#taken").inner_text()
        assert band.count() == 1, "taking it ends nothing"
        page.goto(f"{address}/stations/line1-op20")
        assert PART in band.inner_text(), "the operator is told, too"
        assert band.bounding_box()["height"] <= 48, "it pushes the work away"
        page.goto(f"{address}/alarms")
        if page.locator("input[name=by]:visible").count():
            page.locator("input[name=by]:visible").fill("Li Na")
        page.get_by_role("button", name=found).click()
        page.wait_for_load_state()
        assert band.count() == 0
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, "it is wider than the screen"
        browser.close()
