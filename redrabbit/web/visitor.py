"""Who asks: the one place that reads it off a request, and says as whom somebody acts (decision 0039).

A bearer token counts alone. Else before an enrolled screen whoever has scanned their badge is the person, and nothing is done for a session; elsewhere a
session's cookie says the person. Without a person a name may be stated, which the command then takes or not (decision 38). Where people are registered, a screen stands where its secret says; before, where the page does.
"""

from dataclasses import replace
from typing import Any, Final

from starlette.requests import HTTPConnection, Request

from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, Standing
from redrabbit.domain.scanned_code import reads_as_code
from redrabbit.domain.session import Session
from redrabbit.services.askers import Asker, Shown
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.sign_in import Place, SignIn
from redrabbit.web.cookies import kept
from redrabbit.web.proxies import is_confidential

SESSION_COOKIE: Final = "rr_session"
SCREEN_COOKIE: Final = "rr_screen"
NOBODY: Final = Asker()
"""Somebody of whom nothing is known, and who has no right."""
ASKER: Final = "asker"
"""Where a request's state has who asks."""


def shown_by(connection: HTTPConnection) -> Shown:
    """Return what came with a request to say who asks."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Shown(token=token.strip())
    return Shown(session=kept(connection, SESSION_COOKIE), screen=kept(connection, SCREEN_COOKIE))


async def identify(sign_in: SignIn, connection: HTTPConnection) -> Asker:
    """Find out who asks, once for each request."""
    found = getattr(connection.state, ASKER, None)
    if not isinstance(found, Asker):
        found = await sign_in.asker(shown_by(connection))
        setattr(connection.state, ASKER, found)
    return found


async def identify_again(sign_in: SignIn, connection: HTTPConnection) -> Asker:
    """Find out who asks, now that somebody else is at the station."""
    setattr(connection.state, ASKER, None)
    return await identify(sign_in, connection)


async def end_session_of(sign_in: SignIn, connection: HTTPConnection) -> None:
    """End the session that a browser shows, whoever counts there; nothing where it shows none."""
    secret = kept(connection, SESSION_COOKIE)
    if secret is not None:
        await sign_in.end_shown(secret)


def asker_at(connection: HTTPConnection, *, unknown: Asker = NOBODY) -> Asker:
    """Return who asks, as it was found out when the request came; `unknown` where it was not."""
    found = getattr(connection.state, ASKER, unknown)
    assert isinstance(found, Asker)  # noqa: S101  nothing else is put there
    return found


def own_session(connection: HTTPConnection) -> Session:
    """Return the session in which somebody changes what is their own.

    Refusal where there is none, and before a station's own screen, where nothing is done for one.
    """
    asker = asker_at(connection)
    if asker.session is None:
        raise Refusal("sign_in_required")
    if asker.is_office_at_station:
        raise Refusal("screen_of_station", station=asker.station)
    return asker.session


async def actor(
    service: LocalPlantService,
    request: Request,
    stated: str,
    act: Act[Any] | None = None,
    *,
    at: str | None = None,
) -> Actor:
    """Return as whom a request acts: the person who is signed in, the token's owner, or who is stated.

    `at` is the station whose page was used, None where it was none's. Refusal where nobody is, where a name comes with a person who is
    known, and before a station's own screen for whoever has only signed in there: it acts for who is at the station.
    `act` is what is asked in a stated name, of which nothing is kept where it may not be.
    """
    asker = asker_at(request)
    if asker.is_office_at_station:
        raise Refusal("screen_of_station", station=asker.station)
    if asker.actor is not None:
        if stated:
            raise Refusal("operator_not_allowed")
        return replace(asker.actor, station=_place(service, asker, at))
    if not asker.is_anybody and asker.screen is None:
        raise Refusal("sign_in_required")
    if not stated:
        raise Refusal("operator_required")
    if not asker.is_anybody:
        refuse_code(stated)
    here = _place(service, asker, at)
    was_scanned = stated == asker.named  # then it was looked at as a badge, and has counted
    counts_at = None if asker.screen is None or was_scanned else asker.screen.station
    said = await service.stated(stated, act, station=here, counts_at=counts_at)
    by = Standing(screen=asker.screen.screen_id) if asker.screen is not None else None
    return replace(said, station=here, standing=by)


def refuse_code(name: str) -> None:
    """Refuse what is no name but a code, as a badge has it: where people are registered, it would name nobody for ever."""
    if reads_as_code(name):
        raise Refusal("name_is_code", name=name.strip())


def place_of(request: Request) -> Place:
    """Return from where somebody asks; Refusal where a password would be read along on the network."""
    if not is_confidential(request):
        raise Refusal("not_confidential")
    address = request.client.host if request.client is not None else ""
    return Place(address=address, agent=request.headers.get("user-agent", ""))


def _place(service: LocalPlantService, asker: Asker, at: str | None) -> str | None:
    """Return the station whose screen is used: before people are registered the page says it, afterwards the screen.

    Whatever page or call it is; a screen of what is no station any more stands nowhere.
    """
    if asker.is_anybody:
        return at
    if asker.station is not None and at is not None and asker.station != at:
        raise Refusal("other_station", station=at, here=asker.station)
    stations = {station.id for station in service.plant.stations}
    return asker.station if asker.station in stations else None
