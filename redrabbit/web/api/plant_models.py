"""The forms of the API for what stands on the floor now: stations, live signals, devices."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.observation import Reason
from redrabbit.domain.station import DeviceKind
from redrabbit.domain.unproved import UnprovedWhy
from redrabbit.web.api.models import ContainmentRef, InWords, Model, OccurrenceRef, RunRef


class SignalReading(Model):
    """The last known state of one signal: a value, or the reason there is none."""

    signal: str = Field(examples=["reject_code"])
    value: bool | int | float | str | None
    reason: Reason | None = Field(description="Why there is no value.", examples=["timeout"])
    unit: str | None
    acquired_at: datetime | None = Field(description="End of the last good acquisition.")
    changed_at: datetime | None
    retained: bool


NoDataReason = Annotated[
    Reason | None, Field(description="Why it can't be judged; null: it can.", examples=["expired"])
]
NoDataSignal = Annotated[
    str | None,
    Field(description="The signal that is not read; null: the station as a whole, or none."),
]


class Station(Model):
    """One station with its live signals."""

    id: str = Field(examples=["op20"])
    line: str
    operation: str = Field(examples=["OP20"])
    name: InWords
    devices: list[str]
    no_data_since: datetime | None = Field(
        description="The longest that it, or one of its devices, can't be judged. null: all is read."
    )
    no_data_reason: NoDataReason
    no_data_signal: NoDataSignal
    not_recorded_since: datetime | None = Field(
        description="What it says could not be recorded since then. null: it is recorded."
    )
    run: RunRef | None = Field(description="The run that is under way here.")
    signals: list[SignalReading]


class Case(Model):
    """A case beside the status of its device: its parts are not dealt with yet (D35)."""

    containment: ContainmentRef
    state: ContainmentState
    opened_at: datetime
    quantity: int | None = Field(description="Suspect parts, as far as counted.")
    at_least: bool = Field(description="There may be more.")


class UnprovedParts(Model):
    """Parts that were made while nothing proved their device."""

    why: UnprovedWhy
    since: datetime
    parts: int | None = Field(description="null: nobody can tell how many.")
    at_least: bool = Field(description="There may be more.")


class Device(Model):
    """One error-proofing device: whether it can be trusted now, and its cases (D10, D35)."""

    id: str
    line: str
    station: str
    name: InWords
    kind: DeviceKind = Field(examples=["cannot_pass"])
    failure_modes: list[str]
    status: DeviceStatus = Field(
        description="The first that holds, in this order.",
        examples=["verified"],
    )
    since: datetime | None
    until: datetime | None = Field(description="When the status changes by itself.")
    next_due_at: datetime | None
    no_data_since: datetime | None = Field(
        description="Since when a signal that its rule needs is not read, whatever the status. "
        "null: all of them are."
    )
    no_data_reason: NoDataReason
    no_data_signal: NoDataSignal
    check: str | None
    occurrence: OccurrenceRef | None
    run: RunRef | None
    containment: ContainmentRef | None
    overdue_since: datetime | None = Field(
        description="Since when something is overdue, whatever the status is; null: nothing is."
    )
    unproved: list[UnprovedParts] = Field(
        description="What was made while a check was never passed, overdue or lapsed, or the line was "
        "declared not producing; empty where the station counts no parts."
    )
    runs_without_verdict: int = Field(
        description="Of its check that was run most often in a row without a verdict."
    )
    cases: list[Case] = Field(description="Until a person has closed them, oldest first.")
