"""People and tokens for programs: what the pages *People* and *Tokens* do, as calls."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Response

from redrabbit.domain.beside import digest_of, new_secret
from redrabbit.domain.identity import BadgeId, GrantId, LineId, PersonId, TokenId
from redrabbit.domain.people_acts import (
    AcknowledgeAdministrator,
    DisablePerson,
    EnablePerson,
    GrantRole,
    IssueBadge,
    IssueToken,
    RevokeBadge,
    RevokeRole,
    RevokeToken,
)
from redrabbit.services.badges_tried import badge_tried
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.registered_people import people_page, person_page, tokens_page
from redrabbit.web import ways
from redrabbit.web.api.alarms import alarm_model
from redrabbit.web.api.doing import By, done
from redrabbit.web.api.models import Page
from redrabbit.web.api.paging import Limit, part_of
from redrabbit.web.api.people_models import (
    Badge,
    Grant,
    IssuedToken,
    KnownPerson,
    KnownPersonWithGrants,
    NewBadge,
    NewGrant,
    NewPerson,
    NewToken,
    NewWay,
    OneTimeLink,
    Qualification,
    Token,
    Way,
)
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.reaction_models import Alarm
from redrabbit.web.api.values import AlarmInPath, IdCursor, Slug
from redrabbit.web.pages.people import new_link, token_shown
from redrabbit.web.pages.scans import badge_code
from redrabbit.web.registering import changing, registering
from redrabbit.web.site import Site
from redrabbit.web.visitor import actor

WayNumber = Annotated[int, Path(ge=1, le=1_000_000)]

OF_PERSON: Final = ("no_such_person", "person_disabled")
OF_BADGES: Final = (
    *OF_PERSON,
    "badge_issued_already",
    "badge_taken",
    "nothing_scanned",
    "person_beyond_floor",
    "scan_is_no_badge",
    "scan_of_several",
)
OF_GRANTS: Final = (
    *OF_PERSON,
    "auditor_needs_end",
    "deputy_needs_end",
    "deputy_of_no_such_role",
    "grant_ends_before_it_begins",
    "instant_out_of_range",
    "no_such_line",
    "own_grant",
    "role_for_all_lines",
    "role_of_tokens",
)


def people_api_router(site: Site) -> APIRouter:
    """Return the people, their roles and links, and the tokens."""
    router = APIRouter(tags=["people"])

    @router.get("/people")
    async def list_people(limit: Limit = 50, cursor: IdCursor = None) -> Page[KnownPerson]:
        """Return who is registered, those with rights first, by name."""
        now = site.clock.now()
        rows = (await site.service.read(lambda reader: people_page(reader, now))).people
        found, following = part_of(rows, lambda row: row.person, limit=limit, cursor=cursor)
        items = [KnownPerson.model_validate(row) for row in found]
        return Page(items=items, next=following)

    @router.post(
        "/people",
        status_code=201,
        openapi_extra=refuses(
            "employee_number_taken", "end_is_past", "name_is_a_number", "same_name"
        ),
    )
    async def register_person(body: NewPerson, by: By) -> KnownPersonWithGrants:
        """Register somebody; no right comes with it."""
        naming = await registering(
            site,
            await actor(site.service, by.request, ""),
            name=body.name,
            employee_number=body.employee_number,
            language=body.language,
            expires_at=body.expires_at,
            same_name=body.same_name,
        )
        known = await done(site, naming.act, by, naming.names)
        return await _person(site, known.person_id)

    @router.put(
        "/people/{person_id}",
        openapi_extra=refuses(
            "auditor_needs_end",
            "employee_number_taken",
            "name_is_a_number",
            "end_is_past",
            "last_administrator",
            "no_such_person",
            "same_name",
        ),
    )
    async def change_person(person_id: Slug, body: NewPerson, by: By) -> KnownPersonWithGrants:
        """Tell anew, and as a whole, what is told of a person: what is left out is told no more."""
        naming = await changing(
            site,
            await actor(site.service, by.request, ""),
            PersonId(person_id),
            name=body.name,
            employee_number=body.employee_number,
            language=body.language,
            expires_at=body.expires_at,
            same_name=body.same_name,
        )
        await done(site, naming.act, by, names=naming.names)
        return await _person(site, person_id)

    _add_alarms(router, site)
    _add_rights(router, site)
    _add_ways(router, site)
    _add_tokens(router, site)
    return router


def _add_rights(router: APIRouter, site: Site) -> None:
    @router.post(
        "/people/{person_id}/disable", openapi_extra=refuses(*OF_PERSON, "last_administrator")
    )
    async def disable_person(person_id: Slug, by: By) -> KnownPersonWithGrants:
        """Take all rights of a person away, from now on."""
        await done(site, DisablePerson(person_id=PersonId(person_id)), by)
        return await _person(site, person_id)

    @router.post(
        "/people/{person_id}/enable", openapi_extra=refuses("no_such_person", "person_not_disabled")
    )
    async def enable_person(person_id: Slug, by: By) -> KnownPersonWithGrants:
        """Let a person have the rights of their roles again."""
        await done(site, EnablePerson(person_id=PersonId(person_id)), by)
        return await _person(site, person_id)

    @router.post("/people/{person_id}/grants", status_code=201, openapi_extra=refuses(*OF_GRANTS))
    async def grant_role(person_id: Slug, body: NewGrant, by: By) -> KnownPersonWithGrants:
        """Give somebody else a role."""
        act = GrantRole(
            person_id=PersonId(person_id),
            role=body.role,
            line=LineId(body.line) if body.line is not None else None,
            from_at=body.from_at,
            until_at=body.until_at,
            deputy_for=PersonId(body.deputy_for) if body.deputy_for is not None else None,
        )
        await done(site, act, by)
        return await _person(site, person_id)

    @router.delete(
        "/people/{person_id}/grants/{grant_id}",
        openapi_extra=refuses(
            "grant_revoked", "last_administrator", "no_such_grant", "no_such_person"
        ),
    )
    async def revoke_role(person_id: Slug, grant_id: Slug, by: By) -> KnownPersonWithGrants:
        """End a role for good."""
        await done(site, RevokeRole(person_id=PersonId(person_id), grant_id=GrantId(grant_id)), by)
        return await _person(site, person_id)

    @router.post("/people/{person_id}/badges", status_code=201, openapi_extra=refuses(*OF_BADGES))
    async def issue_badge(person_id: Slug, body: NewBadge, by: By) -> KnownPersonWithGrants:
        """Let a badge stand for a person; one that was taught in stands for good from now on."""
        code = badge_code(body.code, site.service.plant)
        badge = site.sign_in.at_stations.badge_id(code)
        who = await actor(site.service, by.request, "")
        async with badge_tried(site.sign_in, who):
            await done(site, IssueBadge(badge_id=badge, person_id=PersonId(person_id)), by)
        return await _person(site, person_id)

    @router.delete(
        "/people/{person_id}/badges/{badge_id}",
        openapi_extra=refuses("no_such_badge", "no_such_person", "person_beyond_floor"),
    )
    async def revoke_badge(person_id: Slug, badge_id: Slug, by: By) -> KnownPersonWithGrants:
        """Let a badge stand for nobody."""
        await done(site, RevokeBadge(person_id=PersonId(person_id), badge_id=BadgeId(badge_id)), by)
        return await _person(site, person_id)

    @router.post(
        "/people/{person_id}/credentials/reset",
        openapi_extra=refuses(*OF_PERSON, "credential_not_set", "link_shown_before"),
    )
    async def reset_credentials(person_id: Slug, by: By) -> OneTimeLink:
        """Take password and PIN away, end all sessions, and give a link to set a password."""
        link = await new_link(site, by.request, PersonId(person_id), {}, key=by.key)
        return OneTimeLink(link=link)


def _add_ways(router: APIRouter, site: Site) -> None:
    @router.post(
        "/people/{person_id}/ways",
        status_code=201,
        openapi_extra=refuses(
            *OF_PERSON,
            "no_mail_server",
            "not_confidential",
            "too_many_ways",
            "way_names_host",
            "way_unreadable",
        ),
    )
    async def set_way(person_id: Slug, body: NewWay, by: By) -> KnownPersonWithGrants:
        """Reach a person at this address, too: for oneself, or as an administrator."""
        await ways.set_way(
            site, by.request, person_id, body.kind, body.address, key=lambda _: by.key
        )
        return await _person(site, person_id)

    @router.delete(
        "/people/{person_id}/ways/{number}",
        status_code=204,
        openapi_extra=refuses("no_such_person", "no_such_way"),
    )
    async def remove_way(person_id: Slug, number: WayNumber, by: By) -> Response:
        """Reach a person in this way no more; its address is erased."""
        await ways.remove_way(site, by.request, person_id, number, key=lambda _: by.key)
        return Response(status_code=204)

    @router.post(
        "/people/{person_id}/ways/{number}/test",
        openapi_extra=refuses(*OF_PERSON, "no_such_way"),
    )
    async def test_way(person_id: Slug, number: WayNumber, by: By) -> Alarm:
        """Send a person a message that says that it is a test; it is recorded as an alarm that is over."""
        sent = await ways.test_way(site, by.request, person_id, number, key=lambda _: by.key)
        return alarm_model(sent, await site.service.read(names_in))


def _add_alarms(router: APIRouter, site: Site) -> None:
    @router.get("/people/{person_id}", openapi_extra=refuses("no_such_person"))
    async def read_person(person_id: Slug) -> KnownPersonWithGrants:
        """Return one person with their roles."""
        return await _person(site, person_id)

    @router.post(
        "/people/alarms/{alarm_id}/acknowledge",
        openapi_extra=refuses("alarm_already_acknowledged", "alarm_of_administrators"),
    )
    async def acknowledge_administrator(alarm_id: AlarmInPath, by: By) -> Alarm:
        """Take the alarm that somebody was made administrator at the server; not for whom it is about."""
        taken = await done(site, AcknowledgeAdministrator(alarm_id=alarm_id), by)
        return alarm_model(taken, await site.service.read(names_in))


def _add_tokens(router: APIRouter, site: Site) -> None:
    @router.get("/tokens")
    async def list_tokens(limit: Limit = 50, cursor: IdCursor = None) -> Page[Token]:
        """Return the tokens that were not revoked, those that end first before the others."""
        plant, now = site.service.plant, site.clock.now()
        rows = (await site.service.read(lambda reader: tokens_page(reader, plant, now))).tokens
        found, following = part_of(rows, lambda row: row.token, limit=limit, cursor=cursor)
        return Page(items=[Token.model_validate(row) for row in found], next=following)

    @router.post(
        "/tokens",
        status_code=201,
        openapi_extra=refuses(
            *OF_PERSON,
            "end_is_past",
            "no_such_line",
            "scope_beyond_owner",
            "token_shown_before",
            "token_too_long",
        ),
    )
    async def issue_token(body: NewToken, by: By) -> IssuedToken:
        """Give a program a token; its secret is shown once."""
        secret = new_secret()
        act = IssueToken(
            name=body.name,
            person_id=PersonId(body.owner),
            scopes=tuple(body.scopes),
            line=LineId(body.line) if body.line is not None else None,
            expires_at=body.expires_at,
            secret_digest=digest_of(secret),
        )
        issued = await done(site, act, by)
        return IssuedToken(token=issued.token_id, secret=await token_shown(site, issued, secret))

    @router.delete("/tokens/{token_id}", status_code=204, openapi_extra=refuses("no_such_token"))
    async def revoke_token(token_id: Slug, by: By) -> Response:
        """Let a token be worth nothing."""
        await done(site, RevokeToken(token_id=TokenId(token_id)), by)
        return Response(status_code=204)


async def _person(site: Site, person_id: str) -> KnownPersonWithGrants:
    plant, now = site.service.plant, site.clock.now()
    page = await site.service.read(lambda reader: person_page(reader, plant, person_id, now))
    grants = [Grant.model_validate(each) for each in page.grants]
    badges = [Badge.model_validate(each) for each in page.badges]
    ways = [Way.model_validate(each) for each in page.ways]
    qualifications = [Qualification.model_validate(each) for each in page.qualifications]
    return KnownPersonWithGrants(
        **KnownPerson.model_validate(page.row).model_dump(),
        grants=grants,
        badges=badges,
        ways=ways,
        qualifications=qualifications,
    )
