"""Which roles whoever asks has on which line, and so where they may do something: what a page offers them."""

from datetime import datetime
from typing import Any

from redrabbit.domain.acts import Act
from redrabbit.domain.permissions import may
from redrabbit.domain.plant import Plant
from redrabbit.domain.rights import roles_of_person
from redrabbit.domain.role import Role
from redrabbit.services.askers import Asker, grants_of
from redrabbit.services.ports import Reader
from redrabbit.services.queries.waiting import RolesOn


def roles_on(reader: Reader, asker: Asker, now: datetime) -> RolesOn:
    """Return which roles whoever asks has on a line: all, where nobody is registered; none, for a program."""
    person = asker.person
    if asker.is_anybody:
        return lambda _line: frozenset(Role)
    if person is None or asker.token is not None:
        return lambda _line: frozenset()
    grants = grants_of(reader, person)
    return lambda line: roles_of_person(person, grants, line, now)


def lines_where(
    reader: Reader, plant: Plant, asker: Asker, act: type[Act[Any]], now: datetime
) -> frozenset[str | None]:
    """Return the lines on which whoever asks may do such an act, and None where they may on all; where nobody is known, all: the command decides."""
    places = {None, *(line.id for line in plant.lines)}
    if asker.person is None or asker.token is not None:
        return frozenset(places)
    roles = roles_on(reader, asker, now)
    return frozenset(place for place in places if may(roles(place), act))
