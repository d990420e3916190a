"""People from a table (R19): one person a row, with number, language, roles, lines, dates and badge.

name | 姓名                     who it is
employee_number | 工号          theirs alone; by it a person is known again
language | 语言                 en, zh, or 中文
roles | 角色                    separated by | or 、, as words of the code or in Chinese
lines | 产线                    ids or names separated by | or 、; all lines where empty
until | 有效期至                 the last day of the roles
expires | 账号终止               the last day of the account
badge | 工牌                    the badge's code, as a text
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, TypeVar

from redrabbit.base.sentence import sentence
from redrabbit.config.problem import Problems, SourcePosition, nearest, one_of
from redrabbit.config.sheet import Cell, Row
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.plant import Line
from redrabbit.domain.role import Role
from redrabbit.domain.text import (
    MOST_CODE_CHARACTERS,
    MOST_NAME_CHARACTERS,
    TextProblem,
    clean_text,
    compared_name,
)
from redrabbit.services.importing_people import PersonRow

T = TypeVar("T")

COLUMNS: Final[Mapping[str, str]] = {
    "name": "姓名",
    "employee_number": "工号",
    "language": "语言",
    "roles": "角色",
    "lines": "产线",
    "until": "有效期至",
    "expires": "账号终止",
    "badge": "工牌",
}
SPELLINGS: Final[Mapping[str, str]] = {
    "工牌号": "badge",
    "工卡": "badge",
    "员工号": "employee_number",
    "人员姓名": "name",
}
"""Other words of a header that can mean one thing only."""
LANGUAGES: Final[Mapping[str, PersonLanguage]] = {
    "en": PersonLanguage.EN,
    "english": PersonLanguage.EN,
    "zh": PersonLanguage.ZH,
    "中文": PersonLanguage.ZH,
}
ROLES: Final[Mapping[str, Role]] = {
    **{role.value: role for role in Role if role is not Role.SERVICE},
    "操作工": Role.OPERATOR,
    "班组长": Role.SHIFT_LEADER,
    "维修人员": Role.MAINTENANCE,
    "工艺工程师": Role.PROCESS_ENGINEER,
    "样件管理员": Role.PARTS_KEEPER,
    "质量工程师": Role.QUALITY_ENGINEER,
    "审核员": Role.AUDITOR,
    "管理员": Role.ADMINISTRATOR,
}
_SEPARATORS: Final = re.compile("[|\uff5c、;；]")
_DAY: Final = re.compile("([0-9]{4})([-/.年])([0-9]{1,2})([-/.月])([0-9]{1,2})日?")
"""Year, month, day, in the one order that nobody reads otherwise."""


def words_of_lines(lines: Iterable[Line]) -> dict[str, str]:
    """Return what stands for a line in a table, its id or a name that no other one has, with the id."""
    known = tuple(lines)
    names = [(name, line.id) for line in known for name in {line.name.en, line.name.zh} if name]
    held = Counter(name for name, _ in names)
    alone = {name: str(line) for name, line in names if held[name] == 1}
    return {**alone, **{str(line.id): str(line.id) for line in known}}


def read_people(
    rows: list[Row], file: str, lines: Mapping[str, str], problems: Problems
) -> tuple[PersonRow, ...]:
    """Return the people of a table, after noting all that is wrong with it, cell by cell.

    `lines` has what may stand for a line, with its id (`words_of_lines`).
    """
    if not rows:
        problems.add(
            SourcePosition(file),
            sentence("an empty table"),
            sentence("a header with {columns}", columns=", ".join(COLUMNS)),
        )
        return ()
    columns = _columns(rows[0], file, problems)
    if columns is None:
        return ()
    zeros = _begin_with_zero(rows[1:], columns.get("employee_number"))
    read = [
        _Reader(row, columns, file, lines, problems, has_zeros=zeros).person() for row in rows[1:]
    ]
    people = tuple(person for person in read if person is not None)
    if not rows[1:]:
        problems.add(
            SourcePosition(file, 2),
            sentence("no rows below the header"),
            sentence("a row for each person"),
        )
    for what in ("employee_number", "badge"):
        _refuse_twice(people, what, file, problems)
    return people


def _columns(header: Row, file: str, problems: Problems) -> Mapping[str, int] | None:
    """Return which column is where, from 0; None where the header can't be used."""
    before = len(problems.found)
    said = {**{name: name for name in COLUMNS}, **{zh: name for name, zh in COLUMNS.items()}}
    by_word = {**said, **SPELLINGS}
    found: dict[str, int] = {}
    for column, cell in enumerate(header.cells):
        word = written(cell)
        place = SourcePosition(file, header.number, column + 1)
        name = by_word.get("_".join(word.lower().split()))
        if not word:
            continue
        if name is None:
            problems.add(
                place,
                sentence("unknown column {name!r}", name=word),
                one_of(said),
                _of_separator(header, word) or nearest(word, said),
            )
        elif name in found:
            problems.add(
                place,
                sentence("the column {name!r} a second time", name=name),
                sentence("each column once"),
            )
        else:
            found[name] = column
    if "name" not in found:
        problems.add(
            SourcePosition(file, header.number),
            sentence("no column {name!r}", name="name"),
            "name, 姓名",
        )
    return found if len(problems.found) == before else None


def _of_separator(header: Row, word: str) -> str | None:
    """Return what to do where a whole header came as one cell: the file separates its columns otherwise."""
    if len(header.cells) > 1 or not any(mark in word for mark in (";", "\t")):
        return None
    return sentence("the columns of a CSV are separated by commas: save it so, or as XLSX")


def _refuse_twice(people: tuple[PersonRow, ...], what: str, file: str, problems: Problems) -> None:
    seen: dict[str, int] = {}
    for person in people:
        value = getattr(person, what)
        if value is None:
            continue
        if what == "employee_number":
            value = compared_name(value)  # as it is compared with those that are known
        if value in seen:
            found = sentence("{column} a second time", column=what)
            place = SourcePosition(file, person.row)
            first = sentence("the first stands in row {row}", row=seen[value])
            problems.add(place, found, sentence("each once"), first)
        seen.setdefault(value, person.row)


def _begin_with_zero(rows: list[Row], column: int | None) -> bool:
    """Tell whether a column has texts with a zero in front: there a number has lost its own."""
    cells = [row.cells[column] for row in rows if column is not None and column < len(row.cells)]
    return any(isinstance(cell, str) and cell.strip().startswith("0") for cell in cells)


class _Reader:
    """Reads one row."""

    def __init__(
        self,
        row: Row,
        columns: Mapping[str, int],
        file: str,
        lines: Mapping[str, str],
        problems: Problems,
        *,
        has_zeros: bool,
    ) -> None:
        self._row, self._columns, self._file = row, columns, file
        self._lines, self._problems, self._has_zeros = lines, problems, has_zeros

    def person(self) -> PersonRow | None:
        """Return what the row says; None after noting what is wrong with it."""
        before = len(self._problems.found)
        name = self._text("name", MOST_NAME_CHARACTERS)
        if name is None and len(self._problems.found) == before:
            self._refuse("name", sentence("a row without a name"), sentence("the person's name"))
        person = PersonRow(
            row=self._row.number,
            columns={column: place + 1 for column, place in self._columns.items()},
            name=name or "",
            employee_number=self._code(
                "employee_number", MOST_NAME_CHARACTERS, takes_numbers=not self._has_zeros
            ),
            language=self._word("language", LANGUAGES),
            roles=self._words("roles", ROLES),
            lines=self._words("lines", self._lines),
            until=self._date("until"),
            expires=self._date("expires"),
            badge=self._code("badge", MOST_CODE_CHARACTERS),
        )
        return person if len(self._problems.found) == before else None

    def _cell(self, column: str) -> Cell:
        place = self._columns.get(column)
        cells = self._row.cells
        return "" if place is None or place >= len(cells) else cells[place]

    def _place(self, column: str) -> SourcePosition:
        return SourcePosition(self._file, self._row.number, self._columns.get(column, 0) + 1)

    def _refuse(self, column: str, found: str, expected: str, hint: str | None = None) -> None:
        self._problems.add(self._place(column), found, expected, hint)

    def _text(self, column: str, most: int) -> str | None:
        said = written(self._cell(column))
        if not said:
            return None
        cleaned = clean_text(said, most)
        if isinstance(cleaned, TextProblem):
            self._refuse(
                column,
                sentence(
                    "found {word!r}, a text that is not taken ({code})",
                    word=said[:60],
                    code=cleaned.code,
                ),
                sentence("at most {most} characters that can be seen", most=most),
            )
            return None
        return cleaned

    def _code(self, column: str, most: int, *, takes_numbers: bool = False) -> str | None:
        cell = self._cell(column)
        is_whole = isinstance(cell, float | int) and not isinstance(cell, bool) and cell % 1 == 0
        if not isinstance(cell, str) and not (takes_numbers and is_whole):
            self._refuse(
                column,
                sentence("found the number {number}", number=written(cell)),
                sentence("a text: format the column as text and type the cell anew"),
                sentence("of a number the zeros at its beginning are lost"),
            )
            return None
        return self._text(column, most)

    def _word(self, column: str, known: Mapping[str, T]) -> T | None:
        found = self._words(column, known)
        if len(found) > 1:
            self._refuse(column, sentence("{n} words", n=len(found)), sentence("one word"))
        return found[0] if found else None

    def _words(self, column: str, known: Mapping[str, T]) -> tuple[T, ...]:
        cell, alike = written(self._cell(column)), {alike_of(word): known[word] for word in known}
        whole = [cell] if alike_of(cell) in alike else _SEPARATORS.split(cell)
        said = [word.strip() for word in whole]
        for word in said:
            if word and alike_of(word) not in alike:
                found = sentence("found {word!r}", word=word)
                self._refuse(column, found, one_of(known), nearest(word, known))
        return tuple(dict.fromkeys(alike[alike_of(w)] for w in said if alike_of(w) in alike))

    def _date(self, column: str) -> date | None:
        cell = self._cell(column)
        if isinstance(cell, date):
            return cell
        said = written(cell)
        if not said:
            return None
        written_as = _DAY.fullmatch(said)
        try:
            if written_as is None:
                return date.fromisoformat(said)
            return date(int(written_as[1]), int(written_as[3]), int(written_as[5]))
        except ValueError:
            found = sentence("found {word!r}", word=said)
            self._refuse(column, found, sentence("a date such as 2026-11-22"))
            return None


def written(cell: Cell) -> str:
    """Return a cell as people see it: a whole number without the `.0` that a workbook keeps it with."""
    if isinstance(cell, float) and cell % 1 == 0:
        return str(int(cell))
    return str(cell).strip()


def alike_of(word: str) -> str:
    """Return a word as words of a cell are compared: letters large or small, `shift leader` as `shift_leader`."""
    return "_".join(word.casefold().split())
