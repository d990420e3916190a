"""How far the opening of a database is: told by the thread that opens, asked by whoever waits.

It takes long only where everything is folded once (after an upgrade) or made again; then somebody wants to know that it
goes on, and must be able to stop it.
"""

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from redrabbit.base.sentence import sentence
from redrabbit.services.errors import StoreTrouble

T = TypeVar("T")


class Opening(StrEnum):
    """What opening does."""

    BEGINS = "begins"
    VERIFIES = "verifies"
    MAKES_RECORDS = "makes_records"
    SEALS = "seals"
    ROWS = "rows"
    CATCHES_UP = "catches_up"
    """Makes what came due while another configuration was in force than the one that is to be adopted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one step is."""

    step: Opening = Opening.BEGINS
    done: int = 0
    """Entries or rows."""
    of: int = 0
    """0: nobody knows yet."""

    @property
    def percent(self) -> int | None:
        """How much of this step is done; None where nobody knows."""
        return min(100, 100 * self.done // self.of) if self.of else None


class OpeningProgress:
    """Is written by one thread and read by others."""

    def __init__(self) -> None:
        self.now = Progress()
        """How far it is."""
        self._stop = threading.Event()

    def stop(self) -> None:
        """Let opening end at the next entry."""
        self._stop.set()

    def note(self, step: Opening, done: int, of: int) -> None:
        """Say how far a step is; StoreTrouble if nobody waits for it any more."""
        if self._stop.is_set():
            raise StoreTrouble(sentence("opening was stopped"))
        self.now = Progress(step=step, done=done, of=of)

    def over(self, step: Opening, rows: Iterator[T], of: int) -> Iterator[T]:
        """Yield the rows, and say with each how many there were; where that ends it, what reads them is closed at once."""
        try:
            for done, row in enumerate(rows, start=1):
                self.note(step, done, of)
                yield row
        finally:
            if isinstance(rows, Generator):
                rows.close()  # else it is closed some time later, when its connection is gone
