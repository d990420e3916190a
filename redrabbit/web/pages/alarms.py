"""`/alarms`: what is open, who was told of it and what came of it, who took it; parts to find; silences (B21, R10)."""

from datetime import tzinfo
from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.identity import AlarmId, Letter, PartId, SilenceId, StationId
from redrabbit.services.queries.alarms import alarms_page
from redrabbit.services.queries.own_lines import lines_where
from redrabbit.web.pages.forms import Form
from redrabbit.web.pages.page_of_acts import Asked, page_of_acts
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, id_in
from redrabbit.web.values import id_from, instant_from


def alarms_router(site: Site) -> APIRouter:
    """Return the page of the alarms, and its forms."""
    asked: Asked = {**ACTS, "silence": lambda form: _silence(form, site.service.plant.zone)}
    return page_of_acts(site, "/alarms", asked, _shown)


async def _shown(site: Site, visit: Visit, sent: Form) -> HTMLResponse:
    del sent
    plant, now = site.service.plant, site.clock.now()
    content, own = await site.service.read(
        lambda reader: (
            alarms_page(reader, plant, now),
            lines_where(reader, plant, visit.asker, acts.SilenceAlarms, now),
        )
    )
    status = 409 if visit.refused else 200
    line_of = {station.id: station.line for station in plant.stations}
    extra = {
        "all_stations": None in own,
        "stations": [each for each in content.stations if line_of[StationId(each[0])] in own],
    }
    return await shell_page(site, visit, "alarms.html", content, status=status, extra=extra)


def _take(form: Form) -> acts.AcknowledgeAlarms:
    found = [id_from(each, Letter.ALARM) for each in form.get("alarms", "").split()]
    if not found or None in found:
        raise Refusal("form_unreadable")
    return acts.AcknowledgeAlarms(alarm_ids=tuple(AlarmId(each) for each in found if each))


def _found(form: Form) -> acts.FindPart:
    return acts.FindPart(part_id=PartId(form.get("part", "")))


def _silence(form: Form, zone: tzinfo) -> acts.SilenceAlarms:
    ends_at = instant_from(form.get("ends_at", ""), zone)
    kind = form.get("kind") or None
    if kind is not None and kind not in {each.value for each in AlarmKind}:
        raise Refusal("form_unreadable")
    return acts.SilenceAlarms(
        line=None,
        station=StationId(form["station"]) if form.get("station") else None,
        kind=AlarmKind(kind) if kind is not None else None,
        ends_at=ends_at,
        reason=form.get("reason", ""),
    )


def _end_silence(form: Form) -> acts.EndSilence:
    return acts.EndSilence(silence_id=SilenceId(id_in(form, "silence", Letter.SILENCE)))


ACTS: Final[Asked] = {
    "take": _take,
    "found": _found,
    "end-silence": _end_silence,
}
