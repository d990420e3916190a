"""Which problems an API call can answer with, for the OpenAPI document."""

from typing import Any, Final

from redrabbit.web.api.models import Problem

_CONTENT: Final[dict[str, Any]] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "model": Problem, "content": _CONTENT}


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: _problem("The request can't be read, or is not for this host."),
    403: _problem("Not from here: another site, or an untrusted network."),
    404: _problem("There is no such record."),
    409: _problem("The rules do not allow it now; `code` says why."),
    413: _problem("The body is too large."),
    422: _problem("The request is not of the declared form."),
}
