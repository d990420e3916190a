"""Pages of records follow each other without a gap or a doubt, also within one instant (B30)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter, PauseId, numbered
from redrabbit.domain.records import PauseRecord
from redrabbit.services.ports import Where, equals
from redrabbit.services.queries.newest import listed, newest_first
from redrabbit.store.memory import MemoryDatabase
from tests.stored import RECORDING, START, SteppingClock, bare, put

Made = list[tuple[str, int]]
"""Line and hour of each pause."""


def a_database(made: Made) -> MemoryDatabase:
    database = MemoryDatabase(
        origin="plant", clock=SteppingClock(), recording=RECORDING, seal=lambda _log: "sealed"
    )
    counted: dict[str, int] = {}
    for line, hour in made:
        number = counted[line] = counted.get(line, 0) + 1
        record = bare(
            PauseRecord,
            pause_id=PauseId(numbered(line, Letter.PAUSE, number)),
            line=line,
            number=number,
            begins_at=START + timedelta(hours=hour),
        )
        database.write_now(lambda uow, record=record: uow.append(put(record)))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
    return database


def seen(database: MemoryDatabase, limit: int, *where: Where) -> list[PauseRecord]:
    """Return what the pages show, one after the other."""
    found: list[PauseRecord] = []
    cursor: str | None = None
    while True:
        after = cursor
        page, cursor = database.read_now(
            lambda reader, after=after: newest_first(  # type: ignore[misc]  # because mypy can't infer a lambda with a default
                reader, PauseRecord, where, limit=limit, after=after
            )
        )
        found += page
        if cursor is None:
            return found


HOURS = st.none() | st.integers(0, 4)


@given(
    made=st.lists(st.tuples(st.sampled_from(["a", "b", "b-2"]), st.integers(0, 3)), max_size=24),
    limit=st.integers(1, 7),
    line=st.sampled_from([None, "b"]),
    since=HOURS,
    until=HOURS,
)
def test_pages_show_each_record_once_newest_first(
    made: Made, limit: int, line: str | None, since: int | None, until: int | None
) -> None:
    """Also those of a period, whose end a cursor lies before."""
    database = a_database(made)
    where = [equals("line", line)] if line is not None else []
    where += [Where("begins_at", ">=", hour_of(since))] if since is not None else []
    where += [Where("begins_at", "<", hour_of(until))] if until is not None else []
    wanted = [
        record
        for record in database.read_now(lambda reader: reader.find(PauseRecord))
        if line in {None, record.line}
        and (since is None or record.begins_at >= hour_of(since))
        and (until is None or record.begins_at < hour_of(until))
    ]
    assert seen(database, limit, *where) == sorted(wanted, key=listed, reverse=True)


def hour_of(number: int) -> datetime:
    return START + timedelta(hours=number)


def test_a_cursor_outside_of_what_is_asked_for_leads_into_it() -> None:
    """Somebody put an address together: the page is that of what is older, or there is none."""
    database = a_database([("a", 1), ("a", 2), ("a", 3)])

    def found(after: str, *where: Where) -> list[int]:
        page, _ = database.read_now(
            lambda reader: newest_first(reader, PauseRecord, where, limit=5, after=after)
        )
        return [record.number for record in page]

    assert found("a-P-3", Where("begins_at", "<", hour_of(2))) == [1]
    assert found("a-P-1", Where("begins_at", ">=", hour_of(2))) == []
    assert found("a-P-3", Where("begins_at", ">=", hour_of(2)), equals("line", "b")) == []


def test_of_no_line_there_is_nothing_and_a_cursor_is_looked_at_all_the_same() -> None:
    database = a_database([("a", 1)])
    nowhere = [Where("line", "in", ())]
    assert database.read_now(
        lambda reader: newest_first(reader, PauseRecord, nowhere, limit=1, after=None)
    ) == ([], None)
    with pytest.raises(Refusal, match="not_a_cursor"):
        database.read_now(lambda r: newest_first(r, PauseRecord, nowhere, limit=1, after="a-P-2"))


def test_a_cursor_of_nothing_is_refused() -> None:
    database = a_database([("a", 1)])
    with pytest.raises(Refusal, match="not_a_cursor"):
        database.read_now(lambda r: newest_first(r, PauseRecord, [], limit=1, after="a-P-2"))
