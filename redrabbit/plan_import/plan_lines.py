"""The lines of a plan's table: what is verified, with which parts, how often, and what then."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.special_characteristic import mark_of
from redrabbit.plan_import.cell_words import (
    DEVICE,
    class_of,
    how_many,
    mode_of,
    named_inside,
    one_line,
    pfmea_of,
    steps_of,
)
from redrabbit.plan_import.find_table import Table
from redrabbit.plan_import.finding import Findings, question_name
from redrabbit.plan_import.grid import Cell, Fault, plain
from redrabbit.plan_import.header_words import Column
from redrabbit.plan_import.line_terms import read_terms
from redrabbit.plan_import.meant import (
    Known,
    device_meant,
    frequency_meant,
    part_meant,
    symbol_said,
    yes_said,
)
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.trigger import Frequency, On

VERIFIES: Final = re.compile(
    r"poka[ -]?yoke|error[ -]?proof|防错|红兔子|red rabbit|rotes kaninchen|challenge part|挑战件|dispositivo a prueba de error"
)
"""A line that says so verifies an error-proofing device."""
MASTERS: Final = ("GM", "OK", "MASTER")
"""Part numbers of good masters begin so, as far as a file alone can tell."""
CARRIED: Final = (Column.PROCESS_NUMBER, Column.PROCESS_NAME, Column.MACHINE)
"""Columns in which an empty cell means *as above*."""
TEXTS: Final = (Column.PRODUCT, Column.PROCESS, Column.CHARACTERISTIC)
"""Columns whose words say what a line is about."""
_AS_ABOVE: Final = re.compile(r"同上|ditto|dto\.?|idem|s\.\s?o\.|[\"″〃”]+", re.IGNORECASE)
_ASKED_OF: Final = (
    Column.PROCESS_NUMBER,
    Column.CHARACTERISTIC_NUMBER,
    Column.DEVICE,
    Column.PARTS,
    Column.FREQUENCY,
)
"""Columns of which a cell that is struck through makes the row a question."""
_IDS: Final = (*_ASKED_OF[:-1], Column.GOOD_MASTER)
"""Columns whose cells are codes: a date there was made of one by the spreadsheet program."""

_NO_CLASS: Final = frozenset({"-", "\N{EN DASH}", "\N{EM DASH}", "/", "n/a", "none", "无"})
"""What stands in the cell of a line that is no special characteristic."""


def _symbol_asked(symbol: str, meant: str | None) -> Sentence:
    if meant is None:
        return sentence("which special characteristic does {symbol} stand for?", symbol=symbol)
    return sentence(
        "{symbol} is {meant}, by the note below the table: right?", symbol=symbol, meant=meant
    )


@dataclass(slots=True, kw_only=True)
class LineReader:
    """Reads the lines of one table."""

    table: Table
    findings: Findings
    devices: Mapping[str, tuple[Table, int]] = field(default_factory=dict)
    """Plan line → the row of a list of devices that names it."""
    legend: Mapping[str, str] = field(default_factory=dict)
    """Symbol → the class that it stands for."""
    known: Known = field(default_factory=Known)
    has_line_numbers: bool = True
    _symbols: set[tuple[str, bool]] = field(default_factory=set)
    """Symbols that were told of, and whether as an error."""

    def lines(self) -> Iterator[PlanLine]:
        """Yield the lines from top to bottom; hidden and struck ones are asked about, and not taken."""
        carried: dict[Column, str] = {}
        for row in self.table.rows:
            if self._is_asked_about(row):
                continue
            for column in CARRIED:
                said = self.table.text(row, column)
                if not said:
                    continue
                if column is Column.PROCESS_NUMBER and said != carried.get(column):
                    carried = {}  # another process: nothing of the one above holds for it
                carried[column] = said
            if not self._goes_on(row):
                yield self._line(row, carried)

    def _goes_on(self, row: int) -> bool:
        """Tell whether a row has no number of its own where lines have one, and say so: nobody knows to which line it belongs."""
        table = self.table
        if not self.has_line_numbers or Column.CHARACTERISTIC_NUMBER not in table.columns:
            return False
        if table.text(row, Column.CHARACTERISTIC_NUMBER) or self._own(row, Column.PROCESS_NUMBER):
            return False
        self.findings.error(
            "row_without_number",
            table.place(row, Column.CHARACTERISTIC_NUMBER),
            sentence(
                "row {row} has no number: if it goes on from the row above, write both as one row; else number it",
                row=row,
            ),
        )
        return True

    def _own(self, row: int, column: Column) -> bool:
        """Tell whether a cell begins in this row: it is not merged with one above."""
        cell = self._cell(row, column)
        return cell is not None and cell.row == row

    def _is_asked_about(self, row: int) -> bool:
        sheet = self.table.sheet
        own = sheet.own_row(row)
        is_hidden = row in sheet.hidden_rows
        asked = [self._cell(row, column) for column in _ASKED_OF]
        is_struck = (bool(own) and all(cell.is_struck for cell in own)) or any(
            cell is not None and cell.is_struck for cell in asked
        )
        if is_hidden:
            self.findings.question(
                "hidden_row",
                self.table.place(row),
                sentence("row {row} is hidden: take it, or leave it out?", row=row),
            )
        elif is_struck:
            self.findings.question(
                "struck_row",
                self.table.place(row),
                sentence(
                    "row {row} is struck through, or a part of it: take it, or leave it out?",
                    row=row,
                ),
            )
        return is_hidden or is_struck

    def _line(self, row: int, carried: Mapping[Column, str]) -> PlanLine:
        table = self.table
        self._refuse_faults(row)
        self._refuse_no_codes(row)
        number = self._number(row, carried)
        listed = self.devices.get(number or "")
        texts = [text for column in TEXTS if (text := table.text(row, column))]
        inside = None if listed else named_inside(texts)
        device = self._device(row, listed, inside)
        parts = self._parts(row, listed, inside)
        about = [*texts, table.text(row, Column.CONTROL_METHOD), table.text(row, Column.TECHNIQUE)]
        verifies = (
            device is not None
            or bool(parts)
            or VERIFIES.search(unicodedata.normalize("NFKC", " ".join(about)).lower()) is not None
        )
        frequency = self._frequency(row, verifies=verifies)
        reaction = steps_of(table.text(row, Column.REACTION))
        line = PlanLine(
            at=table.place(row),
            row=row,
            line=number,
            process=one_line(carried.get(Column.PROCESS_NAME, "")),
            device_text=one_line(carried.get(Column.MACHINE, "")),
            device=device,
            parts=parts,
            frequency_text=one_line(table.text(row, Column.FREQUENCY)),
            frequency=frequency,
            reaction=reaction,
            reaction_also=steps_of(table.text(row, Column.REACTION_ALSO)),
            characteristic=one_line(" ".join(texts)),
            special=self._special(row, verifies=verifies),
            pfmea=pfmea_of(self._listed(row, listed, Column.PFMEA)),
            size=one_line(table.text(row, Column.SIZE)) or frequency.size,
            owner=one_line(table.text(row, Column.OWNER)) or None,
            failure_mode=mode_of(self._listed(row, listed, Column.FAILURE_MODE)),
            terms=read_terms(
                table,
                row,
                self.findings,
                lambda column: self._listed(row, listed, column),
                verifies=verifies,
            ),
        )
        if verifies:
            self._judge(line)
        return line

    def _refuse_faults(self, row: int) -> None:
        for column in self.table.columns.values():
            cell = self.table.sheet.at(row, column)
            if cell is None or cell.fault is None:
                continue
            at = self.table.sheet.place(cell.row, cell.column)
            if cell.fault is Fault.NO_CACHED_VALUE:
                self.findings.error(
                    "formula_without_value",
                    at,
                    sentence(
                        "a formula whose result is not in the file; open it in the spreadsheet program and save it"
                    ),
                )
            else:
                self.findings.error(
                    "error_in_cell",
                    at,
                    sentence(
                        "{value}; the spreadsheet itself shows an error here", value=cell.text
                    ),
                )

    def _refuse_no_codes(self, row: int) -> None:
        for column in _IDS:
            cell = self._cell(row, column)
            if cell is not None and isinstance(cell.value, date):
                self.findings.error(
                    "date_in_code",
                    self.table.place(row, column),
                    sentence(
                        "the date {value} stands where a code is expected; format the cell as text, and write it again",
                        value=cell.text,
                    ),
                )
        for column in (Column.DEVICE, Column.PARTS, Column.FREQUENCY, Column.REACTION):
            text = self.table.text(row, column)
            if _AS_ABOVE.fullmatch(text):
                self.findings.error(
                    "as_above",
                    self.table.place(row, column),
                    sentence("{text!r}: write out what is meant", text=text),
                )

    def _number(self, row: int, carried: Mapping[Column, str]) -> str | None:
        if not self.has_line_numbers:
            return None
        table = self.table
        process = plain(carried.get(Column.PROCESS_NUMBER, ""))
        cell = self._cell(row, Column.PROCESS_NUMBER)
        if cell is not None and isinstance(cell.value, float) and not cell.value.is_integer():
            self.findings.note(
                "number_in_id",
                table.place(row, Column.PROCESS_NUMBER),
                sentence(
                    "{value} is a number here, not a text: if it is {value}0, format the cell as text",
                    value=cell.text,
                ),
            )
        characteristic = plain(table.text(row, Column.CHARACTERISTIC_NUMBER))
        if not process:
            return characteristic or None
        return f"{process}-{characteristic}" if characteristic else process

    def _cell(self, row: int, column: Column) -> Cell | None:
        where = self.table.columns.get(column)
        return None if where is None else self.table.sheet.at(row, where)

    def _listed(self, row: int, listed: tuple[Table, int] | None, column: Column) -> str:
        """Return what the line says in a column, or else its row of the list of devices."""
        own = self.table.text(row, column)
        return own or ("" if listed is None else listed[0].text(listed[1], column))

    def _device(
        self, row: int, listed: tuple[Table, int] | None, inside: tuple[str, list[str]] | None
    ) -> str | None:
        said = plain(self._listed(row, listed, Column.DEVICE))
        if len([word for word in re.split(r"[,;、\s]+", said) if DEVICE.fullmatch(word)]) > 1:
            self.findings.error(
                "several_devices",
                self.table.place(row, Column.DEVICE),
                sentence("{text!r} names several devices; write a line for each", text=said),
            )
        if said:
            return device_meant(
                said, self.table.place(row, Column.DEVICE), self.known, self.findings
            )
        if inside is None:
            return None
        column = next(each for each in TEXTS if self.table.text(row, each))
        at = self.table.place(row, column)
        self._ask_about_text(at, inside)
        return device_meant(inside[0], at, self.known, self.findings)

    def _ask_about_text(self, at: str, inside: tuple[str, list[str]]) -> None:
        words = sentence(
            "device {device} and parts {parts} were found in the text: are they meant?",
            device=inside[0],
            parts=", ".join(inside[1]),
        )
        name = question_name("named in text", " ".join([inside[0], *inside[1]]))
        if self.findings.answer(name, at, words, yes_said, "yes") is None:
            self.findings.question("device_in_text", at, words, name)

    def _parts(
        self, row: int, listed: tuple[Table, int] | None, inside: tuple[str, list[str]] | None
    ) -> tuple[str, ...]:
        found: list[str] = []
        for column in (Column.PARTS, Column.GOOD_MASTER):
            for word in re.split(r"[,;、/+\s]+", plain(self._listed(row, listed, column))):
                if not word:
                    continue
                part = part_meant(word, self.table.place(row, column), self.known, self.findings)
                if part is not None:
                    found.append(part)
        if not found and inside is not None:
            at = self.table.place(row, Column.PARTS)
            meant = (part_meant(word, at, self.known, self.findings) for word in inside[1])
            found = [part for part in meant if part is not None]
        return tuple(dict.fromkeys(found))

    def _frequency(self, row: int, *, verifies: bool) -> Frequency:
        table, text = self.table, self.table.text(row, Column.FREQUENCY)
        at = table.place(row, Column.FREQUENCY)
        if not text:
            if verifies:
                self.findings.error(
                    "frequency_missing",
                    at,
                    sentence("how often is the device verified? The cell is empty"),
                )
            return Frequency()
        frequency = frequency_meant(text, at, self.findings, verifies=verifies)
        if frequency is None:
            return Frequency()
        if verifies and not frequency.triggers:
            self.findings.error(
                "sampling_on_verification",
                at,
                sentence(
                    "{text!r} says how many parts are looked at; how often is the device itself verified?",
                    text=one_line(text),
                ),
            )
        return frequency

    def _special(self, row: int, *, verifies: bool) -> str | None:
        """Return the special characteristic of a row, empty for none; None where there is no column for it."""
        if Column.SPECIAL not in self.table.columns:
            return None
        said = self.table.text(row, Column.SPECIAL)
        text, declared = class_of(said), self.known.special
        if text is None or mark_of(text) in _NO_CLASS:
            return ""
        meant = self.legend.get(text)
        if declared:
            for mark in (said, text):
                if (code := declared.get(mark_of(mark))) is not None:
                    return code
            meant = None if meant is None else declared.get(mark_of(meant))
        elif re.search(r"[A-Za-z]", text):
            return text
        answered = self.findings.answer(
            question_name("symbol", text),
            self.table.place(row, Column.SPECIAL),
            _symbol_asked(text, meant),
            lambda words: symbol_said(words, declared),
            meant,
        )
        told = text, verifies and meant is None and declared is not None
        if answered is None and told not in self._symbols:
            self._symbols.add(told)
            self._say_symbol(row, text, meant, verifies=verifies)
        return answered or meant or text

    def _say_symbol(self, row: int, text: str, meant: str | None, *, verifies: bool) -> None:
        at, declared = self.table.place(row, Column.SPECIAL), self.known.special
        name, words = question_name("symbol", text), _symbol_asked(text, meant)
        if meant is not None:
            self.findings.question("legend", at, words, name)
        elif declared is None:
            self.findings.question("symbol_unknown", at, words, name)
        else:
            known = ", ".join(dict.fromkeys(declared.values()))
            unknown = sentence(
                "{mark!r} is no special characteristic of this plant, which has {known}; correct the cell, or name the mark in plant.yaml under special_characteristics",
                mark=text,
                known=known or "-",
            )
            if verifies:
                self.findings.error("special_unknown", at, unknown, name)
            else:
                self.findings.note("special_unknown", at, unknown)

    def _is_master(self, part: str) -> bool:
        if self.known.masters is not None:
            return part in self.known.masters
        return part.upper().startswith(MASTERS)

    def _judge(self, line: PlanLine) -> None:
        """Say what a line that verifies a device lacks."""
        table, found = self.table, self.findings
        if line.device is None:
            found.error(
                "device_missing",
                table.place(line.row, Column.DEVICE),
                sentence("error-proofing without a device: which device is verified here?"),
            )
        if not line.reaction:
            if Column.REACTION in table.columns:
                found.error(
                    "reaction_missing",
                    table.place(line.row, Column.REACTION),
                    sentence(
                        "what is done when the device does not detect the part? The reaction is empty"
                    ),
                )
            else:
                found.note(
                    "no_reaction",
                    line.at,
                    sentence("no reaction plan for {device}", device=line.device),
                )
        if line.reaction_also and len(line.reaction_also) != len(line.reaction):
            found.error(
                "reaction_differs",
                table.place(line.row, Column.REACTION_ALSO),
                sentence(
                    "the reaction has {n} steps, and {other} in the other language: write the same steps in both",
                    n=len(line.reaction),
                    other=len(line.reaction_also),
                ),
            )
        if not line.parts:
            found.error(
                "parts_missing",
                table.place(line.row, Column.PARTS),
                sentence("with which challenge parts is it verified? None is named"),
            )
        elif not any(self._is_master(part) for part in line.parts):
            found.note(
                "no_good_master",
                table.place(line.row, Column.PARTS),
                sentence(
                    "no good master among the parts: a device that rejects everything would pass (R05)"
                ),
            )
        if any(trigger.on is On.DEMAND for trigger in line.frequency.triggers):
            found.note(
                "no_obligation",
                table.place(line.row, Column.FREQUENCY),
                sentence(
                    "on demand it is never due: that fulfils no obligation (IATF 16949, 10.2.4)"
                ),
            )
        said = how_many(line.size or "")
        if said is not None and line.parts and said != len(line.parts):
            found.note(
                "size_differs",
                table.place(line.row, Column.SIZE),
                sentence("size {size}, and {n} parts are named", size=line.size, n=len(line.parts)),
            )
