"""`/people/import`: a table of people, taken beside the running service: looked at first, then confirmed, all or none (R19).

What would become of it is found out by doing it in a transaction that is taken back. What was looked at waits in memory for a while, by the
digest of the file and who looked at it: confirmed is just that, by them, and only where the same would still become of it, person by person.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from redrabbit.base.sentence import said
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonKind
from redrabbit.domain.identity import Actor
from redrabbit.domain.people_acts import RegisterPerson
from redrabbit.services.badges_tried import badge_tried
from redrabbit.services.importing_people import (
    CellProblem,
    Imported,
    NotImported,
    PersonRow,
    column_of,
    import_people,
)
from redrabbit.services.permitting import require
from redrabbit.services.ports import UnitOfWork
from redrabbit.web.pages.forms import asking
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site

WAITS: Final = timedelta(minutes=15)
"""So long a table waits to be confirmed."""
MOST_WAITING: Final = 20
_LETTERS: Final = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A table that somebody has looked at, and what would become of it."""

    digest: str
    file_name: str
    rows: tuple[PersonRow, ...]
    same_name: bool
    would: Imported
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CellShown:
    """What is wrong with a cell, in the page's language."""

    cell: str
    """As a spreadsheet calls it: `D2`."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """The form, and what became of the table that it brought."""

    looked: Looked | None = None
    """It can be confirmed."""
    done: Imported | None = None
    problems: tuple[CellShown, ...] = ()
    file_name: str = ""


Waiting = dict[tuple[str, str], Looked]
"""By who looked, and by the file's digest: nobody takes away what waits for another."""


class _TakenBack(Exception):
    """All went well, and nothing is to be kept."""


def people_import_router(site: Site) -> APIRouter:
    """Return the page on which an administrator imports a table of people."""
    router = APIRouter(include_in_schema=False)
    waiting: Waiting = {}

    @router.get("/people/import")
    async def form(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request), ImportPage())

    @router.post("/people/import")
    async def sent(request: Request) -> HTMLResponse:
        visit = site.visit(request)
        try:
            upload = await site.upload(request)
            who = await asking(site, request, upload.fields)
            if "digest" in upload.fields:
                page = await _confirmed(site, who, waiting, upload.fields["digest"])
            else:
                same_name = bool(upload.fields.get("same_name"))
                page = await _looked_at(
                    site, visit, who, upload.file_name, upload.content, same_name=same_name
                )
                _let_wait(waiting, page.looked, visit.now)
        except Refusal as refusal:
            return await _shown(site, visit.with_refusal(refusal), ImportPage())
        return await _shown(site, visit, page)

    return router


async def _looked_at(
    site: Site, visit: Visit, who: Actor, file_name: str, content: bytes, *, same_name: bool
) -> ImportPage:
    """Return what would become of a table, or everything that is wrong with it."""
    if not file_name:
        raise Refusal("file_missing")
    await site.service.require(_MAY, who)  # before anything of a stranger's file is read
    if site.read_people is None:
        raise Refusal("no_such_page")
    table = await asyncio.to_thread(site.read_people, content, file_name, site.service.plant)
    if table.problems:
        shown = tuple(_problem_shown(each, visit) for each in table.problems)
        return ImportPage(problems=shown, file_name=file_name)
    looked = Looked(
        digest=sha256(content).hexdigest(),
        file_name=file_name,
        rows=table.rows,
        same_name=same_name,
        would=Imported(),
        by=who.id,
        at=visit.now,
    )
    would: list[Imported] = []

    def look(uow: UnitOfWork) -> None:
        would.append(_taken(site, uow, who, looked))
        raise _TakenBack

    try:
        async with badge_tried(site.sign_in, who):
            await site.sign_in.write(look)
    except _TakenBack:
        return ImportPage(looked=replace(looked, would=would[-1]), file_name=file_name)
    except NotImported as refused:
        shown = tuple(_refusal_shown(row, why, visit) for row, why in refused.refused)
        return ImportPage(problems=shown, file_name=file_name)
    raise AssertionError("what is only looked at is taken back")


async def _confirmed(site: Site, who: Actor, waiting: Waiting, digest: str) -> ImportPage:
    """Take the table that was looked at; Refusal where it waits no more, or something else would become of it now."""
    looked = waiting.pop((who.id, digest), None)
    if looked is None or site.clock.now() - looked.at > WAITS:
        raise Refusal("import_gone")

    def take(uow: UnitOfWork) -> Imported:
        try:
            done = _taken(site, uow, who, looked)
        except NotImported:
            raise Refusal("import_changed") from None
        if done.people != looked.would.people:
            raise Refusal("import_changed")
        return done

    await site.sign_in.at_stations.look_anew()
    done = await site.sign_in.record(take)
    return ImportPage(done=done, file_name=looked.file_name)


_MAY: Final = RegisterPerson(
    name="-", language=None, employee_number=None, kind=PersonKind.PERSON, expires_at=None
)
"""Who may do this may do all that a table asks."""


def _taken(site: Site, uow: UnitOfWork, who: Actor, looked: Looked) -> Imported:
    plant, badge_id = site.service.plant, site.sign_in.at_stations.badge_id
    require(uow, plant, _MAY, who, uow.now)
    return import_people(uow, plant, looked.rows, badge_id, same_name=looked.same_name, by=who)


def _let_wait(waiting: Waiting, looked: Looked | None, now: datetime) -> None:
    """Keep what may be confirmed, and nothing that is too old or too much."""
    for each in [each for each, one in waiting.items() if now - one.at > WAITS]:
        del waiting[each]
    if looked is not None:
        waiting.pop((looked.by, looked.digest), None)
        waiting[looked.by, looked.digest] = looked
    while len(waiting) > MOST_WAITING:
        del waiting[next(iter(waiting))]


def _problem_shown(problem: CellProblem, visit: Visit) -> CellShown:
    say: Callable[[str], str] = lambda text: said(text, visit.language)  # noqa: E731  because it is said three times
    words = visit.words(
        "people.import.problem", found=say(problem.found), expected=say(problem.expected)
    )
    hint = f" · {say(problem.hint)}" if problem.hint else ""
    return CellShown(cell=cell_name(problem.row, problem.column), words=words + hint)


def _refusal_shown(row: PersonRow, why: Refusal, visit: Visit) -> CellShown:
    words = visit.words(f"refusal.{why.code}", **why.params)
    return CellShown(cell=cell_name(row.row, column_of(row, why)), words=f"{row.name}: {words}")


def cell_name(row: int, column: int) -> str:
    """Return what a spreadsheet calls a cell."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}"


async def _shown(site: Site, visit: Visit, content: ImportPage) -> HTMLResponse:
    status = 409 if visit.refused is not None or content.problems else 200
    return await shell_page(site, visit, "people_import.html", content, status=status)
