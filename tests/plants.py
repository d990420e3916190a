"""A small plant in code, and the product over the memory store, moved step by step by a test."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from redrabbit.base.clock import Clock
from redrabbit.domain.challenge_part import Category, ChallengePart
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import (
    CheckId,
    DeviceId,
    FailureMode,
    LineId,
    PartId,
    PartKindId,
    SignalName,
    StationId,
)
from redrabbit.domain.ledger import LogState
from redrabbit.domain.observation import Acquisition, Observation, Reason, Value, Window
from redrabbit.domain.plant import Line, Plant
from redrabbit.domain.records import RunRecord
from redrabbit.domain.rule import DetectionRule, OnSilence, Rises
from redrabbit.domain.schedule import EveryShiftStart, ScheduleRule
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar
from redrabbit.domain.signals import Encoding, ModbusAddress, SignalSpec, Table
from redrabbit.domain.station import Device, DeviceKind, ModbusLink, Station
from redrabbit.domain.text import Text
from redrabbit.services.pending import Pending
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.station_owner import StationOwner
from redrabbit.services.taking_up import open_life
from redrabbit.store.memory import MemoryDatabase
from redrabbit.store.unit_of_work import Recording
from simulators.virtual_clock import VirtualClock

T = TypeVar("T")

UTC_ZONE = ZoneInfo("UTC")
LINE = LineId("line1")
OP20 = StationId("op20")
OP30 = StationId("op30")
TORQUE_CHECK = CheckId("op20-torque")
BEGIN = datetime(2026, 3, 2, 5, 50, tzinfo=UTC)
"""Ten minutes before the early shift of a Monday."""
MONDAY_TO_SUNDAY = tuple(range(7))


def words(text: str) -> Text:
    """Return the same words for both languages."""
    return Text(en=text, zh=text)


def a_signal(name: str, table: Table, address: int, encoding: Encoding) -> SignalSpec:
    """Return a signal at a Modbus address."""
    place = ModbusAddress(table=table, address=address, encoding=encoding)
    return SignalSpec(name=SignalName(name), address=place)


def a_station(station_id: StationId, **rule_changes: Any) -> Station:
    """Return a Modbus station with a torque controller that says why it rejects."""
    rule: dict[str, Any] = {
        "presented": Rises(signal=SignalName("part_present")),
        "detected": Rises(signal=SignalName("rejected")),
        "accepted": Rises(signal=SignalName("accepted")),
        "within_s": 1.2,
        "on_silence": OnSilence.MISSED,
        "reject_code": SignalName("reject_code"),
        "reject_codes": {FailureMode("torque_low"): 11},
    }
    signals = (
        a_signal("part_present", Table.DISCRETE_INPUT, 0, Encoding.BOOL),
        a_signal("rejected", Table.DISCRETE_INPUT, 1, Encoding.BOOL),
        a_signal("accepted", Table.DISCRETE_INPUT, 2, Encoding.BOOL),
        a_signal("feed_held", Table.DISCRETE_INPUT, 3, Encoding.BOOL),
        a_signal("reject_code", Table.HOLDING_REGISTER, 0, Encoding.UINT16),
        a_signal("part_code", Table.HOLDING_REGISTER, 10, Encoding.STRING),
        a_signal("part_count", Table.HOLDING_REGISTER, 20, Encoding.UINT32),
    )
    return Station(
        id=station_id,
        line=LINE,
        operation=station_id.upper(),
        name=words(station_id),
        link=ModbusLink(
            endpoint=f"{station_id}-plc",
            host="127.0.0.1",
            port=502,
            unit_id=1,
            poll_interval_s=0.5,
            timeout_s=0.3,
        ),
        signals=signals,
        devices=(
            Device(
                id=DeviceId(f"{station_id}-torque"),
                name=words("Torque lockout"),
                kind=DeviceKind.CANNOT_PASS,
                failure_modes=(FailureMode("torque_low"),),
                rule=DetectionRule(**(rule | rule_changes)),
            ),
        ),
        part_counter=SignalName("part_count"),
        part_code=SignalName("part_code"),
    )


def a_part(part_id: str, failure_mode: str | None = "torque_low", **changes: Any) -> ChallengePart:
    """Return a released part."""
    usual: dict[str, Any] = {
        "id": PartId(part_id),
        "kind": PartKindId(part_id),
        "name": words(part_id),
        "category": Category.TORQUE,
        "failure_mode": FailureMode(failure_mode) if failure_mode else None,
        "storage": "drawer B3",
        "valid_until": date(2027, 3, 31),
        "released": True,
    }
    return ChallengePart(**(usual | changes))


def a_check(
    check_id: str = TORQUE_CHECK,
    station: StationId = OP20,
    schedule: ScheduleRule | None = None,
    **changes: Any,
) -> Check:
    """Return a check at shift start, with a red rabbit and a good master."""
    usual: dict[str, Any] = {
        "id": CheckId(check_id),
        "plan_line": "10",
        "pfmea": "12.4 rev C",
        "line": LINE,
        "station": station,
        "device": DeviceId(f"{station}-torque"),
        "parts": (PartId("RR-0001"), PartId("GM-0001")),
        "schedule": schedule or EveryShiftStart(),
        "opens_before": timedelta(minutes=15),
        "grace": timedelta(minutes=20),
        "closes_after": timedelta(minutes=60),
        "reaction": (words("Stop the station"), words("Hold the parts")),
    }
    return Check(**(usual | changes))


def a_plant(*checks: Check, parts: tuple[ChallengePart, ...] = (), **changes: Any) -> Plant:
    """Return a plant of one line with two stations and three shifts a day."""
    shifts = tuple(
        Shift(name=name, weekdays=MONDAY_TO_SUNDAY, starts_at=time(begins), ends_at=time(ends))
        for name, begins, ends in (("early", 6, 14), ("late", 14, 22), ("night", 22, 6))
    )
    usual: dict[str, Any] = {
        "name": "Testville",
        "zone": UTC_ZONE,
        "lines": (Line(id=LINE, name=words("Line 1")),),
        "stations": (a_station(OP20), a_station(OP30)),
        "calendars": {LINE: ShiftCalendar(zone=UTC_ZONE, shifts=shifts)},
        "parts": parts
        or (
            a_part("RR-0001"),
            a_part("RR-0002"),
            a_part("GM-0001", None),
            a_part("GM-0002", None),
        ),
        "plan": ControlPlan(
            number="CP-1", revision="A", effective_from=None, checks=checks or (a_check(),)
        ),
        "failure_modes": {"torque_low": words("Torque too low")},
        "digest": "0" * 64,
    }
    return Plant(**(usual | changes))


def a_memory_database(plant: Plant, clock: Clock) -> MemoryDatabase:
    """Return the memory store with the product's own fold; its heads are not signed."""

    def unsigned(log: LogState) -> str:
        return f"{plant.name}\n{log.size}\n"

    recording = Recording(
        fold=fold, software="test", targets=plant.targets, escalation=plant.escalation
    )
    return MemoryDatabase(origin=plant.name, clock=clock, recording=recording, seal=unsigned)


class Bench:
    """The product on a bench: the stations' owners over the memory store, time and readings given by hand."""

    def __init__(self, plant: Plant | None = None, begin: datetime = BEGIN) -> None:
        self.plant = plant or a_plant()
        self.clock = VirtualClock(begin)
        self.database = a_memory_database(self.plant, self.clock)
        self.shown: dict[StationId, dict[str, Value | Reason]] = {}
        self.owners: dict[StationId, StationOwner] = {}
        self.restart()

    def restart(self) -> None:
        """Begin a life of the product; what only memory held is gone."""
        opened = self.database.write_now(
            lambda uow: open_life(uow, self.plant, {"plant.yaml": "plant: x\n"}, "test")
        )
        self.owners = {owner.station.id: owner for owner in opened.owners}
        for station in self.owners:
            self.read(station, **(self.shown.get(station) or IDLE_SIGNALS))

    def pass_time(self, seconds: float) -> None:
        """Let time pass; nothing else happens."""
        self.clock.advance_to(self.clock.steady + timedelta(seconds=seconds))

    def see_free(self, station: StationId = OP20) -> None:
        """Read a station twice within a second; nothing changes."""
        for _ in range(2):
            self.pass_time(0.5)
            self.read(station)

    def read(self, station: StationId, /, **values: Value | Reason) -> None:
        """Let the station be read once: these values changed."""
        now = self.clock.now()
        self.shown.setdefault(station, dict(IDLE_SIGNALS)).update(values)
        signals = self.owners[station].station.signals
        self.settle(
            self.owners[station].take(
                Acquisition(
                    station=station,
                    window=Window(began_at=now, ended_at=now),
                    signals=frozenset(spec.name for spec in signals),
                    changes=tuple(
                        _observation(SignalName(name), told) for name, told in values.items()
                    ),
                )
            )
        )

    def fail(self, station: StationId, reason: Reason = Reason.TIMEOUT) -> None:
        """Let one poll of the station fail."""
        now = self.clock.now()
        signals = self.owners[station].station.signals
        self.settle(
            self.owners[station].take(
                Acquisition(
                    station=station,
                    window=Window(began_at=now, ended_at=now),
                    signals=frozenset(spec.name for spec in signals),
                    failure=reason,
                )
            )
        )

    def tick(self) -> None:
        """Let every watch look at the clock."""
        for owner in self.owners.values():
            self.settle(owner.tick(self.clock.now()))

    def settle(self, pending: Pending | None) -> RunRecord | None:
        """Commit a move, as the service does."""
        if pending is None:
            return None
        record = self.database.write_now(pending.command)
        pending.settle()
        return record

    def write(self, command: Callable[[UnitOfWork], T]) -> T:
        """Run any other command."""
        return self.database.write_now(command)


def _observation(signal: SignalName, told: Value | Reason) -> Observation:
    if isinstance(told, Reason):
        return Observation(signal=signal, reason=told)
    return Observation(signal=signal, value=told)


IDLE_SIGNALS: dict[str, Value | Reason] = {
    "part_present": False,
    "rejected": False,
    "accepted": False,
    "feed_held": False,
    "reject_code": 0,
    "part_code": "",
    "part_count": 1000,
}
"""What a station shows with no part in it."""
