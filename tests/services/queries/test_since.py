"""What happened since somebody looked: every alarm is told once, whenever they looked (B34)."""

from datetime import timedelta
from functools import partial

import pytest

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.records import AlarmRecord, RunRecord
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.queries.since import AT_FIRST, LONGEST, since
from tests.plants import Bench
from tests.showcase_story import Showcase


@pytest.mark.parametrize("minutes", [0, 1, 30, 500, 1_440, 10_080])
def test_two_looks_after_each_other_tell_everything_once(showcase: Showcase, minutes: int) -> None:
    now = showcase.clock.now()
    first_look = now - timedelta(minutes=minutes)
    every = showcase.ask(lambda reader: reader.find(AlarmRecord))
    earlier = showcase.ask(lambda r: since(r, now - timedelta(days=10), first_look))
    later = showcase.ask(lambda r: since(r, first_look, now))
    assert earlier.alarms + later.alarms == sum(each.raised_at < now for each in every)
    assert later.alarms == sum(first_look <= each.raised_at < now for each in every)
    assert all(first_look <= each.at < now for each in later.news)
    runs = showcase.ask(lambda reader: reader.find(RunRecord))
    closed = [run for run in runs if run.outcome is not None]
    assert sum(n for _, n in later.runs) == sum(first_look <= r.started_at < now for r in closed)


def test_who_never_looked_and_who_was_away_for_long_are_told_a_time_that_is_said(
    showcase: Showcase,
) -> None:
    now = showcase.clock.now()
    first = showcase.ask(lambda r: since(r, None, now))
    assert (first.begin, first.seen_until, first.is_cut) == (now - AT_FIRST, None, False)
    away = showcase.ask(lambda r: since(r, now - timedelta(days=90), now))
    assert (away.begin, away.is_cut) == (now - LONGEST, True)


def test_what_was_only_tried_did_not_happen(showcase: Showcase) -> None:
    """A test message of a colleague counted as an alarm."""
    bench = Bench()
    for kind, receiver in ((AlarmKind.TEST, "anna"), (AlarmKind.CLOCK_STEP, None)):
        bench.write(partial(raise_alarm, kind=kind, at=bench.clock.now(), receiver=receiver))
    bench.pass_time(1)
    found = bench.database.read_now(lambda r: since(r, None, bench.clock.now()))
    assert [each.kind for each in found.kinds] == ["clock_step"]
    assert [each.kind for each in found.news] == ["clock_step"]
    told = showcase.ask(lambda r: since(r, None, showcase.clock.now()))
    assert any(each.operation for each in told.news)


def test_where_the_clock_was_set_back_nothing_is_told_twice(showcase: Showcase) -> None:
    now = showcase.clock.now()
    found = showcase.ask(lambda r: since(r, now + timedelta(hours=1), now))
    assert (found.begin, found.alarms, found.news, found.runs) == (now, 0, (), ())
