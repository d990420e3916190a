"""Occurrences, what is overdue, and excuses."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import OccurrenceId
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.web.api.models import Occurrence, Page
from redrabbit.web.api.paging import Limit, cursor_number, newest_first
from redrabbit.web.api.problems import ALWAYS, FOR_ACTS, FOR_LISTS, FOR_ONE
from redrabbit.web.api.requests import NewExcuse
from redrabbit.web.api.values import Cursor, Filter, Number, Since, Until
from redrabbit.web.site import Site
from redrabbit.web.values import LARGEST_NUMBER

StatusWord = Literal["upcoming", "open", "due", "overdue", "lapsed", "passed", "failed", "excused"]
DECIDED: Final = frozenset({"passed", "failed", "excused"})
"""Statuses that are always stored; the others are computed from times (D9)."""


def obligations_router(site: Site) -> APIRouter:
    """Return occurrences and the way to excuse one."""
    router = APIRouter(tags=["obligations"], responses=ALWAYS)
    service = site.service

    @router.get("/occurrences", responses=FOR_LISTS)
    async def list_occurrences(
        *,
        status: Annotated[StatusWord | None, Query()] = None,
        line: Filter = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Occurrence]:
        """Return occurrences, newest first."""
        now = site.clock.now()
        where = _where(line, since, until)
        found, following = await service.read(
            lambda reader: _page(
                reader, wanted=status, where=where, limit=limit, cursor=cursor, now=now
            )
        )
        return Page(items=[occurrence_model(o, now) for o in found], next=following)

    @router.get("/occurrences/{occurrence_id}", responses=FOR_ONE)
    async def read_occurrence(occurrence_id: Number) -> Occurrence:
        """Return one occurrence."""
        found = await service.read(lambda reader: reader.get(OccurrenceRecord, occurrence_id))
        if found is None:
            raise Refusal("no_such_occurrence", occurrence=occurrence_id)
        return occurrence_model(found, site.clock.now())

    @router.get("/overdue", responses=FOR_LISTS)
    async def list_overdue(line: Filter = None) -> list[Occurrence]:
        """Return what is overdue now, the longest first."""
        now = site.clock.now()
        where = [equals("outcome", None), *_where(line, None, None)]
        found = await service.read(
            lambda reader: reader.find(OccurrenceRecord, *where, order_by="due_at")
        )
        return [occurrence_model(o, now) for o in found if status(o, now) is _OVERDUE]

    @router.post("/excuses", status_code=201, responses=FOR_ACTS)
    async def excuse_occurrence(body: NewExcuse) -> Occurrence:
        """Excuse an occurrence, with who and why, before its window closes."""
        record = await service.excuse(
            OccurrenceId(body.occurrence), reason=body.reason, actor=body.actor
        )
        return occurrence_model(record, site.clock.now())

    return router


_OVERDUE: Final = OccurrenceStatus.OVERDUE


def _where(line: str | None, since: datetime | None, until: datetime | None) -> list[Where]:
    where: list[Where] = []
    if line is not None:
        where.append(equals("line", line))
    if since is not None:
        where.append(Where("due_at", ">=", since))
    if until is not None:
        where.append(Where("due_at", "<", until))
    return where


def _page(
    reader: Reader,
    *,
    wanted: str | None,
    where: list[Where],
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[list[OccurrenceRecord], str | None]:
    """Return a page; a status that is computed is looked for among the undecided (D9)."""
    key = "occurrence_id"
    if wanted is None or wanted in DECIDED:
        stored = [equals("outcome", wanted)] if wanted is not None else []
        return newest_first(
            reader, OccurrenceRecord, key, [*where, *stored], limit=limit, cursor=cursor
        )
    before = cursor_number(cursor) if cursor is not None else LARGEST_NUMBER + 1
    undecided = reader.find(
        OccurrenceRecord,
        *where,
        equals("outcome", None),
        Where(key, "<", before),
        order_by=key,
        descending=True,
    )
    found = [o for o in undecided if status(o, now).value == wanted]
    if wanted == "lapsed":
        stored_lapsed, _ = newest_first(
            reader,
            OccurrenceRecord,
            key,
            [*where, equals("outcome", wanted)],
            limit=limit + 1,
            cursor=cursor,
        )
        found = sorted([*found, *stored_lapsed], key=lambda o: o.occurrence_id, reverse=True)
    page = found[:limit]
    return page, str(page[-1].occurrence_id) if len(found) > limit else None


def occurrence_model(record: OccurrenceRecord, now: datetime) -> Occurrence:
    """Return an occurrence as programs read it, with its status now."""
    return Occurrence(
        status=status(record, now),
        **{name: getattr(record, name) for name in Occurrence.model_fields if name != "status"},
    )
