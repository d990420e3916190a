"""Whom the names in a plant's rosters and steps stand for, and whether they can be told now (R10)."""

from collections.abc import Iterable
from datetime import datetime

from redrabbit.domain.facts.person import PersonRecord
from redrabbit.domain.identity import is_a_person
from redrabbit.domain.reaching import Reached, why_unreached
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import RoleGrantRecord
from redrabbit.domain.text import compared_name
from redrabbit.domain.way import Way, person_of_way
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import people_numbered
from redrabbit.services.receiver_alarms import not_reached


class PeopleReached:
    """Looks people up at one instant; each once, however often a step names them."""

    def __init__(self, reader: Reader, now: datetime, *, without: str | None = None) -> None:
        """`without` is a way that does not count: the one that is not reached."""
        self._reader = reader
        self._now = now
        self._without = without
        self._known: dict[str, tuple[PersonRecord | None, list[RoleGrantRecord], bool]] = {}

    def __call__(self, name: str, line: str | None) -> Reached:
        """Return whom a name stands for, and why they can't be told of a line's alarms."""
        person, grants, has_way = self._look_up(name)
        why = why_unreached(person, grants, has_way=has_way, line=line, at=self._now)
        return Reached(None if person is None else person.person_id, why)

    def _look_up(self, name: str) -> tuple[PersonRecord | None, list[RoleGrantRecord], bool]:
        if name not in self._known:
            person = person_named(self._reader, name)
            if person is None:
                self._known[name] = (None, [], False)
            else:
                of_person = equals("person_id", person.person_id)
                ways = ways_of(self._reader, person.person_id)
                has_way = any(way.way_id != self._without for way in ways)
                grants = self._reader.find(RoleGrantRecord, of_person)
                self._known[name] = (person, grants, has_way)
        return self._known[name]


def person_named(reader: Reader, name: str) -> PersonRecord | None:
    """Return the person of a number, or of an employee number, however it is written; None: nobody is, or more than one."""
    number = compared_name(name)
    if is_a_person(number):
        return reader.get(PersonRecord, number)
    found = people_numbered(reader, name)
    return found[0] if len(found) == 1 else None


def ways_of(reader: Reader, person_id: str) -> tuple[Way, ...]:
    """Return how a person is reached."""
    return tuple(reader.rows(Way, person_id=person_id))


def way_now(reader: Reader, way_id: str) -> tuple[Way, str | None] | None:
    """Return a way, and the language of whose it is; None: it was removed."""
    way = reader.row(Way, way_id)
    if way is None:
        return None
    person = reader.get(PersonRecord, way.person_id)
    return way, person.language if person is not None else None


def people_to_tell(reader: Reader) -> list[str]:
    """Return the ways for which anything waits, and those of which an alarm says that they are not reached."""
    waiting = [each.receiver for each in reader.messages_waiting()]
    away = [str(alarm.receiver) for alarm in not_reached(reader)]
    return [name for name in dict.fromkeys((*waiting, *away)) if person_of_way(name) is not None]


def addressed(
    reader: Reader, names: Iterable[str], receivers: Iterable[str], without: str | None
) -> tuple[str, ...]:
    """Return the receivers among these names, and all ways of the people among them.

    `receivers` are those of the plant file; `without` is the one that is not reached, which is not told of that.
    """
    known = frozenset(receivers)
    to: dict[str, None] = {}
    for name in names:
        if name in known:
            to[name] = None
        else:
            to |= dict.fromkeys(way.way_id for way in ways_of(reader, name))
    return tuple(name for name in to if name != without)
