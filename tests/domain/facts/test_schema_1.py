"""Every entry that schema 1 wrote says something in the fields of today's facts (D12)."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.facts.catalogue import BY_TYPE, fact_of
from redrabbit.domain.facts.challenge_part import PartStateCode
from redrabbit.domain.facts.codec import decode, encode, field_names
from redrabbit.domain.facts.occurrence import DecisionCode
from redrabbit.domain.facts.schema_1 import of_schema_1
from redrabbit.domain.facts.schema_2 import of_schema_2
from redrabbit.domain.identity import AGENT, CONFIGURATION, SCHEDULER, Actor, How
from redrabbit.domain.ledger import Entry, Event, JsonValue, StoredEntry, read_entry
from redrabbit.domain.records import RunRecord
from redrabbit.domain.run_words import Outcome, StopCode
from tests.domain.folded import FoldedLedger
from tests.domain.schema_1_entries import appended_in_schema_1

SAMPLES = Path(__file__).parents[1] / "samples"
ENTRIES = [
    read_entry(StoredEntry(raw=raw, salt=None, payload=None), index)
    for name in ("ledger_schema_1", "ledger_schema_1_every_type")
    for index, raw in enumerate((SAMPLES / f"{name}.jsonl").read_bytes().splitlines())
]
ANNA = Actor.stated("Anna Li")
ADDED = {
    "alarm_ended",
    "approval_asked",
    "approval_carried_out",
    "approval_fell",
    "approval_refused",
    "approval_requested",
    "approval_withdrawn",
    "approval_moot",
    "approval_overdue",
    "badge_issued",
    "calendar_changed",
    "calendar_change_taken_back",
    "check_due_again",
    "check_due_anew",
    "clock_doubted",
    "clock_settled",
    "occurrence_reopened",
    "occurrence_postponed",
    "badge_revoked",
    "alarms_told",
    "way_removed",
    "way_set",
    "containment_window_moved",
    "credential_locked",
    "credential_removed",
    "credential_set",
    "credential_unlocked",
    "device_lost",
    "device_restored",
    "feed_held",
    "feed_not_held",
    "history_lost",
    "plan_form_answered",
    "plan_revision_approved",
    "plan_revision_discarded",
    "plan_revision_held_back",
    "plan_revision_scheduled",
    "plan_revision_stored",
    "plan_revision_superseded",
    "plan_revision_took_effect",
    "in_force_changed",
    "key_changed",
    "lapse_explained",
    "link_given",
    "message_decided",
    "not_watched",
    "part_handed_back",
    "part_handed_over",
    "part_told",
    "parts_counted",
    "parts_counted_from",
    "parts_reached",
    "payloads_erased",
    "plant_event_told",
    "person_changed",
    "person_disabled",
    "person_enabled",
    "person_registered",
    "pulse_decided",
    "pulse_proposed",
    "qualification_recorded",
    "qualification_withdrawn",
    "repair_disproved",
    "repair_recorded",
    "role_granted",
    "role_revoked",
    "run_remarked",
    "run_unqualified",
    "signature_given",
    "silence_declared",
    "silence_ended",
    "station_retired",
    "station_screen_enrolled",
    "station_screen_revoked",
    "station_stood",
    "stream_heads",
    "token_issued",
    "token_revoked",
}
"""Entry types that schema 1 did not have."""


def today(entry: Entry) -> dict[str, Any]:
    return dict(of_schema_2(entry.type, of_schema_1(entry, BY_TYPE)))


@pytest.mark.parametrize("type_", sorted({entry.type for entry in ENTRIES}))
def test_every_entry_of_the_samples_is_a_fact_of_today(type_: str) -> None:
    for entry in (each for each in ENTRIES if each.type == type_):
        fact = fact_of(entry)
        assert type(fact) is BY_TYPE[type_]
        assert today(entry).keys() == field_names(BY_TYPE[type_])
        assert decode(BY_TYPE[type_], encode(fact)) == fact


def test_the_samples_have_every_type_that_schema_1_had() -> None:
    assert {entry.type for entry in ENTRIES} == BY_TYPE.keys() - ADDED


KEPT_ELSEWHERE = {
    "author",
    "confirmed_by",  # the entry's actor
    "ended_by",  # always null when a pause was declared
    "plan",
    "plan_line",
    "pfmea",  # parts of the plan's reference
    "reason",
    "state_reason",  # a code, or a person's words
    "reaction",
}
IDS = {"run_id", "window_from_run", "occurrence_id", "containment_id", "pause_id", "alarm_id"}


def test_what_an_entry_said_it_says_today_in_the_same_words() -> None:
    """Fields of the same name keep their value; a number of the whole plant is an id."""
    for entry in ENTRIES:
        assert entry.payload is not None
        told = today(entry)
        for name in entry.payload.keys() & told.keys() - KEPT_ELSEWHERE:
            was, now = entry.payload[name], told[name]
            same = now.rpartition("-")[2] == str(was) if name in IDS and was else now == was
            assert same, (entry.index, entry.type, name)


def test_nothing_of_what_an_entry_said_is_passed_over_but_what_was_said_twice() -> None:
    """The names that today's facts do not have: each is told by another field."""
    lost: dict[str, set[str]] = {}
    for entry in ENTRIES:
        assert entry.payload is not None
        gone = entry.payload.keys() - field_names(BY_TYPE[entry.type]) - KEPT_ELSEWHERE
        if gone:
            lost.setdefault(entry.type, set()).update(gone)
    assert lost == {}


def an_entry(type_: str, actor: Actor, **payload: JsonValue) -> Entry:
    template = next(each for each in ENTRIES if each.type == type_)
    assert template.payload is not None
    return replace(template, actor=actor, payload={**template.payload, **payload})


OUR_STOPS = ["not_started", "not_presented", "not_confirmed", "restarted"]


@pytest.mark.parametrize("word", [*OUR_STOPS, "configuration_changed", "person", "夹具卡住"])
def test_a_persons_reason_is_never_read_as_a_code(word: str) -> None:
    """D23: whatever somebody typed, they typed it."""
    stopped = today(an_entry("run_stopped", ANNA, reason=word))
    assert (stopped["reason_code"], stopped["reason_text"]) == ("person", word)
    excused = today(an_entry("occurrence_decided", ANNA, reason=word))
    assert (excused["reason_code"], excused["reason_text"]) == ("person", word)
    declared = today(an_entry("pause_declared", ANNA, reason=word))
    assert declared["reason_text"] == word
    dropped = today(an_entry("part_state_changed", ANNA, state="quarantined", state_reason=word))
    assert (dropped["state_code"], dropped["state_text"]) == ("person", word)


def test_a_quarantine_with_the_softwares_own_word_is_a_persons() -> None:
    word = "not_in_configuration"
    for type_, actor in (("part_state_changed", ANNA), ("part_registered", CONFIGURATION)):
        told = today(an_entry(type_, actor, state="quarantined", state_reason=word))
        assert (told["state_code"], told["state_text"]) == ("person", word)
    retired = an_entry("part_state_changed", CONFIGURATION, state="retired", state_reason=word)
    told = today(retired)
    assert (told["state_code"], told["state_text"]) == (word, None)


@pytest.mark.parametrize("word", OUR_STOPS)
def test_the_softwares_own_stop_is_a_code(word: str) -> None:
    outcome = "inconclusive" if word == "restarted" else "aborted"
    for type_ in ("run_stopped", "run_closed"):
        told = today(an_entry(type_, AGENT, reason=word, outcome=outcome))
        assert (told["reason_code"], told["reason_text"]) == (word, None)


@pytest.mark.parametrize("word", ["not_recordable", "not_recorded"])
def test_a_stop_that_came_later_is_none_of_schema_1(word: str) -> None:
    """D12: what an entry of schema 1 says never changes; then only a person could have said it."""
    for type_ in ("run_stopped", "run_closed"):
        told = today(an_entry(type_, ANNA, reason=word, outcome="aborted"))
        assert (told["reason_code"], told["reason_text"]) == ("person", word)


def test_a_run_that_was_given_up_was_not_restarted() -> None:
    """A restart ends a run inconclusive; `restarted` of an aborted one is what somebody typed."""
    told = today(an_entry("run_closed", AGENT, reason="restarted", outcome="aborted"))
    assert (told["reason_code"], told["reason_text"]) == ("person", "restarted")


@pytest.mark.parametrize(
    ("word", "code", "pause"),
    [
        ("not_done", "not_done", None),
        ("missed", "missed", None),
        ("check_retired", "check_retired", None),
        ("pause-12", "pause", "P-12"),
        (None, None, None),
    ],
)
def test_why_an_occurrence_was_decided(
    word: str | None, code: str | None, pause: str | None
) -> None:
    told = today(an_entry("occurrence_decided", SCHEDULER, reason=word))
    assert (told["reason_code"], told["reason_text"], told["pause_id"]) == (code, None, pause)


def test_who_ticked_a_step_was_only_stated() -> None:
    steps: list[JsonValue] = [
        {"en": "Stop", "zh": "停", "done_at": None, "done_by": None},
        {
            "en": "Hold",
            "zh": "隔离",
            "done_at": "2026-03-01T22:55:17.500000Z",
            "done_by": "Anna Li",
        },
    ]
    for type_ in ("containment_opened", "reaction_changed"):
        told = today(an_entry(type_, ANNA, reaction=steps))
        assert [step["done_how"] for step in told["reaction"]] == [None, "stated"]


def test_a_suspect_window_ended_with_the_stop() -> None:
    template = next(each for each in ENTRIES if each.type == "containment_stopped")
    assert today(template)["window_end"] == "stop"


def test_a_run_stands_under_the_plan_of_its_entry() -> None:
    entry = replace(an_entry("run_started", ANNA), plan="CP-9 rev 12")
    plan = {"number": "CP-9", "revision": "12", "line": None, "pfmea": None}
    assert today(entry)["plan"] == plan


AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


# Whatever somebody typed, they typed it (D23)

OURS = sorted({code.value for kind in (StopCode, DecisionCode, PartStateCode) for code in kind})
WORDS = st.one_of(
    st.sampled_from([*OURS, *OUR_STOPS, "pause-3", "pause-", "retired"]), st.text(min_size=1)
)
PEOPLE = st.builds(
    Actor, id=st.just("2207"), how=st.sampled_from([how for how in How if how is not How.SYSTEM])
)
REASONS = {"reason", "state_reason"}
WITH_REASON = sorted(
    {e.type for e in ENTRIES if e.payload is not None and REASONS & e.payload.keys()}
    - {"run_closed"}  # repeats the stop's, which says whose it is
    - {"station_lost"}  # a link's word, which nobody can write
)


@pytest.mark.parametrize("type_", WITH_REASON)
@given(who=PEOPLE, word=WORDS, data=st.data())
def test_no_code_of_ours_comes_out_of_what_a_person_wrote(
    type_: str, who: Actor, word: str, data: st.DataObject
) -> None:
    """Of every type that has a reason, in every state that it may name."""
    template = next(each for each in ENTRIES if each.type == type_)
    assert template.payload is not None
    payload: dict[str, JsonValue] = {n: word for n in REASONS if n in template.payload}
    if "state" in template.payload:
        payload["state"] = data.draw(st.sampled_from([state.value for state in PartState]))
    told = today(an_entry(type_, who, **payload))
    codes = {n: v for n, v in told.items() if n in {"reason_code", "state_code"}}
    texts = {v for n, v in told.items() if n in {"reason_text", "state_text"}}
    assert set(codes.values()) <= {"person"}, codes
    assert texts == {word}
    assert told.get("pause_id") is None or type_ == "pause_declared"


@given(
    word=WORDS,
    closer=st.sampled_from([ANNA, AGENT]),
    confirmed=st.booleans(),
    outcome=st.sampled_from([outcome.value for outcome in Outcome]),
)
def test_a_stop_by_a_person_stays_theirs_however_the_run_is_closed(
    word: str, closer: Actor, confirmed: bool, outcome: str
) -> None:
    """The last entry of a run repeats the reason and not whose it was; the stop says that."""
    run = folded_run(
        ("run_started", ANNA, {"run_id": 7, "occurrence_id": None, "containment_id": None}),
        ("run_stopped", ANNA, {"run_id": 7, "reason": word, "outcome": "aborted"}),
        (
            "run_closed",
            closer,
            {
                "run_id": 7,
                "reason": word,
                "outcome": outcome,
                "confirmed_by": "Anna Li" if confirmed else None,
            },
        ),
    )
    assert (run.reason_code, run.reason_text) == ("person", word)


@pytest.mark.parametrize("word", OUR_STOPS)
@pytest.mark.parametrize("closer", [ANNA, AGENT])
def test_a_stop_by_the_software_stays_its_own_whoever_closes_the_run(
    word: str, closer: Actor
) -> None:
    """D23, the other way round: nobody is said to have written our code."""
    outcome = "inconclusive" if word == "restarted" else "aborted"
    run = folded_run(
        ("run_started", ANNA, {"run_id": 7, "occurrence_id": None, "containment_id": None}),
        ("run_stopped", AGENT, {"run_id": 7, "reason": word, "outcome": outcome}),
        ("run_closed", closer, {"run_id": 7, "reason": word, "outcome": outcome}),
    )
    assert (run.reason_code, run.reason_text) == (word, None)


def folded_run(*told: tuple[str, Actor, dict[str, JsonValue]]) -> RunRecord:
    """Return run 7 as these entries of schema 1 leave it."""
    ledger = FoldedLedger()
    for type_, actor, payload in told:
        template = an_entry(type_, actor, **payload)
        ledger.take(appended_in_schema_1(ledger.log, event_of(template), AT))
    return ledger.the(RunRecord, "R-7")


@pytest.mark.parametrize("word", [*OUR_STOPS, "configuration_changed", "夹具卡住"])
def test_a_run_given_up_by_a_person_stays_so_when_it_is_closed(word: str) -> None:
    """D23: the last entry of a run repeats the reason and not whose it was; the stop says that."""
    ledger = FoldedLedger()
    for type_, actor, payload in (
        ("run_started", ANNA, {"run_id": 7, "occurrence_id": None, "containment_id": None}),
        ("run_stopped", ANNA, {"run_id": 7, "reason": word, "outcome": "aborted"}),
        (
            "run_closed",
            AGENT,
            {"run_id": 7, "reason": word, "outcome": "aborted", "confirmed_by": None},
        ),
    ):
        template = an_entry(type_, actor, **payload)
        ledger.take(appended_in_schema_1(ledger.log, event_of(template), AT))
    run = ledger.the(RunRecord, "R-7")
    assert (run.reason_code, run.reason_text) == ("person", word)


def test_a_plan_that_lost_the_check_ends_a_stopped_run_for_its_own_reason() -> None:
    ledger = FoldedLedger()
    for type_, actor, payload in (
        ("run_started", ANNA, {"run_id": 7, "occurrence_id": None, "containment_id": None}),
        ("run_stopped", ANNA, {"run_id": 7, "reason": "gloves", "outcome": "aborted"}),
        ("run_closed", AGENT, {"run_id": 7, "reason": "configuration_changed"}),
    ):
        template = an_entry(type_, actor, **payload)
        ledger.take(appended_in_schema_1(ledger.log, event_of(template), AT))
    run = ledger.the(RunRecord, "R-7")
    assert (run.reason_code, run.reason_text) == ("configuration_changed", None)


def event_of(template: Entry) -> Event:
    assert template.payload is not None
    return Event(
        type=template.type,
        stream="line1",
        occurred_at=AT,
        actor=template.actor,
        payload=template.payload,
    )
