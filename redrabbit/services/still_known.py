"""Whether what somebody was known by still counts: asked in the transaction that records what they do (D45, D47).

Somebody is let in by a badge and a PIN as they are at the time of the request. What was taken away, changed or has passed to another person since then
counts no more, however short ago that was.
"""

from datetime import datetime
from typing import Final

from redrabbit.domain.beside import digest_of
from redrabbit.domain.credential import Credential, CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.credential import CredentialRecord, CredentialState
from redrabbit.domain.identity import Actor, How, Standing
from redrabbit.domain.reauthentication import FRESH, Reauthentication
from redrabbit.domain.records import BadgeRecord, PersonRecord
from redrabbit.domain.rights import holder_of, is_active
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
    badge = reader.get(BadgeRecord, standing.badge)
    return badge is not None and holder_of(badge, now) == person_id


def has_pin(reader: Reader, person_id: str, standing: Standing) -> bool:
    """Return whether the PIN that a person gave is still theirs; also where they gave none."""
    return standing.pin is None or standing.pin == mark_of(reader, person_id, CredentialKind.PIN)


def refuse_known_no_longer(reader: Reader, actor: Actor, now: datetime) -> None:
    """Refuse whoever was known at a station by a badge or a PIN that does not count any more."""
    standing = actor.standing
    if standing is None:
        return
    if not (has_badge(reader, actor.id, standing, now) and has_pin(reader, actor.id, standing)):
        raise Refusal("known_no_longer")


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
