"""The JSON Schema (2020-12) of a station's file, for editors; made of what the loader reads by.

It says which keys there are and what each may hold. What values mean together (a signal that does
not exist, a rule that can't come true) only `redrabbit check-config` knows.
"""

from redrabbit.config.conditions import condition_schema
from redrabbit.config.file_schema import Schema
from redrabbit.config.station_file import STATION

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> Schema:
    """Return the schema of a station's file."""
    return {
        "$schema": DIALECT,
        "title": "Red Rabbit station",
        **STATION.schema(),
        "description": "One station of a line: how it is read, and the devices that watch there.",
        "$defs": {"condition": condition_schema()},
    }
