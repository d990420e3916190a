"""Duplicates and late messages are found out; a station that restarts is believed again (D7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.observation import Reason
from redrabbit.links.message_order import MessageOrder, Ordering, Stamp, read_stamp

IN, DUPLICATE, OUT = Ordering.IN_ORDER, Ordering.DUPLICATE, Ordering.OUT_OF_ORDER


def places(stamps: list[Stamp], payloads: list[bytes] | None = None) -> list[Ordering]:
    order = MessageOrder()
    texts = payloads or [b""] * len(stamps)
    return [order.ordering(stamp, text) for stamp, text in zip(stamps, texts, strict=True)]


def sequences(*numbers: int) -> list[Stamp]:
    return [Stamp(sequence=number) for number in numbers]


def times(*seconds: float) -> list[Stamp]:
    return [Stamp(time_s=second) for second in seconds]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((1, 2, 3), [IN, IN, IN]),
        ((1, 5, 9), [IN, IN, IN]),
        ((1, 2, 2, 3), [IN, IN, DUPLICATE, IN]),
        ((1, 3, 2, 4), [IN, IN, OUT, IN]),
        ((7, 5, 6, 8), [IN, OUT, OUT, IN]),
        ((70, 1, 2, 3, 4), [IN, OUT, OUT, OUT, IN]),
        ((70, 3, 2, 1, 71), [IN, OUT, OUT, OUT, IN]),
        ((65535, 0, 1, 2, 3), [IN, OUT, OUT, OUT, IN]),
        ((70, 1, 2, 71, 3, 4, 5, 6), [IN, OUT, OUT, IN, OUT, OUT, OUT, IN]),
    ],
    ids=[
        "steady",
        "with gaps",
        "twice",
        "late",
        "two late in order",
        "restarted",
        "falling",
        "rolled over",
        "two late are forgotten by the next in order",
    ],
)
def test_sequences(numbers: tuple[int, ...], expected: list[Ordering]) -> None:
    assert places(sequences(*numbers)) == expected


def test_two_messages_of_one_instant_are_duplicates_only_if_they_are_equal() -> None:
    stamps = times(1.0, 1.0, 1.0)
    assert places(stamps, [b"a", b"b", b"b"]) == [IN, IN, DUPLICATE]


def test_time_alone_finds_late_messages() -> None:
    assert places(times(1.0, 3.0, 2.0, 4.0)) == [IN, IN, OUT, IN]


def test_a_sequence_that_falls_while_time_goes_on_is_a_restarted_station() -> None:
    stamps = [
        Stamp(sequence=70, time_s=100.0),
        Stamp(sequence=1, time_s=101.0),
        Stamp(sequence=0, time_s=100.5),
    ]
    assert places(stamps) == [IN, IN, OUT]


def test_after_a_connect_a_lower_number_is_a_new_beginning_but_not_fresh() -> None:
    order = MessageOrder()
    order.ordering(Stamp(sequence=70), b"")
    order.connected()
    assert order.ordering(Stamp(sequence=3), b"") is OUT
    assert order.ordering(Stamp(sequence=4), b"") is IN


def test_after_a_connect_the_same_message_is_still_a_duplicate() -> None:
    order = MessageOrder()
    order.ordering(Stamp(sequence=70), b"")
    order.connected()
    assert order.ordering(Stamp(sequence=70), b"") is DUPLICATE


@given(numbers=st.lists(st.integers(0, 30), max_size=40))
def test_what_is_in_order_is_higher_than_the_newest_unless_the_station_began_anew(
    numbers: list[int],
) -> None:
    order = MessageOrder()
    newest: int | None = None
    rising = 0
    for number in numbers:
        ordering = order.ordering(Stamp(sequence=number), b"")
        if ordering is IN:
            assert newest is None or number > newest or rising >= 3
            newest, rising = number, 0
        elif ordering is OUT:
            rising += 1
        if rising >= 3:
            newest = None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"seq": 4}, Stamp(sequence=4)),
        ({}, Reason.MISSING),
        ({"seq": None}, Reason.MISSING),
        ({"seq": "4"}, Reason.UNREADABLE),
        ({"seq": True}, Reason.UNREADABLE),
        ({"seq": 4.5}, Reason.UNREADABLE),
        (None, Reason.MISSING),
    ],
    ids=str,
)
def test_a_sequence_is_a_whole_number_or_nothing(
    document: object, expected: Stamp | Reason
) -> None:
    assert read_stamp(document, ("seq",), ()) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (1770000000, 1770000000.0),
        (1770000000.5, 1770000000.5),
        ("2026-03-02T06:00:00Z", 1772431200.0),
        ("2026-03-02T07:00:00+01:00", 1772431200.0),
        ("2026-03-02T06:00:00", 1772431200.0),
        ("this morning", Reason.UNREADABLE),
        (True, Reason.UNREADABLE),
        ([], Reason.UNREADABLE),
        (None, Reason.MISSING),
    ],
    ids=str,
)
def test_a_time_is_iso_8601_or_unix_seconds(told: object, expected: float | Reason) -> None:
    stamp = read_stamp({"at": told}, (), ("at",))
    assert (stamp.time_s if isinstance(stamp, Stamp) else stamp) == expected


def test_a_message_may_tell_both() -> None:
    stamp = read_stamp({"seq": 3, "at": 5}, ("seq",), ("at",))
    assert stamp == Stamp(sequence=3, time_s=5.0)
    assert isinstance(stamp, Stamp)
    assert stamp.position == 3
    assert Stamp().position == 0.0


@pytest.mark.parametrize(
    "told",
    ["9" * 400, "NaN", "Infinity", "-Infinity", "1e400", str(2**63), '"0000-01-01"', "[]", "true"],
)
def test_what_has_no_order_is_unreadable_and_no_fault_of_the_link(told: str) -> None:
    """K7: 400 digits stopped the link's task, and a NaN put every later message out of order."""
    document = json.loads(f'{{"at": {told}, "seq": {told}}}')
    assert read_stamp(document, (), ("at",)) is Reason.UNREADABLE
    assert read_stamp(document, ("seq",), ()) is Reason.UNREADABLE


@pytest.mark.parametrize("told", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"])
def test_a_time_that_utc_can_not_say_has_its_order_all_the_same(told: str) -> None:
    stamp = read_stamp({"at": told}, (), ("at",))
    assert isinstance(stamp, Stamp)
    assert stamp.time_s is not None
