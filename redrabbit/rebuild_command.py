"""`redrabbit rebuild`: makes all records of a database again from its ledger."""

from pathlib import Path

from redrabbit.base.clock import SteadyClock
from redrabbit.base.printable import complain, put_out
from redrabbit.base.sentence import sentence
from redrabbit.exit_codes import exit_code_of
from redrabbit.store.opening import rebuild_database


def rebuild_at(database_url: str, public_key: Path | None) -> int:
    """Verify the ledger, then make the records again; 1 if the ledger itself is damaged."""

    def work() -> int:
        size = rebuild_database(
            database_url, clock=SteadyClock(), public_key=public_key, told=_tell
        )
        put_out(sentence("records made again from {size:,} entries", size=size))
        return 0

    return exit_code_of(work)


def _tell(done: int, size: int) -> None:
    if not size:
        complain(sentence("entries done: {done:,} of {size:,}", done=done, size=size))
        return
    complain(
        sentence(
            "entries done: {done:,} of {size:,} ({share:.0%})",
            done=done,
            size=size,
            share=done / size,
        )
    )
