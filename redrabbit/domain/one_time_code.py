"""A code that works once, and not for long: a link to set a password with, a code to enrol a screen with.

Whoever is given it shows it once. Of a link only the digest of its random secret is kept (ASVS 4.0.3 2.3.1, 2.7).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from redrabbit.domain.beside import Beside


class CodePurpose(StrEnum):
    """What a code is for; it works for nothing else."""

    SET_PASSWORD = "set_password"  # noqa: S105  because it is the name of a purpose, not a secret
    ENROL_SCREEN = "enrol_screen"


LASTS: Final = {
    CodePurpose.SET_PASSWORD: timedelta(hours=24),
    CodePurpose.ENROL_SCREEN: timedelta(minutes=10),
}
"""So long after it was made a code works: a link is carried to the person, a screen stands before whoever enrols it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeCode(Beside):
    """A code that was given to somebody."""

    TABLE: ClassVar[str] = "one_time_codes"
    KEY: ClassVar[tuple[str, ...]] = ("digest",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("purpose", "subject"),)

    digest: str
    purpose: CodePurpose
    subject: str
    """The person, or the station."""
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None

    def works(self, purpose: CodePurpose, now: datetime) -> bool:
        """Return whether it works for this, now; a clock that was set back before its making lets it not."""
        is_of_now = self.made_at <= now < self.expires_at
        return self.purpose is purpose and self.used_at is None and is_of_now

    def used(self, now: datetime) -> "OneTimeCode":
        """Return the code as it is after it was used."""
        return replace(self, used_at=now)


def code_made(digest: str, purpose: CodePurpose, subject: str, now: datetime) -> OneTimeCode:
    """Return a code that is given to somebody now."""
    return OneTimeCode(
        digest=digest,
        purpose=purpose,
        subject=subject,
        made_at=now,
        expires_at=now + LASTS[purpose],
        used_at=None,
    )
