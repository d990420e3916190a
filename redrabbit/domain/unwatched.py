"""Whether somebody watched while a check was owed: what nobody watched is nobody's omission (R12, L7).

Known are the lives of the agent and the holes in them (`not_watched`). What was owed in a hole, be it for a part
of its window, lapses because nobody watched: whether people would have done it can't be told. What was owed in a time of which
the records are lost (D62) lapses for that reason, whatever else was: it may have been done, and recorded.
"""

from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.facts.plant import NotWatchedWhy
from redrabbit.domain.occurrence import lapse_at
from redrabbit.domain.record_query import RecordReader, Where, equals, latest
from redrabbit.domain.records import AgentRecord, NotWatchedRecord, OccurrenceRecord


def lapse_code(reader: RecordReader, occurrence: OccurrenceRecord) -> DecisionCode:
    """Return why an occurrence lapsed that nothing decided: nobody did it, nobody watched, or the records of it are lost."""
    if hole_over(reader, occurrence, NotWatchedWhy.HISTORY_LOST) is not None:
        return DecisionCode.HISTORY_LOST
    life = latest(reader, AgentRecord, by="agent_id")
    was_down = life is None or life.started_at > lapse_at(occurrence)
    if was_down or hole_over(reader, occurrence, NotWatchedWhy.FROZEN) is not None:
        return DecisionCode.NOT_WATCHING
    return DecisionCode.NOT_DONE


def hole_over(
    reader: RecordReader, occurrence: OccurrenceRecord, why: NotWatchedWhy
) -> NotWatchedRecord | None:
    """Return a hole of this kind that shares a moment with the time from its due time to its lapse; None: there is none."""
    shares = (
        Where("ends_at", ">", occurrence.due_at),
        Where("begins_at", "<=", lapse_at(occurrence)),
        equals("why", why),
    )
    return next(iter(reader.find(NotWatchedRecord, *shares, order_by="ends_at", limit=1)), None)
