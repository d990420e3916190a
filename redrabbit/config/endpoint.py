"""Where stations are reached: the `endpoints` of plant.yaml, and as whom we are known to a broker.

A password stands in no configuration: a file outside of its folder, or a variable, is named (D24).
"""

from dataclasses import dataclass
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Block, Key, Section, Words
from redrabbit.config.problem import Problems
from redrabbit.config.spellings import ABSOLUTE_FILE, ADDRESS, SECRET_FILE, VARIABLE, Address
from redrabbit.domain.secret_place import SecretPlace
from redrabbit.domain.station import BrokerAccess, BrokerTls

BROKER_TLS: Final = Section(
    {
        "ca_file": Key(
            ABSOLUTE_FILE,
            "Certificates of the plant's own authority, PEM, instead of those that the system trusts.",
            required=False,
        ),
        "certificate_file": Key(
            ABSOLUTE_FILE,
            "The certificate by which the broker knows this service, PEM.",
            required=False,
        ),
        "key_file": Key(
            SECRET_FILE,
            "The key of that certificate, PEM, readable by its owner only.",
            required=False,
        ),
    },
    "{ca_file: PATH, certificate_file: PATH, key_file: PATH}, each of them only if needed",
)

PROTOCOLS: Final = ("modbus_tcp", "mqtt")

ENDPOINT: Final = Section(
    {
        "modbus_tcp": Key(ADDRESS, "host:port of a Modbus TCP server.", required=False),
        "mqtt": Key(ADDRESS, "host:port of an MQTT broker.", required=False),
        "user": Key(Words(), "The name by which the broker knows this service.", required=False),
        "password_file": Key(
            SECRET_FILE,
            "The file with the password of that name, readable by its owner only.",
            required=False,
        ),
        "password_env": Key(VARIABLE, "The environment variable that holds it.", required=False),
        "tls": Key(
            BROKER_TLS, "The way to the broker is encrypted; left out: it is not.", required=False
        ),
    },
    "{modbus_tcp: host:port} or {mqtt: host:port}",
)

OF_BROKERS: Final = ("user", "password_file", "password_env", "tls")


@dataclass(frozen=True)
class Endpoint:
    """One address and the protocol spoken there."""

    protocol: str
    """`modbus_tcp` or `mqtt`, the words of the files."""
    address: Address
    access: BrokerAccess


def read_endpoint(block: Block | None, problems: Problems) -> Endpoint | None:
    """Return an endpoint; None after noting what is wrong with it."""
    if block is None:
        return None
    given = [key for key in PROTOCOLS if key in block]
    if len(given) != 1:
        problems.add(block.place, sentence("{n} addresses", n=len(given)), ENDPOINT.expected)
        return None
    before = len(problems.found)
    if given != ["mqtt"]:
        for key in (each for each in OF_BROKERS if each in block):
            expected = sentence("{what} only beside an MQTT broker", what=key)
            problems.add(block.place_of(key), key, expected)
    else:
        _refuse_unclear(block, problems)
    where: Address | None = block[given[0]]
    if where is None or len(problems.found) > before:
        return None
    return Endpoint(given[0], where, _access(block))


def _refuse_unclear(block: Block, problems: Problems) -> None:
    """Note a password in two places or without a name, and half of a certificate; advise against one in clear."""
    given = [key for key in ("password_file", "password_env") if key in block]
    for key in given[1:]:
        expected = sentence("{file} or {env}", file=given[0], env=key)
        problems.add(block.place_of(key), "two passwords", expected)
    if given and "user" not in block:
        problems.add(block.place_of(given[0]), "a password without a name", "user beside it")
    if given and "tls" not in block:
        problems.advise(
            block.place_of(given[0]),
            "a password that everybody on the network can read",
            "tls beside it, where the broker can encrypt",
        )
    tls: Block | None = block["tls"]
    halves = [key for key in ("certificate_file", "key_file") if tls is not None and key in tls]
    if tls is not None and len(halves) == 1:
        problems.add(
            tls.place_of(halves[0]), halves[0], "certificate_file and key_file, or neither of them"
        )


def _access(block: Block) -> BrokerAccess:
    file, env, tls = block["password_file"], block["password_env"], block["tls"]
    return BrokerAccess(
        user=block["user"],
        password=None if file is None and env is None else SecretPlace(file=file, env=env),
        tls=None
        if tls is None
        else BrokerTls(
            ca_file=tls["ca_file"],
            certificate_file=tls["certificate_file"],
            key_file=tls["key_file"],
        ),
    )
