"""Lists a page at a time, in one form: records newest first, and what the plant has in its own order.

See `redrabbit.services.queries.newest` for records. The cursor is always the id of the last row seen.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

from fastapi import Query

from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import Record
from redrabbit.services.ports import Reader, Where
from redrabbit.services.queries.newest import newest_first
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.models import Model, Page
from redrabbit.web.values import number_from

R = TypeVar("R", bound=Record)
T = TypeVar("T")
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
    names = names_in(reader)
    return Page(items=[model(record, names) for record in found], next=following)


def part_of(
    rows: Sequence[T], id_of: Callable[[T], str], *, limit: int, cursor: str | None
) -> tuple[Sequence[T], str | None]:
    """Return a page of all rows there are, and the cursor of the next one; None: it is the last.

    Refused where no row has the cursor's id.
    """
    begin = 0
    if cursor is not None:
        places = (place for place, row in enumerate(rows, 1) if id_of(row) == cursor)
        begin = next(places, 0)
        if begin == 0:
            raise Refusal("not_a_cursor", cursor=cursor)
    page = rows[begin : begin + limit]
    more = begin + limit < len(rows)
    return page, id_of(page[-1]) if more else None


def cursor_number(cursor: str) -> int:
    """Return the number in a cursor of the ledger; refused when it is none of ours."""
    number = number_from(cursor)
    if number is None:
        raise Refusal("not_a_cursor", cursor=cursor)
    return number
