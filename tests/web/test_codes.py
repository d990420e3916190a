"""The API's list of codes, and what its document promises about answers (K10)."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.records import RunRecord
from redrabbit.domain.run_words import RunState
from redrabbit.web.api.document import CONTACT, SERVERS, title_of
from redrabbit.web.codes import CODES, FAILURES, REFUSALS
from redrabbit.web.head import has_head
from redrabbit.web.problems import status_of
from tests.showcase_story import DRAFT, MISSED_RUN, OCCURRENCES, OPEN_CASE
from tests.web.conftest import Visitor

PACKAGE = Path(__file__).parent.parent.parent / "redrabbit"
BUILT = {
    *(f"part_{state.value}" for state in PartState if state is not PartState.RELEASED),
    *(f"part_already_{state.value}" for state in PartState),
    *("text_missing", "text_too_long", "text_character", "text_marks", "operator_required"),
    *("reason_required", "reason_too_long", "not_a_time"),
    *("too_many_connections", "too_many_connections_of_client"),
    *("too_many_streams", "too_many_streams_of_client"),
}
"""Codes that are made of words, or handed on, and stand in no `Refusal("…")`."""


def raised() -> Iterator[tuple[str, str]]:
    """Yield every code that stands in a `Refusal("…")` of the product, with its place."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="Refusal"), args=[ast.Constant(value=str(code)), *_]
                ):
                    yield code, f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"


def test_every_refusal_of_the_product_is_in_the_list() -> None:
    missing = [f"{place} {code}" for code, place in raised() if code not in REFUSALS]
    assert missing == [], "add them to redrabbit/web/codes.py"
    assert set(REFUSALS) >= BUILT


def test_the_list_has_no_code_that_nothing_raises() -> None:
    assert set(REFUSALS) - {code for code, _ in raised()} - BUILT == set()


def test_what_is_not_permitted_is_answered_as_that() -> None:
    assert status_of(Refusal("not_permitted", act="excuse", needs="shift_leader")) == 403


def test_every_code_has_its_words() -> None:
    words = catalogue("en")
    assert [code for code in REFUSALS if not words.knows(f"refusal.{code}")] == []
    assert [code for code in FAILURES if not words.knows(f"problem.{code}")] == []


def document(onlooker: Visitor) -> dict[str, Any]:
    found: dict[str, Any] = onlooker.client.get("/openapi.json").json()
    return found


def test_programs_get_codes_and_words_as_enumerations(onlooker: Visitor) -> None:
    schemas = document(onlooker)["components"]["schemas"]
    assert schemas["Problem"]["properties"]["code"]["enum"] == list(CODES)
    assert schemas["DeviceStatus"]["enum"] == [status.value for status in DeviceStatus]
    assert schemas["RunState"]["enum"] == [state.value for state in RunState]
    assert schemas["ContainmentState"]["enum"] == [state.value for state in ContainmentState]
    assert schemas["AlarmKind"]["enum"] == [kind.value for kind in AlarmKind]


WORDS = (
    "kind",
    "mode",
    "outcome",
    "reason",
    "state",
    "status",
    "step",
    "verdict",
    "watched",
    "why",
)
NO_FIXED_SET = {
    ("ChallengePart", "kind"),  # the plant's own
    ("Presentation", "expected_code"),
    ("Presentation", "mode"),
    ("Presentation", "observed_code"),  # as the station says it
    ("NotOpened", "status"),  # words for people; the code is beside them
    ("Problem", "status"),
}


def test_a_word_of_a_fixed_set_is_an_enumeration(onlooker: Visitor) -> None:
    """A generated client has a type for it, and not any text."""
    found, loose = document(onlooker), []
    asked = {
        call["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        for calls in found["paths"].values()
        for call in calls.values()
        if "requestBody" in call
    }
    for name, schema in found["components"]["schemas"].items():
        if name in asked:
            continue  # a person's words
        for field, of in schema.get("properties", {}).items():
            is_word = field in WORDS or field.endswith(
                ("_code", "_how", "_kind", "_reason", "_why")
            )
            if is_word and '"type": "string"' in json.dumps(of) and '"enum"' not in json.dumps(of):
                loose.append((name, field))
    assert set(loose) - NO_FIXED_SET == set()


def test_every_call_lists_the_answers_that_it_can_give(onlooker: Visitor) -> None:
    for path, calls in document(onlooker)["paths"].items():
        for method, call in calls.items():
            listed = set(call["responses"])
            assert {"400", "500", "503"} <= listed, path
            if method == "get" and path.startswith("/api/"):
                assert not listed & {"409", "413"}, path
                assert ("404" in listed) is ("{" in path), path
            if method == "post":
                assert "401" in listed, path
                assert "requestBody" not in call or {"413", "422"} <= listed, path
                names_nothing = path == "/api/v1/people" or path.startswith("/api/v1/session")
                assert ("404" in listed) is not names_nothing, path
            assert "HTTPValidationError" not in str(call), path


def test_what_is_required_is_said_in_the_schema(onlooker: Visitor) -> None:
    found = document(onlooker)
    reason = found["components"]["schemas"]["NewExcuse"]["properties"]["reason"]
    assert (reason["minLength"], reason["maxLength"]) == (1, 500)
    parameters = found["paths"]["/api/v1/runs"]["get"]["parameters"]
    cursor = next(one["schema"] for one in parameters if one["name"] == "cursor")
    assert cursor["anyOf"][0]["pattern"] == "^([!-~]+-)?[ROCPASE]-[1-9][0-9]{0,17}$"
    assert {tag["name"] for tag in found["tags"]} >= {
        tag for calls in found["paths"].values() for call in calls.values() for tag in call["tags"]
    }
    assert all(tag["description"] for tag in found["tags"])


def test_the_document_says_whose_it_is_and_each_call_what_it_does(onlooker: Visitor) -> None:
    found = document(onlooker)
    assert found["info"]["license"]["identifier"] == "Apache-2.0"
    assert found["info"]["contact"] == CONTACT
    assert found["servers"] == SERVERS
    titles = [call["summary"] for calls in found["paths"].values() for call in calls.values()]
    assert len(set(titles)) == len(titles)
    assert "The stations with their live signals" in titles
    assert all(title[0].isupper() and len(title) < 90 for title in titles), titles


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("Return one run.", "One run"),
        ("Start a run: for an occurrence, or on demand.", "Start a run"),
        ("Return runs, newest\nfirst; `from` is about their start.", "Runs, newest first"),
        ("Words without an end", "Words without an end"),
    ],
)
def test_a_title_is_the_first_words_of_a_description(description: str, title: str) -> None:
    assert title_of(description) == title


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/runs", "GET, HEAD, POST"),
        ("PUT", "/api/v1/pauses", "GET, HEAD, POST"),
        ("GET", "/api/v1/excuses", "POST"),
        ("POST", "/due", "GET, HEAD"),
        ("POST", "/live/board", "GET"),
        ("HEAD", "/live/board", "GET"),
        ("HEAD", "/api/v1/events", "GET"),
    ],
)
def test_a_method_that_is_not_taken_is_answered_with_those_that_are(
    onlooker: Visitor, method: str, path: str, allowed: str
) -> None:
    answer = onlooker.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["/", "/due", "/runs", "/api/v1/runs", "/health", "/runs/20871"])
def test_head_is_answered_where_get_is(onlooker: Visitor, path: str) -> None:
    answer, full = onlooker.client.head(path), onlooker.client.get(path)
    assert (answer.status_code, answer.content) == (full.status_code, b"")
    assert answer.headers["content-type"] == full.headers["content-type"]


SHOWN = {
    "alarm_id": "line1-A-1",
    "check_id": "line1-op20",
    "containment_id": OPEN_CASE,
    "digest": DRAFT.digest,
    "index": "5",
    "line_id": "line1",
    "occurrence_id": OCCURRENCES["due"][0],
    "run_id": MISSED_RUN,
    "station_id": "line1-op20",
}


def entry_to_sign(visitor: Visitor) -> str:
    run = visitor.plant.ask(lambda reader: reader.get(RunRecord, MISSED_RUN))
    assert run is not None
    return str(run.entry)


def test_head_and_allow_and_no_store_are_right_at_every_address_of_the_document(
    onlooker: Visitor,
) -> None:
    for path, calls in document(onlooker)["paths"].items():
        if "get" not in calls or not has_head(path) or "person_id" in path:
            continue  # nobody is registered here
        address = path.format_map(SHOWN | {"entry": entry_to_sign(onlooker)})
        answer, full = onlooker.client.head(address), onlooker.client.get(address)
        assert (answer.status_code, answer.content) == (full.status_code, b""), path
        assert full.status_code == 200, path
        assert full.headers["cache-control"] == "no-store", path
        refused = onlooker.client.request("PATCH", address)
        expected = {"GET", "HEAD", *({"POST"} & {method.upper() for method in calls})}
        assert set(refused.headers["allow"].split(", ")) == expected, path


@pytest.mark.parametrize(
    "path", ["/api/v1/runs", "/api/v1/runs/999", "/health", "/ready", "/metrics", "/openapi.json"]
)
def test_what_programs_read_is_never_kept_on_the_way(onlooker: Visitor, path: str) -> None:
    assert onlooker.client.get(path).headers["cache-control"] == "no-store"
