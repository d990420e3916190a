"""Verification: reads everything stored as a stranger would, and names what is not as recorded.

Rules: (1) `raw` is the truth and every other column must repeat it; (2) entries are numbered
without gaps and chained within their streams; (3) the one head must be signed by the given key, or by
one to which changes of the key lead from it (`redrabbit.domain.log_keys`), and say exactly what the
entries give: size, root and every stream's head; (4) each checkpoint that was kept elsewhere must be
a beginning of this log; (5) the ledger is folded again and the record tables must hold just that (D13).

The scan stops at the first damaged entry: what follows from it can't be judged. From an entry on
that a newer version wrote, hashes, chain and head are still verified, records no longer: that is
a finding of its own, the last, and no damage. Nothing here reads a database or knows a key; rows
come as they were found, whatever type a vandal left in them.

What it can't find: a rewrite by someone with the signing key, unless a checkpoint was kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.erasable_content import ErasableContent
from redrabbit.domain.erased_payloads import ErasedPayloads
from redrabbit.domain.facts.fact import Fold
from redrabbit.domain.findings import Finding
from redrabbit.domain.head_verification import (
    agrees,
    checkpoint_in,
    contradiction,
    head_findings,
    is_judged,
)
from redrabbit.domain.kept_checkpoint import KEPT_NOT_PROVED, OTHER_KEY
from redrabbit.domain.ledger import Entry, LogState
from redrabbit.domain.ledger_scan import Row, Scan, read_on
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.newer import OLDER_SCHEMA, WRITTEN_BY_NEWER
from redrabbit.domain.record_comparison import Folded, Records, compare_records
from redrabbit.domain.recorded_loss import RecordedLoss
from redrabbit.domain.records import Record
from redrabbit.domain.signed_note import NoteVerifier, parse_note

__all__ = [
    "OF_RECORDS",
    "DatabaseVerification",
    "Finding",
    "Fold",
    "LedgerPass",
    "LedgerVerification",
    "damage_in",
    "verification_of",
    "verify_ledger",
    "verify_rows",
]

OF_RECORDS: Final = frozenset(
    {"record_differs", "record_extra", "record_missing", "rows_changed", "seal_differs"}
)
"""Findings in record tables: they are made only where the ledger itself is sound."""

_NO_DAMAGE: Final = frozenset({KEPT_NOT_PROVED, OLDER_SCHEMA, OTHER_KEY, WRITTEN_BY_NEWER})
"""What can't be vouched for, and says nothing against the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerVerification:
    """What the ledger alone tells."""

    log: LogState
    """Over all entries, or over those before the first damaged one."""
    findings: tuple[Finding, ...]
    last_good: int | None
    """Size of the largest kept checkpoint that this log agrees with."""
    erased: int
    """Entries whose payload is gone; they verify, and are not folded (D51)."""
    erasable: ErasableContent
    """What the entries name that stands beside the ledger."""
    keys: LogKeys
    """Whose signatures count, as far as the entries were sound."""
    vouched_for: int
    """Entries before the first that is damaged, or that only a newer version reads."""
    losses: tuple[RecordedLoss, ...]
    """History that the entries say was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseVerification:
    """The whole verification of a database."""

    size: int
    root: str
    """Hex."""
    findings: tuple[Finding, ...]
    last_good: int | None
    erased: int = 0
    """Entries whose payload is gone; they verify, and are not folded (D51)."""
    erasable: ErasableContent | None = None
    """What the entries name that stands beside the ledger; None where not all could be read."""
    losses: tuple[RecordedLoss, ...] = ()
    """History that the entries say was lost (D62)."""
    key: str = ""
    """The public key that was trusted, as text."""
    keys: LogKeys | None = None
    """Whose signatures count: that key, and those to which the entries lead from it."""
    is_beside_remembered: bool = False
    """Whether it was laid beside the head that the service remembers (D62)."""
    names: Mapping[str, str] = field(default_factory=dict)
    """By their ids, of those who changed the key or accepted a loss, where they are kept."""

    @property
    def sound(self) -> bool:
        """Tell whether nothing was found."""
        return not self.findings

    @property
    def damage(self) -> tuple[Finding, ...]:
        """What is not as it was recorded; what can't be vouched for is none of it."""
        return damage_in(self.findings)


def verify_rows(
    entries: Iterable[Row],
    heads: Sequence[Row],
    records: Mapping[type[Record], Iterable[Row]],
    *,
    verifier: NoteVerifier,
    fold: Fold,
    kept: Mapping[str, str] = MappingProxyType({}),
    kept_in: Records | None = None,
    erasable: ErasableContent | None = None,
) -> DatabaseVerification:
    """Verify the ledger, fold it again, and compare every record; see the module's rules.

    `entries` are the rows of the table `ledger` by index, `heads` all rows of `ledger_head`,
    `records` all rows of each record table, `kept` signed checkpoints from elsewhere, by what findings call them. Records
    are compared only with a ledger that is sound in itself. `kept_in` is where those that are folded stand
    meanwhile, `erasable` where what stands beside the ledger is noted: in memory unless said otherwise.
    """
    folded = Folded(fold, kept_in)
    ledger = verify_ledger(entries, heads, verifier, kept=kept, visit=folded.add, erasable=erasable)
    return verification_of(ledger, compare_records(folded.records, records))


def verification_of(
    ledger: LedgerVerification, of_records: Iterable[Finding]
) -> DatabaseVerification:
    """Return what ledger and records come to; what is found in records counts only where the ledger is sound."""
    return DatabaseVerification(
        size=ledger.log.size,
        root=ledger.log.root.hex(),
        findings=ledger.findings or tuple(of_records),
        last_good=ledger.last_good,
        erased=ledger.erased,
        erasable=None if ledger.findings else ledger.erasable,
        losses=ledger.losses,
        keys=ledger.keys,
    )


def verify_ledger(
    entries: Iterable[Row],
    heads: Sequence[Row],
    verifier: NoteVerifier,
    *,
    kept: Mapping[str, str] = MappingProxyType({}),
    visit: Callable[[Entry], None] | None = None,
    erasable: ErasableContent | None = None,
) -> LedgerVerification:
    """Verify entries and head; `visit` gets each sound entry in order, before the head is known.

    `erasable` is an empty one, where what it notes shall not be kept in memory.
    """
    scan = Scan(
        keys=LogKeys(trusted=verifier),
        erasable=ErasableContent() if erasable is None else erasable,
    )
    _scan(scan, entries, set(_sizes_told(kept.values())), visit)
    findings: list[Finding] = []
    remembered: list[tuple[str, Checkpoint]] = []
    for place, note in kept.items():
        checkpoint = checkpoint_in(note, scan.keys, place, "kept_unreadable")
        if not isinstance(checkpoint, Finding):
            remembered.append((place, checkpoint))
        elif is_judged(checkpoint, scan):
            findings.append(checkpoint)
    if scan.damage:
        scan.is_whole = False
        findings.insert(0, scan.damage)
    findings += head_findings(heads, scan)
    contradictions = {place: contradiction(place, old, scan) for place, old in remembered}
    findings += [each for each in contradictions.values() if each]
    findings += scan.payloads_missing()
    findings += [scan.newer] if scan.newer else []
    good = [old.size for place, old in remembered if agrees(old, scan)]
    return LedgerVerification(
        log=scan.log,
        findings=tuple(findings),
        last_good=max(good, default=None),
        erased=len(scan.payloads.gone),
        erasable=scan.erasable,
        keys=scan.keys,
        vouched_for=scan.log.size if scan.newer_at is None else scan.newer_at,
        losses=tuple(scan.losses),
    )


class LedgerPass:
    """Verifies a ledger range by range (D26). Kept are the names and digests of what stands beside it, until asked for.

    Entries, their chain and the tree, as `verify_ledger` does, and the signed head at the end; nothing is folded.
    A pass that begins in the midst of the log begins with the log, and the keys, as they stand before the first entry.
    """

    def __init__(
        self,
        keys: LogKeys,
        begin: LogState | None = None,
        visit: Callable[[Entry], None] | None = None,
    ) -> None:
        self._visit = visit
        self._scan = Scan(keys=keys, log=begin or LogState())
        self._scan.is_whole = begin is None
        self._scan.last_index = dict.fromkeys(self._scan.log.heads, self._scan.log.size - 1)

    @property
    def size(self) -> int:
        """How many entries were read, or skipped before the begin."""
        return self._scan.log.size

    @property
    def log(self) -> LogState:
        """The log as the entries that were read give it."""
        return self._scan.log

    def met(self) -> tuple[ErasedPayloads, ErasableContent]:
        """Return what is gone, and what is named and kept beside the ledger, by entries read since this was asked last."""
        scan = self._scan
        met = scan.payloads, scan.erasable
        scan.payloads, scan.erasable = ErasedPayloads(), ErasableContent()
        return met

    @property
    def damage(self) -> Finding | None:
        """The first entry that is not as it was recorded; no entry is read after it."""
        return self._scan.damage

    def read(self, entries: Iterable[Row]) -> None:
        """Verify the next entries, in order."""
        read_on(self._scan, entries, set(), self._visit)

    def ended(self, heads: Sequence[Row]) -> tuple[Finding, ...]:
        """Return all that is wrong, once all entries were read: with the head as it is by then."""
        return (
            *([self._scan.damage] if self._scan.damage else []),
            *head_findings(heads, self._scan),
            *self._scan.payloads_missing(),
            *([self._scan.newer] if self._scan.newer else []),
        )


def _sizes_told(notes: Iterable[str]) -> Iterator[int]:
    """Yield the sizes of checkpoints that can be read; whether they are signed is known once all entries are read."""
    for note in notes:
        with suppress(ValueError):
            yield parse_checkpoint(parse_note(note).text).size


def damage_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return what is not as it was recorded; what can't be vouched for is none of it."""
    return tuple(each for each in findings if each.code not in _NO_DAMAGE)


def _scan(
    scan: Scan,
    entries: Iterable[Row],
    wanted: set[int],
    visit: Callable[[Entry], None] | None,
) -> None:
    if 0 in wanted:
        scan.at_size[0] = scan.log
    read_on(scan, entries, wanted, visit)
