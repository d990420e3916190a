"""The shapes that configuration files are described with: each reads a value, and tells its schema.

One description serves the loader and the JSON Schema for editors, so that they can't drift apart.

Rules: a shape that can't read a node notes the problem and returns None; no shape mends or guesses.
An optional key that is absent takes the field's stated default; an empty value is a problem, never
a default.

Not here: which keys there are (`plant_file`, `station_file`, `plan_file`) and what they mean
together (`cross_checks`).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from redrabbit.base.sentence import Sentence, sentence, words_of
from redrabbit.config import located_yaml
from redrabbit.config.garbled_text import chinese_is_garbled, has_bare_mark, save_as_utf_8
from redrabbit.config.located_yaml import Node, Scalar, Sequence, describe
from redrabbit.config.problem import Problems, SourcePosition, nearest, one_of
from redrabbit.config.secret_check import is_secret_key
from redrabbit.domain.text import MOST_WORDS_CHARACTERS, Text

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Schema = dict[str, Any]


class Shape(ABC, Generic[T_co]):
    """How one value is written."""

    expected: str
    """In words, for `expected …`."""

    @abstractmethod
    def read(self, node: Node, problems: Problems) -> T_co | None:
        """Return the value; None after noting why there is none."""

    @abstractmethod
    def schema(self) -> Schema:
        """Return the JSON Schema of what `read` takes."""

    def refuse(self, node: Node, problems: Problems, hint: str | None = None) -> T_co | None:
        """Note that this node is not of this shape; return None."""
        problems.add(node.place, sentence("found {what}", what=describe(node)), self.expected, hint)
        return None


@dataclass(frozen=True)
class Words(Shape[str]):
    """Any text that is not empty; numbers are taken as they are written."""

    expected: str = "text"
    most: int = MOST_WORDS_CHARACTERS

    def read(self, node: Node, problems: Problems) -> str | None:
        """Return the text as written, without blanks around it."""
        if not isinstance(node, Scalar) or not node.text.strip() or node.value is None:
            return self.refuse(node, problems)
        text = node.text.strip()
        if len(text) > self.most:
            found = sentence("{n} characters", n=len(text))
            problems.add(
                node.place,
                found,
                sentence(
                    "{expected} of at most {most} characters",
                    expected=self.expected,
                    most=self.most,
                ),
            )
            return None
        return text

    def schema(self) -> Schema:
        """Any scalar: what looks like a number is text here all the same."""
        return {"type": ["string", "number"], "minLength": 1, "maxLength": self.most}


@dataclass(frozen=True)
class Pattern(Shape[str]):
    """Text of a certain form: ids and names."""

    pattern: str
    expected: str

    def read(self, node: Node, problems: Problems) -> str | None:
        """Return the text if the whole of it has the form."""
        if isinstance(node, Scalar) and re.fullmatch(self.pattern, node.text):
            return node.text
        return self.refuse(node, problems)

    def schema(self) -> Schema:
        """Text with the pattern anchored at both ends."""
        return {"type": ["string", "number"], "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True)
class Choice(Shape[T]):
    """One of a few words, each with what it means."""

    words: Mapping[str, T]

    @property
    def expected(self) -> str:  # type: ignore[override]  # because a read-only property serves all readers of the attribute
        """The words themselves."""
        return one_of(self.words)

    def read(self, node: Node, problems: Problems) -> T | None:
        """Return what the word means."""
        if isinstance(node, Scalar) and node.text in self.words:
            return self.words[node.text]
        hint = nearest(node.text, self.words) if isinstance(node, Scalar) else None
        return self.refuse(node, problems, hint)

    def schema(self) -> Schema:
        """The words, as an enumeration."""
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Whole(Shape[int]):
    """A whole number within bounds, both included."""

    low: int
    high: int
    hint: str | None = None
    """What to say of a number that is too large."""

    @property
    def expected(self) -> str:  # type: ignore[override]  # because a read-only property serves all readers of the attribute
        """The bounds in words."""
        return f"a whole number from {self.low} to {self.high}"

    def read(self, node: Node, problems: Problems) -> int | None:
        """Return the number if it is whole and within the bounds."""
        value = node.value if isinstance(node, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool):
            return self.refuse(node, problems)
        if self.low <= value <= self.high:
            return value
        return self.refuse(node, problems, self.hint if value > self.high else None)

    def schema(self) -> Schema:
        """An integer within the bounds."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Number(Shape[float]):
    """Any finite number."""

    expected: str = "a number"

    def read(self, node: Node, problems: Problems) -> float | None:
        """Return the number."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return self.refuse(node, problems)

    def schema(self) -> Schema:
        """A number."""
        return {"type": "number"}


@dataclass(frozen=True)
class Flag(Shape[bool]):
    """True or false."""

    expected: str = "true or false"

    def read(self, node: Node, problems: Problems) -> bool | None:
        """Return the truth value."""
        if isinstance(node, Scalar) and isinstance(value := node.value, bool):
            return value
        return self.refuse(node, problems)

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Spelled(Shape[T]):
    """Text that a function understands: times, dates, durations, schedules, addresses."""

    understand: Callable[[str], T]
    """Raises ValueError for what it does not understand."""
    expected: str
    pattern: str | None = None
    """For the schema only: what editors can check."""

    def read(self, node: Node, problems: Problems) -> T | None:
        """Return what the function makes of the text."""
        if not isinstance(node, Scalar) or not node.text.strip():
            return self.refuse(node, problems)
        try:
            return self.understand(node.text.strip())
        except ValueError as error:
            said = words_of(error)
            hint = said if isinstance(said, Sentence) else " ".join(said.split())
            return self.refuse(node, problems, hint or None)

    def schema(self) -> Schema:
        """Text, with the pattern where there is one."""
        return {"type": "string", **({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})}


@dataclass(frozen=True)
class Located(Generic[T]):
    """A value and where it stands."""

    value: T
    place: SourcePosition


@dataclass(frozen=True)
class ListOf(Shape[tuple[Located[T], ...]]):
    """A list of values of one shape; those that can't be read are noted and left out."""

    item: Shape[T]
    at_least: int = 0

    @property
    def expected(self) -> str:  # type: ignore[override]  # because a read-only property serves all readers of the attribute
        """The items in words."""
        some = f" with at least {self.at_least} item" if self.at_least else ""
        return f"a list [a, b, …]{some}"

    def read(self, node: Node, problems: Problems) -> tuple[Located[T], ...] | None:
        """Return what could be read, in order."""
        if not isinstance(node, Sequence) or len(node.items) < self.at_least:
            return self.refuse(node, problems)
        read = [(self.item.read(item, problems), item.place) for item in node.items]
        return tuple(Located(value, place) for value, place in read if value is not None)

    def schema(self) -> Schema:
        """An array."""
        bound = {"minItems": self.at_least} if self.at_least else {}
        return {"type": "array", "items": self.item.schema(), **bound}


@dataclass(frozen=True)
class Entry(Generic[T]):
    """One key of a mapping of names; `value` is None if it could not be read."""

    key: str
    place: SourcePosition
    value: T | None


@dataclass(frozen=True)
class MapOf(Shape[tuple[Entry[T], ...]]):
    """Names of the plant's own choice, each with a value of one shape."""

    key: Pattern
    value: Shape[T]
    at_least: int = 0

    @property
    def expected(self) -> str:  # type: ignore[override]  # because a read-only property serves all readers of the attribute
        """The keys in words."""
        if not self.at_least:
            return sentence("a mapping whose keys are each {what}", what=self.key.expected)
        return sentence(
            "a mapping whose keys are each {what}, at least {least}",
            what=self.key.expected,
            least=self.at_least,
        )

    def read(self, node: Node, problems: Problems) -> tuple[Entry[T], ...] | None:
        """Return an entry for every key of the right form, also when its value is broken."""
        if not isinstance(node, located_yaml.Mapping) or len(node.entries) < self.at_least:
            return self.refuse(node, problems)
        return tuple(
            Entry(name, key.place, self._read_value(key, value, problems))
            for key, value in node.entries
            if (name := self.key.read(key, problems)) is not None
        )

    def _read_value(self, key: Scalar, value: Node, problems: Problems) -> T | None:
        """Return a key's value; one that is a secret is not even looked at, so that none quotes it."""
        if isinstance(value, Scalar) and is_secret_key(key, problems):
            return None
        return self.value.read(value, problems)

    def schema(self) -> Schema:
        """An object with keys of the pattern."""
        bound = {"minProperties": self.at_least} if self.at_least else {}
        pattern = f"^(?:{self.key.pattern})$"
        return {
            "type": "object",
            "patternProperties": {pattern: self.value.schema()},
            "additionalProperties": False,
            **bound,
        }


@dataclass(frozen=True)
class Raw(Shape[Node]):
    """A value that is read later, when more is known; only its schema stands here."""

    later_schema: Callable[[], Schema]
    expected: str

    def read(self, node: Node, problems: Problems) -> Node | None:
        """Return the node itself, unless it is empty."""
        if isinstance(node, Scalar) and not node.text:
            return self.refuse(node, problems)
        return node

    def schema(self) -> Schema:
        """What the later reader takes."""
        return self.later_schema()


@dataclass(frozen=True)
class Key:
    """One key of a section, described for people; `default` only counts when not required."""

    shape: Shape[Any]
    description: str
    required: bool = True
    default: Any = None
    missing: str | None = None
    """What to say in addition when a required key is absent."""


class Block:
    """A section as read: its values by key, and where they stand."""

    def __init__(self, place: SourcePosition) -> None:
        self.place: Final = place
        self.complete = True
        """False if anything in it could not be read; nothing may be built of it then."""
        self._values: dict[str, Any] = {}
        self._places: dict[str, SourcePosition] = {}

    def put(self, key: str, value: Any, place: SourcePosition | None = None) -> None:
        """Keep one value as read."""
        self._values[key] = value
        if place is not None:
            self._places[key] = place

    def __getitem__(self, key: str) -> Any:
        return self._values.get(key)

    def __contains__(self, key: str) -> bool:
        """True if the file has the key, readable or not."""
        return key in self._places

    def place_of(self, key: str) -> SourcePosition:
        """Return where the key's value stands, or the section if the key is absent."""
        return self._places.get(key, self.place)


@dataclass(frozen=True)
class Section(Shape[Block]):
    """A mapping with known keys and no others."""

    keys: Mapping[str, Key]
    expected: str = "a mapping"
    description: str = ""
    dropped: frozenset[str] = frozenset()
    """Keys of earlier versions: passed over in files that were adopted with them (L7)."""

    def read(self, node: Node, problems: Problems) -> Block | None:
        """Return what could be read; the block says whether it is complete."""
        if not isinstance(node, located_yaml.Mapping):
            hint = sentence("its keys are {keys}", keys=", ".join(self.keys))
            return self.refuse(node, problems, None if self.expected.startswith("{") else hint)
        block = Block(node.place)
        before = len(problems.found)
        for name, value in node.entries:
            if problems.full:
                break
            key = self.keys.get(name.text)
            if key is not None:
                block.put(name.text, key.shape.read(value, problems), value.place)
            elif problems.adopted and name.text in self.dropped:
                continue
            elif not is_secret_key(name, problems):
                problems.add(
                    name.place,
                    sentence("unknown key {text!r}", text=name.text),
                    one_of(self.keys),
                    nearest(name.text, self.keys),
                )
        for name_text, key in self.keys.items():
            if name_text not in block:
                self._absent(block, name_text, key, problems)
        block.complete = len(problems.found) == before
        return block

    def _absent(self, block: Block, name: str, key: Key, problems: Problems) -> None:
        if key.required:
            found = sentence("no key {name!r}", name=name)
            problems.add(
                block.place,
                found,
                sentence("{name}: {expected}", name=name, expected=key.shape.expected),
                key.missing,
            )
        else:
            block.put(name, key.default)

    def schema(self) -> Schema:
        """An object with the keys, their descriptions and defaults."""
        return {
            "type": "object",
            **({"description": self.description} if self.description else {}),
            "properties": {name: self._property(key) for name, key in self.keys.items()},
            "required": [name for name, key in self.keys.items() if key.required],
            "additionalProperties": False,
        }

    @staticmethod
    def _property(key: Key) -> Schema:
        return {**key.shape.schema(), "description": key.description}


class Bilingual(Shape[Text]):
    """The same words in both languages: `{en: …, zh: …}`."""

    expected = "{en: English, zh: 中文}"
    _section = Section(
        {"en": Key(Words(), "The words in English."), "zh": Key(Words(), "The words in Chinese.")},
        expected,
    )

    def read(self, node: Node, problems: Problems) -> Text | None:
        """Return both, or note which is missing."""
        block = self._section.read(node, problems)
        if block is None or not block.complete:
            return None
        zh = block["zh"]
        is_garbled = chinese_is_garbled(zh) and not has_bare_mark(zh)  # a mark is noted in any text
        if is_garbled and not problems.adopted:
            found, hint = sentence("found {word!r}", word=zh[:60]), save_as_utf_8(zh)
            problems.add(block.place_of("zh"), found, "words in Chinese", hint)
            return None
        return Text(en=block["en"], zh=block["zh"])

    def schema(self) -> Schema:
        """An object with both languages."""
        return self._section.schema()
