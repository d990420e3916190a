"""The office, as people meet it: a quality engineer signs a verification; an auditor looks, until the account has ended (R20, D45, D47)."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import uvicorn

from redrabbit.domain.role import Role
from redrabbit.web.app import create_app
from tests.acceptance.processes import free_port
from tests.acceptance.test_accessibility import CHROMIUM, browser
from tests.people import PASSWORD, People, sign_in_at
from tests.showcase import ShowcaseClock
from tests.showcase_story import BEGIN, MISSED_RUN, Showcase, told

__all__ = ["browser"]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]

ENGINEER, AUDITOR = "Chen Wei", "Li Na"
Served = tuple[str, ShowcaseClock]


def registered(showcase: Showcase) -> None:
    """Tell the showcase's story, and register who works in the office."""
    asyncio.run(told(showcase))
    people = People(showcase.agent, lambda command: asyncio.run(showcase.write(command)))
    people.register(ENGINEER, Role.QUALITY_ENGINEER)
    ends_at = showcase.agent.clock.now() + timedelta(hours=2)
    people.register(AUDITOR, Role.AUDITOR, expires_at=ends_at)


@pytest.fixture
def served() -> Iterator[Served]:
    """The showcase plant with its people over a real socket, and its clock."""
    clock = ShowcaseClock(BEGIN)
    showcase = Showcase(clock)
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop is under way in this thread
        beside.submit(registered, showcase).result()
    port = free_port()
    app = create_app(showcase.service, clock=clock, sign_in=sign_in_at(showcase.agent))
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    )

    async def serve() -> None:
        living = asyncio.create_task(showcase.live())
        await server.serve()
        living.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    while thread.is_alive() and not server.started:
        thread.join(timeout=0.05)
    yield f"http://127.0.0.1:{port}", clock
    server.should_exit = True
    thread.join(timeout=20)


def signed_in(browser: Any, address: str, name: str, language: str, size: tuple[int, int]) -> Any:
    """Return a page of somebody who signed in by password."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN" if language == "zh" else "en-GB",
    )
    page = context.new_page()
    sign_in(page, address, name)
    page.wait_for_url(f"{address}/")
    return page


def sign_in(page: Any, address: str, name: str) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize(("language", "size"), [("en", (1280, 800)), ("zh", (390, 844))])
def test_a_verification_is_signed_with_what_was_shown(
    served: Served, browser: Any, language: str, size: tuple[int, int]
) -> None:
    address, _ = served
    page = signed_in(browser, address, ENGINEER, language, size)
    page.goto(f"{address}/runs/{MISSED_RUN}")
    page.locator("#signatures a[href^='/sign/']").click()
    shown = page.locator("pre.signed-text").inner_text()
    assert MISSED_RUN in shown
    assert fits(page)
    page.locator("input[name=meaning]").first.check()
    page.fill("input[name=password]", "not the password 1")
    with page.expect_navigation():
        page.locator("form[action^='/sign/'] button.primary").click()
    page.goto(f"{address}/runs/{MISSED_RUN}")
    assert ENGINEER not in page.locator("#signatures").inner_text(), "signed without who it is"
    page.locator("#signatures a[href^='/sign/']").click()
    page.locator("input[name=meaning]").first.check()
    page.fill("input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.locator("form[action^='/sign/'] button.primary").click()
    page.goto(f"{address}/runs/{MISSED_RUN}")
    signatures = page.locator("#signatures")
    assert ENGINEER in signatures.inner_text()
    assert fits(page)
    with page.expect_navigation():
        signatures.locator("a[href^='/signed/']").click()
    assert MISSED_RUN in page.locator("body").inner_text()
    page.context.close()


@pytest.mark.parametrize(("language", "size"), [("zh", (768, 1024)), ("en", (390, 844))])
def test_an_auditor_looks_and_changes_nothing_until_the_account_has_ended(
    served: Served, browser: Any, language: str, size: tuple[int, int]
) -> None:
    address, clock = served
    page = signed_in(browser, address, AUDITOR, language, size)
    for path in ("/", "/runs", f"/runs/{MISSED_RUN}", "/due", "/containments", "/ledger"):
        page.goto(f"{address}{path}")
        assert page.locator("main form[method=post]").count() == 0, path
        assert fits(page), path
    clock.jump(2 * 3_600)
    answer = page.goto(f"{address}/runs/{MISSED_RUN}")
    assert MISSED_RUN not in page.locator("h1").inner_text()
    assert answer.status in {200, 401, 403}
    sign_in(page, address, AUDITOR)
    assert page.locator("[name=password]").count() == 1, "signed in after the end"
    assert page.locator("main").inner_text().strip()
    page.context.close()
