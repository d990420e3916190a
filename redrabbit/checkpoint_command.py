"""`redrabbit checkpoint`: the signed checkpoint, to keep elsewhere.

Called again and again by whoever keeps checkpoints; so it imports what reads one row, no more.
"""

from redrabbit.base.printable import hand_out
from redrabbit.exit_codes import exit_code_of
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.ports import Reader
from redrabbit.services.verifying import VerificationState, damage_known
from redrabbit.store.reading_database import open_for_reading


def print_checkpoint(database_url: str) -> int:
    """Print the signed checkpoint; kept elsewhere, it contradicts any later rewrite (D13).

    None while an alarm says that records are damaged (D62).
    """

    def work() -> int:
        with open_for_reading(database_url) as database:
            hand_out(database.read_now(_checkpoint))
        return 0

    return exit_code_of(work)


def _checkpoint(reader: Reader) -> str:
    if found := damage_known(reader, VerificationState()):
        raise DamagedDatabase(found)
    return reader.head().checkpoint
