"""Where a signal can stand."""

import pytest

from redrabbit.domain.signals import Table


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
