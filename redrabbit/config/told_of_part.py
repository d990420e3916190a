"""Who tells serial, variant, nest and pallet: a signal, the operator's scan, or the operator's tap (D33).

serial: scan
variant: {tap: {left: {en: Left, zh: 左}, right: {en: Right, zh: 右}}}
variant: {signal: recipe_name, values: [left, right]}
nest: {signal: nest_number, expected: {tap: [1, 2, 3, 4]}}
pallet: {signal: pallet_id, expected: scan}

`values` are what the signal tells of a part, so that a suspect window needs not hold what is known to be of another
(D34). What can be tapped are its values, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config import located_yaml
from redrabbit.config.conditions import read_value, values_schema
from redrabbit.config.file_schema import Bilingual, Block, Key, Raw, Schema, Section, Words
from redrabbit.config.located_yaml import Node, Scalar, Sequence, describe
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import SIGNAL
from redrabbit.domain.identity import DeviceId, SignalName
from redrabbit.domain.part_told import PLACES
from redrabbit.domain.rule import DetectionRule, signals_of
from redrabbit.domain.signals import MqttAddress
from redrabbit.domain.station_says import COUNTED, Asked, SaidOf, Source, shown
from redrabbit.domain.text import Text

SCAN: Final = "scan"
"""The operator's scan, where the station has no signal of that name."""

_TAP_WORD: Final = Words("a word to tap", most=40)
_TAPS: Final = "[left, right], two words or more; or {left: {en: Left, zh: 左}, …}"
_ASKED: Final = "scan, or {tap: [left, right]}"
_PLACE: Final = "{signal: nest_number, expected: {tap: [1, 2]}}"
_LISTED: Final = "{signal: recipe_name, values: [left, right]}"
_VALUES: Final = "[value, …], for example [1, 2]"


def _taps_schema() -> Schema:
    named = {"type": "object", "additionalProperties": Bilingual().schema(), "minProperties": 2}
    return {"anyOf": [{"type": "array", "items": _TAP_WORD.schema(), "minItems": 2}, named]}


_TAP: Final = Section({"tap": Key(Raw(_taps_schema, _TAPS), "What can be tapped.")}, _ASKED)


def _asked_schema() -> Schema:
    return {"anyOf": [{"enum": [SCAN]}, _TAP.schema()]}


def _by_signal(of: SaidOf) -> Section | None:
    """Return what can be said of a signal that tells this; None where only its name can."""
    alone = (of in PLACES) != (of in COUNTED)
    keys: dict[str, Key] = {}
    if of in PLACES:
        words = (
            "How the operator tells, before the part is put in, where it will stand: only a part "
            "that stands there is the challenge part."
        )
        keys["expected"] = Key(Raw(_asked_schema, _ASKED), words, required=alone)
    if of in COUNTED:
        words = (
            "What the signal tells of a part. Any other value tells nothing of one, and where none is "
            "listed, none does: what was counted then stays suspect after a miss."
        )
        keys["values"] = Key(Raw(values_schema, _VALUES), words, required=alone)
    if not keys:
        return None
    signal = Key(SIGNAL, "The signal that tells it of the part before the device.")
    return Section({"signal": signal} | keys, _PLACE if of in PLACES else _LISTED)


_BY_SIGNAL: Final = {of: section for of in SaidOf if (section := _by_signal(of)) is not None}


def told_key(of: SaidOf, words: str) -> Key:
    """Return the key that says who tells this of a part; `words` is what it is."""
    by_signal = _BY_SIGNAL.get(of)
    forms = f"a signal, {_ASKED}" + (f", or {by_signal.expected}" if by_signal else "")

    def schema() -> Schema:
        sections = [_TAP.schema(), *([by_signal.schema()] if by_signal else [])]
        return {"anyOf": [SIGNAL.schema(), *sections]}

    return Key(Raw(schema, forms), f"Who tells {words}: {forms}.", required=False)


@dataclass(frozen=True)
class ToldOfPart:
    """Who tells one thing of a part."""

    signal: SignalName | None = None
    asked: Asked | None = None
    values: tuple[str, ...] = ()
    """What the signal tells of a part."""
    place: SourcePosition | None = None
    """Where its `expected` stands, if the part is known by it."""


def read_told(of: SaidOf, block: Block, table: SignalTable, problems: Problems) -> ToldOfPart:
    """Return who tells this of a part; nobody where the key is absent, or after noting why."""
    node: Node | None = block[of.value]
    if node is None:
        return ToldOfPart()
    if isinstance(node, Scalar):
        if node.text == SCAN and SCAN not in table.places:
            return ToldOfPart(asked=Asked(by=Source.SCAN))
        name = SIGNAL.read(node, problems)
        table.refuse_unknown(name, node.place, problems)
        return ToldOfPart(signal=SignalName(name) if name is not None else None)
    section = _BY_SIGNAL.get(of)
    if section is not None and isinstance(node, located_yaml.Mapping) and node.get("tap") is None:
        return _read_by_signal(section, node, table, problems)
    return ToldOfPart(asked=_read_asked(node, None, table, problems))


def _read_by_signal(
    section: Section, node: Node, table: SignalTable, problems: Problems
) -> ToldOfPart:
    block = section.read(node, problems)
    if block is None or block["signal"] is None:
        return ToldOfPart()
    name, where = SignalName(block["signal"]), block.place_of("signal")
    table.refuse_unknown(name, where, problems)
    ranges = table.ranges.get(name)
    expected: Node | None = block["expected"]
    listed: Node | None = block["values"]
    if expected is not None and ranges is not None and ranges.kind == "bool":
        problems.add(
            where, sentence("{name!r} is bool", name=name), "a signal that tells a number or a text"
        )
        return ToldOfPart()
    if expected is None and listed is None and block.complete:
        found = "neither 'expected' nor 'values'"
        problems.add(
            block.place,
            found,
            sentence("{expected}, or the signal's name alone", expected=section.expected),
        )
    asked = _read_asked(expected, name, table, problems) if expected is not None else None
    taps = asked.values if asked is not None else ()
    values = _read_values(listed, name, table, problems) if listed is not None else taps
    for missing in [word for word in taps if word not in values] if values else ():
        where = block.place_of("values")
        problems.add(
            where,
            sentence("{word!r} can be tapped, and is not listed", word=missing),
            "each word to tap",
        )
    place = block.place_of("expected") if expected is not None else None
    return ToldOfPart(signal=name, asked=asked, values=values, place=place)


def _read_values(
    node: Node, signal: SignalName, table: SignalTable, problems: Problems
) -> tuple[str, ...]:
    """Return the words of a part; noted is each that the signal can never tell, or stands twice."""
    if not isinstance(node, Sequence) or not node.items:
        problems.add(node.place, sentence("found {what}", what=describe(node)), _VALUES)
        return ()
    read: list[str] = []
    for item in node.items:
        value = _word(item, signal, table, problems)
        if value in read:
            problems.add(
                item.place, sentence("{value!r} a second time", value=value), "each value once"
            )
        elif value is not None:
            read.append(value)
    return tuple(read)


def _read_asked(
    node: Node, signal: SignalName | None, table: SignalTable, problems: Problems
) -> Asked | None:
    if isinstance(node, Scalar) and node.text == SCAN:
        return Asked(by=Source.SCAN)
    block = _TAP.read(node, problems)
    taps: Node | None = block["tap"] if block is not None else None
    if taps is None:
        return None
    words: dict[str, Text] = {}
    entries: list[tuple[Node, Node | None]] = []
    if isinstance(taps, Sequence):
        entries = [(item, None) for item in taps.items]
    elif isinstance(taps, located_yaml.Mapping):
        entries = list(taps.entries)
    if len(entries) < 2:  # noqa: PLR2004  one word is no choice
        problems.add(taps.place, sentence("found {what}", what=describe(taps)), _TAPS)
        return None
    read: list[str] = []
    for key, named in entries:
        value = _word(key, signal, table, problems)
        if value in read:
            problems.add(
                key.place, sentence("{value!r} a second time", value=value), "each word once"
            )
        text = Bilingual().read(named, problems) if named is not None else None
        if value is not None:
            read.append(value)
            words |= {value: text} if text is not None else {}
    return Asked(by=Source.TAP, values=tuple(read), words=words)


def _word(
    node: Node, signal: SignalName | None, table: SignalTable, problems: Problems
) -> str | None:
    """Return a word of a part; one that the signal can never tell is refused."""
    values = table.ranges.get(signal) if signal is not None else None
    if signal is None or values is None:
        return _TAP_WORD.read(node, problems)
    value = read_value(node, signal, values, problems)
    return None if value is None else shown(value)


def check_places(
    told: Mapping[SaidOf, ToldOfPart],
    rules: Iterable[tuple[DeviceId, DetectionRule]],
    table: SignalTable,
    problems: Problems,
) -> None:
    """Refuse a place that no device's part can be known by, and one that is told apart from the part."""
    seeing = [(device, rule.presented) for device, rule in rules if rule.presented is not None]
    for of, each in told.items():
        if each.place is None or each.signal is None:
            continue
        if not seeing:
            problems.add(
                each.place,
                sentence("{value} is expected, and no device sees the part come", value=of.value),
                "a device with a condition for presented",
                "a code on the part tells more, and a tap tells nothing of where it stands",
            )
        for device, presented in seeing:
            apart = _topics(signals_of(presented), table) - _topics({each.signal}, table)
            if apart:
                problems.add(
                    each.place,
                    sentence(
                        "{value} comes on another topic than presented of {device!r}",
                        value=of.value,
                        device=device,
                    ),
                    sentence("a signal of topic {apart}", apart=", ".join(sorted(apart))),
                    "messages of different topics arrive in any order",
                )


def _topics(signals: Iterable[SignalName], table: SignalTable) -> set[str]:
    addresses = (table.specs[name].address for name in signals if name in table.specs)
    return {address.topic for address in addresses if isinstance(address, MqttAddress)}
