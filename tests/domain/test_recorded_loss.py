"""A kept checkpoint of history that was lost is told from one that shows a rewrite (D62)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.checkpoint import checkpoint_of, sign_checkpoint
from redrabbit.domain.database_verification import (
    LedgerVerification,
    damage_in,
    verification_of,
    verify_ledger,
)
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.findings import in_english
from redrabbit.domain.identity import AGENT, Actor
from redrabbit.domain.ledger import Event, LedgerContext, LogState, StoredEntry, read_entry
from redrabbit.domain.recorded_loss import RecordedLoss, loss_in, told_of_loss
from tests.domain.test_database_verification import KEY, Row, head_of, row_of
from tests.logs import kept_at

BEGIN = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LI = Actor.stated("name:4711")
CONTEXT = LedgerContext(in_force="c" * 64, software="test")


class Ledger:
    """A ledger that grows, and of which an older copy may be put back."""

    def __init__(self, log: LogState | None = None, rows: list[Row] | None = None) -> None:
        self.log = log or LogState()
        self.rows = rows or []

    def add(self, type_: str, payload: dict[str, object], actor: Actor = AGENT) -> None:
        at = BEGIN + timedelta(minutes=self.log.size)
        event = Event(type=type_, stream="plant", occurred_at=at, actor=actor, payload=payload)  # type: ignore[arg-type]  # as `encode` gives it
        appended = self.log.append(event, at, CONTEXT, bytes(16))
        stored = appended.stored
        self.rows.append(row_of(self.log.size, stored.raw, stored.salt, stored.payload))
        self.log = appended.log

    def grow(self, entries: int, word: str) -> "Ledger":
        for _ in range(entries):
            self.add("noted", {"word": word})
        return self

    def copy(self) -> "Ledger":
        return Ledger(self.log, list(self.rows))

    def accept(self, lost: LogState) -> None:
        """Record the loss of a history, as `redrabbit accept-loss` does."""
        fact = HistoryLost(
            size=lost.size,
            root=lost.root.hex(),
            found_size=self.log.size,
            found_root=self.log.root.hex(),
        )
        self.add(HistoryLost.TYPE, encode(fact), LI)  # type: ignore[arg-type]  # as above

    def verified(self, *kept: str) -> LedgerVerification:
        return verify_ledger(self.rows, [head_of(self.rows)], KEY, kept=kept_at(*kept))

    def found(self, kept: LogState) -> list[str]:
        findings = self.verified(sign_checkpoint(kept, KEY)).findings
        assert damage_in(findings) == findings, "it is never called unaltered"
        return [each.code for each in findings]


SIZES = st.integers(1, 6)


@given(begin=SIZES, lost=SIZES, later=st.integers(0, 8), kept=st.integers(0, 12))
def test_a_checkpoint_of_the_lost_part_is_told_as_such(
    begin: int, lost: int, later: int, kept: int
) -> None:
    """An older copy was put back, and the ledger went on: what had come since is lost."""
    backup = Ledger().grow(begin, "before")
    was = backup.copy()
    states = [was.grow(1, "lost").log for _ in range(lost)]
    backup.accept(was.log)
    backup.grow(later, "after")
    assert backup.found(was.log) == ["kept_lost"]
    for state in states[:-1]:
        assert backup.found(state) == ["kept_perhaps_lost"]
    shared = Ledger().grow(min(kept, begin), "before").log
    assert backup.found(shared) == [], "what is not lost agrees"
    rewritten = Ledger().grow(min(kept, begin), "another word").log
    assert backup.found(rewritten) == (["kept_contradicts"] if rewritten.size else [])
    beyond = was.grow(later + 20, "never accepted").log
    assert backup.found(beyond) == ["kept_beyond"], "nobody accepted that loss"


@given(begin=SIZES, lost=SIZES, more=SIZES)
def test_a_history_that_another_took_the_place_of_may_have_had_any_size(
    begin: int, lost: int, more: int
) -> None:
    """An older copy went on by itself and is longer by now: where the two part nobody recorded."""
    other = Ledger().grow(begin, "before")
    was = other.copy().grow(lost, "lost").log
    other.grow(lost + more, "another").accept(was)
    assert other.found(was) == ["kept_lost"]
    assert other.found(Ledger().grow(1, "who knows").log) == ["kept_perhaps_lost"]


def test_it_says_when_who_and_how_many() -> None:
    ledger = Ledger().grow(2, "before")
    was = ledger.copy().grow(3, "lost").log
    ledger.accept(was)
    verified = ledger.verified(sign_checkpoint(was, KEY))
    (loss,) = verified.losses
    assert (loss.index, loss.at, loss.by) == (2, BEGIN + timedelta(minutes=2), LI.id)
    assert (loss.lost.size, loss.lost.found_size) == (5, 2)
    assert verification_of(verified, ()).losses == (loss,)
    (finding,) = verified.findings
    assert in_english(finding) == (
        f"kept checkpoint: it is of the history of 5 entries that was lost, as {LI.id} accepted on "
        "2026-03-02T06:02:00.000000Z: the ledger went on without it"
    )


def test_of_several_losses_the_one_that_is_known_counts_else_the_last() -> None:
    ledger = Ledger().grow(2, "before")
    first, second = ledger.copy().grow(3, "a").log, ledger.copy().grow(9, "b").log
    ledger.accept(first)
    ledger.accept(second)
    losses = ledger.verified().losses
    for kept, code, size in ((first, "kept_lost", 5), (second, "kept_lost", 11)):
        finding = told_of_loss("here", checkpoint_of(KEY.name, kept), losses)
        assert finding is not None
        assert (finding.code, finding.params["size"]) == (code, size)
    between = ledger.copy().grow(1, "c").log
    finding = told_of_loss("here", checkpoint_of(KEY.name, between), losses)
    assert finding is not None
    assert (finding.code, finding.params["size"]) == ("kept_perhaps_lost", 11)


def test_an_entry_whose_payload_was_erased_and_any_other_tell_of_none() -> None:
    ledger = Ledger().grow(1, "before")
    ledger.accept(ledger.copy().grow(1, "lost").log)
    entries = [
        read_entry(stored, row["index"])
        for row in ledger.rows
        for stored in [StoredEntry(raw=row["raw"], salt=row["salt"], payload=row["payload"])]
    ]
    noted, lost = entries
    assert loss_in(noted) is None
    assert isinstance(loss_in(lost), RecordedLoss)
    assert loss_in(replace(lost, payload=None)) is None
    with pytest.raises(ValueError, match="size"):
        loss_in(replace(lost, payload={"size": "many"}))
