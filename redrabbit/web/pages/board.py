"""`/`: the board, for everybody in the area (R35)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.services.queries.board import BoardPage, board_page
from redrabbit.web.rendering import page
from redrabbit.web.site import Site


def board_router(site: Site) -> APIRouter:
    """Return the board's page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def board(request: Request) -> HTMLResponse:
        visit = site.visit(request)
        return page(visit, "board.html", await board_content(site))

    return router


async def board_content(site: Site) -> BoardPage:
    """Return the board as it stands now."""
    plant, views, now = site.service.plant, site.service.views(), site.clock.now()
    return await site.service.read(lambda reader: board_page(reader, plant, views, now))
