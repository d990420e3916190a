"""The read plan: few requests, nothing forbidden, every signal where it says (B6, B7)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.identity import SignalName
from redrabbit.domain.read_plan import (
    MAX_BITS,
    MAX_REGISTERS,
    PlannedBlock,
    ReadBlock,
    ReadPlan,
    Unreadable,
    plan_reads,
    unreadable_signals,
)
from redrabbit.domain.signals import (
    Encoding,
    ModbusAddress,
    MqttAddress,
    SignalSpec,
    Table,
)
from redrabbit.domain.station import ModbusLink

HOLDING = Table.HOLDING_REGISTER


def link(**changed: Any) -> ModbusLink:
    usual = {
        "endpoint": "plc",
        "host": "127.0.0.1",
        "port": 502,
        "unit_id": 1,
        "poll_interval_s": 0.1,
        "timeout_s": 0.5,
    }
    return ModbusLink(**{**usual, **changed})


def signal(name: str, table: Table, address: int, encoding: Encoding, **more: Any) -> SignalSpec:
    place = ModbusAddress(table=table, address=address, encoding=encoding, **more)
    return SignalSpec(name=SignalName(name), address=place)


def words(*addresses: int) -> list[SignalSpec]:
    return [signal(f"w{address}", HOLDING, address, Encoding.UINT16) for address in addresses]


def blocks(plan: ReadPlan) -> list[tuple[str, int, int]]:
    return [
        (planned.block.table.value, planned.block.address, planned.block.count)
        for planned in plan.blocks
    ]


def test_neighbours_are_read_in_one_request() -> None:
    plan = plan_reads(words(3, 1, 2), link())
    assert blocks(plan) == [("holding_register", 1, 3)]


def test_bits_are_asked_for_before_registers() -> None:
    specs = [
        signal("i", Table.INPUT_REGISTER, 0, Encoding.UINT16),
        signal("h", HOLDING, 0, Encoding.UINT16),
        signal("d", Table.DISCRETE_INPUT, 0, Encoding.BOOL),
        signal("c", Table.COIL, 0, Encoding.BOOL),
    ]
    tables = [table for table, _, _ in blocks(plan_reads(specs, link()))]
    assert tables == ["coil", "discrete_input", "holding_register", "input_register"]


@pytest.mark.parametrize(("gap", "requests"), [(7, 2), (8, 1)])
def test_a_gap_is_read_over_only_up_to_its_bound(gap: int, requests: int) -> None:
    plan = plan_reads(words(0, 9), link(max_gap_registers=gap))
    assert len(plan.blocks) == requests


def test_a_block_never_exceeds_the_station_s_cap() -> None:
    plan = plan_reads(words(*range(100)), link(max_registers=30))
    assert [count for _, _, count in blocks(plan)] == [30, 30, 30, 10]


def test_the_protocol_s_caps_hold_whatever_the_station_says() -> None:
    registers = plan_reads(words(*range(200)), link(max_registers=500))
    assert [count for _, _, count in blocks(registers)] == [MAX_REGISTERS, 75]
    bits = [signal(f"c{at}", Table.COIL, at, Encoding.BOOL) for at in range(MAX_BITS + 1)]
    assert [count for _, _, count in blocks(plan_reads(bits, link(max_registers=10)))] == [
        MAX_BITS,
        1,
    ]


def test_a_value_is_never_cut_in_two() -> None:
    specs = [*words(0, 1, 2), signal("f", HOLDING, 3, Encoding.FLOAT32)]
    assert blocks(plan_reads(specs, link(max_registers=4))) == [
        ("holding_register", 0, 3),
        ("holding_register", 3, 2),
    ]


def test_a_forbidden_range_is_never_read_over() -> None:
    forbidden = (("holding_register", 2, 2), ("coil", 0, 100))
    assert blocks(plan_reads(words(1, 3), link(forbidden=forbidden))) == [
        ("holding_register", 1, 1),
        ("holding_register", 3, 1),
    ]


def test_bits_of_one_register_share_its_request() -> None:
    specs = [signal(f"b{bit}", HOLDING, 5, Encoding.BOOL, bit=bit) for bit in range(3)]
    plan = plan_reads(specs, link())
    assert blocks(plan) == [("holding_register", 5, 1)]
    assert plan.blocks[0].signals == {"b0", "b1", "b2"}


def test_a_slice_cuts_its_own_registers_and_bits() -> None:
    specs = [
        *words(10),
        signal("f", HOLDING, 12, Encoding.FLOAT32),
        signal("c", Table.COIL, 3, Encoding.BOOL),
        signal("d", Table.COIL, 12, Encoding.BOOL),
    ]
    coils, registers = plan_reads(specs, link(max_gap_registers=10)).blocks
    assert [piece.cut(b"\x01\x02") for piece in coils.slices] == [b"\1", b"\1"]
    assert [piece.cut(b"\x02\x01") for piece in coils.slices] == [b"\0", b"\0"]
    assert [piece.cut(b"AABBCCDD") for piece in registers.slices] == [b"AA", b"CCDD"]


def test_every_signal_that_no_plan_can_contain_is_named_with_why() -> None:
    mqtt = MqttAddress(topic="t", encoding=Encoding.BOOL)
    specs = [
        SignalSpec(name=SignalName("mqtt"), address=mqtt),
        signal("edge", HOLDING, 65535, Encoding.UINT32),
        signal("before", HOLDING, -1, Encoding.UINT16),
        signal("long", HOLDING, 0, Encoding.STRING, length_registers=126),
        signal("secret", HOLDING, 499, Encoding.UINT32),
        signal("last", HOLDING, 65535, Encoding.UINT16),
    ]
    station = link(forbidden=(("holding_register", 500, 510),))
    assert unreadable_signals(specs, station) == {
        "mqtt": Unreadable.NOT_MODBUS,
        "edge": Unreadable.BEYOND_LAST_ADDRESS,
        "before": Unreadable.BEYOND_LAST_ADDRESS,
        "long": Unreadable.LONGER_THAN_A_REQUEST,
        "secret": Unreadable.FORBIDDEN,
    }
    with pytest.raises(ValueError, match=r"secret \(forbidden\)"):
        plan_reads(specs, station)


def test_the_preview_tells_what_a_cycle_costs_and_whether_it_fits() -> None:
    coils = [signal(f"c{at}", Table.COIL, at, Encoding.BOOL) for at in range(16)]
    plan = plan_reads([*words(*range(20)), *coils], link(poll_interval_s=0.1))
    estimate = plan.estimate(round_trip_s=0.04)
    assert (estimate.requests, estimate.registers, estimate.bits) == (2, 20, 16)
    assert estimate.seconds == pytest.approx(0.08)
    assert estimate.fits
    assert not plan.estimate(round_trip_s=0.06).fits


SIGNALS = st.lists(
    st.tuples(
        st.sampled_from(Table),
        st.integers(0, 300),
        st.sampled_from([Encoding.BOOL, Encoding.UINT16, Encoding.FLOAT64, Encoding.STRING]),
    ),
    min_size=1,
    max_size=30,
)


def specs_of(drawn: list[tuple[Table, int, Encoding]]) -> list[SignalSpec]:
    return [
        signal(
            f"s{number}",
            table,
            address,
            Encoding.BOOL if table.holds_bits else encoding,
            length_registers=5,
        )
        for number, (table, address, encoding) in enumerate(drawn)
    ]


@given(drawn=SIGNALS, gap=st.integers(0, 20), cap=st.integers(5, 125))
def test_each_signal_is_read_once_within_all_bounds(
    drawn: list[tuple[Table, int, Encoding]], gap: int, cap: int
) -> None:
    station = link(
        max_gap_registers=gap, max_registers=cap, forbidden=(("holding_register", 400, 500),)
    )
    specs = specs_of(drawn)
    plan = plan_reads(specs, station)
    names = [piece.spec.name for planned in plan.blocks for piece in planned.slices]
    assert sorted(names) == sorted(spec.name for spec in specs)
    for planned in plan.blocks:
        assert planned.block.table.holds_bits or planned.block.count <= cap
        for piece in planned.slices:
            assert isinstance(piece.spec.address, ModbusAddress)
            assert piece.spec.address.address == planned.block.address + piece.offset
            assert piece.offset + piece.length <= planned.block.count


def converge(plan: ReadPlan, illegal: set[tuple[Table, int]]) -> tuple[ReadPlan, int]:
    """Play a device that lacks some addresses, until it refuses nothing any more."""
    requests = 0
    while True:
        refused = next((one for one in plan.blocks if touches(one.block, illegal)), None)
        requests += 1
        if refused is None:
            return plan, requests
        plan = plan.split(refused)


def touches(block: ReadBlock, addresses: set[tuple[Table, int]]) -> bool:
    return any((block.table, at) in addresses for at in range(block.address, block.end))


def test_bisection_finds_the_culprit_in_few_steps_and_joins_the_others_again() -> None:
    plan, steps = converge(plan_reads(words(*range(100)), link()), {(HOLDING, 37)})
    assert plan.culprits == {"w37"}
    assert blocks(plan) == [("holding_register", 0, 37), ("holding_register", 38, 62)]
    assert steps <= 9


@given(
    drawn=SIGNALS,
    illegal=st.sets(st.tuples(st.sampled_from(Table), st.integers(0, 310)), max_size=6),
)
def test_bisection_ends_with_exactly_the_signals_the_device_lacks(
    drawn: list[tuple[Table, int, Encoding]], illegal: set[tuple[Table, int]]
) -> None:
    specs = specs_of(drawn)
    plan, _ = converge(plan_reads(specs, link()), illegal)
    for spec in specs:
        alone = plan_reads([spec], link()).blocks[0]
        if touches(alone.block, illegal):
            assert spec.name in plan.culprits
    read = {name for planned in plan.blocks for name in planned.signals}
    assert read | plan.culprits == {spec.name for spec in specs}
    assert not read & plan.culprits


def test_a_gap_that_the_device_lacks_makes_no_signal_a_culprit() -> None:
    plan, _ = converge(plan_reads(words(0, 1, 5, 6), link()), {(HOLDING, 3)})
    assert plan.culprits == frozenset()
    assert blocks(plan) == [("holding_register", 0, 2), ("holding_register", 5, 2)]


def test_signals_that_share_registers_are_culprits_together() -> None:
    specs = [
        signal("whole", HOLDING, 4, Encoding.UINT32),
        signal("flag", HOLDING, 5, Encoding.BOOL, bit=0),
    ]
    plan = plan_reads(specs, link())
    assert plan.split(plan.blocks[0]).culprits == {"whole", "flag"}


def test_a_plan_can_forget_what_it_learned() -> None:
    first = plan_reads(words(0, 1), link())
    learned, _ = converge(first, {(HOLDING, 1)})
    assert learned.culprits == {"w1"}
    assert learned.without_memory() == first


def test_a_planned_block_names_its_signals() -> None:
    (planned,) = plan_reads(words(0, 1), link()).blocks
    assert isinstance(planned, PlannedBlock)
    assert planned.signals == {"w0", "w1"}
