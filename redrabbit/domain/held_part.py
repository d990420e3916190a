"""Whether the part is known by a held feed: nothing was fed, and exactly one came until the answer (D29)."""

from redrabbit.domain.evidence import Evidence
from redrabbit.domain.run_words import Presented


def is_held(evidence: Evidence) -> bool:
    """Return whether it is; where no answer came, until its time was over."""
    if evidence.presented_how is not Presented.EDGE or evidence.feed is None:
        return False
    answered_at = evidence.rejected_at or evidence.accepted_at or evidence.deadline_at
    return answered_at is not None and evidence.feed.one_came(answered_at)
