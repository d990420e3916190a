"""Whether a challenge part can be taken now: fit by its definition (L6), and in its place (B25)."""

from datetime import date

from redrabbit.domain.challenge_part import ChallengePart, Custody, PartState, refuse_unfit
from redrabbit.domain.errors import Refusal
from redrabbit.domain.records import ChallengePartRecord


def why_unfit(part: ChallengePart, record: ChallengePartRecord, today: date) -> Refusal | None:
    """Return why the part can't be taken, the first reason that holds; None: it can.

    `today` is the plant-local date. Who starts a run raises the refusal, a page words it.
    """
    try:
        refuse_unfit(part, PartState(record.state), uses=record.uses, today=today)
    except Refusal as refusal:
        return refusal
    if record.custody != Custody.STORED.value:
        return Refusal("part_is_out", part=part.id, custody=record.custody, run=record.run_id)
    return None
