"""Checker of what is said of devices that can't be judged, against what was really read (D32)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.rule import judging_signals
from redrabbit.domain.station import Station
from tests.simulation.product import Commit
from tests.simulation.signal_checker import WITHHELD
from tests.simulation.story import Scene, Story, require, told_by

Heard = tuple[Value | Reason | None, datetime | None]
"""What a signal was told to be last, and when that was last told by what speaks of now."""


class DeviceChecker:
    """No run starts at a device of which a judging signal is not read; none is said to be lost that is."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        for entry in commit.entries if scene.heard else ():
            told: Any = told_by(entry)
            if entry.type == "run_started":
                station = story.station(told["station"])
                heard = scene.heard[station.id][: commit.heard.get(station.id, 0)]
                self._must_be_read(station, heard, entry.occurred_at, told)
            elif entry.type == "device_lost" and told["reason"] not in WITHHELD:
                station = story.station(told["station_id"])
                heard = scene.heard[station.id][: commit.heard.get(station.id, 0)]
                self._must_be_unread(station, heard, entry.occurred_at, told)

    def at_end(self, scene: Scene, story: Story) -> None:
        """Nothing more is to be said."""

    def _must_be_read(
        self, station: Station, heard: Sequence[Acquisition], at: datetime, told: Any
    ) -> None:
        rule = next(each for each in station.devices if each.id == told["device"]).rule
        stands = _stands(heard)
        unread = {
            signal
            for signal in judging_signals(rule)
            if not _is_read(stands.get(signal), station, signal, at)
        }
        require("D32", not unread, "a run of a device that is not read", unread, told)
        self.seen["D32 run of a device that is read"] += 1

    def _must_be_unread(
        self, station: Station, heard: Sequence[Acquisition], at: datetime, told: Any
    ) -> None:
        signal = SignalName(told["signal"])
        stands = _stands(heard).get(signal)
        read = _is_read(stands, station, signal, at)
        require("D32", not read, "a device is lost that is read", stands, told)
        self.seen["D32 device lost"] += 1


def _is_read(heard: Heard | None, station: Station, signal: SignalName, at: datetime) -> bool:
    if heard is None or isinstance(heard[0], Reason) or heard[0] is None:
        return False
    expires_s = station.expires_s()[signal]
    if expires_s is None:
        return True
    return heard[1] is not None and at - heard[1] <= timedelta(seconds=expires_s)


def _stands(heard: Sequence[Acquisition]) -> Mapping[SignalName, Heard]:
    """Return how each signal stands after all that was heard; the product takes in the same."""
    stands: dict[SignalName, Heard] = {}
    for acquisition in heard:
        at = acquisition.window.ended_at
        if acquisition.failure is not None:
            stands.update(dict.fromkeys(acquisition.signals, (acquisition.failure, None)))
            continue
        told = {c.signal: c.value if c.reason is None else c.reason for c in acquisition.changes}
        for signal in acquisition.signals:
            before = stands.get(signal, (None, None))
            stands[signal] = (told.get(signal, before[0]), at if acquisition.fresh else before[1])
    return stands
