"""Occurrences, what is overdue, and excuses."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import OccurrenceId
from redrabbit.domain.occurrence import OccurrenceStatus, status
from redrabbit.domain.pauses import stands_now, undecided
from redrabbit.domain.records import ApprovalRecord, LapseReasonRecord, OccurrenceRecord
from redrabbit.domain.unwatched import unwatched
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.newest import listed, read_cursor
from redrabbit.services.queries.people import Names, names_in
from redrabbit.services.queries.plans import plan_label
from redrabbit.services.queries.scheduled_checks import (
    ChecksWanted,
    End,
    count_ends,
    newest_checks,
    undecided_checks,
)
from redrabbit.web.api.approval_models import OF_REQUESTS, WAITS, waiting_answer
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import (
    LapseReason,
    Occurrence,
    OccurrenceCounts,
    OccurrenceWithReasons,
    Page,
    model_of,
)
from redrabbit.web.api.paging import Limit
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import NewExcuse, NewRemark
from redrabbit.web.api.values import Cursor, Filter, OccurrenceInPath, Since, Until
from redrabbit.web.site import Site

ENDED: Final = frozenset(
    {
        OccurrenceStatus.PASSED,
        OccurrenceStatus.FAILED,
        OccurrenceStatus.LAPSED,
        OccurrenceStatus.EXCUSED,
    }
)
"""Statuses that are ends; the others are computed from times (D9)."""


def obligations_router(site: Site) -> APIRouter:
    """Return occurrences and the way to excuse one."""
    router = APIRouter(tags=["obligations"])
    service = site.service

    @router.get("/occurrences")
    async def list_occurrences(
        *,
        wanted: Annotated[OccurrenceStatus | None, Query(alias="status")] = None,
        line: Filter = None,
        device: Filter = None,
        check: Filter = None,
        since: Since = None,
        until: Until = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Occurrence]:
        """Return occurrences, newest first."""
        now = site.clock.now()
        place = ChecksWanted(line=line, device=device, check=check, begin=since, end=until)

        def query(reader: Reader) -> Page[Occurrence]:
            found, following = _page(
                reader, wanted=wanted, place=place, limit=limit, cursor=cursor, now=now
            )
            names = names_in(reader)
            return Page(items=[occurrence_model(o, names, now) for o in found], next=following)

        return await service.read(query)

    @router.get("/occurrence-counts")
    async def count_occurrences(
        *,
        line: Filter = None,
        device: Filter = None,
        check: Filter = None,
        since: Since = None,
        until: Until = None,
    ) -> OccurrenceCounts:
        """Return how many occurrences came to each end: exact, however long the period is."""
        now = site.clock.now()
        place = ChecksWanted(line=line, device=device, check=check, begin=since, end=until)
        counts = await service.read(lambda reader: count_ends(reader, place, now))
        return OccurrenceCounts(
            total=sum(counts.values()), **{end.value: count for end, count in counts.items()}
        )

    @router.get("/occurrences/{occurrence_id}")
    async def read_occurrence(occurrence_id: OccurrenceInPath) -> OccurrenceWithReasons:
        """Return one occurrence, with the reasons that were given for its lapse."""
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
        where = [] if line is None else [equals("line", line)]
        return await service.read(
            lambda reader: _overdue(reader, where, limit=limit, cursor=cursor, now=now)
        )

    _add_excuses(router, site)
    _add_reasons(router, site)
    return router


def _add_reasons(router: APIRouter, site: Site) -> None:
    """Add the way to say why one was not done."""

    @router.post(
        "/occurrences/{occurrence_id}/reasons",
        status_code=201,
        openapi_extra=refuses("occurrence_not_lapsed"),
    )
    async def explain_lapse(
        occurrence_id: OccurrenceInPath, body: NewRemark, by: By
    ) -> LapseReason:
        """Say why an occurrence lapsed, as an entry of its own; it stays lapsed."""
        act = acts.ExplainLapse(occurrence_id=occurrence_id, text=body.text)
        return model_of(LapseReason, *await do(site, body, act, by))


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


def _page(
    reader: Reader,
    *,
    wanted: OccurrenceStatus | None,
    place: ChecksWanted,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[list[OccurrenceRecord], str | None]:
    """Return a page; a status that is computed is looked for among the undecided (D9)."""
    if wanted is None or wanted in ENDED:
        ended = None if wanted is None else End(wanted.value)
        asked = replace(place, ended=ended)
        return newest_checks(reader, asked, now, limit=limit, after=cursor)
    last = _last(reader, cursor, now)
    found = [
        o
        for o in undecided_checks(reader, place, now)
        if status(o, now) is wanted and (last is None or listed(o) < listed(last))
    ]
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


def _occurrence(
    reader: Reader, occurrence_id: OccurrenceId, now: datetime
) -> OccurrenceWithReasons:
    found = reader.get(OccurrenceRecord, occurrence_id)
    if found is None:
        raise Refusal("no_such_occurrence", occurrence=occurrence_id)
    found, names = stands_now(reader, found, now), names_in(reader)
    reasons = reader.find(LapseReasonRecord, equals("occurrence_id", occurrence_id))
    return model_of(
        OccurrenceWithReasons,
        found,
        names,
        status=status(found, now),
        plan=plan_label(found),
        lapse_reasons=[model_of(LapseReason, each, names) for each in reasons],
        unwatched_s=unwatched(reader, found).lasted.total_seconds()
        if status(found, now) is OccurrenceStatus.LAPSED
        else None,
    )


def occurrence_model(record: OccurrenceRecord, names: Names, now: datetime) -> Occurrence:
    """Return an occurrence as programs read it, with its status now."""
    return model_of(Occurrence, record, names, status=status(record, now), plan=plan_label(record))
