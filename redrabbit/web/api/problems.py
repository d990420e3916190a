"""Which problems an API call can answer with, for the OpenAPI document.

The schema is named once here and not as a response model of each call: FastAPI would build it
anew for every call and status, which made up half of the time to start.
"""

from typing import Any, Final

from redrabbit.web.api.models import Problem

_CONTENT: Final[dict[str, Any]] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": _CONTENT}


def add_problem_schema(document: dict[str, Any]) -> None:
    """Put the schema that every problem refers to into an OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")


PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    400: _problem("The request can't be read, or is not for this host."),
    403: _problem("Not from here: another site, or an untrusted network."),
    404: _problem("There is no such record."),
    409: _problem("The rules do not allow it now; `code` says why."),
    413: _problem("The body is too large."),
    422: _problem("The request is not of the declared form."),
}
