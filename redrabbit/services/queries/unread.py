"""What is said of a device that can't be judged: which signal is not read, since when and why (D32)."""

from collections.abc import Iterable
from dataclasses import dataclass

from redrabbit.base.messages import Message
from redrabbit.domain.observation import NoData, Reason
from redrabbit.domain.station import Station
from redrabbit.domain.text import Text
from redrabbit.services.queries.device_overview import DeviceOverview
from redrabbit.services.queries.wording import message


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A sentence for the page of the station, with what follows from it."""

    title: Message
    detail: Message


def unread_since(station: Station, why: NoData) -> Message:
    """Return in a few words what is not read: the station, or a signal of it."""
    if why.signal is None:
        stopped = why.reason is Reason.NOT_RUNNING
        return message("board.not_running" if stopped else "board.not_reached", since=why.since)
    return message("board.signal_unread", signal=_called(station, why), since=why.since)


def unread_here(station: Station, here: Iterable[DeviceOverview]) -> tuple[Unread, ...]:
    """Return what can't be read at a station: itself once, or each device that can't be judged."""
    unread = [(each.device.name, each.no_data) for each in here if each.no_data is not None]
    whole = [why for _, why in unread if why.signal is None]
    found = [_whole(min(whole, key=lambda why: why.since))] if whole else []
    found += [
        Unread(
            title=message("station.device_no_data", device=name, since=why.since),
            detail=message(
                "station.device_no_data.detail",
                signal=_called(station, why),
                why=message(f"reason.{why.reason.value}"),
            ),
        )
        for name, why in unread
        if why.signal is not None
    ]
    return tuple(found)


def _whole(why: NoData) -> Unread:
    code = "station.not_running" if why.reason is Reason.NOT_RUNNING else "station.no_data"
    return Unread(title=message(code, since=why.since), detail=message(f"{code}.detail"))


def _called(station: Station, why: NoData) -> Text | str | None:
    """Return what people call the signal; its id where they call it nothing."""
    named = next((spec.label for spec in station.signals if spec.name == why.signal), None)
    return named or why.signal
