"""Commands on configuration: check-config, init, schema. No database, no service."""

import json
import sys
from pathlib import Path

from redrabbit.config.plant import load_plant
from redrabbit.config.template import write_template
from redrabbit.exit_codes import exit_code_of


def check_configuration(folder: Path) -> int:
    """Name every problem of a configuration; 0 when there is none."""

    def work() -> int:
        plant = load_plant(folder)
        counts = {
            "lines": len(plant.lines),
            "stations": len(plant.stations),
            "checks": len(plant.plan.checks),
            "challenge parts": len(plant.parts),
        }
        told = ", ".join(f"{name}: {count}" for name, count in counts.items())
        sys.stdout.write(f"{plant.name}: no problem ({told})\n")
        return 0

    return exit_code_of(work)


def write_configuration(folder: Path) -> int:
    """Write a commented configuration to start from."""

    def work() -> int:
        write_template(folder)
        sys.stdout.write(f"wrote {folder}; next: redrabbit check-config {folder}\n")
        return 0

    return exit_code_of(work)


def print_schema() -> int:
    """Print the JSON Schema of station files."""
    from redrabbit.config.json_schema import schema  # noqa: PLC0415  because only this command asks

    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
