"""Topic filters: which are well formed, and who is subscribed to a topic.

Rules: MQTT 3.1.1 and 5.0, section 4.7: `+` stands for one level, `#` for the rest including the
parent, and neither matches a first level that begins with `$`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


def filter_is_valid(topic_filter: str) -> bool:
    """True for a well-formed filter: wildcards fill whole levels, `#` only the last one."""
    levels = topic_filter.split("/")
    if not topic_filter or "#" in levels[:-1]:
        return False
    return all(level in {"+", "#"} or not set(level) & {"+", "#"} for level in levels)


def matches(topic_filter: str, topic: str) -> bool:
    """True when a topic falls under a filter."""
    if topic.startswith("$") and topic_filter[:1] in {"+", "#"}:
        return False
    wanted, found = topic_filter.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(found) or level not in {"+", found[index]}:
            return False
    return len(wanted) == len(found)


@dataclass(slots=True)
class _Level(Generic[T]):
    below: "dict[str, _Level[T]]" = field(default_factory=dict)
    values: dict[str, T] = field(default_factory=dict)


class SubscriptionTrie(Generic[T]):
    """Subscriptions by filter and subscriber; finding those of a topic walks its levels once."""

    def __init__(self) -> None:
        self._root: _Level[T] = _Level()

    def put(self, topic_filter: str, subscriber: str, value: T) -> bool:
        """Add or replace a subscription; True when it is new."""
        level = self._root
        for name in topic_filter.split("/"):
            level = level.below.setdefault(name, _Level())
        is_new = subscriber not in level.values
        level.values[subscriber] = value
        return is_new

    def remove(self, topic_filter: str, subscriber: str) -> bool:
        """Remove a subscription; False when there was none. Empty levels go with it."""
        way: list[tuple[_Level[T], str]] = []
        level = self._root
        for name in topic_filter.split("/"):
            if name not in level.below:
                return False
            way.append((level, name))
            level = level.below[name]
        existed = level.values.pop(subscriber, None) is not None
        for parent, name in reversed(way):
            child = parent.below[name]
            if child.values or child.below:
                break
            del parent.below[name]
        return existed

    def matching(self, topic: str) -> Iterator[tuple[str, T]]:
        """Yield (subscriber, subscription) of every filter that the topic falls under."""
        names = topic.split("/")
        yield from self._walk(self._root, names, 0, wild=not topic.startswith("$"))

    def _walk(
        self, level: _Level[T], names: list[str], depth: int, *, wild: bool
    ) -> Iterator[tuple[str, T]]:
        if wild and (rest := level.below.get("#")) is not None:
            yield from rest.values.items()
        if depth == len(names):
            yield from level.values.items()
            return
        for name in (names[depth], "+") if wild else (names[depth],):
            if (below := level.below.get(name)) is not None:
                yield from self._walk(below, names, depth + 1, wild=True)

    @property
    def is_empty(self) -> bool:
        """True when nobody is subscribed to anything."""
        return not self._root.below and not self._root.values
