"""What a station makes, followed reading by reading, and what must be told of it at once (D34).

Its count is told when something may have been skipped; its cases hear when it stops, and runs again.
"""

from datetime import datetime, timedelta

from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.observation import Acquisition
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.running_watch import RunningWatch
from redrabbit.domain.station import Station
from redrabbit.services.line_running import RunningSignal, note_running
from redrabbit.services.part_counting import CountedBefore, PartCounting
from redrabbit.services.pending import Pending
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.telling_counts import tell


class Production:
    """One station's count and its running signal; one owner."""

    def __init__(self, station: Station, before: CountedBefore | None = None) -> None:
        self._station = station
        self.counting = PartCounting(station, before)
        self.running = RunningSignal(station)
        self.watch = RunningWatch(station)
        self._has_skipped = False
        """Something may have been skipped, and the records don't know yet."""

    def of(self, station: Station) -> "Production":
        """Return the same for a station that changed, but is read in the same way."""
        same = Production(station)
        same.counting, same.running, same.watch = self.counting, self.running, self.watch
        same._has_skipped = self._has_skipped
        return same

    def take(self, acquisition: Acquisition) -> list[Pending]:
        """Fold one acquisition in; return what is to be recorded of it, in its order."""
        at = acquisition.window.ended_at
        self.watch.take(acquisition)
        self._has_skipped |= self.counting.take(acquisition)
        count = self.counting.at(at) if self._has_skipped else None
        skipped = [self._skipped(count, at)] if count is not None else []
        self._has_skipped = self._has_skipped and count is None
        told = self.running.take(acquisition)
        return skipped + [self._stops_or_runs(acquisition, is_running) for is_running in told]

    def take_aside(self, acquisition: Acquisition) -> None:
        """Fold one in of which nothing can be recorded: it is told with the next."""
        self.watch.take(acquisition)
        self._has_skipped |= self.counting.take(acquisition)
        self.running.take_aside(acquisition)

    def shift(self, step: timedelta) -> None:
        """Move with a step of the clock."""
        self.counting.shift(step)
        self.watch.shift(step)

    def _skipped(self, count: PartCount, at: datetime) -> Pending:
        station = self._station

        def command(uow: UnitOfWork) -> None:
            tell(uow, station.line, station.id, count, CountedWhy.SKIPPED, at=at)

        return Pending(command=command)

    def _stops_or_runs(self, acquisition: Acquisition, is_running: bool) -> Pending:
        station, at = self._station, acquisition.window.ended_at
        count = self.counting.at(at)

        def command(uow: UnitOfWork) -> None:
            note_running(uow, station, is_running=is_running, count=count, at=at)

        return Pending(command=command)
