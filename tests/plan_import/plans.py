"""Control plans that are made up as plants would: the same lines in ever other forms."""

import csv
import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

NUMBER, REVISION, DATED = "CP-204", "07", date(2026, 11, 13)

HEADERS: Final = {
    "process_number": ("Process Number", "过程编号", "AFO", "Part/\nProcess\nNumber", "过程编号 Process No."),
    "process_name": ("Process Name/\nOperation\nDescription", "过程名称", "Arbeitsgang", "Process description", "过程名称 Process name"),
    "characteristic_number": ("No.", "编号", "Merkmal Nr.", "Characteristic No."),
    "process": ("Process characteristic", "过程特性", "Prozessmerkmal"),
    "special": ("Special Char. Class", "特殊特性", "BM", "Class"),
    "size": ("Sample size", "样本容量", "Umfang", "容量"),
    "frequency": ("Frequency", "频率", "Häufigkeit", "Freq.", "频率\nFrequency"),
    "control_method": ("Control Method", "控制方法", "Methods of control"),
    "device": ("Device ID", "防错装置编号", "Poka-Yoke device", "防错装置"),
    "parts": ("Challenge part(s)", "红兔子（挑战件）", "Red rabbits", "挑战件"),
    "pfmea": ("PFMEA line / rev", "PFMEA项次", "PFMEA"),
    "owner": ("Responsibility", "责任人", "Owner"),
    "reaction": ("Reaction Plan", "反应计划", "Reaktionsplan"),
}  # fmt: skip
UNKNOWN = ("Remarks 备注 x", "Station layout", "Rack", "库位", "SPC Cpk")
FREQUENCIES: Final[dict[str, tuple[str, ...]]] = {
    "start": ("1/shift", "每班一次", "1x pro Schicht", "Start of each shift", "每班首件"),
    "start and end": ("start and end of shift", "首末件", "Schichtbeginn, Schichtende"),
    "weekly": ("weekly on Monday at 06:00",),
    "two hours": ("every 2 h", "2 hrs", "每2小时", "alle 2 Std."),
    "parts": ("every 500 pcs", "每500件", "1/500"),
    "changeover": ("each shift; after changeover", "每班一次；换型后", "1/shift\nafter changeover"),
    "all": ("100%", "连续", "each piece"),
}
LABELS: Final = {
    "number": ("Control Plan Number:", "控制计划编号：", "PLP-Nr.:"),
    "revision": ("Rev.:", "版本：", "Änderungsstand:"),
    "date": ("Revision date:", "修订日期：", "Date (rev):"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it is meant."""

    process: int
    name: str
    number: int
    about: str
    often: str
    device: str = ""
    parts: tuple[str, ...] = ()
    reaction: tuple[str, ...] = ("Stop", "call the shift leader")


LINES: Final = (
    Line(process=20, name="Torque 拧紧", number=1, about="Torque", often="all"),
    Line(process=20, name="Torque 拧紧", number=2, about="Lock-out works", often="start", device="line1-op20-torque", parts=("GM-0001", "RR-0001", "RR-0002")),
    Line(process=30, name="Camera 相机", number=1, about="Seal", often="all"),
    Line(process=30, name="Camera 相机", number=2, about="Camera sees the seal", often="changeover", device="line1-op30-camera", parts=("GM-0002", "RR-0003")),
    Line(process=40, name="Leak 气密", number=1, about="Leak rate", often="two hours"),
    Line(process=40, name="Leak 气密", number=2, about="Tester sees the leak", often="parts", device="line1-op40-leak", parts=("GM-0003", "RR-0005")),
    Line(process=50, name="Label 贴标", number=1, about="Scanner sees a wrong label", often="weekly", device="line1-op50-scanner", parts=("GM-0004", "RR-0007")),
    Line(process=60, name="Weld 焊接", number=1, about="Sensor sees a missing nut", often="start and end", device="line1-op60-nut", parts=("GM-0005", "RR-0008")),
)  # fmt: skip


@dataclass(slots=True)
class Made:
    """A file in the making."""

    chance: random.Random
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)

    def put(self, row: int, column: int, value: object) -> None:
        if value not in ("", None):
            self.cells[row, column] = value

    def some(self, p: float = 0.5) -> bool:
        return self.chance.random() < p


def make(folder: Path, seed: int) -> Path:
    """Write the plan in one of its forms, and return the file."""
    made = Made(random.Random(seed))
    chance = made.chance
    form = chance.choice(("xlsx", "xlsx", "xlsx", "csv", "gb18030.csv", "semicolons.csv"))
    row = _head(made, chance.randint(1, 4), typed=form == "xlsx")
    columns = _order(made)
    row = _header(made, row + chance.randint(1, 3), columns)
    _lines(made, row, columns, merges=form == "xlsx")
    path = folder / f"plan_{seed}.{form.rpartition('.')[2]}"
    if form == "xlsx":
        _write_xlsx(made, path)
    else:
        _write_csv(made, path, form)
    return path


def _head(made: Made, row: int, *, typed: bool) -> int:
    made.put(
        row, 1, made.chance.choice(("CONTROL PLAN", "控 制 计 划", "Produktionslenkungsplan (PLP)"))
    )
    said = [
        ("number", _wide(made, NUMBER)),
        ("revision", REVISION),
        ("date", _date(made, typed=typed)),
    ]
    if made.some():
        made.chance.shuffle(said)
    row += 1
    column = 1
    for name, value in said:
        label = made.chance.choice(LABELS[name])
        if made.some(0.3) and isinstance(value, str):
            made.put(row, column, f"{label} {value}")
        else:
            made.put(row, column, label)
            made.put(row, column + made.chance.randint(1, 2), value)
        if made.some():
            column += 4
        else:
            row, column = row + 1, 1
    return row


def _date(made: Made, *, typed: bool) -> object:
    if typed and made.some():
        return datetime.combine(DATED, time())
    return made.chance.choice(
        ("2026-11-13", "2026/11/13", "2026年11月13日", "13.11.2026", "11/13/2026", "13/11/2026")
    )


def _order(made: Made) -> list[str]:
    columns = list(HEADERS)
    if made.some(0.4):
        tail = columns[3:]
        made.chance.shuffle(tail)
        columns = [*columns[:3], *tail]
    for _ in range(made.chance.randint(0, 2)):
        columns.insert(made.chance.randint(3, len(columns)), "")
    return columns


def _header(made: Made, row: int, columns: Sequence[str]) -> int:
    language = made.chance.randrange(3)
    doubled = made.chance.choice(columns) if made.some(0.1) else None
    blank = made.chance.choice(columns) if made.some(0.05) else None
    for column, name in enumerate(columns, 1):
        if name == blank:
            continue  # a column that somebody forgot to head
        if name == "" and doubled:
            name = doubled  # noqa: PLW2901  headed like another one, and holding something else
        forms = HEADERS.get(name, UNKNOWN)
        words = (
            forms[language]
            if made.some(0.6) and language < len(forms)
            else made.chance.choice(forms)
        )
        if made.some(0.15):
            words = _misspelt(made, words)
        made.put(row, column, words)
    return row


def _misspelt(made: Made, words: str) -> str:
    """Drop, double or swap a letter in the middle of a long word, as people do."""
    at = [n for n, letter in enumerate(words) if letter.isascii() and letter.isalpha()]
    if len(at) < 8:
        return words
    n = made.chance.choice(at[2:-2])
    change: Callable[[], str] = made.chance.choice(
        (
            lambda: words[:n] + words[n + 1 :],
            lambda: words[:n] + words[n] + words[n:],
            lambda: words[:n] + words[n + 1 : n + 2] + words[n] + words[n + 2 :],
        )
    )
    return change()


def _lines(made: Made, header: int, columns: Sequence[str], *, merges: bool) -> None:
    row = header
    above: Line | None = None
    as_above = made.chance.choice(("said", "blank", "merged" if merges else "blank"))
    begun = header + 1
    for line in LINES:
        row += 1
        if made.some(0.1):
            row += 1  # an empty row
        if above is not None and line.process == above.process and made.some(0.05):
            for column, name in enumerate(columns, 1):
                made.put(row, column, made.cells.get((header, column)) if name in HEADERS else "")
            row += 1
        same = above is not None and above.process == line.process
        for column, name in enumerate(columns, 1):
            shown = name in {"process_number", "process_name"} and same and as_above != "said"
            made.put(row, column, "" if shown else _value(made, line, name))
        if not same:
            begun = row
        elif as_above == "merged" and row == begun + 1:
            made.merges += [(begun, column, row, column) for column in (1, 2)]
        above = line
    if made.some(0.7):
        made.put(
            row + made.chance.randint(1, 3),
            1,
            made.chance.choice(
                ("Notes: 1/shift = at shift start", "备注：频率按开班计", "编制： 审核： 批准：")
            ),
        )


def _value(made: Made, line: Line, name: str) -> object:
    match name:
        case "process_number":
            return line.process if made.some(0.7) else str(line.process)
        case "process_name":
            return line.name
        case "characteristic_number":
            return line.number if made.some() else str(line.number)
        case "process":
            return line.about
        case "size":
            return made.chance.choice(("100%", "")) if not line.device else str(len(line.parts))
        case "frequency":
            return _wide(made, made.chance.choice(FREQUENCIES[line.often]))
        case "device":
            return line.device
        case "parts":
            return _wide(made, made.chance.choice((", ", "; ", "、", "\n", " ")).join(line.parts))
        case "reaction":
            return made.chance.choice(("; ", "；", "\n")).join(line.reaction)
        case "":
            return made.chance.choice(("", "A1", "1", "see QF-118", "weekly", "RR-9999"))
        case "special":
            return made.chance.choice(("CC", "SC", ""))
        case _:
            return ""


def _wide(made: Made, text: str) -> str:
    """Return a text as a Chinese input method may write it."""
    if not made.some(0.1):
        return text
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


def _write_xlsx(made: Made, path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for (row, column), value in made.cells.items():
        sheet.cell(row, column, value)
    for top, left, bottom, right in made.merges:
        sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    if made.some(0.3):
        other = book.create_sheet("历史 History")
        other["A1"] = "Rev"
    book.save(path)


def _write_csv(made: Made, path: Path, form: str) -> None:
    rows = max(row for row, _ in made.cells)
    columns = max(column for _, column in made.cells)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";" if form.startswith("semi") else ",")
    for row in range(1, rows + 1):
        writer.writerow([made.cells.get((row, column), "") for column in range(1, columns + 1)])
    encoding = "gb18030" if form.startswith("gb") else "utf-8-sig"
    path.write_bytes(text.getvalue().encode(encoding))
