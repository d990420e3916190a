"""Who is at a station's screen: a badge says it, a PIN proves it, and neither lasts (D45, B28).

1. A badge that is scanned at any time says who it is from then on; whoever was there before is gone. 2. A PIN proves that it is
them, until they go or it is changed. 3. Who is there stays for as long as the run that they are at; without a run for five minutes after what
they did last. 4. At each change of shift everybody is asked anew, in the middle of a run as well: who comes then is somebody
else. 5. All of it is the station's and not the browser's: two screens of a station show one person. 6. A name that is
only stated lasts no longer than a badge.

Not here: which badge is whose, and what a person may do (`redrabbit.domain.rights`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from redrabbit.domain.identity import Actor, BadgeId, How, PersonId, ScreenId, Standing

IDLE: Final = timedelta(minutes=5)
"""So long after their last act somebody without a run is still there."""
SET_BACK: Final = timedelta(minutes=1)
"""A clock that was set back by more says nothing of how long ago that was: they are asked anew (D43)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a station is in now."""

    now: datetime
    run_id: str | None
    """The run under way; None: none."""
    shift_began_at: datetime | None
    """When the shift that is on now began; None: no shift is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """How long somebody is there who said who they are."""

    came_at: datetime
    acted_at: datetime
    run_id: str | None
    """The run that they are at; None: none yet."""
    shift_began_at: datetime | None
    """Of the shift in which they came."""

    def is_there(self, at: Situation) -> bool:
        """Return whether they still are."""
        if self.shift_began_at != at.shift_began_at or self.acted_at - at.now > SET_BACK:
            return False
        is_at_run = self.run_id is not None and self.run_id == at.run_id
        return is_at_run or at.now - self.acted_at < IDLE

    def acted(self, at: Situation) -> Self:
        """Return them after an act: the five minutes begin anew, and a run that is under way is theirs."""
        return replace(self, acted_at=max(self.acted_at, at.now), run_id=at.run_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAtStation(Presence):
    """A name that somebody stated there, and nobody verified."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAtStation(Presence):
    """Somebody who scanned their badge there."""

    person_id: PersonId
    badge: BadgeId
    by_badge: How
    """BADGE, or TAUGHT_IN for one that stands for them only for a day."""
    pin: str | None = None
    """The mark of the PIN that they gave since they came; None: they gave none."""

    @property
    def how(self) -> How:
        """BADGE or TAUGHT_IN, BADGE_PIN once they proved it."""
        return How.BADGE_PIN if self.is_proven else self.by_badge

    @property
    def is_proven(self) -> bool:
        """Whether a PIN was given since they came."""
        return self.pin is not None

    @property
    def standing(self) -> Standing:
        """By what they are known."""
        return Standing(badge=self.badge, pin=self.pin)

    def proved(self, at: Situation, pin: str) -> "PersonAtStation":
        """Return them after they gave their PIN, of which this is the mark."""
        return replace(self.acted(at), pin=pin)

    def unproved(self) -> "PersonAtStation":
        """Return them after the PIN that they gave was changed or taken away: they are known by their badge only."""
        return replace(self, pin=None)

    def actor(self, station: str, screen: ScreenId) -> Actor:
        """Return as whom they act there, at this enrolled screen."""
        standing = replace(self.standing, screen=screen)
        return Actor(id=self.person_id, how=self.how, station=station, standing=standing)


def came(person_id: PersonId, badge: BadgeId, how: How, at: Situation) -> PersonAtStation:
    """Return somebody whose badge was scanned now."""
    return PersonAtStation(
        person_id=person_id,
        badge=badge,
        by_badge=how,
        came_at=at.now,
        acted_at=at.now,
        run_id=at.run_id,
        shift_began_at=at.shift_began_at,
    )


def came_by_name(name: str, at: Situation) -> NameAtStation:
    """Return somebody who stated their name now."""
    return NameAtStation(
        name=name,
        came_at=at.now,
        acted_at=at.now,
        run_id=at.run_id,
        shift_began_at=at.shift_began_at,
    )
