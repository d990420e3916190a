"""Logs and trees for tests, over entries or hashes that were made elsewhere."""

from collections.abc import Iterable
from dataclasses import replace

from redrabbit.domain.checkpoint import Checkpoint, checkpoint_of
from redrabbit.domain.head_verification import KEPT
from redrabbit.domain.ledger import LogState
from redrabbit.domain.merkle import Frontier, Tree, node_hash


def earlier_checkpoint(origin: str, log: LogState) -> Checkpoint:
    """Return the checkpoint as earlier versions wrote it, with the streams' heads."""
    return replace(checkpoint_of(origin, log), heads=log.heads)


def kept_at(*notes: str) -> dict[str, str]:
    """Return checkpoints from elsewhere by what findings call them."""
    if len(notes) == 1:
        return {KEPT: notes[0]}
    return {f"{KEPT} {number}": note for number, note in enumerate(notes, start=1)}


def log_over(rows: Iterable[tuple[str, bytes]]) -> LogState:
    """Return the log over (stream, leaf hash), in order of index."""
    log = LogState()
    for stream, leaf in rows:
        log = log.with_leaf(stream, leaf)
    return log


def frontier(leaves: Iterable[bytes]) -> Frontier:
    """Return the frontier over these leaf hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree = tree.append(leaf)
    return tree


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over these leaf hashes."""
    return frontier(leaves).root


def tree_over(leaves: Iterable[bytes]) -> Tree:
    """Return the tree over leaf hashes, held in memory."""
    levels: list[list[bytes]] = [list(leaves)]
    while len(below := levels[-1]) > 1:
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append([node_hash(left, right) for left, right in pairs])
    return Tree(len(levels[0]), lambda level, position: levels[level][position])
