"""Commands on configuration: check-config, init, schema. No database, no service."""

import json
from pathlib import Path

from redrabbit.base.printable import complain, put_out
from redrabbit.config.explanation import explain
from redrabbit.config.plant import advice_on
from redrabbit.config.template import write_template
from redrabbit.domain.plant import Plant
from redrabbit.exit_codes import FOUND, exit_code_of


def check_configuration(folder: Path, explained: str | None = None) -> int:
    """Name every problem of a configuration, or what would be better said; then explain a station.

    0 where there is no problem.
    """

    def work() -> int:
        plant, advice = advice_on(folder)
        if explained is not None:
            return _explain(plant, explained)
        counts = {
            "lines": len(plant.lines),
            "stations": len(plant.stations),
            "checks": len(plant.plan.checks),
            "challenge parts": len(plant.parts),
        }
        told = ", ".join(f"{name}: {count}" for name, count in counts.items())
        put_out(*(f"{each.place}: advice: {each.found}; say {each.expected}" for each in advice))
        put_out(f"{plant.name}: no problem ({told})")
        return 0

    return exit_code_of(work)


def _explain(plant: Plant, station_id: str) -> int:
    station = next((each for each in plant.stations if each.id == station_id), None)
    if station is None:
        known = ", ".join(each.id for each in plant.stations)
        complain(f"no station {station_id!r}; expected one of {known}")
        return FOUND
    put_out(*explain(station))
    return 0


def write_configuration(folder: Path) -> int:
    """Write a commented configuration to start from."""

    def work() -> int:
        write_template(folder)
        put_out(f"wrote {folder}; next: redrabbit check-config {folder}")
        return 0

    return exit_code_of(work)


def print_schema() -> int:
    """Print the JSON Schema of station files."""
    from redrabbit.config.json_schema import schema  # noqa: PLC0415  because only this command asks

    put_out(*json.dumps(schema(), indent=2, ensure_ascii=False).split("\n"))
    return 0
