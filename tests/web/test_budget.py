"""Budgets count what is held, in all and by each client, and never lose count (D47)."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.base.settings import WebLimits
from redrabbit.web.budget import (
    FEWEST_CONNECTIONS,
    FILES_OF_CONNECTION,
    FILES_OF_SERVICE,
    FILES_OF_STATION,
    REASONS,
    Budget,
    Share,
    WebBudgets,
    within_open_files,
)

CLIENTS = ["192.0.2.1", "192.0.2.2", "fd00::3"]


@given(
    most=st.integers(1, 8),
    most_of_client=st.integers(1, 8),
    steps=st.lists(st.tuples(st.sampled_from(CLIENTS), st.integers(0, 5))),
)
def test_no_more_is_held_than_may_be_and_all_of_it_comes_back(
    most: int, most_of_client: int, steps: list[tuple[str, int]]
) -> None:
    budget = Budget(kind="streams", most=most, most_of_client=most_of_client)
    held: list[Share] = []
    for client, which in steps:
        if which < len(held):
            held.pop(which).give_back()
            continue
        refused = budget.refusal(client)
        mine = sum(share.client == client for share in held)
        if refused is None:
            held.append(budget.take(client))
        elif refused.code == "too_many_streams_of_client":
            assert (mine, refused.params["limit"]) == (most_of_client, most_of_client)
        else:
            assert (len(held), refused.params["limit"]) == (most, most)
            assert refused.code == "too_many_streams"
        assert budget.held == Counter(share.client for share in held)
        assert budget.in_use == len(held) <= most
    for share in held:
        share.give_back()
        share.give_back()
    assert dict(budget.held) == {}


@given(open_files=st.integers(64, 100_000), stations=st.integers(0, 500))
def test_links_and_database_always_keep_their_open_files(open_files: int, stations: int) -> None:
    asked = WebLimits(most_connections=5000, most_streams=3000)
    got = within_open_files(asked, open_files, stations)
    kept = FILES_OF_SERVICE + FILES_OF_STATION * stations
    assert (
        got.most_connections == FEWEST_CONNECTIONS
        or got.most_connections * FILES_OF_CONNECTION + kept <= open_files
    )
    assert got.most_streams < got.most_connections <= asked.most_connections


def test_the_defaults_fit_into_what_most_systems_allow(caplog: pytest.LogCaptureFixture) -> None:
    assert within_open_files(WebLimits(), 1024, stations=20) == WebLimits()
    assert within_open_files(WebLimits(), None, stations=5000) == WebLimits()
    assert caplog.records == []
    assert within_open_files(WebLimits(), 256, stations=20).most_connections == 58
    assert "fewer connections" in caplog.text


def test_every_refusal_is_counted_and_the_first_of_each_kind_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    budgets = WebBudgets()
    assert set(budgets.refused) == set(REASONS)
    for _ in range(3):
        budgets.note("header_late", "192.0.2.9")
    assert budgets.refused["header_late"] == 3
    assert [record.__dict__["client"] for record in caplog.records] == ["192.0.2.9"]
