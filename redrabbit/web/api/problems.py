"""Which problems an API call can answer with, for the OpenAPI document.

The schema is named once here and not as a response model of each call: FastAPI would build it
anew for every call and status, which made up half of the time to start.
"""

from typing import Any, Final

from redrabbit.web.api.models import Problem

PROBLEM_CONTENT: Final[dict[str, Any]] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": PROBLEM_CONTENT}


def add_problem_schema(document: dict[str, Any]) -> None:
    """Put the schema that every problem refers to into an OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")


_ALL: Final[dict[int, str]] = {
    400: "The request can't be read, or is not for this host.",
    403: "Not from here: another site, or an untrusted network; or not permitted.",
    404: "There is no such record.",
    409: "The rules do not allow it now; `code` says why.",
    413: "The body is too large.",
    422: "A value is not of the declared form; `errors` says which and why.",
    503: "The records can't be reached now, or too many look at once: try again (`Retry-After`); or "
    "damaged. Nothing was changed; but `outcome_unknown`: nobody knows yet whether it was.",
}

Answers = dict[int | str, dict[str, Any]]


def answers(*statuses: int) -> Answers:
    """Return which problems a call can answer with."""
    return {status: _problem(_ALL[status]) for status in statuses}


ALWAYS: Final = answers(400, 403, 503)
"""Of every call."""
FOR_LISTS: Final = answers(422)
FOR_ONE: Final = answers(404, 422)
FOR_ACTS: Final = answers(404, 409, 413, 422)

DESCRIPTION: Final = """
Every instant is ISO 8601 with offset, from 2000 to 2099; durations are seconds.

Every error is a problem (RFC 9457). Decide by `code`, never by a sentence: the codes are listed
at the schema `Problem`, and keep their meaning. Besides the answers listed with each call, an
address that does not exist answers 404 `not_found`, one that does not take a method 405
`method_not_allowed` with `Allow`, a mistake of the software 500 `internal_error`, and what the records
can't hold 500 `not_recordable`: please report these two. Any call may be answered 503
`too_many_connections` or, for a stream, `too_many_streams`, with `Retry-After`; one that comes too
slowly, 408.

Runs, occurrences, containments, pauses and alarms are numbered on their line: `line1-R-1042`. What was
recorded before is `R-1042`, and in an address a plain number means that one, for ever.

An act with a header `Idempotency-Key` of your own is done once: asked again, the first answer is
given. So ask again after a lost connection, and after 503 `outcome_unknown`, with the same key: the database
had not said in time whether the act is recorded. Without a key, look first whether it is. A scan that was refused on a run is
recorded, so its refusal is such an answer: scan anew with a new key. Other refusals keep no key.

People are told by name, and beside each `..._by` stands `..._how`: `stated` means that the name was
said, and not verified.

Texts are NFC, with no control, unseen or direction characters; what breaks that is refused.
"""

TAGS: Final = [
    {"name": "plant", "description": "Stations with live signals, devices, checks."},
    {"name": "challenge parts", "description": "Red rabbits and good masters, and their custody."},
    {"name": "obligations", "description": "What is due, overdue, excused or paused."},
    {"name": "runs", "description": "Verifications: their evidence, and an operator's acts."},
    {"name": "reaction", "description": "Cases that misses opened, and alarms."},
    {"name": "ledger", "description": "Entries, signed checkpoints and proofs."},
    {"name": "events", "description": "Each ledger entry as it is committed, as a stream."},
    {"name": "upkeep", "description": "Whether the software is alive and watching."},
]
