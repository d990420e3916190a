"""Whether the part of the answer is the part that was presented, where the station tells which it is (D29).

A code, a nest or a pallet names the part at the instants at which it is read, and at no other. So it holds for an
answer only if it was seen before the answer and is seen again not earlier than the answer: in the same reading,
or in a later one. What could not be read, or was read before the answer only, may have been another part's by then.
"""

from datetime import timedelta
from enum import Enum

from redrabbit.domain.blind_time import shortest_s
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.part_told import Known, Places, Told, places_of, stands_there
from redrabbit.domain.rule import DetectionRule, judging_signals, signals_of
from redrabbit.domain.signals import MqttAddress
from redrabbit.domain.station import Station


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
    return _naming(expectation.rule, expectation.places)


def _naming(rule: DetectionRule, places: Places) -> frozenset[SignalName]:
    return frozenset(places.values()) if rule.part_code is None else frozenset({rule.part_code})


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
    a time that hides neither (D30). Where nobody knows that time, ours stood there all the while only if the
    station tells the part at each change.
    """
    limit_s = shortest_s(expectation.blind_after_s)
    if limit_s is None:
        return named_within_s(expectation) is None
    return unread_for.total_seconds() <= limit_s


def named_within_s(expectation: Expectation) -> float | None:
    """Return in how many seconds the part is told again; None: only when it changes, or never."""
    rhythms = [expectation.expires_s.get(signal) for signal in naming_signals(expectation)]
    return None if None in rhythms or not rhythms else max(r for r in rhythms if r is not None)


def is_named_once(expectation: Expectation, seen: PartAtAnswer) -> bool:
    """Return whether nothing but the order tells whose the answer is, though the station told the part.

    It tells a part only when it changes, and told none since the answer. Ours was the first that it told since the
    scan, and no other was told until the answer.
    """
    told_once = bool(naming_signals(expectation)) and named_within_s(expectation) is None
    return told_once and seen is PartAtAnswer.AWAITED


def named_only_on_change(rule: DetectionRule, station: Station) -> frozenset[SignalName]:
    """Return the signals that name a part and may never tell it again once it is answered, by the station's file.

    None where nothing names it, where each is told over and over, or where the message with the rejection tells it.
    """
    naming = _naming(rule, places_of(station.says, rule))
    on_change = {name for name, lives_s in station.expires_s().items() if lives_s is None}
    told_together = {
        spec.address.topic if isinstance(spec.address, MqttAddress) else None
        for spec in station.signals
        if spec.name in naming | signals_of(rule.detected)
    }
    return naming & on_change if len(told_together) > 1 else frozenset()
