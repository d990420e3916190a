import math
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.config.value_range import FLOAT32_MAX, ValueRange
from redrabbit.domain.decoding import decode_registers
from redrabbit.domain.identity import SignalName
from redrabbit.domain.signals import Encoding, ModbusAddress, MqttAddress, SignalSpec, Table


def register(
    encoding: Encoding, *, scale: float = 1.0, offset: float = 0.0, length: int = 1
) -> SignalSpec:
    return SignalSpec(
        name=SignalName("x"),
        address=ModbusAddress(
            table=Table.HOLDING_REGISTER, address=0, encoding=encoding, length_registers=length
        ),
        scale=scale,
        offset=offset,
    )


def payload(encoding: Encoding) -> SignalSpec:
    return SignalSpec(name=SignalName("x"), address=MqttAddress(topic="t", encoding=encoding))


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        (register(Encoding.INT16), -32768, 32767),
        (register(Encoding.UINT16, scale=0.5, offset=10), 10, 32777.5),
        (register(Encoding.UINT16, scale=-1), -65535, 0),
        (register(Encoding.UINT64), 0, 2**64 - 1),
        (register(Encoding.FLOAT32), -FLOAT32_MAX, FLOAT32_MAX),
        (payload(Encoding.NUMBER), -math.inf, math.inf),
    ],
    ids=["int16", "scaled", "upside_down", "uint64", "float32", "number"],
)
def test_a_range_ends_where_the_scaled_encoding_ends(
    spec: SignalSpec, low: float, high: float
) -> None:
    found = ValueRange.of(spec)
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize(
    ("spec", "value", "possible"),
    [
        (register(Encoding.INT16, scale=0.1), 5.3, 53 * 0.1 == 5.3),
        (register(Encoding.INT16, scale=0.1), 53 * 0.1, True),
        (register(Encoding.INT16, scale=0.5), 5.5, True),
        (register(Encoding.INT16), 5.5, False),
        (register(Encoding.UINT16), -1, False),
        (register(Encoding.FLOAT32), 0.1, False),
        (register(Encoding.FLOAT32), 0.25, True),
        (register(Encoding.FLOAT32, scale=0.5), 0.125, True),
        (register(Encoding.FLOAT64), 0.1, True),
        (payload(Encoding.INTEGER), 10**30, True),
        (payload(Encoding.INTEGER), 0.5, False),
        (register(Encoding.STRING, length=2), "漏A", True),
        (register(Encoding.STRING, length=2), "漏AB", False),
        (payload(Encoding.STRING), "x" * 1000, True),
        (payload(Encoding.BOOL), True, True),
        (payload(Encoding.BOOL), 1, False),
    ],
)
def test_a_value_is_possible_if_the_decoder_can_ever_give_it(
    spec: SignalSpec, value: bool | float | str, possible: bool
) -> None:
    assert ValueRange.of(spec).can_be(value) is possible


@given(
    raw=st.integers(-32768, 32767),
    scale=st.sampled_from([1.0, 0.1, 0.001, -2.5, 1 / 3]),
    offset=st.sampled_from([0.0, -40.0, 0.7]),
)
def test_whatever_the_decoder_gives_is_possible(raw: int, scale: float, offset: float) -> None:
    spec = register(Encoding.INT16, scale=scale, offset=offset)
    value = decode_registers(spec, [raw & 0xFFFF])
    assert isinstance(value, int | float)
    assert ValueRange.of(spec).can_be(value)


@given(
    raw=st.integers(-32768, 32767),
    scale=st.sampled_from([1.0, 0.1, -2.5]),
    codes=st.lists(st.integers(-32768, 32767), max_size=2),
    ends=st.tuples(st.integers(-900, 900), st.integers(-900, 900)),
)
def test_what_is_declared_as_no_value_is_none_that_the_signal_can_have(
    raw: int, scale: float, codes: list[int], ends: tuple[int, int]
) -> None:
    """D32: codes and range take away just what the decoder no longer gives."""
    bare = register(Encoding.INT16, scale=scale)
    spec = replace(bare, invalid=tuple(codes), range=(min(ends), max(ends)))
    value = decode_registers(bare, [raw & 0xFFFF])
    assert isinstance(value, int | float)
    given_all_the_same = decode_registers(spec, [raw & 0xFFFF]) == value
    values = ValueRange.of(spec)
    assert values.can_be(value) is given_all_the_same
    at_it = {"without_low": False, "without_high": False}
    assert values.holds_any(value, value, **at_it, but=set()) is given_all_the_same


def test_a_text_that_means_no_value_is_none_that_the_signal_can_have() -> None:
    for spec in (register(Encoding.STRING, length=8), payload(Encoding.STRING)):
        values = ValueRange.of(replace(spec, invalid=("NOREAD",)))
        assert (values.can_be("NOREAD"), values.can_be("RR-0001")) == (False, True)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_whatever_a_single_precision_float_gives_is_possible(number: float) -> None:
    spec = register(Encoding.FLOAT32)
    high, low = struct.unpack(">HH", struct.pack(">f", number))
    value = decode_registers(spec, [high, low])
    assert isinstance(value, float)
    assert ValueRange.of(spec).can_be(value)


@given(
    low=st.integers(-3, 8),
    high=st.integers(-3, 8),
    without_low=st.booleans(),
    without_high=st.booleans(),
    but=st.sets(st.integers(-1, 6).map(float)),
)
def test_an_interval_holds_a_value_if_any_step_lies_in_it(
    low: int, high: int, without_low: bool, without_high: bool, but: set[float]
) -> None:
    values = ValueRange("number", low=0, high=5, whole=True)
    inside = [
        value
        for value in range(6)
        if (low < value or (low == value and not without_low))
        and (value < high or (value == high and not without_high))
        and value not in but
    ]
    found = values.holds_any(low, high, without_low=without_low, without_high=without_high, but=but)
    assert found is bool(inside)


def test_between_two_steps_lies_nothing() -> None:
    values = ValueRange.of(register(Encoding.UINT16, scale=0.5))
    assert not values.holds_any(1.1, 1.4, without_low=False, without_high=False, but=set())
    assert values.holds_any(1.1, 1.5, without_low=False, without_high=False, but=set())


def test_a_single_point_of_a_continuous_range_can_be_excluded() -> None:
    values = ValueRange.of(payload(Encoding.NUMBER))
    assert values.holds_any(2, 2, without_low=False, without_high=False, but=set())
    assert not values.holds_any(2, 2, without_low=False, without_high=False, but={2})
