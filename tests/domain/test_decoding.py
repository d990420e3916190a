"""Decoding: a value or a reason, never a guess (B1). The encoder below is independent of it."""

import json
import math
import struct
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from redrabbit.domain.decoding import (
    decode_bit,
    decode_field,
    decode_registers,
    field_at,
    length_of,
    parse_json,
    quality_is_good,
)
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    MqttAddress,
    Order,
    Quality,
    SignalSpec,
    Table,
)
from tests.payloads import decode_payload

NUMBERS = {
    Encoding.INT16: ("h", st.integers(-(2**15), 2**15 - 1)),
    Encoding.UINT16: ("H", st.integers(0, 2**16 - 1)),
    Encoding.INT32: ("i", st.integers(-(2**31), 2**31 - 1)),
    Encoding.UINT32: ("I", st.integers(0, 2**32 - 1)),
    Encoding.INT64: ("q", st.integers(-(2**63), 2**63 - 1)),
    Encoding.UINT64: ("Q", st.integers(0, 2**63 - 1)),
    Encoding.FLOAT32: ("f", st.floats(width=32, allow_nan=False, allow_infinity=False)),
    Encoding.FLOAT64: ("d", st.floats(allow_nan=False, allow_infinity=False)),
}

ORDERS = st.sampled_from(Order)

JSON_DOCUMENTS = st.fixed_dictionaries(
    {
        "a": st.integers(-(2**70), 2**70)
        | st.floats()
        | st.fixed_dictionaries({"b": st.integers(-(10**30), 10**30) | st.floats()})
    }
).map(lambda document: json.dumps(document).encode())


def as_a_plc_lays_it_out(form: str, number: float, words: Order, octets: Order) -> bytes:
    """Lay a number out the way a PLC would: two-byte words in word order, bytes in byte order.

    Built from a list of words, least significant first, by shifting, so that it shares nothing
    with the decoder's way (which turns the bytes around).
    """
    size = struct.calcsize(form)
    pattern = int.from_bytes(struct.pack(f"<{form}", number), "little")
    by_significance = [pattern >> (16 * place) & 0xFFFF for place in range(size // 2)]
    in_order = by_significance if words is Order.LITTLE else by_significance[::-1]
    return struct.pack(f"{'<' if octets is Order.LITTLE else '>'}{len(in_order)}H", *in_order)


def register(encoding: Encoding, **fields: Any) -> SignalSpec:
    scaling = {name: fields.pop(name) for name in ("scale", "offset") if name in fields}
    place = {"table": Table.HOLDING_REGISTER, "address": 0, **fields}
    return SignalSpec(
        name=SignalName("s"),
        address=ModbusAddress(encoding=encoding, **place),
        **scaling,
    )


def field(encoding: Encoding, *path: str, **scaling: Any) -> SignalSpec:
    address = MqttAddress(topic="t", encoding=encoding, path=path)
    return SignalSpec(name=SignalName("s"), address=address, **scaling)


@given(
    case=st.sampled_from(list(NUMBERS)).flatmap(
        lambda encoding: st.tuples(st.just(encoding), NUMBERS[encoding][1])
    ),
    words=ORDERS,
    octets=ORDERS,
)
def test_every_number_comes_back_in_every_word_and_byte_order(
    case: tuple[Encoding, float], words: Order, octets: Order
) -> None:
    encoding, number = case
    spec = register(encoding, word_order=words, byte_order=octets)
    raw = as_a_plc_lays_it_out(NUMBERS[encoding][0], number, words, octets)
    decoded = decode_registers(spec, raw)
    assert decoded == number
    assert type(decoded) is type(number)
    assert decode_registers(spec, struct.unpack(f">{len(raw) // 2}H", raw)) == decoded


@pytest.mark.parametrize(
    ("words", "octets", "registers"),
    [
        (Order.BIG, Order.BIG, [0x1122, 0x3344]),
        (Order.LITTLE, Order.BIG, [0x3344, 0x1122]),
        (Order.BIG, Order.LITTLE, [0x2211, 0x4433]),
        (Order.LITTLE, Order.LITTLE, [0x4433, 0x2211]),
    ],
    ids=["ABCD", "CDAB", "BADC", "DCBA"],
)
def test_the_four_orders_as_manuals_print_them(
    words: Order, octets: Order, registers: list[int]
) -> None:
    spec = register(Encoding.UINT32, word_order=words, byte_order=octets)
    assert decode_registers(spec, registers) == 0x11223344


@given(number=st.integers(0, 0xFFFF), bit=st.integers(0, 15), octets=ORDERS)
def test_a_bit_of_a_register_counts_from_the_least_significant(
    number: int, bit: int, octets: Order
) -> None:
    spec = register(Encoding.BOOL, bit=bit, byte_order=octets)
    raw = as_a_plc_lays_it_out("H", number, Order.BIG, octets)
    assert decode_registers(spec, raw) is (f"{number:016b}"[15 - bit] == "1")


@given(bits=st.lists(st.booleans(), min_size=1, max_size=40), extra=st.integers(0, 7))
def test_packed_bits_count_from_the_lowest_bit_of_the_first_byte(
    bits: list[bool], extra: int
) -> None:
    pattern = sum(1 << place for place, bit in enumerate(bits) if bit)
    packed = pattern.to_bytes((len(bits) + extra) // 8 + 1, "little")
    assert [decode_bit(packed, place) for place in range(len(bits))] == bits


@pytest.mark.parametrize("table", [Table.COIL, Table.DISCRETE_INPUT])
@pytest.mark.parametrize(
    ("registers", "expected"),
    [
        (b"\1", True),
        (b"\0", False),
        ([1], True),
        (b"\2", Reason.UNREADABLE),
        (b"", Reason.BAD_REPLY),
        (b"\0\1", Reason.BAD_REPLY),
    ],
)
def test_a_coil_is_exactly_one_zero_or_one(
    table: Table, registers: bytes | list[int], expected: Value | Reason
) -> None:
    assert decode_registers(register(Encoding.BOOL, table=table), registers) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, False), (1, True), (2, Reason.UNREADABLE), (256, Reason.UNREADABLE)],
)
def test_a_whole_register_as_truth_value_says_zero_or_one_only(
    number: int, expected: Value | Reason
) -> None:
    assert decode_registers(register(Encoding.BOOL), [number]) is expected


@given(
    text=st.text("Aé 0-_\N{OHM SIGN}红兔子\N{RABBIT FACE}", max_size=8).map(
        lambda text: unicodedata.normalize("NFC", text.rstrip(" "))
    ),
    padding=st.sampled_from([b"\0", b" "]),
    octets=ORDERS,
)
@example(text="", padding=b"\0", octets=Order.BIG)
def test_text_comes_back_however_it_is_padded(text: str, padding: bytes, octets: Order) -> None:
    length = 20
    padded = text.encode().ljust(2 * length, padding)
    pairs = [padded[at : at + 2] for at in range(0, len(padded), 2)]
    raw = b"".join(pair if octets is Order.BIG else bytes(reversed(pair)) for pair in pairs)
    spec = register(Encoding.STRING, length_registers=length, byte_order=octets)
    assert decode_registers(spec, raw) == text


def test_what_stands_behind_the_nul_is_left_over_from_a_longer_text() -> None:
    spec = register(Encoding.STRING, length_registers=3)
    assert decode_registers(spec, b"OK\0G 7") == "OK"


@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
@example(text="a\u202eb")
@example(text="\u200b")
@example(text="a\nb")
@example(text="\ue000")
@example(text="x" * 501)
def test_text_from_a_station_is_readable_or_no_value(text: str) -> None:
    """D24, K6: what could not be shown or kept is no value, however it comes."""
    padded = text.encode() + b"\0" * (-len(text.encode()) % 2)
    decoded = [
        decode_payload(field(Encoding.STRING), text.encode()),
        decode_payload(field(Encoding.STRING, "a"), json.dumps({"a": text}).encode()),
        decode_registers(register(Encoding.STRING, length_registers=len(padded) // 2), padded),
    ]
    for value in decoded:
        if not isinstance(value, Reason):
            assert isinstance(value, str)
            assert unicodedata.is_normalized("NFC", value)
            assert all(ch == " " or ch.isprintable() or ch.isspace() for ch in value)
            assert not {unicodedata.category(ch)[0] for ch in value} & {"C"}
            assert len(value) <= 500


def test_a_whole_number_that_no_database_holds_is_out_of_range() -> None:
    """D24: 64 bits with sign, from whatever source."""
    raw = [0xFFFF] * 4
    assert decode_registers(register(Encoding.UINT64), raw) is Reason.OUT_OF_RANGE
    assert decode_payload(field(Encoding.INTEGER), b"9223372036854775808") is Reason.OUT_OF_RANGE
    assert decode_payload(field(Encoding.NUMBER, scale=0.5), b"9" * 400) is Reason.OUT_OF_RANGE
    assert decode_payload(field(Encoding.INTEGER), b"-9223372036854775808") == -(2**63)


@pytest.mark.parametrize(
    "text", ["9007199254740993.0", "9007199254740992.0", "-9007199254740993.0"]
)
def test_a_float_that_may_have_been_another_whole_number_is_none(text: str) -> None:
    """From 2**53 on a float no longer tells one whole number from the next."""
    payload = f'{{"a": {text}}}'.encode()
    assert decode_payload(field(Encoding.INTEGER, "a"), payload) is Reason.UNREADABLE
    assert decode_payload(field(Encoding.INTEGER), text.encode()) is Reason.UNREADABLE


def test_the_last_whole_number_that_a_float_tells_exactly_is_one() -> None:
    assert decode_payload(field(Encoding.INTEGER), b"9007199254740991.0") == 2**53 - 1


def test_a_count_that_records_can_not_hold_is_out_of_range() -> None:
    """K3: before it can become a counter; as a mere number it may stand."""
    scaled = field(Encoding.INTEGER, scale=1e10)
    assert decode_payload(scaled, b"1000000000") == 1e19
    counter = replace(scaled, counts_parts=True)
    assert decode_payload(counter, b"1000000000") is Reason.OUT_OF_RANGE
    assert decode_payload(counter, b"-1000000000") is Reason.OUT_OF_RANGE
    assert decode_payload(counter, b"12") == 12e10
    plain = field(Encoding.INTEGER, counts_parts=True)
    assert decode_payload(plain, str(2**62).encode()) == 2**62
    assert decode_payload(plain, str(2**62 + 1).encode()) is Reason.OUT_OF_RANGE


@given(
    payload=st.binary() | st.text().map(str.encode) | JSON_DOCUMENTS,
    spec=st.builds(
        SignalSpec,
        name=st.just("s"),
        address=st.builds(
            MqttAddress,
            topic=st.just("t"),
            encoding=st.sampled_from([Encoding.INTEGER, Encoding.NUMBER, Encoding.UINT64]),
            path=st.sampled_from([(), ("a",), ("a", "b")]),
        ),
        scale=st.just(1.0) | st.floats(allow_nan=False, allow_infinity=False),
        offset=st.just(0.0) | st.floats(allow_nan=False, allow_infinity=False),
        counts_parts=st.booleans(),
    ),
)
@example(payload=b"99999999999999999999", spec=field(Encoding.INTEGER))
def test_whatever_a_station_says_a_number_has_its_place_in_the_records(
    payload: bytes, spec: SignalSpec
) -> None:
    """K3: numbers are bounded at the door."""
    found = decode_payload(spec, payload)
    if isinstance(found, Reason):
        return
    assert isinstance(found, int | float)
    assert math.isfinite(found)
    if isinstance(found, int):
        assert -(2**63) <= found < 2**63
    if spec.counts_parts:
        assert -(2**62) <= found <= 2**62, "the difference of two has its place, too"


def test_text_that_is_not_utf8_is_unreadable() -> None:
    spec = register(Encoding.STRING, length_registers=1)
    assert decode_registers(spec, b"\xff\xfe") is Reason.UNREADABLE


@pytest.mark.parametrize("form", ["f", "d"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_float_that_is_not_finite_is_not_a_number(form: str, number: float) -> None:
    encoding = Encoding.FLOAT32 if form == "f" else Encoding.FLOAT64
    assert decode_registers(register(encoding), struct.pack(f">{form}", number)) is (
        Reason.NOT_A_NUMBER
    )


@pytest.mark.parametrize(
    ("scale", "offset", "expected"),
    [(1.0, 0.0, 250), (0.1, 0.0, 25.0), (1.0, -50.0, 200.0), (2.0, 1.0, 501.0)],
)
def test_only_an_unscaled_integer_stays_an_integer(
    scale: float, offset: float, expected: float
) -> None:
    decoded = decode_registers(register(Encoding.INT16, scale=scale, offset=offset), [250])
    assert decoded == expected
    assert type(decoded) is type(expected)


def test_scaling_beyond_the_largest_float_is_not_a_number() -> None:
    raw = struct.pack(">d", 1e308)
    assert decode_registers(register(Encoding.FLOAT64, scale=100.0), raw) is Reason.NOT_A_NUMBER


def test_truth_values_and_text_are_never_scaled() -> None:
    assert decode_registers(register(Encoding.BOOL, bit=0, scale=5.0), [1]) is True
    text = register(Encoding.STRING, length_registers=1, scale=5.0)
    assert decode_registers(text, b"17") == "17"


@pytest.mark.parametrize("raw", [b"", b"\0\1", b"\0\1\0", b"\0\1\0\1\0\1"])
def test_registers_of_the_wrong_length_are_a_bad_reply(raw: bytes) -> None:
    assert decode_registers(register(Encoding.UINT32), raw) is Reason.BAD_REPLY


def test_each_encoding_knows_its_length() -> None:
    lengths = {encoding: length_of(_place(encoding)) for encoding in NUMBERS}
    assert lengths == {
        encoding: struct.calcsize(form) // 2 for encoding, (form, _) in NUMBERS.items()
    }
    assert length_of(_place(Encoding.BOOL, bit=3)) == 1
    assert length_of(_place(Encoding.STRING, length_registers=7)) == 7
    assert length_of(_place(Encoding.BOOL, table=Table.COIL)) == 1


@pytest.mark.parametrize("encoding", [Encoding.INTEGER, Encoding.NUMBER])
def test_payload_encodings_have_no_layout_in_registers(encoding: Encoding) -> None:
    with pytest.raises(ValueError, match="no layout"):
        length_of(_place(encoding))


def _place(encoding: Encoding, **fields: Any) -> ModbusAddress:
    place = {"table": Table.HOLDING_REGISTER, "address": 0, **fields}
    return ModbusAddress(encoding=encoding, **place)


def test_a_signal_of_the_other_protocol_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError):
        decode_registers(field(Encoding.BOOL), b"\1")
    with pytest.raises(TypeError):
        decode_payload(register(Encoding.BOOL), b"1")
    with pytest.raises(TypeError):
        decode_field(register(Encoding.BOOL), {})


PLAIN = [
    (Encoding.BOOL, b"true", True),
    (Encoding.BOOL, b"FALSE", False),
    (Encoding.BOOL, b"On", True),
    (Encoding.BOOL, b"off\n", False),
    (Encoding.BOOL, b"1", True),
    (Encoding.BOOL, b"0", False),
    (Encoding.BOOL, b"yes", Reason.UNREADABLE),
    (Encoding.BOOL, b"2", Reason.UNREADABLE),
    (Encoding.BOOL, b"", Reason.UNREADABLE),
    (Encoding.BOOL, b"\xff", Reason.UNREADABLE),
    (Encoding.STRING, b"RR-017\r\n", "RR-017"),
    (Encoding.STRING, b"RR-017\0", "RR-017"),
    (Encoding.STRING, b"RR\x00017", Reason.UNREADABLE),
    (Encoding.STRING, b"", ""),
    (Encoding.STRING, "防错".encode(), "防错"),
    (Encoding.INTEGER, b"-17", -17),
    (Encoding.INTEGER, b"+17", 17),
    (Encoding.INTEGER, b"17.0", 17),
    (Encoding.INTEGER, b"17.5", Reason.UNREADABLE),
    (Encoding.INTEGER, b"1_000", Reason.UNREADABLE),
    (Encoding.INTEGER, b"0x11", Reason.UNREADABLE),
    (Encoding.INTEGER, b"9" * 5000, Reason.UNREADABLE),
    (Encoding.INTEGER, b"9" * 1001, Reason.UNREADABLE),
    (Encoding.INTEGER, b"9" * 1000, Reason.OUT_OF_RANGE),
    (Encoding.INTEGER, b"1e17", Reason.UNREADABLE),
    (Encoding.NUMBER, b"2.50", 2.5),
    (Encoding.NUMBER, b".5", 0.5),
    (Encoding.NUMBER, b"2e3", 2000.0),
    (Encoding.NUMBER, b"12", 12),
    (Encoding.NUMBER, b"12 bar", Reason.UNREADABLE),
    (Encoding.NUMBER, b"1,5", Reason.UNREADABLE),
    (Encoding.NUMBER, b"NaN", Reason.NOT_A_NUMBER),
    (Encoding.NUMBER, b"-inf", Reason.NOT_A_NUMBER),
    (Encoding.NUMBER, b"1e999", Reason.NOT_A_NUMBER),
    (Encoding.UINT16, b"65535", 65535),
    (Encoding.UINT16, b"65536", Reason.OUT_OF_RANGE),
    (Encoding.UINT16, b"-1", Reason.OUT_OF_RANGE),
    (Encoding.FLOAT32, b"1.5", 1.5),
]


@pytest.mark.parametrize(("encoding", "payload", "expected"), PLAIN, ids=str)
def test_plain_text_is_taken_literally_or_not_at_all(
    encoding: Encoding, payload: bytes, expected: Value | Reason
) -> None:
    decoded = decode_payload(field(encoding), payload)
    assert decoded == expected
    assert type(decoded) is type(expected)


JSON = [
    (Encoding.BOOL, "true", True),
    (Encoding.BOOL, "0", False),
    (Encoding.BOOL, "1", True),
    (Encoding.BOOL, '"ON"', True),
    (Encoding.BOOL, '"0"', False),
    (Encoding.BOOL, "1.0", Reason.UNREADABLE),
    (Encoding.BOOL, "2", Reason.UNREADABLE),
    (Encoding.BOOL, '"maybe"', Reason.UNREADABLE),
    (Encoding.BOOL, "[]", Reason.UNREADABLE),
    (Encoding.BOOL, "null", Reason.MISSING),
    (Encoding.STRING, '"RR-017 "', "RR-017 "),
    (Encoding.STRING, "17", Reason.UNREADABLE),
    (Encoding.STRING, '"\\ud800"', Reason.UNREADABLE),
    (Encoding.STRING, '"a\\u0000"', Reason.UNREADABLE),
    (Encoding.INTEGER, "17", 17),
    (Encoding.INTEGER, "17.0", 17),
    (Encoding.INTEGER, "17.5", Reason.UNREADABLE),
    (Encoding.INTEGER, "true", Reason.UNREADABLE),
    (Encoding.INTEGER, '"17"', Reason.UNREADABLE),
    (Encoding.NUMBER, "2.5", 2.5),
    (Encoding.NUMBER, "3", 3),
    (Encoding.NUMBER, "NaN", Reason.NOT_A_NUMBER),
    (Encoding.NUMBER, "Infinity", Reason.NOT_A_NUMBER),
    (Encoding.NUMBER, "{}", Reason.UNREADABLE),
    (Encoding.INT16, "40000", Reason.OUT_OF_RANGE),
]


@pytest.mark.parametrize(("encoding", "value", "expected"), JSON, ids=str)
def test_a_json_field_is_taken_literally_or_not_at_all(
    encoding: Encoding, value: str, expected: Value | Reason
) -> None:
    payload = f'{{"station": {{"result": {value}}}}}'.encode()
    decoded = decode_payload(field(encoding, "station", "result"), payload)
    assert decoded == expected
    assert type(decoded) is type(expected)


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"\xff", b'{"result": 1, "result": 0}', b'{"result": 1} trailing', b"[" * 10_000],
    ids=["empty", "cut off", "not UTF-8", "key twice", "trailing text", "nested too deep"],
)
def test_a_payload_that_is_no_json_is_unreadable(payload: bytes) -> None:
    assert decode_payload(field(Encoding.BOOL, "result"), payload) is Reason.UNREADABLE


@pytest.mark.parametrize("part", [b"{},", b"[],"])
def test_a_payload_of_more_parts_than_any_station_has_is_not_looked_into(part: bytes) -> None:
    """K3: no message may hold up the other stations."""
    payload = b'{"result": [' + part * 9_998 + b"0]}"
    assert decode_payload(field(Encoding.BOOL, "result"), payload) is Reason.UNREADABLE
    one_more = b'{"result": [' + part * 9_999 + b"0]}"
    assert decode_payload(field(Encoding.BOOL, "result"), one_more) is Reason.TOO_LARGE


@pytest.mark.parametrize("payload", [b"{}", b"7", b'{"a": 7}', b'{"a": [1]}', b'{"a": null}'])
def test_a_field_that_is_not_there_is_missing(payload: bytes) -> None:
    assert decode_payload(field(Encoding.INTEGER, "a", "b"), payload) is Reason.MISSING


def test_a_scaled_payload_number_is_a_float_within_float_range() -> None:
    assert decode_payload(field(Encoding.INTEGER, scale=0.5), b"5") == 2.5
    assert decode_payload(field(Encoding.INTEGER, scale=0.5), b"9" * 400) is Reason.OUT_OF_RANGE


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_gives_a_value_or_a_reason_and_the_field_found_is_the_one_written(
    document: object,
) -> None:
    payload = json.dumps({"a": {"b": document}}).encode()
    assert field_at(parse_json(payload), ("a", "b")) == document
    for encoding in Encoding:
        decoded = decode_payload(field(encoding, "a", "b"), payload)
        assert isinstance(decoded, bool | int | float | str | Reason)
        if isinstance(decoded, float):
            assert math.isfinite(decoded)


@given(payload=st.binary(max_size=40), encoding=st.sampled_from(Encoding))
def test_any_bytes_give_a_value_or_a_reason(payload: bytes, encoding: Encoding) -> None:
    assert isinstance(decode_payload(field(encoding), payload), bool | int | float | str | Reason)


@pytest.mark.parametrize(
    ("spec", "raw", "decoded"),
    [
        (replace(register(Encoding.UINT16, scale=0.1), invalid=(0xFFFF,)), b"\xff\xff", "code"),
        (replace(register(Encoding.INT16), invalid=(-1, -32768)), b"\x80\x00", "code"),
        (replace(register(Encoding.FLOAT32), invalid=(-999.9000244140625,)), None, "code"),
        (replace(register(Encoding.UINT64), invalid=(2**64 - 1,)), b"\xff" * 8, "code"),
        (replace(register(Encoding.UINT16, scale=0.1), range=(0, 400)), b"\xff\xff", "range"),
        (replace(register(Encoding.UINT16, scale=0.1), range=(0, 400)), b"\x0f\xa0", 400.0),
        (replace(register(Encoding.INT16), range=(-5, 5)), b"\xff\xfa", "range"),
    ],
    ids=["no sensor", "int16", "single precision", "64 bits", "beyond", "at its end", "below"],
)
def test_a_register_that_means_no_value_gives_none(
    spec: SignalSpec, raw: bytes | None, decoded: Value | str
) -> None:
    """K8, g3: 0xFFFF under a rule `above 300` with scale 0.1 was 6553.5, and *detected*."""
    reasons = {"code": Reason.NOT_AVAILABLE, "range": Reason.OUT_OF_RANGE}
    found = decode_registers(spec, raw or struct.pack(">f", -999.9))
    assert found == (reasons[decoded] if isinstance(decoded, str) else decoded)


@pytest.mark.parametrize(
    ("payload", "decoded"),
    [
        (b'{"v": -1}', Reason.NOT_AVAILABLE),
        (b'{"v": -1.0}', Reason.NOT_AVAILABLE),
        (b'{"v": 9999}', Reason.NOT_AVAILABLE),
        (b'{"v": 401}', Reason.OUT_OF_RANGE),
        (b'{"v": 400}', 40.0),
        (b'{"v": true}', Reason.UNREADABLE),
    ],
)
def test_a_payload_number_that_means_no_value_gives_none(payload: bytes, decoded: object) -> None:
    """Codes are compared as they are told, the range in the signal's unit."""
    spec = replace(
        field(Encoding.NUMBER, "v", scale=0.1, offset=0.0), invalid=(-1, 9999), range=(0, 40)
    )
    assert decode_payload(spec, payload) == decoded


@pytest.mark.parametrize(
    ("text", "decoded"),
    [("NOREAD", Reason.NOT_AVAILABLE), ("noread", "noread"), ("unreadable", "unreadable")],
)
def test_a_scanner_that_read_nothing_gives_no_code(text: str, decoded: object) -> None:
    words = ("NOREAD", "?")
    assert decode_payload(replace(field(Encoding.STRING), invalid=words), text.encode()) == decoded
    in_json = json.dumps({"v": text}).encode()
    assert decode_payload(replace(field(Encoding.STRING, "v"), invalid=words), in_json) == decoded
    spec = replace(register(Encoding.STRING, length_registers=8), invalid=words)
    assert decode_registers(spec, text.encode().ljust(16, b"\0")) == decoded


def test_text_that_can_not_be_read_is_no_code_for_no_value() -> None:
    """A reason is a word, too; it is not what the station told."""
    spec = replace(field(Encoding.STRING), invalid=("unreadable",))
    assert decode_payload(spec, b"\xff") is Reason.UNREADABLE


@given(
    encoding=st.sampled_from(sorted(NUMBERS, key=lambda each: each.value)),
    data=st.data(),
    scale=st.sampled_from([1.0, 0.1, -2.0]),
    offset=st.sampled_from([0.0, 7.5]),
)
def test_declared_codes_and_range_take_values_away_and_change_none(
    encoding: Encoding, data: st.DataObject, scale: float, offset: float
) -> None:
    """D32: what is left is just what was there before, without the codes and within the range."""
    form, numbers = NUMBERS[encoding]
    number = data.draw(numbers)
    raw = as_a_plc_lays_it_out(form, number, Order.BIG, Order.BIG)
    bare = register(encoding, scale=scale, offset=offset)
    codes = tuple(data.draw(st.lists(numbers | st.just(number), max_size=2)))
    ends = st.floats(-1e6, 1e6) | st.just(float(number) * scale + offset)
    low, high = sorted((data.draw(ends), data.draw(ends)))
    told = decode_registers(bare, raw)
    found = decode_registers(replace(bare, invalid=codes, range=(low, high)), raw)
    if number in codes:
        assert found is Reason.NOT_AVAILABLE
    elif isinstance(told, Reason):
        assert found is told
    else:
        assert not isinstance(told, str)
        assert found == (told if low <= told <= high else Reason.OUT_OF_RANGE)


# Quality (L1, D27) ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "good"),
    [
        ("true", True),
        ("false", False),
        ('"Good"', True),
        ('" good, local override"', True),
        ('"GoodClamped"', True),
        ('"Bad"', False),
        ('"Uncertain"', False),
        ('"not good"', False),
        ('""', False),
        ("192", True),
        ("216", True),
        ("255", True),
        ("192.0", True),
        ("64", False),
        ("0", False),
        ("1", False),
        ("256", False),
        ("192.5", False),
        ("[192]", False),
        ("{}", False),
        ("null", False),
    ],
)
def test_a_quality_is_good_where_it_says_so_and_nowhere_else(told: str, good: bool) -> None:
    document = parse_json(f'{{"meta": {{"q": {told}}}}}'.encode())
    assert quality_is_good(Quality(path=("meta", "q")), document) is good


@pytest.mark.parametrize(
    ("told", "good"),
    [("0", True), ("0.0", True), ('"OK"', True), ('"ok"', False), ("false", False), ("192", False)],
)
def test_a_file_may_say_what_is_good(told: str, good: bool) -> None:
    """OPC UA's 0 is good, and no `false`."""
    quality = Quality(path=("q",), good=(0, "OK"))
    assert quality_is_good(quality, parse_json(f'{{"q": {told}}}'.encode())) is good


def test_true_is_no_one() -> None:
    quality = Quality(path=("q",), good=(1,))
    assert quality_is_good(quality, {"q": 1})
    assert not quality_is_good(quality, {"q": True})
    assert not quality_is_good(Quality(path=("q",), good=(True,)), {"q": 1})


@pytest.mark.parametrize("document", [{}, {"q": None}, [], None, 7])
def test_a_quality_that_is_not_told_is_bad_unless_only_bad_ones_are_told(document: object) -> None:
    """Neuron names what is bad under `errors`, and nothing else."""
    assert not quality_is_good(Quality(path=("q",)), document)
    assert quality_is_good(Quality(path=("q",), good_if_absent=True), document)
    assert not quality_is_good(Quality(path=("q",), good_if_absent=True), {"q": 2001})
