"""Pages of records follow each other without a gap or a doubt, also within one instant (B30)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter, PauseId, numbered
from redrabbit.domain.records import PauseRecord
from redrabbit.services.ports import equals
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


def seen(database: MemoryDatabase, limit: int, line: str | None = None) -> list[PauseRecord]:
    """Return what the pages show, one after the other."""
    where = [equals("line", line)] if line is not None else []
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


@given(
    made=st.lists(st.tuples(st.sampled_from(["a", "b", "b-2"]), st.integers(0, 3)), max_size=24),
    limit=st.integers(1, 7),
    line=st.sampled_from([None, "b"]),
)
def test_pages_show_each_record_once_newest_first(made: Made, limit: int, line: str | None) -> None:
    database = a_database(made)
    kept = database.read_now(lambda reader: reader.find(PauseRecord))
    wanted = [record for record in kept if line in {None, record.line}]
    assert seen(database, limit, line) == sorted(wanted, key=listed, reverse=True)


def test_a_cursor_of_nothing_is_refused() -> None:
    database = a_database([("a", 1)])
    with pytest.raises(Refusal, match="not_a_cursor"):
        database.read_now(lambda r: newest_first(r, PauseRecord, [], limit=1, after="a-P-2"))
