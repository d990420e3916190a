"""The mark that says: the records are not what the ledger gives, and how far they are made again.

It is a table of its own, `rebuilding`, which is there only as long as the records are unfinished;
no migration makes or keeps it. Readers refuse a database with it, writers finish the work first
(`redrabbit.store.rebuilding`).
"""

from typing import NamedTuple

from sqlalchemy import Column, Connection, MetaData, Table, insert, inspect, select, update

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import StoreTrouble
from redrabbit.store.engine import translated
from redrabbit.store.tables import LEDGER, RECORD_TABLES, metadata
from redrabbit.store.types import Whole, Words

REBUILDING = Table(
    "rebuilding",
    MetaData(),
    Column("entries_done", Whole, nullable=False),
    Column("by", Words, nullable=False),
    sqlite_strict=True,
)
"""One row: the record tables hold what the first `entries_done` entries give, `by` this program."""

_MADE_IN = "transaction that made the record tables"


class Mark(NamedTuple):
    """How far the records are made again."""

    entries_done: int
    by: str
    """Version that made them so far; another one begins from the start. "" before any has begun."""


def records_must_be_rebuilt(connection: Connection) -> None:
    """Make the record tables as this program wants them, to be filled again from the ledger.

    All that a migration calls, as `records_must_be_rebuilt(op.get_bind())`, when records get other
    fields or folds another meaning. The next opening for writing fills the tables before anybody
    reads them. The tables are made from `redrabbit.domain.records` as it then is, so once a
    migration has called this, later ones change record tables by calling it, too, and in no other
    way. So the first call of a transaction does what all of its others would do again.
    """
    transaction = connection.get_transaction()
    if transaction is not None and connection.info.get(_MADE_IN) is transaction:
        return
    tables = list(RECORD_TABLES.values())
    with translated("making the record tables again"):
        metadata.drop_all(connection, tables=tables)
        metadata.create_all(connection, tables=tables)
        if connection.execute(select(LEDGER.c.index).limit(1)).first() is not None:
            _put(connection, Mark(0, ""))
    connection.info[_MADE_IN] = connection.get_transaction()


def read_mark(connection: Connection) -> Mark | None:
    """Return the mark; None where the records are finished."""
    with translated("reading how far records are made again"):
        if not inspect(connection).has_table(REBUILDING.name):
            return None
        row = connection.execute(select(REBUILDING)).first()
    return Mark(0, "") if row is None else Mark(*row)


def begin_anew(connection: Connection, by: str) -> None:
    """Empty all record tables, making new what is not as it should be, and set the mark."""
    with translated("emptying the record tables"):
        found = inspect(connection)
        for table in RECORD_TABLES.values():
            if found.has_table(table.name) and _is_as_it_should_be(connection, table):
                connection.execute(table.delete())
            else:
                table.drop(connection, checkfirst=True)
                table.create(connection)
        _put(connection, Mark(0, by))


def note_done(connection: Connection, entries_done: int) -> None:
    """Move the mark on, in the transaction that wrote the records."""
    connection.execute(update(REBUILDING).values(entries_done=entries_done))


def remove_mark(connection: Connection) -> None:
    """Say that the records are finished."""
    REBUILDING.drop(connection)


def refuse_unfinished(connection: Connection) -> None:
    """Raise StoreTrouble while records are being made again: what is there now is not all."""
    mark = read_mark(connection)
    if mark is not None:
        raise StoreTrouble(
            sentence(
                "the records of this database are being made again from its ledger and are not complete (entries "
                "done: {entries_done:,}). Wait until that is finished; if it was broken off, `redrabbit rebuild` "
                "or `redrabbit serve` goes on with it",
                entries_done=mark.entries_done,
            )
        )


def _put(connection: Connection, mark: Mark) -> None:
    REBUILDING.create(connection, checkfirst=True)
    connection.execute(REBUILDING.delete())
    connection.execute(insert(REBUILDING), mark._asdict())


def _is_as_it_should_be(connection: Connection, table: Table) -> bool:
    found = inspect(connection)
    columns = [column["name"] for column in found.get_columns(table.name)]
    indexes = {index["name"] for index in found.get_indexes(table.name)}
    return columns == list(table.columns.keys()) and indexes >= {i.name for i in table.indexes}
