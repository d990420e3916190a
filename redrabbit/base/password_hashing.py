"""How passwords and PINs are hashed: slowly, in threads, at most two at once, so that no reading of a station waits.

Argon2id with 19 MiB and two passes (OWASP Password Storage cheat sheet; some 95 ms here), over an HMAC of what was typed with the
pepper of this installation: who has the database and not the pepper can try out nothing. A hash names its pepper, so that another
one is told from a wrong password.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from redrabbit.base.local_secret import LocalSecret

T = TypeVar("T")

log = logging.getLogger("redrabbit.sign_in")

AT_ONCE: Final = 2
MOST_WAITING: Final = 16
"""More would wait for more than a second: they are asked to come again."""
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class TooManyWaiting(Exception):
    """So many passwords wait to be looked at that one more would wait for long."""


class PasswordHashing:
    """Hashes and verifies under one pepper."""

    def __init__(self, secret: LocalSecret, hasher: PasswordHasher = _HASHER) -> None:
        self._pepper = secret.part("passwords")
        self._pepper_id = hashlib.sha256(self._pepper).hexdigest()[:8]
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._waiting = 0
        self._of_nobody = self.hash_now("nobody has this password")

    async def hash(self, typed: str) -> str:
        """Return what is kept of a password or PIN."""
        return await self._in_thread(self.hash_now, typed)

    async def fits(self, kept: str | None, typed: str) -> bool:
        """Return whether this is what was hashed; None takes as long and fits nothing, so that nobody learns who has a password."""
        found = await self._in_thread(self._fits_now, kept or self._of_nobody, typed)
        return found and kept is not None

    def hash_now(self, typed: str) -> str:
        """Return what is kept of a password or PIN; takes a tenth of a second of this thread."""
        return f"{self._pepper_id}{self._hasher.hash(self._peppered(typed))}"

    def _fits_now(self, kept: str, typed: str) -> bool:
        pepper_id, dollar, hashed = kept.partition("$")
        if pepper_id != self._pepper_id:
            log.error("a credential was set under another pepper than the file's; it fits nothing")
        try:
            return self._hasher.verify(dollar + hashed, self._peppered(typed))
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            log.exception("a kept credential can't be read; it fits nothing")
            return False

    def _peppered(self, typed: str) -> bytes:
        return hmac.digest(self._pepper, typed.encode("utf-8", "surrogatepass"), "sha256")

    async def _in_thread(self, work: Callable[..., T], *args: str) -> T:
        if self._waiting >= MOST_WAITING:
            raise TooManyWaiting
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()
