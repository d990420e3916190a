"""Every list of the API has one form, and its pages neither repeat nor skip."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.web.api.paging import part_of
from tests.web.conftest import Visitor
from tests.web.declared import document_of

LISTS = {
    "alarms": "alarm_id",
    "approvals": "of_entry",
    "challenge-parts": "part_id",
    "checks": "id",
    "containments": "containment_id",
    "control-plans": "digest",
    "devices": "id",
    "ledger/entries": "index",
    "ledger/keys": "key",
    "lines/line1/calendar-changes": "change_number",
    "lines/line1/events": "event_id",
    "occurrences": "occurrence_id",
    "overdue": "occurrence_id",
    "pauses": "pause_id",
    "people": "person",
    "runs": "run_id",
    "silences": "silence_id",
    "stations": "id",
    "stations/line1-op20/pulses": "signal",
    "signatures": "signed_entry",
    "tokens": "token",
}
"""Every list with what its rows are known by."""
BOUNDED = {"/api/v1/receivers", "/api/v1/alarms/{alarm_id}/told"}
"""What stands on one page: the receivers of the plant file, with the last messages only, and the steps of one alarm."""


def walked(visitor: Visitor, name: str, limit: int) -> list[Any]:
    """Return what stands on all pages of a list."""
    rows: list[Any] = []
    asked: dict[str, str | int] = {"limit": limit}
    while True:
        page = visitor.client.get(f"/api/v1/{name}", params=asked).json()
        assert len(page["items"]) <= limit
        rows += page["items"]
        if page["next"] is None:
            return rows
        assert len(page["items"]) == limit, "only the last page is shorter"
        asked["cursor"] = page["next"]


def test_every_list_is_a_page_with_limit_and_cursor(onlooker: Visitor) -> None:
    """So a new one is, too."""
    paths = document_of(onlooker.client)["paths"]
    listing = {
        path: call["get"]
        for path, call in paths.items()
        if path.startswith("/api/")
        and call.get("get", {"operationId": ""})["operationId"].startswith("list_")
    }
    assert len(listing) == len(LISTS) + len(BOUNDED)
    for path, call in listing.items():
        named = {each["name"] for each in call.get("parameters", ())}
        assert path in BOUNDED or named >= {"limit", "cursor"}, path
        schema = call["responses"]["200"]["content"]["application/json"]["schema"]
        assert path in BOUNDED or schema["$ref"].split("/")[-1].startswith("Page_"), path


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_any_size_have_the_same_rows_once_each(onlooker: Visitor, name: str) -> None:
    of_one_page = [row[LISTS[name]] for row in walked(onlooker, name, 200)]
    assert len(of_one_page) == len(set(of_one_page))
    for limit in (1, 3, 7):
        assert [row[LISTS[name]] for row in walked(onlooker, name, limit)] == of_one_page


@pytest.mark.parametrize("name", LISTS)
def test_a_cursor_of_nobodys_is_refused(onlooker: Visitor, name: str) -> None:
    answer = onlooker.client.get(f"/api/v1/{name}", params={"cursor": "no-such"})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_cursor")
    for limit in (0, 201):
        refused = onlooker.client.get(f"/api/v1/{name}", params={"limit": limit})
        assert refused.status_code == 422


def test_what_is_overdue_goes_on_where_the_last_one_was_done_meanwhile(visitor: Visitor) -> None:
    """The longest overdue is most likely to be done between two pages."""
    for _ in range(60):
        visitor.let(visitor.plant.pass_time(1800))
        if len(walked(visitor, "overdue", 200)) > 2:
            break
    every = [row["occurrence_id"] for row in walked(visitor, "overdue", 200)]
    assert len(every) > 2
    first = visitor.client.get("/api/v1/overdue", params={"limit": 1}).json()
    body = {"occurrence": first["next"], "reason": "done on paper", "operator": "badge 2207"}
    assert visitor.client.post("/api/v1/excuses", json=body).status_code == 201
    rest = visitor.client.get("/api/v1/overdue", params={"cursor": first["next"]}).json()["items"]
    assert [row["occurrence_id"] for row in rest] == every[1:]


@given(rows=st.lists(st.integers().map(str), unique=True), limit=st.integers(1, 9))
def test_pages_of_what_is_all_known_neither_repeat_nor_skip(
    rows: Sequence[str], limit: int
) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = part_of(rows, str, limit=limit, cursor=cursor)
        seen += page
        if cursor is None:
            break
    assert seen == list(rows)
    with pytest.raises(Refusal, match="not_a_cursor"):
        part_of(rows, str, limit=limit, cursor="none of them")
