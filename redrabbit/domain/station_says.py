"""What is said of the part at a station, and of how it runs: serial, variant, nest, pallet, program, mode.

A signal tells it, or the operator before the part is put in, by a scan or a tap (D33). D36: what a file
says nothing of means one variant and one nest. Where it is said to be told and nobody told it, or it was
told to be two things, it is unknown and never guessed. Another program or mode than production's
proves nothing of production, so what is found under it is kept and shown, and fulfils no obligation;
the same where a declared program can't be read.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from redrabbit.domain.condition import same_value
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.text import Text

ValuesSince = Callable[[SignalName, datetime], tuple[Value | None, ...]]
"""The value of a signal at an instant, and each that it had since; None where it could not be read."""


class SaidOf(StrEnum):
    """What is said of a part."""

    SERIAL = "serial"
    VARIANT = "variant"
    NEST = "nest"
    PALLET = "pallet"


COUNTED: Final = frozenset({SaidOf.VARIANT, SaidOf.NEST})
"""What parts are counted and suspected by (D34, D36)."""


class Source(StrEnum):
    """Who tells it."""

    SIGNAL = "signal"
    """The station, by a signal or a topic's field."""
    SCAN = "scan"
    """The operator, by scanning it."""
    TAP = "tap"
    """The operator, by tapping one of a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the operator is asked before the part is put in."""

    by: Source
    """By a scan or a tap."""
    values: tuple[str, ...] = ()
    """What can be tapped."""
    words: Mapping[str, Text] = field(default_factory=dict)
    """What stands on the buttons, where that is not the value itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionSignal:
    """A signal that tells how the station runs, and its values in production."""

    signal: SignalName
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSays:
    """Which signals of a station tell what; None: the station doesn't tell it."""

    serial: SignalName | None = None
    variant: SignalName | None = None
    nest: SignalName | None = None
    pallet: SignalName | None = None
    asked: Mapping[SaidOf, Asked] = field(default_factory=dict)
    """What the operator tells. Of a nest or pallet that has a signal, too: by which the part is known."""
    words: Mapping[SaidOf, tuple[str, ...]] = field(default_factory=dict)
    """What a signal can tell of a part. Any other word, as 0 between two parts, tells nothing of one; where
    nothing stands here, no word tells that a part was of another variant or nest (D34)."""
    program: ProductionSignal | None = None
    """The program or recipe that the device works by."""
    mode: ProductionSignal | None = None
    """For example a bit that is on in challenge mode."""

    def signal(self, of: SaidOf) -> SignalName | None:
        """Return the signal that tells this of a part; None where none does."""
        signals = {
            SaidOf.SERIAL: self.serial,
            SaidOf.VARIANT: self.variant,
            SaidOf.NEST: self.nest,
            SaidOf.PALLET: self.pallet,
        }
        return signals[of]

    def of_a_part(self, of: SaidOf, value: Value) -> str | None:
        """Return the word that a signal tells, if it is known to be one of a part."""
        word = shown(value)
        return word if word in self.words.get(of, ()) else None

    def sources(self) -> Mapping[SaidOf, Source]:
        """Return who tells what; the station where it can."""
        return {
            of: Source.SIGNAL if self.signal(of) is not None else self.asked[of].by
            for of in SaidOf
            if self.signal(of) is not None or of in self.asked
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said from presented to the verdict, as records keep it; None: not told, or not known."""

    serial: str | None = None
    variant: str | None = None
    nest: str | None = None
    pallet: str | None = None
    sources: Mapping[SaidOf, Source] = field(default_factory=dict)
    """Who tells what by the station's file: where that stands and no value, it is unknown."""
    program: str | None = None
    """The first that was not production's, where one was told; None: not told, or only known that it
    could not be read for a while."""
    mode: str | None = None
    in_production: bool = True
    """Whether program and mode were production's all the time, as far as the station tells them."""


def said(
    says: StationSays,
    values: ValuesSince,
    since: datetime,
    told: Mapping[SaidOf, str] | None = None,
    known_by: Collection[SaidOf] = (),
) -> Said:
    """Return what was said since an instant; `told` is what the operator told of the part before.

    `known_by` names what the part is known by: there the station told the same as the operator. A
    serial may be read while the part is there already: of several the last. Any other that changed
    meanwhile may be the next part's, so it is unknown.
    """
    told = told or {}
    runs = [each for each in (says.program, says.mode) if each is not None]
    signals = {of: says.signal(of) for of in SaidOf}
    values_of = {
        of: told.get(of)
        if signal is None or of in known_by
        else _of_part(of, signal, values, since)
        for of, signal in signals.items()
    }
    return Said(
        serial=values_of[SaidOf.SERIAL],
        variant=values_of[SaidOf.VARIANT],
        nest=values_of[SaidOf.NEST],
        pallet=values_of[SaidOf.PALLET],
        sources=says.sources(),
        program=_how_it_ran(says.program, values, since),
        mode=_how_it_ran(says.mode, values, since),
        in_production=all(_was_production(each, values(each.signal, since)) for each in runs),
    )


def shown(value: Value) -> str:
    """Return a value of a signal as records keep it and people write it: `3`, and not `3.0`."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value).strip()


def _of_part(of: SaidOf, signal: SignalName, values: ValuesSince, since: datetime) -> str | None:
    if of is SaidOf.SERIAL:
        return _last(signal, values, since)
    told = {None if value is None else shown(value) for value in values(signal, since)}
    return told.pop() if len(told) == 1 else None


def _last(signal: SignalName | None, values: ValuesSince, since: datetime) -> str | None:
    told = values(signal, since) if signal is not None else ()
    known = [value for value in told if value is not None]
    return str(known[-1]) if known else None


def _how_it_ran(runs: ProductionSignal | None, values: ValuesSince, since: datetime) -> str | None:
    """Return what tells why it did not run as in production, where it did not; else the last value."""
    told = values(runs.signal, since) if runs is not None else ()
    others = [value for value in told if runs is not None and not _is_production(runs, value)]
    known = [str(value) for value in others or told[-1:] if value is not None]
    return known[0] if known else None


def _was_production(runs: ProductionSignal, told: tuple[Value | None, ...]) -> bool:
    return bool(told) and all(_is_production(runs, value) for value in told)


def _is_production(runs: ProductionSignal, value: Value | None) -> bool:
    return value is not None and any(same_value(value, wanted) for wanted in runs.values)
