"""The signals of one station: where each stands, and whether it can stand there.

Modbus addresses count from 0, as on the wire. Sources: Modbus Application Protocol V1.1b3 (65536
addresses a table, 125 registers a request).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import (
    Block,
    Choice,
    Entry,
    Key,
    MapOf,
    Raw,
    Schema,
    Section,
    Whole,
)
from redrabbit.config.located_yaml import Node
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.signal_meaning import MEANING, meaning_of
from redrabbit.config.spellings import DURATION, SIGNAL, SLUG
from redrabbit.config.topic import PATH, QUALITY, check_topics, qualities, topic_level
from redrabbit.config.value_range import ValueRange
from redrabbit.domain.decoding import length_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.read_plan import LAST_ADDRESS, MAX_REGISTERS, Unreadable, unreadable_signals
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    MqttAddress,
    Order,
    SignalSpec,
    Table,
)
from redrabbit.domain.station import ModbusLink

LAST_BIT: Final = 15

MODBUS_ENCODINGS: Final = tuple(
    encoding for encoding in Encoding if encoding not in {Encoding.INTEGER, Encoding.NUMBER}
)
MQTT_ENCODINGS: Final = (Encoding.BOOL, Encoding.INTEGER, Encoding.NUMBER, Encoding.STRING)


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
        "length": Key(
            Whole(1, MAX_REGISTERS),
            "How many registers a string takes, two characters each.",
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
        **MEANING,
        "pulse": Key(
            DURATION, "How long it stays on at least, if it goes off by itself.", required=False
        ),
    },
    "a signal, for example {holding_register: 10, encoding: uint16}",
)

MQTT_SIGNAL: Final = Section(
    {
        "topic": Key(SLUG, "One of the link's topics, by its name there."),
        "path": Key(
            PATH, "Where in the JSON object; left out: the payload is the value.", required=False
        ),
        "encoding": Key(
            Choice({encoding.value: encoding for encoding in MQTT_ENCODINGS}), "What it tells."
        ),
        "quality": Key(
            QUALITY,
            "Where the payload tells whether this value is good; beside the topic's, if it has one.",
            required=False,
        ),
        **MEANING,
    },
    "a signal, for example {topic: state, path: result.torque, encoding: number}",
)

_MODBUS_SIGNALS: Final = MapOf(SIGNAL, MODBUS_SIGNAL, at_least=1)
_MQTT_SIGNALS: Final = MapOf(SIGNAL, MQTT_SIGNAL, at_least=1)


def _signals_schema() -> Schema:
    return {"anyOf": [_MODBUS_SIGNALS.schema(), _MQTT_SIGNALS.schema()]}


SIGNALS: Final = Raw(_signals_schema, "a mapping of signals")


@dataclass
class SignalTable:
    """The signals that a station's file names, and what could be read of them."""

    readable: bool = True
    """False when the section as a whole is missing: nothing can be called unknown then."""
    places: dict[str, SourcePosition] = field(default_factory=dict)
    """Every signal that is named, broken or not."""
    specs: dict[SignalName, SignalSpec] = field(default_factory=dict)
    expected_every: dict[SignalName, float] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """True when every signal could be read."""
        return self.readable and len(self.specs) == len(self.places)

    @property
    def ranges(self) -> Mapping[SignalName, ValueRange]:
        """The values that each signal can have."""
        return {name: ValueRange.of(spec) for name, spec in self.specs.items()}

    def refuse_unknown(self, name: str | None, place: SourcePosition, problems: Problems) -> bool:
        """Return whether the signal is named in the table, after noting it if not."""
        if name is None or not self.readable:
            return False
        problems.refuse_unknown("signal", name, place, self.places)
        return name in self.places


def read_modbus_signals(node: Node, link: ModbusLink | None, problems: Problems) -> SignalTable:
    """Return the signals of a Modbus station; `link` is None when it could not be read."""
    table = SignalTable()
    for entry in _entries(_MODBUS_SIGNALS, node, table, problems):
        address = _modbus_address(entry, problems)
        if address is not None:
            _keep(entry, address, table, problems)
        if link is not None and entry.value is not None and entry.value["pulse"] is not None:
            _refuse_short_pulse(entry.value, entry.key, link, problems)
    if link is not None:
        _refuse_unreadable(table, link, problems)
    _refuse_shared_places(table, problems)
    return table


def read_mqtt_signals(
    node: Node, topics: tuple[Entry[Block], ...], problems: Problems
) -> SignalTable:
    """Return the signals of an MQTT station, given the topics of its link."""
    table = SignalTable()
    known = {topic.key: topic.value for topic in topics}
    used: set[str] = set()
    for entry in _entries(_MQTT_SIGNALS, node, table, problems):
        block = entry.value
        name = block["topic"] if block is not None else None
        if block is None or name is None:
            continue
        problems.refuse_unknown("topic", name, block.place_of("topic"), known)
        used.add(name)
        topic = known.get(name)
        if topic is None or not topic.complete or not block.complete:
            continue
        address = MqttAddress(
            encoding=block["encoding"],
            path=block["path"] or (),
            qualities=qualities(topic, block),
            **topic_level(topic),
        )
        _keep(entry, address, table, problems)
        if address.expected_every_s is not None:
            table.expected_every[SignalName(entry.key)] = address.expected_every_s
    check_topics(topics, used if table.readable else None, problems)
    _refuse_mixed_payloads(table, problems)
    _refuse_shared_places(table, problems)
    return table


def _entries(
    shape: MapOf[Block], node: Node, table: SignalTable, problems: Problems
) -> tuple[Entry[Block], ...]:
    entries = shape.read(node, problems)
    if entries is None:
        table.readable = False
        return ()
    table.places = {entry.key: entry.place for entry in entries}
    return entries


def _keep(
    entry: Entry[Block],
    address: ModbusAddress | MqttAddress,
    table: SignalTable,
    problems: Problems,
) -> None:
    block = entry.value
    assert block is not None  # noqa: S101  because an address was read from it
    name = SignalName(entry.key)
    pulse = block["pulse"]
    bare = SignalSpec(name=name, address=address, pulse_s=pulse.total_seconds() if pulse else None)
    spec = meaning_of(bare, block, problems)
    if spec is not None:
        table.specs[name] = spec


def _modbus_address(entry: Entry[Block], problems: Problems) -> ModbusAddress | None:
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
    encoding: Encoding = block["encoding"] or Encoding.BOOL
    return ModbusAddress(
        table=table,
        address=block[table.value],
        encoding=encoding,
        bit=block["bit"],
        length_registers=block["length"] or 1,
        word_order=block["word_order"],
        byte_order=block["byte_order"],
    )


def _fits_bits(block: Block, table: Table, problems: Problems) -> bool:
    """Return whether what is said fits a table of single bits."""
    wrong = [key for key in ("bit", "length", "word_order", "byte_order") if key in block]
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
    if "bit" not in block and "encoding" not in block:
        expected = "encoding, or bit for a single bit of the register"
        problems.add(
            entry.place, sentence("{key!r} has neither encoding nor bit", key=entry.key), expected
        )
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


def _refuse_short_pulse(block: Block, name: str, link: ModbusLink, problems: Problems) -> None:
    pulse_s, poll_s = block["pulse"].total_seconds(), link.poll_interval_s
    if pulse_s < 2 * poll_s:
        problems.add(
            block.place_of("pulse"),
            sentence(
                "{name!r} is on for {pulse_s:g} s, polled every {poll_s:g} s",
                name=name,
                pulse_s=pulse_s,
                poll_s=poll_s,
            ),
            sentence("a pulse of at least two polls, {value:g} s (B8)", value=2 * poll_s),
            "latch it at the station, read a counter, or poll more often",
        )


def _refuse_unreadable(table: SignalTable, link: ModbusLink, problems: Problems) -> None:
    """Refuse what no read plan can contain, and take it out of the table."""
    for name, why in unreadable_signals(tuple(table.specs.values()), link).items():
        address = table.specs.pop(name).address
        assert isinstance(address, ModbusAddress)  # noqa: S101  because the table is a Modbus station's
        last = address.address + length_of(address) - 1
        found, expected = {
            Unreadable.BEYOND_LAST_ADDRESS: (
                sentence("{name!r} ends at address {last}", name=name, last=last),
                sentence("addresses up to {last}", last=LAST_ADDRESS),
            ),
            Unreadable.LONGER_THAN_A_REQUEST: (
                sentence("{name!r} takes {n} registers", name=name, n=length_of(address)),
                sentence("at most {n}, what the station gives at once", n=link.max_registers),
            ),
            Unreadable.FORBIDDEN: (
                sentence("{name!r} stands in a forbidden range", name=name),
                sentence("a place outside it"),
            ),
        }.get(
            why,
            (
                sentence("{name!r} can't be read over Modbus", name=name),
                sentence("a Modbus address"),
            ),
        )
        problems.add(table.places[name], found, expected)


def _refuse_mixed_payloads(table: SignalTable, problems: Problems) -> None:
    """Refuse topics whose payload would have to be JSON and plain text at once."""
    json_topics = {
        address.topic
        for spec in table.specs.values()
        if isinstance(address := spec.address, MqttAddress) and address.reads_json
    }
    for name, spec in table.specs.items():
        address = spec.address
        if isinstance(address, MqttAddress) and address.topic in json_topics and not address.path:
            found = sentence(
                "{name!r} takes the whole payload of a topic that is read as JSON", name=name
            )
            problems.add(table.places[name], found, "path: where in the JSON object it stands")


def _refuse_shared_places(table: SignalTable, problems: Problems) -> None:
    """Refuse two signals in one place: nearly always a line copied and not changed."""
    seen: dict[Any, SignalName] = {}
    for name, spec in table.specs.items():
        for cell in _cells(spec.address):
            first = seen.setdefault(cell, name)
            if first != name:
                problems.add(
                    table.places[name],
                    sentence("{name!r} stands where {first!r} stands", name=name, first=first),
                    "a place of its own for each signal",
                    sentence("{first!r} is at {places}", first=first, places=table.places[first]),
                )
                break


def _cells(address: ModbusAddress | MqttAddress) -> list[tuple[object, ...]]:
    """Return what a signal occupies; single bits of registers don't clash with whole registers."""
    if isinstance(address, MqttAddress):
        return [(address.topic, address.path)]
    return [(address.table, address.address + n, address.bit) for n in range(length_of(address))]
