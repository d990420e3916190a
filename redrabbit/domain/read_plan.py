"""Which blocks to read from a Modbus station, in which order, and where each signal lies in them.

Rules: coils and discrete inputs come before registers, so that a result bit is never newer than
its reason code. Neighbours are read together where the gap is small enough, up to the station's
cap (B6) and the protocol's; nothing forbidden is ever touched. When a device refuses a block for
an illegal address, `split` halves it until a single signal is left: the culprit, remembered and
no longer asked for, while the others go on. Blocks are then joined again around it.

Pure: asking is the link's work (`redrabbit/links/modbus.py`). `estimate` tells before anything is
saved whether a cycle fits into its interval (B7).

Source: Modbus Application Protocol V1.1b3, 6.1 to 6.4 (2000 bits or 125 registers a request).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from redrabbit.domain.decoding import BYTES_PER_REGISTER, decode_bit, length_of
from redrabbit.domain.identity import SignalName
from redrabbit.domain.signals import ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import ModbusLink

MAX_BITS = 2000
MAX_REGISTERS = 125
LAST_ADDRESS = 65535

TABLE_ORDER = (
    Table.COIL,
    Table.DISCRETE_INPUT,
    Table.HOLDING_REGISTER,
    Table.INPUT_REGISTER,
)
"""Bits before registers (see the head)."""


@dataclass(frozen=True, slots=True)
class ReadBlock:
    """One request: `count` bits or registers from `address` on."""

    table: Table
    address: int
    count: int

    @property
    def end(self) -> int:
        """Return the first address after the block."""
        return self.address + self.count


@dataclass(frozen=True, slots=True)
class Slice:
    """One signal's place in a block, in bits or registers from the block's start."""

    spec: SignalSpec
    offset: int
    length: int
    is_bit: bool

    def cut(self, raw: bytes) -> bytes:
        """Return the signal's own bytes of a block's reply; for a bit one byte, 0 or 1."""
        if self.is_bit:
            return bytes((decode_bit(raw, self.offset),))
        first = self.offset * BYTES_PER_REGISTER
        return raw[first : first + self.length * BYTES_PER_REGISTER]


@dataclass(frozen=True, slots=True)
class PlannedBlock:
    """A block and the signals it carries, by address."""

    block: ReadBlock
    slices: tuple[Slice, ...]

    @property
    def signals(self) -> frozenset[SignalName]:
        """Return the names of the signals it carries."""
        return frozenset(piece.spec.name for piece in self.slices)


class Unreadable(Enum):
    """Why no plan can contain a signal as it is configured."""

    NOT_MODBUS = "not_modbus"
    BEYOND_LAST_ADDRESS = "beyond_last_address"
    FORBIDDEN = "forbidden"
    LONGER_THAN_A_REQUEST = "longer_than_a_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one cycle costs (B7)."""

    requests: int
    registers: int
    bits: int
    seconds: float
    interval_s: float

    @property
    def fits(self) -> bool:
        """True if a cycle is over before the next is due."""
        return self.seconds <= self.interval_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """The blocks of one cycle, in the order in which they are asked for."""

    link: ModbusLink
    specs: tuple[SignalSpec, ...]
    blocks: tuple[PlannedBlock, ...]
    culprits: frozenset[SignalName] = frozenset()
    """Signals at addresses that the device says it does not have."""
    breaks: frozenset[tuple[Table, int]] = frozenset()
    """Addresses before which a block must end, found by splitting."""

    def split(self, failed: PlannedBlock) -> "ReadPlan":
        """Return the plan after a device refused this block for an illegal address (B6).

        The block falls into two, or, if one address range is left, its signals are the culprits
        and the remaining blocks are joined again around them.
        """
        boundary = _middle_boundary(failed)
        if boundary is None:
            return _planned(self.link, self.specs, self.culprits | failed.signals, frozenset())
        breaks = self.breaks | {(failed.block.table, boundary)}
        return _planned(self.link, self.specs, self.culprits, breaks)

    def without_memory(self) -> "ReadPlan":
        """Return the plan as it was before any address was found to be illegal."""
        return plan_reads(self.specs, self.link)

    def estimate(self, round_trip_s: float) -> Estimate:
        """Return what a cycle costs, given how long one request and its reply take."""
        counts = [(planned.block.table.holds_bits, planned.block.count) for planned in self.blocks]
        return Estimate(
            requests=len(counts),
            registers=sum(count for holds_bits, count in counts if not holds_bits),
            bits=sum(count for holds_bits, count in counts if holds_bits),
            seconds=len(counts) * round_trip_s,
            interval_s=self.link.poll_interval_s,
        )


def plan_reads(specs: Iterable[SignalSpec], link: ModbusLink) -> ReadPlan:
    """Return the plan for a station's signals; ValueError names those that can't be read."""
    wanted = tuple(specs)
    if bad := unreadable_signals(wanted, link):
        listed = ", ".join(f"{name} ({why.value})" for name, why in bad.items())
        raise ValueError(f"no plan can read {listed}")
    return _planned(link, wanted, frozenset(), frozenset())


def unreadable_signals(
    specs: Sequence[SignalSpec], link: ModbusLink
) -> dict[SignalName, Unreadable]:
    """Return every signal that no plan can contain, each with why; for the configuration check."""
    reasons = {spec.name: _why_unreadable(spec, link) for spec in specs}
    return {name: why for name, why in reasons.items() if why is not None}


def _why_unreadable(spec: SignalSpec, link: ModbusLink) -> Unreadable | None:
    address = spec.address
    if not isinstance(address, ModbusAddress):
        return Unreadable.NOT_MODBUS
    block = _block(address)
    if address.address < 0 or block.end - 1 > LAST_ADDRESS:
        return Unreadable.BEYOND_LAST_ADDRESS
    if block.count > _cap(address.table, link):
        return Unreadable.LONGER_THAN_A_REQUEST
    return Unreadable.FORBIDDEN if _touches_forbidden(block, link) else None


def _cap(table: Table, link: ModbusLink) -> int:
    return MAX_BITS if table.holds_bits else min(MAX_REGISTERS, link.max_registers)


def _touches_forbidden(block: ReadBlock, link: ModbusLink) -> bool:
    return any(
        table == block.table.value and first < block.end and block.address <= last
        for table, first, last in link.forbidden
    )


def _planned(
    link: ModbusLink,
    specs: tuple[SignalSpec, ...],
    culprits: frozenset[SignalName],
    breaks: frozenset[tuple[Table, int]],
) -> ReadPlan:
    places = [
        (_block(spec.address), spec) for spec in specs if isinstance(spec.address, ModbusAddress)
    ]
    illegal = tuple(block for block, spec in places if spec.name in culprits)
    bounds = _Bounds(link, breaks, illegal)
    blocks: list[PlannedBlock] = []
    for table in TABLE_ORDER:
        ordered = sorted(
            (one for one in places if one[0].table is table and one[1].name not in culprits),
            key=lambda place: (place[0].address, place[0].count, place[1].name),
        )
        blocks += _coalesced(ordered, bounds)
    return ReadPlan(link=link, specs=specs, blocks=tuple(blocks), culprits=culprits, breaks=breaks)


SignalBlock = tuple[ReadBlock, SignalSpec]


def _block(address: ModbusAddress) -> ReadBlock:
    return ReadBlock(address.table, address.address, length_of(address))


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What keeps neighbours apart."""

    link: ModbusLink
    breaks: frozenset[tuple[Table, int]]
    illegal: tuple[ReadBlock, ...]
    """Where the culprits lie: reading over them would fail again."""

    def join(self, block: ReadBlock, following: ReadBlock) -> ReadBlock | None:
        """Return the block that covers both, or None where they must stay apart."""
        if following.address - block.end > self.link.max_gap_registers:
            return None
        end = max(block.end, following.end)
        wider = ReadBlock(block.table, block.address, end - block.address)
        if wider.count > _cap(block.table, self.link) or _touches_forbidden(wider, self.link):
            return None
        if (block.table, following.address) in self.breaks:
            return None
        return None if any(_overlap(wider, illegal) for illegal in self.illegal) else wider


def _overlap(one: ReadBlock, other: ReadBlock) -> bool:
    return one.table is other.table and one.address < other.end and other.address < one.end


def _coalesced(ordered: Sequence[SignalBlock], bounds: _Bounds) -> list[PlannedBlock]:
    """Join places of one table, ordered by address, into as few blocks as the bounds allow."""
    joined: list[tuple[ReadBlock, list[SignalBlock]]] = []
    for place in ordered:
        wider = bounds.join(joined[-1][0], place[0]) if joined else None
        if wider is None:
            joined.append((place[0], [place]))
        else:
            joined[-1] = (wider, [*joined[-1][1], place])
    return [PlannedBlock(block, _slices(block, places)) for block, places in joined]


def _slices(block: ReadBlock, places: Sequence[SignalBlock]) -> tuple[Slice, ...]:
    return tuple(
        Slice(spec, place.address - block.address, place.count, block.table.holds_bits)
        for place, spec in places
    )


def _middle_boundary(planned: PlannedBlock) -> int | None:
    """Return the signal's address nearest the middle at which the block can be cut.

    None if all of its signals share registers with the first one, so that no cut is possible.
    """
    candidates = []
    reached = planned.slices[0].offset + planned.slices[0].length
    for piece in planned.slices[1:]:
        if piece.offset >= reached:
            candidates.append(piece.offset)
        reached = max(reached, piece.offset + piece.length)
    if not candidates:
        return None
    middle = planned.block.count / 2
    return planned.block.address + min(candidates, key=lambda offset: abs(offset - middle))
