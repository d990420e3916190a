"""What the numbers and texts of a signal mean: scale and unit, which are none, how a counter goes back.

A code that means "no value" is written as the machine's manual tells it, before scale and offset; a range
is in the signal's unit, as the limits of rules are (D32).
"""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config import located_yaml
from redrabbit.config.file_schema import (
    Bilingual,
    Block,
    Choice,
    Key,
    ListOf,
    Number,
    Raw,
    Schema,
    Shape,
    Whole,
    Words,
)
from redrabbit.config.located_yaml import Node, Scalar, describe
from redrabbit.config.problem import Problems
from redrabbit.config.value_range import ValueRange, kind_of, single_precision
from redrabbit.domain.signals import Encoding, Resets, SignalSpec

MOST_VALUES: Final = 2**64
"""Of any counter: what its widest encoding holds."""


class Span(Shape[tuple[float, float]]):
    """Two numbers, the lower one first."""

    expected = "[lowest, highest]"

    def read(self, node: Node, problems: Problems) -> tuple[float, float] | None:
        """Return both numbers."""
        if not isinstance(node, located_yaml.Sequence) or len(node.items) != 2:  # noqa: PLR2004  two ends
            return self.refuse(node, problems)
        low, high = (Number().read(item, problems) for item in node.items)
        if low is None or high is None:
            return None
        if low >= high:
            problems.add(
                node.place,
                sentence("a range from {low:g} to {high:g}", low=low, high=high),
                self.expected,
            )
            return None
        return low, high

    def schema(self) -> Schema:
        """An array of two numbers."""
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}


def _code_schema() -> Schema:
    return {"type": ["number", "string"]}


MEANING: Final[Mapping[str, Key]] = {
    "scale": Key(Number(), "value = raw · scale + offset.", required=False, default=1.0),
    "offset": Key(Number(), "value = raw · scale + offset.", required=False, default=0.0),
    "unit": Key(Words(), "The unit of the value.", required=False),
    "label": Key(Bilingual(), "What people call it.", required=False),
    "invalid": Key(
        ListOf(Raw(_code_schema, "a number or a text"), at_least=1),
        "Codes that mean that there is no value, as the station tells them: before scale and offset.",
        required=False,
        default=(),
    ),
    "range": Key(
        Span(), "The lowest and the highest plausible value, in the signal's unit.", required=False
    ),
    "resets": Key(
        Choice({each.value: each for each in Resets}),
        "Of a counter: when it goes back to zero. `never`: if it does, its machine was restarted.",
        required=False,
    ),
    "rollover": Key(
        Whole(2, MOST_VALUES),
        "Of a counter: how many values it has; after the last one comes 0 again.",
        required=False,
    ),
}


def meaning_of(bare: SignalSpec, block: Block, problems: Problems) -> SignalSpec | None:
    """Return a signal with what its numbers mean, noting what is wrong; None where no value could be told."""
    _refuse_for_kind(bare, block, problems)
    _refuse_for_counter(bare, block, problems)
    if block["scale"] == 0:
        problems.add(block.place_of("scale"), "scale 0", "a scale that keeps values apart")
        return None
    scaled = replace(
        bare,
        scale=block["scale"],
        offset=block["offset"],
        unit=block["unit"],
        label=block["label"],
        invalid=tuple(_codes(bare, block, problems)),
        resets=block["resets"],
        rollover=block["rollover"],
    )
    return replace(scaled, range=_reachable_range(scaled, block, problems))


def _refuse_for_kind(bare: SignalSpec, block: Block, problems: Problems) -> None:
    kind = kind_of(bare.address.encoding)
    wrong = [] if kind == "number" else ["scale", "offset", "unit", "range", "resets", "rollover"]
    wrong += ["invalid"] if kind == "bool" else []
    for key in wrong:
        if key in block:
            found = sentence(
                "{key} on {name!r}, which tells a {kind}", key=key, name=bare.name, kind=kind
            )
            problems.add(block.place_of(key), found, sentence("no {key}", key=key))


def _refuse_for_counter(bare: SignalSpec, block: Block, problems: Problems) -> None:
    """Refuse what is said of a counter where nothing is counted, or not as it is told."""
    values = ValueRange.of(bare)
    for key in ("resets", "rollover"):
        if key not in block or values.kind != "number":
            continue
        if not values.whole:
            found = sentence(
                "{key} on {name!r}, which is {value}",
                key=key,
                name=bare.name,
                value=bare.address.encoding.value,
            )
            problems.add(
                block.place_of(key), found, "a signal that counts, of a whole number's encoding"
            )
        elif block["scale"] != 1 or block["offset"] != 0:
            found = sentence("{key} on {name!r}, which is scaled", key=key, name=bare.name)
            problems.add(
                block.place_of(key), found, "no scale and no offset: a count is as it is told"
            )
    turn: int | None = block["rollover"]
    if turn is not None and values.whole and turn > values.high + 1:
        found = sentence(
            "rollover {turn} of {name!r}, whose highest value is {int}",
            turn=turn,
            name=bare.name,
            int=int(values.high),
        )
        problems.add(
            block.place_of("rollover"),
            found,
            sentence("at most {value}", value=int(values.high) + 1),
        )


def _codes(bare: SignalSpec, block: Block, problems: Problems) -> Iterator[float | str]:
    """Yield the codes as the encoding holds them, after noting those that it can't hold."""
    values = ValueRange.of(bare)
    if values.kind == "bool":
        return
    for node in (code.value for code in block["invalid"]):
        code = _written(node, bare.address.encoding)
        if code is None:
            expected = "a text" if values.kind == "text" else "a number"
            problems.add(
                node.place,
                sentence("{what} as a code of {name!r}", what=describe(node), name=bare.name),
                expected,
            )
        elif values.can_be(code):
            yield code
        else:
            held = bare.address.encoding.value
            found = sentence(
                "the code {code}, which {name!r} ({held}) never tells",
                code=code,
                name=bare.name,
                held=held,
            )
            problems.add(node.place, found, _held_words(values), _unsigned_hint(code, values))


def _written(node: Node, encoding: Encoding) -> float | str | None:
    """Return a code; None where a code of this encoding is not written so."""
    if not isinstance(node, Scalar):
        return None
    if kind_of(encoding) == "text":
        return unicodedata.normalize("NFC", node.text)
    number = node.value
    if isinstance(number, str | bool) or number is None:
        return None
    return single_precision(number) if encoding is Encoding.FLOAT32 else number


def _held_words(values: ValueRange) -> str:
    if values.kind == "text":
        return sentence("at most {n} bytes, the signal's length", n=values.max_bytes)
    whole = "a whole number" if values.whole else "a number"
    return (
        whole if math.isinf(values.low) else f"{whole} from {values.low:.0f} to {values.high:.0f}"
    )


def _unsigned_hint(code: float | str, values: ValueRange) -> str | None:
    """Return what a code is called that a manual tells without a sign, where the encoding has one."""
    if not isinstance(code, int) or not values.whole or math.isinf(values.low):
        return None
    below = code - int(values.high - values.low + 1)
    said = sentence("with a sign it is {value}", value=below)
    return said if values.low <= below < 0 else None


def _reachable_range(
    scaled: SignalSpec, block: Block, problems: Problems
) -> tuple[float, float] | None:
    """Return the range, unless no value of the signal is in it."""
    span: tuple[float, float] | None = block["range"]
    if span is None or kind_of(scaled.address.encoding) != "number":
        return None
    values = ValueRange.of(scaled)
    if values.holds_any(*span, without_low=False, without_high=False, but=set()):
        return span
    found = sentence(
        "{name!r} is never within {span:g} to {span_2:g}",
        name=scaled.name,
        span=span[0],
        span_2=span[1],
    )
    expected = sentence("a range that meets {low:g} to {high:g}", low=values.low, high=values.high)
    problems.add(block.place_of("range"), found, expected)
    return None
