"""A station's own running signal: its stops end suspect windows, and running on opens them again (D34)."""

from datetime import datetime

from redrabbit.domain.containment_questions import IS_OPEN
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import AGENT
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.station import Station
from redrabbit.domain.window_moves import moved_by_running
from redrabbit.services.containing import EndTold, end_window
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.telling_counts import tell


class RunningSignal:
    """Whether a station makes parts, as its own signal says; not thread-safe, one owner."""

    def __init__(self, station: Station) -> None:
        self._signal = station.running
        self.is_running: bool | None = None
        """None: the station has no such signal, or it can't be read."""
        self._untold: tuple[bool, ...] = ()
        """What the records don't know yet: that it stands, that it runs, or that it ran and stands."""

    def take(self, acquisition: Acquisition) -> tuple[bool, ...]:
        """Fold one acquisition in; return what is to be recorded, in its order: runs, or stands."""
        self.take_aside(acquisition)
        told, self._untold = self._untold, ()
        return told

    def take_aside(self, acquisition: Acquisition) -> None:
        """Fold one in of which nothing can be recorded: what it says is told with the next."""
        if self._signal is None or self._signal not in acquisition.signals:
            return
        if acquisition.failure is not None:
            self.is_running = None
        for change in acquisition.changes:
            if change.signal == self._signal:
                is_running = change.value if isinstance(change.value, bool) else None
                # that it ran is believed, however late it is told: no window is too short
                if acquisition.speaks_of_now or is_running:
                    self._note(is_running)

    def _note(self, is_running: bool | None) -> None:
        if is_running is not None and is_running is not self.is_running:
            ran = not is_running and True in self._untold
            self._untold = (True, False) if ran else (is_running,)
        self.is_running = is_running


def note_running(
    uow: UnitOfWork,
    station: Station,
    *,
    is_running: bool,
    count: PartCount | None,
    at: datetime,
) -> None:
    """Record what it means for the station's cases that it stands still, or runs again.

    Standing still ends each window that is open. Running again opens those whose device was not
    verified again since; what comes after an alternate control is not suspect.
    """
    unclosed = uow.find(
        ContainmentRecord,
        equals("station", station.id),
        IS_OPEN,
    )
    if is_running:
        _open_again(uow, station, unclosed, count, at)
    else:
        _end(uow, station, [case for case in unclosed if case.stopped_at is None], count, at)


def _end(
    uow: UnitOfWork,
    station: Station,
    cases: list[ContainmentRecord],
    count: PartCount | None,
    at: datetime,
) -> None:
    told = EndTold(signal=station.running)
    for case in cases:
        end_window(uow, case.containment_id, told, count=count, counted_at=at, actor=AGENT)


def _open_again(
    uow: UnitOfWork,
    station: Station,
    cases: list[ContainmentRecord],
    count: PartCount | None,
    at: datetime,
) -> None:
    moves = [moved_by_running(case, count) for case in cases]
    opened = [move for move in moves if move is not None]
    for move in opened:
        record(uow, move, stream=station.line, at=at, actor=AGENT)
    if opened and count is not None:
        tell(uow, station.line, station.id, count, CountedWhy.RUNNING, at=at)
