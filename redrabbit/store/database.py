"""The `Database` port over SQLAlchemy: one writer thread, a few reader threads.

Readers never wait for the writer and see one committed state for a whole query. What a command or
query raises comes back to its caller; the database's own errors come as those of
`redrabbit.services.errors`. How a database is found, made, checked and locked is told in
`redrabbit.store.opening`.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Engine

from redrabbit.domain.ledger import LedgerContext
from redrabbit.store.engine import READERS, translated
from redrabbit.store.outbox import Outbox
from redrabbit.store.reading import SqlReader
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.writer import Writer

T = TypeVar("T")


class ReadingDatabase:
    """Reads beside a writer, in this process or another; has no way to write (D20)."""

    def __init__(self, engine: Engine, origin: str) -> None:
        self.origin = origin
        """Name of the log: plant and random log id (D12)."""
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="redrabbit-reader")

    async def read(self, query: Callable[[SqlReader], T]) -> T:
        """Run a query in a reader thread on a consistent snapshot."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.read_now, query)

    def read_now(self, query: Callable[[SqlReader], T]) -> T:
        """Run a query in this thread on a consistent snapshot."""
        with translated("reading"):
            connection = self._engine.connect()
        with connection:
            return query(SqlReader(connection))

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


class SqlDatabase(ReadingDatabase):
    """The database of the one process that writes."""

    def __init__(self, engine: Engine, origin: str, writer: Writer) -> None:
        super().__init__(engine, origin)
        self._writer = writer
        self.outbox = Outbox(self)

    async def write(self, command: Callable[[SqlUnitOfWork], T]) -> T:
        """Run a command in the writer and return its result after the commit (L8).

        Cancelling the wait takes back a command that has not begun, and no other.
        """
        return await asyncio.wrap_future(self._writer.submit(command))

    def write_now(self, command: Callable[[SqlUnitOfWork], T]) -> T:
        """Run a command in the writer; waits in this thread."""
        return self._writer.submit(command).result()

    def record_under(self, context: LedgerContext) -> None:
        """Record what comes from now on under this configuration, plan and software."""
        self._writer.recording = replace(self._writer.recording, context=context)

    async def heartbeat(self, name: str, at: datetime) -> None:
        """Note that a part of the service is alive."""
        await self.write(lambda work: work.beat(name, at))

    def close(self) -> None:
        """Commit what is queued, let go of the lock, and close the connections.

        Readers go first: the last connection to an SQLite file merges the write-ahead log into
        it, and one that only reads can't.
        """
        super().close()
        self._writer.close()
