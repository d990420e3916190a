"""The ledger says where its streams stand when an hour or a shift has ended (D25, D59)."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.stream_heads import StreamHeads
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.services.noting_stream_heads import (
    are_heads_due,
    last_end,
    last_said,
    note_stream_heads,
)
from redrabbit.services.ports import UnitOfWork
from tests.plants import LINE, Bench, a_plant
from tests.stored import happened


def is_due(bench: Bench, began_at: datetime, now: datetime) -> bool:
    return bench.database.read_now(lambda r: are_heads_due(r, bench.plant, began_at, now))


def test_it_is_due_once_an_hour_has_ended_and_only_if_something_was_recorded() -> None:
    bench = Bench()
    bench.write(note_stream_heads)
    first = bench.database.read_now(last_said)
    assert first is not None
    hour = first.recorded_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    began_at = first.recorded_at - timedelta(days=1)
    assert not is_due(bench, began_at, hour)  # nothing was recorded since
    bench.write(lambda uow: uow.append(happened("clock_stepped", step_s=1.0)))
    assert not is_due(bench, began_at, hour - timedelta(seconds=1))
    assert is_due(bench, began_at, hour)


def test_a_ledger_that_never_said_it_says_it_at_the_first_end_of_this_life() -> None:
    bench = Bench()
    began_at = datetime(2026, 3, 2, 6, 10, tzinfo=UTC)
    assert not is_due(bench, began_at, began_at + timedelta(minutes=49))
    assert is_due(bench, began_at, began_at + timedelta(minutes=50))


def test_the_end_of_a_shift_counts_as_that_of_an_hour() -> None:
    plant = a_plant()
    early = replace(plant.calendars[LINE].shifts[0], ends_at=time(14, 30))
    calendar = replace(plant.calendars[LINE], shifts=(early,))
    plant = replace(plant, calendars={LINE: calendar})
    for minute, last in ((29, 0), (30, 30), (59, 30)):
        now = datetime(2026, 3, 2, 14, minute, tzinfo=UTC)
        assert last_end(plant, now) == now.replace(minute=last)


def test_what_is_said_is_where_the_streams_stood_before_it() -> None:
    bench = Bench()

    def append_and_say(uow: UnitOfWork) -> None:
        uow.append(happened("clock_stepped", step_s=1.0))
        note_stream_heads(uow)

    bench.write(append_and_say)
    entries = bench.database.read_now(lambda reader: reader.entries())
    fact = fact_of(entries[-1])
    assert isinstance(fact, StreamHeads)
    assert fact.heads[PLANT_STREAM].next_seq == entries[-1].stream_seq
    assert sum(head.next_seq for head in fact.heads.values()) == entries[-1].index
