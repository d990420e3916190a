import pytest

from redrabbit.config.conditions import WRITTEN, condition_schema, read_condition
from redrabbit.config.located_yaml import parse
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.signal_table import SignalTable
from redrabbit.domain.identity import SignalName
from redrabbit.domain.rule import (
    Above,
    AllOf,
    AnyOf,
    Becomes,
    Below,
    Between,
    Condition,
    Equals,
    Falls,
    Increases,
    Not,
    Rises,
    StaysOff,
)
from redrabbit.domain.signals import Encoding, MqttAddress, SignalSpec

BIT, NUMBER, WORD = SignalName("bit"), SignalName("number"), SignalName("word")


def table() -> SignalTable:
    encodings = {BIT: Encoding.BOOL, NUMBER: Encoding.NUMBER, WORD: Encoding.STRING}
    return SignalTable(
        places={name: SourcePosition("x.yaml") for name in encodings},
        specs={
            name: SignalSpec(
                name=name,
                address=MqttAddress(topic="t", encoding=encoding, expected_every_s=1.0),
            )
            for name, encoding in encodings.items()
        },
    )


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("{rises: bit}", Rises(signal=BIT)),
        ("{falls: bit}", Falls(signal=BIT)),
        ("{equals: {bit: true}}", Equals(signal=BIT, value=True)),
        ("{equals: {number: 2}}", Equals(signal=NUMBER, value=2)),
        ("{becomes: {word: 007}}", Becomes(signal=WORD, value="007")),
        ("{above: {number: 12.5}}", Above(signal=NUMBER, limit=12.5)),
        ("{below: {number: -1}}", Below(signal=NUMBER, limit=-1)),
        ("{between: {number: [10, 10]}}", Between(signal=NUMBER, low=10, high=10)),
        ("{increases: number}", Increases(signal=NUMBER, by=1)),
        ("{increases: {number: 3}}", Increases(signal=NUMBER, by=3)),
        ("{stays_off: bit, for: 1.5 s}", StaysOff(signal=BIT, for_s=1.5, after=None)),
        (
            "{for: 200 ms, after: {becomes: {number: 2}}, stays_off: bit}",
            StaysOff(signal=BIT, for_s=0.2, after=Becomes(signal=NUMBER, value=2)),
        ),
        ("{not: {rises: bit}}", Not(of=Rises(signal=BIT))),
        (
            "{all: [{rises: bit}, {any: [{falls: bit}]}]}",
            AllOf(of=(Rises(signal=BIT), AnyOf(of=(Falls(signal=BIT),)))),
        ),
    ],
)
def test_a_condition_is_read_as_it_is_written(text: str, condition: Condition) -> None:
    problems = Problems()
    node = parse(text, "x.yaml", problems)
    assert node is not None
    assert read_condition(node, table(), problems) == condition
    assert problems.found == []


def test_the_schema_knows_every_condition_and_shows_how_it_is_written() -> None:
    properties = condition_schema()["properties"]
    assert set(properties) == set(WRITTEN) | {"for", "after"}
    assert {
        word for word, form in properties.items() if form.get("description") == WRITTEN.get(word)
    } >= set(WRITTEN) - {"not"}
