"""The database beside whoever writes to it: opened and read, nothing locked, made or migrated.

All that a command needs which only looks (`redrabbit checkpoint`, `overdue`); so neither the
writer nor Alembic nor what verifies is imported here.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Engine

from redrabbit.domain.signed_note import NoteVerifier
from redrabbit.store import ledger, schema
from redrabbit.store.database_files import about, readable_engine
from redrabbit.store.engine import READERS, lent, parsed_url, translated
from redrabbit.store.guarded_readers import seen_by_the_writer
from redrabbit.store.reading import SqlReader
from redrabbit.store.rebuild_mark import refuse_unfinished

T = TypeVar("T")


class ReadingDatabase:
    """Reads beside a writer, in this process or another; has no way to write (D20)."""

    def __init__(self, engine: Engine, origin: str, verifier: NoteVerifier | None = None) -> None:
        self.origin = origin
        """Name of the log: plant and random log id (D12)."""
        self._engine = engine
        self._verifier = verifier
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="redrabbit-reader")

    async def read(self, query: Callable[[SqlReader], T]) -> T:
        """Run a query in a reader thread on a consistent snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.read_now, query)

    def read_now(self, query: Callable[[SqlReader], T]) -> T:
        """Run a query in this thread on a consistent snapshot; StoreTrouble if the writer changed to another log meanwhile."""
        with translated("reading"):
            connection = self._engine.connect()
        with lent(connection), seen_by_the_writer(connection):
            return query(SqlReader(connection, self._verifier))

    async def heartbeats(self) -> dict[str, datetime]:
        """Return when each part of the service was last alive."""
        return await self.read(SqlReader.heartbeats)

    def close(self) -> None:
        """Wait for queries under way and close the connections."""
        self._threads.shutdown()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_for_reading(url: str) -> ReadingDatabase:
    """Return the database beside whoever writes to it; nothing is locked, made or migrated."""
    parsed = parsed_url(url)
    with about(parsed):
        engine = readable_engine(parsed)
        try:
            with translated("opening"), engine.connect() as connection:
                schema.refuse_old_version(connection)
                schema.refuse_lost_tables(connection)
                refuse_unfinished(connection)
                origin = ledger.read_head(connection).checkpoint.partition("\n")[0]
        except BaseException:
            engine.dispose()
            raise
    return ReadingDatabase(engine, origin)
