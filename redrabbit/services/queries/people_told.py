"""How people are told of alarms: their ways, whom rosters and steps name and can't reach, and what waits for whom (R10)."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from redrabbit.domain.facts.alarm import AlarmKind, AlarmRecord
from redrabbit.domain.identity import is_a_person
from redrabbit.domain.plant import Plant
from redrabbit.domain.reaching import Unreached
from redrabbit.domain.way import Way, WayKind, number_of_way, person_of_way
from redrabbit.services.deliveries import MessageFate
from redrabbit.services.message_keys import alarm_key
from redrabbit.services.ports import Reader, equals
from redrabbit.services.queries.people import Names, Person, name_now, names_in, person
from redrabbit.services.reaching import PeopleReached, person_named, ways_of

log = logging.getLogger("redrabbit.alarms")


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One way to a person, as far as it is shown."""

    number: int
    kind: WayKind
    shown: str
    set_at: datetime
    by: Person
    test: MessageFate | None
    """What came of the last test that was sent so; None: none was, or nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonToldRow:
    """One person whom rosters or steps of the plant file name."""

    named: str
    """As the file names them."""
    person: str | None
    """Their number; None: nobody is known by this name."""
    name: str
    ways: tuple[WayRow, ...]
    why: Unreached | None
    """Why they can't be told; None: they can."""
    lines: tuple[str, ...]
    """For which lines that is; empty: for all."""
    waiting: int
    parked: int


def way_rows(reader: Reader, person_id: str, names: Names) -> tuple[WayRow, ...]:
    """Return how a person is reached."""
    return tuple(
        WayRow(
            number=number_of_way(way.way_id),
            kind=way.kind,
            shown=way.shown,
            set_at=way.set_at,
            by=person(names, way.set_by, way.set_how, way.set_at),
            test=_last_test(reader, way),
        )
        for way in ways_of(reader, person_id)
    )


def _last_test(reader: Reader, way: Way) -> MessageFate | None:
    """Return what came of the last test by a way; it is over as soon as it is raised."""
    tests = reader.find(
        AlarmRecord,
        equals("kind", AlarmKind.TEST),
        equals("receiver", way.way_id),
        order_by="ended_at",
        descending=True,
        limit=1,
    )
    keys = [alarm_key(reader, each.alarm_id, each.raised_entry) for each in tests]
    fates = reader.fates_of(keys) if keys else ()
    return next((each for each in fates if each.receiver == way.way_id), None)


def people_told(reader: Reader, plant: Plant, now: datetime) -> tuple[PersonToldRow, ...]:
    """Return whom rosters and steps name, those first who can't be told."""
    named = plant.escalation.people
    if not named:
        return ()
    reach, names = PeopleReached(reader, now), names_in(reader)
    waiting = {each.receiver: each.count for each in reader.messages_waiting()}
    parked = reader.parked_counts()
    rows = []
    for each, lines in named.items():
        known = person_named(reader, each)
        whys = {line: reach(each, line).why for line in sorted(lines) or (None,)}
        unreached = {line: why for line, why in whys.items() if why is not None}
        own = () if known is None else ways_of(reader, known.person_id)
        rows.append(
            PersonToldRow(
                named=each,
                person=None if known is None else known.person_id,
                name=each if known is None else name_now(names, known.person_id),
                ways=() if known is None else way_rows(reader, known.person_id, names),
                why=next(iter(unreached.values()), None),
                lines=tuple(line for line in unreached if line is not None),
                waiting=sum(waiting.get(way.way_id, 0) for way in own),
                parked=sum(parked.get(way.way_id, 0) for way in own),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.why is None, row.name.casefold())))


def log_unreached(reader: Reader, plant: Plant, now: datetime) -> None:
    """Log whom rosters and steps name and nobody can tell: the plant file can't know who is registered."""
    for row in people_told(reader, plant, now):
        if row.why is not None:
            extra = {"named": row.named, "why": row.why.value, "lines": list(row.lines)}
            log.warning("a person on duty is not reached", extra=extra)


class ToldNames:
    """Names whoever is told, as pages do: receivers by their names, people by theirs, with the way."""

    def __init__(self, reader: Reader, plant: Plant) -> None:
        self._reader = reader
        self._receivers = frozenset(target.name for target in plant.targets)

    @cached_property
    def names(self) -> Names:
        """The names of all whom a record may name, read once, when they are needed."""
        return names_in(self._reader)

    def of(self, name: str) -> str:
        """Return the name of a receiver, of a person, or of whose way it is."""
        if name in self._receivers:
            return name
        owner = person_of_way(name)
        if owner is None:
            return self._called(name) if is_a_person(name) else name
        way = self._reader.row(Way, name)
        called = self._called(owner)
        return called if way is None else f"{called} · {way.shown}"

    def all_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names of several."""
        return tuple(self.of(name) for name in names)

    def _called(self, person_id: str) -> str:
        return name_now(self.names, person_id)
