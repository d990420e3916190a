"""Duplicates and late messages are found out; a station that restarts is believed again (D7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.observation import Reason
from redrabbit.links.message_order import MessageOrder, Ordering, Place, Stamp, read_stamp
from redrabbit.links.told_time import ToldTime

IN, DUPLICATE, OUT = Ordering.IN_ORDER, Ordering.DUPLICATE, Ordering.OUT_OF_ORDER


def places(stamps: list[Stamp], payloads: list[bytes] | None = None) -> list[Ordering]:
    order = MessageOrder()
    texts = payloads or [b""] * len(stamps)
    return [order.place(stamp, text).ordering for stamp, text in zip(stamps, texts, strict=True)]


def gaps(order: MessageOrder, *numbers: int) -> list[tuple[int, int]]:
    """What is missing before each of these messages: lost, and passed over."""
    found = [order.place(Stamp(sequence=number), b"") for number in numbers]
    return [(place.lost, place.passed_over) for place in found]


def told(seconds: float) -> ToldTime:
    return ToldTime(seconds=seconds, resolution_s=0.001)


def sequences(*numbers: int) -> list[Stamp]:
    return [Stamp(sequence=number) for number in numbers]


def times(*seconds: float) -> list[Stamp]:
    return [Stamp(time=told(second)) for second in seconds]


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
        Stamp(sequence=70, time=told(100.0)),
        Stamp(sequence=1, time=told(101.0)),
        Stamp(sequence=0, time=told(100.5)),
    ]
    assert places(stamps) == [IN, IN, OUT]


def test_after_a_connect_a_lower_number_is_a_new_beginning_but_not_fresh() -> None:
    order = MessageOrder()
    order.place(Stamp(sequence=70), b"")
    order.connected()
    assert order.place(Stamp(sequence=3), b"").ordering is OUT
    assert order.place(Stamp(sequence=4), b"").ordering is IN


def test_after_a_connect_the_same_message_is_still_a_duplicate() -> None:
    order = MessageOrder()
    order.place(Stamp(sequence=70), b"")
    order.connected()
    assert order.place(Stamp(sequence=70), b"").ordering is DUPLICATE


# What is missing (D27) -------------------------------------------------------------------------


def test_a_sequence_that_leaves_numbers_out_has_lost_messages() -> None:
    assert gaps(MessageOrder(), 1, 2, 5, 6, 8) == [(0, 0), (0, 0), (2, 0), (0, 0), (1, 0)]


def test_a_sequence_that_several_topics_share_tells_of_no_loss() -> None:
    """Its numbers are the other topics' messages."""
    order = MessageOrder()
    gaps(order, 1, 3, 6, 8, 9, 12, 14, 17)
    assert gaps(order, 20, 22, 23, 26) == [(0, 0)] * 4


def test_what_was_said_before_a_connect_or_is_retained_is_not_missing() -> None:
    order = MessageOrder()
    gaps(order, 1, 2, 3)
    order.connected()
    assert gaps(order, 70) == [(0, 0)]
    assert order.place(Stamp(sequence=75), b"", retained=True).lost == 0
    assert gaps(order, 80, 82) == [(0, 0), (1, 0)]


def test_messages_that_came_out_of_order_were_not_taken_in() -> None:
    """A station that counts anew is believed at its fourth message; the three before are missing."""
    assert gaps(MessageOrder(), 70, 71, 1, 2, 3, 4, 5)[-2:] == [(0, 3), (0, 0)]


def test_a_station_that_counts_anew_may_have_said_something_before() -> None:
    order = MessageOrder()
    order.place(Stamp(sequence=70, time=told(100.0)), b"")
    again = order.place(Stamp(sequence=1, time=told(101.0)), b"")
    assert again == Place(ordering=IN, passed_over=1)


def test_a_message_that_nobody_could_read_fills_the_hole_it_left() -> None:
    order = MessageOrder()
    gaps(order, 1, 2, 3)
    order.pass_over()
    assert gaps(order, 5, 6) == [(0, 1), (0, 0)]
    order.pass_over()
    assert gaps(order, 9) == [(1, 1)]
    order.pass_over()
    order.connected()
    assert gaps(order, 11) == [(0, 0)]


def test_a_topic_without_sequence_and_time_tells_of_what_nobody_could_read() -> None:
    order = MessageOrder()
    order.pass_over()
    assert order.unstamped() == Place(ordering=IN, passed_over=1)
    assert order.unstamped() == Place(ordering=IN)


def test_a_duplicate_is_not_missing() -> None:
    assert gaps(MessageOrder(), 1, 2, 2, 3) == [(0, 0)] * 4


# A modulus (D27) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((65534, 65535, 0, 1), [IN, IN, IN, IN]),
        ((65535, 0, 0, 65535, 1), [IN, IN, DUPLICATE, OUT, IN]),
        ((5, 3, 65000, 6), [IN, OUT, OUT, IN]),
        ((40000, 1, 2, 3, 4), [IN, IN, IN, IN, IN]),
        ((20000, 1, 2, 3, 4), [IN, OUT, OUT, OUT, IN]),
    ],
    ids=["wraps", "late over the wrap", "late", "seems ahead", "counts anew"],
)
def test_a_sequence_with_a_modulus_begins_at_zero_again(
    numbers: tuple[int, ...], expected: list[Ordering]
) -> None:
    order = MessageOrder(65536)
    assert [order.place(stamp, b"").ordering for stamp in sequences(*numbers)] == expected


@given(
    modulus=st.integers(16, 300),
    start=st.integers(0, 299),
    steps=st.lists(st.integers(1, 7), max_size=60),
)
def test_with_a_modulus_a_stream_is_placed_as_the_endless_one_that_it_stands_for(
    modulus: int, start: int, steps: list[int]
) -> None:
    """Every wrap is in order, and every hole is as large."""
    numbers = [start % modulus]
    for step in steps:
        numbers.append(numbers[-1] + step)
    endless, wrapping = MessageOrder(), MessageOrder(modulus)
    for number in numbers:
        expected = endless.place(Stamp(sequence=number), b"")
        assert wrapping.place(Stamp(sequence=number % modulus), b"") == expected


def test_a_number_that_the_modulus_excludes_is_not_one_of_this_sequence() -> None:
    assert read_stamp({"seq": 255}, ("seq",), (), 256) == Stamp(sequence=255)
    for beyond in (256, -1):
        assert read_stamp({"seq": beyond}, ("seq",), (), 256) is Reason.OUT_OF_RANGE


@given(numbers=st.lists(st.integers(0, 30), max_size=40))
def test_what_is_in_order_is_higher_than_the_newest_unless_the_station_began_anew(
    numbers: list[int],
) -> None:
    order = MessageOrder()
    newest: int | None = None
    rising = 0
    for number in numbers:
        ordering = order.place(Stamp(sequence=number), b"").ordering
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


def test_a_message_may_tell_both() -> None:
    stamp = read_stamp({"seq": 3, "at": 5}, ("seq",), ("at",))
    assert stamp == Stamp(sequence=3, time=ToldTime(seconds=5.0, resolution_s=1.0))
    assert read_stamp({"at": "this morning"}, (), ("at",)) is Reason.UNREADABLE
    assert read_stamp({}, (), ("at",)) is Reason.MISSING


@pytest.mark.parametrize(
    "told",
    ["9" * 400, "NaN", "Infinity", "-Infinity", "1e400", str(2**63), '"0000-01-01"', "[]", "true"],
)
def test_what_has_no_order_is_unreadable_and_no_fault_of_the_link(told: str) -> None:
    """K7: 400 digits stopped the link's task, and a NaN put every later message out of order."""
    document = json.loads(f'{{"at": {told}, "seq": {told}}}')
    assert read_stamp(document, (), ("at",)) is Reason.UNREADABLE
    assert read_stamp(document, ("seq",), ()) is Reason.UNREADABLE
