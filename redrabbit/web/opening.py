"""What is answered while the database is being opened: that it is, and how far (G1).

No page can be made yet, and nobody is watched for; a supervisor that restarts what does not answer must see that it
goes on. Nothing here reads a record, and nothing is said that only some may know.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from redrabbit import __version__
from redrabbit.base.messages import catalogue
from redrabbit.services.opening_progress import OpeningProgress, Progress
from redrabbit.web.head import HeadOfGet


class HealthStatus(StrEnum):
    """How far a process is that answers."""

    STARTING = "starting"
    ALIVE = "alive"


AGAIN_S: Final = 2
"""After so many seconds a page asks again."""


def opening_app(progress: OpeningProgress) -> ASGIApp:
    """Return the application that says how far opening is."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["type"] != "http":
            return
        now = progress.now
        match scope["path"]:
            case "/health":
                await _json(send, 200, {"status": HealthStatus.STARTING, "version": __version__})
            case "/ready":
                await _json(send, 503, {"ready": False, **_about(now)})
            case path if path.startswith("/api/"):
                problem = {
                    "type": "urn:redrabbit:problem:opening",
                    "title": "Opening",
                    "status": 503,
                    "detail": said(now),
                    "instance": path,
                    "code": "opening",
                }
                await _json(send, 503, problem, "application/problem+json")
            case _:
                await _answer(send, 503, "text/html; charset=utf-8", _page(now))

    return HeadOfGet(app)


def said(now: Progress) -> str:
    """Return how far it is, in words of English."""
    return "opening" if now.percent is None else f"opening, {now.percent} %"


def _about(now: Progress) -> Mapping[str, object]:
    return {
        "status": said(now),
        "opening": {
            "step": now.step.value,
            "done": now.done,
            "of": now.of or None,
            "percent": now.percent,
        },
    }


def _page(now: Progress) -> bytes:
    lines = "".join(f"<p>{catalogue(each).gettext(_code(now))}{_share(now)}</p>" for each in _BOTH)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Red Rabbit</title>'
        f'<meta http-equiv="refresh" content="{AGAIN_S}"><body><h1>Red Rabbit</h1>{lines}</body></html>'
    ).encode()


_BOTH: Final = ("en", "zh")


def _code(now: Progress) -> str:
    return f"opening.{now.step.value}"


def _share(now: Progress) -> str:
    return "" if now.percent is None else f" {now.percent} %"


async def _json(
    send: Send, status: int, body: Mapping[str, object], media_type: str = "application/json"
) -> None:
    await _answer(send, status, media_type, json.dumps(body).encode())


async def _answer(send: Send, status: int, media_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(AGAIN_S).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
