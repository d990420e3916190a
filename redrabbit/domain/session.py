"""A session: for how long a browser is known to be a person's, since they signed in there.

A session ends when nothing was asked in it for 30 minutes, twelve hours after it began, when the person signs out, and when somebody
ends it. It is known by a random secret of which the digest is kept; each sign-in makes a new one.

Sources: K12; OWASP ASVS 4.0.3 level 2, 3.2 and 3.3 (12 hours, or 30 minutes of inactivity).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from redrabbit.domain.beside import Beside
from redrabbit.domain.identity import How

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
NOTED_EVERY: Final = timedelta(minutes=1)
"""So seldom is written that a session was used; so it ends at most so much early."""
SET_BACK: Final = timedelta(minutes=5)
"""A clock that was set back by more ends the sessions of the time that did not come yet (D43)."""
MOST_AGENT_CHARACTERS: Final = 200
_ID_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Beside):
    """A browser that a person has signed in with."""

    TABLE: ClassVar[str] = "sessions"
    KEY: ClassVar[tuple[str, ...]] = ("digest",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("person_id",),)

    digest: str
    """Of the secret in the browser's cookie."""
    person_id: str
    how: How
    created_at: datetime
    seen_at: datetime
    absolute_until: datetime
    authenticated_at: datetime
    """When the person last showed who they are: at sign-in, or since."""
    address: str
    agent: str
    """What the browser calls itself."""
    ended_at: datetime | None

    @property
    def id(self) -> str:
        """By what a person ends one of their sessions; nobody signs in with it."""
        return self.digest[:_ID_DIGITS]

    def is_live(self, now: datetime) -> bool:
        """Return whether whoever has the secret is the person, now."""
        return (
            self.ended_at is None
            and now < self.absolute_until
            and now - self.seen_at < IDLE
            and self.seen_at - now < SET_BACK
        )

    def ends_at(self) -> datetime:
        """Return when it ends if nothing more is asked in it."""
        return min(self.absolute_until, self.seen_at + IDLE)

    def seen(self, now: datetime) -> "Session":
        """Return the session as it is after something was asked in it; itself, where that needs no note."""
        is_noted = timedelta(0) <= now - self.seen_at < NOTED_EVERY
        return self if is_noted else replace(self, seen_at=now)

    def ended(self, now: datetime) -> "Session":
        """Return the session as it is after it was ended; itself, where it was."""
        return self if self.ended_at is not None else replace(self, ended_at=now)


def begun(
    digest: str, person_id: str, how: How, *, now: datetime, address: str, agent: str
) -> Session:
    """Return a session that begins now."""
    return Session(
        digest=digest,
        person_id=person_id,
        how=how,
        created_at=now,
        seen_at=now,
        absolute_until=now + ABSOLUTE,
        authenticated_at=now,
        address=address,
        agent=agent[:MOST_AGENT_CHARACTERS],
        ended_at=None,
    )
