"""The OpenAPI document: what the framework makes of the routes, completed for whoever reads it.

Each call gets its problems (`problems`), and as its title the first words of its description.
"""

import re
from typing import Any, Final

from redrabbit.web.api.problems import add_problems, calls

CONTACT: Final = {"name": "The Red Rabbit maintainers"}
SERVERS: Final = [{"url": "/", "description": "The service that this document was read from."}]
_TITLE: Final = re.compile(r"(?:Return )?(.+?)(?:[;:.](?:\s|$))", re.DOTALL)


def complete(document: dict[str, Any]) -> None:
    """Complete a document that the framework has just made."""
    for _, call in calls(document):
        call["summary"] = title_of(call["description"])
    add_problems(document)


def title_of(description: str) -> str:
    """Return the title of a call: the first words of its description, without how code says them."""
    found = _TITLE.match(description)
    words = " ".join((found[1] if found else description).split())
    return words[:1].upper() + words[1:]
