"""The alarm that a station is without data: raised once it is no hiccup, ended of itself when it is read again (R17, B21).

That the station is lost is recorded within seconds. People are told later: a station that is restarted or asked again is no
news, and one whose network flaps would be an alarm a minute. What is told follows from the records alone, so no stop of
the service forgets it or tells it twice.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.identity import AGENT, StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import StationRecord
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.looking_again import look_again
from redrabbit.services.ports import Database, Reader, UnitOfWork
from redrabbit.services.record_fact import record

NO_NEWS: Final = timedelta(seconds=30)
"""A station that is without data for so long starts, or is asked again."""


class NoDataWatch:
    """Raises and ends these alarms for as long as it runs."""

    def __init__(
        self,
        database: Database,
        plant: Callable[[], Plant],
        clock: Clock,
        note_commit: Callable[[], None],
    ) -> None:
        self._database = database
        self._plant = plant
        self._clock = clock
        self._note_commit = note_commit

    async def run(self) -> None:
        """Watch until cancelled."""
        await look_again(self.step, self._clock, "stations without data not told")

    async def step(self) -> None:
        """Raise and end what is to be."""
        plant, now = self._plant(), self._clock.now()
        if await self._database.read(lambda reader: _is_owed(reader, plant, now)):
            await self._database.write(lambda uow: tell_no_data(uow, plant))
            self._note_commit()


def is_read_again(reader: Reader, alarm: AlarmRecord) -> bool:
    """Tell whether the station of such an alarm is read again, or is none any more."""
    if alarm.line is None or alarm.station is None:
        return False
    station = reader.get(StationRecord, alarm.line, alarm.station)
    return station is None or station.no_data_since is None or station.retired_at is not None


def tell_no_data(uow: UnitOfWork, plant: Plant) -> None:
    """Raise an alarm for each station that is without data and has none; end those that are over."""
    for station in _untold(uow, plant, uow.now):
        raise_alarm(
            uow,
            AlarmKind.NO_DATA,
            at=uow.now,
            line=station.line,
            station=station.station_id,
            names=plant.place_names(StationId(station.station_id), None),
        )
    for alarm in _open(uow):
        if is_read_again(uow, alarm):
            ended = AlarmEnded(alarm_id=alarm.alarm_id)
            record(uow, ended, stream=alarm.stream, actor=AGENT)


def _is_owed(reader: Reader, plant: Plant, now: datetime) -> bool:
    over = any(is_read_again(reader, alarm) for alarm in _open(reader))
    return over or bool(_untold(reader, plant, now))


def _untold(reader: Reader, plant: Plant, now: datetime) -> list[StationRecord]:
    known = {str(station.id) for station in plant.stations}
    told = {(alarm.line, alarm.station) for alarm in _open(reader)}
    lost = reader.find(
        StationRecord, Where("no_data_since", "<=", now - NO_NEWS), equals("retired_at", None)
    )
    return [
        station
        for station in lost
        if station.station_id in known and (station.line, station.station_id) not in told
    ]


def _open(reader: Reader) -> list[AlarmRecord]:
    return reader.find(AlarmRecord, equals("kind", AlarmKind.NO_DATA), equals("ended_at", None))
