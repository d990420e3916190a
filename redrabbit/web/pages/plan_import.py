"""`/plan/import`: a plant's own control plan, looked at first, its questions answered, then kept as a draft (D44, D45).

Nothing is stored before the last step. The file waits in memory for a while, by its digest, for who brought it. Each step looks at it anew, beside the
plan in force then; kept is only what was shown, which its digest says.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from redrabbit.base.sentence import said
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor
from redrabbit.domain.plan_acts import DiscardPlan
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.services.permitting import require
from redrabbit.services.plan_forms import plans_known
from redrabbit.services.plan_looking import PlanAnswers, PlanLooked, SaidOfPlace, kind_of
from redrabbit.services.plan_revisions import NewPlan, store_draft
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.stated_names import keep_new
from redrabbit.web.pages.forms import Form, acting
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site
from redrabbit.web.uploads import Upload

WAITS: Final = timedelta(minutes=30)
"""So long a file waits for its answers."""
MOST_WAITING: Final = 4
MOST_FILE_BYTES: Final = 20_000_000
"""As the command takes it."""
MOST_BYTES: Final = MOST_FILE_BYTES + 10_000
STEPS: Final = frozenset({"answers", "keep"})
"""What follows the file, by the last word of the address."""
_MAY: Final = DiscardPlan(digest="-", reason="-")
"""Who may take a draft back may bring one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file that waits, and who brought it."""

    digest: str
    file_name: str
    content: bytes
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place in the file, and all that is said of it, in the page's language."""

    at: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question with what is answered to it so far."""

    name: str
    """By what an answer names it: its own name, or the place."""
    at: str
    words: tuple[str, ...]
    kind: str = ""
    """What kind of value answers it; empty: any words do."""
    answer: str = ""
    is_required: bool = True
    """False: the file may be corrected instead."""
    before_by: Person | None = None
    """Who answered it for this form before; None: nobody did, or the answer is another one now."""
    before_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanImportPage:
    """The form, and what the file comes to that it brought."""

    brought: Brought | None = None
    looked: PlanLooked | None = None
    errors: tuple[Place, ...] = ()
    asked: tuple[Asked, ...] = ()
    """Questions, and what was answered for the form."""
    left_out: tuple[Asked, ...] = ()
    notes: tuple[Place, ...] = ()
    changes: tuple[str, ...] = ()
    dues: Mapping[str, str] | None = None
    """What each line is due by, in words, by its place."""
    may_keep: str | None = None
    """Digest of the content that would be kept; None: not yet."""

    @property
    def may_be_changed(self) -> bool:
        """Whether answers are shown to be given or changed."""
        return self.may_keep is None or bool(self.looked and self.looked.answered)


def plan_import_router(site: Site) -> APIRouter:
    """Return the steps in which a plan is brought."""
    router = APIRouter(include_in_schema=False)
    waiting: dict[str, Brought] = {}
    in_turn = asyncio.Semaphore(1)  # a file may take a process of its own for a minute

    @router.get("/plan/import")
    async def form(request: Request) -> HTMLResponse:
        return await _shown(site, site.visit(request), PlanImportPage())

    @router.post("/plan/import", max_body_size=MOST_BYTES)
    async def sent(request: Request) -> Response:
        visit = site.visit(request)
        try:
            upload = await site.upload(request, MOST_BYTES)
            who = await acting(site, request, upload.fields, _MAY)
            brought = _brought(upload, who, visit.now)
            _let_wait(waiting, brought)
            async with in_turn:
                content = await _page(site, visit, brought, None, PlanAnswers())
        except Refusal as refusal:
            return await _shown(site, visit.with_refusal(refusal), PlanImportPage())
        return await _shown(site, visit, content)

    @router.get("/plan/import/{act}")
    async def reloaded(act: str) -> Response:
        if act not in STEPS:
            raise Refusal("no_such_page")
        return RedirectResponse("/plan/import", status_code=303)

    @router.post("/plan/import/{act}")
    async def next_step(request: Request, act: str) -> Response:
        if act not in STEPS:
            raise Refusal("no_such_page")
        visit = site.visit(request)
        content = PlanImportPage()
        try:
            form = await site.form(request)
            who = await acting(site, request, form, _MAY)
            brought = _waiting(waiting, form.get("digest", ""), who, visit.now)
            async with in_turn:
                content = await _page(
                    site, visit, brought, form.get("sheet") or None, _answers(form)
                )
            if act == "keep":
                kept = await _kept(site, who, content, form.get("content", ""))
                waiting.pop(brought.digest, None)
                return RedirectResponse(f"/plan/{kept.digest}", status_code=303)
        except Refusal as refusal:
            return await _shown(site, visit.with_refusal(refusal), content)
        return await _shown(site, visit, content)

    return router


def _brought(upload: Upload, who: Actor, now: datetime) -> Brought:
    if not upload.file_name:
        raise Refusal("file_missing")
    return Brought(
        digest=sha256(upload.content).hexdigest(),
        file_name=upload.file_name,
        content=upload.content,
        by=_owner(who),
        at=now,
    )


def _owner(who: Actor) -> str:
    """Return whose a file is: of a person who is known, theirs alone; as long as nobody is registered, of whoever states a name."""
    return who.id if who.how.is_verified else ""


def _let_wait(waiting: dict[str, Brought], brought: Brought) -> None:
    """Keep a file for its answers, and nothing that is too old or too much."""
    for digest in [each for each, one in waiting.items() if brought.at - one.at > WAITS]:
        del waiting[digest]
    waiting.pop(brought.digest, None)
    waiting[brought.digest] = brought
    while len(waiting) > MOST_WAITING:
        del waiting[next(iter(waiting))]


def _waiting(waiting: Mapping[str, Brought], digest: str, who: Actor, now: datetime) -> Brought:
    brought = waiting.get(digest)
    if brought is None or brought.by != _owner(who) or now - brought.at > WAITS:
        raise Refusal("plan_file_gone")
    return brought


def _answers(form: Form) -> PlanAnswers:
    """Return what the form answers: places and checks are numbered, each with its words."""

    def said_of(name: str, words: str) -> dict[str, str]:
        numbers = (each.removeprefix(name) for each in form if each.startswith(name))
        found = {form[f"{name}{n}"]: form.get(f"{words}{n}", "").strip() for n in numbers}
        return {of: text for of, text in found.items() if text}

    return PlanAnswers(places=said_of("place.", "words."), retired=said_of("check.", "why."))


async def _page(
    site: Site, visit: Visit, brought: Brought, sheet: str | None, answers: PlanAnswers
) -> PlanImportPage:
    """Look at the file, and return what it comes to in the page's language."""
    if site.look_at_plan is None:
        raise Refusal("no_such_page")
    known, names = await site.service.read(lambda reader: (plans_known(reader), names_in(reader)))
    looked = await asyncio.to_thread(
        site.look_at_plan, brought.content, brought.file_name, sheet, answers, known
    )
    language = visit.language
    return PlanImportPage(
        brought=brought,
        looked=looked,
        errors=_places(looked.errors, language),
        asked=tuple(_asked(looked, answers, names, language)),
        left_out=tuple(
            Asked(name=check, at=check, words=(), answer=answers.retired.get(check, ""))
            for check in looked.left_out
        ),
        notes=_places(looked.notes, language),
        changes=tuple(said(words, language) for words in looked.changes),
        dues={line.at: said(line.due, language) for line in looked.lines},
        may_keep=None if looked.new is None else looked.new.digest,
    )


def _places(found: tuple[SaidOfPlace, ...], language: str) -> tuple[Place, ...]:
    by_place: dict[str, list[str]] = {}
    for each in found:
        by_place.setdefault(each.answered_by, []).append(said(each.words, language))
    at = {each.answered_by: each.at for each in found}
    return tuple(Place(at=at[name], words=tuple(words)) for name, words in by_place.items())


def _asked(
    looked: PlanLooked, answers: PlanAnswers, names: Names, language: str
) -> Iterator[Asked]:
    """Yield what is asked, and what was answered by name, each once."""
    errors = tuple(each for each in looked.errors if each.key)
    found = {each.answered_by: each for each in (*looked.questions, *errors)}
    words: dict[str, list[str]] = {}
    for each in (*looked.questions, *errors):
        words.setdefault(each.answered_by, []).append(said(each.words, language))
    for name, asked in found.items():
        yield Asked(
            name=name,
            at=asked.at,
            words=tuple(dict.fromkeys(words[name])),
            kind=kind_of(asked.key) if asked.key else "",
            answer=answers.places.get(name, ""),
            is_required=asked not in errors,
        )
    for key, answered in {each.key: each for each in looked.answered}.items():
        if key in found:
            continue
        before = answered.before
        yield Asked(
            name=key,
            at=answered.at,
            words=(said(answered.words, language),),
            kind=kind_of(key),
            answer=answered.said,
            before_by=None
            if before is None
            else person(names, before.answered_by, before.answered_how, before.answered_entry),
            before_at=None if before is None else before.answered_at,
        )


async def _kept(site: Site, who: Actor, content: PlanImportPage, shown: str) -> PlanRevisionRecord:
    """Keep the plan as a draft, if it is the one that was shown."""
    new: NewPlan | None = content.looked.new if content.looked is not None else None
    if new is None:
        raise Refusal("plan_not_ready")
    if new.digest != shown:
        raise Refusal("plan_import_changed")
    plan = new

    def keep(uow: UnitOfWork) -> PlanRevisionRecord:
        plant = site.service.plant
        require(uow, plant, replace(_MAY, digest=plan.digest), who, uow.now)
        keep_new(uow, () if who.new_name is None else (who.new_name,))
        return store_draft(uow, plant, plan, actor=who)

    return await site.sign_in.record(keep)


async def _shown(site: Site, visit: Visit, content: PlanImportPage) -> HTMLResponse:
    status = 409 if visit.refused is not None else 200
    extra = {"in_force": site.service.plant.plan.label}
    return await shell_page(site, visit, "plan_import.html", content, status=status, extra=extra)
