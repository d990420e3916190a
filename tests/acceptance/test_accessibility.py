"""Every page in a real browser: axe-core finds nothing, nothing overflows, no error is logged.

In both languages and themes, on a desk and in a hand (WCAG 2.2 AA, look.md).
"""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.role import Role
from redrabbit.web.app import create_app
from tests.acceptance.processes import free_port
from tests.people import People, sign_in_at
from tests.showcase import ShowcaseClock
from tests.showcase_story import (
    BEGIN,
    CUT_OFF_RUN,
    DRAFT,
    MISSED_RUN,
    OPEN_CASE,
    Showcase,
    runs_in_every_state,
    told,
)

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[1] / "web" / "vendor" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FOUND_BY_AXE = """rules => axe.run({
  runOnly: {type: "tag", values: rules},
  resultTypes: ["violations"]
})"""
"""All of every violation, and of what passes only one place: pages have thousands of these, and nobody asks for them."""
PAGES = [
    "/",
    "/due",
    "/stations",
    "/stations/line1-op20",
    "/stations/line1-op50",
    "/stations/line2-op30",
    "/stations/line2-op40",
    "/stations/line3-op10",
    "/stations/line4-op10",
    "/stations/line4-op30",
    "/today",
    "/schedule",
    "/schedule/print",
    "/devices",
    "/checks/line1-op20",
    "/verifications",
    "/verifications/print",
    "/runs",
    "/runs?outcome=aborted&line=line4",
    f"/runs/{MISSED_RUN}",
    f"/runs/{CUT_OFF_RUN}",
    "/containments",
    f"/containments/{OPEN_CASE}",
    "/sign/51",  # a part as it was registered
    "/approvals",
    "/receivers",
    "/coverage",
    "/calendar?when=2027",
    "/plan",
    "/plan/import",
    f"/plan/{DRAFT.digest}",
    "/alarms",
    "/ledger",
    "/nowhere",
]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The showcase plant, served over a real socket."""
    clock = ShowcaseClock(BEGIN)
    showcase = Showcase(clock)
    port = free_port()
    config = uvicorn.Config(
        create_app(showcase.service, clock=clock, sign_in=sign_in_at(showcase.agent)),
        port=port,
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    async def tell() -> None:
        await told(showcase)
        await runs_in_every_state(showcase)

    async def serve() -> None:
        living = asyncio.create_task(showcase.live())
        await server.serve()
        living.cancel()

    def work() -> None:  # in a thread of its own: a browser's loop may run in this one already
        asyncio.run(tell())
        asyncio.run(serve())

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive() and not server.started:
        thread.join(timeout=0.05)
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


@pytest.mark.parametrize(
    ("language", "theme", "size"), [("en", "light", (1280, 800)), ("zh", "dark", (390, 844))]
)
def test_every_page_is_accessible(
    address: str, browser: Any, language: str, theme: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=theme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    context.add_cookies([{"name": "rr_badge", "value": "2207", "url": address}])
    found: list[str] = []

    def found_error(error: object) -> None:
        found.append(str(error))

    for path in PAGES:
        page = context.new_page()
        page.on("pageerror", found_error)
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="load")
        for summary in page.locator("details:not([open]) > summary").all()[:1]:
            summary.click()
        page.add_script_tag(path=str(AXE))
        result = page.evaluate(FOUND_BY_AXE, RULES)
        found += [
            f"{path}: {violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"][:3]
        ]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size[0]:
            found.append(f"{path}: {wide} px wide")
        page.close()
    context.close()
    assert not found, "\n".join(found)


CUT_OR_BROKEN = """() => {
  const found = [];
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > edge) found.push("the page is wider than the screen");
  for (const each of document.querySelectorAll(".table-wrap, td"))
    if (each.scrollWidth > each.clientWidth + 1) found.push(`cut: ${each.innerText.slice(0, 60)}`);
  for (const id of document.querySelectorAll(".id")) {
    const text = document.createRange();
    text.selectNodeContents(id);
    const lines = new Set([...text.getClientRects()].map((line) => Math.round(line.top)));
    if (lines.size > 1) found.push(`broken: ${id.textContent}`);
  }
  return found;
}"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 820, 1280, 1920])
def test_no_cell_is_cut_and_no_id_is_broken(
    address: str, browser: Any, width: int, language: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    found: list[str] = []
    for path in PAGES:
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="load")
        found += [f"{path}: {each}" for each in page.evaluate(CUT_OR_BROKEN)]
    page.close()
    assert not found, "\n".join(found)


def test_pages_keep_their_own_security_policy(address: str, browser: Any) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    for path in ("/", "/stations/line1-op20", f"/runs/{MISSED_RUN}", "/docs"):
        page.goto(address + path, wait_until="load")
        page.wait_for_timeout(500)
    page.locator("#swagger .opblock").first.wait_for(timeout=30_000)
    assert complaints == []
    assert page.locator("#swagger .opblock").count() > 20
    page.close()


def test_a_scan_needs_no_focus_and_the_board_follows_by_itself(address: str, browser: Any) -> None:
    """A scanner waits for nothing: not for the scripts that come last, which here never come."""
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    board, station = context.new_page(), context.new_page()
    late: list[Any] = []
    station.route("**/live.js*", lambda route: late.append(route))  # noqa: PLW0108  because playwright writes to it
    board.goto(f"{address}/?lang=en", wait_until="load")
    station.goto(f"{address}/stations/line3-op20?lang=en", wait_until="commit")
    station.get_by_role("button", name="Scan your badge first").first.wait_for()
    station.keyboard.type("2207")
    station.keyboard.press("Enter")
    station.get_by_role("button", name="Start the verification").click()
    station.locator("#do-title").wait_for()
    station.keyboard.type("RR-0012")
    station.keyboard.press("Enter")
    station.get_by_text("Put RR-0012 into the station").wait_for(timeout=10_000)
    running = board.locator("#device-line3-op20 .running")
    running.wait_for(timeout=10_000)
    assert running.inner_text() == "being verified"
    assert len(late) >= 3
    context.close()


@pytest.fixture(scope="module")
def known() -> Iterator[tuple[str, str, str]]:
    """A plant with people: its address, a session of an administrator, and the code of a link."""
    clock = ShowcaseClock(BEGIN)
    showcase = Showcase(clock)
    people = People(showcase.agent, showcase._kept.write_now)
    chen = people.register("陈伟 Chen Wei", Role.ADMINISTRATOR, number="200001")
    li_na = people.register("Li Na", Role.QUALITY_ENGINEER, line="line1")
    people.token(li_na, [Scope.READ, Scope.RUN])
    session, code, port = people.session(chen), people.link(li_na), free_port()
    app = create_app(showcase.service, clock=clock, sign_in=sign_in_at(showcase.agent))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))

    async def serve() -> None:
        await showcase.open()
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    while not server.started:
        thread.join(timeout=0.05)
    yield f"http://127.0.0.1:{port}", session, code
    server.should_exit = True
    thread.join(timeout=20)


@pytest.mark.parametrize(
    ("language", "theme", "size"),
    [
        ("en", "light", (1280, 800)),
        ("zh", "dark", (390, 844)),
        ("zh", "light", (768, 1024)),
        ("en", "dark", (1920, 1080)),
    ],
)
def test_every_page_of_people_is_accessible(
    known: tuple[str, str, str], browser: Any, language: str, theme: str, size: tuple[int, int]
) -> None:
    address, session, code = known
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, bypass_csp=True
    )
    found: list[str] = []
    for path in (
        "/sign-in",
        f"/welcome/{code}",
        "/people",
        "/people/p-0002",
        "/people/import",
        "/tokens",
        "/account",
    ):
        if path == "/people":
            context.add_cookies([{"name": "rr_session", "value": session, "url": address}])
        page = context.new_page()
        page.goto(f"{address}{path}?lang={language}", wait_until="load")
        page.add_script_tag(path=str(AXE))
        result = page.evaluate(FOUND_BY_AXE, RULES)
        found += [f"{path} {each['id']}" for each in result["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path} is wider than the screen")
        assert len(result["passes"]) > 5
        page.close()
    context.close()
    assert found == []
