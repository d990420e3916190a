"""From a value to what stands in registers or payloads: the other way round from the product.

Written from the meaning of a `SignalSpec` and on purpose without a look at the product's decoder,
so that a mistake in either shows. Sources: Modbus Application Protocol V1.1b3 (registers are
big-endian on the wire); for anything wider than a register the declared word and byte order.
"""

import json
import re
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from simulators.device import Value
from simulators.modbus_station import Image

FUNCTIONS = {"coil": 1, "discrete_input": 2, "holding_register": 3, "input_register": 4}
"""The function code that reads each table."""
FLOATS = {"float32": "f", "float64": "d"}
BITS = re.compile(r"(?:u?int|float|bcd)(8|16|24|32|48|64)")
REGISTER_BITS = 16


class Word(Protocol):
    """A member of an enum of words."""

    @property
    def value(self) -> str:
        """The word."""
        ...


@runtime_checkable
class ModbusPlace(Protocol):
    """Where a value stands in a Modbus table; the configuration's own address satisfies it."""

    @property
    def table(self) -> Word: ...  # noqa: D102  named as in the configuration
    @property
    def address(self) -> int: ...  # noqa: D102  named as in the configuration
    @property
    def encoding(self) -> Word: ...  # noqa: D102  named as in the configuration
    @property
    def bit(self) -> int | None: ...  # noqa: D102  named as in the configuration
    @property
    def bits(self) -> tuple[int, int] | None: ...  # noqa: D102  named as in the configuration
    @property
    def byte(self) -> Word | None: ...  # noqa: D102  named as in the configuration
    @property
    def characters(self) -> Word: ...  # noqa: D102  named as in the configuration
    @property
    def layout(self) -> Word: ...  # noqa: D102  named as in the configuration
    @property
    def length_registers(self) -> int: ...  # noqa: D102  named as in the configuration
    @property
    def word_order(self) -> Word: ...  # noqa: D102  named as in the configuration
    @property
    def byte_order(self) -> Word: ...  # noqa: D102  named as in the configuration


@runtime_checkable
class MqttPlace(Protocol):
    """Where a value stands in a message; the configuration's own address satisfies it."""

    @property
    def topic(self) -> str: ...  # noqa: D102  named as in the configuration
    @property
    def path(self) -> tuple[object, ...]: ...  # noqa: D102  named as in the configuration
    @property
    def sequence_path(self) -> tuple[object, ...]: ...  # noqa: D102  named as in the configuration
    @property
    def sequence_modulus(self) -> int | None: ...  # noqa: D102  named as in the configuration
    @property
    def time_path(self) -> tuple[object, ...]: ...  # noqa: D102  named as in the configuration
    @property
    def expected_every_s(self) -> float | None: ...  # noqa: D102  named as in the configuration


def raw_number(value: Value, *, scale: float, offset: float) -> float:
    """Return the number that must stand at the station so that it is read as `value`."""
    return (float(value) - offset) / scale


def register_bytes(value: Value, place: ModbusPlace, *, scale: float, offset: float) -> bytes:
    """Return the bytes of a number or a string, as its registers carry them on the wire."""
    is_text = place.encoding.value == "string"
    if is_text:
        encoded = _text_bytes(str(value), place)
    else:
        encoded = _number_bytes(raw_number(value, scale=scale, offset=offset), place)
    words = [encoded[start : start + 2] for start in range(0, len(encoded), 2)]
    if place.word_order.value == "little" and not is_text:  # text runs register by register
        words.reverse()
    if place.byte_order.value == "little":
        words = [word[::-1] for word in words]
    return b"".join(words)


def _number_bytes(number: float, place: ModbusPlace) -> bytes:
    name = place.encoding.value
    size = _registers_of(place) * 2
    if name in FLOATS:
        return struct.pack(f">{FLOATS[name]}", number)
    whole = round(number)
    if name.startswith("bcd"):
        return bytes.fromhex(f"{whole:0{size * 2}d}")
    if place.byte is not None:
        byte = whole.to_bytes(1, signed=whole < 0)
        return byte + b"\0" if place.byte.value == "high" else b"\0" + byte
    return whole.to_bytes(size, signed=whole < 0)


def _text_bytes(text: str, place: ModbusPlace) -> bytes:
    size = 2 * place.length_registers
    wide = place.characters.value == "utf-16"
    codec = "utf-16-be" if wide else place.characters.value
    encoded = text.encode(codec, "replace")
    if place.layout.value == "s7":
        unit = 2 if wide else 1
        most = size // unit - 2
        encoded = encoded[: most * unit]
        heads = (most, len(encoded) // unit)
        encoded = b"".join(each.to_bytes(unit) for each in heads) + encoded
    return encoded[:size].ljust(size, b"\0")


def write_modbus(
    image: Image, value: Value, place: ModbusPlace, *, scale: float = 1.0, offset: float = 0.0
) -> None:
    """Put a value where it stands in a unit's tables."""
    function = FUNCTIONS[place.table.value]
    if place.bit is not None:
        _set_bits(image, place, place.bit, 1, int(bool(value)))
    elif place.bits is not None:
        first, last = place.bits
        whole = round(raw_number(value, scale=scale, offset=offset))
        _set_bits(image, place, first, last - first + 1, whole)
    elif place.byte is not None:
        whole = round(raw_number(value, scale=scale, offset=offset))
        _set_bits(image, place, 8 if place.byte.value == "high" else 0, 8, whole)
    elif place.table.value in {"coil", "discrete_input"}:
        image.set_bit(function, place.address, bool(value))
    elif place.encoding.value == "bool":
        image.set_registers(function, place.address, b"\0\1" if value else b"\0\0")
    else:
        content = register_bytes(value, place, scale=scale, offset=offset)
        image.set_registers(function, place.address, content)


def _set_bits(image: Image, place: ModbusPlace, first: int, count: int, number: int) -> None:
    """Put a number into some bits of a register and leave the others."""
    other_byte = 8 if place.byte_order.value == "little" else 0
    for bit in range(count):
        at = (first + bit) ^ other_byte
        function = FUNCTIONS[place.table.value]
        image.set_register_bit(function, place.address, at, bool(number >> bit & 1))


def last_address(place: ModbusPlace) -> int:
    """Return the last bit or register that a value takes."""
    return place.address + _registers_of(place) - 1


def _registers_of(place: ModbusPlace) -> int:
    if place.encoding.value == "string":
        return place.length_registers
    told = BITS.fullmatch(place.encoding.value)
    return 1 if told is None else -(-int(told[1]) // REGISTER_BITS)


def plain_payload(value: Value) -> bytes:
    """Return a value as plain text: 1 and 0, numbers, words."""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    return str(value).encode()


def json_payload(
    fields: Sequence[tuple[tuple[object, ...], Value]],
    *,
    sequence: tuple[tuple[object, ...], int] | None = None,
    time: tuple[tuple[object, ...], datetime] | None = None,
) -> bytes:
    """Return one JSON object with each value at its path, and its sequence number and time."""
    payload: dict[str, object] = {}
    if sequence is not None:
        _place(payload, *sequence)
    if time is not None:
        path, at = time
        _place(payload, path, at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    for path, value in fields:
        _place(payload, path, value)
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _place(payload: dict[str, object], path: tuple[object, ...], value: object) -> None:
    """Put a value at a path of keys; TypeError for one through a list, which no simulated station writes."""
    if not all(isinstance(key, str) for key in path):
        raise TypeError(f"a simulated station writes objects only, and no list for {path}")
    level = payload
    for key in path[:-1]:
        level = level.setdefault(str(key), {})  # type: ignore[assignment]  # every level is a dict
    level[str(path[-1])] = value


def scaled(value: Value, *, scale: float, offset: float) -> Value:
    """Return what a payload carries so that it is read as `value`."""
    if isinstance(value, bool | str) or (scale == 1.0 and offset == 0.0):
        return value
    return raw_number(value, scale=scale, offset=offset)
