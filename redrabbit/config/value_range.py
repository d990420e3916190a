"""Which values a signal can ever have: what its encoding holds, scaled as it will be decoded.

So that a condition nobody can meet is found before the night shift finds it. The arithmetic is that
of `redrabbit.domain.decoding`: an integer with scale 1 and offset 0 stays an integer, any other
number is `raw * scale + offset`.
"""

import math
import struct
from dataclasses import dataclass
from typing import Final, Literal

from redrabbit.domain.decoding import (
    FLOAT_FORMATS,
    WHOLE_RANGES,
    codec_of,
    most_text_bytes,
)
from redrabbit.domain.observation import Value
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec

Kind = Literal["bool", "number", "text"]

FLOAT32_MAX: Final = (2 - 2**-23) * 2.0**127

_INTEGER_RANGES: Final[dict[Encoding, tuple[float, float]]] = {
    **WHOLE_RANGES,
    Encoding.INTEGER: (-math.inf, math.inf),
}
_REAL_RANGES: Final[dict[Encoding, tuple[float, float]]] = {
    Encoding.FLOAT32: (-FLOAT32_MAX, FLOAT32_MAX),
    Encoding.FLOAT64: (-math.inf, math.inf),
    Encoding.NUMBER: (-math.inf, math.inf),
}


def kind_of(encoding: Encoding) -> Kind:
    """Return whether a signal tells a truth value, a number or a text."""
    if encoding is Encoding.BOOL:
        return "bool"
    return "text" if encoding is Encoding.STRING else "number"


@dataclass(frozen=True)
class ValueRange:
    """The values of one signal."""

    kind: Kind
    low: float = -math.inf
    """Smallest number, in the signal's unit."""
    high: float = math.inf
    whole: bool = False
    """True when raw values are integers, so that only steps of `scale` occur."""
    scale: float = 1.0
    offset: float = 0.0
    single_precision: bool = False
    max_bytes: int | None = None
    """For a text of a fixed length."""
    codec: str = "utf-8"
    """In which its bytes are counted."""
    but: frozenset[Value] = frozenset()
    """What it never is, because the station means by it that there is no value."""

    @classmethod
    def of(cls, spec: SignalSpec) -> "ValueRange":
        """Return the range of a signal as declared."""
        encoding = spec.address.encoding
        kind = kind_of(encoding)
        if kind == "text" and isinstance(spec.address, ModbusAddress):
            return cls(
                "text",
                max_bytes=most_text_bytes(spec.address),
                codec=codec_of(spec.address.characters),
                but=frozenset(spec.invalid),
            )
        if kind != "number":
            return cls(kind, but=frozenset(spec.invalid))
        low, high = _held(spec)
        plain = spec.scale == 1 and spec.offset == 0  # so that 64 bits stay exact
        ends = (low, high) if plain else (_scaled(low, spec), _scaled(high, spec))
        lowest, highest = spec.range or (-math.inf, math.inf)
        codes = (code for code in spec.invalid if not isinstance(code, str))
        return cls(
            "number",
            low=max(min(ends), lowest),
            high=min(max(ends), highest),
            but=frozenset(code if plain else _scaled(code, spec) for code in codes),
            whole=encoding in _INTEGER_RANGES,
            scale=spec.scale,
            offset=spec.offset,
            single_precision=encoding is Encoding.FLOAT32,
        )

    def can_be(self, value: Value) -> bool:
        """Return whether the decoded signal can ever be equal to a value, bit for bit."""
        if value in self.but:
            return False
        if isinstance(value, str):
            return self.max_bytes is None or self._bytes_of(value) <= self.max_bytes
        if self.kind == "bool":
            return isinstance(value, bool)
        if not self.low <= value <= self.high:
            return False
        if self.whole:
            return any(self.decoded(raw) == value for raw in self._raw_near(value))
        if self.single_precision:
            return self.decoded(single_precision((value - self.offset) / self.scale)) == value
        return True

    def _bytes_of(self, text: str) -> float:
        """Return how many bytes a text takes; infinite for one that can't be written so."""
        try:
            return len(text.encode(self.codec))
        except UnicodeEncodeError:
            return math.inf

    def decoded(self, raw: float) -> float:
        """Return a raw number as the decoder scales it."""
        if self.scale == 1 and self.offset == 0:
            return raw
        return raw * self.scale + self.offset

    def holds_any(
        self, low: float, high: float, *, without_low: bool, without_high: bool, but: set[float]
    ) -> bool:
        """Return whether any value lies from `low` to `high`, with or without the ends."""
        but = but | {value for value in self.but if not isinstance(value, str)}
        if self.low >= low:
            low, without_low = self.low, without_low and self.low == low
        if self.high <= high:
            high, without_high = self.high, without_high and self.high == high
        if low > high or (low == high and (without_low or without_high)):
            return False
        if not self.whole or math.isinf(low) or math.isinf(high):
            return low < high or low not in but
        raws = sorted(self._raw_near(low) | self._raw_near(high))
        inner = [
            raw
            for raw in range(raws[0], min(raws[-1], raws[0] + len(but) + 8) + 1)
            if _is_within(self.decoded(raw), low, high, without_low, without_high)
        ]
        return any(self.decoded(raw) not in but for raw in inner)

    def _raw_near(self, value: float) -> set[int]:
        plain = self.scale == 1 and self.offset == 0
        raw = round(value if plain else (value - self.offset) / self.scale)
        return {raw - 1, raw, raw + 1}


def _held(spec: SignalSpec) -> tuple[float, float]:
    """Return the smallest and the largest raw number."""
    if isinstance(spec.address, ModbusAddress) and spec.address.bits is not None:
        first, last = spec.address.bits
        return 0, 2 ** (last - first + 1) - 1
    return (_INTEGER_RANGES | _REAL_RANGES)[spec.address.encoding]


def _scaled(raw: float, spec: SignalSpec) -> float:
    return raw * spec.scale + spec.offset


def _is_within(
    value: float, low: float, high: float, without_low: bool, without_high: bool
) -> bool:
    return (low < value or (value == low and not without_low)) and (
        value < high or (value == high and not without_high)
    )


def single_precision(number: float) -> float:
    """Return the number as 32 bits hold it; not a number beyond what they hold."""
    pattern = FLOAT_FORMATS[Encoding.FLOAT32]
    try:
        return float(struct.unpack(pattern, struct.pack(pattern, number))[0])
    except OverflowError:
        return math.nan
