"""What the services see when the floor above is in trouble.

    Exception
    └── StoreTrouble             the database can't do it now: disk, network, a lock, a conflict
        ├── NotRecordable        the database is there and will never take this
        │   └── DuplicateRecord  two records would share what must be unique (D8)
        ├── NotRecording         the station's queue is held up by what could not be recorded yet
        ├── DamagedDatabase      what is kept is not what was written; names what and where
        ├── DatabaseTooNew       made by a newer version of the program
        ├── Superseded           another agent has begun on this database since (B22)
        ├── KeyMissing           the ledger is there and its signing key is not, or the reverse
        └── WriterAlreadyRunning another process writes to this database (D20)

Trouble is no refusal: the rules had nothing against the command, and it may be tried again; all but
`NotRecordable`, which would come again each time (decision 0011). The store raises nothing else of its
own; what a command raises comes back to its caller unchanged.
"""


class StoreTrouble(Exception):
    """The database can't do it now; the message says what was found and what to do next."""


class DamagedDatabase(StoreTrouble):
    """What is kept is not what was written: a torn file, or a record that somebody changed."""


class DatabaseTooNew(StoreTrouble):
    """The database was made by a newer version of the program than this one."""


class NotRecordable(StoreTrouble):
    """What the command would record is nothing that the database takes, however often it is asked."""


class NotRecording(StoreTrouble):
    """The station's queue waits for the database; whoever asks now is not kept waiting behind it."""


class DuplicateRecord(NotRecordable):
    """The command would make a second record with the same unique fields."""


class KeyMissing(StoreTrouble):
    """The signing key and the ledger it belongs to are not both there."""


class Superseded(StoreTrouble):
    """Another agent has begun on this database; this one must not write any more (B22)."""


class WriterAlreadyRunning(StoreTrouble):
    """Another process writes to this database, and there is one writer a database."""
