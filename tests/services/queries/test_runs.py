"""Runs by line, device, period and outcome, a page at a time (R22, B30)."""

from datetime import date
from typing import Any

import pytest

from redrabbit.services.queries.runs import PAGE_ROWS, RunFilter, RunsPage, runs_page
from redrabbit.services.queries.wording import message
from tests.services.queries.at_op20 import AtOp20
from tests.showcase_story import CUT_OFF_RUN, GIVEN_UP_RUN, MISSED_RUN, SILENT_RUN, Showcase


def page_of(showcase: Showcase, **wanted: Any) -> RunsPage:
    now = showcase.clock.now()
    return showcase.ask(lambda r: runs_page(r, showcase.plant, RunFilter(**wanted), now))


def page_at(bench: AtOp20, **wanted: Any) -> RunsPage:
    now = bench.clock.now()
    return bench.ask(lambda r: runs_page(r, bench.plant, RunFilter(**wanted), now))


@pytest.mark.parametrize(
    ("wanted", "runs"),
    [
        ({"outcome": "inconclusive"}, [CUT_OFF_RUN]),
        ({"outcome": "aborted"}, [GIVEN_UP_RUN]),
        ({"outcome": "under_way"}, []),
        ({"line": "line2", "outcome": "failed"}, [MISSED_RUN]),
        ({"device": "line1-op40", "outcome": "failed"}, [SILENT_RUN]),
        ({"to_date": date(2026, 11, 22)}, []),
        ({"from_date": date(2026, 11, 24)}, []),
        ({"device": "line1-op20", "from_date": date(2026, 11, 23)}, ["line1-R-3"]),
        ({"device": "line1-op20", "to_date": date.max}, ["line1-R-3"]),
    ],
)
def test_runs_are_filtered(showcase: Showcase, wanted: dict[str, Any], runs: list[str]) -> None:
    page = page_of(showcase, **wanted)
    assert [row.run for row in page.rows] == runs
    assert page.total == len(runs)


def test_a_row_tells_the_deciding_verdicts_only(showcase: Showcase) -> None:
    """L10."""
    (row,) = page_of(showcase, outcome="failed", line="line2").rows
    assert row.verdicts == (("RR-0007", "missed", message("verdict.missed"), "C"),)
    assert row.grade == "C"


def test_a_miss_by_silence_has_another_word_than_one_by_acceptance(showcase: Showcase) -> None:
    """F5."""
    (row,) = page_of(showcase, outcome="failed", line="line1").rows
    ((_, verdict, word, _),) = row.verdicts
    assert (verdict, word) == ("missed", message("verdict.missed_silent"))


def test_pages_follow_each_other_without_gap() -> None:
    bench = AtOp20()
    for _ in range(PAGE_ROWS + 3):
        bench.start()
        bench.abort()
    first = page_at(bench)
    assert (len(first.rows), first.next_before) == (PAGE_ROWS, "line1-R-4")
    second = page_at(bench, before=first.next_before)
    assert [row.run for row in second.rows] == ["line1-R-3", "line1-R-2", "line1-R-1"]
    assert (second.next_before, second.total) == (None, PAGE_ROWS + 3)


def test_a_stopped_run_is_under_way_until_its_part_is_back() -> None:
    bench = AtOp20()
    bench.start()
    bench.scan()
    bench.abort()
    assert [row.outcome for row in page_at(bench, outcome="under_way").rows] == ["under_way"]
    assert page_at(bench, outcome="aborted").rows == ()
    bench.give_back()
    bench.confirm()
    assert [row.outcome for row in page_at(bench, outcome="aborted").rows] == ["aborted"]
