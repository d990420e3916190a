"""HEAD as the beginning of GET: what monitoring tools ask a page for (RFC 9110, 9.3.2).

A stream has no beginning without its body, so there it stays refused.
"""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STREAMS: Final = ("/live/", "/api/v1/events")


def has_head(path: str) -> bool:
    """Return whether HEAD is answered where GET is."""
    return not path.startswith(STREAMS)


class HeadOfGet:
    """Answer HEAD as GET without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not has_head(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_head)
