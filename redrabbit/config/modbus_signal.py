"""A signal in the tables of a Modbus station: where it stands, and how its value is laid out there.

Addresses count from 0, as on the wire. Sources: Modbus Application Protocol V1.1b3; Siemens S7 STRING and WSTRING.
"""

from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config import located_yaml
from redrabbit.config.file_schema import Block, Choice, Entry, Key, Schema, Section, Shape, Whole
from redrabbit.config.located_yaml import Node
from redrabbit.config.problem import Problems
from redrabbit.config.signal_meaning import MEANING
from redrabbit.config.spellings import DURATION
from redrabbit.domain.read_plan import LAST_ADDRESS, MAX_REGISTERS
from redrabbit.domain.signals import (
    Byte,
    Characters,
    Encoding,
    ModbusAddress,
    Order,
    Table,
    TextLayout,
)

LAST_BIT: Final = 15
OF_REGISTERS: Final = (
    "bit",
    "bits",
    "byte",
    "length",
    "word_order",
    "byte_order",
    "characters",
    "layout",
)
ONE_BYTE: Final = (Encoding.INT8, Encoding.UINT8)

MODBUS_ENCODINGS: Final = tuple(
    encoding for encoding in Encoding if encoding not in {Encoding.INTEGER, Encoding.NUMBER}
)


class BitSpan(Shape[tuple[int, int]]):
    """The first and the last bit of a register in which a small number stands."""

    expected = "[first bit, last bit], 0 is the least significant"

    def read(self, node: Node, problems: Problems) -> tuple[int, int] | None:
        """Return both."""
        if not isinstance(node, located_yaml.Sequence) or len(node.items) != 2:  # noqa: PLR2004  two ends
            return self.refuse(node, problems)
        first, last = (Whole(0, LAST_BIT).read(item, problems) for item in node.items)
        if first is None or last is None:
            return None
        if first >= last:
            said = sentence("bits {first} to {last}", first=first, last=last)
            problems.add(node.place, said, self.expected)
            return None
        return first, last

    def schema(self) -> Schema:
        """An array of two bits."""
        bit = {"type": "integer", "minimum": 0, "maximum": LAST_BIT}
        return {"type": "array", "items": bit, "minItems": 2, "maxItems": 2}


_ORDER: Final = Choice({"big": Order.BIG, "little": Order.LITTLE})

MODBUS_SIGNAL: Final = Section(
    {
        **{
            table.value: Key(
                Whole(
                    0,
                    LAST_ADDRESS,
                    "addresses count from 0 as on the wire: 400011 in a manual is 10 here",
                ),
                f"The address in the table of {table.value.replace('_', ' ')}s, from 0.",
                required=False,
            )
            for table in Table
        },
        "encoding": Key(
            Choice({encoding.value: encoding for encoding in MODBUS_ENCODINGS}),
            "How the value lies in registers; not needed for bits.",
            required=False,
        ),
        "bit": Key(
            Whole(0, LAST_BIT), "The bit of a register, 0 is the least significant.", required=False
        ),
        "bits": Key(
            BitSpan(), "The bits of a register in which a small number stands.", required=False
        ),
        "byte": Key(
            Choice({each.value: each for each in Byte}),
            "The byte of a register that int8 or uint8 is.",
            required=False,
        ),
        "length": Key(
            Whole(1, MAX_REGISTERS),
            "How many registers a string takes, with what its layout says before the text.",
            required=False,
        ),
        "word_order": Key(
            _ORDER,
            "Which register comes first; big if left out.",
            required=False,
            default=Order.BIG,
        ),
        "byte_order": Key(
            _ORDER, "Which byte comes first; big if left out.", required=False, default=Order.BIG
        ),
        "characters": Key(
            Choice({each.value: each for each in Characters}),
            "How a string is written; utf-8 if left out. gb18030 reads GBK and GB 2312, too.",
            required=False,
            default=Characters.UTF_8,
        ),
        "layout": Key(
            Choice({each.value: each for each in TextLayout}),
            "What stands before a string: nothing, or s7, the two lengths of a Siemens STRING (WSTRING with utf-16).",
            required=False,
            default=TextLayout.PLAIN,
        ),
        **MEANING,
        "pulse": Key(
            DURATION, "How long it stays on at least, if it goes off by itself.", required=False
        ),
    },
    "a signal, for example {holding_register: 10, encoding: uint16}",
)


def modbus_address(entry: Entry[Block], problems: Problems) -> ModbusAddress | None:
    """Return where a signal stands; None after noting what is wrong with it."""
    block = entry.value
    if block is None:
        return None
    given = [table for table in Table if table.value in block]
    if len(given) != 1:
        listed = " and ".join(table.value for table in given) or "no table"
        expected = "exactly one of coil, discrete_input, holding_register, input_register"
        problems.add(
            entry.place,
            sentence("{key!r} stands in {listed}", key=entry.key, listed=listed),
            expected,
        )
        return None
    table = given[0]
    fits = _fits_bits(block, table, problems) if table.holds_bits else _fits(block, entry, problems)
    if not fits or not block.complete:
        return None
    encoding: Encoding = block["encoding"] or (
        Encoding.BOOL if block["bits"] is None else Encoding.UINT16
    )
    return ModbusAddress(
        table=table,
        address=block[table.value],
        encoding=encoding,
        bit=block["bit"],
        bits=block["bits"],
        byte=block["byte"],
        length_registers=block["length"] or 1,
        characters=block["characters"],
        layout=block["layout"],
        word_order=block["word_order"],
        byte_order=block["byte_order"],
    )


def _fits_bits(block: Block, table: Table, problems: Problems) -> bool:
    """Return whether what is said fits a table of single bits."""
    wrong = [key for key in OF_REGISTERS if key in block]
    for key in wrong:
        found = sentence("{key} in the table of {value}s", key=key, value=table.value)
        problems.add(
            block.place_of(key), found, sentence("no {key}: each address is one bit", key=key)
        )
    if block["encoding"] not in {None, Encoding.BOOL}:
        wrong.append("encoding")
        found = sentence(
            "{value} in the table of {value_2}s", value=block["encoding"].value, value_2=table.value
        )
        hint = "numbers and texts stand in registers"
        problems.add(block.place_of("encoding"), found, "bool, or no encoding", hint)
    return not wrong


def _fits(block: Block, entry: Entry[Block], problems: Problems) -> bool:
    """Return whether encoding, bit and length of a register's signal go together."""
    encoding: Encoding | None = block["encoding"]
    before = len(problems.found)
    if "bit" in block and encoding not in {None, Encoding.BOOL}:
        found = "a bit with another encoding than bool"
        problems.add(block.place_of("bit"), found, "bit with bool, or without encoding")
    if "bits" in block and ("encoding" in block or "bit" in block):
        found = "bits beside an encoding or a bit"
        problems.add(block.place_of("bits"), found, "bits alone: they are a number without a sign")
    if not any(key in block for key in ("bit", "bits", "encoding")):
        expected = "encoding, or bit for a single bit of the register"
        problems.add(
            entry.place, sentence("{key!r} has neither encoding nor bit", key=entry.key), expected
        )
    if ("byte" in block) != (encoding in ONE_BYTE) and (encoding is not None or "byte" in block):
        place = block.place_of("byte") if "byte" in block else entry.place
        problems.add(
            place,
            sentence("{key!r} has a byte and no encoding of one byte", key=entry.key)
            if "byte" in block
            else sentence("{key!r} is one byte of a register", key=entry.key),
            "byte: high or low, with int8 or uint8",
        )
    if encoding is not Encoding.STRING:
        for key in (each for each in ("characters", "layout") if each in block):
            found = sentence("{key} on {name!r}, which is no string", key=key, name=entry.key)
            problems.add(block.place_of(key), found, sentence("no {key}", key=key))
    if "bit" not in block and encoding is Encoding.BOOL:
        found = sentence("{key!r} is bool in a register", key=entry.key)
        problems.add(entry.place, found, "bit: 0 to 15, which says which of the 16")
    if ("length" in block) != (encoding is Encoding.STRING) and "encoding" in block:
        if encoding is Encoding.STRING:
            found = sentence("the string {key!r} without length", key=entry.key)
            problems.add(entry.place, found, "length: how many registers it takes")
        elif encoding is not None:
            found = sentence("length on {value}, which knows its own", value=encoding.value)
            problems.add(block.place_of("length"), found, "no length")
    return len(problems.found) == before
