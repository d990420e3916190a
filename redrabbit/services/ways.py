"""How people are reached: set, removed and tried, by themselves or by an administrator (R10, R19).

The address goes beside the ledger, where it can be erased; that it was set, and by whom, goes into it. What a person
may say of themselves is bounded: only an administrator may name a host, because this service then calls it, and nobody a file.
"""

from collections.abc import Callable
from dataclasses import dataclass

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmEnded, AlarmKind, AlarmRecord
from redrabbit.domain.facts.way import WayRemoved, WaySet
from redrabbit.domain.identity import AGENT, SERVER, Actor, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.permissions import PROOFS
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import PersonRecord, RoleGrantRecord
from redrabbit.domain.rights import roles_of_person
from redrabbit.domain.role import Role
from redrabbit.domain.way import MOST_WAYS, Way, WayKind, address_of, way_id
from redrabbit.services.alarming import raise_alarm
from redrabbit.services.deliveries import ParkedReason
from redrabbit.services.people import the_active_person, the_person
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.reaching import ways_of
from redrabbit.services.receiver_alarms import say_reached
from redrabbit.services.record_fact import record
from redrabbit.services.still_known import refuse_known_no_longer


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWay:
    """A way as somebody said it, looked at."""

    kind: WayKind
    address: str
    names_host: bool = False
    """Whether it leads to a host that it says itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysKnown:
    """What this service can reach people by."""

    mails: bool = False
    """Whether the plant has a mail server."""
    is_known: Callable[[str], bool] = lambda _: False
    """Whether an address is one that messages can be sent to; it may take a second."""
    names_no_host: Callable[[str], bool] = lambda _: False
    """Whether its host is the service's own, and not one that the address says."""
    names_file: Callable[[str], bool] = lambda _: False
    """Whether this service would read a file or a page that the address says: nobody is reached so."""

    def way(self, kind: WayKind, said: str) -> NewWay:
        """Return a way as it is said; Refusal where nobody could be reached by it."""
        address = address_of(kind, said)
        if kind is WayKind.MAIL:
            if not self.mails:
                raise Refusal("no_mail_server")
            return NewWay(kind=kind, address=address)
        if self.names_file(address) or not self.is_known(address):
            raise Refusal("way_unreadable", kind=kind.value)
        return NewWay(kind=kind, address=address, names_host=not self.names_no_host(address))


def set_way(uow: UnitOfWork, person_id: PersonId, new: NewWay, *, actor: Actor) -> Way:
    """Reach a person at this address, too; where they are already, nothing changes."""
    person = the_active_person(uow, person_id)
    if not require_own(uow, person_id, actor) and new.names_host:
        raise Refusal("way_names_host")
    kind, address = new.kind, new.address
    ways = ways_of(uow, person_id)
    same = next((way for way in ways if (way.kind, way.address) == (kind, address)), None)
    if same is not None:
        return same
    if len(ways) >= MOST_WAYS:
        raise Refusal("too_many_ways", limit=MOST_WAYS)
    number = person.last_way + 1
    record(
        uow,
        WaySet(person_id=person_id, number=number, kind=kind),
        stream=PLANT_STREAM,
        actor=actor,
    )
    way = Way(
        way_id=way_id(person_id, number),
        person_id=person_id,
        kind=kind,
        address=address,
        set_at=uow.now,
        set_by=actor.id,
        set_how=actor.how,
    )
    uow.keep_row(way)
    return way


def remove_way(uow: UnitOfWork, person_id: PersonId, number: int, *, actor: Actor) -> None:
    """Reach a person in this way no more, and erase its address."""
    the_person(uow, person_id)
    require_own(uow, person_id, actor)
    way = _the_way(uow, person_id, number)
    uow.forget_rows(Way, way_id=way.way_id)
    uow.park_all(way.way_id, ParkedReason.RECEIVER_REMOVED)
    say_reached(uow, way.way_id)
    removed = WayRemoved(person_id=person_id, number=number)
    record(uow, removed, stream=PLANT_STREAM, actor=actor)


def test_way(uow: UnitOfWork, person_id: PersonId, number: int, *, actor: Actor) -> AlarmRecord:
    """Send a person a test in one way: recorded as an alarm is, told there only, and over at once."""
    the_active_person(uow, person_id)
    require_own(uow, person_id, actor)
    way = _the_way(uow, person_id, number)
    alarm_id = raise_alarm(uow, AlarmKind.TEST, at=uow.now, receiver=way.way_id, actor=actor)
    record(uow, AlarmEnded(alarm_id=alarm_id), stream=PLANT_STREAM, actor=AGENT)
    return recorded(uow, AlarmRecord, alarm_id)


def _the_way(uow: UnitOfWork, person_id: str, number: int) -> Way:
    way = uow.row(Way, way_id(person_id, number))
    if way is None:
        raise Refusal("no_such_way", person=person_id)
    return way


def require_own(uow: UnitOfWork, person_id: str, actor: Actor) -> bool:
    """Refuse whoever is neither the person nor an administrator; return whether it is an administrator.

    Who only holds a badge has not shown who they are (D45).
    """
    if actor == SERVER:
        return True
    refuse_known_no_longer(uow, actor, uow.now)
    person = uow.get(PersonRecord, actor.id)
    grants = uow.find(RoleGrantRecord, equals("person_id", actor.id))
    roles = frozenset() if person is None else roles_of_person(person, grants, None, uow.now)
    administers = Role.ADMINISTRATOR in roles
    if actor.how not in PROOFS or not (administers or actor.id == person_id):
        raise Refusal("not_permitted", act="set_way", needs=(Role.ADMINISTRATOR.value,))
    return administers
