"""`redrabbit checkpoint`: the signed checkpoint, to keep elsewhere.

Called again and again by whoever keeps checkpoints; so it imports what reads one row, no more.
"""

import sys

from redrabbit.exit_codes import exit_code_of
from redrabbit.store.reading_database import open_for_reading


def print_checkpoint(database_url: str) -> int:
    """Print the signed checkpoint; kept elsewhere, it contradicts any later rewrite (D13)."""

    def work() -> int:
        with open_for_reading(database_url) as database:
            sys.stdout.write(database.read_now(lambda reader: reader.head()).checkpoint)
        return 0

    return exit_code_of(work)
