"""`/people`, `/people/ID` and `/tokens`: who is known, what they may, and what they prove it with.

Administrators give and take here; what they do are acts like all others. A link and a token are shown once and kept nowhere.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import tzinfo
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from redrabbit.domain.acts import Act
from redrabbit.domain.beside import TokenSecret, digest_of, new_secret
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import (
    Actor,
    AlarmId,
    BadgeId,
    GrantId,
    Letter,
    LineId,
    PersonId,
    TokenId,
    is_a_person,
)
from redrabbit.domain.own_acts import GiveLink
from redrabbit.domain.people_acts import (
    AcknowledgeAdministrator,
    DisablePerson,
    EnablePerson,
    GrantRole,
    IssueBadge,
    IssueToken,
    RegisterPerson,
    ResetCredential,
    RevokeBadge,
    RevokeRole,
    RevokeToken,
    UnlockCredential,
)
from redrabbit.domain.records import PersonRecord, TokenRecord
from redrabbit.domain.role import Role
from redrabbit.services import credential_states, sessions
from redrabbit.services.askers import token_text
from redrabbit.services.badges_tried import badge_tried
from redrabbit.services.done_once import Asked, once
from redrabbit.services.people import the_person
from redrabbit.services.people_at_server import person_said
from redrabbit.services.permitting import require
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.registered_people import (
    last_day,
    people_page,
    person_page,
    tokens_page,
)
from redrabbit.web.pages import qualifications
from redrabbit.web.pages.forms import Form, asking, carry_out, key_of, word
from redrabbit.web.pages.scans import badge_code
from redrabbit.web.pages.shell import shell_page
from redrabbit.web.registering import Naming, changing, registering
from redrabbit.web.rendering import Visit
from redrabbit.web.site import Site, id_in
from redrabbit.web.values import end_of_day
from redrabbit.web.visitor import asker_at
from redrabbit.web.ways import FORMS, change_by_form


def people_router(site: Site) -> APIRouter:
    """Return the pages of people and tokens, and their forms."""
    router = APIRouter(include_in_schema=False)

    @router.get("/people")
    async def people(request: Request) -> Response:
        return await _people_shown(site, site.visit(request))

    @router.get("/people/alarms")
    async def taken_again() -> Response:
        return RedirectResponse("/people", status_code=303)

    @router.post("/people/alarms")
    async def take(request: Request) -> Response:
        try:
            form = await site.form(request)
            alarm_id = AlarmId(id_in(form, "alarm", Letter.ALARM))
            await carry_out(site, request, form, AcknowledgeAdministrator(alarm_id=alarm_id))
        except Refusal as refusal:
            return await _people_shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/people", status_code=303)

    @router.get("/people/{person_id}")
    async def person(request: Request, person_id: str) -> Response:
        return await _person_shown(site, site.visit(request), person_id)

    @router.get("/people/{person_id}/{act}")
    async def reloaded(person_id: str, act: str) -> Response:
        if act not in {*ACTS, *BESIDE}:
            raise Refusal("no_such_page")
        return RedirectResponse(f"/people/{person_id}", status_code=303)

    @router.post("/people")
    async def register(request: Request) -> Response:
        form: Form = {}
        try:
            form = await site.form(request)
            naming = await _registered(site, request, form)
            person = await carry_out(site, request, form, naming.act, names=naming.names)
        except Refusal as refusal:
            return await _people_shown(site, site.visit(request).with_refusal(refusal), form)
        return RedirectResponse(f"/people/{person.person_id}", status_code=303)

    @router.post("/people/{person_id}/{act}")
    async def change(request: Request, person_id: str, act: str) -> Response:
        if act not in {*ACTS, *BESIDE}:
            raise Refusal("no_such_page")
        form: Form = {}
        try:
            form = await site.form(request)
            if act in BESIDE:
                link = await BESIDE[act](site, request, PersonId(person_id), form)
                if link:
                    return await _person_shown(site, site.visit(request), person_id, link)
            else:
                asked = ACTS[act](PersonId(person_id), form, site.service.plant.zone)
                await carry_out(site, request, form, asked)
        except Refusal as refusal:
            visit, typed = (
                site.visit(request).with_refusal(refusal),
                form if act == "change" else {},
            )
            return await _person_shown(site, visit, person_id, typed=typed)
        return RedirectResponse(f"/people/{person_id}", status_code=303)

    _add_tokens(router, site)
    return router


def _add_tokens(router: APIRouter, site: Site) -> None:
    @router.get("/tokens")
    async def tokens(request: Request) -> Response:
        return await _tokens_shown(site, site.visit(request))

    @router.get("/tokens/{act}")
    async def reloaded(act: str) -> Response:
        if act not in {"issue", "revoke"}:
            raise Refusal("no_such_page")
        return RedirectResponse("/tokens", status_code=303)

    @router.post("/tokens/{act}")
    async def change(request: Request, act: str) -> Response:
        if act not in {"issue", "revoke"}:
            raise Refusal("no_such_page")
        try:
            form = await site.form(request)
            if act == "issue":
                secret = new_secret()
                asked = replace(_token(form, site), secret_digest=digest_of(secret))
                issued = await carry_out(site, request, form, asked)
                shown = await token_shown(site, issued, secret)
                return await _tokens_shown(site, site.visit(request), shown)
            token_id = TokenId(form.get("token", ""))
            await carry_out(site, request, form, RevokeToken(token_id=token_id))
        except Refusal as refusal:
            return await _tokens_shown(site, site.visit(request).with_refusal(refusal))
        return RedirectResponse("/tokens", status_code=303)


async def token_shown(site: Site, token: TokenRecord, secret: str) -> str:
    """Return a token with its secret; Refusal where it was issued before, when this was asked first: with another one."""
    kept = await site.sign_in.read(lambda reader: reader.row(TokenSecret, token.token_id))
    if kept is None or kept.digest != digest_of(secret):
        raise Refusal("token_shown_before", token=token.token_id)
    return token_text(token.token_id, secret)


async def new_link(
    site: Site, request: Request, person_id: PersonId, form: Form, *, key: str | None = None
) -> str:
    """Return a link by which somebody sets a password; what they had is taken away, and their sessions end.

    The right to it is that to take it away, asked before anything is. It is done once under its key: asked again it takes
    nothing away, and Refusal says that the link was shown, as it is not kept.
    """
    who = await asking(site, request, form)
    key = key or key_of(form, path=request.url.path, name=who.id)
    codes: list[str] = []

    def give(uow: UnitOfWork) -> PersonRecord:
        codes.append(credential_states.give_link(uow, person_id, actor=who))
        return the_person(uow, person_id)

    def permit(uow: UnitOfWork) -> None:
        codes.clear()
        _require_administering(site, uow, person_id, who)

    asked = Asked(act=GiveLink(person_id=person_id), actor=who, key=key)
    await site.sign_in.record(once(asked, permit, give))
    if not codes:
        raise Refusal("link_shown_before", person=person_id)
    return f"{str(request.base_url).rstrip('/')}/welcome/{codes[-1]}"


async def _end_sessions(site: Site, request: Request, person_id: PersonId, form: Form) -> str:
    """End one session of a person, or all of them; an administrator may, and whose they are, in a session of theirs."""
    session, who = asker_at(request).session, await asking(site, request, form)
    is_own = session is not None and session.person_id == person_id
    wanted = form.get("session", "")

    def end(uow: UnitOfWork) -> None:
        if not is_own:
            _require_administering(site, uow, person_id, who)
        if wanted:
            sessions.end_session(uow, person_id, wanted)
        else:
            sessions.end_sessions(uow, person_id)

    await site.sign_in.write(end)
    return ""


def _require_administering(site: Site, uow: UnitOfWork, person_id: PersonId, who: Actor) -> None:
    """Refuse whoever may not take a password away, now."""
    act = ResetCredential(person_id=person_id, kind=CredentialKind.PASSWORD)
    require(uow, site.service.plant, act, who, uow.now)


async def _ways(site: Site, request: Request, person_id: PersonId, form: Form) -> str:
    await change_by_form(site, request, person_id, request.path_params["act"], form)
    return ""


async def _people_shown(site: Site, visit: Visit, typed: Form | None = None) -> Response:
    """Show who is registered; `typed` is what was asked and not done."""
    content = await site.service.read(lambda reader: people_page(reader, visit.now))
    extra = _typed(visit, typed)
    return await shell_page(site, visit, "people.html", content, status=_status(visit), extra=extra)


def _typed(visit: Visit, typed: Form | None) -> dict[str, object]:
    """Return what a form has in it again, and whether it asks if two people have one name."""
    asks = visit.refused is not None and visit.refused.code == "same_name"
    return {"typed": typed or {}, "same_name": asks}


async def _person_shown(
    site: Site, visit: Visit, person_id: str, link: str = "", typed: Form | None = None
) -> Response:
    if not is_a_person(person_id):
        raise Refusal("no_such_person", person=person_id)
    plant, session = site.service.plant, visit.asker.session
    digest = session.digest if session is not None else ""
    content = await site.service.read(
        lambda reader: person_page(reader, plant, person_id, visit.now, session=digest)
    )
    extra = {"link": link, "mails": site.ways.mails, **_typed(visit, typed)}
    return await shell_page(site, visit, "person.html", content, status=_status(visit), extra=extra)


async def _tokens_shown(site: Site, visit: Visit, shown: str = "") -> Response:
    plant = site.service.plant
    content = await site.service.read(lambda reader: tokens_page(reader, plant, visit.now))
    extra = {"shown": shown}
    return await shell_page(site, visit, "tokens.html", content, status=_status(visit), extra=extra)


def _status(visit: Visit) -> int:
    return 409 if visit.refused is not None else 200


async def _registered(site: Site, request: Request, form: Form) -> Naming[RegisterPerson]:
    return await registering(
        site,
        await asking(site, request, form),
        name=form.get("name", ""),
        employee_number=form.get("employee_number", "").strip(),
        expires_at=end_of_day(form.get("expires", ""), site.service.plant.zone),
        same_name=bool(form.get("same_name")),
    )


async def _granted(site: Site, request: Request, person_id: PersonId, form: Form) -> str:
    """Give a role; whose deputy somebody is may be said by number, employee number or name."""
    principal = form.get("deputy_for", "").strip()
    act = GrantRole(
        person_id=person_id,
        role=word(Role, form.get("role", "")),
        line=LineId(form["line"]) if form.get("line") else None,
        until_at=end_of_day(form.get("until", ""), site.service.plant.zone),
    )
    if principal:
        await site.service.require(
            act, await asking(site, request, form)
        )  # before anybody is found
        known = await site.service.read(lambda reader: person_said(reader, principal))
        act = replace(act, deputy_for=known.person_id)
    await carry_out(site, request, form, act)
    return ""


def _token(form: Form, site: Site) -> IssueToken:
    end = end_of_day(form.get("expires", ""), site.service.plant.zone)
    if end is None:
        raise Refusal("not_a_date", value="")
    return IssueToken(
        name=form.get("name", ""),
        person_id=PersonId(form.get("owner", "")),
        scopes=tuple(scope for scope in Scope if form.get(f"scope-{scope.value}")),
        line=LineId(form["line"]) if form.get("line") else None,
        expires_at=end,
    )


ACTS: Final[Mapping[str, Callable[[PersonId, Form, tzinfo], Act[Any]]]] = {
    "disable": lambda person, _form, _zone: DisablePerson(person_id=person),
    "enable": lambda person, _form, _zone: EnablePerson(person_id=person),
    "qualify": qualifications.recorded,
    "withdraw-qualification": qualifications.withdrawn,
    "revoke": lambda person, form, _zone: RevokeRole(
        person_id=person, grant_id=GrantId(form.get("grant", ""))
    ),
    "revoke-badge": lambda person, form, _zone: RevokeBadge(
        person_id=person, badge_id=BadgeId(form.get("badge", ""))
    ),
    "unlock": lambda person, form, _zone: UnlockCredential(
        person_id=person, kind=word(CredentialKind, form.get("kind", ""))
    ),
}
"""What the forms of a person's page ask, by the last word of their address."""


async def _badge_issued(site: Site, request: Request, person_id: PersonId, form: Form) -> str:
    """Let the badge that was scanned stand for a person; its code is kept nowhere."""
    act = IssueBadge(
        badge_id=site.sign_in.at_stations.badge_id(
            badge_code(form.get("code", ""), site.service.plant)
        ),
        person_id=person_id,
    )
    async with badge_tried(site.sign_in, await asking(site, request, form)):
        await carry_out(site, request, form, act)
    return ""


async def _told_anew(site: Site, request: Request, person_id: PersonId, form: Form) -> str:
    """Tell anew what is told of a person; the end of an account stays to the second where its day does."""
    zone, said = site.service.plant.zone, form.get("expires", "").strip()
    known = await site.service.read(lambda reader: the_person(reader, person_id))
    stays = said == last_day(known.expires_at, zone)
    naming = await changing(
        site,
        await asking(site, request, form),
        person_id,
        name=form.get("name", ""),
        employee_number=form.get("employee_number", "").strip(),
        language=word(PersonLanguage, form["language"]) if form.get("language") else None,
        expires_at=known.expires_at if stays else end_of_day(said, zone),
        same_name=bool(form.get("same_name")),
    )
    await carry_out(site, request, form, naming.act, names=naming.names)
    return ""


BESIDE: Final[Mapping[str, Callable[[Site, Request, PersonId, Form], Awaitable[str]]]] = {
    "badge": _badge_issued,
    "change": _told_anew,
    "grant": _granted,
    "link": new_link,
    "end-sessions": _end_sessions,
    **dict.fromkeys(FORMS, _ways),
}
"""What they ask that a form alone does not say, or beside the ledger; each returns a link to show once, or nothing."""
