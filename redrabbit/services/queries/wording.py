"""The one way in which queries say something: a code and its values, for the edge to word (D17).

Values may be instants, durations, numbers, `Text`s and other messages: the edge knows how each is
said in a language and in the plant's time zone.
"""

from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.records import RunRecord
from redrabbit.domain.run_questions import outcome_reached

UNDER_WAY_WORD: Final = "under_way"
"""Stands where a run has no outcome yet."""


def message(code: str, /, **params: object) -> Message:
    """Return the message of this code."""
    return Message(code, params)


def outcome_word(run: RunRecord) -> str:
    """Return the word of a run's outcome, or that it is under way."""
    outcome = outcome_reached(run)
    return outcome.value if outcome is not None else UNDER_WAY_WORD


def grade_reached(run: RunRecord) -> str | None:
    """Return the grade of a closed run's evidence; None while it is under way, and where it has none."""
    return run.grade if outcome_reached(run) is not None else None
