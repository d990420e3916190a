"""The mark of how far entries were verified, kept in a file beside the log's key (D26).

It is no row: so writing it costs no commit, and a database that is put back, or copied without it, brings no word of its
own about what was verified. It is written once a minute at most, and when the service ends.
"""

import logging
import os
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from redrabbit.base.kept_texts import read_kept_text
from redrabbit.base.private_files import replace_private
from redrabbit.domain.findings import Finding
from redrabbit.domain.ledger import LogState
from redrabbit.domain.merkle import Tree, stored_frontier, verify_consistency
from redrabbit.domain.signed_note import note_is_signed, parse_note, sign_note
from redrabbit.domain.verified_size import (
    VerifiedSize,
    damage_in_mark,
    mark_of_new_round,
    mark_text,
    parse_mark,
)
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import LedgerHead
from redrabbit.store import ledger
from redrabbit.store.engine import translated
from redrabbit.store.log_key import LogKey

EVERY_S: Final = 60.0
MOST_BYTES: Final = 1_000_000
"""Two lines a stream, and what was found."""

log = logging.getLogger("redrabbit.store")


class VerifiedMark:
    """The file that holds the mark of one log."""

    def __init__(self, key_path: Path, key: LogKey) -> None:
        self.path = key_path.with_suffix(".verified")
        self._key = key
        self._kept_at_s = -EVERY_S
        self._is_failing = False

    def read(self, connection: Connection) -> VerifiedSize:
        """Return what the mark says; nothing was verified where it is not of this log as it stands now.

        What a mark of this log says to be damaged is known all the same.
        """
        findings: tuple[Finding, ...] = ()
        try:
            if not self.path.exists():
                return VerifiedSize()
            text = self._signed_text(self._key)
            findings = damage_in_mark(text, self._key.origin)
            return self._fitting(connection, text)
        except (ValueError, OSError, StoreTrouble) as error:
            about = {"file": str(self.path), "reason": str(error)}
            log.warning("nothing is known of what was verified before", extra=about)
            return VerifiedSize(findings=findings)

    def damage(self) -> tuple[Finding, ...]:
        """Return what a mark of this log says to be damaged, for who reads beside the service; nothing where there is none."""
        try:
            if not self.path.exists():
                return ()
            return damage_in_mark(self._signed_text(self._key), self._key.origin)
        except (ValueError, OSError, StoreTrouble):
            return ()  # the service says why, in its log

    def take_over(self, before: LogKey) -> None:
        """Sign anew what the key before has signed, as this one takes its place: from then on only this one's word counts.

        Its round begins anew: the key before may be a stolen one, whose mark would keep entries from being read again.
        What is no mark of this log is left as it is: nothing else may be signed for whoever put it there.
        """
        if before.verifier == self._key.verifier:
            return
        try:
            if not self.path.exists():
                return
            text = mark_of_new_round(self._signed_text(before), self._key.origin)
        except (ValueError, OSError, StoreTrouble):
            return  # whoever reads it says why
        self._write(text)

    def _signed_text(self, key: LogKey) -> str:
        with translated(f"reading {self.path}"):
            note = parse_note(read_kept_text(self.path, MOST_BYTES, "a signed mark"))
        if not note_is_signed(note, key.verifier):
            raise ValueError("it is not signed with the key of this ledger")
        return note.text

    def _fitting(self, connection: Connection, text: str) -> VerifiedSize:
        head = ledger.read_head(connection)
        node = partial(ledger.tree_node, connection)
        verified = parse_mark(
            text, self._key.origin, lambda size: stored_frontier(_within(size, head), node)
        )
        for known in (verified.upto, verified.again):
            _refuse_other(known, head, Tree(head.size, node))
        return verified

    def keep(self, verified: VerifiedSize, now_s: float, *, at_once: bool = False) -> None:
        """Write the mark, once a minute at most unless at once; that it can't be written stops nothing."""
        if now_s - self._kept_at_s < EVERY_S and not at_once:
            return
        self._kept_at_s = now_s
        self._write(mark_text(self._key.origin, verified))

    def _write(self, text: str) -> None:
        note = sign_note(text, self._key.signer)
        try:
            replace_private(self.path, note.encode("utf-8"))
        except OSError as error:
            if not self._is_failing:
                about = {"file": str(self.path), "reason": os.strerror(error.errno or 0)}
                log.warning("how far entries are verified is not kept", extra=about)
            self._is_failing = True
        else:
            self._is_failing = False


def _within(size: object, head: LedgerHead) -> int:
    if type(size) is not int or not 0 <= size <= head.size:
        raise ValueError(f"it speaks of {size} entries, and the ledger has {head.size}")
    return size


def _refuse_other(known: LogState, head: LedgerHead, tree: Tree) -> None:
    """Raise ValueError unless the signed log begins with this one."""
    proof = tree.consistency(known.size)
    if not verify_consistency(known.size, known.root, head.size, bytes.fromhex(head.root), proof):
        raise ValueError(
            f"the ledger does not begin with the {known.size} entries that were verified"
        )
