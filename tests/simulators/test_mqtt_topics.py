"""Topic filters against the examples of the specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mqtt_topics import Subscriptions, filter_is_valid, matches

LEVELS = st.sampled_from(["", "a", "b", "$sys"])
FILTERS = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(st.one_of(LEVELS, st.just("+")), max_size=4),
    st.sampled_from([[], ["#"]]),
).filter(bool)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("sport/tennis/player1/#", "sport/tennis/player1", True),
        ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
        ("sport/#", "sport", True),
        ("sport/tennis/+", "sport/tennis/player1/ranking", False),
        ("sport/+", "sport", False),
        ("sport/+", "sport/", True),
        ("+/+", "/finance", True),
        ("/+", "/finance", True),
        ("+", "/finance", False),
        ("#", "$SYS/monitor", False),
        ("+/monitor", "$SYS/monitor", False),
        ("$SYS/#", "$SYS/monitor", True),
        ("line1/op20", "line1/op200", False),
    ],
)
def test_a_filter_matches_as_section_4_7_says(
    topic_filter: str, topic: str, expected: bool
) -> None:
    assert filter_is_valid(topic_filter)
    assert matches(topic_filter, topic) is expected


@pytest.mark.parametrize("topic_filter", ["", "a/#/b", "a#", "a/b+", "#a", "+a/b"])
def test_a_wildcard_that_does_not_fill_its_level_is_refused(topic_filter: str) -> None:
    assert not filter_is_valid(topic_filter)


@given(filters=st.lists(FILTERS, max_size=8))
def test_nothing_is_left_when_every_subscription_is_removed(filters: list[str]) -> None:
    subscriptions: Subscriptions[str] = Subscriptions()
    for number, topic_filter in enumerate(filters):
        subscriptions.put(topic_filter, f"client {number % 2}", 1)
    for topic_filter in filters:
        subscriptions.remove(topic_filter, "client 0")
        subscriptions.remove(topic_filter, "client 2, who never subscribed")
    assert subscriptions.is_empty == (len(filters) < 2)
    subscriptions.remove_all("client 1")
    assert subscriptions.is_empty


def test_a_repeated_subscription_replaces_the_first_one_and_the_highest_of_many_holds() -> None:
    subscriptions: Subscriptions[str] = Subscriptions()
    subscriptions.put("a/+", "client", 1)
    subscriptions.put("a/+", "client", 0)
    assert subscriptions.matching("a/b") == {"client": 0}
    subscriptions.put("a/#", "client", 1)
    subscriptions.put("#", "client", 0)
    assert subscriptions.matching("a/b") == {"client": 1}
