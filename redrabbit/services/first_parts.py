"""The first part of a shift makes checks due; a shift that made none is proved to be none (D42).

A station tells it by its counter, by its running signal, or by a signal whose changes tell that the line is running; of one
that counts nothing people tell it, too, by one tap. Looked at with each reading, and by the clock where nothing is counted;
the records are asked when a shift begins, ends, or makes its first part. While a run is under way at the station, its challenge
parts may be what is counted: it is looked at when it is over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from redrabbit.domain.control_plan import Check
from redrabbit.domain.event_signals import EventSeen
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.facts.plant_event import ToldBy
from redrabbit.domain.facts.standstill import StationStood
from redrabbit.domain.identity import AGENT, SignalName
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import Where, equals
from redrabbit.domain.records import CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.shift_calendar import ShiftWindow
from redrabbit.domain.shift_production import (
    LookedAt,
    ended_between,
    has_begun,
    shift_at,
    stands,
    stands_at,
)
from redrabbit.domain.station import Station
from redrabbit.services.begun_shifts import (
    begin_check,
    checks_by_first_part,
    excuse_not_producing,
    made_for,
    owes,
    pass_by_earlier,
)
from redrabbit.services.part_counting import PartCounting
from redrabbit.services.pending import Pending
from redrabbit.services.plant_events import note_event
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.production import Production
from redrabbit.services.record_fact import record
from redrabbit.services.telling_counts import tell, told_by

_FIRST_KEY: Final = "production:"
_BEHIND_KEYS: Final = "production;"
"""Between these two stand the trigger keys of shifts that make parts, by their dates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftsSeen:
    """What one look says of the shifts of a line."""

    at: datetime
    count: PartCount | None
    """None: the station counts nothing."""
    stood_since: datetime | None
    """Since when nothing was made; None: something was, or nobody knows."""
    until: datetime
    """Until when that is known; a shift that ended later waits for the next reading, or until that is not in time any more."""
    shift: ShiftWindow | None
    """The one that is on now."""
    ended: Sequence[ShiftWindow] | None
    """None: which ended since the last look, the records have to tell."""
    begun: ShiftWindow | None
    """The shift that makes its first part."""
    signal: SignalName | None
    """What tells that it does; None: the counter."""
    is_new: bool
    """Another shift is on, or none, than at the last look."""

    @property
    def says_something(self) -> bool:
        """Tell whether there may be something to record."""
        return bool(self.ended is None or self.ended or self.begun or self.is_new)


class FirstParts:
    """Looks at one station for the checks that a shift's first part makes due; one owner."""

    def __init__(self, plant: Plant, station: Station) -> None:
        self._plant, self._station = plant, station
        self._is_asked = any(checks_by_first_part(plant, station.line, station.id))
        self._before: LookedAt | None = None
        self._looked_at: datetime | None = None
        self._heard: EventSeen | None = None
        """What a signal told last of a line that runs."""
        self._shift: ShiftWindow | None = None
        self._end_waits = False
        """A shift ended that was not read until its end yet."""
        self._has_begun = False
        """The shift that is on has made a part."""

    def go_on_under(self, plant: Plant) -> None:
        """Go on under another plan or calendar: what it says of this shift is looked for again."""
        self._plant, self._shift, self._has_begun = plant, None, False
        self._is_asked = any(checks_by_first_part(plant, self._station.line, self._station.id))

    def hear(self, seen: EventSeen) -> None:
        """Take in that a signal tells of a line that runs; what it told late may be of the shift before."""
        if not seen.seen_late:
            self._heard = seen

    def look_by_clock(self, production: Production, at: datetime) -> Pending | None:
        """Return what is to be recorded of a station that counts nothing: no reading of a counter will come."""
        return None if self._station.part_counter is not None else self.look(production, at)

    def look(self, production: Production, at: datetime) -> Pending | None:
        """Return what is to be recorded as things are now; None: nothing."""
        count = production.counting.at(at)
        if not self._is_asked or (count is None and self._station.part_counter is not None):
            return None
        now = None if count is None else LookedAt(count=count, at=at)
        seen = self._seen(now, production, at)
        end_waits = self._waits_for_end(seen)
        has_begun_now = seen.begun is not None or (self._has_begun and not seen.is_new)

        def settle() -> None:
            self._before, self._shift, self._looked_at = now, seen.shift, seen.until
            self._end_waits = end_waits
            self._has_begun = has_begun_now

        if not seen.says_something:
            settle()
            return None

        def command(uow: UnitOfWork) -> None:
            make_due(uow, self._plant, self._station, seen)

        return Pending(command=command, settle=settle)

    def _seen(self, now: LookedAt | None, production: Production, at: datetime) -> ShiftsSeen:
        calendar, shift = self._plant.calendars[self._station.line], self._on(at)
        before = self._counted_before(production.counting)
        looked_at = self._looked_at if now is None else before.at if before is not None else at
        is_new = self._looked_at is None or shift != self._shift
        until = at if now is not None else production.watch.read_until(at)
        ended: Sequence[ShiftWindow] | None = ()
        if is_new or self._end_waits:
            ended = None if looked_at is None else ended_between(calendar, looked_at, until)
        counts = (
            now is not None
            and before is not None
            and shift is not None
            and has_begun(before, now, shift)
        )
        signal = None if counts or shift is None else self._told_by_signal(production, shift, at)
        begins = (counts or signal is not None) and (is_new or not self._has_begun)
        if now is None:
            stood_since = production.watch.stood_since(at)
        else:
            stood_since = before.at if before is not None and stands(before, now) else None
        return ShiftsSeen(
            at=at,
            count=now.count if now is not None else None,
            stood_since=stood_since,
            until=until,
            shift=shift,
            ended=ended,
            begun=shift if begins else None,
            signal=signal,
            is_new=is_new,
        )

    def _waits_for_end(self, seen: ShiftsSeen) -> bool:
        """Tell whether a shift ended after what is known; asked only where another one is on, or where one waited."""
        if seen.until >= seen.at or not (seen.is_new or self._end_waits):
            return False
        return bool(ended_between(self._plant.calendars[self._station.line], seen.until, seen.at))

    def _counted_before(self, counting: PartCounting) -> LookedAt | None:
        known = counting.before
        if self._before is not None or known is None:
            return self._before
        return LookedAt(count=known.count, at=known.read_at)

    def _told_by_signal(
        self, production: Production, shift: ShiftWindow, at: datetime
    ) -> SignalName | None:
        """Return the signal that tells that the line runs in a shift; None: none does."""
        if production.watch.is_on(at):
            return production.watch.signal
        heard = self._heard
        return heard.signal if heard is not None and heard.at >= shift.begins_at else None

    def _on(self, at: datetime) -> ShiftWindow | None:
        known = self._shift
        if known is not None and known.begins_at <= at < known.ends_at:
            return known
        return shift_at(self._plant.calendars[self._station.line], at)


def make_due(uow: UnitOfWork, plant: Plant, station: Station, seen: ShiftsSeen) -> None:
    """Make due what the first part of a shift makes due, and say of shifts that ended without one what is known."""
    proof = _Proof(uow, station, seen)
    for check in checks_by_first_part(plant, station.line, station.id):
        for shift in _ended_since(uow, plant, check, seen):
            _ended(uow, plant, check, shift, proof)
    if seen.begun is not None:
        _begun(uow, plant, station, seen, seen.begun)
    if seen.is_new and seen.count is not None:
        at, begun = seen.at, seen.shift
        if begun is not None and seen.stood_since is not None:
            at = max(seen.stood_since, min(at, begun.begins_at))  # it stood so when the shift began
        tell(uow, station.line, station.id, seen.count, CountedWhy.SHIFT, at=at)


def _ended_since(
    reader: Reader, plant: Plant, check: Check, seen: ShiftsSeen
) -> Sequence[ShiftWindow]:
    """Return the shifts of which a check is to have its end: those since the last one that has it, where no look is known."""
    if seen.ended is not None:
        return seen.ended
    known = reader.get(CheckRecord, check.line, check.id)
    if known is None:
        return ()
    made = reader.find(
        OccurrenceRecord,
        equals("line", check.line),
        equals("check_id", check.id),
        Where("trigger_key", ">=", _FIRST_KEY),
        Where("trigger_key", "<", _BEHIND_KEYS),
        order_by="trigger_key",
        descending=True,
        limit=1,
    )
    since = made[0].opens_at if made else known.adopted_at
    return ended_between(plant.calendars[check.line], since, seen.until)


def _begun(
    uow: UnitOfWork, plant: Plant, station: Station, seen: ShiftsSeen, shift: ShiftWindow
) -> None:
    """The shift makes parts: it is told where a signal says so and a check waits for it, and they are due."""
    waiting = [
        check
        for check in checks_by_first_part(plant, station.line, station.id)
        if owes(uow, check, shift, seen.at)
    ]
    if not waiting:
        return
    if seen.signal is None:
        for check in waiting:
            begin_check(uow, plant, check, shift, seen.at)
        return
    note_event(
        uow,
        plant,
        line=station.line,
        station=station.id,
        event=PlantEvent.LINE_RUNNING,
        told_by_what=ToldBy.SIGNAL,
        signal=seen.signal,
        actor=AGENT,
        at=seen.at,
    )


class _Proof:
    """Whether it is proved that a station made nothing in a shift."""

    def __init__(self, uow: UnitOfWork, station: Station, seen: ShiftsSeen) -> None:
        self._uow, self._station, self._seen = uow, station, seen
        self._is_told = False

    def stood(self, shift: ShiftWindow) -> bool:
        """Tell whether a shift that is over made nothing; what proves it is on record then."""
        seen, station = self._seen, self._station
        if seen.count is not None:
            told = told_by(self._uow, station.line, station.id, shift.begins_at)
            return told is not None and stands_at(told.count, seen.count)
        if seen.stood_since is None or seen.stood_since > shift.begins_at:
            return False
        self._tell_once(seen.stood_since)
        return True

    def _tell_once(self, since: datetime) -> None:
        station, seen = self._station, self._seen
        if self._is_told or station.running is None:
            return
        self._is_told = True
        stood = StationStood(
            station=station.id, signal=station.running, since=since, until=seen.until
        )
        record(self._uow, stood, stream=station.line, actor=AGENT, at=seen.at)


def _ended(uow: UnitOfWork, plant: Plant, check: Check, shift: ShiftWindow, proof: _Proof) -> None:
    """The shift is over, and nobody saw it make a part: it made none, or nobody knows, and then it is owed."""
    if not owes(uow, check, shift, shift.begins_at):
        return
    stood = proof.stood(shift)
    made = made_for(uow, plant, check, shift, due_at=shift.ends_at, opens_at=shift.begins_at)
    if stood:
        excuse_not_producing(uow, made, shift.ends_at)
    else:
        pass_by_earlier(uow, check, shift, made, shift.ends_at)
