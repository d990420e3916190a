"""Conditions as they are written in a rule, checked against the signals they read.

    {rises: rejected}                 {falls: rejected}
    {equals: {result: 2}}             {becomes: {result: 2}}
    {above: {measured: 12.5}}         {below: {measured: 12.5}}
    {between: {measured: [10, 12]}}
    {increases: good_count}           {increases: {good_count: 2}}
    {stays_off: ng_lamp, for: 1.5 s}  {stays_off: cycle, for: 3 s, after: {rises: start}}
    {all: [ … ]}  {any: [ … ]}  {not: … }

Each single condition must be able to be true and to be false; what several say together is checked
in `rules`.
"""

from collections.abc import Callable
from typing import Any, Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Schema
from redrabbit.config.located_yaml import Mapping, Node, Scalar, Sequence, describe
from redrabbit.config.problem import Problems, nearest, one_of
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import DURATION, SIGNAL
from redrabbit.config.value_range import Kind, ValueRange
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Becomes,
    Below,
    Between,
    Change,
    Condition,
    Equals,
    Falls,
    Increases,
    Not,
    Rises,
    StaysOff,
)
from redrabbit.domain.signals import MqttAddress

WRITTEN: Final = {
    "equals": "{equals: {signal: value}}",
    "becomes": "{becomes: {signal: value}}",
    "above": "{above: {signal: number}}",
    "below": "{below: {signal: number}}",
    "between": "{between: {signal: [low, high]}}",
    "rises": "{rises: signal}",
    "falls": "{falls: signal}",
    "increases": "{increases: signal} or {increases: {signal: number}}",
    "stays_off": "{stays_off: signal, for: 1.5 s}",
    "all": "{all: [condition, …]}",
    "any": "{any: [condition, …]}",
    "not": "{not: condition}",
}

ROUNDING: Final = 1e-9
"""32767 * 0.1 is a little more than 3276.7: no limit that a person means."""

CONDITION_REF: Final[Schema] = {"$ref": "#/$defs/condition"}


def read_condition(node: Node, table: SignalTable, problems: Problems) -> Condition | None:
    """Return the condition; None after noting why there is none."""
    if isinstance(node, Mapping) and any(key.text == "stays_off" for key, _ in node.entries):
        return _stays_off(node, table, problems)
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        found = sentence("found {what}", what=describe(node))
        if isinstance(node, Mapping) and len(node.entries) > 1:
            found = sentence("{n} conditions without all or any", n=len(node.entries))
        problems.add(node.place, found, "one condition, for example {rises: rejected}")
        return None
    (key, value) = node.entries[0]
    reader = _READERS.get(key.text)
    if reader is None:
        problems.add(
            key.place,
            sentence("unknown condition {text!r}", text=key.text),
            one_of(WRITTEN),
            nearest(key.text, WRITTEN),
        )
        return None
    return reader(_Reading(key.text, value, table, problems))


class _Reading:
    """One condition being read: its word, what stands behind it, and the signals."""

    def __init__(self, word: str, node: Node, table: SignalTable, problems: Problems) -> None:
        self.word = word
        self.node = node
        self.table = table
        self.problems = problems

    def refuse(self, node: Node, found: str, expected: str, hint: str | None = None) -> None:
        self.problems.add(node.place, found, expected, hint)

    def signal(self, name: Scalar, kinds: tuple[Kind, ...], hint: str) -> ValueRange | None:
        """Return the range of a signal of one of the kinds; None after noting why not."""
        if not self.table.refuse_unknown(name.text, name.place, self.problems):
            return None
        values = self.table.ranges.get(SignalName(name.text))
        if values is not None and values.kind not in kinds:
            spec = self.table.specs[SignalName(name.text)]
            self.refuse(
                name,
                sentence(
                    "{word} on {name!r}, which is {encoding}",
                    word=self.word,
                    name=name.text,
                    encoding=spec.address.encoding.value,
                ),
                f"a signal that tells a {' or a '.join(_KIND_WORDS[kind] for kind in kinds)}",
                hint,
            )
            return None
        return values

    def pair(self) -> tuple[Scalar, Node] | None:
        """Return the signal and what is asked of it."""
        if isinstance(self.node, Mapping) and len(self.node.entries) == 1:
            return self.node.entries[0]
        self.refuse(
            self.node, sentence("found {what}", what=describe(self.node)), WRITTEN[self.word]
        )
        return None

    def number(self, node: Node) -> float | None:
        """Return a number; None after noting that it is none."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        self.refuse(
            node, sentence("found {what}", what=describe(node)), "a number, in the signal's unit"
        )
        return None


_KIND_WORDS: Final[dict[Kind, str]] = {
    "bool": "truth value",
    "number": "number",
    "text": "text",
}


def _edge(reading: _Reading) -> Condition | None:
    node = reading.node
    if not isinstance(node, Scalar):
        reading.refuse(node, sentence("found {what}", what=describe(node)), WRITTEN[reading.word])
        return None
    hint = "use becomes, or increases for a counter"
    if reading.signal(node, ("bool",), hint) is None:
        return None
    name = SignalName(node.text)
    return Rises(signal=name) if reading.word == "rises" else Falls(signal=name)


def _value(reading: _Reading) -> Condition | None:
    pair = reading.pair()
    if pair is None:
        return None
    name, node = pair
    values = reading.signal(name, ("bool", "number", "text"), "")
    if values is None:
        return None
    value = read_value(node, name.text, values, reading.problems)
    if value is None:
        return None
    if reading.word == "equals":
        return Equals(signal=SignalName(name.text), value=value)
    return Becomes(signal=SignalName(name.text), value=value)


def values_schema() -> Schema:
    """Return the schema of a list of values that a signal can have."""
    values = {"type": ["string", "number", "boolean"]}
    return {"type": "array", "items": values, "minItems": 1}


def read_value(node: Node, signal: str, values: ValueRange, problems: Problems) -> Value | None:
    """Return a value that the signal can have; None after noting why it can't."""
    written = node.value if isinstance(node, Scalar) else None
    if not isinstance(node, Scalar) or written is None or not node.text:
        problems.add(
            node.place,
            sentence("found {what}", what=describe(node)),
            sentence("a value of {signal!r}", signal=signal),
        )
        return None
    value: Value = node.text if values.kind == "text" else written
    hint = None
    match values.kind, value:
        case ("bool", bool()) | ("text", str()):
            pass
        case ("number", int() | float()) if not isinstance(value, bool):
            pass
        case _:
            expected = {"bool": "true or false", "number": "a number", "text": "a text"}
            found = sentence("{what} as a value of {signal!r}", what=describe(node), signal=signal)
            problems.add(node.place, found, expected[values.kind])
            return None
    if value in values.but:
        instead = "another value, because `invalid` says that the station means no value by it"
        problems.add(
            node.place,
            sentence("{signal!r} can never be {text}", signal=signal, text=node.text),
            instead,
        )
        return None
    if values.can_be(value):
        return value
    if values.kind == "number" and values.low <= float(value) <= values.high:
        hint = "a scaled or fractional number is hardly ever met exactly: use between"
    found = sentence("{signal!r} can never be {text}", signal=signal, text=node.text)
    problems.add(node.place, found, _range_words(values), hint)
    return None


def _limit(reading: _Reading) -> Condition | None:
    pair = reading.pair()
    if pair is None:
        return None
    name, node = pair
    values = reading.signal(name, ("number",), "use equals or becomes")
    limit = reading.number(node)
    if values is None or limit is None:
        return None
    above = reading.word == "above"
    never = limit >= values.high - ROUNDING if above else limit <= values.low + ROUNDING
    always = limit < values.low - ROUNDING if above else limit > values.high + ROUNDING
    if never or always:
        found = sentence(
            "{text!r} is {value} {word} {limit:g}",
            text=name.text,
            value=sentence("never") if never else sentence("always"),
            word=reading.word,
            limit=limit,
        )
        reading.refuse(node, found, _range_words(values))
        return None
    signal = SignalName(name.text)
    return Above(signal=signal, limit=limit) if above else Below(signal=signal, limit=limit)


def _between(reading: _Reading) -> Condition | None:
    pair = reading.pair()
    if pair is None:
        return None
    name, node = pair
    values = reading.signal(name, ("number",), "use equals or becomes")
    if not isinstance(node, Sequence) or len(node.items) != 2:  # noqa: PLR2004  because a range has two ends
        reading.refuse(node, sentence("found {what}", what=describe(node)), "[low, high]")
        return None
    low, high = reading.number(node.items[0]), reading.number(node.items[1])
    if values is None or low is None or high is None:
        return None
    if low > high:
        reading.refuse(
            node,
            sentence("between {low:g} and {high:g}, which nothing is", low=low, high=high),
            "the lower limit first",
        )
        return None
    signal = SignalName(name.text)
    if not values.holds_any(low, high, without_low=False, without_high=False, but=set()):
        found = sentence(
            "{text!r} is never between {low:g} and {high:g}", text=name.text, low=low, high=high
        )
        reading.refuse(node, found, _range_words(values))
        return None
    if low <= values.low and high >= values.high:
        found = sentence(
            "{text!r} is always between {low:g} and {high:g}", text=name.text, low=low, high=high
        )
        reading.refuse(node, found, _range_words(values))
        return None
    return Between(signal=signal, low=low, high=high)


def _increases(reading: _Reading) -> Condition | None:
    hint = "use rises or becomes"
    if isinstance(reading.node, Scalar):
        if reading.signal(reading.node, ("number",), hint) is None:
            return None
        return Increases(signal=SignalName(reading.node.text))
    pair = reading.pair()
    if pair is None:
        return None
    name, node = pair
    values = reading.signal(name, ("number",), hint)
    by = reading.number(node)
    if values is None or by is None:
        return None
    if by <= 0 or by > values.high - values.low:
        found = (
            sentence("an increase by {by:g}, which anything is", by=by)
            if by <= 0
            else sentence("an increase by {by:g}, which nothing is", by=by)
        )
        reading.refuse(node, found, "more than 0 and within the signal's range")
        return None
    return Increases(signal=SignalName(name.text), by=by)


def read_change(node: Node, table: SignalTable, problems: Problems) -> Change | None:
    """Return something that happens at one instant; None after noting why it is none."""
    before = len(problems.found)
    condition = read_condition(node, table, problems)
    if isinstance(condition, Change):
        return condition
    if len(problems.found) == before:
        problems.add(
            node.place,
            sentence("found {what}", what=describe(node)),
            "one of rises, falls, becomes",
        )
    return None


def _stays_off(node: Mapping, table: SignalTable, problems: Problems) -> Condition | None:
    """Return an answer by silence: its signal, how long, and after what (D33)."""
    before = len(problems.found)
    given = {key.text: value for key, value in node.entries}
    for key, _ in node.entries:
        if key.text not in _OF_SILENCE:
            hint = nearest(key.text, _OF_SILENCE)
            problems.add(
                key.place,
                sentence("{text!r} beside stays_off", text=key.text),
                one_of(_OF_SILENCE),
                hint,
            )
    name = given["stays_off"]
    if isinstance(name, Scalar):
        reading = _Reading("stays_off", name, table, problems)
        reading.signal(name, ("bool",), "use a bit: true where the device says so")
        _refuse_without_rhythm(name, table, problems)
    else:
        problems.add(
            name.place, sentence("found {what}", what=describe(name)), WRITTEN["stays_off"]
        )
    lasts = DURATION.read(given["for"], problems) if "for" in given else None
    if "for" not in given:
        problems.add(node.place, "stays_off without for", "for: how long it must be off")
    after = read_change(given["after"], table, problems) if "after" in given else None
    if len(problems.found) > before or not isinstance(name, Scalar) or lasts is None:
        return None
    return StaysOff(signal=SignalName(name.text), for_s=lasts.total_seconds(), after=after)


_OF_SILENCE: Final = ("stays_off", "for", "after")


def _refuse_without_rhythm(name: Scalar, table: SignalTable, problems: Problems) -> None:
    """Refuse a signal that speaks only when it changes: its silence proves nothing (D7)."""
    spec = table.specs.get(SignalName(name.text))
    if spec is None or not isinstance(spec.address, MqttAddress):
        return
    if spec.address.expected_every_s is None:
        problems.add(
            name.place,
            sentence(
                "stays_off on {text!r}, whose topic speaks only when something changes",
                text=name.text,
            ),
            "expected_every on its topic: how often it publishes at least",
            "a lost message would look like silence",
        )


def _group(reading: _Reading) -> Condition | None:
    node = reading.node
    if not isinstance(node, Sequence) or not node.items:
        reading.refuse(node, sentence("found {what}", what=describe(node)), WRITTEN[reading.word])
        return None
    parts = [read_condition(item, reading.table, reading.problems) for item in node.items]
    read = tuple(part for part in parts if part is not None)
    if len(read) < len(parts):
        return None
    return AllOf(of=read) if reading.word == "all" else AnyOf(of=read)


def _not(reading: _Reading) -> Condition | None:
    inner = read_condition(reading.node, reading.table, reading.problems)
    return None if inner is None else Not(of=inner)


def _range_words(values: ValueRange) -> str:
    if values.kind == "text":
        return sentence("at most {n} bytes, the signal's length", n=values.max_bytes)
    if values.kind == "bool":
        return "true or false"
    if values.whole and values.scale != 1:
        return sentence(
            "a value that can be met, and not met: from {low:g} to {high:g} in steps of {step:g}",
            low=values.low,
            high=values.high,
            step=abs(values.scale),
        )
    if values.whole:
        return sentence(
            "a value that can be met, and not met: from {low:g} to {high:g}, whole numbers only",
            low=values.low,
            high=values.high,
        )
    return sentence(
        "a value that can be met, and not met: from {low:g} to {high:g}",
        low=values.low,
        high=values.high,
    )


_READERS: Final[dict[str, Callable[[_Reading], Condition | None]]] = {
    "equals": _value,
    "becomes": _value,
    "above": _limit,
    "below": _limit,
    "between": _between,
    "rises": _edge,
    "falls": _edge,
    "increases": _increases,
    "all": _group,
    "any": _group,
    "not": _not,
}


def condition_schema() -> Schema:
    """Return the schema of a condition; it refers to itself as `#/$defs/condition`."""
    name = {"type": "string", "pattern": f"^(?:{SIGNAL.pattern})$"}
    scalar = {"type": ["string", "number", "boolean"]}
    number = {"type": "number"}
    ends = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    group = {"type": "array", "items": CONDITION_REF, "minItems": 1}
    forms: dict[str, Any] = {
        "equals": _one_signal(scalar),
        "becomes": _one_signal(scalar),
        "above": _one_signal(number),
        "below": _one_signal(number),
        "between": _one_signal(ends),
        "rises": name,
        "falls": name,
        "increases": {"anyOf": [name, _one_signal(number)]},
        "stays_off": name,
        "all": group,
        "any": group,
        "not": CONDITION_REF,
    }
    return {
        "type": "object",
        "description": "One condition on the station's signals.",
        "properties": {
            word: {**form, "description": WRITTEN[word]} if "$ref" not in form else form
            for word, form in forms.items()
        }
        | {
            "for": {**DURATION.schema(), "description": "How long the signal must stay off."},
            "after": {**CONDITION_REF},
        },
        "additionalProperties": False,
        "minProperties": 1,
        "dependentRequired": {"stays_off": ["for"], "for": ["stays_off"], "after": ["stays_off"]},
        "if": {"not": {"required": ["stays_off"]}},
        "then": {"maxProperties": 1},
    }


def _one_signal(value: Schema) -> Schema:
    return {
        "type": "object",
        "patternProperties": {f"^(?:{SIGNAL.pattern})$": value},
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
