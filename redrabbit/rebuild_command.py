"""`redrabbit rebuild`: makes all records of a database again from its ledger."""

import sys
from pathlib import Path

from redrabbit.base.clock import SteadyClock
from redrabbit.exit_codes import exit_code_of
from redrabbit.store.opening import rebuild_database


def rebuild_at(database_url: str, public_key: Path | None) -> int:
    """Verify the ledger, then make the records again; 1 if the ledger itself is damaged."""

    def work() -> int:
        size = rebuild_database(
            database_url, clock=SteadyClock(), public_key=public_key, told=_tell
        )
        sys.stdout.write(f"records made again from {size:,} entries\n")
        return 0

    return exit_code_of(work)


def _tell(done: int, size: int) -> None:
    share = f" ({done / size:.0%})" if size else ""
    sys.stderr.write(f"entries done: {done:,} of {size:,}{share}\n")
