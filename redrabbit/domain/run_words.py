"""The words that a run is told in: its states, what it came to and why, what one presentation showed.

Facts, records and pages use them; they need neither `redrabbit.domain.run`, which moves a run, nor
`redrabbit.domain.evidence` and `redrabbit.domain.verdict`, which judge it.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class RunState(StrEnum):
    """Where a run stands; each state is what the operator's page asks for."""

    AWAITING_PART = "awaiting_part"
    ARMED = "armed"
    PRESENTED = "presented"
    AWAITING_RETURN = "awaiting_return"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CLOSED = "closed"


class Purpose(StrEnum):
    """Why the run is made."""

    CHECK = "check"
    REVERIFICATION = "reverification"


class StopCode(StrEnum):
    """Why a run went no further, or was not confirmed."""

    NOT_STARTED = "not_started"
    NOT_PRESENTED = "not_presented"
    NOT_CONFIRMED = "not_confirmed"
    RESTARTED = "restarted"
    """The software was, while it was armed (L3)."""
    CONFIGURATION_CHANGED = "configuration_changed"
    NOT_RECORDABLE = "not_recordable"
    """What it came to is nothing that the database takes, however often it is asked."""
    NOT_RECORDED = "not_recorded"
    """The database was away for so long that what the station said meanwhile is not known."""
    PERSON = "person"
    """Somebody gave it up; their words stand beside."""


INCONCLUSIVE_STOPS: Final = frozenset(
    {StopCode.RESTARTED, StopCode.NOT_RECORDABLE, StopCode.NOT_RECORDED}
)
"""Stops that nobody wanted: what was not seen or not kept is not guessed (L3)."""


class Presented(StrEnum):
    """How the station or the operator said that the part is in front of the device (D2)."""

    CODE = "code"
    PALLET = "pallet"
    """A part came, and stood on the pallet that the operator told before (D29)."""
    NEST = "nest"
    """The same with its nest."""
    EDGE = "edge"
    STATED = "stated"


class Verdict(StrEnum):
    """判定: what one presentation showed."""

    DETECTED = "detected"
    MISSED = "missed"
    ACCEPTED = "accepted"
    FALSE_REJECT = "false_reject"
    INCONCLUSIVE = "inconclusive"

    @property
    def is_good(self) -> bool:
        """True where the device did what it must."""
        return self in {Verdict.DETECTED, Verdict.ACCEPTED}


AGAIN_WITHOUT_VERDICT: Final = 3
"""So many runs of one check in a row that came to no verdict are told, and again after as many more
(D4): one is given up, one has bad luck, three are a way around a miss or a check that can't be done."""

WORST_FIRST: Final = (
    Verdict.MISSED,
    Verdict.FALSE_REJECT,
    Verdict.INCONCLUSIVE,
    Verdict.DETECTED,
    Verdict.ACCEPTED,
)
"""The order in which the worst of several verdicts is found (D4)."""


class Why(StrEnum):
    """Why a presentation was inconclusive."""

    NO_RESULT = "no_result"
    STALE = "stale"
    STUCK = "stuck"
    CONTRADICTORY = "contradictory"
    WRONG_REJECT_CODE = "wrong_reject_code"
    WRONG_PART = "wrong_part"
    NOT_THE_PART = "not_the_part"
    """A person said so before the answer (D29)."""
    PART_LEFT = "part_left"
    """The station told no part any more before the answer came: it may be the next part's (D29)."""
    LINK_LOST = "link_lost"
    NOT_RUNNING = "not_running"
    """The machine has stopped: it answers, but its heartbeat does not change (D32)."""
    MACHINE_RESTARTED = "machine_restarted"
    """The machine was, in mid-presentation: a counter that is never set back went back (D32)."""
    CLOCK_JUMPED = "clock_jumped"
    """The clock by which the station tells its time was set meanwhile (D27)."""
    NOT_WATCHED = "not_watched"
    """A gap between readings was long enough to hide an answer, or the next part (D30)."""
    RESTARTED = "restarted"
    ABORTED = "aborted"
    NOT_RECORDABLE = "not_recordable"
    NOT_RECORDED = "not_recorded"


class Outcome(StrEnum):
    """What a run came to: its worst step (D4)."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ABORTED = "aborted"


def is_verdict(outcome: Outcome) -> bool:
    """Return whether a run that ended so said something about the device: it passed or failed."""
    return outcome in {Outcome.PASSED, Outcome.FAILED}


def worst_outcome(verdicts: Iterable[Verdict]) -> Outcome | None:
    """Return what deciding verdicts that are not good make of their run; None: all are good."""
    reached = set(verdicts)
    if reached & {Verdict.MISSED, Verdict.FALSE_REJECT}:
        return Outcome.FAILED
    return Outcome.INCONCLUSIVE if Verdict.INCONCLUSIVE in reached else None
