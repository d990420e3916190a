"""What templates call to say something: codes, messages, the plant's own texts, times, numbers.

Both languages are at hand, because board and station show them together.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final

from redrabbit.base.messages import (
    Message,
    catalogue,
    language_of,
    last_day,
    local_time,
    offset_text,
)

LANGUAGE_COOKIE: Final = "rr_lang"
OTHER: Final[Mapping[str, str]] = {"en": "zh", "zh": "en"}
LANGUAGE_NAMES: Final[Mapping[str, str]] = {"en": "English", "zh": "中文"}


class Words:
    """One page's words: in its language, its other language, the plant's zone, at its instant."""

    def __init__(self, language: str, zone: tzinfo, now: datetime) -> None:
        self.language = language
        self.zone = zone
        self._now = now
        self._mine = catalogue(language, zone)
        self._others = catalogue(OTHER[language], zone)

    def __call__(self, code: str, /, **params: object) -> str:
        """Return the text of a code."""
        return self._mine.render(Message(code, params), self._now)

    def other(self, code: str, /, **params: object) -> str:
        """Return the text of a code in the other language."""
        return self._others.render(Message(code, params), self._now)

    def render(self, value: object) -> str:
        """Return a message, a plant's text or a plain value in the page's language."""
        return self._mine.shown("", value, "", self._now)

    def render_other(self, value: object) -> str:
        """Return the same in the other language."""
        return self._others.shown("", value, "", self._now)

    def at(self, instant: datetime | None) -> str:
        """Return an instant as people say it: the time today, with its date on another day."""
        return self._mine.shown("", instant, "", self._now)

    def until(self, instant: datetime | None) -> str:
        """Return an end as people say it: the last day, where it is a day's end, else the instant."""
        day = last_day(instant, self.zone) if instant is not None else None
        return self.at(instant) if day is None else day

    def exact(self, instant: datetime | None) -> str:
        """Return an instant as evidence: date and time to the second, in the plant's zone."""
        return self._mine.shown("", instant, "exact", self._now)

    def zone_at(self, instant: datetime) -> str:
        """Return the plant's zone with its offset at an instant, for example `Asia/Shanghai (UTC+8)`."""
        return f"{self.zone} ({offset_text(local_time(instant, self.zone))})"

    def clock(self, instant: datetime) -> str:
        """Return the plant's wall clock to the second."""
        return f"{local_time(instant, self.zone):%H:%M:%S}"

    def local_input(self, instant: datetime) -> str:
        """Return an instant as a `datetime-local` field wants it, in the plant's zone."""
        return f"{local_time(instant, self.zone):%Y-%m-%dT%H:%M}"

    def span(self, length: timedelta) -> str:
        """Return a duration."""
        return self._mine.duration(length)

    def number(self, value: int) -> str:
        """Return a whole number, its thousands apart."""
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")

    def day(self, day: date | None) -> str:
        """Return a plant-local date, empty for none."""
        return day.isoformat() if day is not None else ""

    def knows(self, code: str) -> bool:
        """Return whether there is a text for a code."""
        return self._mine.knows(code)


def language_wanted(query: str | None, cookie: str | None, accepted: str | None) -> str:
    """Return the reader's language: asked for, remembered, or the first the browser accepts."""
    for tag in (query, cookie):
        if tag is not None and tag in OTHER:
            return tag
    ranked: list[tuple[float, str]] = []
    for position, part in enumerate((accepted or "").split(",")):
        tag, _, weight = part.strip().partition(";")
        quality = _quality(weight) - position * 1e-6
        if tag.lower().startswith(("en", "zh")) and quality > 0:
            ranked.append((quality, tag))
    return language_of(max(ranked)[1]) if ranked else "en"


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def plain(params: Mapping[str, object]) -> dict[str, object]:
    """Return a refusal's parameters as JSON can hold them."""
    return {name: _plain(value) for name, value in params.items()}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Message):
        return {"code": value.code, "params": plain(value.params)}
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return str(value)
