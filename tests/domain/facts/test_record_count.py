"""The counts that are kept are what counting the records would give, after anything at all (D63)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.count_periods import EVER, periods_of
from redrabbit.domain.facts.alarm import AlarmRecord
from redrabbit.domain.facts.containment import ContainmentRecord, ContainmentState
from redrabbit.domain.facts.fact import Put, Record
from redrabbit.domain.facts.occurrence import OccurrenceOutcome, OccurrenceRecord
from redrabbit.domain.facts.record_count import CountRecord, counts_after
from redrabbit.domain.facts.run import RunRecord
from redrabbit.domain.identity import AlarmId, ContainmentId, OccurrenceId, RunId
from redrabbit.domain.run_words import Outcome
from tests.domain.folded import AT, RUN, FoldedLedger, at
from tests.stored import bare

Records = Mapping[tuple[type[Record], tuple[Any, ...]], Record]


def counted_anew(records: Iterable[Record]) -> Counter[tuple[str, ...]]:
    """Return how many records there are by what decides it, written down once more."""
    found: Counter[tuple[str, ...]] = Counter()
    for record in records:
        match record:
            case RunRecord(outcome=Outcome() as came_to):
                place = record.line, record.station, record.device, "", came_to.value
                found.update(("runs", period, *place) for period in periods_of(record.started_at))
            case OccurrenceRecord(outcome=OccurrenceOutcome() as came_to):
                place = record.line, record.station, record.device, record.check_id, came_to.value
                found.update(("occurrences", each, *place) for each in periods_of(record.due_at))
            case ContainmentRecord():
                place = record.line, record.station, record.device, "", record.state.value
                found["containments", EVER, *place] += 1
            case AlarmRecord():
                is_read = record.acknowledged_at is not None
                outcome = "acknowledged" if is_read else "unacknowledged"
                found["alarms", EVER, record.stream, "", "", "", outcome] += 1
            case _:
                pass
    return found


def kept(records: Iterable[Record]) -> dict[tuple[str, ...], int]:
    """Return the counts that were kept, without those that went down to nothing."""
    return {
        tuple(getattr(each, name) for name in CountRecord.KEY): each.count
        for each in records
        if isinstance(each, CountRecord) and each.count
    }


RUNS = st.builds(
    lambda number, line, device, outcome, started_at: bare(
        RunRecord,
        run_id=RunId(f"R-{number}"),
        line=line,
        station=f"{device}-station",
        device=device,
        outcome=outcome,
        started_at=started_at,
    ),
    st.integers(1, 4),
    st.sampled_from(["a", "b"]),
    st.sampled_from(["x", "y"]),
    st.none() | st.sampled_from(list(Outcome)),
    st.sampled_from(
        [datetime.fromisoformat(f"{day}T06:00Z") for day in ("2025-12-31", "2026-01-01")]
    ),
)
CASES = st.builds(
    lambda number, state: bare(
        ContainmentRecord, containment_id=ContainmentId(f"C-{number}"), state=state
    ),
    st.integers(1, 3),
    st.sampled_from(list(ContainmentState)),
)
ALARMS = st.builds(
    lambda number, seen: bare(AlarmRecord, alarm_id=AlarmId(f"A-{number}"), acknowledged_at=seen),
    st.integers(1, 3),
    st.sampled_from([None, at(0)]),
)
DUE = st.builds(
    lambda number, device, check, outcome, due_at: bare(
        OccurrenceRecord,
        occurrence_id=OccurrenceId(f"O-{number}"),
        device=device,
        check_id=check,
        outcome=outcome,
        due_at=due_at,
    ),
    st.integers(1, 3),
    st.sampled_from(["x", "y"]),
    st.sampled_from(["x-1", "x-2"]),
    st.none() | st.sampled_from(list(OccurrenceOutcome)),
    st.sampled_from([at(0), at(86_400)]),
)
OTHERS = st.just(bare(CountRecord, counted="none of ours", count=5))


@given(st.lists(st.lists(st.one_of(RUNS, CASES, ALARMS, DUE, OTHERS), max_size=4), max_size=12))
def test_counts_are_those_of_the_records_whatever_is_changed(entries: list[list[Record]]) -> None:
    """Also where one entry changes one record twice, or moves it to another line or day."""
    records: dict[tuple[type[Record], tuple[Any, ...]], Record] = {}
    for changed in entries:
        changes = tuple(Put(record) for record in changed)
        for put in (*changes, *counts_after(changes, look_into(records))):
            key = tuple(getattr(put.record, name) for name in put.record.KEY)
            records[type(put.record), key] = put.record
    ours = {key: each for key, each in kept(records.values()).items() if key[0] != "none of ours"}
    assert ours == dict(counted_anew(records.values()))


def look_into(records: Records) -> Callable[..., Any]:
    return lambda kind, *key: records.get((kind, key))


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["start", "close", "correct", "alarm", "acknowledge", "erase"]),
        st.integers(1, 5),
        st.sampled_from(list(Outcome)),
    ),
    max_size=25,
)


@given(MOVES)
def test_counts_are_those_of_the_records_after_any_facts(
    moves: list[tuple[str, int, Outcome]],
) -> None:
    """Through the catalogue's own fold: runs closed, closed again with another outcome, entries erased."""
    ledger = FoldedLedger()
    for place, (what, number, outcome) in enumerate(moves):
        tell(ledger, what, number, outcome, place)
    records = ledger.records.values()
    assert kept(records) == dict(counted_anew(records))
    assert all(each.count >= 0 for each in records if isinstance(each, CountRecord))


def tell(ledger: FoldedLedger, what: str, number: int, outcome: Outcome, place: int) -> None:
    """Say one thing, if it makes sense now."""
    run, alarm = RunId(f"line1-R-{number}"), AlarmId(f"line1-A-{number}")
    match what:
        case "start" if ledger.look(RunRecord, run) is None:
            about = {"run_id": run, "occurrence_id": None}
            ledger.say("run_started", place * 40_000.0, **(RUN | about))
        case "close" | "correct" if ledger.look(RunRecord, run) is not None:
            ledger.say("run_closed", **AT, run_id=run, outcome=outcome, confirmed=True)
        case "alarm" if ledger.look(AlarmRecord, alarm) is None:
            ledger.say("alarm_raised", alarm_id=alarm, kind="missed")
        case "acknowledge" if ledger.look(AlarmRecord, alarm) is not None:
            ledger.say("alarm_acknowledged", alarm_id=alarm)
        case "erase" if number < len(ledger.entries):
            ledger.erase(number)


def test_a_count_that_is_not_kept_up_is_seen() -> None:
    """The law can fail."""
    ledger = FoldedLedger()
    ledger.say("run_started", **(RUN | {"occurrence_id": None}))
    (key, run) = next((k, r) for k, r in ledger.records.items() if k[0] is RunRecord)
    assert isinstance(run, RunRecord)
    ledger.records[key] = replace(run, outcome=Outcome.PASSED)
    records = ledger.records.values()
    assert kept(records) != dict(counted_anew(records))
