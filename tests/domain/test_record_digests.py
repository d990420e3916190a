"""Digests of record tables: kept up with every change, they are those of the rows (D26)."""

from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.ledger import StreamHead
from redrabbit.domain.record_digests import (
    BLOCKS,
    RecordDigests,
    RecordSeal,
    TableDigest,
    block_of,
    parse_seal,
    row_bytes,
    seal_text,
)

GOLDEN_BLOCK = 2
GOLDEN_ROOT = "d4f8c6889aee273e3e754336ea68e2ab71ed104ca15de5e2f74191f12ff9cb44"
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
)
ROWS = st.fixed_dictionaries({"key": st.integers(0, 30), "a": VALUES, "b": VALUES})


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def digests_of(rows: list[dict[str, object]]) -> tuple[RecordDigests, dict[int, dict[str, object]]]:
    """Return the digests after each row was put, and the rows that are there then."""
    digests, table = RecordDigests(), dict[int, dict[str, object]]()
    for row in rows:
        key = row["key"]
        assert isinstance(key, int)
        digests = digests.changed("runs", (key,), table.get(key), row)
        table[key] = row
    return digests, table


def read(rows: list[dict[str, object]]) -> TableDigest:
    found = TableDigest("runs", ("key",))
    for row in rows:
        found.add(row)
    return found


@given(st.lists(ROWS, max_size=12), st.randoms())
def test_they_are_those_of_the_rows_that_are_there(
    rows: list[dict[str, object]],
    chance: Random,
) -> None:
    digests, table = digests_of(rows)
    there = list(table.values())
    chance.shuffle(there)
    found = read(there)
    assert found.rows == len(table)
    assert found.differing(digests.blocks) == []
    assert RecordDigests(found.blocks).root == digests.root


@given(st.lists(ROWS, min_size=1, max_size=8), st.data())
def test_any_edit_shows_in_its_block(rows: list[dict[str, object]], data: st.DataObject) -> None:
    digests, table = digests_of(rows)
    key = data.draw(st.sampled_from(sorted(table)))
    how = data.draw(st.sampled_from(["edit", "remove", "add twice"]))
    there = dict(table)
    others = [row for at, row in there.items() if at != key]
    if how == "edit":
        column = data.draw(st.sampled_from("ab"))
        value = data.draw(VALUES.filter(lambda each: not same(each, table[key][column])))
        others.append(table[key] | {column: value})
    elif how == "add twice":
        others += [table[key], table[key]]
    found = read(others)
    assert found.differing(digests.blocks) == [block_of("runs", (key,))[1]]
    assert RecordDigests(found.blocks).root != digests.root


def test_nothing_was_ever_there_is_the_same_as_all_was_taken_out() -> None:
    digests, _ = digests_of([{"key": 1, "a": 1, "b": 2}])
    row = row_bytes("runs", {"key": 1, "a": 1, "b": 2})
    emptied = {block: digest.without_member(row) for block, digest in digests.blocks.items()}
    assert RecordDigests(emptied).root == RecordDigests().root


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (1, "1"),
        (None, "-"),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, tzinfo=UTC), 1772409600000000),
        (b"1", "1"),
        (datetime(2026, 3, 2), date(2026, 3, 2)),  # noqa: DTZ001  a column of ours holds none
    ],
)
def test_values_of_other_types_are_other_values(one: object, other: object) -> None:
    assert row_bytes("runs", {"a": one}) != row_bytes("runs", {"a": other})


def test_a_negative_zero_is_zero_as_it_is_read_back() -> None:
    assert row_bytes("runs", {"a": -0.0}) == row_bytes("runs", {"a": 0.0})


def test_columns_are_told_apart() -> None:
    assert row_bytes("runs", {"a": "x", "b": "y"}) != row_bytes("runs", {"a": "x,b:y"})
    assert row_bytes("runs", {"a": 1, "b": 2}) == row_bytes("runs", {"b": 2, "a": 1})
    assert row_bytes("runs", {"a": 1}) != row_bytes("checks", {"a": 1})


def test_rows_are_dealt_out_to_all_blocks() -> None:
    assert {block_of("runs", (f"line1-R-{n}",))[1] for n in range(200)} == set(range(BLOCKS))


def test_a_seal_is_read_as_it_was_written_and_no_other_text_is_one() -> None:
    heads = {"line1": StreamHead(10, bytes(range(32))), "plant": StreamHead(7, bytes(32))}
    older = RecordSeal("Plant-1/0a", 17, bytes(32), heads)
    seal = older._replace(rows=bytes(range(64)))
    text = seal_text(seal)
    assert parse_seal(text) == seal
    assert parse_seal(seal_text(older)) == older, "of an earlier version, without a sum"
    for other in ("", text[:-1], text + "x\n", text.replace("17", "017"), text.replace("00", "zz")):
        with pytest.raises(ValueError, match=r"seal|hexadecimal|stream|hash|base64"):
            parse_seal(other)
    with pytest.raises(ValueError, match="seal"):
        parse_seal(text.replace("records 3", "records 4"))
    with pytest.raises(ValueError, match="stream"):
        parse_seal(text.replace("records 3", "records 2"))
    with pytest.raises(ValueError, match="seal"):
        parse_seal(text.replace(bytes(range(64)).hex(), bytes(range(64)).hex().upper()))
    with pytest.raises(ValueError, match="add up"):
        parse_seal(text.replace("line1 10", "line1 11"))


def test_what_is_signed_stays_what_it_is() -> None:
    """Another spelling of a row would call every database damaged: it needs another version of the seal."""
    row = {
        "run_id": "line1-R-7",
        "number": 7,
        "grade": None,
        "at": datetime(2026, 3, 2, tzinfo=UTC),
    }
    row |= {"measured": 18.25, "decides": True, "day": date(2026, 3, 2)}
    assert row_bytes("runs", row) == (
        b'["runs","at","t1772409600000000","day","d2026-03-02","decides","b1","grade","-",'
        b'"measured","f18.25","number","i7","run_id","sline1-R-7"]'
    )
    assert block_of("runs", ("line1-R-7",)) == ("runs", GOLDEN_BLOCK)
    digests = RecordDigests().changed("runs", ("line1-R-7",), None, row)
    assert digests.root.hex() == GOLDEN_ROOT
    assert (
        seal_text(RecordSeal("Plant-1/0a", 17, bytes(32), {"line1": StreamHead(17, bytes(32))}))
        == f"Plant-1/0a\nred-rabbit records 2\n17\n{'00' * 32}\nstream line1 17 {'A' * 43}=\n"
    )
    assert (
        seal_text(RecordSeal("Plant-1/0a", 0, bytes(32), {}, bytes(64)))
        == f"Plant-1/0a\nred-rabbit records 3\n0\n{'00' * 32}\n{'00' * 64}\n"
    )
