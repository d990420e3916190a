"""The simulated browser at the real product: it gets no further than its forms."""

import httpx2
import pytest

from redrabbit.domain.role import Role
from simulators.browser import Browser, FormNotTakenError
from tests.people import PASSWORD, People
from tests.web.conftest import Visitor

BASE = "http://127.0.0.1:8080"


def browser_at(visitor: Visitor) -> Browser:
    transport = httpx2.ASGITransport(app=visitor.client.app)
    client = httpx2.AsyncClient(transport=transport, base_url=BASE, headers={"origin": BASE})
    return Browser(client)


def people_of(visitor: Visitor) -> People:
    return People(visitor.plant.agent, lambda command: visitor.let(visitor.plant.write(command)))


def test_a_form_that_is_filled_in_signs_in(visitor: Visitor) -> None:
    person = people_of(visitor).register("Liu Yang", Role.QUALITY_ENGINEER)
    browser = browser_at(visitor)
    visitor.let(browser.fill_in("/sign-in", name="Liu Yang", password=PASSWORD))
    assert visitor.let(browser.read("/me"))["person"] == person


def test_what_the_product_does_not_take_is_loud(visitor: Visitor) -> None:
    people_of(visitor).register("Liu Yang", Role.QUALITY_ENGINEER)
    browser = browser_at(visitor)
    with pytest.raises(FormNotTakenError, match="answered"):
        visitor.let(browser.fill_in("/sign-in", name="Liu Yang", password="something else"))
    with pytest.raises(FormNotTakenError, match="shows no form"):
        visitor.let(browser.fill_in("/welcome/nothing", password="x"))
    with pytest.raises(httpx2.HTTPStatusError):
        visitor.let(browser.call("/excuses", {"occurrence": "line1-O-1", "reason": "why"}))
