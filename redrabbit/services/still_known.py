"""Whether what somebody was known by still counts: asked in the transaction that records what they do (D45, D47).

Somebody is let in by a session, or by a badge, a PIN and a screen, as they are at the time of the request. What was ended, taken away, changed or has passed to
another person since then counts no more, however short ago that was (decision 0061).
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from redrabbit.domain.beside import digest_of
from redrabbit.domain.credential import Credential, CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.credential import CredentialRecord, CredentialState
from redrabbit.domain.identity import Actor, How, Standing
from redrabbit.domain.reauthentication import FRESH, Reauthentication
from redrabbit.domain.records import BadgeRecord, PersonRecord, StationScreenRecord
from redrabbit.domain.rights import holder_of, is_active
from redrabbit.domain.session import Session
from redrabbit.services.ports import Reader

KIND_OF: Final = {How.BADGE_PIN: CredentialKind.PIN, How.PASSWORD: CredentialKind.PASSWORD}
"""What a person types to be known in each way."""


def mark_of_hash(hashed: str) -> str:
    """Return by what one password or PIN of a person is told from the next, though both may be typed alike."""
    return digest_of(hashed)


def mark_of(reader: Reader, person_id: str, kind: CredentialKind) -> str | None:
    """Return the mark of the password or PIN that a person has now; None: they have none."""
    kept = reader.row(Credential, person_id, kind.value)
    known = reader.get(CredentialRecord, person_id, kind)
    is_there = known is not None and known.state is not CredentialState.REMOVED
    return mark_of_hash(kept.hash) if kept is not None and is_there else None


def has_badge(reader: Reader, person_id: str, standing: Standing, now: datetime) -> bool:
    """Return whether the badge by which a person is known stands for them still."""
    badge = reader.get(BadgeRecord, standing.badge or "")
    return badge is not None and holder_of(badge, now) == person_id


def has_pin(reader: Reader, person_id: str, standing: Standing) -> bool:
    """Return whether the PIN that a person gave is still theirs; also where they gave none."""
    return standing.pin is None or standing.pin == mark_of(reader, person_id, CredentialKind.PIN)


def refuse_known_no_longer(reader: Reader, actor: Actor, now: datetime) -> None:
    """Refuse whoever was known by a session, a badge, a PIN or a screen that does not count any more."""
    standing = actor.standing
    if standing is None:
        return
    counts = (
        standing.badge is None or has_badge(reader, actor.id, standing, now),
        has_pin(reader, actor.id, standing),
        standing.password in {None, mark_of(reader, actor.id, CredentialKind.PASSWORD)},
        standing.session is None or _has_session(reader, actor.id, standing.session, now),
        standing.screen is None or _is_in_use(reader, standing.screen, actor.station),
    )
    if not all(counts):
        raise Refusal("known_no_longer")


def lasting(reader: Reader, actor: Actor) -> Actor:
    """Return somebody as what they begin now is finished later: with their password instead of the session, which they may end."""
    standing = actor.standing
    if standing is None or standing.session is None:
        return actor
    mark = mark_of(reader, actor.id, CredentialKind.PASSWORD)
    return replace(actor, standing=replace(standing, session=None, password=mark))


def _has_session(reader: Reader, person_id: str, digest: str, now: datetime) -> bool:
    session = reader.row(Session, digest)
    return session is not None and session.person_id == person_id and session.is_live(now)


def _is_in_use(reader: Reader, screen_id: str, station: str | None) -> bool:
    screen = reader.get(StationScreenRecord, screen_id)
    return screen is not None and screen.revoked_at is None and station in {None, screen.station}


def refuse_proof_of_before(reader: Reader, proof: Reauthentication) -> None:
    """Refuse to sign with a password or PIN that was changed or taken away since it was typed."""
    kind = KIND_OF.get(proof.how)
    if kind is not None and proof.credential != mark_of(reader, proof.person_id, kind):
        raise Refusal("reauthentication_required", within_s=int(FRESH.total_seconds()))


def refuse_changed_meanwhile(
    reader: Reader, person_id: str, kind: CredentialKind, mark: str, now: datetime
) -> None:
    """Refuse what somebody would begin with a password that was changed while it was looked at, or who has no rights now."""
    person = reader.get(PersonRecord, person_id)
    is_here = person is not None and is_active(person, now)
    if not is_here or mark_of(reader, person_id, kind) != mark:
        raise Refusal("sign_in_failed")
