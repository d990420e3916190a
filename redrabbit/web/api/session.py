"""Who asks: signing in and out for programs of a browser, and who one is."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import Field

from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import How
from redrabbit.domain.reauthentication import FRESH, Reauthentication
from redrabbit.domain.role import Role
from redrabbit.domain.session import Session
from redrabbit.services.askers import Asker
from redrabbit.web.api.models import Model
from redrabbit.web.api.problems import refuses
from redrabbit.web.cookies import forget, keep
from redrabbit.web.site import Site
from redrabbit.web.visitor import SESSION_COOKIE, asker_at, end_session_of, own_session, place_of

OF_PASSWORDS = ("credential_locked", "not_confidential", "too_many_tries")


class SignInAsked(Model):
    """Somebody signs in."""

    name: str = Field(
        min_length=1, max_length=60, description="Name, employee number, or person's number."
    )
    password: str = Field(min_length=1, max_length=512)


class PasswordShown(Model):
    """Somebody who is signed in shows again that they are there."""

    password: str = Field(min_length=1, max_length=512)


class Me(Model):
    """Who asks."""

    person: str | None = Field(description="Number of the person; null: nobody is signed in.")
    name: str | None
    how: How | None
    roles: list[Role] = Field(description="On any line, now; empty for a token.")
    token: str | None = Field(description="Number of the token that was used.")
    scopes: list[Scope]
    station: str | None = Field(description="Of the enrolled screen that is used.")
    names_are_stated: bool = Field(
        description="Nobody is registered: whoever states a name acts, and is not verified."
    )
    until: datetime | None = Field(description="When the session or token ends by itself.")
    authenticated_at: datetime | None = Field(
        description="When the person last typed their password."
    )
    may_sign_until: datetime | None = Field(
        description="Until when a signature is taken without showing again who one is; null: it is not."
    )


def session_router(site: Site) -> APIRouter:
    """Return the session of whoever asks."""
    router = APIRouter(tags=["people"])

    @router.post(
        "/session", status_code=201, openapi_extra=refuses("sign_in_failed", *OF_PASSWORDS)
    )
    async def sign_in(request: Request, body: SignInAsked, response: Response) -> Me:
        """Sign in: the answer brings the cookie of a new session."""
        begun = await site.sign_in.with_password(body.name, body.password, place_of(request))
        await end_session_of(site.sign_in, request)
        keep(response, request, SESSION_COOKIE, begun.secret, max_age_s=None)
        asker = await site.sign_in.of_session(begun.secret)
        return me_of(asker, site.sign_in.shown_lately(asker))

    @router.delete("/session", status_code=204)
    async def sign_out(request: Request, response: Response) -> None:
        """Sign out: the session ends; nothing happens where there is none."""
        await end_session_of(site.sign_in, request)
        forget(response, request, SESSION_COOKIE)

    @router.get("/me", openapi_extra=refuses("sign_in_required"))
    async def read_me(request: Request) -> Me:
        """Return who asks, as what, and until when."""
        asker = asker_at(request)
        return me_of(asker, site.sign_in.shown_lately(asker))

    @router.post(
        "/session/reauthenticate",
        openapi_extra=refuses(
            "screen_of_station",
            "sign_in_failed",
            "sign_in_required",
            "wrong_password",
            *OF_PASSWORDS,
        ),
    )
    async def show_password(request: Request, body: PasswordShown) -> Me:
        """Show again who one is, with the password: a signature is taken for 60 seconds from now on."""
        asker, session = asker_at(request), own_session(request)
        shown = await site.sign_in.show_password(session, body.password, place_of(request))
        return me_of(asker, site.sign_in.shown_lately(asker), shown)

    return router


def me_of(asker: Asker, lately: Reauthentication | None, session: Session | None = None) -> Me:
    """Return who asks as programs read it; `lately`: by what they have just shown who they are."""
    session = session or asker.session
    actor = asker.actor
    until = session.ends_at() if session is not None else None
    return Me(
        person=asker.person.person_id if asker.person is not None else None,
        name=asker.name or None,
        how=actor.how if actor is not None else None,
        roles=sorted(asker.roles),
        token=asker.token.token_id if asker.token is not None else None,
        scopes=sorted(asker.scopes),
        station=asker.station,
        names_are_stated=asker.is_anybody,
        until=asker.token.expires_at if asker.token is not None else until,
        authenticated_at=session.authenticated_at if session is not None else None,
        may_sign_until=lately.at + FRESH if lately is not None else None,
    )
