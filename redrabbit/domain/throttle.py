"""How soon after what failed somebody may try again: so that nobody guesses a password, a PIN or a code.

After five failures in a row each next try waits: 1, 2, 4 … at most 60 seconds; after ten what was tried is locked until somebody
with the right unlocks it. An address from which many sign in waits later and is never locked, because a hall may have one.
Counted in the database, so a restart forgets nothing; whoever tries is counted before it is known whether they are right, so trying at once
in many connections gains nothing.

Sources: OWASP ASVS 4.0.3 2.2.1; NIST SP 800-63B 5.2.2 (at most 100 failures in a row; here ten).
"""

import ipaddress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from redrabbit.domain.beside import Beside

LONGEST_WAIT: Final = timedelta(seconds=60)
FREE: Final = 5
"""So many failures of one person make nobody wait."""
FREE_OF_ADDRESS: Final = 20
LOCKED_AFTER: Final = 10
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""An address from which nobody failed for so long begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempts(Beside):
    """What failed in a row for one subject: a person's credential, or an address."""

    TABLE: ClassVar[str] = "sign_in_attempts"
    KEY: ClassVar[tuple[str, ...]] = ("subject",)

    subject: str
    failures: int
    """In a row, with the try that is under way."""
    last_at: datetime

    @classmethod
    def none(cls, subject: str, now: datetime) -> "SignInAttempts":
        """Return a subject for which nothing has failed."""
        return cls(subject=subject, failures=0, last_at=now)

    @property
    def is_locked(self) -> bool:
        """Whether so much failed that only somebody else can let it go on."""
        return self.failures >= LOCKED_AFTER

    def tried(self, now: datetime) -> "SignInAttempts":
        """Return the same with one more try, which counts as failed until it is known better."""
        return replace(self, failures=self.failures + 1, last_at=now)

    def next_at(self, now: datetime, free: int = FREE) -> datetime:
        """Return when the next try is taken; `now` where it is taken at once.

        A clock that was set back lets nobody wait longer than they would have to.
        """
        if self.failures < free:
            return now
        wait = min(timedelta(seconds=2 ** min(self.failures - free, 10)), LONGEST_WAIT)
        return max(now, min(self.last_at, now) + wait)


def of_address(kept: SignInAttempts, now: datetime) -> SignInAttempts:
    """Return what counts of an address now: nothing, where the last failure is long ago."""
    is_old = now - kept.last_at >= FORGOTTEN_AFTER
    return SignInAttempts.none(kept.subject, now) if is_old else kept


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the 64 bits that a network is given, of IPv4 all of it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, 64), strict=False))
    return str(found)
