"""`/receivers`: who is told of alarms, what waits for them, what did not get there (D48)."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from redrabbit.domain import acts
from redrabbit.domain.identity import AlarmId, Letter
from redrabbit.services.queries.receivers import receivers_page
from redrabbit.web.pages.forms import Form
from redrabbit.web.pages.page_of_acts import Asked, page_of_acts
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, id_in


def receivers_router(site: Site) -> APIRouter:
    """Return the page of the receivers, and its forms."""
    return page_of_acts(site, "/receivers", ACTS, _shown)


async def _shown(site: Site, visit: Visit, sent: Form) -> HTMLResponse:
    del sent
    plant, now = site.service.plant, site.clock.now()
    content = await site.service.read(lambda reader: receivers_page(reader, plant, now))
    status = 409 if visit.refused else 200
    return await shell_page(
        site, visit, "receivers.html", content, status=status, extra={"watched": site.watched()}
    )


def _send_again(form: Form) -> acts.SendMessageAgain:
    return acts.SendMessageAgain(alarm_id=_alarm(form), receiver=form.get("receiver", ""))


def _drop(form: Form) -> acts.DropMessage:
    return acts.DropMessage(alarm_id=_alarm(form), receiver=form.get("receiver", ""))


def _test(form: Form) -> acts.TestReceiver:
    return acts.TestReceiver(receiver=form.get("receiver", ""))


def _alarm(form: Form) -> AlarmId:
    return AlarmId(id_in(form, "alarm", Letter.ALARM))


ACTS: Final[Asked] = {
    "send-again": _send_again,
    "drop": _drop,
    "test": _test,
}
