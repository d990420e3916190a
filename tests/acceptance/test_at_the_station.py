"""A tablet at a station, as the floor meets it: enrolled, badged in, changed hands, taught in (B28, B29, B40, D45).

The real service over a real socket, and a real browser; a scanner is a keyboard that types fast and ends with Enter.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from redrabbit.domain.role import Role
from redrabbit.web.app import create_app
from tests.acceptance.processes import free_port
from tests.acceptance.test_accessibility import ARGUMENTS, AXE, CHROMIUM, RULES
from tests.people import PASSWORD, PIN, People, sign_in_at
from tests.showcase import ShowcaseClock
from tests.showcase_story import BEGIN, Showcase, told

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]

STATION = "/stations/line1-op20"


@dataclass(frozen=True)
class Words:
    """What the walk reads on pages, in one language."""

    language: str
    scan: str
    badge: str
    taught: str
    proved: str


ENGLISH = Words(
    language="en",
    scan="Scan your badge",
    badge="badge",
    taught="badge taught in for a day",
    proved="badge and PIN",
)
CHINESE = Words(
    language="zh",
    scan="请刷工牌",
    badge="工牌",
    taught="一天内有效",
    proved="工牌和 PIN 码",
)


def registered(showcase: Showcase) -> None:
    """Tell the showcase's story, and register who works there."""
    asyncio.run(told(showcase))
    people = People(showcase.agent, lambda command: asyncio.run(showcase.write(command)))
    for name, code, role in (
        ("Chen Wei", "B-1001", Role.OPERATOR),
        ("Li Na", "B-1002", Role.OPERATOR),
        ("Wang Fang", "B-2001", Role.SHIFT_LEADER),
    ):
        person = people.register(name, role)
        people.badge(person, code)
        people.pin(person)


@pytest.fixture
def address() -> Iterator[str]:
    """The showcase plant with its people, served over a real socket."""
    clock = ShowcaseClock(BEGIN)
    showcase = Showcase(clock)
    with ThreadPoolExecutor(1) as beside:  # the browser's own loop is under way in this thread
        beside.submit(registered, showcase).result()
    port = free_port()
    config = uvicorn.Config(
        create_app(showcase.service, clock=clock, sign_in=sign_in_at(showcase.agent)),
        port=port,
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        living = asyncio.create_task(showcase.live())
        await server.serve()
        living.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


def opened(browser: Any, words: Words, size: tuple[int, int]) -> Any:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="zh-CN" if words.language == "zh" else "en-GB",
        reduced_motion="reduce",
        bypass_csp=True,
    )
    return context.new_page()


def looked_at(page: Any) -> None:
    """Look whether everybody can use the page, and nothing of it is beyond the screen."""
    page.add_script_tag(path=str(AXE))
    result = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    found = [
        f"{violation['id']}: {node['target']}"
        for violation in result["violations"]
        for node in violation["nodes"][:3]
    ]
    assert not found, found
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def a_code(browser: Any, address: str, words: Words) -> str:
    """Return the code that a shift leader makes in the office."""
    page = opened(browser, words, (1280, 800))
    page.goto(f"{address}/sign-in")
    page.fill("[name=name]", "Wang Fang")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}{STATION}/screens")
    page.locator("main button.primary").click()
    code = str(page.locator(".screen-code").inner_text())
    looked_at(page)
    page.context.close()
    return code


def scan(page: Any, code: str) -> None:
    """Let a scanner type a code, without anything in focus."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(code)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def who(page: Any) -> str:
    return str(page.locator(".st-who").inner_text())


@pytest.mark.parametrize(
    ("words", "size"),
    [(ENGLISH, (1024, 768)), (CHINESE, (390, 844))],
    ids=["en-tablet", "zh-phone"],
)
def test_a_tablet_is_enrolled_and_goes_from_hand_to_hand(
    address: str, browser: Any, words: Words, size: tuple[int, int]
) -> None:
    tablet = opened(browser, words, size)
    tablet.goto(f"{address}/enrol")
    looked_at(tablet)
    tablet.fill("[name=code]", a_code(browser, address, words))
    tablet.fill("[name=name]", "tablet left")
    tablet.press("[name=name]", "Enter")
    tablet.wait_for_url(f"{address}{STATION}")
    assert words.scan in tablet.locator("main").inner_text()
    looked_at(tablet)

    scan(tablet, "B-1001")
    assert "Chen Wei" in who(tablet)
    assert words.badge in who(tablet)
    looked_at(tablet)
    scan(tablet, "B-1002")
    assert "Li Na" in who(tablet)

    with tablet.expect_navigation():
        tablet.locator("form[action$='/start'] button").first.click()
    scan(tablet, "B-1001")
    assert "Chen Wei" in who(tablet)
    scan(tablet, "]C1RR-0001")
    assert tablet.locator(".refused").count() == 0

    scan(tablet, "B-2001")
    teach = tablet.locator("form[action$='/teach-in']")
    tablet.locator("details:has(form[action$='/teach-in']) > summary").click()
    looked_at(tablet)
    teach.locator("[name=badge]").fill("B-3001")
    teach.locator("[name=name]").fill("Zhao Min")
    with tablet.expect_navigation():
        teach.locator("button").click()
    assert "Zhao Min" in who(tablet)
    assert words.taught in who(tablet)

    scan(tablet, "B-2001")
    tablet.locator("details:has(form[action$='/pin']) > summary").click()
    tablet.fill("[name=pin]", PIN)
    with tablet.expect_navigation():
        tablet.press("[name=pin]", "Enter")
    assert words.proved in who(tablet)
    tablet.context.close()


def test_a_tablet_that_starts_again_is_still_the_station_s(address: str, browser: Any) -> None:
    """B28: it never signs out; who is there is asked anew."""
    code = a_code(browser, address, ENGLISH)
    tablet = opened(browser, ENGLISH, (1024, 768))
    tablet.goto(f"{address}/enrol?code={code}")
    tablet.fill("[name=name]", "tablet left")
    tablet.press("[name=name]", "Enter")
    tablet.wait_for_url(f"{address}{STATION}")
    kept = tablet.context.cookies()
    tablet.context.close()
    again = opened(browser, ENGLISH, (1024, 768))
    again.context.add_cookies(kept)
    again.goto(f"{address}{STATION}")
    assert ENGLISH.scan in again.locator("main").inner_text()
    again.context.close()
