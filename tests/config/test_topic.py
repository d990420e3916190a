"""What a topic says of each message: its order, its time, its quality (D27)."""

from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator
from ruamel.yaml import YAML

from redrabbit.config.json_schema import schema
from redrabbit.config.plant import load_plant
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.signals import MqttAddress, Quality
from tests.config.test_cases import BASE, configuration_of

TOPIC = "{topic: plant/op20/state, sequence: seq, expected_every: 500 ms}"


def address(tmp_path: Path, topic: str, signal: str = "") -> MqttAddress:
    """Where the camera's reject bit stands, if its topic and the bit say this."""
    folder = configuration_of(BASE, tmp_path)
    file = folder / "camera.yaml"
    text = file.read_text(encoding="utf-8")
    assert TOPIC in text
    text = text.replace(TOPIC, topic)
    bit = "rejected: {topic: state, path: rejected, encoding: bool"
    assert bit in text
    file.write_text(text.replace(bit, f"{bit}{signal}"), encoding="utf-8")
    document = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    assert Draft202012Validator(schema()).is_valid(document)
    specs = {spec.name: spec for spec in load_plant(folder).station(StationId("camera")).signals}
    found = specs[SignalName("rejected")].address
    assert isinstance(found, MqttAddress)
    return found


@pytest.mark.parametrize(
    ("sequence", "path", "modulus"),
    [
        ("seq", ("seq",), None),
        ("head.seq", ("head", "seq"), None),
        ("{path: seq}", ("seq",), None),
        ("{path: head.seq, modulus: 65536}", ("head", "seq"), 65536),
    ],
)
def test_a_sequence_may_say_where_it_begins_again(
    tmp_path: Path, sequence: str, path: tuple[str, ...], modulus: int | None
) -> None:
    found = address(tmp_path, f"{{topic: plant/op20/state, sequence: {sequence}}}")
    assert (found.sequence_path, found.sequence_modulus) == (path, modulus)


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ("q", Quality(path=("q",))),
        ("{path: meta.q}", Quality(path=("meta", "q"))),
        (
            "{path: q, good: [true, 192, 0.5, Good, '7']}",
            Quality(path=("q",), good=(True, 192, 0.5, "Good", "7")),
        ),
        ("{path: errors.bit, absent: good}", Quality(path=("errors", "bit"), good_if_absent=True)),
    ],
)
def test_a_quality_is_the_topics_or_the_signals_own(
    tmp_path: Path, quality: str, expected: Quality
) -> None:
    own = address(tmp_path, TOPIC, f", quality: {quality}")
    assert own.qualities == (expected,)
    of_all = f"{{topic: plant/op20/state, time: at, quality: {quality}}}"
    both = address(tmp_path, of_all, ", quality: own")
    assert both.qualities == (expected, Quality(path=("own",)))
    assert both.time_path == ("at",)


def test_a_topic_that_says_nothing_more_is_read_as_ever(tmp_path: Path) -> None:
    found = address(tmp_path, TOPIC)
    assert (found.sequence_path, found.sequence_modulus) == (("seq",), None)
    assert (found.time_path, found.qualities, found.expected_every_s) == ((), (), 0.5)
