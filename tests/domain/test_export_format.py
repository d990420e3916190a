"""What of the ledger must stand in an exported file."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import Checkpoint
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.export_format import (
    FORMAT,
    FORMAT_1,
    FORMAT_2,
    FORMATS,
    TYPES_OF,
    Elsewhere,
    Header,
    Period,
    SealedBody,
    checkpoint_line,
    consistency_line,
    covering_range,
    elsewhere_line,
    entry_line,
    header_line,
    sealed,
    stream_line,
)
from redrabbit.domain.ledger import StoredEntry
from redrabbit.domain.signed_note import note_is_signed, parse_note, to_base64
from tests.fakes import ToyKey

T0 = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Recorded:
    """An entry, as far as choosing looks at it."""

    occurred_at: datetime
    recorded_at: datetime


def hour(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def recorded(*hours: float) -> list[Recorded]:
    return [Recorded(hour(one), hour(one)) for one in hours]


PERIOD = Period(begins_at=hour(10), ends_at=hour(12))


@pytest.mark.parametrize(
    ("hours", "chosen"),
    [
        pytest.param((8, 9, 10, 11, 12, 13), range(1, 5), id="one before, one after"),
        pytest.param((10, 11), range(2), id="from start to head"),
        pytest.param((8, 9), range(1, 2), id="all before: the head is shown"),
        pytest.param((13, 14), range(1), id="all after: the start is shown"),
        pytest.param((9, 13), range(2), id="none within: the two around it"),
        pytest.param((9, 11, 13, 11, 9, 13, 14), range(6), id="clock stepped back into it"),
        pytest.param((9, 13, 11, 13), range(4), id="clock was ahead before it"),
        pytest.param((8, 9, 11, 9, 8, 13, 14), range(1, 6), id="clock stepped back before it"),
    ],
)
def test_a_stream_is_shown_from_before_the_period_until_after_it(
    hours: tuple[float, ...], chosen: range
) -> None:
    assert covering_range(recorded(*hours), PERIOD) == chosen


def test_what_was_spooled_counts_when_it_happened_and_when_it_was_recorded() -> None:
    spooled = Recorded(occurred_at=hour(11), recorded_at=hour(15))
    late = Recorded(occurred_at=hour(9), recorded_at=hour(10))
    assert PERIOD.holds(spooled)
    assert PERIOD.holds(late)
    assert covering_range([*recorded(9, 13, 14), spooled, *recorded(16)], PERIOD) == range(4)


def test_a_stream_without_entries_has_none_to_show() -> None:
    assert covering_range([], PERIOD) == range(0)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=12))
def test_nothing_in_the_period_is_ever_left_out(hours: list[int]) -> None:
    period = Period(begins_at=hour(3), ends_at=hour(5))
    entries = recorded(*hours)
    chosen = covering_range(entries, period)
    inside = {place for place, entry in enumerate(entries) if period.holds(entry)}
    assert inside <= set(chosen)
    assert chosen.start == 0 or entries[chosen.start].recorded_at < period.begins_at
    assert chosen.stop == len(entries) or entries[chosen[-1]].recorded_at >= period.ends_at


def test_a_period_includes_its_beginning_and_not_its_end() -> None:
    assert PERIOD.holds(recorded(10)[0])
    assert not PERIOD.holds(recorded(12)[0])


def test_a_period_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        Period(begins_at=hour(10), ends_at=hour(10))
    with pytest.raises(ValueError, match="time zone"):
        Period(begins_at=datetime(2026, 1, 1), ends_at=hour(10))  # noqa: DTZ001  the naive instant is what is tested


A_HEADER = Header(plant="P", period=PERIOD, lines=None, made_at=hour(20), key="a+b+c")


def test_a_line_brings_the_plants_own_stream_with_it() -> None:
    streams = ["line-2", "plant", "line-1"]
    assert all(map(A_HEADER.asks_for, streams))
    of_one = replace(A_HEADER, lines=("line-2",))
    assert list(filter(of_one.asks_for, streams)) == ["line-2", "plant"]


def test_an_entry_of_schema_1_stands_in_its_line_as_it_is() -> None:
    raw = '{"actor":"装配","schema":1}'.encode()
    line = entry_line(7, StoredEntry(raw=raw, salt=None, payload=None), [b"\x00", b"\x01"])
    assert line == '{"entry":{"actor":"装配","schema":1},"index":7,"proof":["AA==","AQ=="]}'


OF_SCHEMA_2 = StoredEntry(raw=b'{"schema":2}', salt=b"\x0f\xf0", payload='{"a":"é"}'.encode())


def test_an_entry_has_its_payload_and_its_salt_beside_it() -> None:
    """D51: so that whoever has the file can check the digest in the leaf."""
    assert json.loads(entry_line(7, OF_SCHEMA_2, [])) == {
        "entry": {"schema": 2},
        "index": 7,
        "names": {},
        "payload": {"a": "é"},
        "proof": [],
        "salt": "0ff0",
    }


def test_a_stated_name_goes_with_its_entry_while_it_is_kept() -> None:
    name = StatedName(name="李娜", salt=b"\x01")
    found = json.loads(entry_line(7, OF_SCHEMA_2, [], {"name:a": name, "name:b": None}))
    assert found["names"] == {"name:a": {"name": "李娜", "salt": "01"}, "name:b": None}


def test_what_was_erased_is_null() -> None:
    erased = OF_SCHEMA_2._replace(salt=None, payload=None)
    found = json.loads(entry_line(7, erased, []))
    assert (found["payload"], found["salt"]) == (None, None)


def test_header_checkpoint_and_stream_have_a_line_each() -> None:
    header = Header(
        plant="Suzhou 2", period=PERIOD, lines=("line-1",), made_at=hour(20), key="a+b+c"
    )
    assert json.loads(header_line(header)) == {
        "format": "redrabbit records 3",
        "from": "2026-11-22T10:00:00.000000Z",
        "key": "a+b+c",
        "lines": ["line-1"],
        "made_at": "2026-11-22T20:00:00.000000Z",
        "plant": "Suzhou 2",
        "until": "2026-11-22T12:00:00.000000Z",
    }
    assert checkpoint_line("a\n") == '{"checkpoint":"a\\n"}'
    assert stream_line("plant") == '{"stream":"plant"}'
    assert elsewhere_line(Elsewhere.IN_FORCE) == '{"type":"in_force"}'
    kept = Checkpoint(origin="a", size=7, root=bytes(32))
    assert json.loads(consistency_line(kept, [b"\x00"])) == {
        "consistency": ["AA=="],
        "root": to_base64(bytes(32)),
        "size": 7,
    }


def test_the_seal_signs_all_lines_above() -> None:
    key = ToyKey()
    *lines, last = sealed(["one", "two"], key)
    assert lines == [b"one\n", b"two\n"]
    note = parse_note(json.loads(last)["seal"])
    body = SealedBody()
    body.add(b"one\ntwo\n")
    assert note.text == body.seal_text(FORMAT, key.name)
    assert note_is_signed(note, key)
    assert "bytes 8\n" in note.text


def test_a_section_stands_in_the_formats_since_it_came() -> None:
    found = {
        form: {kind for kind in Elsewhere if replace(A_HEADER, format=form).has(kind)}
        for form in FORMATS
    }
    assert found == {
        FORMAT_1: {Elsewhere.PAYLOADS_ERASED},
        FORMAT_2: set(Elsewhere) - {Elsewhere.PEOPLE},
        FORMAT: set(Elsewhere),
    }
    assert set(TYPES_OF) == set(Elsewhere)
