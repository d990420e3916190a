"""A tablet becomes a station's own: by a code that somebody with the right made, within ten minutes, once (B28).

Who made the code is who enrolled the screen, and their right is asked twice: when it is made, and when it is used. Codes are short, because they
are typed; so tries are counted, by address alone: it waits longer and longer, and is never locked, because nobody could unlock it.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from redrabbit.domain.beside import digest_of, new_secret
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, BadgeId, How, ScreenId, Standing, StationId
from redrabbit.domain.one_time_code import CodePurpose
from redrabbit.domain.people_acts import EnrolScreen
from redrabbit.domain.records import StationScreenRecord
from redrabbit.services.credentials import begin_try_from, give_code, has_fitted_from, use_code
from redrabbit.services.permitting import require
from redrabbit.services.plant_service import LocalPlantService
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.sign_in import Place, SignIn
from redrabbit.services.still_known import lasting

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0 and O, no 1 and I."""
CHARACTERS: Final = 8
"""40 bits, for ten minutes, with so many tries as `redrabbit.domain.throttle` lets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledScreen:
    """A screen with its secret, which only the screen keeps."""

    screen: StationScreenRecord
    secret: str


def short_code() -> str:
    """Return a fresh code that people can type."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))


def as_typed(text: str) -> str:
    """Return a code as it was made, from what somebody typed."""
    return "".join(text.upper().split()).replace("-", "")


async def make_code(
    sign_in: SignIn, service: LocalPlantService, station: StationId, actor: Actor
) -> str:
    """Return a code with which one screen becomes the station's; Refusal where the actor may not do that."""
    code = short_code()

    def made(uow: UnitOfWork) -> None:
        act = EnrolScreen(station=station, name="-")
        require(uow, service.plant, act, actor, uow.now)
        subject = _subject(station, lasting(uow, actor))
        give_code(uow, CodePurpose.ENROL_SCREEN, subject, code)

    await sign_in.write(made)
    return code


async def enrol(
    sign_in: SignIn, service: LocalPlantService, code: str, name: str, place: Place
) -> EnrolledScreen:
    """Use a code up: the screen is its station's from now on; Refusal where the code does not work."""
    await sign_in.write(lambda uow: begin_try_from(uow, place.address))
    subject = await sign_in.write(
        lambda uow: use_code(uow, as_typed(code), CodePurpose.ENROL_SCREEN)
    )
    await sign_in.write(lambda uow: has_fitted_from(uow, place.address))
    station, actor = _who(subject)
    secret = new_secret()
    asked = EnrolScreen(station=station, name=name, secret_digest=digest_of(secret))
    try:
        return EnrolledScreen(screen=await service.do(asked, actor), secret=secret)
    except Refusal as refusal:
        if refusal.code == "known_no_longer":  # it is not they who stand before the screen
            raise Refusal("code_does_not_work") from None
        raise


_NOT_BY_THIS: Final = "-"
_KNOWN_BY: Final = 4


def _subject(station: StationId, actor: Actor) -> str:
    """Return who made a code for which station, and by what they were known: that has to count when it is used."""
    by = actor.standing or Standing()
    known_by = (by.badge, by.pin, by.password, by.screen)
    return " ".join(
        (station, actor.id, actor.how.value, *(one or _NOT_BY_THIS for one in known_by))
    )


def _who(subject: str) -> tuple[StationId, Actor]:
    station, actor_id, how, *known_by = subject.split(" ")
    found = [None if one == _NOT_BY_THIS else one for one in known_by]
    if len(found) != _KNOWN_BY:
        raise Refusal("code_does_not_work")  # of a version that did not keep it
    badge, pin, password, screen = found
    standing = Standing(
        badge=BadgeId(badge) if badge else None,
        pin=pin,
        password=password,
        screen=ScreenId(screen) if screen else None,
    )
    return StationId(station), Actor(id=actor_id, how=How(how), standing=standing)
