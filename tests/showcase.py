"""A rich plant for page tests and screenshots: four lines, twenty devices, live readings."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from redrabbit.base.clock import SteadyClock
from redrabbit.domain.challenge_part import Category, ChallengePart
from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.customer_minimum import CustomerMinimum, Least, Unit
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
from redrabbit.domain.plant import Line, NotificationTarget, Plant, TargetKind
from redrabbit.domain.rule import AllOf, Below, DetectionRule, OnSilence, Rises
from redrabbit.domain.schedule import Daily, EveryShiftStart, ScheduleRule
from redrabbit.domain.shift_calendar import Shift, ShiftCalendar
from redrabbit.domain.signals import Encoding, ModbusAddress, Resets, SignalSpec, Table
from redrabbit.domain.special_characteristic import SpecialCharacteristic
from redrabbit.domain.station import Device, DeviceKind, ModbusLink, Station
from redrabbit.domain.text import Text

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 6, 5, 20, tzinfo=UTC)
"""14:05:20 at the plant."""
ALL_WEEK = tuple(range(7))

LINES = {
    "line1": ("Line 1 Brake caliper", "1线 制动卡钳"),
    "line2": ("Line 2 Seat frame", "2线 座椅骨架"),
    "line3": ("Line 3 ECU housing", "3线 控制器壳体"),
    "line4": ("Line 4 Harness", "4线 线束"),
}
DEVICES = [
    ("line1", "OP20", "Low torque lockout", "扭矩过低锁止"),
    ("line1", "OP30", "Piston seal camera", "活塞密封视觉"),
    ("line1", "OP40", "Leak tester", "气密检测"),
    ("line1", "OP50", "Label interlock", "标签联锁"),
    ("line1", "OP60", "End-of-line test", "下线检测"),
    ("line2", "OP10", "Weld nut presence", "焊接螺母有无"),
    ("line2", "OP20", "Recliner torque", "调角器扭矩"),
    ("line2", "OP30", "Airbag connector", "气囊插接检测"),
    ("line2", "OP40", "Bolt count", "螺栓计数"),
    ("line2", "OP50", "Noise test", "异响测试"),
    ("line3", "OP10", "Gasket camera", "密封垫视觉"),
    ("line3", "OP20", "Hi-pot tester", "耐压测试"),
    ("line3", "OP30", "Screw torque x6", "螺钉扭矩"),
    ("line3", "OP40", "Flash check", "程序校验"),
    ("line3", "OP50", "Laser mark reader", "激光码读取"),
    ("line4", "OP10", "Crimp force", "压接力监控"),
    ("line4", "OP20", "Continuity board", "导通台"),
    ("line4", "OP30", "Clip presence", "卡扣有无"),
    ("line4", "OP40", "Colour order", "线序视觉"),
    ("line4", "OP50", "Final visual", "终检目视"),
]
REACTION = (
    Text(en="Stop the line and tell the team leader.", zh="停线并通知班组长。"),
    Text(
        en="Hold every part made since the last good check.", zh="扣留上次合格验证以来的全部零件。"
    ),
    Text(en="Find out why the device is blind, and repair it.", zh="查明装置失效原因并修复。"),
    Text(en="Sort the held parts with the hand gauge.", zh="用手工检具分选被扣零件。"),
)


class ShowcaseClock:
    """Runs like a real clock, and can be set forward, so that a past can be told."""

    def __init__(self, start: datetime) -> None:
        self._steady = SteadyClock()
        self._offset = start - self._steady.now()

    def now(self) -> datetime:
        return self._steady.now() + self._offset

    def jump(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def steady_s(self) -> float:
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        await self._steady.sleep(seconds)

    async def sleep_until(self, instant: datetime) -> None:
        await self.sleep((instant - self.now()).total_seconds())

    def drift(self) -> timedelta:
        return timedelta(0)

    def reanchor(self) -> timedelta:
        return timedelta(0)

    def is_synchronised(self) -> bool:
        return False


def _signal(
    name: str, en: str, zh: str, encoding: Encoding = Encoding.UINT16, unit: str | None = None
) -> SignalSpec:
    table = Table.COIL if encoding is Encoding.BOOL else Table.HOLDING_REGISTER
    return SignalSpec(
        name=SignalName(name),
        address=ModbusAddress(table=table, address=0, encoding=encoding),
        unit=unit,
        label=Text(en=en, zh=zh),
    )


SIGNALS = (
    _signal("part_present", "part present", "有件", Encoding.BOOL),
    _signal("nok", "NOK", "不合格", Encoding.BOOL),
    _signal("ok", "OK", "合格", Encoding.BOOL),
    _signal("reject_code", "reject code", "剔除代码"),
    _signal("torque", "torque", "扭矩", Encoding.FLOAT32, "N·m"),
    replace(_signal("part_count", "parts made", "生产计数", Encoding.UINT32), resets=Resets.NEVER),
)
READS_CODES = "line2-op20"
"""The station that reads the code of each part, and so sees one that is shown again (L10)."""
PART_CODE = _signal("part_code", "part code", "零件码", Encoding.STRING)

SCHEDULES: dict[str, ScheduleRule] = {
    "line1-op30": Daily(at=time(14, 11)),  # open at 14:05
    "line2-op10": EveryShiftStart(),  # verified before its shift began
    "line2-op40": Daily(at=time(13, 26)),  # overdue
    "line3-op20": Daily(at=time(10, 55)),  # lapsed
    "line4-op40": Daily(at=time(13, 57)),  # due
    "line4-op50": Daily(at=time(9, 5)),  # excused
}
"""All others are due in the evening."""


def device_id(line: str, operation: str) -> str:
    """Return the id of a showcase device, also of its station and check."""
    return f"{line}-{operation.lower()}"


def _station(line: str, operation: str, en: str, zh: str) -> Station:
    name = Text(en=en, zh=zh)
    code = device_id(line, operation)
    rule = DetectionRule(
        presented=None
        if operation == "OP50" or code == READS_CODES
        else Rises(signal=SignalName("part_present")),
        detected=AllOf(
            of=(Rises(signal=SignalName("nok")), Below(signal=SignalName("torque"), limit=8.0))
        ),
        accepted=Rises(signal=SignalName("ok")),
        within_s=4.0,
        on_silence=OnSilence.MISSED,
        reject_code=SignalName("reject_code"),
        reject_codes={FailureMode("torque_low"): 12},
        measured=SignalName("torque"),
        part_code=SignalName("part_code") if code == READS_CODES else None,
    )
    return Station(
        id=StationId(code),
        line=LineId(line),
        operation=operation,
        name=name,
        link=ModbusLink(
            endpoint=code,
            host="127.0.0.1",
            port=502,
            unit_id=1,
            poll_interval_s=0.1,
            timeout_s=0.3,
        ),
        signals=(*SIGNALS, PART_CODE) if code == READS_CODES else SIGNALS,
        devices=(
            Device(
                id=DeviceId(code),
                name=name,
                kind=DeviceKind.CANNOT_PASS,
                failure_modes=(FailureMode("torque_low"),),
                rule=rule,
            ),
        ),
        part_counter=SignalName("part_count"),
    )


def _parts() -> Iterable[ChallengePart]:
    for number, (line, operation, _, _) in enumerate(DEVICES, start=1):
        drawer = f"drawer {chr(64 + int(line[-1]))}{number % 5 + 1}"
        yield ChallengePart(
            id=PartId(f"RR-{number:04}"),
            kind=PartKindId(f"RR-{number:04}"),
            name=Text(en="Torque too low, 6.2 N·m", zh="扭矩过低 6.2 N·m"),
            category=Category.TORQUE,
            failure_mode=FailureMode("torque_low"),
            storage=drawer,
            valid_until=date(2026, 10, 31) if operation == "OP60" else date(2027, 3, 31),
            released=True,
            wear_limit_uses=500,
        )
        yield ChallengePart(
            id=PartId(f"GM-{number:04}"),
            kind=PartKindId(f"GM-{number:04}"),
            name=Text(en="Good master", zh="合格样件"),
            category=Category.TORQUE,
            failure_mode=None,
            storage=drawer,
            valid_until=date(2027, 3, 31),
            released=True,
        )


RECEIVERS = (
    NotificationTarget(
        name="andon",
        kind=TargetKind.MQTT,
        host="10.20.0.5",
        port=1883,
        topic="changchun2/redrabbit/events",
    ),
    NotificationTarget(
        name="quality-office",
        kind=TargetKind.WEBHOOK,
        url="https://office.plant.example/hooks/a-long-path-that-may-be-secret",
        events=frozenset({"missed", "false_reject", "lapsed"}),
        checkpoints=True,
    ),
)


def showcase_plant() -> Plant:
    """Return four lines with five stations each."""
    shifts = (
        Shift(name="early", weekdays=ALL_WEEK, starts_at=time(6), ends_at=time(14)),
        Shift(name="late", weekdays=ALL_WEEK, starts_at=time(14), ends_at=time(22)),
        Shift(name="night", weekdays=ALL_WEEK, starts_at=time(22), ends_at=time(6)),
    )
    calendar = ShiftCalendar(zone=ZONE, shifts=shifts)
    checks = tuple(
        Check(
            id=CheckId(device_id(line, operation)),
            plan_line=str(30 + number),
            pfmea=f"{12 + number % 3}.{number} rev C",
            line=LineId(line),
            station=StationId(device_id(line, operation)),
            device=DeviceId(device_id(line, operation)),
            parts=(PartId(f"RR-{number:04}"), PartId(f"GM-{number:04}")),
            schedule=SCHEDULES.get(device_id(line, operation), Daily(at=time(18))),
            opens_before=timedelta(minutes=30),
            grace=timedelta(minutes=20),
            closes_after=timedelta(hours=2),
            reaction=REACTION,
            special_characteristic=(None, "CC", "SC")[number % 3],
        )
        for number, (line, operation, _, _) in enumerate(DEVICES, start=1)
    )
    return Plant(
        name="Changchun 2",
        zone=ZONE,
        lines=tuple(
            Line(id=LineId(line), name=Text(en=en, zh=zh)) for line, (en, zh) in LINES.items()
        ),
        stations=tuple(_station(*device) for device in DEVICES),
        calendars={LineId(line): calendar for line in LINES},
        parts=tuple(_parts()),
        plan=ControlPlan(number="CP-204", revision="F", effective_from=None, checks=checks),
        special_characteristics=(
            SpecialCharacteristic(code="CC", name=Text(en="Critical", zh="关键特性")),
        ),
        minima=(
            CustomerMinimum(
                programme="h5",
                name=Text(en="Customer H, programme 5", zh="客户H 项目5"),
                lines=frozenset({"line1"}),
                special=frozenset({"CC"}),
                least=Least(unit=Unit.HOURS, amount=8),
                document="Q-12 rev 3",
                clause="4.2",
            ),
        ),
        failure_modes={"torque_low": Text(en="torque low", zh="扭矩过低")},
        targets=RECEIVERS,
        digest="a91f" * 16,
    )


def at(minutes: float) -> datetime:
    """Return the instant so many minutes before or after the showcase's now."""
    return NOW + timedelta(minutes=minutes)
