"""The showcase plant on the real service, served in the process: no socket, no real clock."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from starlette.testclient import TestClient

from redrabbit.config.people_apart import read_people_apart
from redrabbit.domain.plant import Plant
from redrabbit.services.remembered import RememberedState
from redrabbit.services.sign_in import SignIn
from redrabbit.services.verifying import VerificationState
from redrabbit.services.ways import WaysKnown
from redrabbit.web.access import FORM_COOKIE, AccessRules, form_token
from redrabbit.web.app import create_app
from redrabbit.web.budget import WebBudgets
from redrabbit.web.tls import Tls
from tests.fakes import JumpClock
from tests.people import sign_in_at
from tests.showcase_story import BEGIN, Showcase
from tests.showcase_told import told_before
from tests.web.declared import only_listed

T = TypeVar("T")

RULES = AccessRules(form_secret=b"k" * 32)
NONCE = "a-nonce-of-this-browser"


@dataclass
class Visitor:
    """A browser at the served plant."""

    client: TestClient
    plant: Showcase
    clock: JumpClock
    budgets: WebBudgets
    sign_in: SignIn

    def text(self, path: str, language: str = "en", status: int = 200) -> str:
        """Return a page's HTML, its ids without the element that keeps each in one piece."""
        answer = self.client.get(path, headers={"accept-language": language})
        assert answer.status_code == status, answer.text
        return re.sub(r'<span class="id(?: long)?">([^<]*)</span>', r"\1", answer.text)

    def send(self, path: str, **fields: str | int) -> int:
        """Send a form as this browser would, and return the status of the answer."""
        token = form_token(RULES, NONCE)
        answer = self.client.post(
            path, data={"form_token": token, **fields}, follow_redirects=False
        )
        return answer.status_code

    def be(self, name: str) -> None:
        """State who is at this browser."""
        self.client.cookies.set("rr_badge", name)

    def let(self, happen: Awaitable[T]) -> T:
        """Let something happen in the plant, between two visits."""
        return let(happen)


LEDGER_KEY = "changchun2+3f91c0aa+AUdyb1Zk9pQ2mT7c0xUe4sVb1nRk8yHq5wLz3dJf6gXo"


def let(happen: Awaitable[T]) -> T:
    """Let something happen, where no loop runs."""

    async def happening() -> T:
        return await happen

    return asyncio.run(happening())


def serve(
    rules: AccessRules = RULES,
    address: str = "127.0.0.1",
    *,
    plant: Plant | None = None,
    verification: Callable[[], VerificationState] = VerificationState,
    remembered: Callable[[], RememberedState] = RememberedState,
    tls: Tls | None = None,
    ways: WaysKnown | None = None,
) -> Visitor:
    """Return a browser at a freshly served plant; at the showcase, unless another is given."""
    if plant is None:
        showcase, clock = told_before()
    else:
        clock = JumpClock(BEGIN)
        showcase = Showcase(clock, plant)
        let(showcase.open())
    budgets = WebBudgets()
    sign_in = sign_in_at(showcase.agent)
    app = create_app(
        showcase.service,
        clock=clock,
        sign_in=sign_in,
        access=rules,
        budgets=budgets,
        verification=verification,
        remembered=remembered,
        ways=ways,
        read_people=read_people_apart,
        ledger_key=LEDGER_KEY,
        tls=tls,
    )
    client = TestClient(app, base_url="http://127.0.0.1:8080", client=(address, 50000))
    client.cookies.set(FORM_COOKIE, NONCE)
    only_listed(client)
    return Visitor(client=client, plant=showcase, clock=clock, budgets=budgets, sign_in=sign_in)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """A browser that has opened a page of the showcase plant."""
    found = serve()
    with found.client:
        yield found


@pytest.fixture(scope="session")
def onlooker() -> Iterator[Visitor]:
    """A browser that only looks; shared, because a plant takes its time to set up."""
    found = serve()
    with found.client:
        yield found
