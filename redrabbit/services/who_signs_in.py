"""Whom a name stands for at the sign-in, and under what tries at it are counted (decision 0039).

A name that somebody has and one that nobody has are written the same way before anything is done with them, so that no answer and no wait
tells who works here.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.facts.credential import CredentialRecord, CredentialState
from redrabbit.domain.facts.person import PersonKind, PersonRecord
from redrabbit.domain.rights import is_active
from redrabbit.domain.text import compared_name
from redrabbit.services.credentials import subject_of
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import reads_as

UNKNOWN_SUBJECTS: Final = 4096
"""Names that nobody has are counted in so many places, so that they can't fill the database."""
UNKNOWN_FORGOTTEN_AFTER: Final = timedelta(days=30)
"""A place in which nothing was tried for so long begins anew, as nobody unlocks it: else the typos of months would
lock them all, and an unknown name would be answered otherwise than a known one. Longer than an administrator takes to
unlock somebody, so that who waits for it learns nothing."""


def person_named(reader: Reader, name: str, now: datetime) -> PersonRecord | None:
    """Return who signs in under a person's number, an employee number or a name; None where that is nobody with rights.

    A number goes before a name, so that nobody takes it by being called so. Of several people of one name who has a
    password is meant; where several have one they sign in by their numbers.
    """
    wanted = compared_name(name)
    people = [
        person
        for person in reader.find(PersonRecord)
        if person.kind is PersonKind.PERSON and is_active(person, now)
    ]
    names = reader.names()
    numbered = [person for person in people if person.person_id == wanted]
    numbered = numbered or [
        person for person in people if reads_as(names, person.employee_number, name)
    ]
    called = [person for person in people if reads_as(names, person.name, name)]
    knowing = [person for person in called if _has_password(reader, person)]
    found = numbered or (called if len(called) == 1 else knowing)
    return found[0] if len(found) == 1 else None


def _has_password(reader: Reader, person: PersonRecord) -> bool:
    """Tell whether somebody has a password now, locked or not; one that was taken away keeps no namesake out."""
    known = reader.get(CredentialRecord, person.person_id, CredentialKind.PASSWORD)
    return known is not None and known.state is not CredentialState.REMOVED


def tries_at(person: PersonRecord | None, kind: CredentialKind, name: str) -> str:
    """Return under what tries are counted: at a person's credential, or at a name that nobody has."""
    if person is not None:
        return subject_of(person.person_id, kind)
    digest = hashlib.sha256(compared_name(name).encode("utf-8", "surrogatepass")).digest()
    return f"{kind.value} unknown-{int.from_bytes(digest[:4]) % UNKNOWN_SUBJECTS}"
