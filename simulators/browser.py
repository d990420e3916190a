"""A person's browser at the product: it fills forms in as they are shown, and calls the API by its cookies.

Not a browser's engine: pages are looked at for the token of their forms, and for nothing else.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx2

API = "/api/v1"
FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
REQUEST_TIMEOUT_S = 10.0


class FormNotTakenError(Exception):
    """The product showed no form, or did not take what was filled in."""


class Browser:
    """One browser, with cookies of its own."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def fill_in(self, page: str, *, at: str | None = None, **fields: str) -> None:
        """Open a page and send a form of it, to `at` or to the page itself.

        Raises FormNotTakenError where the product does not lead on afterwards.
        """
        shown = await self.client.get(page)
        token = FORM_TOKEN.search(shown.text)
        if token is None:
            raise FormNotTakenError(f"{page} shows no form ({shown.status_code})")
        reply = await self.client.post(
            at or page, data={"form_token": token.group(1), **fields}, follow_redirects=False
        )
        if not reply.is_redirect:
            raise FormNotTakenError(f"{at or page} answered {reply.status_code}")

    async def call(self, path: str, body: Mapping[str, object]) -> Any:
        """Call the API below `API` and return what it answers."""
        reply = await self.client.post(API + path, json=body)
        reply.raise_for_status()
        return reply.json()

    async def read(self, path: str) -> Any:
        """Read from the API below `API`."""
        reply = await self.client.get(API + path)
        reply.raise_for_status()
        return reply.json()


def new_client(base_url: str, *, token: str | None = None) -> httpx2.AsyncClient:
    """Return a client of the product at this address: a browser's, or a program's that has a token."""
    headers = {"origin": base_url} if token is None else {"authorization": f"Bearer {token}"}
    return httpx2.AsyncClient(base_url=base_url, timeout=REQUEST_TIMEOUT_S, headers=headers)
