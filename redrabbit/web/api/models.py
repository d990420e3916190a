"""The forms of the API: what programs read and write, described field by field for /docs.

Status words are exactly the domain's. Instants are ISO 8601 with offset, durations are seconds.
"""

import json
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from redrabbit.domain.challenge_part import Category, Custody, PartState
from redrabbit.domain.facts.challenge_part import PartStateCode
from redrabbit.domain.facts.clock import ClockSettledBy
from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.facts.plant_event import ToldBy
from redrabbit.domain.facts.presentation import Expected
from redrabbit.domain.facts.qualification import QualificationGap
from redrabbit.domain.fulfilment import NotCounted
from redrabbit.domain.grade import AnswerBy, Grade, KnownBy, Watched
from redrabbit.domain.identity import How, Letter
from redrabbit.domain.occurrence import OccurrenceStatus
from redrabbit.domain.records import Record
from redrabbit.domain.run_words import Outcome, Presented, Purpose, RunState, StopCode, Verdict, Why
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.signing import Meaning
from redrabbit.domain.station_says import SaidOf, Source
from redrabbit.domain.subject import Subject
from redrabbit.domain.text import Text
from redrabbit.services.queries.people import Names, name_then
from redrabbit.web.codes import CODES

Row = TypeVar("Row")
M = TypeVar("M", bound="Model")


def _parsed(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


FromJson = BeforeValidator(_parsed)


class Model(BaseModel):
    """Made from a record, or from a request's body; unknown fields are refused."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


def model_of(kind: type[M], record: Record, names: Names, **given: object) -> M:
    """Return a record as programs read it: people by the name of then (B35), where one is kept for their id."""
    values = {
        field: getattr(record, field)
        for field in kind.model_fields
        if field not in given  # what the record does not say itself
    }
    named = {
        field: name_then(names, value, _when(record, field))
        if field.endswith("_by") and value is not None
        else value
        for field, value in values.items()
    }
    return kind(**named, **given)


def _when(record: Record, by: str) -> int | None:
    """Return the entry that says that somebody did it: records name it beside who did."""
    entry: int | None = getattr(record, f"{by.removesuffix('_by')}_entry")
    return entry


def numbered_ids(letter: Letter) -> Any:
    """Return the field of an id that is numbered on its line."""
    return Field(
        description="Of schema 1 without the line.",
        examples=[f"line1-{letter.value}-31", f"{letter.value}-31"],
    )


RunRef = Annotated[str, numbered_ids(Letter.RUN)]
OccurrenceRef = Annotated[str, numbered_ids(Letter.OCCURRENCE)]
ContainmentRef = Annotated[str, numbered_ids(Letter.CONTAINMENT)]
PauseRef = Annotated[str, numbered_ids(Letter.PAUSE)]
AlarmRef = Annotated[str, numbered_ids(Letter.ALARM)]
EventRef = Annotated[str, numbered_ids(Letter.EVENT)]
SilenceRef = Annotated[str, numbered_ids(Letter.SILENCE)]
Who = Annotated[
    str,
    Field(
        description="The name; `name:` and digits where it was erased. `agent`, `scheduler` and "
        "`configuration` are the software.",
        examples=["badge 2207"],
    ),
]
WhoHow = Annotated[
    How, Field(description="How it is known who it was; `stated`: the name was not verified.")
]


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


class ChallengePart(Model):
    """A challenge part (red rabbit) or good master: state, uses, custody."""

    part_id: str = Field(examples=["RR-0007"])
    kind: str = Field(description="The kind that it is a piece of.")
    name: Annotated[InWords, FromJson]
    category: Category
    failure_mode: str | None = Field(description="null: a good master.")
    storage: str = Field(examples=["drawer B3"])
    valid_until: date
    certified_on: date | None
    measured: str | None
    drawing_revision: str | None
    wear_limit_uses: int | None
    state: PartState = Field(examples=["released"])
    state_code: PartStateCode | None
    state_text: str | None = Field(description="A person's words, where the code is `person`.")
    state_by: Who
    state_how: WhoHow
    state_at: datetime
    custody: Custody = Field(examples=["stored"])
    custody_at: datetime
    run_id: RunRef | None
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
    next_due: list[datetime] = Field(
        description="The next five due times, as the pauses that are declared have them."
    )
    runs_without_verdict: int = Field(
        description="Runs in a row, up to the last, that were given up or inconclusive."
    )
    without_verdict_since: datetime | None


class PlaceNames(Model):
    """What line, station and device were called at the time."""

    line: InWords
    operation: str = Field(examples=["OP20"])
    station: InWords
    device: InWords | None = Field(description="null: it is about the whole station.")


NamesThen = Annotated[
    PlaceNames | None, FromJson, Field(description="Words of its time; null under schema 1.")
]
WordsThen = Annotated[
    InWords | None, FromJson, Field(description="Words of its time; null under schema 1.")
]


class Certification(Model):
    """What was certified of a challenge part when it was taken."""

    certified_on: date | None
    valid_until: date
    measured: str | None
    drawing_revision: str | None


class Occurrence(Model):
    """One moment at which a check is due."""

    occurrence_id: OccurrenceRef
    check_id: str
    trigger_key: str
    line: str
    station: str
    device: str
    names: NamesThen
    plan: str = Field(examples=["CP-204 rev F"])
    plan_line: str | None = Field(description="null: schema 1 did not record it.")
    pfmea: str | None
    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    closes_at: datetime
    first_due_at: datetime | None = Field(
        description="When it was due before a pause of its line moved it; null: none did."
    )
    first_closes_at: datetime | None
    moved_by_pause: PauseRef | None = Field(description="The pause at whose end it is due now.")
    status: OccurrenceStatus = Field(description="As it stands now.")
    decided_at: datetime | None
    decided_by: Who | None
    decided_how: WhoHow | None
    reason_code: DecisionCode | None
    reason_text: str | None = Field(description="A person's words, where the code is `person`.")
    pause_id: PauseRef | None
    run_id: RunRef | None
    inconclusive_runs: int


class LapseReason(Model):
    """Why an occurrence was not done, as somebody said afterwards."""

    occurrence_id: OccurrenceRef
    place: int = Field(description="Which of the reasons for this lapse it is, from 1.")
    text: str
    explained_at: datetime
    explained_by: Who
    explained_how: WhoHow


class OccurrenceWithReasons(Occurrence):
    """One moment at which a check is due, with the reasons that were given for its lapse."""

    lapse_reasons: list[LapseReason]
    unwatched_s: float | None = Field(
        description="For how long nobody watched while it was owed; null unless it lapsed."
    )


class OccurrenceCounts(Model):
    """How many occurrences came to each end."""

    total: int
    passed: int
    failed: int
    lapsed: int
    excused: int
    open: int = Field(description="Not ended yet.")


class Run(Model):
    """One execution of a check."""

    run_id: RunRef
    occurrence_id: OccurrenceRef | None
    check_id: str
    purpose: Purpose = Field(examples=["check"])
    containment_id: ContainmentRef | None
    line: str
    station: str
    device: str
    names: NamesThen
    plan: str = Field(examples=["CP-204 rev F"])
    plan_line: str | None = Field(description="null: schema 1 did not record it.")
    pfmea: str | None
    in_force: str = Field(description="Digest of what was in force when it started.")
    station_digest: str | None = Field(description="Of its station's file.")
    state: RunState
    outcome: Outcome | None
    grade: Grade | None = Field(
        description="The worst of its challenge parts' grades of evidence, A to E (D28)."
    )
    not_counted: NotCounted | None = Field(
        description="Why it fulfils nothing even if it passed; null where it counts."
    )
    reason_code: StopCode | None
    reason_text: str | None = Field(description="A person's words, where the code is `person`.")
    stopped_by: Who | None = Field(description="Whose the reason is.")
    stopped_how: WhoHow | None
    step: int = Field(description="Which of `parts` is under way, from 0.")
    parts: Annotated[list[str], FromJson]
    feed_held_by: Who | None = Field(
        description="Who said that nothing is fed until the check is over; null: nobody."
    )
    feed_held_how: WhoHow | None
    feed_held_at: datetime | None
    started_by: Who
    started_how: WhoHow
    started_at: datetime
    unqualified: QualificationGap | None = Field(
        description="Why whoever started it was not qualified for it; null where they were, or nobody asked."
    )
    late_s: float | None
    expires_at: datetime
    ended_at: datetime | None
    confirmed_by: Who | None
    confirmed_how: WhoHow | None
    confirmed_at: datetime | None
    signals: str | None = Field(
        description="Digest of all that its station's signals did; `/runs/{run_id}/signals`."
    )
    entry: int = Field(description="Ledger entry that last changed it.")


class Remark(Model):
    """What a person wanted kept with a run."""

    run_id: RunRef
    place: int = Field(description="Which of the run's remarks it is, from 1.")
    text: str
    remarked_at: datetime
    remarked_by: Who
    remarked_how: WhoHow


class ToldOfPart(Model):
    """What an operator told of the part of one step, before it was taken."""

    step: int
    of: SaidOf
    value: str
    source: Source
    told_at: datetime
    told_by: Who
    told_how: WhoHow


class Presentation(Model):
    """One part put before one device; the first of a part in a run decides (L10)."""

    run_id: RunRef
    step: int
    attempt: int
    part_id: str
    part_name: WordsThen
    certification: Annotated[Certification | None, FromJson]
    failure_mode: str | None
    failure_mode_name: WordsThen
    expected: Expected
    expected_code: str | None
    use_number: int
    issued_at: datetime
    issued_by: Who
    issued_how: WhoHow
    presented_at: datetime | None
    presented_how: Presented | None
    verdict: Verdict | None
    verdict_reason: Why | None
    verdict_at: datetime | None
    verdict_by: Who | None = Field(
        description="Who said before the answer that it was not the part; null: nobody."
    )
    verdict_how: WhoHow | None
    grade: Grade | None = Field(description="Of its evidence, A to E (D28).")
    identity_kind: KnownBy | None = Field(description="By what it is known which part it was.")
    answer_kind: AnswerBy | None = Field(description="By what the device's answer is known.")
    watched: Watched | None = Field(description="How the station was watched meanwhile.")
    elapsed_s: float | None
    observed_code: str | None
    measured: str | None
    counter: int | None
    serial: str | None
    variant: str | None
    nest: str | None
    pallet: str | None
    sources: Annotated[dict[SaidOf, Source] | None, FromJson] = Field(
        description="Who told which of these four by the station's file; one without a value is not "
        "known. null where an older version wrote it."
    )
    program: str | None
    mode: str | None
    not_counted: NotCounted | None = Field(
        description="Why it fulfils nothing, though it is kept and shown; null where it counts."
    )
    evidence: Annotated[dict[str, Any] | None, FromJson] = Field(
        description="The trace of every signal of the rule, its windows, and the rule itself."
    )
    given_back_at: datetime | None
    given_back_by: Who | None
    given_back_how: WhoHow | None
    decides: bool
    entry: int


class Signature(Model):
    """One signature."""

    entry: int = Field(description="Ledger entry that is signed.")
    leaf_hash: str = Field(description="Of that entry, hex.")
    subject: Subject
    subject_id: str = Field(
        description="The run, containment, part or occurrence that it finished."
    )
    meaning: Meaning
    signed_at: datetime
    signed_by: Who
    signed_how: WhoHow
    auth_at: datetime = Field(description="When they showed who they are, at most a minute before.")
    shown: str = Field(description="SHA-256, hex, of the text that was on the screen.")
    language: PersonLanguage
    stands: bool = Field(
        description="false: the record was changed since, so it is signed no more."
    )
    signed_entry: int = Field(description="Ledger entry of the signature itself.")


class RunWithPresentations(Run):
    """One run with everything that was shown, seen, remarked and signed."""

    presentations: list[Presentation]
    told: list[ToldOfPart]
    remarks: list[Remark]
    signatures: list[Signature]


class Pause(Model):
    """A line declared not producing."""

    pause_id: PauseRef
    line: str
    begins_at: datetime
    ends_at: datetime
    reason_text: str = Field(description="A person's words.")
    declared_by: Who
    declared_how: WhoHow
    ended_by: Who | None
    ended_how: WhoHow | None


class ClockDoubt(Model):
    """A step of the machine's clock that was believed only once it was confirmed."""

    entry: int
    stepped_at: datetime = Field(description="What the clock said until then.")
    set_to_at: datetime
    settled_at: datetime | None
    settled: ClockSettledBy | None
    settled_by: Who | None
    settled_how: WhoHow | None


class EventTold(Model):
    """What happened in production, as it was told once."""

    event_id: EventRef
    line: str
    station: str | None = Field(description="null: the whole line.")
    event: PlantEvent
    happened_at: datetime = Field(
        description="From when it holds; checks that wait for it are due."
    )
    told_by_what: ToldBy
    signal: str | None
    run_id: RunRef | None = Field(description="Of which it is the event.")
    seen_late: bool = Field(
        description="It happened while nobody watched its signal; it holds from when it was seen."
    )
    note: str | None = Field(description="A person's words, or a program's.")
    same_as: EventRef | None = Field(
        description="The same event was told shortly before; this telling makes nothing due."
    )
    serving: Annotated[list[OccurrenceRef], FromJson] = Field(
        description="Scheduled checks that were due already and are to be done after it: they serve it, too."
    )
    told_by: Who
    told_how: WhoHow
