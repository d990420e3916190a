"""What the operator is asked of the part before it is put in, and what was told so far (D33)."""

from dataclasses import dataclass
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.identity import DeviceId
from redrabbit.domain.part_told import asked_of, not_told, places_of
from redrabbit.domain.records import PartToldRecord, RunRecord
from redrabbit.domain.run_words import RunState
from redrabbit.domain.station import Station
from redrabbit.domain.station_says import Asked, SaidOf, Source
from redrabbit.domain.text import Text
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.people import Names, Person, person
from redrabbit.services.queries.wording import message

TELL: Final = "tell"
"""What a run asks for while something of its part is to be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TapShown:
    """One button."""

    value: str
    words: Text | str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingShown:
    """One thing that is asked of the part."""

    of: SaidOf
    is_asked_now: bool
    """Whether it is the one thing to do now; the others were told, or come after it."""
    told: Text | str | None
    """What was told of it last; it can be told anew until the part is taken."""
    taps: tuple[TapShown, ...]
    """Empty: it is scanned."""

    @property
    def title(self) -> Message:
        """What is asked, in words."""
        return message(f"tell.{'tap' if self.taps else 'scan'}.{self.of}")


def tellings(reader: Reader, station: Station, run: RunRecord) -> tuple[TellingShown, ...]:
    """Return what is asked of the part to be taken, in its order; nothing once it is taken."""
    if run.state is not RunState.AWAITING_PART:
        return ()
    rule = next(each.rule for each in station.devices if each.id == run.device)
    asked = asked_of(station.says, rule)
    step = (equals("run_id", run.run_id), equals("step", run.step))
    told = {each.of: each.value for each in reader.find(PartToldRecord, *step)}
    missing = not_told(asked, told)
    return tuple(
        TellingShown(
            of=of,
            is_asked_now=of in missing[:1],
            told=asked[of].words.get(told[of], told[of]) if of in told else None,
            taps=_taps(asked[of], told.get(of)),
        )
        for of in SaidOf
        if of in asked
    )


def _taps(asked: Asked, told: str | None) -> tuple[TapShown, ...]:
    return tuple(
        TapShown(value=value, words=asked.words.get(value, value), is_chosen=value == told)
        for value in asked.values
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTold:
    """Where a part is to lie, by which it is known."""

    of: SaidOf
    """A nest or a pallet."""
    words: Text | str


def place_told(reader: Reader, station: Station, run: RunRecord) -> PlaceTold | None:
    """Return where the part of an armed run is to lie, as was told; None: it is known by something else (D33)."""
    if run.state is not RunState.ARMED:
        return None
    places = places_of(station.says, station.device(DeviceId(run.device)).rule)
    told = reader.find(PartToldRecord, equals("run_id", run.run_id), equals("step", run.step))
    values = {each.of: each.value for each in told}
    return next(
        (
            PlaceTold(of=of, words=in_words(station, of.value, values[of]))
            for of in places
            if of in values
        ),
        None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldShown:
    """What an operator told of a part, on the page of its run."""

    words: Message
    by: Person


def in_words(station: Station | None, of: str, value: str) -> Text | str:
    """Return what stands on the button of a value, in both languages; the value where nothing else does."""
    asked = station.says.asked if station is not None else {}
    words = {name.value: each.words for name, each in asked.items()}
    return words.get(of, {}).get(value, value)


def told_shown(told: PartToldRecord, names: Names, station: Station | None) -> ToldShown:
    """Return who told what of a part, and when; in the words of its station's file, where it has any."""
    how = "tap" if told.source is Source.TAP else "scan"
    return ToldShown(
        words=message(
            f"told.{how}",
            of=told.of.value,
            value=in_words(station, told.of.value, told.value),
            at=told.told_at,
        ),
        by=person(names, told.told_by, told.told_how, told.told_entry),
    )
