"""What must be told of a station's count at once, also where it can't be recorded for a while (D34)."""

import pytest

from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.records import PartCountRecord
from tests.plants import OP20
from tests.services.queries.at_op20 import AtOp20


def aside(bench: AtOp20, count: Value) -> None:
    """Let the counter be read while nothing can be recorded."""
    bench.pass_time(0.5)
    now = bench.clock.now()
    bench.owner.take_aside(
        Acquisition(
            station=OP20,
            window=Window(began_at=now, ended_at=now),
            signals=frozenset(spec.name for spec in bench.owner.station.signals),
            changes=(Observation(signal=SignalName("part_count"), value=count),),
        )
    )


def skipped(bench: AtOp20) -> list[tuple[int, int]]:
    """Return what was told because something may have been skipped: value and epoch."""
    told = bench.ask(lambda reader: reader.find(PartCountRecord))
    return [(each.value, each.epoch) for each in told if each.why is CountedWhy.SKIPPED]


def test_a_counter_that_goes_back_is_told_at_once_and_once() -> None:
    bench = AtOp20()
    bench.read(OP20, part_count=3)
    assert skipped(bench) == [(3, 2)]
    bench.read(OP20, part_count=4)
    assert skipped(bench) == [(3, 2)]


@pytest.mark.parametrize("unread", [False, True], ids=["read", "not read at first"])
def test_what_was_skipped_while_nothing_could_be_recorded_is_told_with_the_next_count(
    unread: bool,
) -> None:
    bench = AtOp20()
    for count in (2, 5):
        aside(bench, count)
    assert skipped(bench) == []
    if unread:
        bench.fail(OP20, Reason.TIMEOUT)
        assert skipped(bench) == []
    bench.read(OP20, part_count=6)
    assert [value for value, _ in skipped(bench)] == [6]
