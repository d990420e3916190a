"""How much whoever looks may take of the service (D47): connections, streams, time to send.

Budgets only count; who takes and gives back is `connections` (sockets and their deadlines) and
`fair_share` (streams, and answers in turn). What was refused is counted by its reason for `/metrics`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from redrabbit.base.settings import Network, WebLimits
from redrabbit.domain.errors import Refusal
from redrabbit.web.proxies import is_proxy

log = logging.getLogger("redrabbit.web")

RETRY_AFTER_S: Final = 5
"""When to come again after a refusal: what is held for nothing is free again about as soon."""

REASONS: Final = (
    "too_many_connections",
    "too_many_connections_of_client",
    "too_many_streams",
    "too_many_streams_of_client",
    "no_handshake",
    "header_late",
    "body_late",
    "reader_stalled",
    "made_room",
    "not_http",
)
"""Why whoever looks was refused or cut off."""


FILES_OF_SERVICE: Final = 100
"""Open files that database, log, receivers, event loop and exports may need at once."""
FILES_OF_STATION: Final = 2
"""A link, and the attempt that follows it."""
FILES_OF_CONNECTION: Final = 2
"""Its socket, and the static file that is sent over it."""
FEWEST_CONNECTIONS: Final = 16
"""Without which no page can be used; with fewer files than that the service can't run anyway."""


def within_open_files(limits: WebLimits, open_files: int | None, stations: int) -> WebLimits:
    """Return limits with which the web never takes the open files that links and database need.

    `open_files` is how many the process may have; None: nobody limits them.
    """
    if open_files is None:
        return limits
    kept = FILES_OF_SERVICE + FILES_OF_STATION * stations
    possible = max(FEWEST_CONNECTIONS, (open_files - kept) // FILES_OF_CONNECTION)
    if possible >= limits.most_connections:
        return limits
    log.warning(
        "fewer connections than asked for, because of the process's limit of open files",
        extra={"asked_for": limits.most_connections, "served": possible, "open_files": open_files},
    )
    return replace(
        limits, most_connections=possible, most_streams=min(limits.most_streams, possible // 2)
    )


@dataclass(slots=True, kw_only=True)
class Budget:
    """What may be held of one kind, in all and by each client, and what is held now."""

    kind: str
    """As codes of refusals say it: `too_many_<kind>`, `too_many_<kind>_of_client`."""
    most: int
    most_of_client: int
    stands_for_many: Callable[[str], bool] = lambda _client: False
    """Whether an address is that of a proxy, behind which many clients are."""
    held: Counter[str] = field(default_factory=Counter)
    """By the client's address."""

    @property
    def in_use(self) -> int:
        """How much is held now."""
        return self.held.total()

    def refusal(self, client: str) -> Refusal | None:
        """Return why this client may not have one more, None if it may."""
        if self.held[client] >= self.most_of_client and not self.stands_for_many(client):
            return Refusal(f"too_many_{self.kind}_of_client", limit=self.most_of_client)
        if self.in_use >= self.most:
            return Refusal(f"too_many_{self.kind}", limit=self.most)
        return None

    def take(self, client: str) -> "Share":
        """Take one for this client; whoever takes it gives it back."""
        self.held[client] += 1
        return Share(budget=self, client=client)


@dataclass(slots=True, kw_only=True)
class Share:
    """One of a budget, until it is given back."""

    budget: Budget
    client: str
    is_held: bool = True

    def give_back(self) -> None:
        """Give it back; a second time changes nothing."""
        if not self.is_held:
            return
        self.is_held = False
        self.budget.held[self.client] -= 1
        if self.budget.held[self.client] == 0:  # addresses come and go for years
            del self.budget.held[self.client]


class WebBudgets:
    """All budgets of one served plant, and what they refused."""

    def __init__(self, limits: WebLimits | None = None, proxies: Sequence[Network] = ()) -> None:
        self.limits = limits = limits or WebLimits()
        self.connections = Budget(
            kind="connections",
            most=limits.most_connections,
            most_of_client=limits.most_connections_per_client,
            stands_for_many=lambda client: is_proxy(client, proxies),
        )
        self.streams = Budget(
            kind="streams", most=limits.most_streams, most_of_client=limits.most_streams_per_client
        )
        self.refused: Counter[str] = Counter(dict.fromkeys(REASONS, 0))

    def note(self, reason: str, client: str) -> None:
        """Count that a client was refused or cut off; of each reason the first is logged."""
        if self.refused[reason] == 0:
            log.warning("whoever looks was refused", extra={"reason": reason, "client": client})
        self.refused[reason] += 1
