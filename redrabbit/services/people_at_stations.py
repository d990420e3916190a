"""Who is at each station now: badges scanned, PINs given, names stated, and gone again (D45, B28).

Kept in memory only: after a restart everybody is asked anew, and nothing of it is a record. What somebody does is one, with
how they were known. The rules are `redrabbit.domain.person_at_station`'s; which code is a badge is `scanned_code`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import BadgeId, How, PersonId, StationId
from redrabbit.domain.person_at_station import (
    NameAtStation,
    PersonAtStation,
    Situation,
    came,
    came_by_name,
)
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import BadgeRecord, PersonRecord
from redrabbit.domain.rights import holder_of, is_active
from redrabbit.domain.scanned_code import CodeKind, ScannedCode, reads_as_code, scanned
from redrabbit.domain.shift_calendar import shift_windows
from redrabbit.services.credentials import (
    count_scan_of_nobody,
    refuse_scan_too_soon,
    take_scan_back,
)
from redrabbit.services.ports import Database, Reader, UnitOfWork
from redrabbit.services.runs_under_way import run_under_way_at
from redrabbit.services.still_known import has_badge, has_pin

Here = PersonAtStation | NameAtStation
"""Somebody at a station: known by a badge, or by a name that they say."""

_A_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a scan at a station was."""

    came: PersonAtStation | None
    """Who is there since, if it was a badge, too."""
    codes: tuple[ScannedCode, ...]
    """What else was in it."""
    is_counted: bool = False
    """Whether it counts as a badge that was guessed."""


class PeopleAtStations:
    """The people at the stations of one plant."""

    def __init__(
        self,
        database: Database,
        *,
        plant: Callable[[], Plant],
        now: Callable[[], datetime],
        badge_key: bytes,
    ) -> None:
        """`badge_key` is the installation's secret for the codes of badges."""
        self._database = database
        self._plant = plant
        self._now = now
        self._badge_key = badge_key
        self._there: dict[StationId, Here] = {}
        self._changing = Lock()

    def badge_id(self, code: str) -> BadgeId:
        """Return what stands for a badge's code."""
        return badge_id(self._badge_key, code)

    def there(self, reader: Reader, station: StationId) -> PersonAtStation | None:
        """Return who is at a station now, known by their badge; None: nobody, or nobody any more."""
        found = self._found(reader, station)
        return found if isinstance(found, PersonAtStation) else None

    def named(self, reader: Reader, station: StationId) -> str:
        """Return the name that somebody stated at a station and that holds now; empty: there is none."""
        found = self._found(reader, station)
        return found.name if isinstance(found, NameAtStation) else ""

    async def state(self, station: StationId, name: str) -> None:
        """Let somebody be there of whom only the name is known, as they say it."""
        at = await self._database.read(lambda reader: self._situation(reader, station))
        with self._changing:
            self._there[station] = came_by_name(name, at)

    def _found(self, reader: Reader, station: StationId) -> Here | None:
        """Return who is there; who is there no more is forgotten."""
        found = self._there.get(station)
        left = self._left(reader, station, found) if found is not None else None
        if left is found:
            return found
        with self._changing:
            if self._there.get(station) is found:  # readers run in threads: nobody came meanwhile
                if left is None:
                    del self._there[station]
                else:
                    self._there[station] = left
        return left

    def _left(self, reader: Reader, station: StationId, found: Here) -> Here | None:
        """Return what is left of who was there: themselves, with what they are known by still, or None."""
        if isinstance(found, PersonAtStation):
            person, now = reader.get(PersonRecord, found.person_id), self._now()
            is_known = person is not None and is_active(person, now)
            if not (is_known and has_badge(reader, found.person_id, found.standing, now)):
                return None
        if not found.is_there(self._situation(reader, station)):
            return None
        if isinstance(found, PersonAtStation) and not has_pin(
            reader, found.person_id, found.standing
        ):
            return found.unproved()
        return found

    async def scan(self, station: StationId, raw: str) -> Scan:
        """Take a scan: a badge in it says who is there from now on.

        Refusal for a badge that stands for nobody, for a scan of nothing, and for one that comes too soon after many that were
        nobody's badge; then nobody has changed. Whether it is somebody's badge is found out in the transaction that counts it,
        so that scanning at once in many requests gains nothing.
        """
        plant = self._plant()
        codes = scanned(raw, plant.codes, plant.known_codes)
        if not codes:
            raise Refusal("nothing_scanned")
        if not any(_may_be_badge(code) for code in codes):
            return Scan(came=None, codes=codes)

        def look(uow: UnitOfWork) -> Scan | None:
            refuse_scan_too_soon(uow, station)
            badges = [code for code in codes if self._is_badge(uow, code)]
            others = tuple(code for code in codes if code not in badges)
            came, is_counted = None, False
            if badges:
                came = self._holder(uow, badges[-1].text, self._situation(uow, station))
            if came is None and any(_is_a_guess(uow, code) for code in codes):
                count_scan_of_nobody(uow, station)
                is_counted = True
            if badges and came is None:
                return None
            return Scan(came=came, codes=others, is_counted=is_counted)

        found = await self._database.write(look)
        if found is None:
            raise Refusal("badge_unknown")
        if found.came is not None:
            with self._changing:
                self._there[station] = found.came
        return found

    async def count_try(self, station: StationId) -> None:
        """Count a badge as guessed before anything is told of it; Refusal where that comes too soon after many."""
        await self._database.write(lambda uow: count_scan_of_nobody(uow, station))

    async def was_asked_for(self, station: StationId) -> None:
        """Note that the last try that counts was what the station had asked for, and was taken as that: no guess."""
        await self._database.write(lambda uow: take_scan_back(uow, station))

    async def proved(self, station: StationId, person_id: PersonId, pin: str) -> None:
        """Note that who is there gave their PIN, of which this is the mark; nothing, if somebody else came meanwhile."""

        def proved(there: Here, at: Situation) -> Here:
            if isinstance(there, PersonAtStation) and there.person_id == person_id:
                return there.proved(at, pin)
            return there

        await self._change(station, proved)

    async def acted(self, station: StationId) -> None:
        """Note that who is there did something: a run that is under way is theirs from now on."""
        await self._change(station, lambda there, at: there.acted(at))

    def leave(self, station: StationId) -> None:
        """Let nobody be there."""
        with self._changing:
            self._there.pop(station, None)

    async def look_anew(self) -> None:
        """Let everybody go who is known no more: asked before an act about people, which might give back what they had lost."""

        def look(reader: Reader) -> None:
            for station in tuple(self._there):
                self._found(reader, station)

        await self._database.read(look)

    async def _change(self, station: StationId, change: Callable[[Here, Situation], Here]) -> None:
        def changed(reader: Reader) -> tuple[Here, Here] | None:
            found = self._found(reader, station)
            if found is None:
                return None
            return found, change(found, self._situation(reader, station))

        found = await self._database.read(changed)
        if found is None:
            return
        before, after = found
        with self._changing:
            if self._there.get(station) is before:  # as above
                self._there[station] = after

    def _is_badge(self, reader: Reader, code: ScannedCode) -> bool:
        """Return whether a code is a badge: by its form, or because it stood for somebody."""
        if code.kind is None:
            return reader.get(BadgeRecord, self.badge_id(code.text)) is not None
        return code.kind is CodeKind.BADGE

    def _holder(self, reader: Reader, code: str, at: Situation) -> PersonAtStation | None:
        """Return for whom a badge stands; None: for nobody."""
        badge = reader.get(BadgeRecord, self.badge_id(code))
        holder = holder_of(badge, at.now) if badge is not None else None
        person = reader.get(PersonRecord, holder) if holder is not None else None
        if badge is None or person is None or not is_active(person, at.now):
            return None
        how = How.BADGE if badge.provisional_until is None else How.TAUGHT_IN
        return came(person.person_id, badge.badge_id, how, at)

    def _situation(self, reader: Reader, station: StationId) -> Situation:
        plant, now = self._plant(), self._now()
        run = run_under_way_at(reader, station)
        calendar = plant.calendars.get(plant.station(station).line)
        shifts = shift_windows(calendar, now, now + _A_MOMENT) if calendar is not None else []
        return Situation(
            now=now,
            run_id=run.run_id if run is not None else None,
            shift_began_at=shifts[0].begins_at if shifts else None,
        )


def _may_be_badge(code: ScannedCode) -> bool:
    return code.kind in {None, CodeKind.BADGE}


def _is_a_guess(reader: Reader, code: ScannedCode) -> bool:
    """Return whether a code that is nobody's badge may have been tried as one: by its form, as it reads as one, or as it is no name that is known.

    A text that reads as a code counts also where it is kept as a name: earlier versions kept it with an act that was then refused.
    """
    if code.kind is None:
        return reads_as_code(code.text) or reader.id_of_name(code.text) is None
    return code.kind is CodeKind.BADGE
