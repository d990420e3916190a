"""A part is known by a held feed only as far as the feed was read until the answer (D29)."""

from dataclasses import replace

import pytest

from redrabbit.domain.evidence import begin, present
from redrabbit.domain.feed_watch import FeedWatch
from redrabbit.domain.held_part import is_held
from redrabbit.domain.run_words import Presented
from tests.builders import COUNT, HELD, an_expectation, at


@pytest.mark.parametrize(
    ("rejected_at", "accepted_at", "read_until", "held"),
    [
        (1, None, 1, True),
        (1.1, None, 1, False),
        (None, 1, 1, True),
        (None, 1.1, 1, False),
        (None, None, 5, True),
        (None, None, 4.9, False),
    ],
)
def test_the_feed_was_held_if_it_is_known_until_the_answer_or_the_end_of_its_time(
    rejected_at: float | None, accepted_at: float | None, read_until: float, held: bool
) -> None:
    """D29."""
    assert HELD.held is not None
    feed = FeedWatch(
        held=HELD.held,
        habits={},
        unread_s=1.0,
        said_at=None,
        known={},
        read_until=at(read_until),
        is_held=True,
        counted_from={COUNT: 1},
        risen={COUNT: 1},
    )
    shown = present(begin(an_expectation(HELD), {}), at(0), Presented.EDGE)
    evidence = replace(
        shown,
        feed=feed,
        rejected_at=at(rejected_at) if rejected_at is not None else None,
        accepted_at=at(accepted_at) if accepted_at is not None else None,
    )

    assert is_held(evidence) is held
    assert not is_held(replace(evidence, feed=None))
    assert not is_held(replace(evidence, rejected_at=None, accepted_at=None, deadline_at=None))
    assert not is_held(replace(evidence, presented_how=Presented.CODE))
