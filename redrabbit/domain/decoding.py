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
from collections.abc import Mapping, Sequence

from redrabbit.domain.limits import fits_in_64_bits, is_a_count
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signals import (
    Byte,
    Characters,
    Encoding,
    ItemWhere,
    ModbusAddress,
    MqttAddress,
    Order,
    Path,
    Quality,
    SignalSpec,
    TextLayout,
)
from redrabbit.domain.text import MOST_SIGNAL_CHARACTERS, problem_in

FLOAT_FORMATS = {Encoding.FLOAT32: ">f", Encoding.FLOAT64: ">d"}
"""`struct` formats of numbers whose most significant byte has been brought to the front."""

WHOLE_NUMBERS = {
    Encoding.INT8: (1, True),
    Encoding.UINT8: (1, False),
    Encoding.INT16: (2, True),
    Encoding.UINT16: (2, False),
    Encoding.INT24: (3, True),
    Encoding.UINT24: (3, False),
    Encoding.INT32: (4, True),
    Encoding.UINT32: (4, False),
    Encoding.INT48: (6, True),
    Encoding.UINT48: (6, False),
    Encoding.INT64: (8, True),
    Encoding.UINT64: (8, False),
}
"""How many bytes a whole number takes, and whether it has a sign."""

DECIMAL_DIGITS = {Encoding.BCD16: 4, Encoding.BCD32: 8}
"""How many digits, of four bits each."""

WHOLE_RANGES: dict[Encoding, tuple[int, int]] = {
    **{
        encoding: (-(1 << 8 * n - 1), (1 << 8 * n - 1) - 1) if has_sign else (0, (1 << 8 * n) - 1)
        for encoding, (n, has_sign) in WHOLE_NUMBERS.items()
    },
    **{encoding: (0, 10**n - 1) for encoding, n in DECIMAL_DIGITS.items()},
}
"""The lowest and the highest number of each of them."""

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
    n_bytes = bytes_of(address.encoding)
    if n_bytes is not None:
        return -(-n_bytes // BYTES_PER_REGISTER)
    raise ValueError(f"{address.encoding.value} has no layout in Modbus registers")


def bytes_of(encoding: Encoding) -> int | None:
    """Return how many bytes a number takes; None for what is no number in registers."""
    if encoding in WHOLE_NUMBERS:
        return WHOLE_NUMBERS[encoding][0]
    if encoding in DECIMAL_DIGITS:
        return DECIMAL_DIGITS[encoding] // 2
    return struct.calcsize(FLOAT_FORMATS[encoding]) if encoding in FLOAT_FORMATS else None


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
        return _told_text(spec, _text_in(address, raw))
    if address.encoding is Encoding.BOOL:
        word = int.from_bytes(raw)
        return _zero_or_one([word]) if address.bit is None else bool(word >> address.bit & 1)
    if address.word_order is Order.LITTLE:
        raw = _reverse_words(raw)
    number = _number_in(address, raw)
    return number if isinstance(number, Reason) else _scaled(spec, number)


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
            return _truth_words(spec).get(text.lower(), Reason.UNREADABLE)
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
            return _truth(value, _truth_words(spec))
        case _:
            if address.quoted and isinstance(value, str):
                value = _number_in_text(value.strip())
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


def field_at(document: object, path: Path) -> object | None:
    """Return what stands at a path; None if it is absent or null, or if several items of a list fit."""
    for step in path:
        match step, document:
            case str(), dict():
                document = document.get(step)
            case int(), list():
                document = document[step] if step < len(document) else None
            case ItemWhere(), list():
                document = _the_item(document, step)
            case _:
                return None
    return document


def _the_item(items: list[object], where: ItemWhere) -> object | None:
    fits = [
        each
        for each in items
        if isinstance(each, dict)
        and isinstance(each.get(where.key), bool) == isinstance(where.value, bool)
        and each.get(where.key) == where.value
    ]
    return fits[0] if len(fits) == 1 else None


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


def _number_in(address: ModbusAddress, raw: bytes) -> float | Reason:
    """Return the number in bytes that were brought into order."""
    encoding = address.encoding
    if encoding in FLOAT_FORMATS:
        return float(struct.unpack(FLOAT_FORMATS[encoding], raw)[0])
    if encoding in DECIMAL_DIGITS:
        digits = raw.hex()
        return int(digits) if digits.isdecimal() else Reason.UNREADABLE
    n_bytes, has_sign = WHOLE_NUMBERS[encoding]
    if n_bytes == 1:
        return int.from_bytes(raw[:1] if address.byte is Byte.HIGH else raw[1:], signed=has_sign)
    above, own = raw[: len(raw) - n_bytes], raw[len(raw) - n_bytes :]
    number = int.from_bytes(own, signed=has_sign)
    if any(above) and not (number < 0 and above == b"\xff" * len(above)):
        return Reason.UNREADABLE  # more than its bytes hold: other registers than the file says
    if address.bits is not None:
        first, last = address.bits
        return number >> first & (1 << last - first + 1) - 1
    return number


def _text_in(address: ModbusAddress, raw: bytes) -> str | Reason:
    """Return text up to the first NUL, without the spaces or line end that a scanner adds.

    What stands behind the NUL is left over from a longer text and no part of this one. Word order
    does not apply to text: it runs register by register.
    """
    wide = address.characters is Characters.UTF_16
    if address.layout is TextLayout.S7:
        head = _head_bytes(address)
        most, long = (int.from_bytes(each) for each in (raw[: head // 2], raw[head // 2 : head]))
        size = long * (2 if wide else 1)
        if long > most or head + size > len(raw):
            return Reason.UNREADABLE
        raw = raw[head : head + size]
    if wide:
        units = [raw[at : at + 2] for at in range(0, len(raw), 2)]
        ends = units.index(b"\0\0") if b"\0\0" in units else len(units)
        text = b"".join(units[:ends])
    else:
        text = raw.partition(b"\0")[0]
    try:
        return _readable(text.decode(codec_of(address.characters)).rstrip(_TEXT_ENDS))
    except UnicodeDecodeError:
        return Reason.UNREADABLE


def _head_bytes(address: ModbusAddress) -> int:
    """Return how many bytes stand before a text."""
    if address.layout is TextLayout.PLAIN:
        return 0
    return BYTES_PER_REGISTER * (2 if address.characters is Characters.UTF_16 else 1)


def most_text_bytes(address: ModbusAddress) -> int:
    """Return how many bytes a text can take in its registers."""
    return address.length_registers * BYTES_PER_REGISTER - _head_bytes(address)


def codec_of(characters: Characters) -> str:
    """Return the name under which Python knows them; registers have the high byte first."""
    return "utf-16-be" if characters is Characters.UTF_16 else characters.value


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


def _truth_words(spec: SignalSpec) -> Mapping[str, bool]:
    """Return what texts mean for a signal: what its file says, else the usual words."""
    address = spec.address
    told = address.truth_words if isinstance(address, MqttAddress) else ()
    return dict(told) or TRUTH_WORDS


def _truth(value: object, words: Mapping[str, bool]) -> bool | Reason:
    match value:
        case bool():
            return value
        case 0 | 1 if isinstance(value, int):
            return bool(value)
        case str():
            return words.get(value.lower(), Reason.UNREADABLE)
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
    low, high = WHOLE_RANGES.get(encoding, (number, number))
    return low <= number <= high


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
