"""A plant of many equal Modbus stations for measuring: its configuration, and its faces.

Each station has 16 coils and 20 holding registers, all of them signals, polled every 100 ms by two
requests, or as many discrete inputs and input registers too, by four; one device with one red rabbit;
one check. As a program it is the stations, each on a port of its own:

    python -m tests.benchmarks.plant100 100

prints the ports as one JSON list, then sets a coil for each line `STATION COIL 0|1` on its standard
input and answers with the instant (CLOCK_MONOTONIC, so another process can compare). Coil -1 is none:
the station's connections are reset. An analog
value of every station changes with each poll, and its part counter about once a second.
"""

import asyncio
import json
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simulators.modbus_station import Image, ModbusStation

POLL_S = 0.1
COILS, REGISTERS = 16, 20
PRESENT, REJECTED = 0, 1
"""The coils that tell of a part."""
CODE, ANALOG, COUNT = 0, 2, 4
"""The registers that are something particular."""
RESET = -1
REASON = 7
POLLS_A_PART = 10

PLANT_HEAD = """\
plant: Benchmark
zone: Asia/Shanghai
calendars:
  day:
    shifts:
      day: {from: "06:00", to: "18:00", days: [mon, tue, wed, thu, fri, sat, sun]}
lines:
  line1:
    name: {en: Line 1, zh: 1号线}
    calendar: day
failure_modes:
  screw_missing: {en: Screw missing, zh: 漏装螺钉}
"""
PART = """\
  RR-{number:04}:
    name: {{en: Part {number}, zh: 样件{number}}}
    category: presence
    failure_mode: screw_missing
    storage: drawer {number}
    valid_until: 2099-12-31
    certified_on: 2026-10-12
    released: true
"""
PLAN_HEAD = """\
control_plan: CP-100
revision: A
effective_from: 2026-11-01T06:00:00+08:00
checks:
"""
CHECK = """\
  {station}-verification:
    plan_line: "{number}"
    pfmea: 1.{number} rev A
    device: {station}-device
    parts: [RR-{number:04}]
    schedule: daily at 06:30
    opens_before: 30 min
    grace: 30 min
    closes_after: 4 h
    reaction:
      - {{en: Stop the station., zh: 停止本工位。}}
"""
STATION = """\
station: {station}
line: line1
operation: OP{number}
name: {{en: Station {number}, zh: 工位{number}}}
link:
  modbus_tcp: {station}-plc
  unit_id: 1
  poll: {poll_ms:g} ms
  timeout: 300 ms
signals:
{signals}
part_counter: r{count}
devices:
  {station}-device:
    name: {{en: Screw sensor, zh: 螺钉传感器}}
    kind: cannot_pass
    failure_modes: [screw_missing]
    rule:
      presented: {{rises: c{present}}}
      detected: {{rises: c{rejected}}}
      accepted: {{rises: c2}}
      within: 2 s
      on_silence: missed
      reject_code: r{code}
      reject_codes: {{screw_missing: {reason}}}
      measured: r{analog}
"""


def station_id(number: int) -> str:
    """Return the name of a station, counted from 0."""
    return f"line1-op{number + 1:03}"


def write_configuration(
    folder: Path, ports: Sequence[int], *, poll_s: float = POLL_S, four_reads: bool = False
) -> Path:
    """Write the configuration of one station for each port and return its folder."""
    folder.mkdir()
    numbers = range(1, len(ports) + 1)
    names = [station_id(place) for place in range(len(ports))]
    endpoints = [
        f'  {name}-plc: {{modbus_tcp: "127.0.0.1:{port}"}}\n'
        for name, port in zip(names, ports, strict=True)
    ]
    parts = [PART.format(number=number) for number in numbers]
    plant = PLANT_HEAD + "endpoints:\n" + "".join(endpoints) + "challenge_parts:\n" + "".join(parts)
    (folder / "plant.yaml").write_text(plant, encoding="utf-8")
    checks = [CHECK.format(station=n, number=k) for k, n in zip(numbers, names, strict=True)]
    (folder / "control_plan.yaml").write_text(PLAN_HEAD + "".join(checks), encoding="utf-8")
    signals = [f"  c{at}: {{coil: {at}}}" for at in range(COILS)]
    signals += [f"  r{at}: {{holding_register: {at}, encoding: uint16}}" for at in range(REGISTERS)]
    if four_reads:
        signals += [f"  d{at}: {{discrete_input: {at}}}" for at in range(COILS)]
        signals += [
            f"  i{at}: {{input_register: {at}, encoding: uint16}}" for at in range(REGISTERS)
        ]
    for number, name in zip(numbers, names, strict=True):
        text = STATION.format(
            station=name,
            number=number,
            poll_ms=poll_s * 1000,
            signals="\n".join(signals),
            present=PRESENT,
            rejected=REJECTED,
            code=CODE,
            reason=REASON,
            analog=ANALOG,
            count=COUNT,
        )
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


class Stations:
    """The stations' process, as the measuring one speaks to it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._says, self._hears = process.stdin, process.stdout
        self._one_at_a_time = threading.Lock()
        self.ports: list[int] = json.loads(self._hears.readline())

    def reset(self, station: int) -> None:
        """Reset all connections to a station, which takes new ones at once."""
        self.set_coil(station, RESET, on=False)

    def set_coil(self, station: int, coil: int, *, on: bool) -> float:
        """Set a coil and return when that was, in seconds of CLOCK_MONOTONIC."""
        with self._one_at_a_time:
            self._says.write(f"{station} {coil} {on:d}\n")
            self._says.flush()
            return float(self._hears.readline())


@contextmanager
def stations(count: int) -> Iterator[Stations]:
    """Run the stations in a process of their own."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.plant100", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            yield Stations(process)
        finally:
            process.kill()


def _moving(image: Image) -> Callable[[int], None]:
    """Return what brings a station up to its next poll: registers are read once in each."""
    asked = 0

    def move(_unit: int) -> None:
        nonlocal asked
        asked += 1
        polls = asked // 2
        image.set_registers(3, ANALOG, struct.pack(">H", polls & 0xFFFF))
        image.set_registers(3, COUNT, struct.pack(">H", polls // POLLS_A_PART & 0xFFFF))

    return move


async def _serve(count: int) -> None:
    images = [
        Image(coils=COILS, discrete_inputs=COILS, holding=REGISTERS, inputs=REGISTERS)
        for _ in range(count)
    ]
    faces = [ModbusStation({1: image}, before_read=_moving(image)) for image in images]
    for image in images:
        image.set_registers(3, CODE, struct.pack(">H", REASON))
    ports = [await face.start() for face in faces]
    print(json.dumps(ports), flush=True)  # noqa: T201  because the parent reads it
    loop = asyncio.get_running_loop()

    def heard() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.stop()
            return
        station, coil, on = map(int, line.split())
        if coil == RESET:
            faces[station].reset_connections()
        else:
            images[station].set_bit(1, coil, bool(on))
        print(time.perf_counter(), flush=True)  # noqa: T201  because the parent reads it

    loop.add_reader(sys.stdin.fileno(), heard)
    await asyncio.Event().wait()


def main(arguments: Sequence[str]) -> None:
    """Be the stations until killed."""
    run: Callable[[Any], Any] = asyncio.run
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        pass
    run(_serve(int(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
