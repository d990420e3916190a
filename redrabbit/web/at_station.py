"""How somebody is known at the screen of a station, as pages show it: by a badge, by a PIN as well, or not at all."""

from dataclasses import dataclass
from functools import cache
from typing import Final

from redrabbit.domain.people_acts import EnrolScreen, TeachInBadge
from redrabbit.domain.permissions import MAY, may
from redrabbit.domain.role import Role
from redrabbit.services.askers import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStation:
    """How somebody is known who scanned their badge at the station of this screen."""

    how: str = ""
    """`badge`, `taught_in` or `badge_pin`; empty: nobody did."""
    teaches: bool = False
    """They may teach in an unknown badge."""
    enrols: bool = False
    """They may make a screen a station's own; also where they are signed in."""
    is_enrolled: bool = False
    """The screen is the station's own, and people are registered: so a badge is asked for, also where somebody is signed in."""
    station: str = ""
    """Whose own screen it is; empty: no station's, or nobody is registered."""
    acts: frozenset[str] | None = None
    """Kinds of the acts that the roles of whoever is known allow on one line or another; None: nobody is known, and the command decides."""


NOT_THERE: Final = AtStation()


def at_station_of(asker: Asker) -> AtStation:
    """Return how somebody is known who scanned their badge at the station of this screen."""
    return AtStation(
        how=asker.there.how.value if asker.there is not None else "",
        teaches=asker.there is not None and may(asker.roles, TeachInBadge),
        enrols=may(asker.roles, EnrolScreen),
        is_enrolled=asker.screen is not None and not asker.is_anybody,
        station="" if asker.is_anybody else asker.station or "",
        acts=_acts_of(asker.roles) if asker.person is not None and asker.token is None else None,
    )


@cache
def _acts_of(roles: frozenset[Role]) -> frozenset[str]:
    """Return the kinds of acts that any of these roles allows."""
    return frozenset(act.KIND for act in MAY if roles & MAY[act])
