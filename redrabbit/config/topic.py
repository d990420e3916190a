"""The topics of an MQTT link: where a payload tells its order, its time and its quality.

    state: {topic: plant/op20/state, sequence: seq, time: at, expected_every: 500 ms}
    count: {topic: plant/op20/count, sequence: {path: n, modulus: 65536}}
    tags:  {topic: plant/op20/tags, time: ts, quality: {path: q, good: [192, 216]}}

Source: MQTT 5.0, 4.7 (topic names without wildcards).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from redrabbit.base.sentence import sentence
from redrabbit.config import located_yaml
from redrabbit.config.file_schema import (
    Block,
    Choice,
    Entry,
    Key,
    ListOf,
    Schema,
    Section,
    Shape,
    Spelled,
    Whole,
)
from redrabbit.config.json_path import PATH
from redrabbit.config.located_yaml import Node, Scalar
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.spellings import DURATION, MESSAGE_SIZE
from redrabbit.domain.observation import Value
from redrabbit.domain.signals import MOST_BYTES_BY_DEFAULT, Quality

MAX_TOPIC_BYTES: Final = 65535
MOST_COUNTED: Final = 2**63
"""What a sequence can count to in 64 bits with sign."""


def _topic_name(text: str) -> str:
    if any(wildcard in text for wildcard in "+#\0") or len(text.encode()) > MAX_TOPIC_BYTES:
        raise ValueError("wildcards + and # are for subscribing to many; each value has one topic")
    return text


@dataclass(frozen=True)
class PathOr(Shape[Block]):
    """A path alone, or a mapping that says more of it; both are read as the mapping."""

    section: Section

    @property
    def expected(self) -> str:  # type: ignore[override]  # because a read-only property serves all readers of the attribute
        """Both in words."""
        return f"{PATH.expected}; or {self.section.expected}"

    def read(self, node: Node, problems: Problems) -> Block | None:
        """Return the mapping; of a path alone the rest is as if left out."""
        if isinstance(node, located_yaml.Mapping):
            return self.section.read(node, problems)
        path = PATH.read(node, problems)
        if path is None:
            return None
        block = Block(node.place)
        for name, key in self.section.keys.items():
            block.put(name, key.default)
        block.put("path", path)
        return block

    def schema(self) -> Schema:
        """Either."""
        return {"anyOf": [PATH.schema(), self.section.schema()]}


@dataclass(frozen=True)
class Word(Shape[Value]):
    """A plain value, as a payload may tell it: true, 192, Good."""

    expected: str = "a value: true, a number or a word"

    def read(self, node: Node, problems: Problems) -> Value | None:
        """Return the value; quoted text is always text."""
        value = node.value if isinstance(node, Scalar) else None
        return self.refuse(node, problems) if value is None or value == "" else value

    def schema(self) -> Schema:
        """Any of the kinds."""
        return {"type": ["boolean", "number", "string"]}


SEQUENCE: Final = PathOr(
    Section(
        {
            "path": Key(PATH, "Where the number stands."),
            "modulus": Key(
                Whole(2, MOST_COUNTED),
                "How many numbers there are before it begins at 0 again, for example 65536.",
                required=False,
            ),
        },
        "{path: seq, modulus: 65536}",
    )
)

QUALITY: Final = PathOr(
    Section(
        {
            "path": Key(PATH, "Where the quality stands."),
            "good": Key(
                ListOf(Word(), at_least=1),
                "What it says of a good value; left out: true, words that begin with good, 192 to 255.",
                required=False,
                default=(),
            ),
            "absent": Key(
                Choice({"bad": False, "good": True}),
                "What it means where no quality is told; bad if left out.",
                required=False,
                default=False,
            ),
        },
        "{path: q, good: [true, Good, 192]}",
    )
)

MQTT_TOPIC: Final = Section(
    {
        "topic": Key(Spelled(_topic_name, "a topic without wildcards"), "The topic's full name."),
        "sequence": Key(
            SEQUENCE,
            "Where the payload tells its sequence number; with a modulus where it begins at 0 again.",
            required=False,
        ),
        "time": Key(
            PATH,
            "Where the payload tells when it was made: ISO 8601, or a Unix number. Without it a message "
            "that is late can't be told from a live one.",
            required=False,
        ),
        "quality": Key(
            QUALITY,
            "Where the payload tells whether its values are good; where not, none of them counts.",
            required=False,
        ),
        "expected_every": Key(
            DURATION, "How often the station publishes at least.", required=False
        ),
        "max_size": Key(
            MESSAGE_SIZE,
            "The largest message that is read; 256 KiB if left out.",
            required=False,
            default=MOST_BYTES_BY_DEFAULT,
        ),
    },
    "{topic: …, expected_every: …}",
)


def topic_level(topic: Block) -> Mapping[str, Any]:
    """Return what a topic says of each message, as `MqttAddress` has it."""
    every, sequence = topic["expected_every"], topic["sequence"]
    return {
        "topic": topic["topic"],
        "sequence_path": sequence["path"] if sequence is not None else (),
        "sequence_modulus": sequence["modulus"] if sequence is not None else None,
        "time_path": topic["time"] or (),
        "expected_every_s": every.total_seconds() if every else None,
        "most_bytes": topic["max_size"],
    }


def qualities(*blocks: Block) -> tuple[Quality, ...]:
    """Return the qualities that a topic and a signal name, in this order."""
    return tuple(
        Quality(
            path=block["quality"]["path"],
            good=tuple(each.value for each in block["quality"]["good"]),
            good_if_absent=block["quality"]["absent"],
        )
        for block in blocks
        if block["quality"] is not None
    )


def check_topics(topics: Iterable[Entry[Block]], used: set[str] | None, problems: Problems) -> None:
    """Refuse topics that no signal uses, that stand twice, or that nobody can call silent.

    `used`: by name; None where the signals could not be read.
    """
    names: dict[str, SourcePosition] = {}
    for entry in topics:
        topic = entry.value
        if used is not None and entry.key not in used:
            problems.add(
                entry.place,
                sentence("topic {key!r} is used by no signal", key=entry.key),
                "a signal of it",
            )
        if topic is None or topic["topic"] is None:
            continue
        first = names.setdefault(topic["topic"], topic.place_of("topic"))
        if first != topic.place_of("topic"):
            found = sentence("the topic {topic!r} a second time", topic=topic["topic"])
            hint = sentence("the first stands at {first}", first=first)
            problems.add(topic.place_of("topic"), found, "each topic once", hint)
        if not any(key in topic for key in ("sequence", "time", "expected_every")):
            problems.add(
                entry.place,
                sentence(
                    "topic {key!r} tells neither sequence nor time nor expected_every",
                    key=entry.key,
                ),
                "at least one of them (D7)",
                "without, nobody can tell silence from a station that has nothing to say",
            )
