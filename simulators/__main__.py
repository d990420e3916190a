"""`python -m simulators CONFIG_DIR`: serve all stations of a configuration until Ctrl-C."""

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from redrabbit.base.clock import SteadyClock
from redrabbit.config.problem import ConfigurationProblems
from simulators.plant import CYCLE_S, PlantModel, SimulatedPlant, read_plant, simulate

FAULTY_CONFIGURATION = 1
CANNOT_LISTEN = 2


def arguments() -> argparse.ArgumentParser:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators",
        description="Serve the stations of a configuration folder, simulated, at the addresses "
        "that its plant.yaml gives; their parts flow and their devices watch, until Ctrl-C.",
    )
    parser.add_argument("config_dir", type=Path, help="folder with plant.yaml and station files")
    parser.add_argument("--seed", type=int, default=1, help="of all chance; default: 1")
    parser.add_argument(
        "--cycle", type=float, default=CYCLE_S, metavar="S", help="seconds from part to part"
    )
    parser.add_argument(
        "--host", default=None, help="listen here, on free ports, instead of as configured"
    )
    return parser


async def serve(model: PlantModel, seed: int, host: str | None = None) -> None:
    """Serve a plant until cancelled."""
    plant = simulate(model, SteadyClock(), seed=seed)
    async with plant.serving(host=host):
        print(told(plant))  # noqa: T201  this is the command's output
        sys.stdout.flush()
        await asyncio.Event().wait()


def told(plant: SimulatedPlant) -> str:
    """Return which stations are served where."""
    lines = [f"{plant.model.name}: {len(plant.model.faces)} simulated stations, Ctrl-C to stop"]
    for face in plant.model.faces:
        port = plant.ports[face.endpoint]
        if face.modbus:
            lines.append(f"  {face.station}  Modbus TCP, port {port}, unit {face.unit_id}")
        else:
            topics = len({signal.place.topic for signal in face.mqtt})
            lines.append(f"  {face.station}  MQTT, broker on port {port}, {topics} topics")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    wanted = arguments().parse_args(argv)
    try:
        model = read_plant(wanted.config_dir, cycle_s=wanted.cycle)
    except ConfigurationProblems as problems:
        print(problems, file=sys.stderr)  # noqa: T201  this is the command's output
        return FAULTY_CONFIGURATION
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(serve(model, wanted.seed, wanted.host))
        except OSError as error:
            print(f"can't listen: {error}", file=sys.stderr)  # noqa: T201  this is the command's output
            return CANNOT_LISTEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
