"""Topic filters against the examples of the specification and against a plain matcher."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mqtt_topics import SubscriptionTrie, filter_is_valid, matches

LEVELS = st.sampled_from(["", "a", "b", "$sys"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
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
    assert matches(topic_filter, topic) is expected


@pytest.mark.parametrize("topic_filter", ["", "a/#/b", "a#", "a/b+", "#a", "+a/b"])
def test_a_wildcard_that_does_not_fill_its_level_is_refused(topic_filter: str) -> None:
    assert not filter_is_valid(topic_filter)


@given(filters=st.lists(FILTERS, max_size=8), topic=TOPICS)
def test_the_trie_finds_what_the_plain_matcher_finds(filters: list[str], topic: str) -> None:
    trie: SubscriptionTrie[str] = SubscriptionTrie()
    for number, topic_filter in enumerate(filters):
        assert filter_is_valid(topic_filter)
        trie.put(topic_filter, f"client {number}", topic_filter)
    expected = {f"client {n}" for n, each in enumerate(filters) if matches(each, topic)}
    found = list(trie.matching(topic))
    assert {subscriber for subscriber, _ in found} == expected
    assert len(found) == len(expected)


@given(filters=st.lists(FILTERS, max_size=8))
def test_a_trie_is_empty_when_every_subscription_is_removed(filters: list[str]) -> None:
    trie: SubscriptionTrie[int] = SubscriptionTrie()
    for topic_filter in filters:
        trie.put(topic_filter, "client", 0)
    for topic_filter in dict.fromkeys(filters):
        assert trie.remove(topic_filter, "client")
        assert not trie.remove(topic_filter, "client")
    assert trie.is_empty


def test_a_repeated_subscription_replaces_the_first_one() -> None:
    trie: SubscriptionTrie[int] = SubscriptionTrie()
    assert trie.put("a/+", "client", 0)
    assert not trie.put("a/+", "client", 1)
    assert list(trie.matching("a/b")) == [("client", 1)]
