"""YAML 1.2 as a tree in which every value knows its line and column.

Rules: the core schema of YAML 1.2 (so `06:00`, `no` and `on` are text); one document a file;
duplicate keys are problems that name both places. Anchors, aliases, merge keys and tags are
refused: each value is to be read where it stands, by a person who doesn't know YAML well.

Not here: what the keys mean (`file_schema`, `station_file`, `plant_file`, `plan_file`).

Source: YAML 1.2.2, 10.3 (core schema); ruamel.yaml's events, which carry the marks.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from redrabbit.base.redaction import REMOVED, masked, names_a_secret
from redrabbit.base.sentence import sentence
from redrabbit.config.problem import Problems, SourcePosition

MAX_DEPTH: Final = 30
"""Nested deeper than any station can need; a file that does is broken or hostile."""

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUTH = re.compile(r"true|True|TRUE|false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

MAX_DIGITS: Final = 30
"""No machine counts further, and Python refuses to convert numbers of thousands of digits."""


@dataclass(slots=True)
class Scalar:
    """One plain or quoted value."""

    text: str
    place: SourcePosition
    quoted: bool = False

    @property
    def value(self) -> bool | int | float | str | None:
        """Return what the text means by the core schema; quoted text is always text."""
        if self.quoted:
            return self.text
        if _NULL.fullmatch(self.text):
            return None
        if _TRUTH.fullmatch(self.text):
            return self.text.lower() == "true"
        if _WHOLE.fullmatch(self.text) and len(self.text) <= MAX_DIGITS:
            return int(self.text, 10 if self.text[1:2] not in {"o", "x"} else 0)
        number = float(self.text) if _REAL.fullmatch(self.text) else math.inf
        return number if math.isfinite(number) else self.text


@dataclass(slots=True)
class Sequence:
    """A list of values."""

    items: list["Node"]
    place: SourcePosition


@dataclass(slots=True)
class Mapping:
    """Keys with their values, in the order of the file; keys are unique."""

    entries: list[tuple[Scalar, "Node"]]
    place: SourcePosition

    def get(self, key: str) -> "Node | None":
        """Return the value of a key, or None."""
        return next((value for name, value in self.entries if name.text == key), None)


Node = Scalar | Sequence | Mapping


def scalars(root: Node) -> Iterator[Scalar]:
    """Yield every value and every key of a tree, without recursion, in no particular order."""
    waiting: list[Node] = [root]
    while waiting:
        match waiting.pop():
            case Scalar() as scalar:
                yield scalar
            case Sequence(items=items):
                waiting += items
            case Mapping(entries=entries):
                for key, value in entries:
                    waiting += (key, value)


def describe(node: Node) -> str:
    """Return what was found in words, for messages."""
    match node:
        case Mapping():
            return "a mapping" if node.entries else "an empty mapping"
        case Sequence():
            return "a list" if node.items else "an empty list"
        case Scalar(text=""):
            return "nothing" if not node.quoted else "an empty text"
        case Scalar():
            text = masked(node.text)  # before it is cut: the end is what tells a secret
            return repr(text if len(text) <= 60 else text[:57] + "…")  # noqa: PLR2004  what a terminal line bears


def parse(text: str, file: str, problems: Problems) -> Node | None:
    """Return the document's root; None when there is none, after noting why.

    Duplicate keys, anchors, aliases and tags are noted and the rest is read on.
    """
    builder = _Builder(file, problems)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if not builder.take(event):
                return None
    except MarkedYAMLError as error:
        _note_syntax(error, builder, problems)
        return None
    except ReaderError as error:
        place = _reader_place(text, file, error.position)
        problems.add(
            place,
            sentence("the character #x{character:04x}", character=error.character),
            "printable text",
        )
        return None
    if builder.root is None:
        problems.add(SourcePosition(file), "an empty file", "YAML with at least one key")
    return builder.root


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been reached; `key` waits for its value."""

    node: Sequence | Mapping
    key: Scalar | None = None
    seen: dict[str, SourcePosition] = field(default_factory=dict)
    awaits_value: bool = False


class _Builder:
    """Makes the tree of the events, without recursion: depth is the file's, not Python's."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.root: Node | None = None
        self._file = file
        self._problems = problems
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Take one event; False when reading on makes no sense."""
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    place = self.place_of(event.start_mark)
                    self._problems.add(place, "a second document ('---')", "one document a file")
                    return False
            case MappingStartEvent():
                return self._begin(Mapping([], self._place_of_value(event)), event)
            case SequenceStartEvent():
                return self._begin(Sequence([], self._place_of_value(event)), event)
            case MappingEndEvent() | SequenceEndEvent():
                self._open.pop()
            case ScalarEvent():
                self._refuse_decoration(event)
                quoted = not event.implicit[0]
                self._put(Scalar(str(event.value), self._place_of_value(event), quoted))
            case AliasEvent():
                place = self.place_of(event.start_mark)
                self._problems.add(
                    place,
                    sentence("the alias *{shown}", shown=self._shown(event.anchor)),
                    "the value itself",
                    "anchors and aliases are refused: each value stands where it is used",
                )
                self._put(Scalar("", place, quoted=True))
        return True

    def place_of(self, mark: Any) -> SourcePosition:
        """Return a mark's place, counted from 1."""
        return SourcePosition(self._file, mark.line + 1, mark.column + 1)

    def _place_of_value(self, event: Any) -> SourcePosition:
        """Return where a value stands; one that is empty stands at its key."""
        top = self._open[-1] if self._open else None
        if isinstance(event, ScalarEvent) and event.value == "" and top and top.key:
            return top.key.place if event.implicit[0] else self.place_of(event.start_mark)
        return self.place_of(event.start_mark)

    def _begin(self, node: Sequence | Mapping, event: Any) -> bool:
        self._refuse_decoration(event)
        if len(self._open) >= MAX_DEPTH:
            self._problems.add(
                node.place,
                "nested too deeply",
                sentence("at most {max_depth} levels", max_depth=MAX_DEPTH),
            )
            return False
        self._put(node)
        self._open.append(_Open(node))
        return True

    def _refuse_decoration(self, event: Any) -> None:
        place = self.place_of(event.start_mark)
        if event.anchor:
            self._problems.add(
                place,
                sentence("the anchor &{shown}", shown=self._shown(event.anchor)),
                "a plain value",
                "anchors and aliases are refused: each value stands where it is used",
            )
        if event.tag:
            self._problems.add(
                place, sentence("the tag {shown}", shown=self._shown(event.tag)), "a plain value"
            )

    def _shown(self, word: object) -> str:
        """Return a word as messages quote it: a password may begin with `*`, `&` or `!`."""
        key = self._open[-1].key if self._open else None
        return REMOVED if key is not None and names_a_secret(key.text) else str(word)

    def _put(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if isinstance(top.node, Sequence):
            top.node.items.append(node)
        elif not top.awaits_value:
            top.awaits_value = True
            top.key = self._key(node, top.seen)
        else:
            if top.key is not None:
                top.node.entries.append((top.key, node))
            top.awaits_value, top.key = False, None

    def _key(self, node: Node, seen: dict[str, SourcePosition]) -> Scalar | None:
        """Return the key if it can be one; None to drop its value, after noting why."""
        if not isinstance(node, Scalar):
            self._problems.add(
                node.place,
                sentence("{what} as a key", what=describe(node)),
                "a word as a key",
            )
            return None
        if node.text == "<<" and not node.quoted:
            self._problems.add(node.place, "the merge key '<<'", "each key where it is used")
            return None
        if node.text in seen:
            self._problems.add(
                node.place,
                sentence("the key {text!r} a second time", text=node.text),
                "each key once",
                sentence("the first stands at {seen}", seen=seen[node.text]),
            )
            return None
        seen[node.text] = node.place
        return node


def _note_syntax(error: MarkedYAMLError, builder: _Builder, problems: Problems) -> None:
    """Note where the text stops being YAML, and where what is not finished there began."""
    problem = " ".join((error.problem or error.context or "no reason given").split())
    mark = error.problem_mark or error.context_mark
    began = error.context_mark
    hint = None
    if "\\t" in problem:
        hint = "indent with spaces, not with tabs"
    elif "mapping values are not allowed" in problem:
        hint = "a text with ': ' in it needs quotes"
    elif began is not None and (began.line, began.column) != (mark.line, mark.column):
        hint = sentence(
            "{context}, which began at {place_of}",
            context=error.context,
            place_of=builder.place_of(began),
        )
    problems.add(
        builder.place_of(mark),
        sentence("broken YAML ({problem})", problem=problem),
        "well-formed YAML",
        hint,
    )


def _reader_place(text: str, file: str, position: int) -> SourcePosition:
    """Return where the first character stands that YAML does not allow."""
    before = text[:position]
    return SourcePosition(file, before.count("\n") + 1, position - before.rfind("\n"))
