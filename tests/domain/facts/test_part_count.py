"""Counts as the ledger tells them (D34)."""

import pytest

from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.made_of import MadeOf
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import PartCountRecord, PresentationRecord
from tests.domain.facts.test_containment import counted
from tests.domain.folded import AT, ISSUED, RUN, VERDICT, a_ledger, at, values

PRESENTED: dict[str, object] = AT | {"run_id": "line1-R-1", "step": 0, "presented_how": "edge"}


def test_a_count_that_is_told_is_kept_with_its_reason() -> None:
    ledger = a_ledger()
    made_of = {"variant": None, "nest": "left", "made": 40}
    count = {"value": 40, "made": 1055, "epoch": 2, "fell_from": 1015, "known": [made_of]}
    entry = ledger.say("parts_counted", 30, station="op20", why="skipped", nest="left", count=count)
    kept = ledger.the(PartCountRecord, "line1", "op20", entry.index)
    assert values(kept) == {
        "line": "line1",
        "station": "op20",
        "entry": entry.index,
        "counted_at": at(30),
        "why": CountedWhy.SKIPPED,
        "run_id": None,
        "variant": None,
        "nest": "left",
        **count,
        "known": '[{"made":40,"nest":"left","variant":null}]',
    }
    known = (MadeOf(variant=None, nest="left", made=40),)
    assert kept.count == PartCount(value=40, made=1055, epoch=2, fell_from=1015, known=known)


@pytest.mark.parametrize("count", [counted(1000), None], ids=["told", "not known"])
def test_presentation_and_verdict_tell_the_count_before_and_after(count: object) -> None:
    """R14: part counter before and after."""
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("part_issued", 70, **ISSUED)
    first = ledger.say("part_presented", 80, **PRESENTED, attempt=1, count=count)
    verdict = ledger.say("verdict_reached", 82, **(VERDICT | {"count": counted(1001)}))
    later = ledger.say("part_presented", 90, **PRESENTED, attempt=2, count=count)
    shown = ledger.the(PresentationRecord, "line1-R-1", 0, 1)
    again = ledger.the(PresentationRecord, "line1-R-1", 0, 2)
    assert (shown.count_before is None) is (count is None)
    assert shown.count_after is not None
    assert (again.count_before, again.count_after) == (shown.count_before, None)
    told = {
        entry.index: ledger.look(PartCountRecord, "line1", "op20", entry.index)
        for entry in (first, verdict, later)
    }
    assert {index: record.why for index, record in told.items() if record is not None} == (
        {verdict.index: CountedWhy.VERDICT}
        if count is None
        else {
            first.index: CountedWhy.PRESENTED,
            verdict.index: CountedWhy.VERDICT,
            later.index: CountedWhy.PRESENTED,
        }
    )


def test_a_piece_that_is_at_home_elsewhere_is_counted_all_the_same() -> None:
    ledger = a_ledger()
    ledger.say("run_started", 60, **RUN)
    ledger.say("part_issued", 70, **(ISSUED | {"part_stream": "plant"}))
    entry = ledger.say("part_presented", 80, **PRESENTED, attempt=1, count=counted(1000))
    assert ledger.look(PartCountRecord, "line1", "op20", entry.index) is not None
