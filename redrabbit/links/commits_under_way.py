"""What the sink returned, kept alive until it is done, for links that need not wait for it.

A poll goes on while the database is away, and nothing has to be acknowledged; only a message's
acknowledgement waits (see `mqtt`).
"""

import asyncio
from collections.abc import Awaitable


class CommitsUnderWay:
    """Holds running commits, because the event loop alone would let them be collected."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Future[object]] = set()

    def follow(self, outcome: Awaitable[object] | None) -> None:
        """Let a commit run to its end, if there is one."""
        if outcome is None:
            return
        future = asyncio.ensure_future(outcome)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
