"""Cursor paging of records, newest first; see `redrabbit.services.queries.newest`."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query

from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import Record
from redrabbit.services.ports import Reader, Where
from redrabbit.services.queries.newest import newest_first
from redrabbit.services.queries.people import Names
from redrabbit.web.api.models import Model, Page
from redrabbit.web.values import number_from

R = TypeVar("R", bound=Record)
M = TypeVar("M", bound=Model)

MOST_ROWS: Final = 200

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows a page.")]


def page_of(
    reader: Reader,
    kind: type[R],
    where: Sequence[Where],
    model: Callable[[R, Names], M],
    *,
    limit: int,
    cursor: str | None,
) -> Page[M]:
    """Return a page of records as programs read them."""
    found, following = newest_first(reader, kind, where, limit=limit, after=cursor)
    names = reader.names()
    return Page(items=[model(record, names) for record in found], next=following)


def cursor_number(cursor: str) -> int:
    """Return the number in a cursor of the ledger; refused when it is none of ours."""
    number = number_from(cursor)
    if number is None:
        raise Refusal("not_a_cursor", cursor=cursor)
    return number
