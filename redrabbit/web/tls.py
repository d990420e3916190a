"""The certificate in use: taken anew where its file is, warned of in time (D45).

1. Files are looked at once a minute. A certificate that was put in their place is used for the next
connection, without a restart; one that can't be used is told, and the old one stays. 2. The service's
own certificate is made anew before that, where it is due. 3. What keeps browsers from it, now or within
thirty days, is said in the log once a day, and counted for `/metrics`.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from redrabbit.base.authority import (
    Authority,
    AuthorityFiles,
    AuthorityUnusable,
    read_authority,
    renew_if_due,
)
from redrabbit.base.certificates import (
    CertificateUnusable,
    ServerCertificate,
    read_certificate,
    said_of,
)
from redrabbit.base.clock import Clock

log = logging.getLogger("redrabbit.web")

LOOKED_AT_EVERY_S: Final = 60.0
SAID_EVERY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where certificate and key lie, and who makes them if that is the service."""

    certificate: Path
    key: Path
    own: AuthorityFiles | None = None
    """Of the service's own authority; None: somebody else renews the certificate."""


class Tls:
    """What pages are encrypted with."""

    def __init__(self, files: TlsFiles, clock: Clock, asked_by: Sequence[str] = ()) -> None:
        """Read the files; `asked_by` are the host names under which pages are asked for.

        Raises CertificateUnusable, AuthorityUnusable or OSError.
        """
        self._files = files
        self._clock = clock
        self._asked_by = tuple(asked_by)
        self._said_at: datetime | None = None
        self._trouble = ""
        self.authority: Authority | None = None
        if files.own is not None:
            renew_if_due(files.own, clock.now())
            self.authority = read_authority(files.own)
        self.certificate: ServerCertificate = read_certificate(files.certificate, files.key)
        self._say()

    @property
    def context(self) -> ssl.SSLContext:
        """Return what the next connection is encrypted with."""
        return self.certificate.context

    def seconds_left(self, now: datetime) -> float:
        """Return for how long the certificate still holds; negative once it has ended."""
        return (self.certificate.not_after - now).total_seconds()

    async def keep(self) -> None:
        """Look at the files once a minute."""
        while True:
            await self._clock.sleep(LOOKED_AT_EVERY_S)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Use what lies there now, and say what has to be said."""
        try:
            if self._files.own is not None and renew_if_due(self._files.own, self._clock.now()):
                log.info("the service's own certificate was made anew")
            found = read_certificate(self._files.certificate, self._files.key)
        except (AuthorityUnusable, CertificateUnusable, OSError) as trouble:
            if self._trouble != str(trouble):
                self._trouble = str(trouble)
                log.error("the certificate stays as it is: %s", trouble)  # noqa: TRY400  because it is told in words
        else:
            self._trouble = ""
            if found != self.certificate:
                self.certificate, self._said_at = found, None
                log.info(
                    "another certificate is used from now on",
                    extra={"until": found.not_after.isoformat()},
                )
        self._say()

    def _say(self) -> None:
        now = self._clock.now()
        if self._said_at is not None and now - self._said_at < SAID_EVERY:
            return
        self._said_at = now
        for words in said_of(self.certificate, now, self._asked_by):
            log.warning("%s", words)
