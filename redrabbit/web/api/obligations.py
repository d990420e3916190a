"""Occurrences, what is overdue, and excuses."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import OccurrenceId
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.pauses import as_paused, pauses_of, stands_now, undecided
from redrabbit.domain.records import ApprovalRecord, OccurrenceRecord
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.newest import listed, newest_first, read_cursor
from redrabbit.services.queries.people import Names, names_in
from redrabbit.services.queries.plans import plan_label
from redrabbit.web.api.approval_models import OF_REQUESTS, WAITS, waiting_answer
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Occurrence, Page, model_of
from redrabbit.web.api.paging import Limit
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import NewExcuse
from redrabbit.web.api.values import Cursor, Filter, OccurrenceInPath, Since, Until
from redrabbit.web.site import Site

DECIDED: Final = frozenset({OccurrenceStatus.PASSED, OccurrenceStatus.FAILED})
"""Statuses that are always stored; the others are computed from times and pauses (D9)."""


def obligations_router(site: Site) -> APIRouter:
    """Return occurrences and the way to excuse one."""
    router = APIRouter(tags=["obligations"])
    service = site.service

    @router.get("/occurrences")
    async def list_occurrences(
        *,
        wanted: Annotated[OccurrenceStatus | None, Query(alias="status")] = None,
        line: Filter = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Occurrence]:
        """Return occurrences, newest first."""
        now = site.clock.now()
        where = _where(line, since, until)

        def query(reader: Reader) -> Page[Occurrence]:
            found, following = _page(
                reader, wanted=wanted, where=where, limit=limit, cursor=cursor, now=now
            )
            names = names_in(reader)
            return Page(items=[occurrence_model(o, names, now) for o in found], next=following)

        return await service.read(query)

    @router.get("/occurrences/{occurrence_id}")
    async def read_occurrence(occurrence_id: OccurrenceInPath) -> Occurrence:
        """Return one occurrence."""
        now = site.clock.now()
        return await service.read(lambda reader: _occurrence(reader, occurrence_id, now))

    @router.get("/overdue", openapi_extra=refuses("catching_up"))
    async def list_overdue(
        line: Filter = None, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[Occurrence]:
        """Return what is overdue now, the longest first; refused while not all that came due is recorded yet."""
        now = site.clock.now()
        behind = service.heartbeat().catching_up
        if behind is not None:  # an empty list would say that nothing is overdue (decision 0035)
            raise Refusal("catching_up", since=behind.since, until=behind.until)
        where = _where(line, None, None)
        return await service.read(
            lambda reader: _overdue(reader, where, limit=limit, cursor=cursor, now=now)
        )

    _add_excuses(router, site)
    return router


def _add_excuses(router: APIRouter, site: Site) -> None:
    """Add the way to excuse an occurrence."""

    @router.post(
        "/excuses",
        status_code=201,
        response_model=Occurrence,
        responses=WAITS,
        openapi_extra=refuses(
            *OF_REQUESTS,
            "excuse_too_early",
            "no_such_occurrence",
            "occurrence_decided",
            "occurrence_under_way",
        ),
    )
    async def excuse_occurrence(body: NewExcuse, by: By) -> Occurrence | Response:
        """Excuse an occurrence, with who and why, before its window closes."""
        occurrence = OccurrenceId(body.occurrence)
        act = acts.Excuse(occurrence_id=occurrence, reason=body.reason)
        done, names = await do(site, body, act, by)
        if isinstance(done, ApprovalRecord):
            return await waiting_answer(site, done)
        return occurrence_model(done, names, site.clock.now())


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
    wanted: OccurrenceStatus | None,
    where: list[Where],
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[list[OccurrenceRecord], str | None]:
    """Return a page; a status that is computed is looked for among the undecided (D9)."""
    if wanted is None or wanted in DECIDED:
        stored = [equals("outcome", wanted.value)] if wanted is not None else []
        found, following = newest_first(
            reader, OccurrenceRecord, [*where, *stored], limit=limit, after=cursor
        )
        pauses = pauses_of(reader, found)
        return [as_paused(each, pauses, now) for each in found], following
    last = _last(reader, cursor, now)
    found = [
        o
        for o in undecided(reader, now, *where)
        if status(o, now) is wanted and (last is None or listed(o) < listed(last))
    ]
    if wanted in {OccurrenceStatus.LAPSED, OccurrenceStatus.EXCUSED}:
        stored_ones, _ = newest_first(
            reader,
            OccurrenceRecord,
            [*where, equals("outcome", wanted.value)],
            limit=limit + 1,
            after=cursor,
        )
        found += stored_ones
    found.sort(key=listed, reverse=True)
    page = found[:limit]
    return page, str(page[-1].occurrence_id) if len(found) > limit else None


def _last(reader: Reader, cursor: str | None, now: datetime) -> OccurrenceRecord | None:
    """Return the last that was shown, as it stands now."""
    if cursor is None:
        return None
    return stands_now(reader, read_cursor(reader, OccurrenceRecord, cursor), now)


def _overdue(
    reader: Reader, where: list[Where], *, limit: int, cursor: str | None, now: datetime
) -> Page[Occurrence]:
    """Return a page of what is overdue; behind the cursor also where that one no longer is."""
    last = _last(reader, cursor, now)
    found = [
        each
        for each in undecided(reader, now, *where)
        if status(each, now) is OccurrenceStatus.OVERDUE
        and (last is None or listed(each) > listed(last))
    ]
    found.sort(key=listed)
    names, page = names_in(reader), found[:limit]
    return Page(
        items=[occurrence_model(each, names, now) for each in page],
        next=page[-1].occurrence_id if len(found) > limit else None,
    )


def _occurrence(reader: Reader, occurrence_id: OccurrenceId, now: datetime) -> Occurrence:
    found = reader.get(OccurrenceRecord, occurrence_id)
    if found is None:
        raise Refusal("no_such_occurrence", occurrence=occurrence_id)
    return occurrence_model(stands_now(reader, found, now), names_in(reader), now)


def occurrence_model(record: OccurrenceRecord, names: Names, now: datetime) -> Occurrence:
    """Return an occurrence as programs read it, with its status now."""
    return model_of(Occurrence, record, names, status=status(record, now), plan=plan_label(record))
