"""Whether the part of the answer is the part that was presented, where the station tells which it is (D29).

A code, a nest or a pallet names the part at the instants at which it is read, and at no other. So it holds for an
answer only if it was seen before the answer and is seen again not earlier than the answer: in the same reading,
or in a later one. What could not be read, or was read before the answer only, may have been another part's by then.
"""

from datetime import timedelta
from enum import Enum

from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.part_told import Known, Told, stands_there
from redrabbit.domain.rule import judging_signals


class PartAtAnswer(Enum):
    """What is known of the part at the answer, where the station tells which part it sees."""

    AWAITED = "awaited"
    """It was ours when it was read last; since the answer it was not read yet."""
    OURS = "ours"
    """It was ours before the answer, and not earlier than the answer."""
    LEFT = "left"
    """No part was told any more, before the answer came: it may be the next one's."""


def naming_signals(expectation: Expectation) -> frozenset[SignalName]:
    """Return the signals by which the station tells which part it sees; none where nothing does."""
    code = expectation.rule.part_code
    return frozenset(expectation.places.values()) if code is None else frozenset({code})


def is_ours(expectation: Expectation, told: Told, known: Known) -> bool | None:
    """Return whether the station tells our part; False: none, None: it can't be told.

    Another part is noted when it comes; that is not asked here.
    """
    code = expectation.rule.part_code
    if code is None:
        return stands_there(expectation.places, told, known) or None
    value = known.get(code)
    if value is None or value == expectation.part:
        return None if value is None else True
    return None if value else False  # an empty code, or 0, is no part


def read_with_answer(expectation: Expectation, acquisition: Acquisition) -> bool:
    """Return whether this acquisition read the part not before the answer: blocks are read one by one."""
    of = acquisition.request_of
    answered = max((of.get(s, 0) for s in judging_signals(expectation.rule)), default=0)
    return all(of.get(signal, 0) >= answered for signal in naming_signals(expectation))


def went_with_answer(expectation: Expectation, unread_for: timedelta) -> bool:
    """Return whether the part that is told no more was ours at the answer between the two readings.

    Stations clear the code together with the answer. The next part can't have come and been answered in
    a time that hides neither (D30).
    """
    limits = [limit_s for limit_s in expectation.blind_after_s.values() if limit_s is not None]
    return unread_for.total_seconds() <= min(limits, default=unread_for.total_seconds())


def named_within_s(expectation: Expectation) -> float | None:
    """Return in how many seconds the part is told again; None: only when it changes, or never."""
    rhythms = [expectation.expires_s.get(signal) for signal in naming_signals(expectation)]
    return None if None in rhythms or not rhythms else max(r for r in rhythms if r is not None)
