"""The people of the demo's plant, and how they come to work: told to the product by its pages and its API only.

Whoever registers them (the server, as `redrabbit people` does) gives each what they carry: a badge, or a link to set a
password. Here they set their passwords, the shift leader enrols a tablet at each station, and operators scan their badges.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from redrabbit.base.clock import Clock
from simulators.api_operator import Product
from simulators.browser import Browser, new_client
from simulators.station_screen import StationScreen

TOKEN_LASTS = timedelta(days=30)
"""Longer than anybody lets a demo run."""
ENROLLED_AT_ONCE = 3
"""The product makes an address wait from its sixth try on that has not fitted yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the plant."""

    name: str
    number: str
    """Of the employee."""
    role: str
    """In the product's words."""
    line: str | None = None
    """None: all lines."""


SHIFT_LEADER = Person(name="Gao Feng", number="2001", role="shift_leader")
QUALITY_ENGINEER = Person(name="Liu Yang", number="1003", role="quality_engineer")
ADMINISTRATOR = Person(name="Lin Tao", number="9001", role="administrator")
OFFICE = (
    ADMINISTRATOR,
    QUALITY_ENGINEER,
    SHIFT_LEADER,
    Person(name="Deng Chao", number="3001", role="maintenance"),
    Person(name="Song Jia", number="3002", role="process_engineer"),
    Person(name="Tang Li", number="3003", role="parts_keeper"),
    Person(name="Xu Jing", number="8001", role="auditor"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a person has to be known by, made for one telling of the demo."""

    badge: str | None = None
    """The code of their badge."""
    link: str | None = None
    """The path at which they set their password, once."""
    password: str = ""
    pin: str | None = None


class Office:
    """Who signs in, each in a browser of their own."""

    def __init__(
        self, base_url: str, carried: Mapping[str, Carried], opened: AsyncExitStack
    ) -> None:
        """`carried` is by name; browsers are closed with `opened`."""
        self._base_url = base_url
        self._carried = carried
        self._opened = opened
        self._here: dict[str, Browser] = {}
        self.quality: asyncio.Future[Browser] = asyncio.get_running_loop().create_future()
        """The quality engineer's, once they have come."""

    async def come(self, name: str) -> Browser:
        """Let somebody set their password, by which they are signed in."""
        has = self._carried[name]
        browser = Browser(await self._opened.enter_async_context(new_client(self._base_url)))
        await browser.fill_in(has.link or "", password=has.password, again=has.password)
        self._here[name] = browser
        return browser

    async def all_come(self) -> None:
        """Let everybody come whom the first check does not wait for, and set the PINs.

        One after the other, as the product spaces tries by their address.
        """
        self.quality.set_result(await self.come(QUALITY_ENGINEER.name))
        for name, has in self._carried.items():
            if has.link is not None and name not in self._here:
                await self.come(name)
        for name, browser in self._here.items():
            if (pin := self._carried[name].pin) is not None:
                password = self._carried[name].password
                await browser.fill_in("/account", at="/account/pin", password=password, pin=pin)


@dataclass(frozen=True, slots=True)
class Floor:
    """The plant with its operators at work."""

    product: Product
    """What is looked at, for all operators at once."""
    screens: Mapping[str, StationScreen]
    """By station."""
    office: Office


@asynccontextmanager
async def at_work(
    base_url: str, clock: Clock, carried: Mapping[str, Carried], stations: Mapping[str, str]
) -> AsyncIterator[Floor]:
    """Let operators come to work; `carried` is by name, `stations` says whose each station is.

    Who is not needed for the first check is let in by `Office.all_come`.
    """
    async with AsyncExitStack() as opened:
        office = Office(base_url, carried, opened)
        leader, administrator = await asyncio.gather(
            office.come(SHIFT_LEADER.name), office.come(ADMINISTRATOR.name)
        )
        token = await _token(administrator, clock, owner=leader)
        looks = await opened.enter_async_context(new_client(base_url, token=token))
        product = Product(looks, clock)
        screens = {}
        for station, name in stations.items():
            client = await opened.enter_async_context(new_client(base_url))
            badge = carried[name].badge or ""
            screens[station] = StationScreen(client, station, badge, changed=product.look_again)
        turns = asyncio.Semaphore(ENROLLED_AT_ONCE)

        async def begin(screen: StationScreen) -> None:
            async with turns:
                await screen.enrol(leader)
            await screen.come()

        await asyncio.gather(*(begin(screen) for screen in screens.values()))
        yield Floor(product, screens, office)


async def _token(administrator: Browser, clock: Clock, *, owner: Browser) -> str:
    """Return a token to read with: one look of a program serves all operators. Its owner is who may read."""
    body = {
        "name": "demo floor",
        "owner": (await owner.read("/me"))["person"],
        "scopes": ["read"],
        "expires_at": (clock.now() + TOKEN_LASTS).isoformat(),
    }
    return str((await administrator.call("/tokens", body))["secret"])
