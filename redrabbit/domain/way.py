"""A way to reach a person: a mail address, or an address of a chat or SMS service (R10, D23, D51).

It is of this installation only, stands beside the ledger and can be erased: the ledger says that a way was set, by whom, and of
which kind. What it holds may be a secret, so nobody is shown the whole of it again.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from redrabbit.domain.beside import Beside
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import How, PersonId, is_a_person

MOST_WAYS: Final = 5
"""Of one person: more are an accident."""
MOST_CHARACTERS: Final = 2000
_MAIL: Final = re.compile(r"[^\s@:/?&#,;<>\"]+@[A-Za-z0-9.-]+[A-Za-z0-9]")
"""An address that can stand in another one; RFC 5321 allows more, and nobody has it."""
_VISIBLE: Final = re.compile(r"[a-z][a-z0-9+.-]*://[!-~]+", re.IGNORECASE)


class WayKind(StrEnum):
    """By what a person is reached."""

    MAIL = "mail"
    """By the plant's own mail server."""
    APPRISE = "apprise"
    """By a chat group, an SMS gateway, a pager: an address as Apprise has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way(Beside):
    """One way to reach one person."""

    TABLE: ClassVar[str] = "ways_to_people"
    KEY: ClassVar[tuple[str, ...]] = ("way_id",)
    INDEXES: ClassVar[tuple[tuple[str, ...], ...]] = (("person_id", "way_id"),)

    way_id: str
    """The person's number and that of the way, `p-0042:1`: no receiver of a plant file has such a name."""
    person_id: str
    kind: WayKind
    address: str
    set_at: datetime
    set_by: str
    set_how: How

    @property
    def shown(self) -> str:
        """What people are shown of it: enough to know it again, and too little to use it."""
        return shown_of(self.kind, self.address)


def shown_of(kind: WayKind, address: str) -> str:
    """Return what is shown of an address."""
    if kind is WayKind.MAIL:
        name, _, host = address.rpartition("@")
        return f"{name[:1]}…@{host}"
    return f"{address.partition('://')[0].lower()}://…"


def way_id(person_id: str, number: int) -> str:
    """Return the id of a person's n-th way."""
    return f"{person_id}:{number}"


def person_of_way(name: str) -> PersonId | None:
    """Return whose way an id is; None for what is no such id."""
    person_id, colon, number = name.partition(":")
    return PersonId(person_id) if colon and number.isdecimal() and is_a_person(person_id) else None


def number_of_way(name: str) -> int:
    """Return which of a person's ways an id is."""
    return int(name.partition(":")[2])


def address_of(kind: WayKind, said: str) -> str:
    """Return an address as it is kept; Refusal where it has not the form of one."""
    address = said.strip()
    form = _MAIL if kind is WayKind.MAIL else _VISIBLE
    if len(address) > MOST_CHARACTERS or not form.fullmatch(address):
        raise Refusal("way_unreadable", kind=kind.value)
    return address
