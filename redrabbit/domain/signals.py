"""Signals: where a value stands at a station, and how its bytes become a value.

Sources: Modbus Application Protocol V1.1b3 (tables, 16-bit registers, big-endian on the wire).
Everything wider than a register has no standard order: word and byte order are declared.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from redrabbit.domain.identity import SignalName
from redrabbit.domain.text import Text

MOST_BYTES_BY_DEFAULT: Final = 256 * 1024
"""Of a message: a thousand times what a station has to say."""
MOST_BYTES_OF_ANY: Final = 1024 * 1024
"""No topic's limit is larger: all stations wait while a message is parsed, and the worst of this size
takes 30 ms (tests/benchmarks/test_bench_messages.py)."""


class Table(Enum):
    """The four Modbus tables."""

    COIL = "coil"
    DISCRETE_INPUT = "discrete_input"
    HOLDING_REGISTER = "holding_register"
    INPUT_REGISTER = "input_register"

    @property
    def holds_bits(self) -> bool:
        """True for coils and discrete inputs."""
        return self in {Table.COIL, Table.DISCRETE_INPUT}


class Encoding(Enum):
    """How a value is laid out in registers, or read from a payload."""

    BOOL = "bool"
    """A coil, a discrete input, a bit of a register (`bit` is given), or a payload's true/false."""
    INT8 = "int8"
    """One byte of a register: `byte` says which."""
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT24 = "int24"
    """The lower three bytes of two registers."""
    UINT24 = "uint24"
    INT32 = "int32"
    UINT32 = "uint32"
    INT48 = "int48"
    UINT48 = "uint48"
    INT64 = "int64"
    UINT64 = "uint64"
    BCD16 = "bcd16"
    """Four decimal digits in one register, one in each half byte."""
    BCD32 = "bcd32"
    """Eight of them in two registers."""
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"
    """Two characters a register, NUL or space padded (Modbus); text (MQTT)."""
    INTEGER = "integer"
    """MQTT only: a whole number."""
    NUMBER = "number"
    """MQTT only: any finite number."""


class Byte(Enum):
    """Which byte of a register."""

    HIGH = "high"
    LOW = "low"


class Characters(Enum):
    """How a machine writes its texts; the words are those of station files, and Python knows them, too."""

    UTF_8 = "utf-8"
    GB18030 = "gb18030"
    """GB 18030, and so GBK and GB 2312."""
    LATIN_1 = "latin-1"
    UTF_16 = "utf-16"
    """One character a register, or two for those beyond U+FFFF."""


class TextLayout(Enum):
    """What stands in registers besides a text's characters."""

    PLAIN = "plain"
    """Nothing; what is left is NUL or blanks."""
    S7 = "s7"
    """Siemens S7 STRING and WSTRING: first how long it can be and how long it is, in bytes, or in registers for UTF-16."""


class Resets(Enum):
    """When a counter is set back to zero, as the station file tells (D32)."""

    NEVER = "never"
    """It is kept over power failures: one that went back all the same tells a restart."""
    EACH_SHIFT = "each shift"
    BY_HAND = "by hand"


class Order(Enum):
    """Which end comes first."""

    BIG = "big"
    LITTLE = "little"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusAddress:
    """A place in one of the four tables; `address` counts from 0 as on the wire."""

    table: Table
    address: int
    encoding: Encoding
    bit: int | None = None
    """0 (least significant) to 15, for a BOOL within a register."""
    bits: tuple[int, int] | None = None
    """The first and the last bit of a small number within a register."""
    byte: Byte | None = None
    """For INT8 and UINT8."""
    length_registers: int = 1
    """For STRING; other encodings know their own length."""
    characters: Characters = Characters.UTF_8
    layout: TextLayout = TextLayout.PLAIN
    """Both for STRING."""
    word_order: Order = Order.BIG
    byte_order: Order = Order.BIG


@dataclass(frozen=True, slots=True)
class ItemWhere:
    """The one item of a JSON list in which a key has a value: `{id: torque}`."""

    key: str
    value: bool | float | str


PathStep = str | int | ItemWhere
"""A key of a JSON object; of a list the number of an item, from 0, or the one item that says something."""
Path = tuple[PathStep, ...]
"""Where something stands in a JSON document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Where a payload tells how good its source took a value to be, and what counts as good (L1)."""

    path: Path
    good: tuple[bool | float | str, ...] = ()
    """What it must say; empty: the words and numbers that are good everywhere (see `decoding`)."""
    good_if_absent: bool = False
    """True where the source tells only what is bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttAddress:
    """A topic, and where in its payload the value stands."""

    topic: str
    encoding: Encoding
    path: Path = ()
    """Where it stands in the JSON document; empty: the whole payload is the value, as plain text."""
    quoted: bool = False
    """Whether the source writes numbers in quotes; otherwise such a one is none."""
    truth_words: tuple[tuple[str, bool], ...] = ()
    """What a BOOL's texts mean, in small letters; empty: the usual ones (see `decoding`)."""
    sequence_path: Path = ()
    """Where the payload tells its sequence number, if it does (D7)."""
    sequence_modulus: int | None = None
    """How far the sequence counts before it begins at 0 again; None: as far as it likes (D27)."""
    time_path: Path = ()
    """Where the payload tells when it was made (ISO 8601 or a Unix number), if it does (D7, D27)."""
    qualities: tuple[Quality, ...] = ()
    """Each must be good; that of the topic, and the value's own."""
    expected_every_s: float | None = None
    """How often the station publishes at least; silence for longer is *no data*."""
    most_bytes: int = MOST_BYTES_BY_DEFAULT
    """Of a payload; a larger one is set aside unread."""

    @property
    def reads_json(self) -> bool:
        """True where the payload is a JSON object, not the value itself."""
        return bool(self.path or self.sequence_path or self.time_path or self.qualities)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSpec:
    """One named signal of a station. A number's value is `raw * scale + offset`, in `unit`."""

    name: SignalName
    address: ModbusAddress | MqttAddress
    scale: float = 1.0
    offset: float = 0.0
    unit: str | None = None
    pulse_s: float | None = None
    """How long it stays on at least, where it goes off by itself; None: not declared."""
    label: Text | None = None
    invalid: tuple[float | str, ...] = ()
    """Codes that mean "no value", as they stand at the source: before scale and offset, and in single
    precision where the encoding is (D32)."""
    range: tuple[float, float] | None = None
    """The lowest and the highest value that is plausible, both included, in `unit` (D32)."""
    counts_parts: bool = False
    """The station's part counter: what records can't hold is no count."""
    resets: Resets | None = None
    """Of a counter; None: not told, so it may be set back at any time."""
    rollover: int | None = None
    """Of a counter: how many values it has, after which it begins again; None: not told."""
