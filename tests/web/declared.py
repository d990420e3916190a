"""Whether an answer is one that the OpenAPI document lists with its call."""

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx2
from fastapi import FastAPI
from starlette.testclient import TestClient

from redrabbit.web.codes import STATUSES
from redrabbit.web.head import has_head

Document = Mapping[str, Any]
IN_VAIN = {"entry_damaged", "records_damaged"}
"""Problems for which nobody is told to ask again: that doesn't mend them."""


def call_of(document: Document, method: str, path: str) -> Mapping[str, Any] | None:
    """Return the call that a request is of; None where the document has none."""
    wanted = "get" if method == "HEAD" and has_head(path) else method.lower()
    for template, calls in document["paths"].items():
        if _pattern(template).fullmatch(path):
            found: Mapping[str, Any] | None = calls.get(wanted)
            return found
    return None


def codes_of(document: Document, call: Mapping[str, Any]) -> dict[int, set[str]]:
    """Return the codes that a call lists with each status of its problems."""
    found: dict[int, set[str]] = {}
    for status, answer in call["responses"].items():
        schema = answer.get("content", {}).get("application/problem+json", {}).get("schema")
        if schema is None:
            continue
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        found[int(status)] = set(schema["allOf"][1]["properties"]["code"]["enum"])
    return found


def not_listed(
    document: Document, method: str, path: str, status: int, problem: Mapping[str, Any] | None
) -> str | None:
    """Return what the document does not list of an answer; None where it lists it."""
    call = call_of(document, method, path)
    if call is None:
        return None
    if problem is None:
        return None if str(status) in call["responses"] else f"{method} {path}: {status}"
    each = [problem, *(error for error in problem.get("errors") or () if "code" in error)]
    listed = codes_of(document, call).get(status, set())
    missing = sorted({one["code"] for one in each} - listed)
    assert all(STATUSES[code] == status for code in listed)
    return f"{method} {path}: {status} {', '.join(missing)}" if missing else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


_KEPT: list[Document] = []
"""The document is the same of every plant, and takes a while to make."""


def document_of(client: TestClient) -> Document:
    """Return the document of what is served, made once."""
    if not _KEPT:
        assert isinstance(client.app, FastAPI)
        _KEPT.append(client.app.openapi())
    return _KEPT[0]


def only_listed(client: TestClient) -> None:
    """Let every answer that this client gets be compared with the document."""

    def look(answer: httpx2.Response) -> None:
        path, kind = answer.request.url.path, answer.headers.get("content-type")
        if not path.startswith(("/api/", "/health", "/ready")):
            return
        is_problem = kind == "application/problem+json" and answer.request.method != "HEAD"
        problem = json.loads(answer.read()) if is_problem else None
        document = document_of(client)
        found = not_listed(document, answer.request.method, path, answer.status_code, problem)
        assert found is None, f"the document does not list {found}"
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            helps = problem is None or problem["code"] not in IN_VAIN
            assert ("retry-after" in answer.headers) is helps, f"{path}: {problem}"

    client.event_hooks = {"response": [look]}
