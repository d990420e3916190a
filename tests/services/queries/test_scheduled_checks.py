"""Scheduled checks of a period, their ends and how many: what looking at each would say (D63, B34)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.identity import OccurrenceId
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.newest import listed
from redrabbit.services.queries.scheduled_checks import (
    ChecksWanted,
    End,
    count_ends,
    end_of,
    ends_of_day,
    newest_checks,
)
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.unit_of_work import Recording
from tests.services.queries.test_counts import counting
from tests.stored import SteppingClock, bare, put

BEGIN = datetime(2025, 12, 30, 22, tzinfo=UTC)
NOW = BEGIN + timedelta(days=30)
MOVED_AFTER = 400
"""Hours after which check x-1 belongs to the device of the other line."""

Made = tuple[str, OccurrenceOutcome | None, int]
"""Check, outcome, and how many hours after the begin it was due."""
MADE = st.lists(
    st.tuples(
        st.sampled_from(["x-1", "x-2", "y-1"]),
        st.none() | st.sampled_from(list(OccurrenceOutcome)),
        st.integers(0, 24 * 40),
    ),
    max_size=12,
)
BOUNDS = st.none() | st.integers(-30, 24 * 42).map(lambda hours: BEGIN + timedelta(hours=hours))
WANTED = st.builds(
    ChecksWanted,
    line=st.sampled_from([None, "a", "b"]),
    device=st.sampled_from([None, "x", "y"]),
    check=st.sampled_from([None, "x-1", "y-1"]),
    begin=BOUNDS,
    end=BOUNDS,
    ended=st.none() | st.sampled_from(list(End)),
)


def a_plant(made: list[Made]) -> MemoryDatabase:
    database = MemoryDatabase(
        origin="plant",
        clock=SteppingClock(),
        recording=Recording(fold=counting, software="test"),
        seal=lambda _log: "sealed",
    )
    for number, (check, outcome, hours) in enumerate(made, start=1):
        due_at = BEGIN + timedelta(hours=hours)
        device = "y" if check == "x-1" and hours > MOVED_AFTER else check[0]
        due = bare(
            OccurrenceRecord,
            number,
            occurrence_id=OccurrenceId(f"a-O-{number}"),
            number=number,
            line="b" if device == "y" else "a",
            check_id=check,
            device=device,
            trigger_key=str(number),
            outcome=outcome,
            opens_at=due_at,
            due_at=due_at,
            grace_ends_at=due_at + timedelta(hours=1),
            closes_at=due_at + timedelta(hours=2),
            held_until=None,
            first_due_at=None,
            first_closes_at=None,
            moved_by_pause=None,
        )
        database.write_now(lambda uow, due=due: uow.append(put(due)))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    return database


def is_wanted(each: OccurrenceRecord, wanted: ChecksWanted) -> bool:
    return (
        wanted.line in {None, each.line}
        and wanted.device in {None, each.device}
        and wanted.check in {None, each.check_id}
        and wanted.ended in {None, end_of(each, NOW)}
        and (wanted.begin is None or wanted.begin <= each.due_at)
        and (wanted.end is None or each.due_at < wanted.end)
    )


@given(MADE, WANTED, st.integers(1, 3))
@settings(max_examples=150)
def test_pages_and_counts_are_those_of_looking_at_each(
    made: list[Made], wanted: ChecksWanted, limit: int
) -> None:
    def ask(reader: Reader) -> None:
        every = reader.find(OccurrenceRecord)
        those = sorted((e for e in every if is_wanted(e, wanted)), key=listed, reverse=True)
        seen, cursor = [], None
        while True:
            page, cursor = newest_checks(reader, wanted, NOW, limit=limit, after=cursor)
            assert len(page) <= limit
            seen += page
            if cursor is None:
                break
        assert seen == those
        of_any = replace(wanted, ended=None)
        counts = count_ends(reader, wanted, NOW)
        for end in End:
            asked = replace(of_any, ended=end)
            assert counts[end] == sum(is_wanted(each, asked) for each in every)

    a_plant(made).read_now(ask)


@given(MADE, WANTED)
@settings(max_examples=60)
def test_a_day_is_counted_by_line_and_end(made: list[Made], wanted: ChecksWanted) -> None:
    begin = BEGIN + timedelta(days=3)
    end = begin + timedelta(days=1)
    asked = replace(wanted, begin=begin, end=end, ended=None)

    def ask(reader: Reader) -> None:
        found = ends_of_day(reader, asked, begin, end)
        those = [e for e in reader.find(OccurrenceRecord) if is_wanted(e, asked) and e.outcome]
        assert sum(found.values()) == len(those)
        for (line, came_to), count in found.items():
            assert count == sum(e.line == line and end_of(e, NOW) is came_to for e in those)

    a_plant(made).read_now(ask)
