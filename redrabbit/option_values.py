"""How values are read that stand on the command line, each with its complaint; argparse says which option it was."""

import argparse
import re
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

from redrabbit.base.settings import LARGEST_LIMIT, Network, network_of

LAST_PORT = 65535
_AMOUNT: Final = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?", re.ASCII)
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
_YEARS: Final = range(2000, 2100)


def port(text: str) -> int:
    """Read a port number; 0 takes a free one."""
    if not text.isascii() or not text.isdigit() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to {LAST_PORT}")
    return int(text)


def host_name(text: str) -> str:
    """Read a host name or an address."""
    from redrabbit.base.authority import readable_name  # noqa: PLC0415  because it takes a moment

    try:
        return readable_name(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def networks(text: str) -> list[Network]:
    """Read addresses and networks with commas between."""
    try:
        return [network_of(each) for each in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def whole_number(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= LARGEST_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is no limit; expected 1 to {LARGEST_LIMIT}")
    return int(text)


def day_or_instant(text: str) -> date | datetime:
    """Read an ISO 8601 day, which is the plant's, or an instant with its offset."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no ISO 8601 time; expected 2026-11-22 or 2026-11-22T06:00:00+08:00"
        ) from None
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} has no time zone; expected an offset such as +08:00 or Z at its end"
        )
    return found


def instant_said(text: str) -> datetime:
    """Read an ISO 8601 instant with its offset."""
    found = day_or_instant(text)
    if not isinstance(found, datetime):
        raise argparse.ArgumentTypeError(
            f"{text!r} is a day; expected an instant such as 2026-11-22T06:00:00+08:00"
        )
    return found


def month_said(text: str) -> date:
    """Read a month, `2026-12`; its first day stands for it."""
    try:
        found = date.fromisoformat(f"{text}-01") if _MONTH.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise argparse.ArgumentTypeError(f"{text!r} is no month; expected one such as 2026-12")
    return found


def amount_said(text: str) -> tuple[str | None, Fraction]:
    """Read a number above 0, or one for what is named before it: `120`, `line1=120`."""
    name, equals, number = text.rpartition("=")
    if not _AMOUNT.fullmatch(number) or not Fraction(number) or (equals and not name.strip()):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0, or NAME=NUMBER")
    return name.strip() or None, Fraction(number)


def duration_said(text: str) -> timedelta:
    """Read a time such as `8 h`."""
    from redrabbit.domain.schedule import parse_duration  # noqa: PLC0415  because of --help

    try:
        found = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; expected one such as 8 h")
    return found
