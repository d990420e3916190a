"""What an export asks of a ledger, answered by index as by reading all of it (D26)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, text

from redrabbit.domain.export_format import Period, covering_range
from redrabbit.domain.facts.catalogue import FOUND_BY_TYPE
from redrabbit.domain.ledger import Event
from redrabbit.services.ports import Reader
from redrabbit.store.opening import open_database
from tests.contracts.test_store_contract import (  # noqa: F401  fixtures
    emptied_postgresql,
    kept_postgresql,
)
from tests.stored import RECORDING, START, SteppingClock, happened

HOUR = timedelta(hours=1)
HOURS = 24
LEDGER_ONLY = replace(RECORDING, fold=lambda *_: ())


class HourClock(SteppingClock):
    """Reads what it was set to."""

    def now(self) -> Any:
        return self.read


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A ledger of three streams whose clock was set back and forth, and that was told things late."""
    url, key_path = f"sqlite:///{tmp_path / 'plant.db'}", tmp_path / "plant.key"
    if request.param == "postgresql":
        url, key_path = request.getfixturevalue("emptied_postgresql")
    clock, by = HourClock(), Random(7)
    with open_database(
        url, plant="P", clock=clock, recording=LEDGER_ONLY, key_path=key_path
    ) as opened:
        for number in range(60):
            hour = number * HOURS // 60 + by.choice([0, 0, 0, -5, 6])
            clock.read = START + hour * HOUR
            at = clock.read - by.choice([0, 0, 0, 7]) * HOUR
            type_ = by.choice(["noted", FOUND_BY_TYPE[0], *FOUND_BY_TYPE[2:]])
            event = happened(type_, by.choice(["line2", "line1", "plant"]))
            event = Event(
                type=event.type, stream=event.stream, occurred_at=at, actor=event.actor, payload={}
            )
            opened.write_now(lambda work, event=event: work.append(event))  # type: ignore[misc]  # because mypy can't infer a lambda with a default
        yield opened


def test_the_range_of_a_period_is_that_of_reading_all(database: Any) -> None:
    def compared(reader: Reader) -> int:
        entries = reader.entries()
        count = 0
        for stream in ("line1", "line2", "plant"):
            of_stream = [entry for entry in entries if entry.stream == stream]
            for begins in range(-8, HOURS + 8):
                for hours in (1, 3, 20):
                    period = Period(
                        begins_at=START + begins * HOUR, ends_at=START + (begins + hours) * HOUR
                    )
                    expected = covering_range(of_stream, period)
                    assert reader.covering_range(stream, period) == expected, (stream, period)
                    count += 1
        return count

    assert database.read_now(compared) == 3 * 40 * 3
    nothing = Period(begins_at=START, ends_at=START + HOUR)
    assert database.read_now(lambda reader: reader.covering_range("line9", nothing)) == range(0)


def test_streams_and_their_entries_are_found(database: Any) -> None:
    def asked(reader: Reader) -> None:
        assert reader.streams() == ["line1", "line2", "plant"]
        of_line = [entry.index for entry in reader.entries() if entry.stream == "line2"]
        found = reader.stream_entries("line2", 3, 5)
        assert [index for index, _ in found] == of_line[3:8]
        assert all(reader.stored_entry(index) == stored for index, stored in found)
        assert reader.stream_entries("line2", len(of_line), 5) == []

    database.read_now(asked)


@pytest.mark.parametrize("before", [None, 9, 40])
@pytest.mark.parametrize("descending", [False, True])
def test_entries_are_found_by_type(database: Any, *, descending: bool, before: int | None) -> None:
    types = FOUND_BY_TYPE[2:]

    def asked(reader: Reader) -> None:
        expected = [
            entry
            for entry in reader.entries(9)
            if entry.type in types and (before is None or entry.index < before)
        ]
        assert bool(expected) is (before != 9)
        expected = expected[::-1] if descending else expected
        for limit in (1, 3, None):
            found = reader.entries_of(
                *types, first=9, before=before, descending=descending, limit=limit
            )
            assert found == expected[:limit]

    database.read_now(asked)


def test_none_of_these_questions_reads_all_entries(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plant.db'}"
    asked: list[str] = []
    with open_database(url, plant="P", clock=SteppingClock(), recording=LEDGER_ONLY) as database:
        database.write_now(lambda work: work.append(happened("noted")))

        def plans(reader: Any) -> list[str]:
            connection: Connection = reader._connection
            driver: Any = connection.connection.dbapi_connection
            driver.set_trace_callback(asked.append)
            reader.streams()
            period = Period(begins_at=START, ends_at=START + HOUR)
            reader.covering_range("plant", period)
            reader.covering_range("plant", Period(begins_at=START - HOUR, ends_at=START))
            reader.stream_entries("plant", 0, 3)
            reader.entries_of(*FOUND_BY_TYPE, before=9, descending=True, limit=1)
            driver.set_trace_callback(None)
            statements = [each for each in asked if each.startswith("SELECT")]
            return [
                row.detail
                for each in statements
                for row in connection.execute(text(f"EXPLAIN QUERY PLAN {each.replace(':', '')}"))
            ]

        found = database.read_now(plans)
    assert len(found) > 10
    assert [plan for plan in found if plan.startswith("SCAN") or "TEMP B-TREE" in plan] == []
    back_and_on = [plan for plan in found if "stream=? AND stream_seq" in plan]
    assert len(back_and_on) >= 4, found
