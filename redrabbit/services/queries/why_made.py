"""Why a run is made, in words: for a case, for a scheduled check, or on demand."""

from redrabbit.base.messages import Message
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.run_questions import WhyMade, why_made
from redrabbit.services.ports import Reader
from redrabbit.services.queries.reasons import postponed_words
from redrabbit.services.queries.wording import message


def why_message(reader: Reader, run: RunRecord, *, code: str = "why.due") -> Message:
    """Return why the run is made, with the case or the times that it is made for, said as `code` says them."""
    match why_made(run):
        case WhyMade.REVERIFICATION:
            assert run.containment_id is not None  # noqa: S101  a re-verification has its case
            return message("why.reverification", containment=run.containment_id)
        case WhyMade.DUE:
            assert run.occurrence_id is not None  # noqa: S101  it is made for one
            occurrence = recorded(reader, OccurrenceRecord, run.occurrence_id)
            why = message(code, due_at=occurrence.due_at, until=occurrence.grace_ends_at)
            postponed = postponed_words(occurrence)
            return message("why.postponed", why=why, postponed=postponed) if postponed else why
        case WhyMade.ON_DEMAND:
            return message("why.on_demand")
