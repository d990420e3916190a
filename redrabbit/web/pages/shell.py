"""Pages with navigation beside them: what waits for a person is counted there."""

from collections.abc import Mapping

from starlette.responses import HTMLResponse

from redrabbit.domain.containment_questions import IS_OPEN
from redrabbit.domain.pauses import is_overdue_by
from redrabbit.domain.records import ContainmentRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.approvals import waiting_count
from redrabbit.services.queries.band import BandItem, band
from redrabbit.web.rendering import Visit, page
from redrabbit.web.site import Site


async def shell_page(
    site: Site,
    visit: Visit,
    template: str,
    content: object,
    *,
    status: int = 200,
    extra: Mapping[str, object] | None = None,
) -> HTMLResponse:
    """Return a page in the shell."""
    now, plant = site.clock.now(), site.service.plant

    def waiting(reader: Reader) -> tuple[dict[str, int], int, tuple[BandItem, ...]]:
        counts = {
            "/due": len(is_overdue_by(reader, now)),
            "/receivers": sum(reader.parked_counts().values()),
            "/containments": reader.count(ContainmentRecord, IS_OPEN),
            "/approvals": waiting_count(reader),
        }
        return counts, reader.head().size, band(reader, plant, now)

    counts, entries, across = await site.service.read(waiting)
    return page(
        visit,
        template,
        content,
        status=status,
        entries=entries,
        waiting=counts,
        band=across,
        extra=extra,
    )
