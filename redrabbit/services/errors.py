"""What the services see when the floor above is in trouble.

    Exception
    └── StoreTrouble             the database can't do it now: disk, network, a lock, a conflict
        ├── NotRecordable        the database is there and will never take this
        │   └── DuplicateRecord  two records would share what must be unique (D8)
        ├── NotRecording         the station's queue is held up by what could not be recorded yet
        ├── OutcomeUnknown       nobody knows yet whether it was recorded; never tried again before that is known
        ├── DamagedDatabase      what is kept is not what was written; names what and where
        │   ├── LostHistory      the ledger does not go on from the head that is remembered outside it (D62)
        │   └── TornDatabase     the database itself can't read its file
        ├── DatabaseTooNew       made by a newer version of the program
        ├── OtherPlant           the records are of another plant than the configuration
        ├── Superseded           another agent has begun on this database since (B22)
        ├── KeyMissing           the ledger is there and its signing key is not, or the reverse
        ├── PoolerRefused        something before PostgreSQL takes its sessions, and the lock, apart
        └── WriterAlreadyRunning another process writes to this database (D20)

Trouble is no refusal: the rules had nothing against the command, nothing was changed, and it may be tried again; all
but `NotRecordable`, which would come again each time (decision 0011), and `OutcomeUnknown` (decision 0029). The store raises nothing else of its
own; what a command raises comes back to its caller unchanged.
"""

from enum import StrEnum


class TroubleWhy(StrEnum):
    """Why nothing is recorded, as far as people are told: the words are the log's."""

    DISK_FULL = "disk_full"
    DISK_FAILS = "disk_fails"
    NO_ANSWER = "no_answer"
    LOCKED = "locked"
    FILE_MOVED = "file_moved"
    DAMAGED = "damaged"
    OTHER = "other"


class StoreTrouble(Exception):
    """The database can't do it now; the message says what was found and what to do next."""

    why = TroubleWhy.OTHER

    def __init__(self, words: str, why: TroubleWhy | None = None) -> None:
        super().__init__(words)
        if why is not None:
            self.why = why


class DamagedDatabase(StoreTrouble):
    """What is kept is not what was written: a torn file, or a record that somebody changed."""

    why = TroubleWhy.DAMAGED


class TornDatabase(DamagedDatabase):
    """The database itself says that its file is torn: nothing of it is believed before it was looked at."""


class LostHistory(DamagedDatabase):
    """The ledger does not go on from what is remembered outside the database: older, shorter, or another one."""


class DatabaseTooNew(StoreTrouble):
    """The database was made by a newer version of the program than this one."""


class NotRecordable(StoreTrouble):
    """What the command would record is nothing that the database takes, however often it is asked."""


class NotRecording(StoreTrouble):
    """The station's queue waits for the database; whoever asks now is not kept waiting behind it."""


class OutcomeUnknown(StoreTrouble):
    """Whether the command took effect is not known yet: the database has not said, and can't be asked.

    Asking again with the same key finds out, and never does it twice.
    """

    why = TroubleWhy.NO_ANSWER


class DuplicateRecord(NotRecordable):
    """The command would make a second record with the same unique fields."""


class KeyMissing(StoreTrouble):
    """The signing key and the ledger it belongs to are not both there."""


class PoolerRefused(StoreTrouble):
    """Before PostgreSQL stands a pooler in transaction mode, behind which a lock is nobody's."""


class OtherPlant(StoreTrouble):
    """The database has the records of another plant than the configuration is of."""


class Superseded(StoreTrouble):
    """Another agent has begun on this database; this one must not write any more (B22)."""


class WriterAlreadyRunning(StoreTrouble):
    """Another process writes to this database, and there is one writer a database."""

    def __init__(self, words: str, holder: str = "") -> None:
        """`holder` says which process it is; "" where nobody knows."""
        super().__init__(words)
        self.holder = holder
