"""That a password or PIN was taken away, is set anew by a link, or may be tried again, as the ledger tells it (R19).

The secret itself stands beside the ledger; what is kept of it goes with it, and so do the person's sessions.
"""

from typing import Final

from redrabbit.domain.credential import Credential, CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.credential import (
    CredentialRemoved,
    CredentialState,
    CredentialUnlocked,
    LinkGiven,
)
from redrabbit.domain.identity import Actor, How, PersonId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.one_time_code import CodePurpose
from redrabbit.domain.record_query import equals, recorded
from redrabbit.domain.records import CredentialRecord
from redrabbit.services import credentials
from redrabbit.services.approving import end_requests_of
from redrabbit.services.people import the_active_person, the_person
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.record_fact import record
from redrabbit.services.sessions import end_sessions

_KNOWN_BY: Final = {CredentialKind.PASSWORD: How.PASSWORD, CredentialKind.PIN: How.BADGE_PIN}


def reset(
    uow: UnitOfWork, person_id: PersonId, kind: CredentialKind, *, actor: Actor
) -> CredentialRecord:
    """Take a password or PIN away; refused where there is none."""
    known = _known(uow, person_id, kind)
    if known is None or known.state is CredentialState.REMOVED:
        raise Refusal("credential_not_set", person=person_id)
    removed = CredentialRemoved(person_id=person_id, kind=kind)
    record(uow, removed, stream=PLANT_STREAM, actor=actor)
    uow.forget_rows(Credential, person_id=person_id, kind=kind)
    credentials.unlock(uow, credentials.subject_of(person_id, kind))
    end_sessions(uow, person_id)
    end_requests_of(uow, person_id, known_by={_KNOWN_BY[kind]})
    return recorded(uow, CredentialRecord, person_id, kind)


def give_link(uow: UnitOfWork, person_id: PersonId, *, actor: Actor) -> str:
    """Return a code with which a person sets their password, once; it is not kept.

    What they had before is taken away, and their sessions end.
    """
    the_active_person(uow, person_id)
    for known in uow.find(CredentialRecord, equals("person_id", person_id)):
        if known.state is not CredentialState.REMOVED:
            reset(uow, person_id, known.kind, actor=actor)
    credentials.forget_credentials(uow, person_id)
    end_sessions(uow, person_id)
    record(uow, LinkGiven(person_id=person_id), stream=PLANT_STREAM, actor=actor)
    return credentials.give_code(uow, CodePurpose.SET_PASSWORD, person_id)


def unlock(
    uow: UnitOfWork, person_id: PersonId, kind: CredentialKind, *, actor: Actor
) -> CredentialRecord:
    """Let what was locked be tried again; refused where it is not locked."""
    known = _known(uow, person_id, kind)
    if known is None or known.state is not CredentialState.LOCKED:
        raise Refusal("credential_not_locked", person=person_id)
    unlocked = CredentialUnlocked(person_id=person_id, kind=kind)
    record(uow, unlocked, stream=PLANT_STREAM, actor=actor)
    credentials.unlock(uow, credentials.subject_of(person_id, kind))
    return recorded(uow, CredentialRecord, person_id, kind)


def _known(uow: UnitOfWork, person_id: PersonId, kind: CredentialKind) -> CredentialRecord | None:
    the_person(uow, person_id)
    return uow.get(CredentialRecord, person_id, kind)
