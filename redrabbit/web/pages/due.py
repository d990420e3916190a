"""`/due`: due, overdue, lapsed; excuses and pauses (R13, B17)."""

from datetime import tzinfo
from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Letter, LineId, OccurrenceId, PauseId
from redrabbit.domain.limits import fits_in_64_bits
from redrabbit.services.queries.due import due_page
from redrabbit.services.queries.own_lines import lines_where
from redrabbit.web.pages.forms import Form
from redrabbit.web.pages.page_of_acts import Asked, page_of_acts
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, id_in
from redrabbit.web.values import instant_from


def due_router(site: Site) -> APIRouter:
    """Return the page of what is due, and its forms."""
    asked: Asked = {**ACTS, "pause": lambda form: _pause(form, site.service.plant.zone)}
    return page_of_acts(site, "/due", asked, _shown)


async def _shown(site: Site, visit: Visit, sent: Form) -> HTMLResponse:
    """Return the page; with what a refused form had said, so that nobody types it twice."""
    plant, now = site.service.plant, site.clock.now()
    content, own = await site.service.read(
        lambda reader: (
            due_page(reader, plant, now),
            lines_where(reader, plant, visit.asker, acts.DeclarePause, now),
        )
    )
    status = 409 if visit.refused else 200
    extra: dict[str, object] = {name: sent.get(name, "") for name in ("occurrence", "reason")}
    extra["lines"] = [each for each in content.lines if each[0] in own]
    return await shell_page(site, visit, "due.html", content, status=status, extra=extra)


def _excuse(form: Form) -> acts.Excuse:
    occurrence = OccurrenceId(id_in(form, "occurrence", Letter.OCCURRENCE))
    return acts.Excuse(occurrence_id=occurrence, reason=form.get("reason", ""))


def _pause(form: Form, zone: tzinfo) -> acts.DeclarePause:
    return acts.DeclarePause(
        line=LineId(form.get("line", "")),
        begins_at=instant_from(form.get("begins_at", ""), zone),
        ends_at=instant_from(form.get("ends_at", ""), zone),
        reason=form.get("reason", ""),
    )


def _end_pause(form: Form) -> acts.EndPause:
    return acts.EndPause(pause_id=PauseId(id_in(form, "pause", Letter.PAUSE)))


def _confirm_clock(form: Form) -> acts.ConfirmClock:
    doubt = form.get("doubt", "")
    if not doubt.isascii() or not doubt.isdigit() or not fits_in_64_bits(int(doubt[:20])):
        raise Refusal("no_such_clock_doubt")
    return acts.ConfirmClock(doubt=int(doubt[:20]))


ACTS: Final[Asked] = {
    "excuse": _excuse,
    "end-pause": _end_pause,
    "clock": _confirm_clock,
}
