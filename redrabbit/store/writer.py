"""The writer: one thread, one connection, and group commit.

Commands wait in a queue; the thread takes all that are there, runs each in a SAVEPOINT of one
transaction, signs the head over what they appended, commits, and only then answers (L8). So fifty
waiting callers share one wait for the disk. A command that raises loses its own savepoint and
nothing else; if the transaction fails before its commit was asked for, every command of the group
gets `StoreTrouble` and the log in memory is read again from what the database really has.

A commit that was asked for and not answered has an outcome that nobody knows. Then the head is read
until it says: only then is the group answered, and only then does another command run. What waits
meanwhile is refused, as it was not begun; who waits for the group itself has a deadline of their own
(decision 0029).
"""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence
from redrabbit.domain.ledger import LogState
from redrabbit.services.errors import DamagedDatabase, OutcomeUnknown, StoreTrouble, TornDatabase
from redrabbit.services.log_keys import keys_of
from redrabbit.services.opening_progress import OpeningProgress
from redrabbit.services.ports import LedgerHead
from redrabbit.services.remembered import RememberedState
from redrabbit.store import ledger
from redrabbit.store.engine import translated
from redrabbit.store.file_check import refuse_torn_in_time
from redrabbit.store.log_key import LogKey
from redrabbit.store.reading import SqlReader
from redrabbit.store.record_seal import Recorded, write_seal
from redrabbit.store.remembered_head import RememberedHead
from redrabbit.store.session import WriterSession
from redrabbit.store.summed_rows import sum_of_rows
from redrabbit.store.unit_of_work import Recording, SqlUnitOfWork
from redrabbit.store.verification_at_opening import refuse_damage_at_once

T = TypeVar("T")

GROUP_LIMIT = 256
"""Commands in one commit: enough to share the disk's wait, few enough to answer within 100 ms."""

CHECKPOINT_AFTER = 200
"""Commands, of some five pages each: as many pages as SQLite itself lets come together in the log."""

ENTRIES_A_COMMAND = 20
"""A command that appends more counts for several: it may catch up with weeks."""

LOOK_AT_PAGES_S = 5.0
"""So long SQLite's pages are looked at, where somebody else may have written to them, while everybody waits."""

LOOK_AGAIN_S = 0.25
"""Between two looks for what became of a commit."""

REFUSE_AFTER_S = 2.0
"""So long commands wait behind a commit of which nothing is known, before they are refused: a restart takes less."""


@dataclass(frozen=True, slots=True)
class _Job:
    command: Callable[[SqlUnitOfWork], Any]
    future: Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    job: _Job
    result: Any = None
    error: BaseException | None = None
    appended: bool = False
    """Whether the ledger has an entry of it, if it took effect."""

    def tell(self) -> None:
        if self.error is not None:
            self.job.future.set_exception(self.error)
        else:
            self.job.future.set_result(self.result)


@dataclass(frozen=True, slots=True)
class _Unknown:
    """A group whose commit was asked for and not answered."""

    recorded: Recorded
    """What is recorded if it took effect."""
    outcomes: list[_Outcome]
    error: BaseException
    """What its callers are told if it did not."""


class Writer:
    """Runs commands in its own thread until closed."""

    def __init__(
        self,
        session: WriterSession,
        key: LogKey,
        clock: Clock,
        recording: Recording,
        *,
        remembered: RememberedHead,
        trusted: LogKey | None = None,
        progress: OpeningProgress | None = None,
    ) -> None:
        self.recording = recording
        """Replaced when another configuration comes into force; holds from the next command."""
        self._session = session
        self._remembered = remembered
        self._head: LedgerHead | None = None
        """As it was signed last by this process; of a commit that failed, until the next."""
        self._key = key
        self._trusted = trusted or key
        """Signs by now; while a person changes the key, the one that is replaced with the first commit."""
        self._seal = key.seal
        self._clock = clock
        self._recorded = Recorded()
        self._proved_at: datetime | None = None
        """When the ledger was last known to take entries; None since a command was in trouble."""
        self._log_is_known = False
        self._has_read = False
        """Whether the database was read: from then on it is as this process left it."""
        self._unknown: _Unknown | None = None
        """Nothing runs before it is known what became of this."""
        self._must_look = False
        """Whether the file may be torn: then nothing is recorded before it was looked at."""
        self._since_checkpoint = CHECKPOINT_AFTER
        """Commands."""
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._accepting = threading.Lock()
        self._closed = False
        self._stopped = threading.Event()
        """Set by `close`: nobody waits any longer for what may come."""
        self._progress = progress or OpeningProgress()
        self._connected()
        self._checkpoint(
            0, 0
        )  # whoever is killed again and again would go on with an ever longer log
        self._thread = threading.Thread(target=self._run, name="redrabbit-writer", daemon=True)
        self._thread.start()

    @property
    def remembered(self) -> RememberedState:
        """What is remembered outside of the database."""
        return self._remembered.state

    def submit(self, command: Callable[[SqlUnitOfWork], T]) -> "Future[T]":
        """Queue a command; its future is resolved after the commit."""
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "a command can't wait for another one: the writer would wait for itself"
            )
        future: Future[T] = Future()
        with self._accepting:
            if self._closed:
                raise StoreTrouble(sentence("the database is closed"))
            self._queue.put(_Job(command, future))
        return future

    def close(self) -> None:
        """Commit what is queued, then let go of the database."""
        with self._accepting:
            if not self._closed:
                self._closed = True
                self._stopped.set()
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            jobs, going_on = self._next_group()
            size = self._recorded.log.size
            wanted = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)
            going_on = self._find_out() and going_on
            self._checkpoint(len(jobs), self._recorded.log.size - size)
            self._remember(at_once=not going_on)
        with suppress(StoreTrouble):
            self._session.close()

    def _remember(self, *, at_once: bool) -> None:
        """Keep the signed head outside the database, once in a while and at the end (D62)."""
        if self._head is not None and _is_of(self._head, self._recorded.log):
            self._remembered.remember(self._head, self._clock, at_once=at_once)

    def _checkpoint(self, commands: int, entries: int) -> None:
        """Write the write-ahead log into the file once in a while, when everybody has been answered."""
        self._since_checkpoint += max(commands, entries // ENTRIES_A_COMMAND)
        if self._since_checkpoint < CHECKPOINT_AFTER or not self._log_is_known:
            return
        self._since_checkpoint = 0
        try:
            self._session.checkpoint()
        except StoreTrouble as trouble:  # whoever comes next is told, if it is there still
            self._must_look |= isinstance(trouble, TornDatabase)
            self._forget_connection()

    def _next_group(self) -> tuple[list[_Job], bool]:
        jobs: list[_Job] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == GROUP_LIMIT or self._queue.empty():
                return jobs, True
            job = self._queue.get()
        return jobs, False

    def _answer(self, jobs: list[_Job]) -> None:
        try:
            outcomes = self._commit(jobs)
        except BaseException as error:  # noqa: BLE001  because the thread must outlive whatever happens, and the callers hear of it
            self._must_look |= isinstance(error, TornDatabase)
            self._forget_connection()
            outcomes = [_Outcome(job, error=error) for job in jobs]
        for outcome in outcomes:
            outcome.tell()

    def _commit(self, jobs: list[_Job]) -> list[_Outcome]:
        """Run a group in one transaction; what a command raises is its own outcome.

        Nothing that appended is answered now where its outcome is not known: see `_find_out`.
        """
        connection = self._connected()
        recorded = self._recorded
        outcomes = []
        asked = False
        try:
            with _transaction(connection):
                for job in jobs:
                    outcome, recorded = self._run_one(connection, job, recorded)
                    outcomes.append(outcome)
                if recorded is not self._recorded:
                    self._write_head(connection, recorded)
                self._session.refuse_other_file()
                asked = True
            self._session.refuse_other_file()  # between the two it may have been moved
        except BaseException as error:
            if not asked or recorded is self._recorded:
                raise  # what appended nothing may be done again, whatever became of it
            self._forget_connection()
            appended = [outcome for outcome in outcomes if outcome.appended]
            self._unknown = _Unknown(recorded, appended, error)
            return [  # what appended nothing need not wait: a heartbeat tells why nothing is recorded
                _Outcome(outcome.job, error=outcome.error or error)
                for outcome in outcomes
                if not outcome.appended
            ]
        self._recorded = recorded
        return outcomes

    def _find_out(self) -> bool:
        """Look until it is known what became of the last commit; False if the writer is closed before."""
        waited_s = 0.0
        while self._unknown is not None:
            try:
                took_effect = self._took_effect(self._unknown.recorded.log)
            except DamagedDatabase as damage:
                self._settle(damage)
            except StoreTrouble as trouble:
                if self._closed:
                    self._settle(
                        OutcomeUnknown(
                            sentence("closed before it was known: {trouble}", trouble=trouble)
                        )
                    )
                    self._refuse_waiting(trouble)
                    return False
                if waited_s >= REFUSE_AFTER_S:
                    self._refuse_waiting(trouble)
                self._stopped.wait(LOOK_AGAIN_S)
                waited_s += LOOK_AGAIN_S
            except Exception as bug:  # noqa: BLE001  because the thread must outlive whatever happens
                self._settle(
                    OutcomeUnknown(sentence("a bug kept it from being known: {bug}", bug=repr(bug)))
                )
            else:
                self._settle(None if took_effect else self._unknown.error)
        return True

    def _took_effect(self, log: LogState) -> bool:
        """Read the head, and return whether it covers this log; StoreTrouble if it can't be read now.

        On PostgreSQL the lock is taken first, which the session that was asked to commit holds while it lives: so
        nothing comes after this look. SQLite reads from its log also what the disk has refused to keep (a sync that
        failed): so what took effect there is written into the file, and the disk asked once more, before it counts.
        """
        try:
            connection = self._session.connection()
            shown = self._session.shown()
            with _transaction(connection):
                found = ledger.read_head(connection)
                if not self._session.is_as_left():
                    self._must_look = True
                    self._looked_at(connection)
                if _is_of(found, self._recorded.log):
                    return False
                took_effect = _is_of(found, log) or ledger.begins_with(connection, found, log)
            if took_effect:
                self._session.leave(shown)
                self._session.checkpoint(whole=True)
                return True
        except BaseException:
            self._forget_connection()
            raise
        raise self._other_history(found.size)

    def _settle(self, error: BaseException | None) -> None:
        """Answer the group: as its commands ended, or with this error."""
        assert self._unknown is not None  # noqa: S101  both callers have just looked
        settled, self._unknown = self._unknown, None
        if error is None:
            self._recorded = settled.recorded
        for outcome in settled.outcomes:
            (outcome if error is None else _Outcome(outcome.job, error=error)).tell()

    def _refuse_waiting(self, trouble: StoreTrouble) -> None:
        """Tell whoever waits that nothing of theirs was begun."""
        words = f"{trouble}. What became of the commit before this one is not known yet; nothing of this was begun"
        waiting: list[_Job] = []
        while not self._queue.empty():
            job = self._queue.get()
            if job is None:
                self._queue.put(None)
                break
            waiting.append(job)
        for job in waiting:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(StoreTrouble(words, trouble.why))

    def _run_one(
        self, connection: Connection, job: _Job, recorded: Recorded
    ) -> tuple[_Outcome, Recorded]:
        now = self._clock.now()
        work = SqlUnitOfWork(
            connection, recorded, now, self.recording, self._key, proved_at=self._proved_at
        )
        _statement(connection, "SAVEPOINT command")
        try:
            result = job.command(work)
            work.finish()
        except TornDatabase:
            raise  # what the others read and wrote is believed no more than this
        except BaseException as error:  # noqa: BLE001  because whatever a command raises belongs to its caller
            if isinstance(error, StoreTrouble):
                self._proved_at = None
            self._undo(connection, work)
            return _Outcome(job, error=error), recorded
        _statement(connection, "RELEASE SAVEPOINT command")
        appended = work.recorded is not recorded
        self._proved_at = now if appended else work.proved_at
        return _Outcome(job, result=result, appended=appended), work.recorded

    def _write_head(self, connection: Connection, recorded: Recorded) -> None:
        self._head = ledger.write_head(connection, recorded.log, self._seal)
        write_seal(connection, self._recorded.digests, recorded, self._key)

    @staticmethod
    def _undo(connection: Connection, work: SqlUnitOfWork) -> None:
        """Go back to before the command; a full disk takes the savepoint and the group with it."""
        try:
            _statement(connection, "ROLLBACK TO SAVEPOINT command")
            _statement(connection, "RELEASE SAVEPOINT command")
        except StoreTrouble as lost:
            raise (work.failure or lost) from lost

    def _connected(self) -> Connection:
        """Return the connection; if anything went wrong before, with the log read again."""
        if not self._session.is_as_left():
            self._must_look = True
            self._forget_connection()  # what its pages were before is in its memory
        elif self._session.has_lost_log():
            self._forget_connection()
        connection = self._session.connection()
        if not self._log_is_known:
            shown = self._session.shown()
            with _transaction(connection):
                head = ledger.read_head(connection)
                if self._must_look or not self._has_read or not _is_of(head, self._recorded.log):
                    found = self._looked_at(connection)
                    self._refuse_other_history(connection, found)
                    self._recorded = found
            self._session.leave(shown)
            self._must_look = False
            self._log_is_known = self._has_read = True
        return connection

    def _looked_at(self, connection: Connection) -> Recorded:
        """Return what is recorded; DamagedDatabase unless it is whole, as far as that shows at once."""
        if self._must_look:
            ends_s = self._clock.steady_s() + LOOK_AT_PAGES_S
            refuse_torn_in_time(connection, lambda: self._clock.steady_s() > ends_s)
        is_changed = self._trusted is not self._key
        found = refuse_damage_at_once(
            connection,
            self._trusted,
            self.recording.fold,
            self._progress,
            every_row=is_changed,
        )
        if is_changed:  # what was added up with the one means nothing to the other
            row_sum = sum_of_rows(connection, self._key.rows, self._progress)
            found = found._replace(row_sum=row_sum)
        return found

    def _refuse_other_history(self, connection: Connection, found: Recorded) -> None:
        """Raise DamagedDatabase for another history than this process has written, or is remembered.

        A file that was put back, or that lost its write-ahead log, would be signed over (D62).
        """
        if not self._has_read:
            keys = keys_of(SqlReader(connection), self._trusted.verifier)
            node = partial(ledger.tree_node, connection)
            self._remembered.refuse_other_history(node, keys, found.log.size)
        elif found.log != self._recorded.log:
            raise self._other_history(found.log.size)

    def _other_history(self, size: int) -> DamagedDatabase:
        return DamagedDatabase(
            sentence(
                "its ledger has {size} entries and is not the one that was written last, of {size_2}: it was put "
                "back, or lost what was written. Nothing is recorded. Stop the service; if this is the history "
                "to go on with, start it again",
                size=size,
                size_2=self._recorded.log.size,
            )
        )

    def _forget_connection(self) -> None:
        """Believe nothing about the database until it was read again."""
        self._log_is_known = False
        self._proved_at = None
        with suppress(StoreTrouble):
            self._session.drop_connection()


def _is_of(head: LedgerHead, log: LogState) -> bool:
    return (head.size, head.root) == (log.size, log.root.hex())


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    with translated("beginning a transaction"):
        transaction = connection.begin()
    try:
        yield
        with translated("committing"):
            transaction.commit()
    except BaseException:
        with suppress(StoreTrouble), translated("rolling back"):
            transaction.rollback()
        raise


def _statement(connection: Connection, sql: str) -> None:
    """Run a savepoint's statement straight on the driver: it is a third of a command's time."""
    with translated(sql):
        cursor = connection.connection.cursor()
        cursor.execute(sql)
        cursor.close()
