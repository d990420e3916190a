"""The kinds of values that API calls take, each checked by the one rule of its kind (D24).

A value that breaks its rule is said with the code and the values of a refusal, in `errors`; all of
a request's problems are said at once.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Header, Path, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import (
    AlarmId,
    ContainmentId,
    Letter,
    OccurrenceId,
    PauseId,
    RunId,
    SilenceId,
    person_name,
)
from redrabbit.domain.limits import can_be_recorded
from redrabbit.domain.text import (
    MOST_CODE_CHARACTERS,
    MOST_FILTER_CHARACTERS,
    MOST_NAME_CHARACTERS,
    MOST_REASON_CHARACTERS,
)
from redrabbit.web.api.problems import refuses
from redrabbit.web.values import (
    MOST_DIGITS,
    cursor_from,
    id_from,
    number_from,
    quotable,
    text_from,
)
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


def _position(cursor: str) -> str:
    if number_from(cursor) is None:
        raise Refusal("not_a_cursor", cursor=ascii(cursor[:40]))
    return cursor


OF_TEXTS: Final = ("text_character", "text_marks", "text_missing", "text_too_long")
OF_NAMES: Final = (
    "name_is_code",
    "operator_name_reserved",
    "operator_required",
    "text_character",
    "text_marks",
    "text_too_long",
)

Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MOST_NAME_CHARACTERS),
    refusing(person_name),
    Field(
        description="Badge number or name, as stated.",
        examples=["badge 2207"],
        json_schema_extra=refuses(*OF_NAMES),
    ),
]
Code = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CODE_CHARACTERS),
    _text(MOST_CODE_CHARACTERS),
    Field(
        description="What the scanner read.",
        examples=["RR-0007"],
        json_schema_extra=refuses(*OF_TEXTS),
    ),
]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_REASON_CHARACTERS),
    _text(MOST_REASON_CHARACTERS),
    Field(examples=["fixture busy"], json_schema_extra=refuses(*OF_TEXTS)),
]
Id = Annotated[
    str,
    StringConstraints(max_length=MOST_FILTER_CHARACTERS),
    _text(MOST_FILTER_CHARACTERS),
    Field(json_schema_extra=refuses(*OF_TEXTS)),
]
"""The id of a line, station, device, check or part."""
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_iso),
    refusing(_instant),
    Field(json_schema_extra=refuses("instant_out_of_range", "not_a_time")),
]
"""ISO 8601 with offset, from 2000 to 2099."""


def _numbered(letter: Letter) -> tuple[Any, ...]:
    """Return what makes a body's field the id of a record that is numbered on its line."""

    def parse(text: str) -> str:
        found = id_from(text, letter)
        assert found is not None  # noqa: S101  the pattern lets nothing else pass
        return found

    pattern = rf"^(?:(?:[!-~]+-)?{letter.value}-)?[1-9][0-9]{{0,17}}$"
    return (
        BeforeValidator(lambda value: str(value) if type(value) is int else value),
        StringConstraints(max_length=MOST_FILTER_CHARACTERS, pattern=pattern),
        AfterValidator(parse),
        Field(
            description="A plain number is one of schema 1.", examples=[f"line1-{letter.value}-31"]
        ),
    )


OccurrenceGiven = Annotated[str, *_numbered(Letter.OCCURRENCE)]
AlarmGiven = Annotated[str, *_numbered(Letter.ALARM)]
ContainmentGiven = Annotated[str, *_numbered(Letter.CONTAINMENT)]


def _in_path(letter: Letter, kind: str) -> Any:
    """Return the dependency that reads an id out of an address; 404 for what is none (D65)."""

    async def read(
        given: Annotated[
            str,
            Path(
                alias=f"{kind}_id",
                description="A plain number is one of schema 1.",
                examples=[f"line1-{letter.value}-31"],
                json_schema_extra=refuses(f"no_such_{kind}"),
            ),
        ],
    ) -> str:
        found = id_from(given, letter)
        if found is None:
            raise Refusal(f"no_such_{kind}", **{kind: quotable(given)})
        return found

    return Depends(read)


RunInPath = Annotated[RunId, _in_path(Letter.RUN, "run")]
OccurrenceInPath = Annotated[OccurrenceId, _in_path(Letter.OCCURRENCE, "occurrence")]
ContainmentInPath = Annotated[ContainmentId, _in_path(Letter.CONTAINMENT, "containment")]
PauseInPath = Annotated[PauseId, _in_path(Letter.PAUSE, "pause")]
AlarmInPath = Annotated[AlarmId, _in_path(Letter.ALARM, "alarm")]
SilenceInPath = Annotated[SilenceId, _in_path(Letter.SILENCE, "silence")]

MOST_KEY_CHARACTERS: Final = 100
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=MOST_KEY_CHARACTERS,
        pattern="^[!-~]+$",
        description="The caller's own: asked again with it, the act is not done again and the "
        "first answer is given. 409 `key_used_before` where it was used for something else.",
        examples=["4f0c5e0a-6f3e-4a4e-9d0c-0d3f5b0a9c11"],
    ),
]

_TAG: Final = r'(?:W/)?"[!#-~]*"'
_TAGS: Final = rf"(?:{_TAG})(?:[ \t]*,[ \t]*{_TAG})*"


def _versions(given: str | None) -> frozenset[int] | None:
    """Return the versions that an `If-Match` names; a weak one, and one of nobody's, is never ours."""
    if given is None or given == "*":
        return None
    strong = (tag.strip() for tag in given.split(","))
    found = (number_from(tag[1:-1]) for tag in strong if tag.startswith('"'))
    return frozenset(each for each in found if each is not None)


async def _seen(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            max_length=MOST_FILTER_CHARACTERS,
            pattern=rf"^(?:\*|{_TAGS})$",
            description="`ETag` of the run as it was read: the act is not done where the run has changed since. "
            "What the rules refuse anyway is refused with their code.",
            examples=['"1042"'],
            json_schema_extra=refuses("run_changed"),
        ),
    ] = None,
) -> frozenset[int] | None:
    return _versions(if_match)


Seen = Annotated[frozenset[int] | None, Depends(_seen)]

Slug = Annotated[Id, Path()]
Filter = Annotated[Id | None, Query()]
Since = Annotated[Instant | None, Query(alias="from", description="At or after.")]
Until = Annotated[Instant | None, Query(alias="to", description="Before.")]
Cursor = Annotated[
    Annotated[
        str,
        refusing(cursor_from),
        Field(
            json_schema_extra={
                "pattern": r"^([!-~]+-)?[ROCPASE]-[1-9][0-9]{0,17}$",
                **refuses("not_a_cursor"),
            }
        ),
    ]
    | None,
    Query(description="`next` of the page before.", examples=["line1-R-1200"]),
]
IdCursor = Annotated[
    Annotated[Id, Field(json_schema_extra=refuses("not_a_cursor", *OF_TEXTS))] | None,
    Query(alias="cursor", description="`next` of the page before.", examples=["op20"]),
]
"""Of a list of what has an id of the plant's own."""
Position = Annotated[
    Annotated[
        str,
        refusing(_position),
        Field(
            json_schema_extra={
                "pattern": f"^[0-9]{{1,{MOST_DIGITS}}}$",
                **refuses("not_a_cursor"),
            }
        ),
    ]
    | None,
    Query(description="`next` of the page before.", examples=["1200"]),
]
"""Of the ledger, whose entries are numbered through."""
