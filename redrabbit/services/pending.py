"""A move that waits for its commit: only then does it count (L8).

Whoever carries it to the database calls `settle` after the commit. Between the two its owner gets no
further input. What can't be recorded at all has something that is recorded `instead` (decision 0011).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.records import RunRecord
from redrabbit.services.ports import UnitOfWork


def _nothing() -> None:
    """Settle nothing."""


def _nothing_instead(_at: datetime) -> "tuple[Pending, ...]":
    """Record nothing in its place."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A move that counts once its command is committed."""

    command: Callable[[UnitOfWork], RunRecord | None]
    settle: Callable[[], None] = _nothing
    instead: "Callable[[datetime], tuple[Pending, ...]]" = _nothing_instead
    """What is recorded in its place, one after another, where it is not recordable."""


def joined(pendings: Iterable[Pending | None]) -> Pending | None:
    """Return one pending for several: one transaction. Each goes alone where that is not recordable."""
    wanted = tuple(pending for pending in pendings if pending is not None)
    if len(wanted) <= 1:
        return wanted[0] if wanted else None

    def command(uow: UnitOfWork) -> RunRecord | None:
        results = [pending.command(uow) for pending in wanted]
        return next((result for result in results if result is not None), None)

    def settle() -> None:
        for pending in wanted:
            pending.settle()

    return Pending(command=command, settle=settle, instead=lambda _at: wanted)
