"""`redrabbit serve`: the service of one plant, until somebody stops it."""

import logging
from typing import Final

from redrabbit.base.authority import AuthorityUnusable
from redrabbit.base.certificates import CertificateUnusable
from redrabbit.base.logs import configure_logs
from redrabbit.base.secret_places import SecretUnusable
from redrabbit.base.sentence import sentence
from redrabbit.base.settings import ServeSettings
from redrabbit.bootstrap import serving
from redrabbit.exit_codes import exit_code_of
from redrabbit.process import run_async, until_stopped_or
from redrabbit.services.askers import anybody_registered
from redrabbit.services.errors import Superseded

log = logging.getLogger("redrabbit.service")

NOBODY: Final = (
    "nobody is registered: whoever states a name on this machine acts, and records say that the name is not verified. To let people "
    "sign in, stop the service, call `redrabbit people add NAME --role administrator --database URL`, start the service again, "
    "and open the link that was printed"
)


def run_service(settings: ServeSettings) -> int:
    """Serve a plant until stopped; return the exit code."""
    configure_logs(json_lines=not settings.plain_logs)

    async def work() -> int:
        async with serving(settings) as running:
            log.info("watching", extra={"url": running.base_url, "stations": len(running.links)})
            if not await running.database.read(anybody_registered):
                log.warning(NOBODY)
            await until_stopped_or(running.agent.superseded)
        if running.agent.superseded.is_set():
            raise Superseded(sentence("another process watches this plant now"))
        log.info("stopped")
        return 0

    unusable = (SecretUnusable, CertificateUnusable, AuthorityUnusable)
    return exit_code_of(lambda: run_async(work), *unusable)
