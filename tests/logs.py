"""Logs for tests, over entries or hashes that were made elsewhere."""

from collections.abc import Iterable

from redrabbit.domain.ledger import LogState


def log_over(rows: Iterable[tuple[str, bytes]]) -> LogState:
    """Return the log over (stream, leaf hash), in order of index."""
    log = LogState()
    for stream, leaf in rows:
        log = log.with_leaf(stream, leaf)
    return log
