"""The forms of the API about the reaction to a miss: cases with their steps, alarms."""

from datetime import datetime

from pydantic import Field

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.containment import ContainmentState, WindowEnd
from redrabbit.domain.grade import AnswerBy, KnownBy
from redrabbit.domain.repair import RepairCode
from redrabbit.web.api.models import (
    AlarmRef,
    ContainmentRef,
    Model,
    NamesThen,
    OccurrenceRef,
    RunRef,
    Who,
    WhoHow,
    WordsThen,
)


class ReactionStep(Model):
    """One step of a reaction."""

    en: str
    zh: str
    done_at: datetime | None
    done_by: Who | None
    done_how: WhoHow | None


class Containment(Model):
    """The case a miss opens, with its suspect window."""

    containment_id: ContainmentRef
    line: str
    station: str
    device: str
    names: NamesThen
    failure_mode: str
    failure_mode_name: WordsThen
    check_id: str
    run_id: RunRef
    step: int
    state: ContainmentState
    opened_at: datetime
    identity_kind: KnownBy | None = Field(
        description="By what it is known which part was missed; null: nobody recorded it."
    )
    identity_disputed: bool = Field(
        description="Whether what was measured contradicts the part's certificate."
    )
    window_from: datetime | None = Field(description="null: since the start of records.")
    window_from_run: RunRef | None
    counter_from: int | None
    window_to: datetime | None = Field(description="null: the window is still open.")
    window_end: WindowEnd | None = Field(description="What ended it.")
    stopped_at: datetime | None = Field(
        description="When it ended, as it was recorded; what was counted since may move `window_to`."
    )
    stopped_by: Who | None
    stopped_how: WhoHow | None
    stop_text: str | None = Field(description="A person's words.")
    stop_signal: str | None = Field(description="The running signal that told it, where one did.")
    box_label: str | None = Field(
        description="Of the first box, or the serial of the first piece, behind the window."
    )
    reached_at: datetime | None = Field(
        description="Until when a later miss, the re-verification or a count showed it to reach."
    )
    reached_by_run: RunRef | None
    counter_to: int | None
    quantity: int | None = Field(description="Parts in the window, as far as counted.")
    quantity_is_lower_bound: bool = Field(
        description="There may be more: while the window is open, and where any were not counted."
    )
    quantity_unknown: int | None = Field(
        description="How many of them may be of another variant or nest; null before schema 3."
    )
    quantity_so_far: int | None = Field(
        description="The same by what the station was seen to have counted last, until the window has "
        "ended or the device is verified again; at least so many."
    )
    reaction: list[ReactionStep]
    repair_code: RepairCode | None = Field(
        description="What was repaired since the last miss; null: nobody has said.",
        examples=["lens_cleaned"],
    )
    repair_text: str | None = Field(description="A person's words.")
    repaired_at: datetime | None
    repaired_by: Who | None
    repaired_how: WhoHow | None
    reverified_by_run: RunRef | None
    closed_at: datetime | None
    closed_by: Who | None = Field(
        description="null also where it closed by itself, under schemas 1 and 2."
    )
    closed_how: WhoHow | None


class Alarm(Model):
    """One alarm, until somebody acknowledges it; it may end by itself."""

    alarm_id: AlarmRef
    kind: AlarmKind
    line: str | None
    station: str | None
    device: str | None
    names: NamesThen
    part_id: str | None
    run_id: RunRef | None
    occurrence_id: OccurrenceRef | None
    receiver: str | None = Field(description="The receiver of messages that is not reached.")
    answer_kind: AnswerBy | None = Field(
        description="Of a miss: `silence` where the device said nothing; null before schema 3."
    )
    runs_without_verdict: int | None = Field(
        description="How many in a row, of `no_verdict_again`."
    )
    raised_at: datetime
    ended_at: datetime | None = Field(
        description="When what it is about was over by itself; null for what stays."
    )
    acknowledged_at: datetime | None
    acknowledged_by: Who | None
    acknowledged_how: WhoHow | None
    next_step_at: datetime | None = Field(
        description="When receivers are to be told next by the steps of the plant's rules; null: they are over, or there are none."
    )
    steps_told: int = Field(description="The last step that was told; 0: none.")
