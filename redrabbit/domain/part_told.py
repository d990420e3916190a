"""What the operator tells of a part before it is put in, and the place by which it is known (D29, D33).

Where the station tells in which nest or on which pallet the part before it stands, and the operator told
which one it would be, the part is known by it: a part in another place is another part, and is passed
over like any of the line. A place that can't be read, or was there before the part, proves nothing.
"""

from collections.abc import Collection, Mapping
from typing import Final

from redrabbit.domain.condition import level_holds, turned_true
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Value
from redrabbit.domain.rule import Condition, DetectionRule
from redrabbit.domain.run_words import Presented
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays

Known = Mapping[SignalName, Value]
Told = Mapping[SaidOf, str]
Places = Mapping[SaidOf, SignalName]
"""The signals that tell where the part before the device stands, where its place was told before."""

PLACES: Final = {SaidOf.PALLET: Presented.PALLET, SaidOf.NEST: Presented.NEST}
"""Where a part can stand, and how it is presented there; of several the first."""
BY_HAND_S: Final = 1.0
"""Seconds from the scan: what comes sooner was under way already, no hand puts a part in so fast."""


def places_of(says: StationSays, rule: DetectionRule) -> Places:
    """Return the places by which a device's part is known; none where its code is read, or a tap says it."""
    if rule.presented is None:
        return {}
    signals = {place: says.signal(place) for place in PLACES if place in says.asked}
    return {place: signal for place, signal in signals.items() if signal is not None}


def asked_of(says: StationSays, rule: DetectionRule) -> Mapping[SaidOf, Asked]:
    """Return what the operator is asked for this device: not for a place that its part isn't known by."""
    places = places_of(says, rule)
    return {
        of: asked for of, asked in says.asked.items() if of in places or says.signal(of) is None
    }


def not_told(asked: Collection[SaidOf], told: Told) -> tuple[SaidOf, ...]:
    """Return what the operator was to tell and did not, in the order in which it is asked."""
    return tuple(of for of in SaidOf if of in asked and of not in told)


def with_told(
    asked: Mapping[SaidOf, Asked], told: Told, of: str, value: str, known_parts: Collection[str]
) -> Told:
    """Return what is told with one more, or told anew.

    Raises Refusal for what isn't asked here, a word that can't be tapped, and the label of a challenge
    part: whoever scans that means to take the part.
    """
    wanted = asked.get(SaidOf(of)) if of in set(SaidOf) else None
    if wanted is None:
        raise Refusal("not_asked", what=of)
    if wanted.by is Source.TAP and value not in wanted.values:
        raise Refusal("no_such_choice", what=of, value=value, choices=", ".join(wanted.values))
    if wanted.by is Source.SCAN and value in known_parts:
        raise Refusal("label_of_a_part", what=of, part=value)
    return {**told, SaidOf(of): value}


def stands_there(places: Places, told: Told, known: Known) -> bool | None:
    """Return whether the part before the device stands where it was told to; None: can't be told."""
    answers = [
        None if (value := known.get(signal)) is None else same_place(value, told.get(place))
        for place, signal in places.items()
    ]
    return False if False in answers else None if None in answers else True


def same_place(value: Value, told: str | None) -> bool:
    """Compare what a station tells with what a person told: 3 is `3` and `03`, a text is itself."""
    if told is None or isinstance(value, bool):
        return False
    if isinstance(value, str):
        return value.strip() == told
    try:
        return float(told) == value
    except ValueError:
        return False


def came_there(
    presented: Condition, places: Places, told: Told, before: Known, after: Known
) -> bool:
    """Return whether the part came to its place before the device between two readings.

    A part came, and stands there; or one that stands before the device is in another place than just now:
    a table that turns below its sensor, or a number that is told a scan later.
    """
    if stands_there(places, told, after) is not True:
        return False
    moved = stands_there(places, told, before) is False
    return turned_true(presented, before, after) or (
        moved and level_holds(presented, after) is True
    )


def left_place(places: Places, told: Told, acquisition: Acquisition, known: Known) -> bool:
    """Return whether the device is known, by a reading, to have another part before it, or none."""
    if not acquisition.speaks_of_now or not acquisition.signals & frozenset(places.values()):
        return False
    return stands_there(places, told, known) is not True
