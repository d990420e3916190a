"""Cursor paging: the cursor is the number of the last record seen, so pages never shift (B30)."""

from typing import Annotated, Final, TypeVar

from fastapi import Query

from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import Record
from redrabbit.services.ports import Reader, Where
from redrabbit.web.values import number_from

R = TypeVar("R", bound=Record)

MOST_ROWS: Final = 200

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows a page.")]


def newest_first(
    reader: Reader,
    kind: type[R],
    key: str,
    where: list[Where],
    *,
    limit: int,
    cursor: str | None,
) -> tuple[list[R], str | None]:
    """Return a page of records, newest first, and the cursor of the next."""
    if cursor is not None:
        where = [*where, Where(key, "<", cursor_number(cursor))]
    found = reader.find(kind, *where, order_by=key, descending=True, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit and bool(page)
    return page, str(getattr(page[-1], key)) if more else None


def cursor_number(cursor: str) -> int:
    """Return the number in a cursor; refused when it is none of ours."""
    number = number_from(cursor)
    if number is None:
        raise Refusal("not_a_cursor", cursor=cursor)
    return number
