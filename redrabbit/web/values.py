"""What callers send, as values: one parser for each kind, for paths, queries, cookies and forms.

Each returns the value or raises Refusal; none can fail in another way, whatever it is given.
"""

from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter, read_id
from redrabbit.domain.limits import EARLIEST, LATEST, can_be_recorded
from redrabbit.domain.text import MOST_FILTER_CHARACTERS, TextProblem, clean_text

LARGEST_NUMBER: Final = 2**53
"""No record number is larger: above it, readers of JSON lose digits."""
MOST_DIGITS: Final = len(str(LARGEST_NUMBER))


def number_from(text: str) -> int | None:
    """Return a record's number, None for what is none; Python itself refuses 4,301 digits."""
    if not text.isascii() or not text.isdecimal() or len(text) > MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= LARGEST_NUMBER else None


def id_from(text: str, letter: Letter) -> str | None:
    """Return the id of a numbered record, None for what is none.

    A plain number is an address printed under schema 1, and answers for ever (D65).
    """
    cleaned = clean_text(text, MOST_FILTER_CHARACTERS)
    return read_id(text, letter) if cleaned == text else None


def cursor_from(text: str) -> str:
    """Return a cursor of a list: the id of the last record that was seen."""
    if not any(id_from(text, letter) == text for letter in Letter):
        raise Refusal("not_a_cursor", cursor=quotable(text))
    return text


def text_from(text: str, limit: int = MOST_FILTER_CHARACTERS) -> str:
    """Return a text by the rule for texts from outside (D24)."""
    cleaned = clean_text(text, limit)
    if isinstance(cleaned, TextProblem):
        raise Refusal(cleaned.code, **cleaned.params)
    return cleaned


def optional_text_from(text: str | None) -> str | None:
    """Return a text as above; None where there is none, or it is empty."""
    return text_from(text) if text else None


def day_from(text: str) -> date:
    """Return a plant-local day of this century."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise Refusal("not_a_date", value=quotable(text)) from error
    if not EARLIEST.date() <= day < LATEST.date():
        raise Refusal("instant_out_of_range", value=day)
    return day


def instant_from(text: str, zone: tzinfo) -> datetime:
    """Return an instant; one without offset is on the plant's wall clock."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal("not_a_time", value=quotable(text)) from error
    instant = local if local.tzinfo is not None else local.replace(tzinfo=zone)
    if not can_be_recorded(instant):
        raise Refusal("instant_out_of_range", value=quotable(text))
    return instant


def end_of_day(text: str, zone: tzinfo) -> datetime | None:
    """Return the end of a day of the plant's clock; None where none was given."""
    return instant_from(text, zone) + timedelta(days=1) if text.strip() else None


def quotable(text: str) -> str:
    """Return what was sent as a sentence can quote it: short, and with nothing that deceives."""
    cleaned = clean_text(text[:MOST_FILTER_CHARACTERS], MOST_FILTER_CHARACTERS)
    return cleaned if isinstance(cleaned, str) else ascii(text[:40])
