"""Every error in one form: RFC 9457 problem details for programs, a page for people (R48).

A refusal keeps its code and parameters beside the words, so that programs never read sentences.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from redrabbit.domain.errors import Refusal
from redrabbit.domain.role import Role
from redrabbit.services.recording_watch import RecordingStopped
from redrabbit.web.access import MACHINE_PATHS
from redrabbit.web.budget import REASONS, RETRY_AFTER_S
from redrabbit.web.codes import REFUSALS
from redrabbit.web.head import has_head
from redrabbit.web.refused_rights import note_refused
from redrabbit.web.rendering import page
from redrabbit.web.site import Site
from redrabbit.web.to_sign_in import to_sign_in
from redrabbit.web.words import Words, plain

PROBLEM_TYPE: Final = "urn:redrabbit:problem:"

_PASSES: Final = frozenset({*REASONS, "catching_up"})
"""Refusals that asking again may mend."""


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status that a refusal is answered with."""
    return REFUSALS.get(refusal.code, 409)


def refusal_answer(
    site: Site, request: Request, refusal: Refusal, status: int | None = None
) -> Response:
    """Return the answer to a refusal, as a problem or as a page; a right that was refused is logged."""
    note_refused(request, refusal)
    status = status if status is not None else status_of(refusal)
    if status == HTTPStatus.UNAUTHORIZED and not _wants_problem(request):
        return to_sign_in(request)
    words = site.visit(request).words
    detail = words(f"refusal.{refusal.code}", **refusal.params)
    answer = _answer(
        site,
        request,
        status,
        code=refusal.code,
        detail=detail,
        more={"params": plain(refusal.params)},
    )
    if refusal.code in _PASSES:
        answer.headers["retry-after"] = str(RETRY_AFTER_S)
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers["www-authenticate"] = 'Bearer realm="Red Rabbit"'
    if "retry_after_s" in refusal.params:
        answer.headers["retry-after"] = str(refusal.params["retry_after_s"])
    return answer


def http_answer(site: Site, request: Request, error: HTTPException) -> Response:
    """Return the answer to an error of HTTP itself: unknown address, wrong method."""
    code = {404: "not_found", 405: "method_not_allowed", 413: "form_too_large"}.get(
        error.status_code, "http_error"
    )
    words = site.visit(request).words
    answer = _answer(
        site, request, error.status_code, code=code, detail=words(f"problem.{code}"), more={}
    )
    for name, value in (error.headers or {}).items():
        answer.headers.setdefault(name, value)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["allow"] = ", ".join(_allowed(request))
    return answer


def _allowed(request: Request) -> list[str]:
    """Return the methods of all routes at this address; the framework names the first one's only."""
    path = request.url.path
    allowed = {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.methods and route.path_regex.match(path)
        for method in route.methods
    }
    return sorted(allowed | {"HEAD"} if "GET" in allowed and has_head(path) else allowed)


def validation_answer(site: Site, request: Request, error: RequestValidationError) -> Response:
    """Return the answer to a request whose values are not of the declared form.

    Where that is one value that breaks a rule of ours, the problem has the rule's own code.
    """
    words = site.visit(request).words
    found = [_invalid(words, one) for one in error.errors()]
    alone = found[0] if len(found) == 1 and "code" in found[0] else None
    return _answer(
        site,
        request,
        422,
        code=alone["code"] if alone else "invalid_request",
        detail=alone["what"] if alone else words("problem.invalid_request"),
        more={"errors": found, **({"params": alone["params"]} if alone else {})},
    )


def _invalid(words: Words, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a value stands and what is wrong with it; with its code, where it is ours."""
    where = [str(step) for step in one["loc"]]
    code, params = f"refusal.{one['type']}", one.get("ctx", {})
    if not words.knows(code):
        return {"where": where, "what": one["msg"]}
    return {"where": where, "what": words(code, **params), "code": one["type"], "params": params}


def trouble_answer(site: Site, request: Request) -> Response:
    """Return the answer while the records can't be reached: nothing was changed, try again."""
    detail = site.visit(request).words("problem.store_trouble")
    stopped = site.service.heartbeat().not_recording
    if stopped is not None:
        detail = f"{detail} {not_recording_words(site.visit(request).words, stopped)}"
    answer = _answer(site, request, 503, code="store_trouble", detail=detail, more={})
    answer.headers["retry-after"] = "5"
    return answer


def not_recording_words(words: Words, stopped: RecordingStopped) -> str:
    """Return since when nothing is recorded, and why."""
    why = words(f"recording.why.{stopped.why.value}")
    return words("recording.stopped", since=stopped.since, why=why)


def unknown_answer(site: Site, request: Request) -> Response:
    """Return the answer where nobody knows yet whether what was asked is recorded: asking again finds out."""
    detail = site.visit(request).words("problem.outcome_unknown")
    answer = _answer(site, request, 503, code="outcome_unknown", detail=detail, more={})
    answer.headers["retry-after"] = "5"
    return answer


def never_answer(site: Site, request: Request) -> Response:
    """Return the answer where the records can't hold what was asked; asking again doesn't help."""
    detail = site.visit(request).words("problem.not_recordable")
    return _answer(site, request, 500, code="not_recordable", detail=detail, more={})


def damage_answer(site: Site, request: Request) -> Response:
    """Return the answer where what is kept is not what was written; asking again doesn't help."""
    detail = site.visit(request).words("problem.records_damaged")
    return _answer(site, request, 503, code="records_damaged", detail=detail, more={})


def bug_answer(site: Site, request: Request) -> Response:
    """Return the answer where the software itself failed."""
    words = site.visit(request).words
    return _answer(
        site,
        request,
        500,
        code="internal_error",
        detail=words("problem.internal_error"),
        more={},
    )


def _answer(
    site: Site, request: Request, status: int, *, code: str, detail: str, more: dict[str, Any]
) -> Response:
    if _wants_problem(request):
        words = site.visit(request).words
        body = {
            "type": PROBLEM_TYPE + code,
            "title": _title(words, status),
            "status": status,
            "detail": detail,
            "instance": request.url.path,
            "code": code,
            **more,
        }
        return JSONResponse(
            body,
            status_code=status,
            media_type="application/problem+json",
            headers={"content-language": words.language},
        )
    return problem_page(site, request, status, detail)


def problem_page(site: Site, request: Request, status: int, detail: str) -> HTMLResponse:
    """Return the page that says what went wrong and where to go from here."""
    visit = site.visit(request)
    content = {
        "status": status,
        "title": _title(visit.words, status),
        "detail": detail,
        "roles": sorted(visit.asker.roles, key=list(Role).index),
    }
    return page(visit, "problem.html", content, status=status)


def _title(words: Words, status: int) -> str:
    code = f"http.{status}"
    return words(code) if words.knows(code) else HTTPStatus(status).phrase


def _wants_problem(request: Request) -> bool:
    return request.url.path.startswith(MACHINE_PATHS)
