"""A page on a wall follows the service again by itself, whatever happened to its stream (B20, B30).

A real service, a real browser. The board tells in `data-clock` until when it is true, so a board
that follows is one on which that moves.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import CLOCK, Service, free_port
from tests.acceptance.test_accessibility import ARGUMENTS, CHROMIUM

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]

SOON_S = 10.0
"""Five seconds, for a machine that has other things to do as well."""
CLOCK_OF_PAGE = "() => document.querySelector('[data-clock]').dataset.clock"
NOBODY_SEES = """() => {
  Object.defineProperty(document, "hidden", {get: () => true});
  Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
  document.dispatchEvent(new Event("visibilitychange"));
}"""

Refuse = Callable[[Any], None]


@pytest.fixture
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield found
        found.close()


def ready(service: Service) -> str:
    """Wait until a service watches, where the browser's own loop is under way."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(lambda: asyncio.run(service.ready())).result()


def follows(page: Any, within_s: float = SOON_S) -> None:
    """Wait until the page says something newer than now, twice."""
    for _ in range(2):
        before = page.evaluate(CLOCK_OF_PAGE)
        moved = "before => document.querySelector('[data-clock]').dataset.clock !== before"
        page.wait_for_function(moved, arg=before, timeout=within_s * 1000)
    page.locator("#cut-off").wait_for(state="hidden", timeout=within_s * 1000)


def unreachable(route: Any) -> None:
    route.abort("connectionrefused")


def too_many(route: Any) -> None:
    route.fulfill(status=503, headers={"retry-after": "5"}, body="too many look already")


def no_stream(route: Any) -> None:
    route.fulfill(status=200, content_type="text/html", body="<p>a proxy's own page</p>")


def test_a_board_follows_whatever_happens_to_its_stream(
    tmp_path: Path, template: Path, browser: Any
) -> None:
    port = free_port()
    database = tmp_path / "records.sqlite3"
    page = browser.new_page()
    with Service.serve(tmp_path, template, database, "--port", port) as service:
        url = ready(service)
        for refuse in (unreachable, too_many, no_stream):
            page.route("**/live/board*", refuse, times=1)
            page.goto(f"{url}/?lang=en", wait_until="load")
            follows(page)
            assert "proxy" not in page.locator("body").inner_text(), refuse
        page.evaluate(NOBODY_SEES)
        follows(page)
    page.locator("#cut-off").wait_for(state="visible", timeout=30_000)
    assert page.evaluate(CLOCK_OF_PAGE) in page.locator("#cut-off").inner_text()
    with Service.serve(tmp_path, template, database, "--port", port) as service:
        ready(service)
        back_at = CLOCK.now()
        follows(page)
        assert CLOCK.now() - back_at < timedelta(seconds=SOON_S)
    page.close()
