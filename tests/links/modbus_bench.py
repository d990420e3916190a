"""What the tests of the Modbus link share: a station, a link to it, and what the link has said."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from redrabbit.domain.identity import LineId, SignalName, StationId
from redrabbit.domain.observation import Acquisition, Reason, Value
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink, Station
from redrabbit.domain.text import Text
from redrabbit.links.modbus import ModbusStationLink
from redrabbit.services.station_link import Diagnostics
from tests.fakes import JumpClock
from tests.links.recording_station import Asked, RecordingStation

TIMEOUT_S = 1.0  # a busy machine held a test back for more than 0.25 s, and no reply was missing
DEADLINE_S = 10.0


def signal(name: str, table: Table, address: int, encoding: Encoding, **more: Any) -> SignalSpec:
    place = ModbusAddress(table=table, address=address, encoding=encoding, **more)
    return SignalSpec(name=SignalName(name), address=place)


SIGNALS = (
    signal("reject", Table.COIL, 0, Encoding.BOOL),
    signal("part_present", Table.COIL, 3, Encoding.BOOL),
    signal("code", Table.HOLDING_REGISTER, 0, Encoding.UINT16),
    signal("torque", Table.HOLDING_REGISTER, 1, Encoding.FLOAT32),
)


def station_at(
    port: int, *, signals: tuple[SignalSpec, ...] = SIGNALS, unit_id: int = 1
) -> Station:
    return Station(
        id=StationId(f"op{unit_id}"),
        line=LineId("line"),
        operation="OP10",
        name=Text(en="Station", zh="工位"),
        link=ModbusLink(
            endpoint="plc",
            host="127.0.0.1",
            port=port,
            unit_id=unit_id,
            poll_interval_s=0.1,
            timeout_s=TIMEOUT_S,
        ),
        signals=signals,
        devices=(),
    )


class Bench:
    """A station, a link to it, and what the link has said."""

    def __init__(self, station: RecordingStation, **more: Any) -> None:
        self.station = station
        self.clock = JumpClock()
        self.heard: list[Acquisition] = []
        self.link = ModbusStationLink(
            station_at(station.port, **more), self.heard.append, self.clock, Random(1)
        )

    async def cycle(self) -> Acquisition:
        async with asyncio.timeout(DEADLINE_S):
            return await self.link.cycle()

    @property
    def diagnostics(self) -> Diagnostics:
        (only,) = self.link.diagnostics.values()
        return only

    async def close(self) -> None:
        run = asyncio.create_task(self.link.run())
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        self.link._connection.close()
        await self.clock.sleep(0)


def told(acquisition: Acquisition) -> dict[str, Value | Reason | None]:
    return {
        seen.signal: seen.reason if seen.value is None else seen.value
        for seen in acquisition.changes
    }


def turn() -> Coroutine[Any, Any, None]:
    return JumpClock().sleep(0)


def drop(_asked: Asked, _proper: bytes) -> None:
    return None


def pass_on(_asked: Asked, proper: bytes) -> bytes:
    return proper


def cut_short(_asked: Asked, proper: bytes) -> bytes:
    return proper[:-3]


@asynccontextmanager
async def benched() -> AsyncIterator[Bench]:
    async with RecordingStation(registers={0: 7, 1: 0x41C8, 2: 0}) as station:
        made = Bench(station)
        yield made
        await made.close()
