"""From a value to what stands in registers or payloads: the other way round from the product.

Written from the meaning of a `SignalSpec` and on purpose without a look at the product's decoder,
so that a mistake in either shows. Sources: Modbus Application Protocol V1.1b3 (registers are
big-endian on the wire); for anything wider than a register the declared word and byte order.
"""

import json
import struct
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from simulators.device import Value
from simulators.modbus_station import Image

FUNCTIONS = {"coil": 1, "discrete_input": 2, "holding_register": 3, "input_register": 4}
"""The function code that reads each table."""
FORMATS = {
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}
WIDE_FROM_BYTES = 2


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
    def path(self) -> tuple[str, ...]: ...  # noqa: D102  named as in the configuration
    @property
    def sequence_path(self) -> tuple[str, ...]: ...  # noqa: D102  named as in the configuration
    @property
    def sequence_modulus(self) -> int | None: ...  # noqa: D102  named as in the configuration
    @property
    def time_path(self) -> tuple[str, ...]: ...  # noqa: D102  named as in the configuration
    @property
    def expected_every_s(self) -> float | None: ...  # noqa: D102  named as in the configuration


def raw_number(value: Value, *, scale: float, offset: float) -> float:
    """Return the number that must stand at the station so that it is read as `value`."""
    return (float(value) - offset) / scale


def register_bytes(value: Value, place: ModbusPlace, *, scale: float, offset: float) -> bytes:
    """Return the bytes of a number or a string, as its registers carry them on the wire."""
    is_text = place.encoding.value == "string"
    if is_text:
        size = 2 * place.length_registers
        encoded = str(value).encode("ascii", "replace")[:size].ljust(size, b"\0")
    else:
        letter = FORMATS[place.encoding.value]
        number = raw_number(value, scale=scale, offset=offset)
        encoded = struct.pack(f">{letter}", number if letter in "fd" else round(number))
    words = [encoded[start : start + 2] for start in range(0, len(encoded), 2)]
    if place.word_order.value == "little" and not is_text:  # text runs register by register
        words.reverse()
    if place.byte_order.value == "little":
        words = [word[::-1] for word in words]
    return b"".join(words)


def write_modbus(
    image: Image, value: Value, place: ModbusPlace, *, scale: float = 1.0, offset: float = 0.0
) -> None:
    """Put a value where it stands in a unit's tables."""
    function = FUNCTIONS[place.table.value]
    if place.bit is not None:
        image.set_register_bit(function, place.address, place.bit, bool(value))
    elif place.table.value in {"coil", "discrete_input"}:
        image.set_bit(function, place.address, bool(value))
    elif place.encoding.value == "bool":
        image.set_registers(function, place.address, b"\0\1" if value else b"\0\0")
    else:
        content = register_bytes(value, place, scale=scale, offset=offset)
        image.set_registers(function, place.address, content)


def last_address(place: ModbusPlace) -> int:
    """Return the last bit or register that a value takes."""
    if place.encoding.value == "string":
        return place.address + place.length_registers - 1
    letter = FORMATS.get(place.encoding.value)
    size = struct.calcsize(f">{letter}") if letter is not None else WIDE_FROM_BYTES
    return place.address + size // WIDE_FROM_BYTES - 1


def plain_payload(value: Value) -> bytes:
    """Return a value as plain text: 1 and 0, numbers, words."""
    if isinstance(value, bool):
        return b"1" if value else b"0"
    return str(value).encode()


def json_payload(
    fields: Sequence[tuple[tuple[str, ...], Value]],
    *,
    sequence: tuple[tuple[str, ...], int] | None = None,
    time: tuple[tuple[str, ...], datetime] | None = None,
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


def _place(payload: dict[str, object], path: tuple[str, ...], value: object) -> None:
    level = payload
    for key in path[:-1]:
        level = level.setdefault(key, {})  # type: ignore[assignment]  # every level is a dict
    level[path[-1]] = value


def scaled(value: Value, *, scale: float, offset: float) -> Value:
    """Return what a payload carries so that it is read as `value`."""
    if isinstance(value, bool | str) or (scale == 1.0 and offset == 0.0):
        return value
    return raw_number(value, scale=scale, offset=offset)
