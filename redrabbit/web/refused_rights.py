"""What is logged of refused rights: somebody who is known asked for more than they may (ASVS 5.0.0, 16.3.2).

Whoever is not known leaves no line here, or they could fill the disk; the web's budgets count and bound them.
"""

import logging
from typing import Final

from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.web.visitor import asker_at

log = logging.getLogger("redrabbit.rights")

OF_RIGHTS: Final = frozenset(
    {
        *("not_allowed", "not_permitted", "person_required", "proof_required", "scope_missing"),
        *("not_permitted_on_all_lines", "not_permitted_on_line"),
        *("last_administrator", "other_station", "own_grant", "run_of_another", "same_person"),
        *("person_beyond_floor", "cross_site_request", "form_expired", "operator_not_allowed"),
        *(
            "excuse_too_early",
            "pause_too_long",
            "scope_beyond_owner",
            "alarm_of_administrators",
            "screen_of_station",
        ),
        "shown_to_another",
    }
)
"""Refusals that are about who asks, or from where, and not about what."""
MOST_OF_PATH: Final = 200


def note_refused(request: Request, refusal: Refusal) -> None:
    """Log that somebody who is known was refused a right; what they sent is not in it."""
    asker = asker_at(request)
    if refusal.code not in OF_RIGHTS or asker.person is None:
        return
    log.warning(
        "right refused",
        extra={
            "person": asker.person.person_id,
            "token": asker.token.token_id if asker.token is not None else None,
            "code": refusal.code,
            "act": refusal.params.get("act"),
            "method": request.method,
            "path": request.url.path[:MOST_OF_PATH],
            "address": request.client.host if request.client is not None else None,
        },
    )
