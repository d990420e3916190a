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
    ListOf,
    MapOf,
    Raw,
    Schema,
    Section,
    Words,
)
from redrabbit.config.json_path import PATH
from redrabbit.config.located_yaml import Node
from redrabbit.config.modbus_signal import MODBUS_SIGNAL, modbus_address
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.signal_meaning import MEANING, meaning_of
from redrabbit.config.spellings import SIGNAL, SLUG
from redrabbit.config.topic import QUALITY, check_topics, qualities, topic_level
from redrabbit.config.value_range import ValueRange
from redrabbit.domain.decoding import length_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.read_plan import LAST_ADDRESS, Unreadable, unreadable_signals
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    MqttAddress,
    SignalSpec,
)
from redrabbit.domain.station import ModbusLink

MQTT_ENCODINGS: Final = (Encoding.BOOL, Encoding.INTEGER, Encoding.NUMBER, Encoding.STRING)


MQTT_SIGNAL: Final = Section(
    {
        "topic": Key(SLUG, "One of the link's topics, by its name there."),
        "path": Key(
            PATH, "Where in the JSON object; left out: the payload is the value.", required=False
        ),
        "encoding": Key(
            Choice({encoding.value: encoding for encoding in MQTT_ENCODINGS}), "What it tells."
        ),
        "quoted": Key(
            Choice({"true": True, "false": False}),
            "Whether the source writes numbers in quotes; if not, such a one is none.",
            required=False,
            default=False,
        ),
        "true_words": Key(
            ListOf(Words(), at_least=1), "Texts that mean true, in any case.", required=False
        ),
        "false_words": Key(
            ListOf(Words(), at_least=1), "Texts that mean false, in any case.", required=False
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
        address = modbus_address(entry, problems)
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
        truth_words = _truth_words(block, problems)
        address = MqttAddress(
            encoding=block["encoding"],
            path=block["path"] or (),
            quoted=block["quoted"],
            truth_words=truth_words,
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


def _truth_words(block: Block, problems: Problems) -> tuple[tuple[str, bool], ...]:
    """Return what texts mean true and false, noting words of one kind only, of both, or of no truth value."""
    keys = [key for key in ("true_words", "false_words") if key in block]
    if keys and block["encoding"] is not Encoding.BOOL:
        problems.add(block.place_of(keys[0]), keys[0], "words of true and false for a bool only")
        return ()
    if len(keys) == 1:
        problems.add(block.place_of(keys[0]), keys[0], "true_words and false_words, both of them")
        return ()
    told: dict[str, bool] = {}
    for key in keys:
        for word in block[key] or ():
            if told.setdefault(word.value.lower(), key == "true_words") != (key == "true_words"):
                found = sentence("{word!r} means true and false", word=word.value)
                problems.add(word.place, found, "each word once")
    return tuple(told.items())


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
    if address.bits is not None:
        first, last = address.bits
        return [(address.table, address.address, bit) for bit in range(first, last + 1)]
    part = address.byte if address.byte is not None else address.bit
    return [(address.table, address.address + n, part) for n in range(length_of(address))]
