"""The kinds of values that API calls take, each checked by the one rule of its kind (D24).

A value that breaks its rule is said with the code and the values of a refusal, in `errors`; all of
a request's problems are said at once.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Final, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor
from redrabbit.domain.limits import can_be_recorded
from redrabbit.domain.text import (
    MOST_CODE_CHARACTERS,
    MOST_FILTER_CHARACTERS,
    MOST_NAME_CHARACTERS,
    MOST_REASON_CHARACTERS,
)
from redrabbit.web.values import LARGEST_NUMBER, MOST_DIGITS, number_from, text_from
from redrabbit.web.words import plain

T = TypeVar("T")

_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}", re.ASCII)


def refusing(parse: Callable[[T], T]) -> AfterValidator:
    """Return a validator that says what `parse` refuses, with its code and values."""

    def validate(value: T) -> T:
        try:
            return parse(value)
        except Refusal as refusal:
            raise _error(refusal.code, refusal.params) from refusal

    return AfterValidator(validate)


def _text(limit: int) -> AfterValidator:
    return refusing(lambda text: text_from(text, limit))


def _instant(instant: datetime) -> datetime:
    if not can_be_recorded(instant):
        raise Refusal("instant_out_of_range", value=instant.isoformat())
    return instant


def _iso(value: object) -> object:
    """Let only text of ISO 8601 pass: a bare number would be read as seconds since 1970."""
    if isinstance(value, str) and not _ISO.match(value):
        raise _error("not_a_time", {"value": ascii(value[:40])})
    if isinstance(value, int | float):
        raise _error("not_a_time", {"value": str(type(value).__name__)})
    return value


def _error(code: str, params: Mapping[str, object]) -> PydanticCustomError:
    return PydanticCustomError(code, code, plain(params))


def _cursor(cursor: str) -> str:
    if number_from(cursor) is None:
        raise Refusal("not_a_cursor", cursor=ascii(cursor[:40]))
    return cursor


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_NAME_CHARACTERS),
    refusing(lambda name: Actor.stated(name).name),
    Field(description="Badge number or name, as stated.", examples=["badge 2207"]),
]
Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CODE_CHARACTERS),
    _text(MOST_CODE_CHARACTERS),
    Field(description="What the scanner read.", examples=["RR-0007"]),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_REASON_CHARACTERS),
    _text(MOST_REASON_CHARACTERS),
    Field(examples=["fixture busy"]),
]
Id = Annotated[str, StringConstraints(max_length=MOST_FILTER_CHARACTERS), _text(200)]
"""The id of a line, station, device, check or part."""
Instant = Annotated[AwareDatetime, BeforeValidator(_iso), refusing(_instant)]
"""ISO 8601 with offset, from 2000 to 2099."""
RecordNumber = Annotated[int, Field(ge=1, le=LARGEST_NUMBER, examples=[31])]
"""Numbers of records; above 2^53 JSON readers lose digits."""

Slug = Annotated[Id, Path()]
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
Filter = Annotated[Id | None, Query()]
Since = Annotated[Instant | None, Query(alias="from", description="At or after.")]
Until = Annotated[Instant | None, Query(alias="to", description="Before.")]
Cursor = Annotated[
    Annotated[
        str, refusing(_cursor), Field(json_schema_extra={"pattern": f"^[0-9]{{1,{MOST_DIGITS}}}$"})
    ]
    | None,
    Query(description="`next` of the page before.", examples=["1200"]),
]
