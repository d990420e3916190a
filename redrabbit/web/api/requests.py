"""What programs send: who is not signed in names who acts, as stated and not verified (D19, R19)."""

from pydantic import Field

from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.station_says import SaidOf
from redrabbit.web.api.models import Model
from redrabbit.web.api.values import (
    AlarmGiven,
    Code,
    ContainmentGiven,
    Id,
    Instant,
    Name,
    OccurrenceGiven,
    Reason,
)


class Act(Model):
    """An act of a person."""

    operator: Name | None = Field(
        default=None,
        description="Who acts, as stated and not verified. Needed as long as nobody is registered; refused "
        "(`operator_not_allowed`) where the call comes with a session or a token.",
    )


class StartRun(Act):
    """Start a run: for an occurrence, to re-verify after a miss, or on demand."""

    check: Id = Field(examples=["op20-torque"])
    occurrence: OccurrenceGiven | None = None
    containment: ContainmentGiven | None = None


class Scan(Act):
    """A part's label was scanned."""

    code: Code


class TellOfPart(Act):
    """The operator tells what the station can't tell of the part."""

    of: SaidOf
    value: Code = Field(description="As scanned, or one of the words to tap.", examples=["left"])


class OnPulse(Act):
    """Confirm or refuse what was learnt of how long a signal's answers last."""

    proposed_entry: int = Field(ge=0, description="Of the proposal that the person saw.")


class WithReason(Act):
    """An act that needs a reason."""

    reason: Reason


class NewRemark(Act):
    """A remark on a run."""

    text: Reason


class NewExcuse(WithReason):
    """Excuse an occurrence."""

    occurrence: OccurrenceGiven


class NewPause(WithReason):
    """Declare a line not producing."""

    line: Id = Field(examples=["line1"])
    begins_at: Instant
    ends_at: Instant = Field(description="At most 14 days after its beginning.")


class ClockSeen(Act):
    """Say that the machine's clock is right."""

    doubt: int = Field(ge=0, description="The entry of the step, as `/ready` tells it.")


class NewPlantEvent(Act):
    """Tell what happened in production."""

    event: PlantEvent
    station: Id | None = Field(default=None, description="null: the whole line.", examples=["op20"])
    note: Reason | None = Field(
        default=None, description="The order, the lot, the tool.", examples=["order 4711"]
    )


class OnAlarms(Act):
    """Take several alarms at once."""

    alarms: list[AlarmGiven] = Field(min_length=1, max_length=200)


class NewSilence(WithReason):
    """Want nobody to be told of some alarms for a time."""

    line: Id | None = Field(default=None, description="null: all.", examples=["line1"])
    station: Id | None = Field(default=None, description="null: all.")
    kind: AlarmKind | None = Field(default=None, description="null: all.")
    ends_at: Instant = Field(description="At most 7 days from now.")


class Stop(Act):
    """Record that production was stopped."""

    stopped_at: Instant | None = Field(default=None, description="null: now.")
    reason: Reason | None = None
    box_label: Code | None = Field(
        default=None,
        description="Of the first box, or the serial of the first piece, made after it.",
    )


class Alternate(WithReason):
    """Record the first piece made under an approved alternate control."""

    began_at: Instant | None = Field(default=None, description="null: now.")
    box_label: Code = Field(description="Serial of the first piece, or the label of its box.")


class Repair(Act):
    """What was repaired after a miss."""

    repair: RepairCode = Field(examples=["lens_cleaned"])
    text: Reason | None = Field(
        None, description="In words; needed for `other`.", examples=["Lens was smeared with oil"]
    )


class ToReceiver(Act):
    """An act on a message to one receiver."""

    receiver: Id = Field(examples=["andon"], description="Its name in the plant file.")


class Tick(Act):
    """Tick one step of a reaction."""

    step: int = Field(ge=0, le=1000, description="Counted from 0.")
