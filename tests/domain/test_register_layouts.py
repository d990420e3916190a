"""How machines lay values out that are no 16, 32 or 64 bits: as their manuals print the registers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.decoding import decode_registers, length_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signals import (
    Byte,
    Characters,
    Encoding,
    ModbusAddress,
    Order,
    SignalSpec,
    Table,
    TextLayout,
)

HIGH, LOW, LITTLE = {"byte": Byte.HIGH}, {"byte": Byte.LOW}, {"byte_order": Order.LITTLE}
GB, WIDE, S7 = Characters.GB18030, Characters.UTF_16, TextLayout.S7


def decoded(encoding: Encoding, registers: str, **said: Any) -> Value | Reason:
    raw = bytes.fromhex(registers)
    if encoding is Encoding.STRING:
        said |= {"length_registers": len(raw) // 2}
    address = ModbusAddress(table=Table.HOLDING_REGISTER, address=0, encoding=encoding, **said)
    assert length_of(address) == len(raw) // 2
    return decode_registers(SignalSpec(name=SignalName("s"), address=address), raw)


@pytest.mark.parametrize(
    ("encoding", "registers", "said", "value"),
    [
        (Encoding.UINT8, "12FE", HIGH, 0x12),
        (Encoding.UINT8, "12FE", LOW, 254),
        (Encoding.INT8, "12FE", LOW, -2),
        (Encoding.INT8, "12FE", LOW | LITTLE, 0x12),
        (Encoding.UINT16, "00A5", {"bits": (4, 6)}, 2),
        (Encoding.UINT16, "8001", {"bits": (14, 15)}, 2),
        (Encoding.UINT16, "FFFF", {"bits": (0, 15)}, 65535),
        (Encoding.UINT24, "00FFFFFF", {}, 2**24 - 1),
        (Encoding.UINT24, "01000000", {}, Reason.UNREADABLE),
        (Encoding.INT24, "00FFFFFE", {}, -2),
        (Encoding.INT24, "FFFFFFFE", {}, -2),
        (Encoding.INT24, "FF000002", {}, Reason.UNREADABLE),
        (Encoding.INT24, "7FFFFFFE", {}, Reason.UNREADABLE),
        (Encoding.UINT48, "000100000000", {}, 2**32),
        (Encoding.UINT48, "000000000001", {"word_order": Order.LITTLE}, 2**32),
        (Encoding.INT48, "FFFFFFFFFFFF", {}, -1),
        (Encoding.BCD16, "1234", {}, 1234),
        (Encoding.BCD16, "0009", {}, 9),
        (Encoding.BCD16, "12A4", {}, Reason.UNREADABLE),
        (Encoding.BCD32, "12345678", {}, 12345678),
        (Encoding.BCD32, "56781234", {"word_order": Order.LITTLE}, 12345678),
    ],
)
def test_a_number_is_read_as_the_manual_prints_it(
    encoding: Encoding, registers: str, said: dict[str, Any], value: Value | Reason
) -> None:
    assert decoded(encoding, registers, **said) == value


@pytest.mark.parametrize(
    ("registers", "said", "text"),
    [
        ("BACFB8F10000", {"characters": GB}, "合格"),
        ("CFBAF1B80000", {"characters": GB} | LITTLE, "合格"),
        ("BACFB8FF0000", {"characters": GB}, Reason.UNREADABLE),
        ("4772F6DF6500", {"characters": Characters.LATIN_1}, "Größe"),
        ("4772F6DF6500", {}, Reason.UNREADABLE),
        ("5408683C0000", {"characters": WIDE}, "合格"),
        ("4100000041DC", {"characters": WIDE}, "䄀"),
        ("D83DDC070000", {"characters": WIDE}, "\U0001f407"),
        ("D83D00410000", {"characters": WIDE}, Reason.UNREADABLE),
        ("0A034F4B21FF00000000", {"layout": S7}, "OK!"),
        ("0A0B4F4B2100", {"layout": S7}, Reason.UNREADABLE),
        ("FE054F4B2100", {"layout": S7}, Reason.UNREADABLE),
        ("0A00FFFFFFFF", {"layout": S7}, ""),
        ("00040002540868 3C0041".replace(" ", ""), {"layout": S7, "characters": WIDE}, "合格"),
        ("000100025408683C0041", {"layout": S7, "characters": WIDE}, Reason.UNREADABLE),
    ],
)
def test_a_text_is_read_as_the_machine_writes_it(
    registers: str, said: dict[str, Any], text: str | Reason
) -> None:
    assert decoded(Encoding.STRING, registers, **said) == text


@given(
    raw=st.binary(min_size=0, max_size=40).filter(lambda raw: len(raw) % 2 == 0),
    characters=st.sampled_from(Characters),
    layout=st.sampled_from(TextLayout),
    order=st.sampled_from(Order),
)
def test_whatever_stands_there_it_is_a_text_or_a_reason(
    raw: bytes, characters: Characters, layout: TextLayout, order: Order
) -> None:
    said = {"characters": characters, "layout": layout, "byte_order": order}
    if raw:
        assert isinstance(decoded(Encoding.STRING, raw.hex(), **said), str | Reason)
