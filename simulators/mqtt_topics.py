"""Topic filters: which are well formed, and who is subscribed to a topic.

Rules: MQTT 3.1.1, section 4.7: `+` stands for one level, `#` for the rest including the parent, and
neither matches a first level that begins with `$`.
"""

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


class Subscriptions(Generic[T]):
    """Who is subscribed to which filter, and at which QoS.

    Finding those of a topic looks at every filter: a simulated plant has some tens of them.
    """

    def __init__(self) -> None:
        self._by_filter: dict[str, dict[T, int]] = {}

    def put(self, topic_filter: str, subscriber: T, qos: int) -> None:
        """Add a subscription, or replace the one to the same filter (section 3.8.4)."""
        self._by_filter.setdefault(topic_filter, {})[subscriber] = qos

    def remove(self, topic_filter: str, subscriber: T) -> None:
        """Remove a subscription, if there is one."""
        subscribers = self._by_filter.get(topic_filter, {})
        subscribers.pop(subscriber, None)
        if not subscribers:
            self._by_filter.pop(topic_filter, None)

    def remove_all(self, subscriber: T) -> None:
        """Remove all subscriptions of one subscriber."""
        for topic_filter in list(self._by_filter):
            self.remove(topic_filter, subscriber)

    def matching(self, topic: str) -> dict[T, int]:
        """Return each subscriber of a topic once, with its highest QoS (section 3.3.5)."""
        best: dict[T, int] = {}
        for topic_filter, subscribers in self._by_filter.items():
            if matches(topic_filter, topic):
                for subscriber, qos in subscribers.items():
                    best[subscriber] = max(qos, best.get(subscriber, 0))
        return best

    @property
    def is_empty(self) -> bool:
        """True when nobody is subscribed to anything."""
        return not self._by_filter
