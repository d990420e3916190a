"""Verifies a database beside its service, a little at a time and again and again (D26).

One pass lets SQLite look at the pages of its file; reads every entry of the ledger and the signed head; and every row
of the record tables, against the digests that are signed with the head. It runs in a thread of its own, over
readers' connections. With entries and rows it rests nine times as long as it works: a tenth of a core, whatever has
been recorded. SQLite looks at the pages of its file without a rest, and without holding Python.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event, func, select

from redrabbit.base.clock import Clock
from redrabbit.base.signing import Verifier
from redrabbit.domain.database_verification import LedgerPass, damage_in
from redrabbit.domain.findings import Finding, in_english
from redrabbit.domain.ledger import LogState
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.record_digests import TableDigest
from redrabbit.domain.records import KEYS
from redrabbit.domain.verified_size import VerifiedSize
from redrabbit.services.errors import DamagedDatabase, StoreTrouble
from redrabbit.services.verifying import MOST_FINDINGS, Reading, VerificationState
from redrabbit.store.act_seal import altered_acts
from redrabbit.store.engine import lent, translated
from redrabbit.store.erasable_findings import blob_findings, range_findings
from redrabbit.store.file_check import ended_when, torn_pages
from redrabbit.store.found_rows import FoundRows, lenient_text
from redrabbit.store.guarded_readers import make_way, seen_by_the_writer, stands_in_the_way
from redrabbit.store.record_seal import changed_rows, changed_seal, load_seal
from redrabbit.store.tables import ACTS, LEDGER_HEAD, RECORD_TABLES, metadata
from redrabbit.store.verified_mark import VerifiedMark

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

_SIZE = select(LEDGER_HEAD.c.size)

ENTRIES_AT_ONCE: Final = 100
ENTRIES_IN_RANGE: Final = 20_000
"""What these name is looked for when they were read, and they count as verified: some ten seconds."""
ROWS_AT_ONCE: Final = 200
RESTS: Final = 9.0
"""Times as long as it worked."""
BEGINS_AFTER_S: Final = 30.0
"""The service starts first, and every station is read."""
AGAIN_AFTER: Final = timedelta(hours=24)
AFTER_TROUBLE_S: Final = 60.0
AFTER_DAMAGE_S: Final = 600.0
"""What was found may have been a moment's: it is looked at again before the next day."""
INTERRUPTED_EVERY_S: Final = 0.1


class _StoppedError(Exception):
    """The service ends."""


class BackgroundVerification:
    """Runs passes in its own thread until it is stopped."""

    def __init__(
        self,
        engine: Engine,
        verifier: Verifier,
        clock: Clock,
        *,
        rests: float = RESTS,
        mark: VerifiedMark | None = None,
        rows_fit: Callable[[Connection], bool] | None = None,
    ) -> None:
        """Verify through this engine; what was verified before is known from the mark, if one is given.

        `rows_fit` tells whether the rows are those that were signed, where opening has not looked: then that is done
        first, at once and without a rest.
        """
        self._engine = engine
        self.verifier = verifier
        self._clock = clock
        self._rests = rests
        self._stop = threading.Event()
        self._mark = mark
        self._rows_fit = rows_fit
        self._verified = VerifiedSize()
        self._open: set[Any] = set()
        """The driver's connections: whatever waits for a server that says nothing waits for one of these."""
        self._opening = threading.Lock()
        event.listen(engine, "connect", self._opened, insert=True)  # before its first statements
        event.listen(engine, "close", self._closes)
        self._state = VerificationState()
        self._take_up()
        self._thread = threading.Thread(target=self._run, name="redrabbit-verifier", daemon=True)

    @property
    def state(self) -> VerificationState:
        """How far it is."""
        return self._state

    def start(self) -> None:
        """Begin: half a minute from now, or at once where opening has left the rows to it."""
        self._thread.start()

    def stop(self) -> None:
        """End within the chunk that is being read, and wait for that."""
        self._stop.set()
        while self._thread.is_alive():
            self._interrupt()  # again and again: SQLite forgets it where nothing is being read
            self._thread.join(INTERRUPTED_EVERY_S)
        self._engine.dispose()

    def _take_up(self) -> None:
        """Go on from the mark: what is known of what was verified is known at once."""
        if self._mark is None:
            return
        try:
            with self._connection() as (connection, _):
                known = self._verified = self._mark.read(connection)
        except StoreTrouble as trouble:  # whoever writes meets it, too, and says so
            log.warning("it is not known what was verified", extra={"reason": str(trouble)})
            return
        finally:
            self._engine.dispose()  # the last connection to close saves a write-ahead log that was taken away
        self._tell()
        if known.upto_at is not None:
            about = {"entries": known.upto.size, "verified_at": known.upto_at.isoformat()}
            log.info("verified before the start", extra=about)
        self._log(known.findings)

    def _log(self, findings: Iterable[Finding]) -> None:
        for each in findings:
            log.error("the records are not as they were written", extra={"found": in_english(each)})

    def _tell(self) -> None:
        """Tell how far entries are verified."""
        known = self._verified
        self._note(
            verified_size=known.upto.size,
            verified_at=known.upto_at,
            whole_since=known.whole_since,
            whole_at=known.whole_at,
            findings=known.findings[:MOST_FINDINGS],
        )

    def _keep(self, verified: VerifiedSize, *, at_once: bool = False) -> None:
        """Know this from now on, and after a restart."""
        self._verified = verified
        if self._mark is not None:
            self._mark.keep(verified, self._clock.steady_s(), at_once=at_once)

    def _opened(self, driver: Any, _record: object) -> None:
        with self._opening:
            self._open.add(driver)

    def _closes(self, driver: Any, _record: object) -> None:
        with self._opening:  # from here on its socket's number may be another one's
            self._open.discard(driver)

    def _interrupt(self) -> None:
        """End whatever a connection waits for: an answer, whether it still lives, its giving back."""
        with self._opening:
            for driver in self._open:
                is_sqlite = isinstance(driver, sqlite3.Connection)
                (driver.interrupt if is_sqlite else driver.cut_off)()

    def _run(self) -> None:
        wait_s = BEGINS_AFTER_S if self._rows_fit is None else 0.0
        while not self._stop.wait(wait_s):
            try:
                found = self.verify_once().findings
                wait_s = AFTER_DAMAGE_S if found else AGAIN_AFTER.total_seconds()
            except _StoppedError:
                self._keep(self._verified, at_once=True)
                return
            except StoreTrouble as trouble:
                self._note(reading=None, trouble=str(trouble))
                if not self._stop.is_set():
                    log.warning("verification came to no end", extra={"reason": str(trouble)})
                wait_s = AFTER_TROUBLE_S
            except Exception:
                self._note(reading=None, trouble="a bug: the log tells it")
                log.exception("a bug in the verification beside the service")
                wait_s = AFTER_TROUBLE_S

    def verify_once(self) -> VerificationState:
        """Make one pass in this thread and return what was seen.

        StoreTrouble if the database could not be read to its end now.
        """
        before = self._state.findings
        self._verified = self._verified.begun(self._clock.now())
        since = self._verified.began_at
        self._note(began_at=self._clock.now(), trouble=None, done=0, of=0)
        seen: dict[str, Finding] = {}  # what is read again, and what came since, may find the same
        found: list[Finding] = []
        reads: tuple[Callable[[], Iterable[Finding]], ...]
        reads = (self._file, self._entries, self._records)
        if not self._rows_are_fit():
            reads = (self._records, self._file, self._entries)  # which says where
        for read in reads:
            seen |= {in_english(each): each for each in damage_in(_all_found(read))}
            found = list(seen.values())[:MOST_FINDINGS]
            if found:
                self._keep(self._verified.found(found), at_once=True)
                self._tell()
        ended = self._verified.ended(found, since, self._clock.now())
        self._keep(ended, at_once=True)
        self._tell()
        self._note(reading=None, passes=self._state.passes + 1)
        self._log(each for each in found if each not in before)
        return self._state

    def _rows_are_fit(self) -> bool:
        """Tell whether the rows that opening has left to this are those that were signed; once, and True otherwise."""
        if self._rows_fit is None:
            return True
        self._note(reading=Reading.RECORDS)
        try:
            with self._connection() as (connection, _):
                fit = self._rows_fit(connection)
        except DamagedDatabase:
            fit = False
        self._rows_fit = None
        return fit

    def _entries(self) -> Iterator[Finding]:
        """Read what came since entries were read last, then on where the round was; and the head as it is then."""
        if self._verified.upto.size > self._verified.again.size:
            yield from self._read_from(self._verified.upto, again=False)
        found = self._read_from(self._verified.again, again=True)
        yield from found
        known = self._verified
        self._keep(
            known.back_to_round(self._clock.now()) if damage_in(found) else known.round_ended()
        )
        with self._connection() as (_, rows):
            yield from blob_findings(rows, None)
            yield from altered_acts(rows.of(ACTS), self.verifier)
            yield from rows.unreadable

    def _read_from(self, begin: LogState, *, again: bool) -> list[Finding]:
        """Read all entries behind these, range by range; what is read is kept as verified as long as nothing is found."""
        ledger_pass, found, is_last = (
            LedgerPass(LogKeys(trusted=self.verifier), begin),
            list[Finding](),
            False,
        )
        while not is_last:
            ends_at = ledger_pass.size + ENTRIES_IN_RANGE
            while not is_last and ledger_pass.size < ends_at:
                heads, unreadable, is_last = self._paced(self._some_entries, ledger_pass)
                found += unreadable
            if ledger_pass.damage is None:
                found += self._paced(self._beside, ledger_pass)
            if is_last:
                found += ledger_pass.ended(heads)
            if not damage_in(found):
                now = self._clock.now()
                self._keep(self._verified.read(ledger_pass.log, now, again=again))
                self._tell()
        return found

    def _beside(self, ledger_pass: LedgerPass) -> list[Finding]:
        """Look for what the entries of a range name and is kept beside the ledger."""
        with self._connection() as (connection, rows):
            found = list(range_findings(connection, rows, *ledger_pass.met()))
            return [*found, *rows.unreadable]

    def _some_entries(
        self, ledger_pass: LedgerPass
    ) -> tuple[list[dict[str, object]], list[Finding], bool]:
        """Read on; return the head as of then, what could not be read, and whether this was the last."""
        with self._connection() as (_, rows):
            heads = list(rows.of(LEDGER_HEAD))
            before = ledger_pass.size
            ledger_pass.read(rows.entries(before, ENTRIES_AT_ONCE))
        of = heads[0].get("size") if heads else None
        self._note(
            reading=Reading.ENTRIES,
            done=ledger_pass.size,
            of=of if isinstance(of, int) else 0,
        )
        is_last = ledger_pass.size < before + ENTRIES_AT_ONCE or ledger_pass.damage is not None
        return heads, rows.unreadable, is_last

    def _records(self) -> Iterator[Finding]:
        """Read every row of the record tables within one snapshot."""
        with self._connection() as (connection, rows):
            size = connection.execute(_SIZE).scalar_one()
            try:
                kept = load_seal(rows, size, self.verifier).digests
            except DamagedDatabase as error:
                yield changed_seal(error)
                return
            of = sum(self._count(connection, kind) for kind in RECORD_TABLES)
            done = 0
            for kind, table in RECORD_TABLES.items():
                found = TableDigest(table.name, KEYS[kind])
                read = rows.of(table)
                while some := self._paced(_added, found, read):
                    make_way(connection)
                    done += some
                    self._note(reading=Reading.RECORDS, done=done, of=of)
                for block in found.differing(kept.blocks):
                    yield changed_rows(table.name, block)
            yield from rows.unreadable

    @staticmethod
    def _count(connection: Connection, kind: type[Any]) -> int:
        with translated("counting records"):
            asked = select(func.count()).select_from(RECORD_TABLES[kind])
            return connection.execute(asked).scalar_one()

    def _file(self) -> list[Finding]:
        self._note(reading=Reading.FILE, done=0, of=0)
        with self._connection() as (connection, _):
            with ended_when(connection, lambda: stands_in_the_way(connection)):
                found = list(torn_pages(connection, metadata.tables.values()))
            make_way(connection)
            return found

    @contextmanager
    def _connection(self) -> Iterator[tuple[Connection, FoundRows]]:
        """Give one snapshot of the database."""
        with translated("opening"):
            connection = self._engine.connect()
        with lent(connection), seen_by_the_writer(connection), lenient_text(connection):
            yield connection, FoundRows(connection, beside=True)

    def _paced(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do one piece of work, and rest."""
        began_s = self._clock.steady_s()  # a wall clock that is set meanwhile would rest for hours
        result = work(*args, **kwargs)
        self._rest(self._clock.steady_s() - began_s)
        return result

    def _rest(self, worked_s: float) -> None:
        if self._stop.wait(worked_s * self._rests):
            raise _StoppedError

    def _note(self, **changed: Any) -> None:
        self._state = replace(self._state, **changed)


def _added(found: TableDigest, rows: Iterator[dict[str, object]]) -> int:
    """Add the next rows; return how many there were."""
    before = found.rows
    for row in islice(rows, ROWS_AT_ONCE):
        found.add(row)
    return found.rows - before


def _all_found(read: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what is found, and that there is damage where reading ended in it; StoreTrouble for other trouble."""
    found: list[Finding] = []
    try:
        found.extend(read())
    except DamagedDatabase as error:
        found.append(Finding(code="file_torn", place="file", params={"problem": str(error)}))
    return found
