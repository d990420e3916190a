"""The OpenAPI document: what the framework makes of the routes, completed for whoever reads it.

Each call gets its problems (`problems`), and as its title the first words of its description.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from redrabbit.web.api.problems import add_problems, calls
from redrabbit.web.cookies import HOST_ONLY
from redrabbit.web.reading_rights import READERS, Right, right_of
from redrabbit.web.visitor import SESSION_COOKIE

CONTACT: Final = {"name": "The Red Rabbit maintainers"}
SERVERS: Final = [{"url": "/", "description": "The service that this document was read from."}]
SCHEMES: Final = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": HOST_ONLY + SESSION_COOKIE,
        "description": "Of a person who signed in (`POST /api/v1/session`).",
    },
    "session over plain HTTP": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "The same on the server itself, without TLS.",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "`rrt_…`, made by an administrator and shown once; scopes as listed with each call, "
        "of acts those that the permission table names.",
    },
}
_TITLE: Final = re.compile(r"(?:Return )?(.+?)(?:[;:.](?:\s|$))", re.DOTALL)


def complete(document: dict[str, Any]) -> None:
    """Complete a document that the framework has just made."""
    for method, path, call in calls(document):
        call["summary"] = title_of(call["description"])
        call["security"] = list(_security(right_of(method, path)))
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    add_problems(document)


def _security(right: Right) -> Iterator[dict[str, list[str]]]:
    """Yield the ways in which a call is taken: `{}` is nobody, for all as long as nobody is registered."""
    yield {}
    if right not in {Right.OPEN, Right.PUBLIC}:
        yield {"session": []}
        yield {"session over plain HTTP": []}
        scopes = READERS[right].scopes if right in READERS else frozenset()
        if right is Right.ACT or scopes:
            yield {"token": sorted(scopes)}


def title_of(description: str) -> str:
    """Return the title of a call: the first words of its description, without how code says them."""
    found = _TITLE.match(description)
    words = " ".join((found[1] if found else description).split())
    return words[:1].upper() + words[1:]
