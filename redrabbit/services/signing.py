"""Signing: a person stands for a record as it was on the screen, having just shown who they are (R20)."""

import hmac

from redrabbit.domain.acts import GiveSignature
from redrabbit.domain.erasable_content import SIGNED_TEXT
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.signature import SignatureGiven
from redrabbit.domain.identity import Actor, PersonId
from redrabbit.domain.plant import Plant
from redrabbit.domain.reauthentication import Reauthentication, refuse_stale
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import SignatureRecord
from redrabbit.services import approving, requesting
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.record_fact import record
from redrabbit.services.signables import leaf_of, signable_at
from redrabbit.services.still_known import refuse_proof_of_before


def sign(
    uow: UnitOfWork,
    plant: Plant,
    asked: GiveSignature,
    actor: Actor,
    *,
    shown: Reauthentication | None,
    steady_s: float,
) -> SignatureRecord:
    """Record a signature, and keep the text that was signed.

    Refused where the person has not shown within the last minute who they are, by the password or PIN that they have now, where the entry is not the one that
    they saw, or no longer what stands there, and where the text on their screen was another.
    """
    proof = refuse_stale(shown, actor, steady_s)
    refuse_proof_of_before(uow, proof)
    found = signable_at(uow, asked.entry)
    if not hmac.compare_digest(leaf_of(uow, asked.entry), asked.leaf_hash):
        raise Refusal("leaf_differs", entry=asked.entry)
    text = text_to_sign(uow, plant, found, asked.language)
    if not hmac.compare_digest(digest_of_text(text), asked.shown):
        raise Refusal("shown_differs", entry=asked.entry)
    requesting.refuse_late(uow, found)
    if uow.get(SignatureRecord, asked.entry, asked.meaning, actor.id) is not None:
        raise Refusal("signed_before", entry=asked.entry, meaning=asked.meaning.value)
    signature = SignatureGiven(
        entry=asked.entry,
        leaf_hash=asked.leaf_hash,
        subject=found.subject,
        subject_id=found.subject_id,
        meaning=asked.meaning,
        person_id=PersonId(actor.id),
        how=proof.how,
        auth_at=proof.at,
        shown=uow.keep_blob(SIGNED_TEXT, text.encode()),
        language=asked.language,
    )
    record(uow, signature, stream=found.stream, actor=actor)
    approving.after_signature(uow, asked.entry)
    return recorded(uow, SignatureRecord, asked.entry, asked.meaning, actor.id)
