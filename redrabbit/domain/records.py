"""The records (projections) that pages read: each is a pure function of the ledger.

`redrabbit.domain.fold` is the only thing that makes them, in the store as each entry is appended
and in verification when the whole ledger is folded again; so an edit in either is found (D13).
Field types are limited to str, int, float, bool, aware datetime, date, `None` unions of these,
and `Json`, which is canonical JSON as text.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NewType

Json = NewType("Json", str)
"""Canonical JSON text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationRecord:
    """One configuration that was in force, with its full content (D14)."""

    digest: str
    adopted_at: datetime
    software: str
    plan: str
    content: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRecord:
    """One life of the process that watches, from start to stop; `stopped_at` None after a crash."""

    agent_id: int
    started_at: datetime
    stopped_at: datetime | None
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRecord:
    """Whether a station can be read, and since when it can't (R17)."""

    station_id: str
    line: str
    no_data_since: datetime | None
    reason: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRecord:
    """One check of the control plan as adopted; retired, never deleted (D14)."""

    check_id: str
    line: str
    station: str
    device: str
    plan: str
    plan_line: str
    pfmea: str
    schedule: str
    adopted_at: datetime
    scheduled_until: datetime
    """Occurrences have been made for every due time up to here."""
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengePartRecord:
    """One part's state, uses and custody."""

    part_id: str
    name: Json
    category: str
    failure_mode: str | None
    storage: str
    valid_until: date
    wear_limit_uses: int | None
    state: str
    state_reason: str | None
    custody: str
    custody_at: datetime
    run_id: int | None
    """The run that has it out."""
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceRecord:
    """One moment at which a check is due; times are frozen when it is made (D8, D9).

    `outcome` is the stored decision: passed, failed, lapsed or excused; what it *is* now is
    computed by `redrabbit.domain.occurrence.status`.
    """

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
    made_at: datetime
    outcome: str | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    run_id: int | None
    """The run that holds it now, or that decided it."""
    held_until: datetime | None
    """The holding run's own timeout; None when no run is under way."""
    inconclusive_runs: int
    overdue_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One execution of a check."""

    run_id: int
    occurrence_id: int | None
    check_id: str
    purpose: str
    """`check` or `reverification`."""
    containment_id: int | None
    line: str
    station: str
    device: str
    plan: str
    configuration: str
    state: str
    outcome: str | None
    reason: str | None
    step: int
    parts: Json
    """The part ids in order of presentation."""
    operator: str
    identified: str
    started_at: datetime
    late_s: float | None
    """How late after the due time it started; negative: early; None: not scheduled."""
    expires_at: datetime
    ended_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    entry: int
    """Index of the ledger entry that last changed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRecord:
    """One part put before one device: the first of a part in a run decides (L10)."""

    run_id: int
    step: int
    attempt: int
    line: str
    station: str
    device: str
    part_id: str
    failure_mode: str | None
    expected: str
    """`reject` or `accept`."""
    expected_code: str | None
    use_number: int
    issued_at: datetime
    issued_by: str
    presented_at: datetime | None
    presented_how: str | None
    """`code`, `edge` or `stated`."""
    verdict: str | None
    verdict_reason: str | None
    verdict_at: datetime | None
    elapsed_s: float | None
    observed_code: str | None
    measured: str | None
    counter: int | None
    """The station's part counter at the verdict."""
    evidence: Json | None
    given_back_at: datetime | None
    given_back_by: str | None
    decides: bool
    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainmentRecord:
    """The case a miss opens, with its suspect window (L4, D5, R25)."""

    containment_id: int
    line: str
    station: str
    device: str
    failure_mode: str
    check_id: str
    run_id: int
    step: int
    state: str
    """`open`, `reverified` or `closed`."""
    opened_at: datetime
    window_from: datetime | None
    """None: unknown, since the start of records."""
    window_from_run: int | None
    counter_from: int | None
    stopped_at: datetime | None
    """The recorded stop; None: the window is still open."""
    stopped_by: str | None
    counter_to: int | None
    quantity: int | None
    """Parts in the window as far as counted."""
    quantity_is_lower_bound: bool
    reaction: Json
    """[{"en": …, "zh": …, "done_at": … or null, "done_by": … or null}]"""
    reverified_by_run: int | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRecord:
    """A line declared not producing: what falls due in it is excused and counted apart (R13)."""

    pause_id: int
    line: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    author: str
    ended_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRecord:
    """One alarm raised, until acknowledged."""

    alarm_id: int
    kind: str
    """missed, overdue, lapsed, escape, not_returned, inconclusive_again, wrong_part, clock_step."""
    line: str | None
    station: str | None
    device: str | None
    part_id: str | None
    run_id: int | None
    occurrence_id: int | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


Record = (
    ConfigurationRecord
    | AgentRecord
    | StationRecord
    | CheckRecord
    | ChallengePartRecord
    | OccurrenceRecord
    | RunRecord
    | PresentationRecord
    | ContainmentRecord
    | PauseRecord
    | AlarmRecord
)

TABLES: dict[type[Record], str] = {
    ConfigurationRecord: "configurations",
    AgentRecord: "agents",
    StationRecord: "stations",
    CheckRecord: "checks",
    ChallengePartRecord: "challenge_parts",
    OccurrenceRecord: "occurrences",
    RunRecord: "runs",
    PresentationRecord: "presentations",
    ContainmentRecord: "containments",
    PauseRecord: "pauses",
    AlarmRecord: "alarms",
}

KEYS: dict[type[Record], tuple[str, ...]] = {
    ConfigurationRecord: ("digest",),
    AgentRecord: ("agent_id",),
    StationRecord: ("station_id",),
    CheckRecord: ("check_id",),
    ChallengePartRecord: ("part_id",),
    OccurrenceRecord: ("occurrence_id",),
    RunRecord: ("run_id",),
    PresentationRecord: ("run_id", "step", "attempt"),
    ContainmentRecord: ("containment_id",),
    PauseRecord: ("pause_id",),
    AlarmRecord: ("alarm_id",),
}

UNIQUE: dict[type[Record], tuple[str, ...]] = {OccurrenceRecord: ("check_id", "trigger_key")}

INDEXES: dict[type[Record], tuple[tuple[str, ...], ...]] = {
    OccurrenceRecord: (
        ("outcome", "closes_at"),
        ("due_at",),
        ("line", "due_at"),
        ("device",),
        ("check_id", "outcome", "due_at"),
    ),
    RunRecord: (
        ("station", "state"),
        ("started_at",),
        ("occurrence_id",),
        ("check_id", "outcome", "started_at"),
    ),
    PresentationRecord: (("device", "presented_at"),),
    ContainmentRecord: (("state",), ("device", "failure_mode")),
    AlarmRecord: (("acknowledged_at",),),
}
