"""Dates of a file: by the cell's type where it has one, else by one rule for the whole file.

`2026-11-01`, `2026/11/1`, `2026年11月1日` and `2026.11.01 06:00` say which number is which, and so does `29.11.2022`. `11/02/2026` does not: another date of
the file with a day above 12 decides for all of them; where none is, it is asked.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import Final

_TIME: Final = r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?)?"
_YEAR_FIRST: Final = re.compile(
    rf"(?P<year>\d{{4}}) ?[-/.年] ?(?P<month>\d{{1,2}}) ?[-/.月] ?(?P<day>\d{{1,2}})日?{_TIME}"
)
_DOTTED: Final = re.compile(
    rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}}|\d{{2}}){_TIME}"
)
_SLASHED: Final = re.compile(
    rf"(?<![\w-])(?P<one>\d{{1,2}})[/-](?P<two>\d{{1,2}})[/-](?P<year>\d{{4}}){_TIME}"
)
_CENTURY: Final = 2000
_SHORT: Final = 100
"""Below it a year was written with two digits."""
_MONTHS: Final = 12


class Order(Enum):
    """How a file writes dates with slashes."""

    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"


@dataclass(frozen=True, slots=True)
class Dated:
    """A date that was read."""

    day: date
    at: time | None = None
    is_ambiguous: bool = False
    """Day and month may be the other way round, and nothing in the file decides."""

    @property
    def text(self) -> str:
        """The date, and its time of day where it has one."""
        return self.day.isoformat() + ("" if self.at is None else f" {self.at:%H:%M}")


_DAY_FIRST: Final = frozenset({"day first", "the day", "day", "日在前", "日"})
_MONTH_FIRST: Final = frozenset({"month first", "the month", "month", "月在前", "月"})


def order_said(words: str) -> Order | None:
    """Return how somebody says that dates are written, `day first` or `month first`; None for other words."""
    flat = " ".join(unicodedata.normalize("NFKC", words).lower().split())
    if flat in _DAY_FIRST:
        return Order.DAY_FIRST
    return Order.MONTH_FIRST if flat in _MONTH_FIRST else None


def order_of(texts: Iterable[str]) -> Order | None:
    """Return how the slashed dates among these texts are written; None where nothing, or both, says so."""
    found = set()
    for text in texts:
        for each in _SLASHED.finditer(unicodedata.normalize("NFKC", text)):
            if int(each["one"]) > _MONTHS:
                found.add(Order.DAY_FIRST)
            if int(each["two"]) > _MONTHS:
                found.add(Order.MONTH_FIRST)
    return found.pop() if len(found) == 1 else None


def read_date(value: object, order: Order | None) -> Dated | None:
    """Return the date that a cell holds or its text says; None where it says none."""
    if isinstance(value, datetime):
        return Dated(value.date(), value.time() if value.time() != time(0) else None)
    if isinstance(value, date):
        return Dated(value)
    if not isinstance(value, str):
        return None
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    for pattern in (_YEAR_FIRST, _DOTTED):
        found = pattern.fullmatch(text)
        if found is not None:
            return _dated(found, int(found["month"]), int(found["day"]), is_ambiguous=False)
    slashed = _SLASHED.fullmatch(text)
    if slashed is None:
        return None
    one, two = int(slashed["one"]), int(slashed["two"])
    is_sure = order is not None or one == two or max(one, two) > _MONTHS
    day_first = order is Order.DAY_FIRST or (order is None and one > _MONTHS)
    month, day = (two, one) if day_first else (one, two)
    return _dated(slashed, month, day, is_ambiguous=not is_sure)


def _dated(found: re.Match[str], month: int, day: int, *, is_ambiguous: bool) -> Dated | None:
    year = int(found["year"])
    try:
        at = time(int(found["hour"]), int(found["minute"])) if found["hour"] else None
        whole = year if year >= _SHORT else year + _CENTURY
        return Dated(date(whole, month, day), at, is_ambiguous)
    except ValueError:
        return None
