"""From bytes to a value, or to the reason why there is none (B1).

Rules: nothing is guessed, rounded into shape or carried over. A float that is not finite is
`NOT_A_NUMBER`; text that is not UTF-8, or breaks the rule for texts from outside (`text`, D24), is
`UNREADABLE`; a whole number beyond 64 bits with sign, and a count of parts beyond what records hold, is
`OUT_OF_RANGE`; a JSON field that is absent or null is `MISSING`; a reply of the wrong length is
`BAD_REPLY`. An empty text is a value. An integer with scale 1 and offset 0 stays an integer; any other
scaled number is a float. Truth values and text are never scaled.

A code that is declared as `invalid` is `NOT_AVAILABLE`: it is compared as it stands at the source, before
scale and offset, as the machine's manual tells it. A value outside of the declared `range` is
`OUT_OF_RANGE`: it is compared in the signal's unit, as rules are (D32).

What a payload may say for a truth value: JSON `true`, `false`, `0`, `1`, or one of the words of
`TRUTH_WORDS`, in any case, as JSON string or as plain text. Numbers in quotes are no JSON numbers.
An object that names a key twice is unreadable, because nobody knows which one was meant. A document of
more parts than any station has to say is `TOO_LARGE`, and nobody looks into it.

A value whose quality is not told to be good is `BAD_QUALITY`, whatever it is. Where a file does not say
what is good: `true`, a word that begins with *good*, and 192 to 255, the good ones of OPC (top bits 11).
0 is bad there, and good in OPC UA: a file must say so.

Not here: which bytes belong to which signal (`read_plan`), and asking for them (`links`).

Sources: Modbus Application Protocol V1.1b3 (16-bit registers, high byte first on the wire; bits
packed from the least significant end); RFC 8259 (JSON); OPC Data Access 3.00, 6.8 (quality flags).
"""

import json
import math
import re
import struct
import unicodedata
from collections.abc import Sequence

from redrabbit.domain.limits import fits_in_64_bits, is_a_count
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    MqttAddress,
    Order,
    Quality,
    SignalSpec,
)
from redrabbit.domain.text import MOST_SIGNAL_CHARACTERS, problem_in

NUMBER_FORMATS = {
    Encoding.INT16: ">h",
    Encoding.UINT16: ">H",
    Encoding.INT32: ">i",
    Encoding.UINT32: ">I",
    Encoding.INT64: ">q",
    Encoding.UINT64: ">Q",
    Encoding.FLOAT32: ">f",
    Encoding.FLOAT64: ">d",
}
"""`struct` formats of numbers whose most significant byte has been brought to the front."""

TRUTH_WORDS = {"true": True, "false": False, "on": True, "off": False, "1": True, "0": False}

GOOD_IN_OPC = range(192, 256)

_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

_TEXT_ENDS = " \t\r\n\0"
"""What scanners and C programs leave around a text."""

BYTES_PER_REGISTER = 2

INEXACT_FLOAT_FROM = 2**53
"""From here on a float no longer tells one whole number from the next: 2**53 may have been 2**53 + 1."""


MOST_NUMBER_CHARACTERS = 1000
"""Of a number in plain text: no machine means more, and Python converts at most 4300 digits."""

MOST_CONTAINERS = 10_000
"""Objects and lists of one document. Each is cheap, but so many new ones make Python look through the
whole memory of the service for cycles, several times a document: 100 to 500 ms."""


def length_of(address: ModbusAddress) -> int:
    """Return how many registers the value takes; for coils and discrete inputs, one bit."""
    if address.table.holds_bits or address.encoding is Encoding.BOOL:
        return 1
    if address.encoding is Encoding.STRING:
        return address.length_registers
    if address.encoding in NUMBER_FORMATS:
        return struct.calcsize(NUMBER_FORMATS[address.encoding]) // BYTES_PER_REGISTER
    raise ValueError(f"{address.encoding.value} has no layout in Modbus registers")


def decode_bit(packed: bytes, index: int) -> bool:
    """Return one bit of a reply for coils or discrete inputs: index 0 is the lowest of byte 0."""
    return bool(packed[index >> 3] >> (index & 7) & 1)


def decode_registers(spec: SignalSpec, registers: bytes | Sequence[int]) -> Value | Reason:
    """Return the value of a Modbus signal.

    `registers` are the signal's own registers, as bytes in wire order or as numbers. For a coil or
    a discrete input it is one byte or number, 0 or 1.
    """
    address = spec.address
    if not isinstance(address, ModbusAddress):
        raise TypeError(f"{spec.name} is not read over Modbus")
    if address.table.holds_bits:
        return _zero_or_one(list(registers))
    raw = registers if isinstance(registers, bytes) else _wire_bytes(registers)
    if len(raw) != length_of(address) * BYTES_PER_REGISTER:
        return Reason.BAD_REPLY
    if address.byte_order is Order.LITTLE:
        raw = _swap_bytes(raw)
    if address.encoding is Encoding.STRING:
        return _told_text(spec, _padded_text(raw))
    if address.encoding is Encoding.BOOL:
        number = int.from_bytes(raw, "big")
        return _zero_or_one([number]) if address.bit is None else bool(number >> address.bit & 1)
    if address.word_order is Order.LITTLE:
        raw = _reverse_words(raw)
    return _scaled(spec, struct.unpack(NUMBER_FORMATS[address.encoding], raw)[0])


def decode_text(spec: SignalSpec, payload: bytes) -> Value | Reason:
    """Return the value of a signal whose whole payload is plain text; ends are stripped."""
    try:
        text = payload.decode("utf-8").strip(_TEXT_ENDS)
    except UnicodeDecodeError:
        return Reason.UNREADABLE
    match spec.address.encoding:
        case Encoding.STRING:
            return _told_text(spec, _readable(text))
        case Encoding.BOOL:
            return TRUTH_WORDS.get(text.lower(), Reason.UNREADABLE)
        case _:
            return _number(spec, _number_in_text(text))


def decode_field(spec: SignalSpec, document: object) -> Value | Reason:
    """Return the value of a signal from a JSON document that was parsed by `parse_json`."""
    address = spec.address
    if not isinstance(address, MqttAddress):
        raise TypeError(f"{spec.name} is not read over MQTT")
    value = field_at(document, address.path)
    if value is None:
        return Reason.MISSING
    match address.encoding:
        case Encoding.STRING:
            return (
                _told_text(spec, _readable(value)) if isinstance(value, str) else Reason.UNREADABLE
            )
        case Encoding.BOOL:
            return _truth(value)
        case _:
            return _number(spec, value)


def quality_is_good(quality: Quality, document: object) -> bool:
    """Return whether a JSON document tells a quality that counts as good; if it is absent, as declared."""
    told = field_at(document, quality.path)
    if told is None:
        return quality.good_if_absent
    if quality.good:
        return any(
            isinstance(told, bool) == isinstance(each, bool) and told == each
            for each in quality.good
        )
    match told:
        case bool():
            return told
        case int() | float():
            return told in GOOD_IN_OPC
        case str():
            return told.strip().lower().startswith("good")
        case _:
            return False


def parse_json(payload: bytes) -> object:
    """Return the JSON document, or the reason; keys must be unique (RFC 8259, 4).

    `TOO_LARGE` without parsing where it seems to hold more than `MOST_CONTAINERS`: brackets within
    texts count, too.
    """
    if payload.count(b"{") + payload.count(b"[") > MOST_CONTAINERS:
        return Reason.TOO_LARGE
    try:
        return json.loads(payload.decode("utf-8"), object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError):
        return Reason.UNREADABLE


def field_at(document: object, path: tuple[str, ...]) -> object | None:
    """Return what stands at a path of keys; None if it is absent or null."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("an object names a key twice")
    return keys


def _zero_or_one(numbers: list[int]) -> bool | Reason:
    """Return a truth value told by a single 0 or 1; anything else was not the reply asked for."""
    match numbers:
        case [0 | 1]:
            return bool(numbers[0])
        case [_]:
            return Reason.UNREADABLE
        case _:
            return Reason.BAD_REPLY


def _wire_bytes(registers: Sequence[int]) -> bytes:
    return struct.pack(f">{len(registers)}H", *registers)


def _swap_bytes(raw: bytes) -> bytes:
    swapped = bytearray(raw)
    swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
    return bytes(swapped)


def _reverse_words(raw: bytes) -> bytes:
    return b"".join(raw[at : at + 2] for at in range(len(raw) - 2, -1, -2))


def _padded_text(raw: bytes) -> str | Reason:
    """Return text up to the first NUL, without the spaces or line end that a scanner adds.

    What stands behind the NUL is left over from a longer text and no part of this one. Word order
    does not apply to text: it runs register by register.
    """
    try:
        return _readable(raw.partition(b"\0")[0].decode("utf-8").rstrip(_TEXT_ENDS))
    except UnicodeDecodeError:
        return Reason.UNREADABLE


def _readable(text: str) -> str | Reason:
    """Return a text that people can read and databases keep; one of nothing but blanks is one."""
    if len(text) > MOST_SIGNAL_CHARACTERS:
        return Reason.UNREADABLE
    text = unicodedata.normalize("NFC", text)
    found = problem_in(text, MOST_SIGNAL_CHARACTERS)
    return text if found is None or found.code == "text_missing" else Reason.UNREADABLE


def _told_text(spec: SignalSpec, text: str | Reason) -> str | Reason:
    """Return a text, unless it is the word for "no value", as a scanner's `NOREAD`."""
    if isinstance(text, Reason):
        return text
    return Reason.NOT_AVAILABLE if text in spec.invalid else text


def _truth(value: object) -> bool | Reason:
    match value:
        case bool():
            return value
        case 0 | 1 if isinstance(value, int):
            return bool(value)
        case str():
            return TRUTH_WORDS.get(value.lower(), Reason.UNREADABLE)
        case _:
            return Reason.UNREADABLE


def _number_in_text(text: str) -> object:
    """Return the number that plain text spells, or the text itself if it spells none."""
    if len(text) > MOST_NUMBER_CHARACTERS:
        return text
    if _NOT_FINITE.fullmatch(text):
        return math.nan
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _number(spec: SignalSpec, value: object) -> Value | Reason:
    """Return a number as declared: whole and within the encoding's range where it says so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Reason.UNREADABLE
    if not _is_finite(value):
        return Reason.NOT_A_NUMBER
    encoding = spec.address.encoding
    if encoding in {Encoding.NUMBER, Encoding.FLOAT32, Encoding.FLOAT64}:
        return _scaled(spec, value)
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= INEXACT_FLOAT_FROM:
            return Reason.UNREADABLE
        value = int(value)
    if not _fits(encoding, value):
        return Reason.OUT_OF_RANGE
    return _scaled(spec, value)


def _fits(encoding: Encoding, number: int) -> bool:
    """Tell whether an integer is within its encoding; INTEGER is bound by `_scaled` only."""
    if encoding is Encoding.INTEGER:
        return True
    try:
        struct.pack(NUMBER_FORMATS[encoding], number)
    except struct.error:
        return False
    return True


def _is_finite(number: float) -> bool:
    return isinstance(number, int) or math.isfinite(number)


def _scaled(spec: SignalSpec, number: float) -> Value | Reason:
    """Return a number in its unit, if it is one, and one that the signal may have."""
    if not _is_finite(number):
        return Reason.NOT_A_NUMBER
    if number in spec.invalid:
        return Reason.NOT_AVAILABLE
    if isinstance(number, int) and not fits_in_64_bits(number):
        return Reason.OUT_OF_RANGE
    value = _in_unit(spec, number)
    if not math.isfinite(value):
        return Reason.NOT_A_NUMBER
    return value if _is_plausible(spec, value) else Reason.OUT_OF_RANGE


def _in_unit(spec: SignalSpec, number: float) -> float:
    if spec.scale == 1 and spec.offset == 0:
        return number
    return number * spec.scale + spec.offset


def _is_plausible(spec: SignalSpec, value: float) -> bool:
    """Tell whether a value is within the declared range, and a count one that records hold."""
    if spec.range is not None and not spec.range[0] <= value <= spec.range[1]:
        return False
    return not spec.counts_parts or is_a_count(value)
