"""What is recorded where a station, or one of its devices, can't be read, and where it can again (R17, D32)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.station import (
    DeviceLost,
    DeviceRestored,
    StationLost,
    StationRestored,
)
from redrabbit.domain.identity import AGENT, DeviceId
from redrabbit.domain.observation import Acquisition, NoData
from redrabbit.domain.station import Station
from redrabbit.services.live import LiveStation
from redrabbit.services.pending import Pending
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record


class Losses:
    """What of one station is recorded as lost; each is told once, and once when it is over."""

    def __init__(self, station: Station, *, is_lost: bool, blind: Iterable[DeviceId]) -> None:
        self._station = station
        self._is_lost = is_lost
        self._blind = frozenset(blind)

    def seen(self, live: LiveStation, now: datetime) -> Pending | None:
        """Look at the clock: a station that fell silent, or a device that can't be judged."""
        lost = live.lost(now)
        if lost is None:
            return self._note_blind(live, now)
        return None if self._is_lost else self._note_lost(lost, now)

    def ended(self, live: LiveStation, acquisition: Acquisition) -> list[Pending]:
        """Record what can be read again by this acquisition."""
        if acquisition.failure is not None or not acquisition.signals:
            return []
        at = acquisition.window.ended_at
        restored = [self._note_restored(at)] if self._is_lost else []
        if self._blind:
            seeing = self._blind - live.blind(at).keys()
            restored += [self._note_seeing(seeing, at)] if seeing else []
        return restored

    def _note_lost(self, lost: NoData, now: datetime) -> Pending:
        def settle() -> None:
            self._is_lost = True

        fact = StationLost(
            station_id=self._station.id, no_data_since=lost.since, reason=lost.reason.value
        )
        return self._note([fact], now, settle)

    def _note_blind(self, live: LiveStation, now: datetime) -> Pending | None:
        """Record devices that can't be judged though their station is read, once for each (D32)."""
        facts = [
            DeviceLost(
                station_id=self._station.id,
                device_id=device,
                no_data_since=why.since,
                signal=why.signal,
                reason=why.reason.value,
            )
            for device, why in live.blind(now).items()
            if device not in self._blind
            and (now - why.since).total_seconds() > self._station.value_expires_s
        ]
        if not facts:
            return None

        def settle() -> None:
            self._blind |= {DeviceId(fact.device_id) for fact in facts}

        return self._note(facts, now, settle)

    def _note_restored(self, at: datetime) -> Pending:
        def settle() -> None:
            self._is_lost = False

        return self._note([StationRestored(station_id=self._station.id)], at, settle)

    def _note_seeing(self, devices: frozenset[DeviceId], at: datetime) -> Pending:
        def settle() -> None:
            self._blind -= devices

        facts = [
            DeviceRestored(station_id=self._station.id, device_id=device)
            for device in sorted(devices)
        ]
        return self._note(facts, at, settle)

    def _note(self, facts: Sequence[Fact], at: datetime, settle: Callable[[], None]) -> Pending:
        def command(uow: UnitOfWork) -> None:
            for fact in facts:
                record(uow, fact, stream=self._station.line, at=at, actor=AGENT)

        def settle_all_the_same(_at: datetime) -> tuple[Pending, ...]:
            settle()  # else it would be tried again at each look
            return ()

        return Pending(command=command, settle=settle, instead=settle_all_the_same)
