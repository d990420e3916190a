"""What people ask, as values (D22): every act that changes a record, with what it needs.

An act says what somebody wants, never who: the door (`services.doing`) adds the actor, asks whether
that person may, and records the answer. So an act can be kept, asked again, and sent to the process
that owns its stream.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.identity import (
    AlarmId,
    CheckId,
    ContainmentId,
    LineId,
    OccurrenceId,
    PartId,
    PauseId,
    RunId,
    SignalName,
    SilenceId,
    StationId,
)
from redrabbit.domain.records import (
    AlarmRecord,
    ApprovalRecord,
    ChallengePartRecord,
    ClockDoubtRecord,
    ContainmentRecord,
    LapseReasonRecord,
    OccurrenceRecord,
    PauseRecord,
    PlantEventRecord,
    PulseRecord,
    RemarkRecord,
    RunRecord,
    SignatureRecord,
    SilenceRecord,
)
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.signing import Meaning

R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Generic[R_co]):
    """Something that a person asks; the record that it changes is the answer."""

    KIND: ClassVar[str]
    """The act's name in the table of acts and of permissions."""
    NEW_EACH_TIME: ClassVar[frozenset[str]] = frozenset()
    """Fields that are made anew however often the same is asked: they make it no other act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun(Act[RunRecord]):
    """Start a run: for a scheduled check, to re-verify after a miss, or on demand."""

    KIND: ClassVar = "start_run"

    check_id: CheckId
    occurrence_id: OccurrenceId | None
    containment_id: ContainmentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanPart(Act[RunRecord]):
    """Take the part that was scanned. A refused scan is kept (B25)."""

    KIND: ClassVar = "scan_part"

    run_id: RunId
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOfPart(Act[RunRecord]):
    """Tell the serial, variant, nest or pallet of the part before it is taken, where no signal tells it."""

    KIND: ClassVar = "tell_of_part"

    run_id: RunId
    of: str
    """Which of them: `SaidOf`, as it was asked."""
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SayPresented(Act[RunRecord]):
    """Say that the part is in front of the device."""

    KIND: ClassVar = "say_presented"

    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class SayFeedHeld(Act[RunRecord]):
    """Say that nothing is fed until the check is over, where no signal tells (D29)."""

    KIND: ClassVar = "say_feed_held"

    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class SayNotThePart(Act[RunRecord]):
    """Say that what is before the device is not the part; only before the answer (D29)."""

    KIND: ClassVar = "say_not_the_part"

    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBackPart(Act[RunRecord]):
    """Scan the part back into its place. A refused scan is kept (B25)."""

    KIND: ClassVar = "give_back_part"

    run_id: RunId
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmRun(Act[RunRecord]):
    """Confirm the run."""

    KIND: ClassVar = "confirm_run"

    run_id: RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortRun(Act[RunRecord]):
    """Give the run up."""

    KIND: ClassVar = "abort_run"

    run_id: RunId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkOnRun(Act[RemarkRecord]):
    """Keep a remark on a run, in a person's words."""

    KIND: ClassVar = "remark_on_run"

    run_id: RunId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainLapse(Act[LapseReasonRecord]):
    """Say why a scheduled check was not done; it stays not done."""

    KIND: ClassVar = "explain_lapse"

    occurrence_id: OccurrenceId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse(Act[OccurrenceRecord | ApprovalRecord]):
    """Excuse a scheduled check before its window closes; or ask for it, where another person approves it before (D45)."""

    KIND: ClassVar = "excuse"

    occurrence_id: OccurrenceId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclarePause(Act[PauseRecord]):
    """Declare a line not producing."""

    KIND: ClassVar = "declare_pause"

    line: LineId
    begins_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPause(Act[PauseRecord]):
    """End a pause now."""

    KIND: ClassVar = "end_pause"

    pause_id: PauseId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmClock(Act[ClockDoubtRecord]):
    """Say that the machine's clock is right, after it was set by more than is believed (D43)."""

    KIND: ClassVar = "confirm_clock"

    doubt: int
    """The entry that told the last step, which is what was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellEvent(Act[PlantEventRecord]):
    """Tell what happened in production, after which checks are due: a changeover, a change of tool."""

    KIND: ClassVar = "tell_event"

    line: LineId
    station: StationId | None
    """None: the whole line."""
    event: PlantEvent
    note: str | None = None
    """A person's words, or a program's: the order, the lot, the tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStop(Act[ContainmentRecord]):
    """Record that the line was stopped: the end of the suspect window."""

    KIND: ClassVar = "record_stop"

    containment_id: ContainmentId
    stopped_at: datetime | None = None
    """None: now."""
    reason: str | None = None
    box_label: str | None = None
    """Of the first box, or the serial of the first piece, behind the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAlternate(Act[ContainmentRecord]):
    """Record the first piece made under an approved alternate control: the end of the suspect window."""

    KIND: ClassVar = "record_alternate"

    containment_id: ContainmentId
    began_at: datetime | None = None
    """None: now."""
    reason: str
    """Which control, and who approved it."""
    box_label: str
    """Serial of the first piece, or label of its box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickReaction(Act[ContainmentRecord]):
    """Tick one step of the reaction, counted from 0."""

    KIND: ClassVar = "tick_reaction"

    containment_id: ContainmentId
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRepair(Act[ContainmentRecord]):
    """Say what was repaired after the miss; only then can the device be verified again."""

    KIND: ClassVar = "record_repair"

    containment_id: ContainmentId
    repair: RepairCode
    text: str | None
    """A person's words, if they give any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseContainment(Act[ContainmentRecord | ApprovalRecord]):
    """Close the case: verified again, its window ended, and its reaction done."""

    KIND: ClassVar = "close_containment"

    containment_id: ContainmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinePart(Act[ChallengePartRecord]):
    """Take a part out of use."""

    KIND: ClassVar = "quarantine_part"

    part_id: PartId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePart(Act[ChallengePartRecord | ApprovalRecord]):
    """Release a part for use."""

    KIND: ClassVar = "release_part"

    part_id: PartId


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPart(Act[ChallengePartRecord]):
    """Say that a missing part is back in its place."""

    KIND: ClassVar = "find_part"

    part_id: PartId


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlarm(Act[AlarmRecord]):
    """Say that an alarm was read."""

    KIND: ClassVar = "acknowledge_alarm"

    alarm_id: AlarmId


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlarms(Act[AlarmRecord]):
    """Take several alarms at once; those that somebody took meanwhile stay as they are."""

    KIND: ClassVar = "acknowledge_alarms"

    alarm_ids: tuple[AlarmId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceAlarms(Act[SilenceRecord]):
    """Want nobody to be told of some alarms until a time."""

    KIND: ClassVar = "silence_alarms"

    line: LineId | None
    """None: all; so for the other two."""
    station: StationId | None
    kind: AlarmKind | None
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSilence(Act[SilenceRecord]):
    """End a silence before its time."""

    KIND: ClassVar = "end_silence"

    silence_id: SilenceId


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReceiver(Act[AlarmRecord]):
    """Send a receiver a message that says that it is a test."""

    KIND: ClassVar = "test_receiver"

    receiver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessageAgain(Act[AlarmRecord]):
    """Send an alarm's message to a receiver that did not take it, once more (D48)."""

    KIND: ClassVar = "send_message_again"

    alarm_id: AlarmId
    receiver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMessage(Act[AlarmRecord]):
    """Give up an alarm's message that a receiver did not take."""

    KIND: ClassVar = "drop_message"

    alarm_id: AlarmId
    receiver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidePulse(Act[PulseRecord]):
    """Confirm how long a signal's answers last, as it was learnt, or refuse it (D30)."""

    KIND: ClassVar = "decide_pulse"

    station: StationId
    signal: SignalName
    proposed_entry: int
    """The entry of the proposal that the person saw."""
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveSignature(Act[SignatureRecord]):
    """Sign a finished record as it stands (R20); only the person themselves, who has just shown who they are."""

    KIND: ClassVar = "give_signature"

    entry: int
    """Index of the ledger entry that last changed it."""
    leaf_hash: str
    """Of that entry, hex."""
    meaning: Meaning
    shown: str
    """SHA-256, hex, of the text that was on the screen."""
    language: PersonLanguage
    """Of that text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseApproval(Act[ApprovalRecord]):
    """Refuse what another person asks to be approved: it is not done."""

    KIND: ClassVar = "refuse_approval"

    entry: int
    """Index of the ledger entry of the request."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawRequest(Act[ApprovalRecord]):
    """Ask no more for what another person was to approve."""

    KIND: ClassVar = "withdraw_request"

    entry: int
    """Index of the ledger entry of the request."""


ActOnRun = (
    ScanPart
    | TellOfPart
    | SayPresented
    | SayFeedHeld
    | SayNotThePart
    | GiveBackPart
    | ConfirmRun
    | AbortRun
)
"""Acts on a run under way: they pass the queue before its station."""

ActOnCase = RecordStop | RecordAlternate | TickReaction | RecordRepair | CloseContainment
"""Acts on a case: asked at a station's screen, they are about a case of this station."""

ACTS: tuple[type[Act[Record]], ...] = (
    StartRun,
    ScanPart,
    TellOfPart,
    SayPresented,
    SayFeedHeld,
    SayNotThePart,
    GiveBackPart,
    ConfirmRun,
    AbortRun,
    RemarkOnRun,
    ExplainLapse,
    Excuse,
    DeclarePause,
    EndPause,
    ConfirmClock,
    TellEvent,
    RecordStop,
    RecordAlternate,
    TickReaction,
    RecordRepair,
    CloseContainment,
    QuarantinePart,
    ReleasePart,
    FindPart,
    AcknowledgeAlarm,
    AcknowledgeAlarms,
    SilenceAlarms,
    EndSilence,
    TestReceiver,
    SendMessageAgain,
    DropMessage,
    DecidePulse,
    GiveSignature,
    RefuseApproval,
    WithdrawRequest,
)
"""Every act there is."""
