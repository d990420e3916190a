"""The forms of the API: what programs read and write, described field by field for /docs.

Status words are exactly the domain's. Instants are ISO 8601 with offset, durations are seconds.
"""

import json
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from redrabbit.domain.challenge_part import Category, Custody, PartState
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.evidence import Presented
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.run import Expected
from redrabbit.domain.identity import Identified
from redrabbit.domain.observation import Reason
from redrabbit.domain.occurrence import OccurrenceStatus
from redrabbit.domain.run import Outcome, Purpose, RunState
from redrabbit.domain.station import DeviceKind
from redrabbit.domain.text import Text
from redrabbit.domain.verdict import Verdict, Why
from redrabbit.web.codes import CODES

Row = TypeVar("Row")


def _parsed(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


FromJson = BeforeValidator(_parsed)


class Model(BaseModel):
    """Made from a record, or from a request's body; unknown fields are refused."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class InWords(Model):
    """Words of the plant's files in both languages."""

    en: str = Field(examples=["Low torque lockout"])
    zh: str = Field(examples=["扭矩过低锁止"])


def in_words(text: Text) -> InWords:
    """Return the plant's words as programs read them."""
    return InWords(en=text.en, zh=text.zh)


class Problem(BaseModel):
    """RFC 9457 problem details: every error has this form."""

    type: str = Field(examples=["urn:redrabbit:problem:part_expired"])
    title: str = Field(examples=["Not possible now"])
    status: int = Field(examples=[409])
    detail: str = Field(
        description="In the language of Accept-Language.",
        examples=["RR-0007 expired on 2026-03-31. Take a valid part."],
    )
    instance: str = Field(examples=["/api/v1/runs"])
    code: str = Field(
        description="A stable word; programs decide by this.",
        examples=["part_expired"],
        json_schema_extra={"enum": list(CODES)},
    )
    params: dict[str, Any] | None = Field(None, examples=[{"part": "RR-0007"}])
    errors: list[dict[str, Any]] | None = Field(
        None, description="For `invalid_request`: where, and what was found."
    )


class Page(Model, Generic[Row]):
    """One page of a list."""

    items: list[Row]
    next: str | None = Field(
        description="Give it as `cursor` for the next page; null: this is the last."
    )


class SignalReading(Model):
    """The last known state of one signal: a value, or the reason there is none."""

    signal: str = Field(examples=["reject_code"])
    value: bool | int | float | str | None
    reason: Reason | None = Field(description="Why there is no value.", examples=["timeout"])
    unit: str | None
    acquired_at: datetime | None = Field(description="End of the last good acquisition.")
    changed_at: datetime | None
    retained: bool


class Station(Model):
    """One station with its live signals."""

    id: str = Field(examples=["op20"])
    line: str
    operation: str = Field(examples=["OP20"])
    name: InWords
    devices: list[str]
    no_data_since: datetime | None = Field(description="null: the station is read.")
    run: int | None = Field(description="The run that is under way here.")
    signals: list[SignalReading]


class Device(Model):
    """One error-proofing device with its one status (D10)."""

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
    check: str | None
    occurrence: int | None
    run: int | None
    containment: int | None


class ChallengePart(Model):
    """A challenge part (red rabbit) or good master: state, uses, custody."""

    part_id: str = Field(examples=["RR-0007"])
    name: Annotated[InWords, FromJson]
    category: Category
    failure_mode: str | None = Field(description="null: a good master.")
    storage: str = Field(examples=["drawer B3"])
    valid_until: date
    wear_limit_uses: int | None
    state: PartState = Field(examples=["released"])
    state_reason: str | None
    custody: Custody = Field(examples=["stored"])
    custody_at: datetime
    run_id: int | None
    uses: int


class Check(Model):
    """One requirement of the control plan, with when it is due next (B16)."""

    id: str
    line: str
    station: str
    device: str
    plan: str
    plan_line: str
    pfmea: str
    parts: list[str] = Field(description="In the order of presentation.")
    schedule: str = Field(examples=["every shift start"])
    opens_before_s: float
    grace_s: float
    closes_after_s: float
    reaction: list[InWords]
    next_due: list[datetime] = Field(description="The next five due times.")


class Occurrence(Model):
    """One moment at which a check is due."""

    occurrence_id: int
    check_id: str
    trigger_key: str
    line: str
    station: str
    device: str
    plan: str
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    status: OccurrenceStatus = Field(description="As it stands now.")
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    run_id: int | None
    inconclusive_runs: int


class Run(Model):
    """One execution of a check."""

    run_id: int
    occurrence_id: int | None
    check_id: str
    purpose: Purpose = Field(examples=["check"])
    containment_id: int | None
    line: str
    station: str
    device: str
    plan: str
    configuration: str
    state: RunState
    outcome: Outcome | None
    reason: str | None
    step: int = Field(description="Which of `parts` is under way, from 0.")
    parts: Annotated[list[str], FromJson]
    operator: str
    identified: Identified = Field(description="`stated`: not authenticated.")
    started_at: datetime
    late_s: float | None
    expires_at: datetime
    ended_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    entry: int = Field(description="Ledger entry that last changed it.")


class Presentation(Model):
    """One part put before one device; the first of a part in a run decides (L10)."""

    run_id: int
    step: int
    attempt: int
    part_id: str
    failure_mode: str | None
    expected: Expected
    expected_code: str | None
    use_number: int
    issued_at: datetime
    issued_by: str
    presented_at: datetime | None
    presented_how: Presented | None
    verdict: Verdict | None
    verdict_reason: Why | None
    verdict_at: datetime | None
    elapsed_s: float | None
    observed_code: str | None
    measured: str | None
    counter: int | None
    evidence: Annotated[dict[str, Any] | None, FromJson] = Field(
        description="The trace of every signal of the rule, its windows, and the rule itself."
    )
    given_back_at: datetime | None
    given_back_by: str | None
    decides: bool
    entry: int


class RunWithPresentations(Run):
    """One run with everything that was shown and seen."""

    presentations: list[Presentation]


class ReactionStep(Model):
    """One step of a reaction."""

    en: str
    zh: str
    done_at: datetime | None
    done_by: str | None


class Containment(Model):
    """The case a miss opens, with its suspect window."""

    containment_id: int
    line: str
    station: str
    device: str
    failure_mode: str
    check_id: str
    run_id: int
    step: int
    state: ContainmentState
    opened_at: datetime
    window_from: datetime | None = Field(description="null: since the start of records.")
    window_from_run: int | None
    counter_from: int | None
    stopped_at: datetime | None = Field(description="null: the window is still open.")
    stopped_by: str | None
    counter_to: int | None
    quantity: int | None = Field(description="Parts in the window, as far as counted.")
    quantity_is_lower_bound: bool
    reaction: Annotated[list[ReactionStep], FromJson]
    reverified_by_run: int | None
    closed_at: datetime | None


class Pause(Model):
    """A line declared not producing."""

    pause_id: int
    line: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    author: str
    ended_by: str | None


class Alarm(Model):
    """One alarm, until somebody acknowledges it."""

    alarm_id: int
    kind: AlarmKind
    line: str | None
    station: str | None
    device: str | None
    part_id: str | None
    run_id: int | None
    occurrence_id: int | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class Checkpoint(Model):
    """The ledger as last committed, signed."""

    size: int
    root: str = Field(description="Merkle root, hex (RFC 6962).")
    checkpoint: str = Field(description="The signed note (C2SP tlog-checkpoint), to be kept.")


class LedgerEntry(Model):
    """One ledger entry."""

    index: int
    type: str
    stream: str
    stream_seq: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    identified: Identified
    configuration: str
    plan: str
    software: str
    payload: dict[str, Any]


class EntryProof(Model):
    """What proves one entry without the rest of the log."""

    index: int
    size: int
    entry: str = Field(description="The entry's canonical bytes (UTF-8): the leaf.")
    leaf_hash: str
    inclusion: list[str] = Field(description="Hashes on the way to the root, hex, nearest first.")
    root: str
    proof: str = Field(description="The same as text (C2SP tlog-proof), with the checkpoint.")
