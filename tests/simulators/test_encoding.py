"""The simulators' encoder and the product's decoder were written apart; here they must agree."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.decoding import decode_registers, length_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.signals import (
    Byte,
    Characters,
    Encoding,
    ModbusAddress,
    MqttAddress,
    Order,
    SignalSpec,
    Table,
    TextLayout,
)
from simulators.device import Value
from simulators.encoding import (
    FUNCTIONS,
    json_payload,
    last_address,
    plain_payload,
    write_modbus,
)
from simulators.modbus_station import Image
from tests.payloads import decode_payload

ORDERS = st.sampled_from(list(Order))
WHOLE = {
    Encoding.INT16: (-(2**15), 2**15 - 1),
    Encoding.UINT16: (0, 2**16 - 1),
    Encoding.INT32: (-(2**31), 2**31 - 1),
    Encoding.UINT32: (0, 2**32 - 1),
    Encoding.INT64: (-(2**63), 2**63 - 1),
    Encoding.UINT64: (0, 2**64 - 1),
    Encoding.INT24: (-(2**23), 2**23 - 1),
    Encoding.UINT24: (0, 2**24 - 1),
    Encoding.INT48: (-(2**47), 2**47 - 1),
    Encoding.UINT48: (0, 2**48 - 1),
    Encoding.BCD16: (0, 9_999),
    Encoding.BCD32: (0, 99_999_999),
}
WRITTEN = {
    Characters.UTF_8: "a漏装é",
    Characters.GB18030: "合格a漏",
    Characters.LATIN_1: "größe",
    Characters.UTF_16: "合格é\U0001f407",
}
"""Letters of each kind."""


def a_spec(
    address: ModbusAddress | MqttAddress, scale: float = 1.0, offset: float = 0.0
) -> SignalSpec:
    return SignalSpec(name=SignalName("x"), address=address, scale=scale, offset=offset)


def read_back(spec: SignalSpec, value: Value) -> object:
    """Write a value into a table and let the product decode what stands there."""
    address = spec.address
    assert isinstance(address, ModbusAddress)
    image = Image(holding=40, inputs=40, coils=40, discrete_inputs=40)
    write_modbus(image, value, address, scale=spec.scale, offset=spec.offset)
    function, count = FUNCTIONS[address.table.value], length_of(address)
    return decode_registers(spec, image.read(function, address.address, count))


@given(data=st.data(), encoding=st.sampled_from(list(WHOLE)), words=ORDERS, octets=ORDERS)
def test_whole_numbers_come_back(
    data: st.DataObject, encoding: Encoding, words: Order, octets: Order
) -> None:
    value = data.draw(st.integers(*WHOLE[encoding]))
    if encoding in {Encoding.INT64, Encoding.UINT64}:
        value = int(float(value) // 4096 * 4096) // 2
    address = ModbusAddress(
        table=Table.INPUT_REGISTER, address=3, encoding=encoding, word_order=words,
        byte_order=octets,
    )  # fmt: skip
    assert read_back(a_spec(address), value) == value
    assert last_address(address) == address.address + length_of(address) - 1


@given(value=st.floats(-1e6, 1e6, width=32), words=ORDERS, octets=ORDERS)
@pytest.mark.parametrize("encoding", [Encoding.FLOAT32, Encoding.FLOAT64])
def test_fractions_come_back(value: float, words: Order, octets: Order, encoding: Encoding) -> None:
    address = ModbusAddress(
        table=Table.HOLDING_REGISTER, address=0, encoding=encoding, word_order=words,
        byte_order=octets,
    )  # fmt: skip
    assert read_back(a_spec(address), value) == pytest.approx(value)


@given(
    value=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12), octets=ORDERS
)
def test_text_comes_back(value: str, octets: Order) -> None:
    address = ModbusAddress(
        table=Table.HOLDING_REGISTER, address=5, encoding=Encoding.STRING, length_registers=6,
        byte_order=octets, word_order=Order.LITTLE,
    )  # fmt: skip
    assert read_back(a_spec(address), value) == value


@given(data=st.data(), characters=st.sampled_from(Characters), layout=st.sampled_from(TextLayout))
def test_text_of_any_writing_comes_back(
    data: st.DataObject, characters: Characters, layout: TextLayout
) -> None:
    value = data.draw(st.text(st.sampled_from(WRITTEN[characters]), max_size=5))
    address = ModbusAddress(
        table=Table.HOLDING_REGISTER, address=5, encoding=Encoding.STRING, length_registers=14,
        byte_order=data.draw(ORDERS), characters=characters, layout=layout,
    )  # fmt: skip
    assert read_back(a_spec(address), value) == unicodedata.normalize("NFC", value)


@given(data=st.data(), octets=ORDERS)
def test_small_numbers_within_one_register_come_back_and_leave_the_others(
    data: st.DataObject, octets: Order
) -> None:
    first, last = sorted(
        data.draw(st.lists(st.integers(0, 15), min_size=2, max_size=2, unique=True))
    )
    place = {"table": Table.HOLDING_REGISTER, "address": 2, "byte_order": octets}
    bits = ModbusAddress(**place, encoding=Encoding.UINT16, bits=(first, last))  # type: ignore[arg-type]  # because mypy reads one type for all
    signed = data.draw(st.booleans())
    byte = ModbusAddress(
        **place,  # type: ignore[arg-type]  # as above
        encoding=Encoding.INT8 if signed else Encoding.UINT8,
        byte=data.draw(st.sampled_from(Byte)),
    )
    whole = ModbusAddress(**place, encoding=Encoding.UINT16)  # type: ignore[arg-type]  # as above
    in_bits = data.draw(st.integers(0, 2 ** (last - first + 1) - 1))
    in_byte = data.draw(st.integers(-128, 127) if signed else st.integers(0, 255))
    for address, value, span in (
        (bits, in_bits, range(first, last + 1)),
        (byte, in_byte, range(8, 16) if byte.byte is Byte.HIGH else range(8)),
    ):
        for before in (0x0000, 0xFFFF):
            image = Image(holding=40, inputs=40, coils=40, discrete_inputs=40)
            write_modbus(image, before, whole)
            write_modbus(image, value, address)
            read = image.read(3, 2, 1)
            assert decode_registers(a_spec(address), read) == value
            left = decode_registers(a_spec(whole), read)
            assert isinstance(left, int)
            assert all(left >> bit & 1 == before & 1 for bit in range(16) if bit not in span)


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("octets", list(Order), ids=lambda order: order.value)
@pytest.mark.parametrize("table", list(Table), ids=lambda table: table.value)
def test_bits_come_back(value: bool, table: Table, octets: Order) -> None:
    address = ModbusAddress(
        table=table, address=9, encoding=Encoding.BOOL, bit=None if table.holds_bits else 11,
        byte_order=octets,
    )  # fmt: skip
    assert read_back(a_spec(address), value) is value


def test_scale_and_offset_are_undone() -> None:
    address = ModbusAddress(table=Table.HOLDING_REGISTER, address=0, encoding=Encoding.INT16)
    spec = a_spec(address, scale=0.1, offset=-40.0)
    assert read_back(spec, 21.5) == pytest.approx(21.5)


def test_a_json_payload_carries_each_value_at_its_path() -> None:
    at = datetime(2026, 11, 23, 1, 2, 3, 400_000, tzinfo=UTC)
    payload = json_payload(
        [(("part", "present"), True), (("part", "code"), "RR-0008"), (("count", "all"), 7)],
        sequence=(("seq",), 71),
        time=(("at",), at),
    )
    assert payload == (
        b'{"seq":71,"at":"2026-11-23T01:02:03.400Z",'
        b'"part":{"present":true,"code":"RR-0008"},"count":{"all":7}}'
    )
    present = a_spec(MqttAddress(topic="t", encoding=Encoding.BOOL, path=("part", "present")))
    assert decode_payload(present, payload) is True


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        (True, Encoding.BOOL),
        (False, Encoding.BOOL),
        (41, Encoding.INTEGER),
        (2.41, Encoding.NUMBER),
        ("F31", Encoding.STRING),
    ],
    ids=str,
)
def test_plain_payloads_are_read_back(value: Value, encoding: Encoding) -> None:
    spec = a_spec(MqttAddress(topic="t", encoding=encoding))
    assert decode_payload(spec, plain_payload(value)) == value
