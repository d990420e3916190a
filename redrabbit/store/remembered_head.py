"""The last signed head, remembered outside the database (D62).

A database that was put back from a backup, or lost its write-ahead log, is whole in itself: only something outside can
tell that it was longer. So the writer keeps the signed checkpoint in a file beside the key, after each commit and at
most once a second: the database may be ahead of it, never behind. A database that does not go on from it is not
opened, until somebody accepts the loss, which is recorded.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from redrabbit.base.clock import Clock
from redrabbit.base.kept_texts import read_kept_text
from redrabbit.base.private_files import replace_private
from redrabbit.base.sentence import sentence, words_of
from redrabbit.domain.checkpoint import Checkpoint, parse_checkpoint
from redrabbit.domain.log_keys import LogKeys
from redrabbit.domain.merkle import stored_frontier
from redrabbit.domain.signed_note import parse_note
from redrabbit.services.errors import LostHistory
from redrabbit.services.ports import LedgerHead
from redrabbit.services.remembered import RememberedState
from redrabbit.store.engine import translated

EVERY_S: Final = 1.0
MOST_BYTES: Final = 10_000

_NOTHING_REMEMBERED: Final = (
    "no signed head is remembered beside the key: whether entries are missing, only a checkpoint that was kept "
    "elsewhere can tell"
)

TreeNode = Callable[[int, int], bytes]
"""Returns a node of the ledger's tree by level and position."""

log = logging.getLogger("redrabbit.store")


class RememberedHead:
    """The file that holds the last signed head of one log."""

    def __init__(self, key_path: Path, *, accepted: Checkpoint | None = None) -> None:
        self.path = key_path.with_suffix(".head")
        self._accepted = accepted
        """The checkpoint whose loss a person is about to record."""
        self._written_at_s = -EVERY_S
        self.state = RememberedState()
        """As pages tell it; replaced as a whole, because they read it in another thread."""

    def refuse_other_history(self, tree_node: TreeNode, keys: LogKeys, size: int) -> None:
        """Raise LostHistory where the ledger, of this verified size, does not go on from what is remembered.

        Where nothing is, of a ledger that has entries, that is told: the file may have been lost with the database
        that it told of.
        """
        text = self.text()
        if text is not None:
            self.refuse_to_go_on_without(text, tree_node, keys, size)
        elif size:
            self.state = replace(self.state, was_absent=True)
            extra = {"file": str(self.path), "entries": size}
            log.warning(_NOTHING_REMEMBERED, extra=extra)

    def refuse_to_go_on_without(
        self, text: str, tree_node: TreeNode, keys: LogKeys, size: int
    ) -> None:
        """Raise LostHistory where the ledger does not go on from the head in this text, which was read before it."""
        remembered = self._parsed(text, keys)
        if self._is_accepted(remembered):
            return
        if remembered.size > size:
            raise self._lost(
                f"its ledger has {size} entries, and had {remembered.size}: "
                f"{remembered.size - size} are missing"
            )
        if stored_frontier(remembered.size, tree_node).root != remembered.root:
            raise self._lost(
                f"the first {remembered.size} entries of its ledger are not those that were signed then"
            )

    def text(self) -> str | None:
        """Return what lies there; None if nothing does."""
        with translated(f"reading {self.path}"):
            if not self.path.exists():
                return None
            return read_kept_text(self.path, MOST_BYTES, "the signed head of a ledger")

    def _parsed(self, text: str, keys: LogKeys) -> Checkpoint:
        """Return what is remembered, signed by the key of its time, unless it is lost by what was accepted."""
        try:
            note = parse_note(text)
            found = parse_checkpoint(note.text)
        except ValueError as error:
            raise LostHistory(
                sentence(
                    "{path} holds no signed head of a ledger ({problem}); expected the one that was written last. If "
                    "the file was damaged, move it away, and compare the ledger with a checkpoint that was kept "
                    "elsewhere (`redrabbit verify --checkpoint`)",
                    path=self.path,
                    problem=words_of(error),
                )
            ) from error
        if found.origin != keys.name:
            raise LostHistory(
                sentence(
                    "{path} holds the head of the ledger {origin}, and this database has the ledger {name}: another "
                    "database was put in place. Put the right one back; if this one is right, move that file away",
                    path=self.path,
                    origin=found.origin,
                    name=keys.name,
                )
            )
        if not keys.signed(note, found.size) and not self._is_accepted(found):
            signers = ", ".join(line.key_id.hex() for line in note.signatures)
            raise LostHistory(
                sentence(
                    "{path} holds a head of {size} entries that is signed by the key {signers}, which does not sign "
                    "such a ledger by the entries of this database; expected {hex}. An older copy was put in place, "
                    "from before the key was changed. Put the right database back, with the key that belongs to it. "
                    "If it is gone for good, `redrabbit accept-loss --database … --checkpoint {path} --public-key "
                    "FILE --by NAME` records the loss, with the public key {signers}; the service starts again, and "
                    "`redrabbit change-key` changes the key anew",
                    path=self.path,
                    size=found.size,
                    signers=signers,
                    hex=keys.at(found.size).key_id.hex(),
                )
            )
        return found

    def _is_accepted(self, remembered: Checkpoint) -> bool:
        """Tell whether it is lost with what a person accepts; a shorter one would hide that more was."""
        return self._accepted is not None and self._accepted.size >= remembered.size

    def _lost(self, found: str) -> LostHistory:
        return LostHistory(
            sentence(
                "{found} ({path} remembers it). An older copy was put in place, or what was written last was "
                "lost. Put the right database back. If it is gone for good, `redrabbit accept-loss --database … "
                "--checkpoint {path} --by NAME` records the loss, and the service starts again",
                found=found,
                path=self.path,
            )
        )

    def forget(self) -> None:
        """Remove the file: a new ledger begins, whose key was just made."""
        with translated(f"removing {self.path}"):
            self.path.unlink(missing_ok=True)

    def remember(self, head: LedgerHead, clock: Clock, *, at_once: bool = False) -> None:
        """Write the signed head, at most once a second unless at once; that it can't be written stops nothing."""
        now_s = clock.steady_s()
        is_soon = now_s - self._written_at_s < EVERY_S
        if head.size == self.state.size or (is_soon and not at_once):
            return
        self._written_at_s = now_s
        try:
            replace_private(self.path, head.checkpoint.encode("utf-8"))
        except OSError as error:
            if not self.state.is_failing:
                reason = {"file": str(self.path), "reason": os.strerror(error.errno or 0)}
                log.warning("the signed head is not remembered beside the key", extra=reason)
            self.state = replace(self.state, is_failing=True)
        else:
            self.state = replace(
                self.state, is_failing=False, size=head.size, written_at=clock.now()
            )
