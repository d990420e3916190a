"""What pages say how many there are is what counting every record would say (D63)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.fact import Changes, Look
from redrabbit.domain.facts.record_count import counts_after
from redrabbit.domain.identity import RunId
from redrabbit.domain.ledger import Entry
from redrabbit.domain.records import AlarmRecord, ContainmentRecord, CountRecord, RunRecord
from redrabbit.domain.run_questions import is_under_way
from redrabbit.domain.run_words import Outcome
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.counts import (
    RunsWanted,
    count_closed_cases,
    count_runs,
    count_unacknowledged_alarms,
    place_conditions,
)
from redrabbit.services.queries.newest import newest_first
from redrabbit.services.runs_under_way import UNDER_WAY
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.reading_database import ReadingDatabase
from redrabbit.store.unit_of_work import Recording
from tests.store.sample_database import played
from tests.stored import SteppingClock, any_fold, bare, put

BEGIN = datetime(2025, 12, 30, 22, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
"""Its days are none of UTC, as those of most plants."""

Made = tuple[str, int, Outcome | None, int]
"""A run: device, station, outcome (None: still under way), and how many hours after the begin it began."""
MOVED_AFTER = 1000
"""Hours after which device x stands on the other line."""
END = datetime(2027, 1, 1, tzinfo=UTC)

MADE = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from([1, 2, 3]),
        st.none() | st.sampled_from(list(Outcome)),
        st.integers(0, 24 * 70),
    ),
    max_size=15,
)
BOUNDS = st.none() | st.integers(-30, 24 * 72).map(
    lambda hours: (BEGIN + timedelta(hours=hours)).astimezone(CHINA)
)
WANTED = st.builds(
    RunsWanted,
    line=st.sampled_from([None, "a", "b"]),
    station=st.sampled_from([None, "x-1", "z-3"]),
    device=st.sampled_from([None, "x", "y", "z", "nowhere"]),
    begin=BOUNDS,
    end=BOUNDS,
    outcome=st.sampled_from([None, "under_way", *Outcome]),
)


def counting(entry: Entry, look: Look) -> Changes:
    """Put any record, and count as the product's fold does."""
    changes = any_fold(entry, look)
    return (*changes, *counts_after(changes, look))


def a_plant(made: list[Made]) -> MemoryDatabase:
    """Return a database with these runs; a device may have stood on both lines, one after the other."""
    database = MemoryDatabase(
        origin="plant",
        clock=SteppingClock(),
        recording=Recording(fold=counting, software="test"),
        seal=lambda _log: "sealed",
    )
    for number, (device, station, outcome, hours) in enumerate(made, start=1):
        run = bare(
            RunRecord,
            number,
            run_id=RunId(f"R-{number}"),
            number=number,
            line="b" if device == "z" or hours > MOVED_AFTER else "a",
            station=f"{device}-{station}",
            device=device,
            outcome=outcome,
            started_at=BEGIN + timedelta(hours=hours),
        )
        database.write_now(lambda uow, run=run: uow.append(put(run)))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    return database


def is_wanted(run: RunRecord, wanted: RunsWanted) -> bool:
    """Tell the same in another way."""
    asked = (
        (wanted.line, run.line),
        (wanted.station, run.station),
        (wanted.device, run.device),
        (wanted.outcome, run.outcome or "under_way"),
    )
    return (
        all(value in {None, found} for value, found in asked)
        and (wanted.begin is None or wanted.begin <= run.started_at)
        and (wanted.end is None or run.started_at < wanted.end)
    )


@given(MADE, WANTED)
@settings(max_examples=300)
def test_the_count_of_runs_is_that_of_counting_each(made: list[Made], wanted: RunsWanted) -> None:
    database = a_plant(made)
    runs = database.read_now(lambda reader: reader.find(RunRecord))
    count = database.read_now(lambda reader: count_runs(reader, wanted))
    assert count == sum(is_wanted(run, wanted) for run in runs)


@given(MADE, WANTED)
def test_conditions_of_a_place_find_its_runs(made: list[Made], wanted: RunsWanted) -> None:
    """Whichever of line, station and device are asked, and wherever the device stood before."""
    wanted = replace(wanted, begin=None, end=None, outcome=None)
    database = a_plant(made)

    def found(reader: Reader) -> set[RunId]:
        conditions = place_conditions(reader, wanted)
        page, _ = newest_first(reader, RunRecord, conditions, limit=100, after=None)
        return {run.run_id for run in page}

    runs = database.read_now(lambda reader: reader.find(RunRecord))
    assert database.read_now(found) == {r.run_id for r in runs if is_wanted(r, wanted)}


def test_a_device_that_stood_at_one_place_is_asked_for_by_itself() -> None:
    database = a_plant([("x", 1, None, 0), ("x", 1, None, 2000), ("y", 1, None, 0)])

    def asked(line: str, device: str) -> list[tuple[str, object]]:
        conditions = database.read_now(
            lambda r: place_conditions(r, RunsWanted(line=line, device=device))
        )
        return [(each.field, each.value) for each in conditions]

    assert asked("a", "y") == [("device", "y")]
    assert asked("b", "y") == [("device", ())], "it was never there"
    assert asked("a", "x") == [("line", "a"), ("device", "x")], "it moved"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadingDatabase]:
    """All that the product can record, in a real database."""
    sample = played(tmp_path_factory.mktemp("story"))
    with sample.open() as database:
        yield database


def test_counts_after_a_story_are_those_of_counting_each(story: ReadingDatabase) -> None:
    def ask(reader: Reader) -> None:
        runs, cases = reader.find(RunRecord), reader.find(ContainmentRecord)
        closed = sum(case.state is ContainmentState.CLOSED for case in cases)
        assert count_closed_cases(reader) == closed > 0
        unread = [each for each in reader.find(AlarmRecord) if each.acknowledged_at is None]
        assert count_unacknowledged_alarms(reader) == len(unread) > 0
        outcomes = {run.outcome or "under_way" for run in runs}
        assert len(outcomes) > 3
        instants = [None, *(run.started_at for run in runs), END]
        for outcome in outcomes:
            for begin in instants:
                wanted = RunsWanted(outcome=outcome, begin=begin, end=END)
                assert count_runs(reader, wanted) == sum(is_wanted(r, wanted) for r in runs)

    story.read_now(ask)


def test_a_run_is_under_way_until_it_has_an_outcome(story: ReadingDatabase) -> None:
    """`UNDER_WAY` asks for the one, and everybody else for its state."""
    runs = story.read_now(lambda reader: reader.find(RunRecord))
    going_on = story.read_now(lambda reader: reader.find(RunRecord, UNDER_WAY))
    assert {r.run_id for r in going_on} == {r.run_id for r in runs if is_under_way(r)} != set()


@pytest.mark.parametrize("where", ["memory", "sqlite"])
def test_a_total_is_of_what_is_asked_for(story: ReadingDatabase, where: str) -> None:
    database = a_plant([("x", 1, Outcome.PASSED, 0)]) if where == "memory" else story

    def ask(reader: Reader) -> None:
        known = reader.find(CountRecord)
        assert reader.total(CountRecord, "count") == sum(each.count for each in known) > 0
        assert reader.total(CountRecord, "count", equals("outcome", "nothing")) == 0
        with pytest.raises(ValueError, match="has no field"):
            reader.total(CountRecord, "weight")

    database.read_now(ask)
