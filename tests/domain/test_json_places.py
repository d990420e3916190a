"""Where a value stands in a JSON document: keys, items of lists, the item that says so (K7)."""

import json

import pytest

from redrabbit.domain.decoding import decode_field, field_at
from redrabbit.domain.identity import SignalName
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signals import Encoding, ItemWhere, MqttAddress, Path, SignalSpec

KEPWARE = {
    "timestamp": 1700000000000,
    "values": [
        {"id": "Line1.OP20.Torque", "v": 2.41, "q": True},
        {"id": "Line1.OP20.Result", "v": "NG", "q": True},
        {"id": "twice", "v": 1},
        {"id": "twice", "v": 2},
        {"id": 1, "v": "one"},
        {"id": True, "v": "true"},
        7,
    ],
    "torque.actual": {"": 3},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("values", 0, "v"), 2.41),
        (("values", ItemWhere("id", "Line1.OP20.Result"), "v"), "NG"),
        (("values", ItemWhere("id", 1), "v"), "one"),
        (("values", ItemWhere("id", True), "v"), "true"),
        (("torque.actual", ""), 3),
        (("values", 6), 7),
        (("values", ItemWhere("id", "twice"), "v"), None),
        (("values", ItemWhere("id", "nobody"), "v"), None),
        (("values", 7, "v"), None),
        (("values", "0"), None),
        (("torque.actual", 0), None),
        ((0,), None),
        ((ItemWhere("id", 1),), None),
    ],
)
def test_a_place_is_found_or_nothing_is(path: Path, value: object) -> None:
    assert field_at(KEPWARE, path) == value


def signal(encoding: Encoding, **said: object) -> SignalSpec:
    address = MqttAddress(topic="t", encoding=encoding, path=("v",), **said)  # type: ignore[arg-type]  # because mypy reads one type for all
    return SignalSpec(name=SignalName("s"), address=address)


@pytest.mark.parametrize(
    ("told", "quoted", "value"),
    [
        ("2.41", True, 2.41),
        (" 7 ", True, 7),
        ("2,41", True, Reason.UNREADABLE),
        ("", True, Reason.UNREADABLE),
        ("NaN", True, Reason.NOT_A_NUMBER),
        (2.41, True, 2.41),
        (True, True, Reason.UNREADABLE),
        ("2.41", False, Reason.UNREADABLE),
    ],
)
def test_a_number_in_quotes_is_one_where_the_file_says_so(
    told: object, quoted: bool, value: Value | Reason
) -> None:
    assert decode_field(signal(Encoding.NUMBER, quoted=quoted), {"v": told}) == value


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("OK", True),
        ("ok", True),
        ("NG", False),
        ("on", Reason.UNREADABLE),
        (1, True),
        (False, False),
    ],
)
def test_the_words_of_a_file_are_the_only_ones(told: object, value: Value | Reason) -> None:
    spec = signal(Encoding.BOOL, truth_words=(("ok", True), ("ng", False)))
    assert decode_field(spec, json.loads(json.dumps({"v": told}))) == value
