"""A badge that somebody gives to a person counts as guessed where it turns out to be somebody's already (decision 0039).

Else whoever may give badges finds out whose each is, with as many codes as they like. Who gives it is counted before anything is told, and the log
says what was told: a refusal is no record.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor
from redrabbit.services.credentials import count_badge_given, settle_badges_given
from redrabbit.services.importing_people import NotImported
from redrabbit.services.sign_in import SignIn

log = logging.getLogger("redrabbit.badges")

TELLING: Final = frozenset({"badge_issued_already", "badge_taken"})
"""Refusals that say whose a badge is."""


@asynccontextmanager
async def badge_tried(sign_in: SignIn, by: Actor) -> AsyncIterator[None]:
    """Count a badge as guessed by who gives it, and take that back unless they are told whose it is; Refusal where that comes too soon."""
    await sign_in.write(lambda uow: count_badge_given(uow, by.id))
    told = 0
    try:
        yield
    except (Refusal, NotImported) as refused:
        told = _told(refused)
        raise
    finally:
        await sign_in.write(lambda uow: settle_badges_given(uow, by.id, told))
        if told:
            log.warning("badge of somebody else tried", extra={"person": by.id, "badges": told})


def _told(refused: Refusal | NotImported) -> int:
    """Return of how many badges it says whose they are."""
    whys = [refused] if isinstance(refused, Refusal) else [why for _, why in refused.refused]
    return sum(why.code in TELLING for why in whys)
