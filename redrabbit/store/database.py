"""The `Database` port over SQLAlchemy: one writer thread, a few reader threads.

Readers never wait for the writer and see one committed state for a whole query. What a command or
query raises comes back to its caller; the database's own errors come as those of
`redrabbit.services.errors`. How a database is found, made, checked and locked is told in
`redrabbit.store.opening`.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import OutcomeUnknown, StoreTrouble, TroubleWhy
from redrabbit.services.remembered import RememberedState
from redrabbit.store.background_verification import BackgroundVerification
from redrabbit.store.outbox import Outbox, Target
from redrabbit.store.reading_database import ReadingDatabase
from redrabbit.store.unit_of_work import SqlUnitOfWork
from redrabbit.store.writer import Writer

T = TypeVar("T")

OUTCOME_S = 30.0
"""So long a thread waits for what became of its command. Whoever waits in the event loop has a deadline of their own."""


class SqlDatabase(ReadingDatabase):
    """The database of the one process that writes."""

    def __init__(
        self, engine: Engine, verification: BackgroundVerification, writer: Writer
    ) -> None:
        super().__init__(engine, verification.verifier.name, verification.verifier)
        self._writer = writer
        self.verification = verification
        """Runs once it is started."""
        self.outbox = Outbox(self)

    @property
    def remembered(self) -> RememberedState:
        """What is remembered of the ledger outside of the database."""
        return self._writer.remembered

    async def write(self, command: Callable[[SqlUnitOfWork], T]) -> T:
        """Run a command in the writer and return its result after the commit (L8).

        Waits for as long as nobody knows what became of it, so that nothing is ever done twice.
        Cancelling the wait takes back a command that has not begun, and no other.
        """
        return await asyncio.wrap_future(self._writer.submit(command))

    def write_now(self, command: Callable[[SqlUnitOfWork], T]) -> T:
        """Run a command in the writer; waits in this thread, OutcomeUnknown if that takes too long."""
        future = self._writer.submit(command)
        try:
            return future.result(OUTCOME_S)
        except TimeoutError:
            if future.done():  # meanwhile, or it is what the command raised
                return future.result()
            if future.cancel():
                raise StoreTrouble(
                    sentence("the database did not come to it"), TroubleWhy.NO_ANSWER
                ) from None
            raise OutcomeUnknown(
                sentence("the database has not answered for {outcome_s:g} s", outcome_s=OUTCOME_S)
            ) from None

    def send_to(self, targets: Sequence[Target]) -> None:
        """Send messages of what comes from now on to these receivers."""
        self._writer.recording = replace(self._writer.recording, targets=targets)

    async def heartbeat(self, name: str, at: datetime) -> None:
        """Note that a part of the service is alive."""
        await self.write(lambda work: work.beat(name, at))

    def close(self) -> None:
        """Commit what is queued, let go of the lock, and close the connections.

        Verification and readers go first: the last connection to an SQLite file merges the write-ahead log into
        it, and one that only reads can't.
        """
        try:
            self.verification.stop()
            super().close()
        finally:
            self._writer.close()
