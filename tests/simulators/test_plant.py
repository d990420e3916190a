"""The demo plant's own configuration, simulated and read back over real sockets."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from redrabbit.base.clock import SteadyClock
from redrabbit.config.plant import load_plant
from redrabbit.domain.decoding import decode_field, decode_registers, decode_text, length_of
from redrabbit.domain.signals import ModbusAddress, MqttAddress
from simulators.__main__ import main
from simulators.device import Behaviour
from simulators.line import What
from simulators.plant import PALLETS, SimulatedPlant, read_plant, simulate
from simulators.virtual_clock import VirtualClock

CONFIG = Path("station_configs")
LIMIT_S = 10.0
START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
READS = {
    "coil": "read_coils",
    "discrete_input": "read_discrete_inputs",
    "holding_register": "read_holding_registers",
    "input_register": "read_input_registers",
}


@asynccontextmanager
async def a_served_plant() -> AsyncIterator[SimulatedPlant]:
    plant = simulate(read_plant(CONFIG), SteadyClock(), seed=3)
    async with plant.serving(host="127.0.0.1"):
        yield plant


async def read_signals(plant: SimulatedPlant, station: str) -> dict[str, object]:
    """Read every signal of a Modbus station as the product decodes it."""
    configured = load_plant(CONFIG).station(station)  # type: ignore[arg-type]  # an id is a str
    face = next(face for face in plant.model.faces if face.station == station)
    read: dict[str, object] = {}
    client = AsyncModbusTcpClient("127.0.0.1", port=plant.ports[face.endpoint], retries=0)
    assert await client.connect()
    for spec in configured.signals:
        address = spec.address
        assert isinstance(address, ModbusAddress)
        reply = await getattr(client, READS[address.table.value])(
            address.address, count=length_of(address), device_id=face.unit_id
        )
        assert not reply.isError(), (spec.name, reply)
        raw = [int(reply.bits[0])] if address.table.holds_bits else reply.registers
        read[spec.name] = decode_registers(spec, raw)
    client.close()
    return read


@pytest.mark.parametrize(
    "station", ["line1-op20", "line1-op30", "line1-op40", "line1-op50", "line2-op10", "line2-op30"]
)
async def test_modbus_stations_show_what_happens_in_the_world(station: str) -> None:
    async with a_served_plant() as plant:
        world = plant.world
        world.after(0, station, lambda: world.put_in(station, "RR-0001"))
        async with asyncio.timeout(LIMIT_S):
            while not world.facts(station, What.REJECTED):
                shown = await read_signals(plant, station)
        shown = await read_signals(plant, station)
        expected = world.snapshot(station)
    measured = shown.pop("measured", 0), expected.pop("measured", 0)
    assert measured[0] == pytest.approx(measured[1], abs=0.05)  # as fine as its registers
    assert shown == expected
    assert shown["rejected"] is True
    assert plant.write_attempts() == 0


@pytest.mark.parametrize(("part", "starts"), [("GM-0007", True), ("RR-0011", False)])
async def test_a_press_shows_whether_it_started(part: str, *, starts: bool) -> None:
    station = "line1-op10"
    async with a_served_plant() as plant:
        world = plant.world
        world.advance(world.hold(station))
        world.put_in(station, part)
        world.press_start(station)
        async with asyncio.timeout(LIMIT_S):
            while (shown := await read_signals(plant, station))["start"]:
                pass
            while not world.facts(station, What.ACCEPTED, What.REJECTED):
                shown = await read_signals(plant, station)
        shown = await read_signals(plant, station)
    assert (shown["part_present"], shown["cycle"]) == (True, starts)


async def test_mqtt_stations_publish_what_happens_in_the_world() -> None:
    configured = load_plant(CONFIG)
    specs = [
        spec
        for station in configured.stations
        for spec in station.signals
        if isinstance(spec.address, MqttAddress)
    ]
    shown: dict[tuple[str, str], object] = {}
    wanted = {"part_present": True, "rejected": True, "reject_code": 21}
    async with a_served_plant() as plant:
        world = plant.world
        world.after(0, "line2-op20", lambda: world.put_in("line2-op20", "RR-0008"))
        async with aiomqtt.Client("127.0.0.1", plant.ports["plant-broker"]) as client:
            await client.subscribe("#")
            async with asyncio.timeout(LIMIT_S):
                async for message in client.messages:
                    assert isinstance(message.payload, bytes)
                    assert not message.retain
                    topic = message.topic.value
                    for spec in specs:
                        address = spec.address
                        if not isinstance(address, MqttAddress) or address.topic != topic:
                            continue
                        shown[topic, spec.name] = (
                            decode_field(spec, json.loads(message.payload))
                            if address.path
                            else decode_text(spec, message.payload)
                        )
                    state = {name: value for (t, name), value in shown.items() if "op20" in t}
                    if wanted.items() <= state.items() and len(shown) == len(specs):
                        break
    assert state["part_code"] == "RR-0008"
    assert shown["changchun2/line2/op50/rejected", "rejected"] is False


async def test_a_cut_link_is_felt_and_told() -> None:
    async with a_served_plant() as plant:
        plant.cut_link("line1-op20")
        plant.cut_link("line2-op50")
        client = AsyncModbusTcpClient(
            "127.0.0.1", port=plant.ports["line1-op20-controller"], retries=0, timeout=0.5
        )
        await client.connect()
        with pytest.raises(ModbusException):
            await client.read_discrete_inputs(0, count=1, device_id=1)
        client.close()
        plant.mend_link("line1-op20")
        plant.mend_link("line2-op50")
        assert (await read_signals(plant, "line1-op20"))["part_count"] != 0
    whats = [fact.what for fact in plant.world.facts("line1-op20")]
    assert whats == [What.LINK_BROKEN, What.LINK_MENDED]


def test_every_station_knows_its_codes_and_its_neighbour() -> None:
    model = read_plant(CONFIG)
    codes = {station.id: dict(station.device.reject_codes) for station in model.stations}
    assert codes["line2-op50"] == {"heater_open": "F31", "buckle_switch_swapped": "F47"}
    following = {station.id: station.next_station for station in model.stations}
    assert following["line1-op20"] == "line1-op30"
    assert following["line1-op50"] is None
    measured = {station.id: station.device.measured_good for station in model.stations}
    assert measured["line1-op20"] == 28.1


def test_places_are_those_that_the_operator_is_asked_for() -> None:
    places = {
        station.id: (station.place_told, station.places) for station in read_plant(CONFIG).stations
    }
    assert places["line2-op30"] == ("nest", (1, 2, 3, 4))
    assert places["line2-op40"] == ("pallet", PALLETS)
    assert places["line1-op20"] == (None, ())


def test_a_world_of_the_demo_plant_is_one_story_per_seed() -> None:
    stories = []
    for _ in range(2):
        plant = simulate(read_plant(CONFIG), VirtualClock(START), seed=5)
        plant.world.set_behaviour("line1-op20", Behaviour.BLIND)
        stories.append({name: plant.world.snapshot(name) for name in plant.world.stations})
    assert stories[0] == stories[1]


def test_a_faulty_configuration_is_told_and_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1
    assert "plant.yaml" in capsys.readouterr().err


async def test_the_command_serves_a_configuration() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators", str(CONFIG), "--host", "127.0.0.1",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S * 2):
        lines = [(await process.stdout.readline()).decode() for _ in range(11)]
        process.send_signal(2)
        assert await process.wait() == 0
    assert lines[0].startswith("Changchun 2: 10 simulated stations")
    assert sum("Modbus TCP, port" in line for line in lines) == 7
    assert sum("MQTT, broker on port" in line for line in lines) == 3
