"""`/sign`: what stands before whoever signs a record, and signing; `/signed`: a text that was signed (R20)."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.services.queries.signatures import SignPage, sign_page, text_signed
from redrabbit.web.pages.forms import Form, key_of
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.proxies import is_confidential
from redrabbit.web.rendering import Visit
from redrabbit.web.showing_again import shown_again
from redrabbit.web.site import Site
from redrabbit.web.values import number_from
from redrabbit.web.visitor import actor, asker_at

ADDRESSES: Final[Mapping[Subject, str]] = {
    Subject.RUN: "/runs/",
    Subject.CONTAINMENT: "/containments/",
    Subject.PLAN: "/plan/",
}
"""Where a record is shown; others have no page of their own."""

SECRET: Final = frozenset({"password", "pin"})
"""What must stand in nothing that is kept."""


def signing_router(site: Site) -> APIRouter:
    """Return the page on which a record is signed, and the texts that were."""
    router = APIRouter(include_in_schema=False)

    @router.get("/sign/{entry}")
    async def to_sign(request: Request, entry: str) -> Response:
        index = _index(entry)
        content = await _content(site, site.visit(request), index)
        if content.entry != index:  # the record has changed since
            language = f"?lang={content.language.value}"
            return RedirectResponse(f"/sign/{content.entry}{language}", status_code=303)
        return await _shown(site, site.visit(request), content)

    @router.post("/sign/{entry}")
    async def sign(request: Request, entry: str) -> Response:
        index = _index(entry)
        try:
            form = await site.form(request)
            await _sign(site, request, index, form)
        except Refusal as refusal:
            visit = site.visit(request).with_refusal(refusal)
            return await _shown(site, visit, await _content(site, visit, index))
        content = await _content(site, site.visit(request), index)
        return RedirectResponse(address_of(content) or f"/sign/{index}", status_code=303)

    @router.get("/signed/{digest}")
    async def signed(request: Request, digest: str) -> Response:
        text = await site.service.read(lambda reader: text_signed(reader, digest))
        content = {"text": text, "digest": digest}
        return await shell_page(site, site.visit(request), "signed.html", content)

    return router


def _index(text: str) -> int:
    index = number_from(text)
    if index is None:
        raise Refusal("no_such_page")
    return index


def address_of(content: SignPage) -> str | None:
    """Return the page of the record; None where it has none."""
    begin = ADDRESSES.get(content.subject)
    return None if begin is None else f"{begin}{quote(content.subject_id, safe='')}"


async def _content(site: Site, visit: Visit, entry: int) -> SignPage:
    plant, person = site.service.plant, asker_at(visit.request).person
    language = PersonLanguage(visit.words.language)
    return await site.service.read(
        lambda reader: sign_page(reader, plant, entry, person, language=language, now=visit.now)
    )


async def _shown(site: Site, visit: Visit, content: SignPage) -> Response:
    extra = {
        "address": address_of(content),
        "is_confidential": is_confidential(visit.request),
        "by_pin": asker_at(visit.request).session is None,
    }
    status = 409 if visit.refused else 200
    return await shell_page(site, visit, "sign.html", content, status=status, extra=extra)


async def _sign(site: Site, request: Request, entry: int, form: Form) -> None:
    """Sign with what the form has shown; the password or PIN that it brings is asked, and kept nowhere."""
    kept = {name: value for name, value in form.items() if name not in SECRET}
    if kept.get("meaning") not in set(Meaning) or kept.get("language") not in set(PersonLanguage):
        raise Refusal("form_unreadable")
    shown = await shown_again(
        site, request, password=form.get("password", ""), pin=form.get("pin", "").strip()
    )
    act = acts.GiveSignature(
        entry=entry,
        leaf_hash=kept.get("leaf_hash", ""),
        meaning=Meaning(kept["meaning"]),
        shown=kept.get("shown", ""),
        language=PersonLanguage(kept["language"]),
    )
    by = await actor(site.service, request, "")
    key = key_of(kept, path=request.url.path, name=by.id)
    await site.service.do(act, by, key, shown=shown)
