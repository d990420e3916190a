"""Whom an entry names: persons by their numbers, and stated names by the ids that stand for them (D23, D51).

Who did it is named by the actor; whom it was about by fields of the payload. Under schema 1 entries had the names
themselves, and registered people came later: it names nobody by an id.

An employee number is the id of a stated name, too, and is no name: nobody needs it to know who somebody was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final, get_args, get_type_hints

from redrabbit.domain.erasable import stands_for_a_name
from redrabbit.domain.facts.catalogue import FACTS
from redrabbit.domain.facts.containment import ContainmentOpened, ReactionChanged
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.person import PersonChanged, PersonRegistered
from redrabbit.domain.identity import PersonId, is_a_person
from redrabbit.domain.ledger import Entry, JsonValue

NAMING: Final = frozenset({PersonRegistered.TYPE, PersonChanged.TYPE})
"""Entries that say what a person is called, by the id of a stated name."""
_WITH_REACTION: Final = frozenset({ContainmentOpened.TYPE, ReactionChanged.TYPE})
"""Entries that say who did which step of a reaction."""


def _fields_of(kind: type[Fact]) -> tuple[str, ...]:
    hints = get_type_hints(kind)
    own = (field.name for field in fields(kind))
    return tuple(name for name in own if PersonId in {hints[name], *get_args(hints[name])})


_PERSON_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    kind.TYPE: found for kind in FACTS if (found := _fields_of(kind))
}
"""By the type of the entry, the fields of its payload that hold a person's number."""


def persons_named(entry: Entry) -> tuple[str, ...]:
    """Return the numbers of the people whom an entry names, each once."""
    return tuple(dict.fromkeys(each for each in _ids_in(entry) if is_a_person(each)))


def names_named(entry: Entry) -> tuple[str, ...]:
    """Return the ids of the stated names that an entry names, each once."""
    return tuple(dict.fromkeys(each for each in _ids_in(entry) if stands_for_a_name(each)))


def _ids_in(entry: Entry) -> Iterator[str]:
    if entry.schema == 1:
        return
    yield entry.actor.id
    payload = entry.payload or {}
    told = [payload.get(name) for name in _PERSON_FIELDS.get(entry.type, ())]
    if entry.type in NAMING:
        told.append(payload.get("name"))
    if entry.type in _WITH_REACTION:
        told += _who_reacted(payload.get("reaction"))
    yield from (each for each in told if isinstance(each, str))


def _who_reacted(steps: JsonValue) -> list[JsonValue]:
    found = steps if isinstance(steps, list) else []
    return [step.get("done_by") for step in found if isinstance(step, dict)]
