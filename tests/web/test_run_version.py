"""A run has a version, and an act can be asked for only while it has the one that was seen (K10)."""

import re
from itertools import pairwise
from typing import Any

import pytest

from redrabbit.domain.records import PresentationRecord
from redrabbit.services.ports import equals
from tests.web.conftest import Visitor

BY = {"operator": "badge 2207"}


def begun(visitor: Visitor, check: str = "line1-op20") -> str:
    answer = visitor.client.post("/api/v1/runs", json={"check": check, **BY})
    assert answer.status_code == 201, answer.text
    return f"/api/v1/runs/{answer.json()['run_id']}"


def read(visitor: Visitor, run: str) -> tuple[str, Any]:
    answer = visitor.client.get(run)
    return answer.headers["etag"], answer.json()


def act(visitor: Visitor, path: str, seen: str | None = None, **body: str) -> tuple[int, Any]:
    headers = {"if-match": seen} if seen is not None else {}
    answer = visitor.client.post(path, json={**BY, **body}, headers=headers)
    return answer.status_code, answer.json().get("code")


def test_a_version_is_another_one_exactly_when_anything_has_changed(visitor: Visitor) -> None:
    run = begun(visitor)
    seen = [read(visitor, run)]

    def look() -> None:
        seen.append(read(visitor, run))

    for step, body in (
        ("presented", {}),  # refused
        ("remarks", {"text": "first"}),
        ("scan", {"code": "GM-0001"}),  # refused, and recorded
        ("scan", {"code": "RR-0001"}),
        ("remarks", {"text": "second"}),
        ("abort", {"reason": "dropped"}),
        ("given-back", {"code": "RR-0001"}),
        ("confirm", {}),
        ("confirm", {}),  # refused
        ("remarks", {"text": "closed long ago"}),
    ):
        act(visitor, f"{run}/{step}", **body)
        look()
        visitor.clock.jump(1)
        visitor.let(visitor.plant.beat())
        look()
    assert seen[-1][1]["state"] == "closed"
    assert len(seen[-1][1]["remarks"]) == 3
    for (before, was), (after, now) in pairwise(seen):
        assert (before == after) is (was == now)
    assert all(re.fullmatch(r'"[0-9]+"', tag) for tag, _ in seen)


def test_head_tells_the_version_too(onlooker: Visitor) -> None:
    run = onlooker.client.get("/api/v1/runs?limit=1").json()["items"][0]["run_id"]
    path = f"/api/v1/runs/{run}"
    assert onlooker.client.head(path).headers["etag"] == read(onlooker, path)[0]


def test_an_act_on_a_run_that_has_changed_is_not_done(visitor: Visitor) -> None:
    run = begun(visitor)
    old, _ = read(visitor, run)
    act(visitor, f"{run}/remarks", text="somebody else was here")
    before = read(visitor, run)
    for seen in (old, '"999999"', f"W/{before[0]}", f'{old}, "x"', '""'):
        assert act(visitor, f"{run}/scan", seen, code="RR-0001") == (412, "run_changed")
        assert act(visitor, f"{run}/remarks", seen, text="again") == (412, "run_changed")
    assert read(visitor, run) == before
    taken = visitor.plant.ask(
        lambda r: r.find(PresentationRecord, equals("run_id", run.rpartition("/")[2]))
    )
    assert taken == []


def test_an_act_on_a_run_as_it_was_seen_is_done(visitor: Visitor) -> None:
    for among in ("{}", '"1", {}', "*"):
        run = begun(visitor, "line1-op20")
        seen, _ = read(visitor, run)
        status, _ = act(visitor, f"{run}/abort", among.format(seen), reason="no time")
        assert status == 200


def test_what_the_rules_refuse_is_refused_as_that(visitor: Visitor) -> None:
    """RFC 9110, 13.2.1: a precondition is asked of what would succeed."""
    run = begun(visitor)
    assert act(visitor, f"{run}/presented", '"1"') == (409, "not_now")
    assert act(visitor, "/api/v1/runs/line1-R-99/scan", '"1"', code="x") == (404, "no_such_run")


def test_an_act_that_was_done_is_answered_again_whatever_was_seen(visitor: Visitor) -> None:
    run = begun(visitor)
    seen, _ = read(visitor, run)
    body, headers = {"code": "RR-0001", **BY}, {"if-match": seen, "idempotency-key": "k-1"}
    first = visitor.client.post(f"{run}/scan", json=body, headers=headers)
    again = visitor.client.post(f"{run}/scan", json=body, headers=headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.json()["state"] == "armed"


@pytest.mark.parametrize("seen", ["", "1", '"1', "W/1", '"1" "2"', "x" * 300])
def test_what_is_no_version_is_said_to_be_none(visitor: Visitor, seen: str) -> None:
    run = begun(visitor)
    assert act(visitor, f"{run}/scan", seen, code="RR-0001") == (422, "invalid_request")
