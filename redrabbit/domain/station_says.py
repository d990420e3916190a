"""What a station says of the part before it and of how it runs: serial, variant, nest, program, mode.

D33, D36: what is not told means one variant and one nest. Another program or mode than production's
proves nothing of production, so what is found under it is kept and shown, and fulfils no obligation;
the same where a declared program can't be read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.condition import same_value
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Value

ValuesSince = Callable[[SignalName, datetime], tuple[Value | None, ...]]
"""The value of a signal at an instant, and each that it had since; None where it could not be read."""


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
    program: ProductionSignal | None = None
    """The program or recipe that the device works by."""
    mode: ProductionSignal | None = None
    """For example a bit that is on in challenge mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the station said from presented to the verdict, as records keep it; None: not told."""

    serial: str | None = None
    variant: str | None = None
    nest: str | None = None
    program: str | None = None
    mode: str | None = None
    in_production: bool = True
    """Whether program and mode were production's all the time, as far as the station tells them."""


def said(says: StationSays, values: ValuesSince, since: datetime) -> Said:
    """Return what the station said since an instant; of several values the last."""
    runs = [each for each in (says.program, says.mode) if each is not None]
    return Said(
        serial=_last(says.serial, values, since),
        variant=_last(says.variant, values, since),
        nest=_last(says.nest, values, since),
        program=_last(says.program.signal if says.program else None, values, since),
        mode=_last(says.mode.signal if says.mode else None, values, since),
        in_production=all(_was_production(each, values(each.signal, since)) for each in runs),
    )


def _last(signal: SignalName | None, values: ValuesSince, since: datetime) -> str | None:
    told = values(signal, since) if signal is not None else ()
    known = [value for value in told if value is not None]
    return str(known[-1]) if known else None


def _was_production(runs: ProductionSignal, told: tuple[Value | None, ...]) -> bool:
    return bool(told) and all(
        value is not None and any(same_value(value, wanted) for wanted in runs.values)
        for value in told
    )
