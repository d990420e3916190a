"""Why something went no further, was decided or was taken out of use: code or a person's words.

A code is worded in the reader's language; a person's words are shown as they were written, in
quotation marks, so neither is ever taken for the other (D23).
"""

from redrabbit.base.messages import Message
from redrabbit.domain.facts.occurrence import DecisionCode, mode_of_key
from redrabbit.domain.pauses import is_postponed
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord, RunRecord
from redrabbit.domain.unwatched import Unwatched
from redrabbit.services.queries.place_names import failure_mode_name
from redrabbit.services.queries.wording import message
from redrabbit.services.unmade import DueLeft

PERSONS: str = "person"
"""The code beside which a person's words stand."""


def why_decided(plant: Plant, occurrence: OccurrenceRecord) -> Message | None:
    """Return why a scheduled check did not pass; None where it did, or is not decided."""
    if occurrence.pause_id is not None:
        return message("given.pause", pause=occurrence.pause_id)
    if occurrence.reason_code is DecisionCode.MODE_NOT_SHOWN:
        return mode_not_shown(plant, occurrence)
    return _reason(occurrence.reason_code, occurrence.reason_text)


def mode_not_shown(plant: Plant, occurrence: OccurrenceRecord) -> Message:
    """Return that a failure mode was not shown in its time, in its words."""
    mode = failure_mode_name(plant, mode_of_key(occurrence.trigger_key))
    return message("given.mode_not_shown", mode=mode)


def unwatched_words(unwatched: Unwatched) -> Message | None:
    """Return for how long, and for which part of the time in which it was owed, nobody watched; None: somebody always did."""
    if not unwatched.lasted:
        return None
    return message("lapse.unwatched", lasted=unwatched.lasted, percent=unwatched.percent)


def postponed_words(occurrence: OccurrenceRecord) -> Message | None:
    """Return from when to when a pause moved a scheduled check; None where none did, or it was excused."""
    if not is_postponed(occurrence):
        return None
    return message(
        "postponed.because",
        first_due_at=occurrence.first_due_at,
        due_at=occurrence.due_at,
        pause=occurrence.moved_by_pause,
    )


def will_be_postponed(due: DueLeft) -> Message | None:
    """Return from when to when a pause that is declared will move what is not made yet; None where none will."""
    if due.stands.pause is None:
        return None
    return message(
        "postponed.because",
        first_due_at=due.first.due_at,
        due_at=due.due_at,
        pause=due.stands.pause.pause_id,
    )


def why_stopped(run: RunRecord) -> Message | None:
    """Return why a run went no further; None where nothing stopped it."""
    return _reason(run.reason_code, run.reason_text)


def _reason(code: str | None, text: str | None) -> Message | None:
    if code is None:
        return None
    return quoted(text or "") if code == PERSONS else message(f"given.{code}")


def quoted(words: str) -> Message:
    """Return a person's words as words of theirs: whatever they say, no sentence of the software's."""
    return message("given.person", words=words)
