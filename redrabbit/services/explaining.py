"""Why a scheduled check was not done: said afterwards, kept beside its lapse, and changing nothing of it."""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.lapse_reason import LapseExplained
from redrabbit.domain.facts.occurrence import OccurrenceOutcome
from redrabbit.domain.identity import Actor, OccurrenceId
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import LapseReasonRecord, OccurrenceRecord
from redrabbit.domain.text import MOST_REASON_CHARACTERS, TextProblem, clean_text
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.record_fact import record


def explain_lapse(
    uow: UnitOfWork, occurrence_id: OccurrenceId, *, text: str, actor: Actor
) -> LapseReasonRecord:
    """Keep why a scheduled check was not done; refused where it did not lapse."""
    words = clean_text(text, MOST_REASON_CHARACTERS)
    if isinstance(words, TextProblem):
        raise Refusal(words.code, **words.params)
    occurrence = uow.get(OccurrenceRecord, occurrence_id)
    if occurrence is None:
        raise Refusal("no_such_occurrence", occurrence=occurrence_id)
    if occurrence.outcome is not OccurrenceOutcome.LAPSED:
        raise Refusal("occurrence_not_lapsed", occurrence=occurrence_id)
    place = uow.count(LapseReasonRecord, equals("occurrence_id", occurrence_id)) + 1
    fact = LapseExplained(occurrence_id=occurrence_id, place=place, text=words)
    record(uow, fact, stream=occurrence.line, actor=actor)
    return recorded(uow, LapseReasonRecord, occurrence_id, place)
