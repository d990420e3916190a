"""How a station is reached: the `link` section, and whether its pace can be kept.

A link names an endpoint of plant.yaml, never an address; so the same station files serve a plant,
a test and the demo.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.endpoint import Endpoint
from redrabbit.config.file_schema import (
    Block,
    Choice,
    Key,
    ListOf,
    Located,
    MapOf,
    Raw,
    Schema,
    Section,
    Whole,
)
from redrabbit.config.located_yaml import Mapping, Node, describe
from redrabbit.config.plant_file import PlantFile
from redrabbit.config.problem import Problems, nearest
from redrabbit.config.signal_table import SignalTable
from redrabbit.config.spellings import DURATION, DURATION_OR_NONE, SLUG
from redrabbit.config.topic import MQTT_TOPIC
from redrabbit.domain.read_plan import LAST_ADDRESS, MAX_REGISTERS, plan_reads
from redrabbit.domain.signals import Table
from redrabbit.domain.station import Link, ModbusLink, MqttLink

ROUND_TRIP_S: Final = 0.01
"""What one request is taken to cost when a cycle is checked against its interval (B7): ten
milliseconds, what an ordinary PLC needs besides its own program."""

SHORTEST_POLL: Final = timedelta(milliseconds=10)

FORBIDDEN_RANGE: Final = Section(
    {
        "table": Key(Choice({table.value: table for table in Table}), "The table."),
        "first": Key(Whole(0, LAST_ADDRESS), "The first address, from 0."),
        "last": Key(Whole(0, LAST_ADDRESS), "The last address, included."),
    },
    "{table: …, first: …, last: …}",
)

MODBUS_LINK: Final = Section(
    {
        "modbus_tcp": Key(SLUG, "The endpoint's name in plant.yaml."),
        "unit_id": Key(Whole(0, 255), "The Modbus unit, 0 to 255."),
        "poll": Key(DURATION, "How often the station is read, for example 100 ms."),
        "timeout": Key(DURATION, "For one request; shorter than any rule's `within`."),
        "max_gap": Key(
            Whole(0, MAX_REGISTERS),
            "How many unwanted registers a read may span to save a request; 8 if left out.",
            required=False,
            default=8,
        ),
        "max_registers": Key(
            Whole(1, MAX_REGISTERS),
            "The most registers the station gives at once; 125 if left out.",
            required=False,
            default=MAX_REGISTERS,
        ),
        "forbidden": Key(
            ListOf(FORBIDDEN_RANGE), "What must never be read.", required=False, default=()
        ),
    },
    "a Modbus TCP link",
    "A station polled over Modbus TCP.",
)

MQTT_LINK: Final = Section(
    {
        "mqtt": Key(SLUG, "The endpoint's name in plant.yaml."),
        "settle": Key(
            DURATION_OR_NONE,
            "After a connect, how long what arrives is no fresh evidence; 500 ms if left out.",
            required=False,
            default=timedelta(milliseconds=500),
        ),
        "keepalive": Key(
            DURATION,
            "The connection's keep-alive, in whole seconds; 10 s if left out.",
            required=False,
            default=timedelta(seconds=10),
        ),
        "topics": Key(MapOf(SLUG, MQTT_TOPIC, at_least=1), "The topics, by names used below."),
    },
    "an MQTT link",
    "A station that publishes to a broker.",
)


def _link_schema() -> Schema:
    return {"anyOf": [MODBUS_LINK.schema(), MQTT_LINK.schema()]}


LINK: Final = Raw(_link_schema, "{modbus_tcp: …} or {mqtt: …}")

PROTOCOLS: Final = {"modbus_tcp": MODBUS_LINK, "mqtt": MQTT_LINK}


@dataclass(frozen=True)
class LinkSection:
    """The section as far as it could be read; `link` is None if not all of it could."""

    protocol: str
    block: Block
    link: Link | None


def read_link(node: Node, plant: PlantFile, problems: Problems) -> LinkSection | None:
    """Return the link; None after noting that it is none of either protocol."""
    keys = [name.text for name, _ in node.entries] if isinstance(node, Mapping) else []
    given = [protocol for protocol in PROTOCOLS if protocol in keys]
    if len(given) != 1:
        found = (
            "a link of both protocols"
            if given
            else sentence("{what} without a protocol", what=describe(node))
        )
        hint = next((near for key in keys if (near := nearest(key, PROTOCOLS))), None)
        problems.add(node.place, found, "either modbus_tcp or mqtt", None if given else hint)
        return None
    protocol = given[0]
    block = PROTOCOLS[protocol].read(node, problems)
    if block is None:
        return None
    endpoint = _endpoint(block, protocol, plant, problems)
    if endpoint is None or not block.complete:
        return LinkSection(protocol, block, None)
    make = _mqtt_link if protocol == "mqtt" else _modbus_link
    return LinkSection(protocol, block, make(block, endpoint))


def _endpoint(block: Block, protocol: str, plant: PlantFile, problems: Problems) -> Endpoint | None:
    name: str | None = block[protocol]
    if name is None:
        return None
    place = block.place_of(protocol)
    problems.refuse_unknown("endpoint", name, place, plant.endpoints)
    endpoint = (plant.endpoints or {}).get(name)
    if endpoint is not None and endpoint.protocol != protocol:
        found = sentence(
            "endpoint {name!r} speaks {protocol}", name=name, protocol=endpoint.protocol
        )
        problems.add(
            place, found, sentence("an endpoint that speaks {protocol}", protocol=protocol)
        )
        return None
    return endpoint


def _mqtt_link(block: Block, endpoint: Endpoint) -> Link:
    return MqttLink(
        endpoint=block["mqtt"],
        host=endpoint.address.host,
        port=endpoint.address.port,
        settle_s=block["settle"].total_seconds(),
        keepalive_s=max(1, round(block["keepalive"].total_seconds())),
        access=endpoint.access,
    )


def _modbus_link(block: Block, endpoint: Endpoint) -> Link:
    return ModbusLink(
        endpoint=block["modbus_tcp"],
        host=endpoint.address.host,
        port=endpoint.address.port,
        unit_id=block["unit_id"],
        poll_interval_s=block["poll"].total_seconds(),
        timeout_s=block["timeout"].total_seconds(),
        max_gap_registers=block["max_gap"],
        max_registers=block["max_registers"],
        forbidden=tuple(
            (span.value["table"].value, span.value["first"], span.value["last"])
            for span in block["forbidden"]
        ),
    )


def check_pace(
    section: LinkSection,
    table: SignalTable,
    value_expires: Located[timedelta],
    problems: Problems,
) -> None:
    """Refuse polls that don't fit their interval (B7) and values that expire between two."""
    if isinstance(section.link, ModbusLink):
        _check_polls(section.block, section.link, table, problems)
        _check_expiry(value_expires, "polled", 2 * section.link.poll_interval_s, problems)
    elif table.expected_every:
        slowest_s = max(table.expected_every.values())
        _check_expiry(value_expires, "published", slowest_s, problems)


def _check_polls(block: Block, link: ModbusLink, table: SignalTable, problems: Problems) -> None:
    if block["poll"] < SHORTEST_POLL:
        found = sentence("a poll every {poll_interval_s:g} s", poll_interval_s=link.poll_interval_s)
        problems.add(block.place_of("poll"), found, "10 ms or longer")
    if not table.complete:
        return
    estimate = plan_reads(table.specs.values(), link).estimate(ROUND_TRIP_S)
    if not estimate.fits:
        problems.add(
            block.place_of("poll"),
            sentence(
                "{requests} requests, which take about {value:.0f} ms",
                requests=estimate.requests,
                value=estimate.seconds * 1000,
            ),
            sentence(
                "a cycle within the poll interval of {value:.0f} ms (B7)",
                value=link.poll_interval_s * 1000,
            ),
            "poll less often, or bring the addresses closer together",
        )


def _check_expiry(
    value_expires: Located[timedelta], how: str, shortest_s: float, problems: Problems
) -> None:
    expires_s = value_expires.value.total_seconds()
    if expires_s < shortest_s:
        two_polls = sentence("two polls")
        slowest = sentence("what the slowest topic is expected to take")
        times = two_polls if how == "polled" else slowest
        problems.add(
            value_expires.place,
            sentence("values that expire after {expires_s:g} s", expires_s=expires_s),
            sentence(
                "value_expires of at least {times}, {shortest_s:g} s (B2)",
                times=times,
                shortest_s=shortest_s,
            ),
        )
