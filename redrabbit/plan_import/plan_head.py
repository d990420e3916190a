"""What stands above the table: number, revision, dates, phase and part numbers of the plan."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from redrabbit.plan_import.dates import Dated, Order, order_of, read_date
from redrabbit.plan_import.grid import Cell, Sheet, key, plain, rows_of
from redrabbit.plan_import.header_words import LABELS, PHASES, Label

TICKED: Final = "☒☑■✓✔√●▣"
UNTICKED: Final = "☐□○"
_SIGNS: Final = TICKED + UNTICKED
FARTHEST: Final = 12
"""Columns to the right of a label in which its value may stand: real forms merge many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A value above the table, and where it stands."""

    text: str
    at: str
    value: object


@dataclass(slots=True, kw_only=True)
class PlanHead:
    """What a sheet says of its plan."""

    said: dict[Label, Said] = field(default_factory=dict)
    others: list[tuple[Label, Said]] = field(default_factory=list)
    """What is said of the same label once more, and otherwise."""
    phase: str | None = None
    order: Order | None = None

    @property
    def number(self) -> str | None:
        """The plan's number, as it is compared."""
        said = self.said.get(Label.NUMBER)
        return None if said is None else plain(said.text)

    @property
    def revision(self) -> str | None:
        """Its revision, as text: a zero in front stays."""
        said = self.said.get(Label.REVISION)
        return None if said is None else plain(said.text)

    def date(self, label: Label) -> Dated | None:
        """Return the date that stands beside a label."""
        said = self.said.get(label)
        if said is None:
            return None
        return read_date(said.value, self.order) or read_date(said.text, self.order)

    @property
    def part_numbers(self) -> tuple[str, ...]:
        """The parts that are made by it, without their change level."""
        return tuple(number for number, _ in self._parts())

    @property
    def change_levels(self) -> tuple[str, ...]:
        """The change levels of those parts, each once."""
        return tuple(dict.fromkeys(level for _, level in self._parts() if level))

    def _parts(self) -> Iterator[tuple[str, str]]:
        said = self.said.get(Label.PART_NUMBERS)
        if said is None:
            return
        for each in re.split(r"[,;、\n]", unicodedata.normalize("NFKC", said.text)):
            number, _, level = " ".join(each.split()).partition("/")
            if number.strip():
                yield number.strip(), level.strip()


def read_head(sheet: Sheet, above: int) -> PlanHead:
    """Return what the rows above a row say."""
    head = PlanHead()
    rows = [row for row in rows_of(sheet) if row < above]
    cells = [cell for row in rows for cell in sheet.own_row(row)]
    head.order = order_of(cell.text for cell in cells)
    for cell in cells:
        for label, said in _said(sheet, cell):
            if not said.text or label is Label.OTHER:
                continue
            if label not in head.said:
                head.said[label] = said
            elif plain(said.text) != plain(head.said[label].text):
                head.others.append((label, said))
    said_phase = head.said.get(Label.PHASE)
    texts = [cell.text for cell in cells]
    if any(sign in text for text in texts for sign in _SIGNS):
        head.phase = _ticked_phase(texts)
    elif said_phase is not None:
        head.phase = _phase_of(said_phase.text)
    else:
        head.phase = _ticked_phase(texts)
    return head


@lru_cache(maxsize=1)
def _labels() -> dict[str, Label]:
    return {key(word): label for label, words in LABELS.items() for word in words.split("|")}


def _label(text: str) -> Label | None:
    """Return what a text is the label of; it may stand there in two languages."""
    flat = unicodedata.normalize("NFKC", text)
    parts = [flat, *flat.splitlines(), *re.findall(r"[\u3400-\u9fff/]+", flat)]
    return next((found for part in parts if (found := _labels().get(key(part)))), None)


def _said(sheet: Sheet, cell: Cell) -> Iterator[tuple[Label, Said]]:
    text = unicodedata.normalize("NFKC", cell.text).strip()
    pairs = _pairs(text)
    if pairs:
        for label, value in pairs:
            yield label, Said(text=value, at=sheet.place(cell.row, cell.column), value=value)
        return
    alone = _label(text.rstrip(" :-"))
    beside = None if alone is None else _beside(sheet, cell)
    if alone is not None and beside is not None:
        at = sheet.place(beside.row, beside.column)
        yield alone, Said(text=beside.text.strip(), at=at, value=beside.value)


def _pairs(text: str) -> list[tuple[Label, str]]:
    """Return the labels of a text with their values: `Control plan no.: CP-1  Rev. F` has two."""
    if not re.search(r":\s*-?\s*\S", text):
        return []
    words = re.split(r"(\s+|:-?)", text)
    found: list[tuple[Label, int, int]] = []  # label, where it begins, where its value begins
    n = 0
    while n < len(words):
        match = _longest_label(words, n)
        if match is None:
            n += 1
            continue
        label, end = match
        found.append((label, n, end))
        n = end
    pairs = []
    for number, (label, _, begin) in enumerate(found):
        end = found[number + 1][1] if number + 1 < len(found) else len(words)
        pairs.append((label, "".join(words[begin:end]).strip(" :-")))
    if not found or found[0][1] != 0 or not any(":" in word for word in words[: found[0][2] + 1]):
        return []
    return pairs


def _longest_label(words: list[str], n: int) -> tuple[Label, int] | None:
    for end in range(min(len(words), n + 16), n, -1):
        text = "".join(words[n:end])
        if text != text.strip(" :-") or not text:
            continue
        label = _labels().get(key(text))
        is_label = label is not None and (
            any(":" in word for word in words[end : end + 2]) or (n > 0 and len(key(text)) > 1)
        )
        if is_label and label is not None:
            return label, end
    return None


def _beside(sheet: Sheet, cell: Cell) -> Cell | None:
    """Return the value to the right of a label, or of a cell to its left as some forms have it; another label is none."""
    column = cell.column
    seen = 0
    while seen < FARTHEST and column < sheet.last_column:
        column += 1
        found = sheet.cells.get((cell.row, column))
        if found is None or found.text.strip() in {"", ":", "：", ":-"}:
            seen += 1
            continue
        is_other = _label(found.text.strip().rstrip(" :：-")) is not None or _pairs(found.text)
        is_page = re.match(r"page\b|第\s*\d+\s*页|页码|seite\b", found.text.strip().lower())
        return None if is_other or is_page or found.fault is not None else found
    return None


def _phase_of(text: str) -> str | None:
    """Return the phase that a text names; the longest wording counts."""
    flat = unicodedata.normalize("NFKC", text).lower()
    found = [
        (len(match[0]), phase)
        for phase, words in PHASES.items()
        for match in re.finditer(words, flat)
    ]
    return max(found)[1] if found else None


def _ticked_phase(texts: list[str]) -> str | None:
    """Return the phase whose box is ticked; None where it can't be told.

    An X may tick a box or cross it out: beside a √ it crosses out, alone among several it ticks.
    """
    marks: dict[str, str] = {}
    for text in texts:
        flat = unicodedata.normalize("NFKC", text)
        for before, words in re.findall(rf"([{_SIGNS}])\s*([^{_SIGNS}:]+)", flat):
            phase = _phase_of(words)
            if phase is not None:
                marks[phase] = before
        label, colon, sign = flat.rpartition(":")
        phase = _phase_of(label) if colon and re.fullmatch(r"\s*[xX√✓✔]?\s*", sign) else None
        if phase is not None and sign.strip():
            marks[phase] = sign.strip()
    ticked = [phase for phase, mark in marks.items() if mark in TICKED]
    if not ticked:
        ticked = [phase for phase, mark in marks.items() if mark in "xX"]
    return ticked[0] if len(ticked) == 1 else None
