"""Where a signal can stand."""

from typing import Any

import pytest

from redrabbit.domain.signals import Encoding, MqttAddress, Quality, Table


@pytest.mark.parametrize(
    ("table", "holds_bits"),
    [
        (Table.COIL, True),
        (Table.DISCRETE_INPUT, True),
        (Table.HOLDING_REGISTER, False),
        (Table.INPUT_REGISTER, False),
    ],
)
def test_coils_and_discrete_inputs_hold_bits_and_registers_do_not(
    table: Table, holds_bits: bool
) -> None:
    """Modbus Application Protocol V1.1b3, 4.3."""
    assert table.holds_bits is holds_bits


@pytest.mark.parametrize(
    ("more", "reads_json"),
    [
        ({}, False),
        ({"expected_every_s": 1.0}, False),
        ({"path": ("rejected",)}, True),
        ({"sequence_path": ("seq",)}, True),
        ({"time_path": ("at",)}, True),
        ({"qualities": (Quality(path=("q",)),)}, True),
    ],
    ids=["whole payload", "with a rate", "path", "sequence", "time", "quality"],
)
def test_a_payload_is_json_where_anything_in_it_is_named(
    more: dict[str, Any], reads_json: bool
) -> None:
    assert MqttAddress(topic="t", encoding=Encoding.BOOL, **more).reads_json is reads_json
