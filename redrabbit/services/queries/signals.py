"""The live signals of a station: a value with its unit and age, or why there is none (B1, B2)."""

from dataclasses import dataclass

from redrabbit.base.messages import Message
from redrabbit.domain.observation import Reason, StationView, Value
from redrabbit.domain.signals import SignalSpec
from redrabbit.domain.station import Station
from redrabbit.domain.text import Text
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChip:
    """One live signal."""

    signal: str
    label: Text | str
    value: Message | str | int
    unit: str | None
    known: bool
    """False: `value` says why there is none."""


def signal_chips(station: Station, view: StationView | None) -> tuple[SignalChip, ...]:
    """Return the station's signals in the order of its file; an expired value is none (B2)."""
    return tuple(_chip(spec, view) for spec in station.signals)


def spoken(value: Value) -> Message | str | int:
    """Return a value as people read it: yes and no, whole numbers grouped, fractions short."""
    if isinstance(value, bool):
        return message("value.on" if value else "value.off")
    if isinstance(value, float):
        return f"{value:.4g}" if not value.is_integer() else str(int(value))
    return value


def _chip(spec: SignalSpec, view: StationView | None) -> SignalChip:
    reading = view.readings.get(spec.name) if view is not None else None
    if reading is None or reading.value is None:
        unread = Reason.NOT_YET_READ if reading is None else reading.reason
        word = (unread or Reason.NOT_YET_READ).value
        return SignalChip(
            signal=spec.name,
            label=spec.label or spec.name,
            value=message(f"reason.{word}"),
            unit=None,
            known=False,
        )
    return SignalChip(
        signal=spec.name,
        label=spec.label or spec.name,
        value=spoken(reading.value),
        unit=spec.unit,
        known=True,
    )
