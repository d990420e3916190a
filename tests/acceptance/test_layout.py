"""What is measured in a real browser of how pages lie on a phone, a tablet, a desk and a wall (look.md)."""

from typing import Any

import pytest

from tests.acceptance.test_accessibility import CHROMIUM, PAGES, address, browser, known
from tests.showcase_story import MISSED_RUN

__all__ = ["address", "browser", "known"]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is not installed"),
]

TARGET_PX = 44
SMALL = """least => [...document.querySelectorAll(
    ".button, button, .nav a, .board-nav a, .board-who a, .lang, select, summary.button"
  )].map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width > 0 && (box.width < least || box.height < least))
  .map(([each, box]) => `${each.innerText.trim()} ${Math.round(box.width)} x ${Math.round(box.height)}`)"""
BROKEN = """() => [...document.querySelectorAll(".nav a.item, .board-nav a")].filter(each => {
    const text = document.createRange();
    text.selectNodeContents(each.querySelector("span") ?? each);
    return new Set([...text.getClientRects()].map(line => Math.round(line.top))).size > 1;
  }).map(each => each.innerText)"""


def opened(browser: Any, address: str, size: tuple[int, int], session: str = "") -> Any:
    """Return a page of its own browser, by an administrator where a session is given."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    if session:
        page.context.add_cookies([{"name": "rr_session", "value": session, "url": address}])
    return page


def height_of(page: Any, selector: str) -> float:
    height = page.locator(selector).bounding_box()["height"]
    assert isinstance(height, int | float)
    return height


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 768, 1280])
def test_what_is_tapped_is_large_and_no_word_of_the_navigation_is_broken(
    address: str, browser: Any, width: int, language: str
) -> None:
    page = opened(browser, address, (width, 900))
    found: list[str] = []
    for path in PAGES:
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}", wait_until="load")
        if page.locator(".nav .menu").is_visible():
            page.locator(".nav .menu").click()
            assert page.locator(".nav a.item").first.is_visible()
        found += [f"{path}: small: {each}" for each in page.evaluate(SMALL, TARGET_PX)]
        found += [f"{path}: broken: {each}" for each in page.evaluate(BROKEN)]
    page.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("size", "most_px"), [((768, 1024), 100), ((390, 844), 170)])
def test_the_foot_of_a_station_leaves_room_for_the_steps(
    address: str, browser: Any, size: tuple[int, int], most_px: int, language: str
) -> None:
    """Three rows of it covered them: with the whole foot of a run, whose operator is named beside it."""
    page = opened(browser, address, size)
    page.context.add_cookies([{"name": "rr_badge", "value": "2207", "url": address}])
    page.goto(f"{address}/stations/line1-op50?lang={language}", wait_until="load")
    assert page.locator(".st-foot .primary").is_visible()
    assert page.locator(".st-foot .stated-form").is_visible()
    page.evaluate("document.fonts.ready.then(() => 0)")
    assert height_of(page, ".st-foot") <= most_px
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    page.close()


def test_a_drawing_shows_on_a_phone_that_there_is_more_of_it(address: str, browser: Any) -> None:
    page = opened(browser, address, (390, 844))
    page.goto(f"{address}/runs/{MISSED_RUN}?lang=zh", wait_until="load")
    box = page.locator(".timing-scroll").first
    found = box.evaluate(
        """box => {
          const edge = box.getBoundingClientRect().right;
          const fades = getComputedStyle(box, "::after").position === "sticky";
          box.scrollLeft = box.scrollWidth;
          const drawing = box.querySelector("svg").getBoundingClientRect();
          return {edge, fades, end: drawing.right};
        }"""
    )
    assert found["edge"] <= 390
    assert found["end"] <= found["edge"] + 1
    assert found["fades"]
    page.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_head_of_a_page_is_one_row_on_a_phone(
    known: tuple[str, str, str], browser: Any, language: str
) -> None:
    """Nine items and a name took four rows, before the first word of the page."""
    address, session, _ = known
    page = opened(browser, address, (390, 844), session)
    for path in ("/people", "/tokens", "/account"):
        page.goto(f"{address}{path}?lang={language}", wait_until="load")
        assert height_of(page, ".nav") <= 60, path
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
        page.locator(".nav .menu").click()
        box = page.locator("#menu").bounding_box()
        assert box["y"] >= height_of(page, ".nav") - 8
        assert box["y"] + box["height"] <= 844
    page.locator("#menu a[href='/people']").click()
    page.wait_for_url("**/people*")
    page.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_board_fills_a_wall_and_no_more(
    known: tuple[str, str, str], browser: Any, language: str
) -> None:
    """The row of who is signed in made it scroll by its own height."""
    address, session, _ = known
    for of_whom in ("", session):
        page = opened(browser, address, (1920, 1080), of_whom)
        page.goto(f"{address}/?lang={language}", wait_until="load")
        assert page.locator(".board-who").is_visible()
        assert page.evaluate("document.documentElement.scrollHeight") <= 1080
        sizes = page.evaluate(
            "[...document.querySelectorAll('.tile .how')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) >= 20
        page.close()
