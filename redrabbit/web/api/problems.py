"""Which problems each API call can answer with, for the OpenAPI document: status by status, code by code.

A call declares what its rules refuse, a kind of value what its form refuses (both with `refuses`), and what any call or any act may answer stands below. From these three the answers of every call are put
together; nothing is written twice, and whatever is answered in a test is compared with it (`tests/web`).

The schema of a problem is named once and not as a response model of each call: FastAPI would build it
anew for every call and status, which made up half of the time to start.
"""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from redrabbit.web.api.models import Problem
from redrabbit.web.codes import STATUSES
from redrabbit.web.reading_rights import Right, right_of

Answers = dict[int | str, dict[str, Any]]
"""What a call answers besides, as the framework takes it."""

REFUSED: Final = "x-refusals"
"""Where calls, parameters and schemas of a document say what they are refused with."""

OF_ALL: Final = (
    "host_not_allowed",
    "cross_site_request",
    "https_required",
    "internal_error",
    "proxy_contradicts_itself",
    "proxy_not_declared",
    "proxy_unreadable",
    "too_many_connections",
    "too_many_connections_of_client",
)
"""Codes of every call."""
OF_RECORDS: Final = (
    *OF_ALL,
    "look_only",
    "network_not_trusted",
    "not_recordable",
    "opening",
    "proxy_names_nobody",
    "records_damaged",
    "store_trouble",
)
"""Codes of every call that is about records."""
OF_ACTS: Final = (
    *OF_RECORDS,
    "form_too_large",
    "http_error",
    "key_used_before",
    "known_no_longer",
    "not_permitted",
    "not_permitted_on_all_lines",
    "not_permitted_on_line",
    "person_required",
    "proof_required",
    "operator_not_allowed",
    "operator_required",
    "other_station",
    "outcome_unknown",
    "scope_missing",
    "screen_of_station",
    "sign_in_required",
    "too_many_tries",
)
"""Codes of every act."""
OF_READING: Final = (*OF_RECORDS, "not_allowed", "sign_in_required")
"""Codes of every call that reads what is not for everybody."""
OF_FORMS: Final = (
    *OF_RECORDS,
    "form_too_large",
    "http_error",
    "outcome_unknown",
    "sign_in_required",
)
"""Codes of every call about oneself that brings something."""
OF_MOVES: Final = ("no_such_run", "no_such_station", "not_now", "run_closed")
"""Codes of every act on a run under way."""

_ALL: Final[Mapping[int, str]] = {
    400: "The request can't be read, or is not for this host.",
    401: "Nobody is known: sign in, or show a token that holds (`WWW-Authenticate`).",
    403: "Not from here: another site, or an untrusted network; or not permitted.",
    404: "There is no such record.",
    409: "The rules do not allow it now; `code` says why.",
    412: "It is not as it was when `If-Match` was read.",
    413: "The body is too large.",
    422: "A value is not of the declared form; `errors` says which and why.",
    423: "Locked: somebody has to unlock it.",
    429: "Too many tries that failed: again after `Retry-After`.",
    500: "A mistake of the software, or what the records can't hold: please report it.",
    503: "The records can't be reached now, or too many look at once: try again (`Retry-After`); or "
    "damaged. Nothing was changed; but `outcome_unknown`: nobody knows yet whether it was.",
}
_SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "CallProblem": OF_ALL,
    "RecordsProblem": OF_RECORDS,
    "ReadingProblem": OF_READING,
    "ActProblem": OF_ACTS,
}
"""How the problems are called that many calls have alike, before their status."""
_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Seconds after which to ask again; missing where that doesn't help.",
        "schema": {"type": "integer"},
    }
}


def refuses(*codes: str) -> dict[str, Any]:
    """Return what a call declares of its rules, or the schema of a kind of value of its form: the codes of refusals."""
    return {REFUSED: list(codes)}


def add_problems(document: dict[str, Any]) -> None:
    """Put the problems of every call into an OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    for method, path, call in calls(document):
        by_status: dict[int, set[str]] = {}
        for code in _codes(document, right_of(method, path), call):
            by_status.setdefault(STATUSES[code], set()).add(code)
        call["responses"].pop("422", None)  # the framework's own form of it
        for status, codes in sorted(by_status.items()):
            answer = call["responses"].setdefault(str(status), {"description": _ALL[status]})
            answer.setdefault("content", {})["application/problem+json"] = {
                "schema": _schema(schemas, status, codes)
            }
            if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
                answer["headers"] = _RETRY_AFTER
    _forget(document)


def calls(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every call of a document with its method and path."""
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield method.upper(), path, call


def _codes(document: Mapping[str, Any], right: Right, call: dict[str, Any]) -> set[str]:
    """Return every code that a call can answer with."""
    given = [call.get("parameters", ()), call.get("requestBody", {})]
    values = list(_values(document, given))
    codes = set(call.pop(REFUSED, ()))
    codes.update(*(value.get(REFUSED, ()) for value in values))
    codes.update(_OF_RIGHT.get(right, OF_READING))
    if "requestBody" not in call:
        codes.difference_update({"form_too_large", "http_error"})
    if any(map(_has_form, values)):
        codes.add("invalid_request")
    return codes


def _values(document: Mapping[str, Any], within: Any, seen: Iterable[str] = ()) -> Iterator[Any]:
    """Yield every schema of what a call is given, also of those that it refers to."""
    if isinstance(within, list | tuple):
        for each in within:
            yield from _values(document, each, seen)
    elif isinstance(within, Mapping):
        yield within
        reference = within.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            *_, name = reference.split("/")
            yield from _values(
                document, document["components"]["schemas"][name], [*seen, reference]
            )
        for key, each in within.items():
            if key != "examples":
                yield from _values(document, each, seen)


def _has_form(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema says that not every text is of its form."""
    return schema.get("type") in _TYPES or not _FORM.isdisjoint(schema)


_OF_RIGHT: Final[Mapping[Right, tuple[str, ...]]] = {
    Right.OPEN: OF_ALL,
    Right.ACT: OF_ACTS,
    Right.PUBLIC: OF_FORMS,
    Right.OWN: (*OF_FORMS, "not_allowed"),
}
_TYPES: Final = ("boolean", "integer", "number", "object")
_FORM: Final = frozenset({"enum", "format", "maxLength", "minLength", "pattern"})


def _schema(schemas: dict[str, Any], status: int, codes: set[str]) -> dict[str, Any]:
    """Return the schema of one answer; by its name, where many calls have it alike."""
    form = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"type": "object", "properties": {"code": {"type": "string", "enum": sorted(codes)}}},
        ]
    }
    for name, shared in _SHARED.items():
        if codes == {code for code in shared if STATUSES[code] == status}:
            schemas[f"{name}{status}"] = form
            return {"$ref": f"#/components/schemas/{name}{status}"}
    return form


def _forget(within: Any) -> None:
    """Take out what was said of codes: the answers have it now."""
    if isinstance(within, dict):
        within.pop(REFUSED, None)
        for each in within.values():
            _forget(each)
    elif isinstance(within, list):
        for each in within:
            _forget(each)


DESCRIPTION: Final = """
Every instant is ISO 8601 with offset, from 2000 to 2099; durations are seconds.

Every error is a problem (RFC 9457). Decide by `code`, never by a sentence: each call lists the codes that
it can be answered with, status by status, and a code keeps its meaning. Besides these, an address
that does not exist answers 404 `not_found`, one that does not take a method 405 `method_not_allowed` with
`Allow`, and a request that comes too slowly 408. Please report any 500.

Runs, occurrences, containments, pauses and alarms are numbered on their line: `line1-R-1042`. What was
recorded before is `R-1042`, and in an address a plain number means that one, for ever.

As long as nobody is registered everybody reads and whoever states a name (`operator`) acts. From the first person on a
call needs a session (`POST /api/v1/session`, a cookie) or a token (`Authorization: Bearer rrt_…`), and `operator` is left out. A call by cookie, of a
session or of a station's screen, that changes something brings `Origin`, as browsers do; before a screen it is done at its station.

An act with a header `Idempotency-Key` of your own is done once: asked again, the first answer is
given; where the act waits for another person, its request as it stands now. So ask again after a lost connection, and after 503 `outcome_unknown`, with the same key: the database
had not said in time whether the act is recorded. Without a key, look first whether it is. A scan that was refused on a run is
recorded, so its refusal is such an answer: scan anew with a new key. Other refusals keep no key.

Read a run and give its `ETag` as `If-Match` with an act on it, if the act is meant for the run as it was read:
where it has changed since, the act is not done (412 `run_changed`).

People are told by name, and beside each `..._by` stands `..._how`: `stated` means that the name was
said, and not verified.

Texts are NFC, with no control, unseen or direction characters; what breaks that is refused.
"""

TAGS: Final = [
    {"name": "people", "description": "Who asks, and who may."},
    {"name": "plant", "description": "Stations with live signals, devices, checks."},
    {"name": "control plan", "description": "Its revisions: stored, approved, in force."},
    {"name": "challenge parts", "description": "Red rabbits and good masters, and their custody."},
    {"name": "obligations", "description": "What is due, overdue, excused or paused."},
    {"name": "runs", "description": "Verifications: their evidence, and an operator's acts."},
    {"name": "reaction", "description": "Cases that misses opened, and alarms."},
    {"name": "ledger", "description": "Entries, signed checkpoints and proofs."},
    {"name": "events", "description": "Each ledger entry as it is committed, as a stream."},
    {"name": "upkeep", "description": "Whether the software is alive and watching."},
]
