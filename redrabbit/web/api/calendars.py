"""What people have set of a line's calendar, and setting it (D44)."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from redrabbit.domain import calendar_acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.identity import LineId
from redrabbit.domain.records import CalendarChangeRecord
from redrabbit.services.changing_calendar import all_changes
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import Model, Page, Who, WhoHow, model_of
from redrabbit.web.api.paging import Limit, part_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import WithReason
from redrabbit.web.api.values import IdCursor, Slug
from redrabbit.web.site import Site

TimeOfDay = Annotated[str, Field(pattern="^[0-9]{2}:[0-9]{2}$", examples=["06:00"])]


class CalendarChange(Model):
    """A date of a line that somebody set."""

    line: str
    change_number: int = Field(description="Which of the line's changes it is, from 1.")
    kind: CalendarDayKind
    first_date: date
    last_date: date
    weekday: int | None = Field(
        description="Of a make-up day: as which day of the week it is worked; 0 is Monday."
    )
    starts_at: str | None = Field(description="Of overtime, plant-local.")
    ends_at: str | None
    reason_text: str = Field(description="A person's words.")
    changed_at: datetime
    changed_by: Who
    changed_how: WhoHow
    taken_back_at: datetime | None
    taken_back_by: Who | None
    taken_back_how: WhoHow | None
    taken_back_text: str | None


class NewCalendarChange(WithReason):
    """Set what a date is."""

    kind: CalendarDayKind
    first_date: date
    last_date: date | None = Field(default=None, description="Of a shutdown; null: the same day.")
    weekday: int | None = Field(
        default=None, ge=0, le=6, description="Of a make-up day; 0 is Monday."
    )
    starts_at: TimeOfDay | None = Field(default=None, description="Of overtime, plant-local.")
    ends_at: TimeOfDay | None = None


def calendars_router(site: Site) -> APIRouter:
    """Return what people have set of a line's calendar, and the ways to set and to take back."""
    router = APIRouter(tags=["obligations"])

    @router.get("/lines/{line_id}/calendar-changes", openapi_extra=refuses("no_such_line"))
    async def list_calendar_changes(
        line_id: Slug, limit: Limit = 50, cursor: IdCursor = None
    ) -> Page[CalendarChange]:
        """Return what was set of a line's calendar, the latest first, with what was taken back."""
        if line_id not in {line.id for line in site.service.plant.lines}:
            raise Refusal("no_such_line", line=line_id)

        def query(reader: Reader) -> Page[CalendarChange]:
            known = all_changes(reader, line_id)
            found, following = part_of(
                known, lambda each: str(each.change_number), limit=limit, cursor=cursor
            )
            names = names_in(reader)
            return Page(items=[_model(each, names) for each in found], next=following)

        return await site.service.read(query)

    @router.post(
        "/lines/{line_id}/calendar-changes",
        status_code=201,
        openapi_extra=refuses(
            "calendar_change_unclear",
            "calendar_day_known",
            "calendar_day_passed",
            "calendar_day_shut_down",
            "calendar_day_too_far",
            "calendar_days_unclear",
            "calendar_nothing_worked",
            "calendar_shift_is_on",
            "no_such_line",
        ),
    )
    async def change_calendar(line_id: Slug, body: NewCalendarChange, by: By) -> CalendarChange:
        """Set what a date of a line is: what was due until now stays owed, and what is due later follows the calendar from now on."""
        act = calendar_acts.ChangeCalendar(
            line=LineId(line_id),
            kind=body.kind,
            first_date=body.first_date,
            last_date=body.last_date,
            weekday=body.weekday,
            starts_at=body.starts_at,
            ends_at=body.ends_at,
            reason=body.reason,
        )
        return _model(*await do(site, body, act, by))

    @router.post(
        "/lines/{line_id}/calendar-changes/{change_number}/take-back",
        openapi_extra=refuses("calendar_change_taken_back", "no_such_calendar_change"),
    )
    async def take_back_calendar_change(
        line_id: Slug, change_number: int, body: WithReason, by: By
    ) -> CalendarChange:
        """Take back what was set: from now on the date is what it was without it."""
        act = calendar_acts.TakeBackCalendarChange(
            line=LineId(line_id), change_number=change_number, reason=body.reason
        )
        return _model(*await do(site, body, act, by))

    return router


def _model(record: CalendarChangeRecord, names: Names) -> CalendarChange:
    return model_of(CalendarChange, record, names)
