"""How durations, times, dates, addresses and schedules are spelled in configuration files.

Rules: a duration always has its unit, an instant always its offset; nothing is guessed from a bare
number. Each constant is the one shape that all files use.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import Pattern, Shape, Spelled
from redrabbit.config.problem import nearest
from redrabbit.domain.limits import LONGEST_SPAN, can_be_recorded
from redrabbit.domain.rotation import FORM as FORM_OF_ROTATION
from redrabbit.domain.rotation import Rotation, parse_rotation
from redrabbit.domain.schedule_words import FORMS, ScheduleRule, parse_duration, parse_schedule
from redrabbit.domain.signals import MOST_BYTES_OF_ANY

LAST_PORT: Final = 65535

OUR_HEADERS: Final = frozenset(
    {"connection", "content-length", "content-type", "host", "idempotency-key", "transfer-encoding"}
)
"""What we say ourselves with each message to a webhook."""

SLUG: Final = Pattern(
    r"[a-z0-9][a-z0-9_.-]{0,59}",
    "an id of lower-case letters, digits, '-', '_' and '.', at most 60 characters",
)
SIGNAL: Final = Pattern(
    r"[a-z][a-z0-9_]{0,59}", "a signal name of lower-case letters, digits and '_'"
)
FAILURE_MODE: Final = Pattern(
    r"[a-z][a-z0-9_]{0,59}", "a failure mode of lower-case letters, digits and '_'"
)
SPECIAL_CODE: Final = Pattern(
    r"[A-Za-z][A-Za-z0-9/_]{0,11}",
    "a special characteristic, for example CC, SC or TLD: letters, digits, '/' and '_', at most 12",
)
PART_ID: Final = Pattern(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}",
    "a part id as on its label, for example RR-0001: letters, digits, '-', '_' and '.', "
    "at most 40 characters",
)


_SIZE_UNITS: Final = {"B": 1, "kB": 1000, "KiB": 1024}
_SIZE_PATTERN: Final = r"([0-9]{1,9}) ?(B|kB|KiB)"


@dataclass(frozen=True)
class Address:
    """Where something listens."""

    host: str
    port: int


def duration(text: str) -> timedelta:
    """Return a duration longer than nothing."""
    length = duration_or_none(text)
    if not length:
        raise ValueError("it must be longer than nothing")
    return length


def duration_or_none(text: str) -> timedelta:
    """Return a duration that may also be `0 s`."""
    try:
        return parse_duration(text)
    except ValueError as error:
        if "too long" in str(error):
            raise ValueError(sentence("at most {n} d", n=LONGEST_SPAN.days)) from None
        raise ValueError("a number and a unit: ms, s, min, h or d") from None


def message_size(text: str) -> int:
    """Return the largest size of a message, in bytes."""
    found = re.fullmatch(_SIZE_PATTERN, text)
    if not found:
        raise ValueError("a whole number and a unit: B, kB or KiB")
    size = int(found[1]) * _SIZE_UNITS[found[2]]
    if not 1 <= size <= MOST_BYTES_OF_ANY:
        most = MOST_BYTES_OF_ANY // 1024
        raise ValueError(
            sentence("from 1 B to {most} KiB: all stations wait while a message is read", most=most)
        )
    return size


def schedule(text: str) -> ScheduleRule:
    """Return the rule that the control plan's words mean."""
    try:
        return parse_schedule(text)
    except ValueError as error:
        reason = error.__cause__
        raise ValueError(str(reason) if reason else "") from error


def time_of_day(text: str) -> time:
    """Return a plant-local time of day, `06:00`."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("hours 00 to 23 and minutes 00 to 59, both with two digits")
    return time.fromisoformat(text)


def calendar_date(text: str) -> date:
    """Return a plant-local date, `2026-11-23`."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("year-month-day, with no time of day")
    return date.fromisoformat(text)


def aware_instant(text: str) -> datetime:
    """Return an instant with its offset; a naive one is refused."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]", text):
        raise ValueError("it needs a date and a time of day")
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("without an offset it would mean different moments in different places")
    if not can_be_recorded(instant):
        raise ValueError("years from 2000 to 2099")
    return instant


def zone(text: str) -> ZoneInfo:
    """Return a time zone by its IANA name."""
    known = available_timezones()
    if text not in known:
        raise ValueError(nearest(text, known) or "")
    return ZoneInfo(text)


def address(text: str) -> Address:
    """Return `host:port`; an IPv6 host stands in brackets."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)):([0-9]{1,5})", text)
    if not found:
        raise ValueError("")
    port = int(found[3])
    if not 1 <= port <= LAST_PORT:
        raise ValueError(sentence("ports go from 1 to {last}", last=LAST_PORT))
    return Address(found[1] or found[2], port)


def web_address(text: str) -> str:
    """Return a URL that a webhook can be sent to."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False  # its words would quote what stands before the port: a password, often
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", text):
        raise ValueError("")
    return text


def own_address(text: str) -> str:
    """Return the URL at which people reach this service, without a slash at its end."""
    parts = urlsplit(web_address(text))
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("without what stands behind ? and #, and without a name")
    return text.rstrip("/")


def secret_file(text: str) -> str:
    """Return the path of a file with a secret in it, on whichever system it will be read."""
    try:
        return absolute_file(text)
    except ValueError:
        raise ValueError("a file beside the configuration would become part of it") from None


def absolute_file(text: str) -> str:
    """Return the path of a file, on whichever system it will be read."""
    if not (PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()):
        raise ValueError("")
    return text


def header_name(text: str) -> str:
    """Return the name of an HTTP header that a receiver may ask for."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,59}", text):
        raise ValueError("letters, digits and '-'")
    if text.lower() in OUR_HEADERS:
        raise ValueError("that header is ours")
    return text


_DURATION_PATTERN: Final = r"[0-9]+(\.[0-9]+)? ?(ms|s|min|h|d)"

DURATION: Final[Shape[timedelta]] = Spelled(
    duration, "a duration with its unit, for example 100 ms, 4 s, 15 min or 8 h", _DURATION_PATTERN
)
MESSAGE_SIZE: Final[Shape[int]] = Spelled(
    message_size, "a size with its unit, for example 64 KiB", _SIZE_PATTERN
)
DURATION_OR_NONE: Final[Shape[timedelta]] = Spelled(
    duration_or_none, "a duration with its unit, for example 0 s or 300 ms", _DURATION_PATTERN
)
TIME_OF_DAY: Final[Shape[time]] = Spelled(
    time_of_day, 'a time of day, for example "06:00"', r"[0-2][0-9]:[0-5][0-9]"
)
DATE: Final[Shape[date]] = Spelled(
    calendar_date, "a date, for example 2026-11-23", r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
)
INSTANT: Final[Shape[datetime]] = Spelled(
    aware_instant, "an instant with its offset, for example 2026-11-01T06:00:00+08:00"
)
ZONE: Final[Shape[ZoneInfo]] = Spelled(zone, "a time zone's name, for example Asia/Shanghai")
ADDRESS: Final[Shape[Address]] = Spelled(address, "host:port, for example 10.20.1.20:502")
WEB_ADDRESS: Final[Shape[str]] = Spelled(web_address, "a URL beginning with http:// or https://")
OWN_ADDRESS: Final[Shape[str]] = Spelled(
    own_address, "where this service is reached, for example https://rabbit.plant.example"
)
SECRET_FILE: Final[Shape[str]] = Spelled(
    secret_file, "the absolute path of a file outside this folder"
)
ABSOLUTE_FILE: Final[Shape[str]] = Spelled(absolute_file, "the absolute path of a file")
VARIABLE: Final = Pattern(r"[A-Za-z_][A-Za-z0-9_]{0,99}", "the name of an environment variable")
HEADER_NAME: Final = Pattern(
    r"[A-Za-z][A-Za-z0-9-]{0,59}", "the name of a header, for example X-Auth-Token"
)
HEADER: Final[Shape[str]] = Spelled(header_name, "the name of a header, for example X-Auth-Token")
ROTATION: Final[Shape[Rotation]] = Spelled(
    parse_rotation, sentence("how failure modes take turns: `{form}`", form=FORM_OF_ROTATION)
)
SCHEDULE: Final[Shape[ScheduleRule]] = Spelled(
    schedule,
    sentence(
        "a schedule: {forms}; several stand together with ` + ` between them",
        forms=", ".join(f"`{form}`" for form in FORMS),
    ),
)
