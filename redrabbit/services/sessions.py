"""Sessions as they are kept: begun, looked up, noted as used, ended (decision 0039)."""

from dataclasses import dataclass, replace
from datetime import datetime

from redrabbit.domain.beside import digest_of, new_secret
from redrabbit.domain.identity import How
from redrabbit.domain.session import Session, begun
from redrabbit.services.ports import Reader, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session with its secret, which only the browser keeps."""

    secret: str
    session: Session


def begin_session(
    uow: UnitOfWork, person_id: str, how: How, *, address: str, agent: str
) -> NewSession:
    """Begin a session with a secret of its own; those of the person that are over are forgotten."""
    for old in uow.rows(Session, person_id=person_id):
        if not old.is_live(uow.now):
            uow.forget_rows(Session, digest=old.digest)
    secret = new_secret()
    session = begun(digest_of(secret), person_id, how, now=uow.now, address=address, agent=agent)
    uow.keep_row(session)
    return NewSession(secret=secret, session=session)


def session_of(reader: Reader, secret: str) -> Session | None:
    """Return the session of a secret, live or not; None where it is of none."""
    return reader.row(Session, digest_of(secret))


def note_seen(uow: UnitOfWork, digest: str) -> None:
    """Note that a session is in use; one that has ended meanwhile stays so."""
    kept = uow.row(Session, digest)
    if kept is not None and kept.is_live(uow.now):
        uow.keep_row(kept.seen(uow.now))


def note_shown(uow: UnitOfWork, digest: str) -> Session | None:
    """Note that the person has shown again who they are; None where the session has ended."""
    kept = uow.row(Session, digest)
    if kept is None or not kept.is_live(uow.now):
        return None
    shown = replace(kept, authenticated_at=uow.now, seen_at=uow.now)
    uow.keep_row(shown)
    return shown


def live_sessions(reader: Reader, person_id: str, now: datetime) -> list[Session]:
    """Return the sessions of a person in which somebody is signed in, those begun last first."""
    found = [each for each in reader.rows(Session, person_id=person_id) if each.is_live(now)]
    return sorted(found, key=lambda each: each.created_at, reverse=True)


def end_session(uow: UnitOfWork, person_id: str, session_id: str) -> bool:
    """End one session of a person; False where they have none of this id."""
    found = [each for each in uow.rows(Session, person_id=person_id) if each.id == session_id]
    for each in found:
        uow.keep_row(each.ended(uow.now))
    return bool(found)


def end_sessions(uow: UnitOfWork, person_id: str, *, but: str | None = None) -> None:
    """End all sessions of a person, or all but the one with this digest."""
    for each in uow.rows(Session, person_id=person_id):
        if each.digest != but:
            uow.keep_row(each.ended(uow.now))
