"""What a station's readings mean to a run: which part is there, and what its evidence becomes.

D2 says what *presented* is: the part's code, or the first part-present edge (from a place that was
seen free: `place_free`). The same signs tell when the next part comes, or ours a second time: from
then on what the station says is not about our first presentation any more (L3, L10). Nothing here
decides; `run_transitions` does.
"""

from dataclasses import replace
from datetime import datetime

from redrabbit.domain.condition import turned_true
from redrabbit.domain.evidence import Evidence, gather
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.feed_watch import after_part
from redrabbit.domain.identity import PartId
from redrabbit.domain.observation import Acquisition, Readings, Value
from redrabbit.domain.part_told import came_there, left_place
from redrabbit.domain.run import Observed
from redrabbit.domain.same_part import (
    PartAtAnswer,
    is_ours,
    naming_signals,
    read_with_answer,
    went_with_answer,
)


def code_edge(before: Evidence, acquisition: Acquisition, readings: Readings) -> Value | None:
    """Return the part code that appeared at the station in this acquisition, if any.

    A code that is merely read again after a failure is none: it may have stood there all the time.
    Neither is one that history contradicted: what is old is no *before* of what was heard live (D7).
    Only a station that speaks on change alone means a new part by its first word.
    """
    expectation = before.expectation
    seen = _code_seen(expectation, acquisition)
    signal = expectation.rule.part_code
    if seen is None or signal is None:
        return None
    reading = readings.get(signal)
    stood = reading.value if reading is not None else None
    if reading is not None and reading.retained and before.known.get(signal) != stood:
        return None
    if stood is None:
        return seen if expectation.expires_s.get(signal) is None else None
    return None if stood == seen else seen


def presented_edge(before: Evidence, after: Evidence, acquisition: Acquisition) -> bool:
    """Return whether the rule's own *presented* condition turned true in this acquisition.

    What a message tells that may have been made before the arming is no edge: that part came before the
    scan (D2, D27).
    """
    condition, places = before.expectation.rule.presented, before.expectation.places
    if (
        condition is None
        or not acquisition.speaks_of_now
        or acquisition.machine_restarted
        or _may_precede_arming(before, acquisition)
    ):
        return False
    if places and before.presented_at is None:
        return came_there(condition, places, before.told, before.known, after.known)
    return turned_true(condition, before.known, after.known)


def _may_precede_arming(evidence: Evidence, acquisition: Acquisition) -> bool:
    """Return whether a message may be of before the arming.

    A poll that was under way then is none: it was sent for, and nobody puts a part in that quickly.
    """
    by_message = evidence.expectation.gaps_lose_messages
    armed_at = evidence.armed_at
    return by_message and armed_at is not None and acquisition.window.began_at < armed_at


def watched(part: PartId, evidence: Evidence, event: Observed) -> Evidence:
    """Return the evidence with this acquisition, noting when the next part came with it.

    Then neither an answer nor a reason that it brings is taken: either may be about that part.
    """
    if evidence.feed is not None:
        evidence = replace(evidence, feed=after_part(evidence.feed, event.acquisition))
    gathered = _without_reason_of_another(evidence, gather(evidence, event.acquisition))
    if not _next_part_came(part, evidence, gathered, event):
        return with_part_at_answer(evidence, gathered, event.acquisition)
    beyond = gather(replace(evidence, another_part=True), event.acquisition)
    return replace(beyond, known=evidence.known)


def _without_reason_of_another(before: Evidence, after: Evidence) -> Evidence:
    """Return the evidence without a reason that came once the station had told that our part is gone.

    The next part may have no label by which it is known to have come; what is told then may be why that one was rejected.
    Of an answer that itself came later nothing is taken to be our part's (`same_part`).
    """
    gone = is_ours(before.expectation, before.told, before.known) is False
    if before.rejected_at is None or not gone:
        return after
    return replace(after, reason=replace(before.reason, standing=after.reason.standing))


def with_part_at_answer(before: Evidence, after: Evidence, acquisition: Acquisition) -> Evidence:
    """Return the evidence with what this reading tells of the part at the answer (`same_part`)."""
    seen = after.part_at_answer
    if seen is PartAtAnswer.OURS and _answered_at(after) is None:
        seen = PartAtAnswer.AWAITED  # the answer was taken back: it had not come in time (D27)
    if seen is PartAtAnswer.AWAITED:
        seen = _part_seen(before, after, acquisition)
    return after if seen is after.part_at_answer else replace(after, part_at_answer=seen)


def _part_seen(before: Evidence, after: Evidence, acquisition: Acquisition) -> PartAtAnswer:
    expectation, answered_at = after.expectation, _answered_at(after)
    naming = naming_signals(expectation)
    if not naming or not acquisition.speaks_of_now or not naming <= acquisition.signals:
        return PartAtAnswer.AWAITED
    ours = is_ours(expectation, after.told, after.known)
    brought = answered_at is not None and _answered_at(before) is None
    is_later = answered_at is not None and acquisition.window.began_at >= answered_at
    if ours is False:
        went = (brought or is_later) and _went_now(before, acquisition)
        return PartAtAnswer.OURS if went else PartAtAnswer.LEFT
    with_it = is_later or (brought and read_with_answer(expectation, acquisition))
    return PartAtAnswer.OURS if ours and with_it else PartAtAnswer.AWAITED


def _went_now(before: Evidence, acquisition: Acquisition) -> bool:
    """Return whether the part was seen until just now, and no message is missing that told earlier that it went."""
    naming = naming_signals(before.expectation)
    seen_at = [before.alive_at[signal] for signal in naming if signal in before.alive_at]
    if not seen_at or acquisition.messages_lost:
        return False
    return went_with_answer(before.expectation, acquisition.window.ended_at - min(seen_at))


def _answered_at(evidence: Evidence) -> datetime | None:
    """Return the end of the reading that showed an answer, of two the later; None: none came."""
    answers = [at for at in (evidence.rejected_at, evidence.accepted_at) if at is not None]
    return max(answers, default=None)


def _next_part_came(part: PartId, before: Evidence, after: Evidence, event: Observed) -> bool:
    """Return whether another part, or ours once more, is before the device now, or was counted (D29)."""
    if after.feed is not None and after.feed.more_came:
        return True
    expectation = before.expectation
    if expectation.rule.part_code is None:
        left = expectation.places and left_place(
            expectation.places, before.told, event.acquisition, after.known
        )
        return bool(left) or presented_edge(before, after, event.acquisition)
    seen = _code_seen(expectation, event.acquisition)
    if seen is None or seen == part:
        return code_edge(before, event.acquisition, event.readings) is not None
    return True


def _code_seen(expectation: Expectation, acquisition: Acquisition) -> Value | None:
    """Return the part code that this acquisition tells anew, if it speaks of now."""
    signal = expectation.rule.part_code
    if signal is None or not acquisition.speaks_of_now:
        return None
    values = {change.signal: change.value for change in acquisition.changes}
    return values.get(signal) or None  # an empty code, or 0, is no part
