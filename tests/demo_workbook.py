"""The demo's control plan as a plant in Changchun keeps it: a bilingual form with merged headers, merged processes and notes.

    python -m tests.demo_workbook      writes simulators/scenarios/demo/control_plan.xlsx anew

The plan verifies in seconds what a plant verifies in shifts, so that the story of `story.py` can be told. What its people and machines do
meanwhile stands there; the lines below say when each check opens for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

FILE: Final = Path(__file__).parents[1] / "simulators" / "scenarios" / "demo" / "control_plan.xlsx"
WRITTEN_AT: Final = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)
EVERY: Final = "每60秒，昼夜\nevery 60 s, day and night"
WINDOW: Final = ("58 s", "20 s", "50 s")
HEAD: Final = (
    ("控制计划编号\nControl plan No.", "CP-204", "版本 Rev.", "F-demo", "修订日期 Date (Rev.)", "2026-11-01"),
    ("零件名称/描述\nPart name", "制动卡钳 / 座椅骨架\nbrake caliper / seat frame", "阶段 Phase", "□样件 □试生产 ☑量产", "主要联系人\nKey contact", "质量部 Quality"),
)  # fmt: skip
HEADER: Final = (
    ("过程编号\nProcess No.", (), 9),
    ("过程名称\nProcess name", (), 16),
    ("设备\nMachine", (), 14),
    ("特性\nCharacteristics", (("编号\nNo.", 6), ("产品\nProduct", 20), ("过程\nProcess", 22)), 0),
    ("特殊特性\nSpecial char.", (), 8),
    ("方法\nMethods", (("规范/公差\nSpecification/tolerance", 20), ("测量技术\nMeasurement technique", 18), ("容量\nSize", 7), ("频率\nFreq.", 20), ("控制方法\nControl method", 18)), 0),
    ("防错装置\nError proofing device", (), 20),
    ("挑战件\nChallenge parts", (), 12),
    ("验证时间\nWindow", (("可提前\nOpens before", 9), ("宽限\nGrace", 9), ("关闭时限\nCloses after", 9)), 0),
    ("反应计划\nReaction plan", (), 40),
    ("反应计划（英文）", (), 44),
    ("PFMEA项次\nPFMEA line", (), 12),
)  # fmt: skip
NOTES: Final = (
    "注: 1. 红兔子为已知缺陷的挑战件，先放合格样件。 Red rabbits are challenge parts with a known defect.",
    "2. CC: 关键特性 critical characteristic",
    "3. 演示用频率：以秒代替班次。 Frequencies of the demo: seconds in the place of shifts.",
    "编制 Prepared: 周敏    审核 Reviewed: 孙莉    批准 Approved: 李建国",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the form; an empty device means that no error-proofing device is verified in it."""

    number: str
    product: str = ""
    process: str = ""
    special: str = ""
    specification: str = ""
    technique: str = ""
    size: str = ""
    frequency: str = EVERY
    control: str = "防错验证 Error-proofing verification"
    device: str = ""
    parts: Sequence[str] = ()
    """In the order in which they are presented."""
    window: tuple[str, str, str] = WINDOW
    reaction: Sequence[str] = ()
    english: Sequence[str] = ()
    pfmea: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The lines of one process, whose first cells are merged over them."""

    number: str
    name: str
    machine: str
    lines: Sequence[Line]


TORQUE_STEPS: Final = (
    "停止本工位，呼叫维修。",
    "隔离自上次合格验证以来的全部卡钳。",
    "用校准扳手复检隔离件扭矩。",
    "重新开线前用挑战件再次验证。",
)
TORQUE_STEPS_EN: Final = (
    "Stop the station and call maintenance.",
    "Hold all calipers since the last good check.",
    "Re-torque the held parts with the calibrated wrench.",
    "Verify again with the challenge part before restart.",
)

PLAN: Final = (
    Operation(number="10", name="压装 OP10\nPressing", machine="压机 Press", lines=(
        Line(number="1", product="压装力 press force", specification="12...16 kN", technique="压机 press",
             size="100%", frequency="连续 continuous", control="过程监控 monitored by the press"),
        # The press starts with the good master, and its pin keeps it from starting with the rabbit.
        Line(number="3", process="防转销阻止左右装反\npin keeps the wrong side out", special="CC", device="line1-op10-pin",
             parts=("GM-0007", "RR-0011"), size="1+1", pfmea="11.2 rev C",
             reaction=("停止压机，呼叫维修；更换磨损的防转销。",),
             english=("Stop the press and call maintenance; change the worn pin.",)),
    )),
    Operation(number="20", name="拧紧 OP20\nTightening", machine="拧紧枪\nNutrunner", lines=(
        Line(number="1", product="扭矩 torque", special="CC", specification="28 ± 3 N·m", technique="拧紧枪 nutrunner",
             size="100%", frequency="每件 each piece", control="控制器 controller"),
        # Opens at 1 s: detected. Then the device goes blind.
        Line(number="4", process="扭矩偏低检出\ntorque too low is detected", special="CC", device="line1-op20-torque",
             parts=("RR-0001",), size="1", window=("59 s", "20 s", "50 s"), pfmea="12.4 rev C",
             reaction=TORQUE_STEPS, english=TORQUE_STEPS_EN),
        # Opens at 11 s: not detected.
        Line(number="5", process="扭矩偏低检出，第二次\nthe same once more", special="CC", device="line1-op20-torque",
             parts=("RR-0001",), size="1", window=("49 s", "20 s", "50 s"), pfmea="12.4 rev C",
             reaction=TORQUE_STEPS, english=TORQUE_STEPS_EN),
    )),
    Operation(number="30", name="密封圈检查 OP30\nSeal inspection", machine="相机 Camera", lines=(
        # A good master is accepted, then the rabbit is detected.
        Line(number="2", process="漏装密封圈检出\nmissing seal is detected", device="line1-op30-camera", parts=("GM-0002", "RR-0003"), size="1+1", pfmea="14.1 rev C",
             reaction=("检查相机焦距、光源和程序版本；再次验证。",),
             english=("Check camera focus, lighting and program version; verify again.",)),
    )),
    Operation(number="40", name="气密检测 OP40\nLeak test", machine="检测仪 Tester", lines=(
        # The link is lost while the part is in front of the device; later the check is run again.
        Line(number="1", process="泄漏检出\nleak is detected", special="CC", device="line1-op40-leak", parts=("RR-0005",),
             size="1", pfmea="17.3 rev C", reaction=("停止检测仪，检查密封件和气源压力。",),
             english=("Stop the tester and check its seals and supply pressure.",)),
        Line(number="2", product="外观 appearance", specification="无划伤 no scratches", technique="目视 visual",
             size="5件 5 pcs", frequency="每2小时\nevery 2 hrs", control="检查表 check sheet"),
    )),
    Operation(number="50", name="防尘帽检查 OP50\nDust cap", machine="相机 Camera", lines=(
        # A camera that has nothing but an NG lamp: dark for the good master, lit for the rabbit.
        Line(number="1", process="漏装防尘帽检出\nmissing dust cap is detected", device="line1-op50-camera", parts=("GM-0008", "RR-0012"), size="1+1", pfmea="18.2 rev C",
             reaction=("停止本工位；清洁镜头，检查光源和NG灯本身。",),
             english=("Stop the station; clean the lens, check lighting and the lamp itself.",)),
    )),
    Operation(number="110", name="焊接螺母 OP10\nWeld nut", machine="传感器 Sensor", lines=(
        # The station does not tell that a part is there: the operator taps.
        Line(number="2", process="漏焊螺母检出\nmissing weld nut is detected", device="line2-op10-nut-sensor", parts=("RR-0007",),
             size="1", pfmea="31.2 rev B", reaction=("停止本工位；检查传感器位置和线缆。",),
             english=("Stop the station; check sensor position and cable.",)),
        # Due at 13 s; its operator forgets it: overdue at 14.5 s, lapsed at 15.5 s. The next one, due at 26 s, is excused.
        Line(number="3", process="重新开线后\nthe same after a restart", device="line2-op10-nut-sensor", parts=("RR-0007",),
             size="1", frequency="每13秒，昼夜\nevery 13 s, day and night", window=("1 s", "1500 ms", "2500 ms"),
             pfmea="31.2 rev B", reaction=("停止本工位；检查传感器位置和线缆。",),
             english=("Stop the station; check sensor position and cable.",)),
    )),
    Operation(number="120", name="调角器拧紧 OP20\nRecliner", machine="拧紧枪\nNutrunner", lines=(
        # The controller rejects everything: the good master is falsely rejected.
        Line(number="1", process="扭矩偏低检出\ntorque too low is detected", special="CC", device="line2-op20-torque",
             parts=("GM-0005", "RR-0008"), size="1+1", pfmea="32.5 rev B",
             reaction=("检查传感器校准状态；再次验证。",),
             english=("Check the transducer's calibration; verify again.",)),
    )),
    Operation(number="130", name="滑轨检测 OP30\nSeat rail", machine="检测仪 Tester", lines=(
        # The operator taps the nest, and the tester tells the same.
        Line(number="2", process="锁止力不足检出\nweak latch is detected", device="line2-op30-latch", parts=("RR-0013",), size="1",
             pfmea="33.1 rev B", reaction=("停止检测仪；检查该夹具位的传感器和夹爪。",),
             english=("Stop the tester; check sensor and gripper of this nest.",)),
    )),
    Operation(number="140", name="头枕导套 OP40\nHeadrest guide", machine="相机 Camera", lines=(
        # The operator scans the pallet, and the reader at the station tells the same.
        Line(number="1", process="漏装导套检出\nmissing guide is detected", device="line2-op40-camera", parts=("GM-0010", "RR-0014"), size="1+1", pfmea="34.2 rev B",
             reaction=("停止本工位；检查相机焦距、光源和程序版本。",),
             english=("Stop the station; check camera focus, lighting and program version.",)),
    )),
    Operation(number="150", name="电检 OP50\nElectrical test", machine="检测仪 Tester", lines=(
        # The operator scans a wrong part first, which is refused; then all goes well.
        Line(number="3", process="座椅加热断路检出\nopen heater is detected", special="CC", device="line2-op50-electrical",
             parts=("GM-0006", "RR-0009"), size="1+1", pfmea="36.1 rev D",
             reaction=("停止检测仪；检查测试针和程序版本。",),
             english=("Stop the tester; check adapter pins and test program version.",)),
        Line(number="4", product="线束外观 harness", specification="无损伤 no damage", technique="目视 visual",
             size="3件 3 pcs", frequency="首末件\nfirst and last piece", control="检查表 check sheet"),
    )),
)  # fmt: skip


def workbook() -> Workbook:
    """Return the form, filled in."""
    book = Workbook()
    book.properties.created = book.properties.modified = WRITTEN_AT
    book.properties.creator = "质量部"
    sheet = book.worksheets[0]
    sheet.title = "控制计划"
    columns = _widths()
    _put_head(sheet, len(columns))
    row = _put_header(sheet, 5)
    for operation in PLAN:
        row = _put_operation(sheet, row, operation)
    for number, note in enumerate(NOTES, row + 1):
        sheet.cell(number, 1, note)
    for number, width in enumerate(columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A7"
    changes = book.create_sheet("更改记录 Changes")
    for number, cells in enumerate(
        (("版本", "日期", "更改内容"), ("F-demo", "2026-11-01", "演示版")), 1
    ):
        for column, text in enumerate(cells, 1):
            changes.cell(number, column, text)
    return book


def _widths() -> list[int]:
    return [
        width
        for _, below, own in HEADER
        for width in ([each for _, each in below] if below else [own])
    ]


def _put_head(sheet: "Worksheet", columns: int) -> None:
    title = sheet.cell(1, 1, "控制计划  CONTROL PLAN")
    title.font, title.alignment = Font(bold=True, size=16), Alignment(horizontal="center")
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=columns)
    for row, cells in enumerate(HEAD, 2):
        sheet.row_dimensions[row].height = 32
        for number, text in enumerate(cells):
            first = 1 + 3 * number
            cell = sheet.cell(row, first, text)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
            cell.font = Font(bold=number % 2 == 0)
            sheet.merge_cells(start_row=row, start_column=first, end_row=row, end_column=first + 2)


def _put_header(sheet: "Worksheet", top: int) -> int:
    """Write the two rows of the header; return the row below."""
    column = 1
    for text, below, _ in HEADER:
        _put(sheet, top, column, text, is_header=True)
        if below:
            last = column + len(below) - 1
            sheet.merge_cells(start_row=top, start_column=column, end_row=top, end_column=last)
            for number, (each, _) in enumerate(below, column):
                _put(sheet, top + 1, number, each, is_header=True)
            column = last + 1
        else:
            sheet.merge_cells(
                start_row=top, start_column=column, end_row=top + 1, end_column=column
            )
            column += 1
    return top + 2


def _put_operation(sheet: "Worksheet", row: int, operation: Operation) -> int:
    """Write the lines of a process; return the row below."""
    last = row + len(operation.lines) - 1
    for column, text in enumerate((operation.number, operation.name, operation.machine), 1):
        _put(sheet, row, column, text)
        if last > row:
            sheet.merge_cells(start_row=row, start_column=column, end_row=last, end_column=column)
    for number, line in enumerate(operation.lines, row):
        for column, text in enumerate(_cells(line), 4):
            _put(sheet, number, column, text)
    return last + 1


def _cells(line: Line) -> Iterator[str]:
    yield from (line.number, line.product, line.process, line.special, line.specification)
    yield from (line.technique, line.size, line.frequency, line.control, line.device)
    yield "\n".join(line.parts)
    yield from line.window if line.device else ("", "", "")
    yield from (_steps(line.reaction), _steps(line.english), line.pfmea)


def _steps(steps: Sequence[str]) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _put(sheet: "Worksheet", row: int, column: int, text: str, *, is_header: bool = False) -> None:
    cell = sheet.cell(row, column, text or None)
    cell.number_format = "@"
    side = Side(style="thin", color="808080")
    cell.border = Border(left=side, right=side, top=side, bottom=side)
    cell.alignment = Alignment(
        wrap_text=True, vertical="center", horizontal="center" if is_header else None
    )
    if is_header:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="D9E2F3")


if __name__ == "__main__":
    workbook().save(FILE)
