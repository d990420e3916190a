"""Columns of a form that somebody named: which one holds a field that no header says, and what one without a header is.

The form of a table is known by the texts of its header and where they stand. Another header is another form, whose columns nobody named.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from redrabbit.plan_import.finding import question_name
from redrabbit.plan_import.grid import key, letters, plain
from redrabbit.plan_import.header_words import Column, columns_said

SaidOf = Callable[[str], Mapping[str, str]]
"""Returns what was answered for a form, by the name of the question or the place."""
COLUMN: Final = "column"
"""Begins the name of a question about a column, or about a field that no column holds."""
NONE: Final = frozenset({"none", "no", "-", "没有", "无"})
"""Words that say that no column holds a field."""
NOT_READ: Final = frozenset({"not read", "none", "nothing", "不读取", "没有", "无"})
"""Words that say that a column without a header holds nothing of the plan."""
FIELDS: Final = {field.value: field for field in Column if field is not Column.PLAN_LINE}


def nothing_said(form: str) -> Mapping[str, str]:
    """Return that nothing was answered for a form."""
    del form
    return {}


def form_of(headers: Sequence[tuple[int, Sequence[str]]]) -> str:
    """Return by what a form is known: a digest of the texts above each column."""
    told = [[column, [key(text) for text in path]] for column, path in headers if path]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()


def of_field(field: Column) -> str:
    """Return the name of the question which column holds a field."""
    return question_name(COLUMN, field.value)


def of_column(column: int) -> str:
    """Return the name of the question what a column without a header is."""
    return question_name(COLUMN, letters(column))


def says_none(words: str) -> bool:
    """Tell whether words say that no column holds a field."""
    return plain(words).lower() in NONE


def says_not_read(words: str) -> bool:
    """Tell whether words say that a column holds nothing of the plan."""
    return plain(words).lower() in NOT_READ


def field_said(words: str) -> Column | None:
    """Return the field that words name, by its own name or as a header says it; None where they may mean none or several."""
    name = plain(words).lower().replace(" ", "_")
    if name in FIELDS:
        return FIELDS[name]
    meant = [each for each in columns_said(words) if each.is_sure and each.like == 1.0]
    return meant[0].column if len(meant) == 1 and meant[0].column in FIELDS.values() else None


def is_column(words: str) -> bool:
    """Tell whether words are a column's letters."""
    return re.fullmatch(r"[A-Z]{1,3}", words) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Columns that were named, with the answers that named them."""

    columns: Mapping[Column, int]
    said: Mapping[str, str]
    """Name of the question → what was answered."""


def named_columns(
    headers: Sequence[tuple[int, Sequence[str]]],
    said: Mapping[str, str],
    taken: Mapping[Column, int],
) -> Named:
    """Return the columns that answers give to fields that no header says; a column that is read already has its meaning."""
    columns: dict[Column, int] = {}
    used: dict[str, str] = {}

    def is_free(column: int) -> bool:
        return column not in taken.values() and column not in columns.values()

    for field in FIELDS.values():
        words = said.get(of_field(field), "").strip()
        if field in taken or not words:
            continue
        found = [column for column, path in headers if path and _is_called(words, path)]
        if not found and is_column(words):
            found = [column for column, _ in headers if letters(column) == words]
        if len(found) == 1 and is_free(found[0]):
            columns[field] = found[0]
            used[of_field(field)] = words
    for column, path in headers:
        name = of_column(column)
        meant = None if path or name not in said else field_said(said[name])
        if meant is not None and meant not in taken and meant not in columns and is_free(column):
            columns[meant] = column
            used[name] = said[name]
    return Named(columns=columns, said=used)


def _is_called(words: str, path: Sequence[str]) -> bool:
    wanted = key(words)
    return wanted != "" and wanted in {key(path[-1]), key(" ".join(path))}
