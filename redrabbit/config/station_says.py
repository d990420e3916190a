"""What a station says of the part before it and of how it runs: which signal tells what (D33).

says:
serial: serial_number
variant: model_code
nest: nest_number
program: {signal: program_number, production: [7, 8]}
mode: {signal: challenge_mode, production: [false]}
"""

from typing import Final

from redrabbit.config.conditions import read_value
from redrabbit.config.file_schema import Block, Key, Raw, Schema, Section
from redrabbit.config.located_yaml import Node, Sequence, describe
from redrabbit.config.problem import Problems
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import SIGNAL
from redrabbit.domain.identity import SignalName
from redrabbit.domain.station_says import ProductionSignal, StationSays


def _values_schema() -> Schema:
    values = {"type": ["string", "number", "boolean"]}
    return {"type": "array", "items": values, "minItems": 1}


_PRODUCTION: Final = Section(
    {
        "signal": Key(SIGNAL, "The signal that tells it."),
        "production": Key(
            Raw(_values_schema, "[value, …]"),
            "Its values in production; what is found under any other fulfils nothing.",
        ),
    },
    "{signal: program_number, production: [7]}",
)

STATION_SAYS: Final = Section(
    {
        "serial": Key(SIGNAL, "The signal with the part's serial number.", required=False),
        "variant": Key(SIGNAL, "The signal with the part's variant.", required=False),
        "nest": Key(SIGNAL, "The signal with the nest that the part lies in.", required=False),
        "program": Key(_PRODUCTION, "The program that the device works by.", required=False),
        "mode": Key(_PRODUCTION, "The mode it works in, as challenge mode.", required=False),
    },
    "a mapping with serial, variant, nest, program or mode",
)


def read_station_says(block: Block, table: SignalTable, problems: Problems) -> StationSays:
    """Return what the station says, after noting what is wrong with it."""
    for key in ("serial", "variant", "nest"):
        table.refuse_unknown(block[key], block.place_of(key), problems)
    return StationSays(
        serial=_name(block["serial"]),
        variant=_name(block["variant"]),
        nest=_name(block["nest"]),
        program=_production(block["program"], table, problems) if block["program"] else None,
        mode=_production(block["mode"], table, problems) if block["mode"] else None,
    )


def _name(text: str | None) -> SignalName | None:
    return SignalName(text) if text is not None else None


def _production(block: Block, table: SignalTable, problems: Problems) -> ProductionSignal | None:
    name: str | None = block["signal"]
    node: Node | None = block["production"]
    if name is None or node is None:
        return None
    known = table.refuse_unknown(name, block.place_of("signal"), problems)
    if not isinstance(node, Sequence) or not node.items:
        problems.add(node.place, f"found {describe(node)}", "[value, …], for example [7, 8]")
        return None
    values = table.ranges.get(SignalName(name)) if known else None
    if values is None:
        return None
    read = [read_value(item, name, values, problems) for item in node.items]
    return ProductionSignal(
        signal=SignalName(name), values=tuple(value for value in read if value is not None)
    )
