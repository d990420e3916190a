"""The simulators' encoder and the product's decoder were written apart; here they must agree."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.decoding import decode_registers, length_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    MqttAddress,
    Order,
    SignalSpec,
    Table,
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
}


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


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("table", list(Table), ids=lambda table: table.value)
def test_bits_come_back(value: bool, table: Table) -> None:
    address = ModbusAddress(
        table=table, address=9, encoding=Encoding.BOOL, bit=None if table.holds_bits else 11
    )
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
