"""Whoever signs shows again who they are: with the password where they are signed in, with the PIN at a station (R20)."""

from starlette.requests import Request

from redrabbit.domain.identity import StationId
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.web.site import Site
from redrabbit.web.visitor import asker_at, identify_again, own_session, place_of


async def shown_again(
    site: Site, request: Request, *, password: str, pin: str
) -> Reauthentication | None:
    """Return by what whoever asks has shown, now or within the last minute, who they are; None: they have not.

    Refusal for a password or PIN that is not theirs, and where others could read it along.
    """
    asker = asker_at(request)
    if asker.session is not None:
        if password:
            await site.sign_in.show_password(own_session(request), password, place_of(request))
    elif asker.there is not None and asker.screen is not None and pin:
        station, place = StationId(asker.screen.station), place_of(request)
        await site.sign_in.show_pin(station, asker.there.person_id, pin, place)
        asker = await identify_again(site.sign_in, request)
    return site.sign_in.shown_lately(asker)
