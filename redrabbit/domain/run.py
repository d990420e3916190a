"""One execution of a check: its states, what can happen to it, and what follows.

`redrabbit.domain.run_transitions.advance(run, event) -> (run, effects)` moves it. The operator's
scan arms a step (D2); the station, or in its silence the operator's tap, says *presented*; the
evidence decides; the part is scanned back before anything else (L5); a person confirms. The first
presentation of a part decides, later ones are kept beside it (L10). A refused event raises
`Refusal` and changes nothing. Deadlines are effects, their expiry is an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from redrabbit.domain.evidence import Evidence
from redrabbit.domain.expectation import Expectation
from redrabbit.domain.identity import (
    Actor,
    CheckId,
    ContainmentId,
    DeviceId,
    PartId,
    RunId,
    SignalName,
)
from redrabbit.domain.observation import Acquisition, Readings
from redrabbit.domain.place_free import PlaceSeen
from redrabbit.domain.run_words import (
    Outcome,
    Presented,
    Purpose,
    RunState,
    StopCode,
    Why,
    worst_outcome,
)
from redrabbit.domain.station_says import SaidOf, Source
from redrabbit.domain.verdict import Judgement


class DeadlineKind(StrEnum):
    """What a run is waiting for, at the longest until its deadline."""

    START = "start"
    ARMING = "arming"
    VERDICT = "verdict"
    RETURN = "return"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One presentation to be made, and how it ended."""

    expectation: Expectation
    judgement: Judgement | None = None
    """Of the deciding, first presentation."""
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run under way, with the evidence gathered so far."""

    id: RunId
    check_id: CheckId
    device: DeviceId
    purpose: Purpose
    containment_id: ContainmentId | None = None
    operator: Actor
    steps: tuple[Step, ...]
    known_parts: frozenset[PartId]
    """Every challenge part of the plant, to tell a wrong rabbit from a normal part."""
    arming_timeout_s: float
    return_timeout_s: float
    verdict_slack_s: float
    """How long after the deadline a last reading is waited for before silence is judged."""
    expires_at: datetime
    state: RunState = RunState.AWAITING_PART
    index: int = 0
    told: Mapping[SaidOf, str] = field(default_factory=dict)
    """What the operator told of the part of the step under way (D33)."""
    evidence: Evidence | None = None
    """Of the step under way; of the one before while the next part is waited for (`run_open_verdict`)."""
    disowned: "Disowned | None" = None
    """Said, and not decided before the station was read since then (D29)."""
    feed_said_at: datetime | None = None
    """When somebody said that the feed is held, until a part comes that is none of the run's (D29)."""
    feed_said_counts: Mapping[SignalName, int] | None = None
    """What the counters showed when the part before was judged: what came since then contradicts it."""
    place: PlaceSeen | None = None
    """What was seen of the part's place since it was scanned (D29)."""
    later_presentation: Evidence | None = None
    """A later presentation of the same part, kept beside (L10)."""
    deadline: "SetDeadline | None" = None
    not_returned: bool = False
    stopped: Outcome | None = None
    reason: "StopReason | None" = None
    outcome: Outcome | None = None

    @property
    def step(self) -> Step:
        """The step that is under way."""
        return self.steps[self.index]

    @property
    def part(self) -> PartId:
        """The part of the step under way."""
        return self.step.expectation.part

    def with_step(self, step: Step) -> "Run":
        """Return the run with the step under way as given."""
        return replace(self, steps=(*self.steps[: self.index], step, *self.steps[self.index + 1 :]))


def outcome_of(run: Run) -> Outcome:
    """Return the worst of the steps; a run that did not reach all of them has not passed (D4)."""
    verdicts = [s.judgement.verdict for s in run.steps if s.judgement is not None]
    worst = worst_outcome(verdicts)
    if worst is not None:
        return worst
    if run.stopped is not None:
        return run.stopped
    return Outcome.PASSED if len(verdicts) == len(run.steps) else Outcome.ABORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReason:
    """Why a run went no further: a code, and a person's words where a person gave it up (D23)."""

    code: StopCode
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """The operator scanned a part to take it."""

    at: datetime
    code: str
    actor: Actor
    readings: Readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The operator tells what the station can't tell of the part, before it is taken (D33)."""

    at: datetime
    of: str
    """Which of `SaidOf`, as it was asked."""
    value: str
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Tapped:
    """The operator says that the part is in front of the device."""

    at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidHeld:
    """The operator says that nothing is fed until the check is over (D29)."""

    at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Disowned:
    """The operator says that what is before the device is not the part (D29)."""

    at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The station was read once more, or could not be."""

    acquisition: Acquisition
    readings: Readings
    """As they stood before this acquisition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineExpired:
    """The deadline set last is over."""

    at: datetime
    kind: DeadlineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """The operator scanned the part back into its place."""

    at: datetime
    code: str
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A person confirms the run."""

    at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Aborted:
    """A person gives the run up, with a reason."""

    at: datetime
    actor: Actor
    reason: str
    """The person's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """The software that watched was restarted: what it did not see, it does not guess (L3)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRecorded:
    """Something of the run could not be recorded, or was not followed for want of a record (L3).

    `not_recordable`: what it came to is nothing that the database takes. `not_recorded`: what the
    station said since the last record was dropped, because the database was away for too long.
    """

    at: datetime
    why: Literal[Why.NOT_RECORDABLE, Why.NOT_RECORDED]


def reason_of(event: Aborted | NotRecorded) -> StopReason:
    """Return why the run goes no further: a person's words, or what was not recorded."""
    if isinstance(event, Aborted):
        return StopReason(code=StopCode.PERSON, text=event.reason)
    return StopReason(code=StopCode(event.why.value))


Event = (
    Scanned
    | Told
    | Tapped
    | SaidHeld
    | Disowned
    | Observed
    | DeadlineExpired
    | GivenBack
    | Confirmed
    | Aborted
    | Restarted
    | NotRecorded
)


def instant_of(event: Event) -> datetime:
    """Return when an event happened; of a reading, when it was there."""
    return event.acquisition.window.ended_at if isinstance(event, Observed) else event.at


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDeadline:
    """Send `DeadlineExpired(kind)` at that instant unless another deadline comes first."""

    kind: DeadlineKind
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartIssued:
    """The part is out; `actor` has it."""

    at: datetime
    step: int
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTold:
    """The operator told something of the part to be taken."""

    at: datetime
    step: int
    of: SaidOf
    value: str
    by: Source
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHeld:
    """Nothing is fed until the check is over, as `actor` says."""

    at: datetime
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNotHeld:
    """A part came though somebody had said that nothing is fed: it can be said anew (D29)."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPresented:
    """The part is in front of the device."""

    at: datetime
    step: int
    attempt: int
    how: Presented


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReached:
    """One presentation was judged; only the first attempt `decides` (L10)."""

    step: int
    attempt: int
    judgement: Judgement
    evidence: Evidence
    decides: bool
    actor: Actor | None = None
    """Who ended it by saying that it was not the part; None: the evidence did, or what went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictContradicted:
    """After a good verdict the station told the opposite, or another reason, for the same part."""

    at: datetime
    step: int
    judgement: Judgement
    """What the verdict is corrected to: inconclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReturned:
    """The part is back in its place."""

    at: datetime
    step: int
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNotReturned:
    """The part is not back in time: the escape alarm (L5)."""

    at: datetime
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped:
    """The run goes no further than the part's return; nothing more is judged."""

    at: datetime
    outcome: Outcome
    reason: StopReason
    actor: Actor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClosed:
    """The run is over."""

    at: datetime
    outcome: Outcome
    reason: StopReason | None
    confirmed_by: Actor | None


def with_deadline(run: Run, kind: DeadlineKind, at: datetime) -> tuple[Run, SetDeadline]:
    """Return the run with this deadline in place of any other, and the effect that sets it."""
    deadline = SetDeadline(kind=kind, at=at)
    return replace(run, deadline=deadline), deadline


Effect = (
    SetDeadline
    | PartIssued
    | PartTold
    | FeedHeld
    | FeedNotHeld
    | PartPresented
    | VerdictReached
    | VerdictContradicted
    | PartReturned
    | PartNotReturned
    | RunStopped
    | RunClosed
)

Advance = tuple[Run, tuple[Effect, ...]]
"""What comes of an event: the run after it, and what is to be carried out."""
