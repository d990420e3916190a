"""An act is done once, however often it is sent: by a program's key, by a form's (D65)."""

import re
from pathlib import Path

import pytest

from redrabbit.domain.records import PauseRecord, RunRecord
from redrabbit.services.errors import OutcomeUnknown
from redrabbit.services.ports import equals
from redrabbit.web.access import form_token
from redrabbit.web.pages.forms import key_of
from tests.showcase_story import OPEN_CASE
from tests.web.conftest import NONCE, RULES, Visitor

BY = {"operator": "badge 2207"}
PAUSE = {
    **BY,
    "line": "line1",
    "begins_at": "2026-11-23T15:00:00+08:00",
    "ends_at": "2026-11-23T16:00:00+08:00",
    "reason": "inventory",
}


def keyed(visitor: Visitor, path: str, key: str, **body: object) -> tuple[int, dict[str, object]]:
    answer = visitor.client.post(path, json=body, headers={"idempotency-key": key})
    return answer.status_code, answer.json()


def pauses(visitor: Visitor) -> int:
    return visitor.plant.ask(lambda r: r.count(PauseRecord, equals("line", "line1")))


def test_a_key_does_an_act_once_and_gives_the_first_answer_again(visitor: Visitor) -> None:
    first = keyed(visitor, "/api/v1/pauses", "k-1", **PAUSE)
    assert first[0] == 201
    assert keyed(visitor, "/api/v1/pauses", "k-1", **PAUSE) == first
    assert pauses(visitor) == 1
    assert keyed(visitor, "/api/v1/pauses", "k-2", **PAUSE)[0] == 201
    assert pauses(visitor) == 2


@pytest.mark.parametrize("other", [{"reason": "another"}, {"operator": "somebody else"}])
def test_a_key_that_was_used_for_something_else_is_refused(
    visitor: Visitor, other: dict[str, str]
) -> None:
    keyed(visitor, "/api/v1/pauses", "k-1", **PAUSE)
    status, problem = keyed(visitor, "/api/v1/pauses", "k-1", **(PAUSE | other))
    assert (status, problem["code"]) == (409, "key_used_before")
    assert pauses(visitor) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "\x7f"])
def test_a_key_is_1_to_100_visible_characters(visitor: Visitor, key: str) -> None:
    status, problem = keyed(visitor, "/api/v1/pauses", key, **PAUSE)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert pauses(visitor) == 0


def test_an_act_of_which_nobody_knows_yet_is_answered_so_and_asked_again_done_once(
    visitor: Visitor,
) -> None:
    """K2: it was "Nothing was changed; try again soon", and trying again doubled it."""
    with visitor.plant.database_away(OutcomeUnknown("no answer")):
        visitor.be("badge 2207")
        answer = visitor.client.post(
            "/api/v1/pauses", json=PAUSE, headers={"idempotency-key": "k-1"}
        )
        assert (answer.status_code, answer.json()["code"]) == (503, "outcome_unknown")
        assert "Nobody knows yet" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "5"
    assert keyed(visitor, "/api/v1/pauses", "k-1", **PAUSE)[0] == 201
    assert pauses(visitor) == 1


def test_a_form_of_which_nobody_knows_yet_says_so_in_both_languages(visitor: Visitor) -> None:
    pause = form_fields(visitor.text("/due"), "/due/pause")
    fields = {"line": "line1", "reason": "no material", "by": "Chen Jie"}
    span = {"begins_at": "2026-11-23T15:00", "ends_at": "2026-11-23T16:30"}
    sent = {"form_token": form_token(RULES, NONCE), **pause, **fields, **span}
    for language, words in (("en", "Nobody knows yet"), ("zh", "还不知道")):
        with visitor.plant.database_away(OutcomeUnknown("no answer")):
            answer = visitor.client.post(
                "/due/pause", data=sent, headers={"accept-language": language}
            )
        assert answer.status_code == 503
        assert words in answer.text
    assert [visitor.send("/due/pause", **sent) for _ in range(2)] == [303, 303]
    assert pauses(visitor) == 1


def test_every_form_that_does_something_carries_a_key() -> None:
    templates = Path(__file__).parents[2] / "redrabbit" / "web" / "templates"
    for template in sorted(templates.glob("*.html")):
        forms = re.findall(r'<form method="post".*?</form>', template.read_text("utf-8"), re.DOTALL)
        assert all("parts.token()" in form for form in forms), template.name


IS_NO_ACT = re.compile(r"^/api/v1/(session|enrolments$|.*/(badge|pin|enrolment-codes)$)")
"""Who somebody is; and a code that works once in place of the one before."""


def test_every_act_of_the_api_takes_a_key(onlooker: Visitor) -> None:
    paths = onlooker.client.get("/openapi.json").json()["paths"]
    for path, calls in paths.items():
        if "post" in calls and not IS_NO_ACT.search(path):
            named = {one["name"].lower() for one in calls["post"].get("parameters", [])}
            assert "idempotency-key" in named, path


def form_fields(page: str, action: str) -> dict[str, str]:
    """Return the hidden fields of the form that leads to an address."""
    form = re.search(
        rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.DOTALL
    )
    assert form is not None, action
    named = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0])
    return {name: value for name, value in named if name != "form_token"}


def started(visitor: Visitor) -> int:
    return visitor.plant.ask(lambda r: r.count(RunRecord, equals("station", "line1-op20")))


def test_a_form_that_is_sent_twice_is_done_once(visitor: Visitor) -> None:
    """A double tap, and a page that is loaded again after it was sent."""
    visitor.be("badge 2207")
    station = "/stations/line1-op20"
    start = form_fields(visitor.text(station), f"{station}/start")
    before = started(visitor)
    assert [visitor.send(f"{station}/start", **start) for _ in range(2)] == [303, 303]
    assert started(visitor) == before + 1
    run = form_fields(visitor.text(station), f"{station}/abort")
    for _ in range(2):
        assert visitor.send(f"{station}/abort", **run, reason="no time") == 303
    again = form_fields(visitor.text(station), f"{station}/start")
    assert again["form_key"] != start["form_key"]
    assert visitor.send(f"{station}/start", **again) == 303
    assert started(visitor) == before + 2


def test_a_page_that_was_kept_open_may_send_something_else(visitor: Visitor) -> None:
    pause = form_fields(visitor.text("/due"), "/due/pause")
    fields = {"line": "line1", "reason": "no material", "by": "Chen Jie"}
    span = {"begins_at": "2026-11-23T15:00", "ends_at": "2026-11-23T16:30"}
    later = {"begins_at": "2026-11-23T17:00", "ends_at": "2026-11-23T18:30"}
    for sent in (span, span, later, later):
        assert visitor.send("/due/pause", **pause, **fields, **sent) == 303
    assert pauses(visitor) == 2


def test_a_step_is_ticked_once_by_a_double_tap(visitor: Visitor) -> None:
    visitor.be("Li Wei")
    page = visitor.text(f"/containments/{OPEN_CASE}")
    tick = form_fields(page, f"/containments/{OPEN_CASE}/tick")
    sent = [visitor.send(f"/containments/{OPEN_CASE}/tick", **tick) for _ in range(2)]
    assert sent == [303, 303]


def test_a_form_without_a_key_is_done_each_time() -> None:
    assert key_of({"reason": "x"}, path="/due/pause", name="Chen Jie") is None


def test_the_same_form_at_the_same_state_has_the_same_key(visitor: Visitor) -> None:
    """A live page is sent anew only where something changed, so its keys must stand still."""
    page = "/stations/line1-op20"
    keys = [set(re.findall(r'name="form_key" value="(\w+)"', visitor.text(page))) for _ in range(2)]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 1
