"""What the time in which the part came may hide: between two readings nobody knows what came first.

A sampled station shows the part with the reading after it came. So the part came at the earliest just after
the last reading without it (D27), and an answer that came, or came and went, in the same gap may be its
own: neither that answer nor the silence after it proves anything (D30).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.condition import level_holds, turned_true
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Value
from redrabbit.domain.rule import DetectionRule, judging_signals, signals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A time without a reading of an answer's signal that can have hidden the answer."""

    gap_s: float
    harmless_s: float
    """How long it may be without hiding anything."""


def came_since(
    expectation: Expectation, read_at: Mapping[SignalName, datetime], shown: Acquisition
) -> datetime:
    """Return the earliest that a part can have come that this reading shows.

    `read_at`: the begin of each signal's last good reading before. A station that tells its changes
    has told when; a sampled one showed the part with the first reading after it.
    """
    told_at = shown.window.began_at
    if expectation.gaps_lose_messages:
        return told_at
    rule = expectation.rule
    showing: frozenset[SignalName] = frozenset()
    if rule.part_code is not None:
        showing = frozenset({rule.part_code})
    elif rule.presented is not None:
        showing = signals_of(rule.presented)
    return min((read_at[signal] for signal in showing & read_at.keys()), default=told_at)


def unread_for_long(
    expectation: Expectation, read_at: Mapping[SignalName, datetime], at: datetime
) -> Unread | None:
    """Return the longest time until `at` in which an answer can have come and gone unseen; None: none."""
    found = [
        Unread(gap_s=gap_s, harmless_s=limit_s)
        for signal in judging_signals(expectation.rule) & read_at.keys()
        if (limit_s := expectation.blind_after_s.get(signal)) is not None
        and (gap_s := (at - read_at[signal]).total_seconds()) > limit_s
    ]
    return max(found, key=lambda unread: (unread.gap_s, unread.harmless_s), default=None)


def answer_may_be_older(
    rule: DetectionRule,
    before: Mapping[SignalName, Value],
    after: Mapping[SignalName, Value],
    *,
    seen: bool,
) -> bool:
    """Return whether an answer is true now of which nobody knows whether it came after the part.

    It was unknown, so it may have been true all along; or, where the part was not `seen` before this
    reading began, it turned true.
    """
    answers = (rule.detected, *([rule.accepted] if rule.accepted is not None else []))
    return any(
        (level_holds(each, before) is None and level_holds(each, after) is True)
        or (not seen and turned_true(each, before, after))
        for each in answers
    )
