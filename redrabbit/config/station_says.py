"""What is said at a station of the part before it and of how it runs: who tells what (D33).

says:
serial: serial_number
variant: {signal: recipe_name, values: [left, right]}
nest: {signal: nest_number, expected: {tap: [1, 2]}}
program: {signal: program_number, production: [7, 8]}
mode: {signal: challenge_mode, production: [false]}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.conditions import read_value, values_schema
from redrabbit.config.file_schema import Block, Key, Raw, Section
from redrabbit.config.located_yaml import Node, Sequence, describe
from redrabbit.config.problem import Problems
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import SIGNAL
from redrabbit.config.told_of_part import ToldOfPart, read_told, told_key
from redrabbit.domain.identity import SignalName
from redrabbit.domain.station_says import ProductionSignal, SaidOf, StationSays

_PRODUCTION: Final = Section(
    {
        "signal": Key(SIGNAL, "The signal that tells it."),
        "production": Key(
            Raw(values_schema, "[value, …]"),
            "Its values in production; what is found under any other fulfils nothing.",
        ),
    },
    "{signal: program_number, production: [7]}",
)

STATION_SAYS: Final = Section(
    {
        "serial": told_key(SaidOf.SERIAL, "the part's serial number"),
        "variant": told_key(SaidOf.VARIANT, "the part's variant"),
        "nest": told_key(SaidOf.NEST, "the nest that the part lies in"),
        "pallet": told_key(SaidOf.PALLET, "the pallet that the part stands on"),
        "program": Key(_PRODUCTION, "The program that the device works by.", required=False),
        "mode": Key(_PRODUCTION, "The mode it works in, as challenge mode.", required=False),
    },
    "a mapping with serial, variant, nest, pallet, program or mode",
)


@dataclass(frozen=True)
class SaysRead:
    """What is said at a station, and where the file says who tells it."""

    says: StationSays
    told: Mapping[SaidOf, ToldOfPart]


def read_station_says(block: Block | None, table: SignalTable, problems: Problems) -> SaysRead:
    """Return what is said at a station, after noting what is wrong with it."""
    if block is None:
        return SaysRead(says=StationSays(), told={})
    told = {of: read_told(of, block, table, problems) for of in SaidOf}
    says = StationSays(
        serial=told[SaidOf.SERIAL].signal,
        variant=told[SaidOf.VARIANT].signal,
        nest=told[SaidOf.NEST].signal,
        pallet=told[SaidOf.PALLET].signal,
        asked={of: each.asked for of, each in told.items() if each.asked is not None},
        words={of: each.values for of, each in told.items() if each.values},
        program=_production(block["program"], table, problems) if block["program"] else None,
        mode=_production(block["mode"], table, problems) if block["mode"] else None,
    )
    return SaysRead(says=says, told=told)


def _production(block: Block, table: SignalTable, problems: Problems) -> ProductionSignal | None:
    name: str | None = block["signal"]
    node: Node | None = block["production"]
    if name is None or node is None:
        return None
    known = table.refuse_unknown(name, block.place_of("signal"), problems)
    if not isinstance(node, Sequence) or not node.items:
        problems.add(
            node.place,
            sentence("found {what}", what=describe(node)),
            "[value, …], for example [7, 8]",
        )
        return None
    values = table.ranges.get(SignalName(name)) if known else None
    if values is None:
        return None
    read = [read_value(item, name, values, problems) for item in node.items]
    return ProductionSignal(
        signal=SignalName(name), values=tuple(value for value in read if value is not None)
    )
