from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import CheckId, DeviceId, LineId
from redrabbit.domain.occurrence import (
    OccurrenceStatus,
    frozen_times,
    holding_run,
    lapse_at,
    may_be_excused,
    may_be_run,
    status,
    trigger_key,
    under_way,
)
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.domain.schedule import DueTime, EveryShiftStart
from tests.builders import RABBIT, STATION, T0, an_occurrence, at

MOMENT = timedelta(microseconds=1)
HELD = an_occurrence(run_id="line1-R-7", held_until=at(4000))
HELD_SHORT = an_occurrence(run_id="line1-R-7", held_until=at(900))
WITHOUT_GRACE = an_occurrence(grace_ends_at=T0)


def test_times_are_frozen_as_the_plan_says_them() -> None:
    """D9."""
    check = Check(
        id=CheckId("op20-torque"),
        plan_line="12",
        pfmea="12.4 rev C",
        line=LineId("line1"),
        station=STATION,
        device=DeviceId("op20-torque"),
        parts=(RABBIT,),
        schedule=EveryShiftStart(),
        opens_before=timedelta(minutes=30),
        grace=timedelta(minutes=10),
        closes_after=timedelta(hours=1),
        reaction=(),
    )
    times = frozen_times(check, DueTime(due_at=T0, trigger_key="shift:2026-03-02:early"))
    assert times.trigger_key == "shift:2026-03-02:early"
    assert times.opens_at == at(-1800)
    assert times.due_at == T0
    assert times.grace_ends_at == at(600)
    assert times.closes_at == at(3600)


@pytest.mark.parametrize(
    ("record", "now", "stands"),
    [
        pytest.param(an_occurrence(), at(-1800) - MOMENT, "upcoming", id="before it opens"),
        pytest.param(an_occurrence(), at(-1800), "open", id="as it opens"),
        pytest.param(an_occurrence(), T0 - MOMENT, "open", id="before it is due"),
        pytest.param(an_occurrence(), T0, "due", id="as it is due"),
        pytest.param(an_occurrence(), at(600) - MOMENT, "due", id="before its grace ends"),
        pytest.param(an_occurrence(), at(600), "overdue", id="as its grace ends"),
        pytest.param(an_occurrence(), at(3600) - MOMENT, "overdue", id="before it closes"),
        pytest.param(an_occurrence(), at(3600), "lapsed", id="as it closes"),
        pytest.param(an_occurrence(), at(10**7), "lapsed", id="long after"),
        pytest.param(WITHOUT_GRACE, T0 - MOMENT, "open", id="no grace, before due"),
        pytest.param(WITHOUT_GRACE, T0, "overdue", id="no grace, as it is due"),
        pytest.param(HELD, at(3600), "overdue", id="held over the close"),
        pytest.param(HELD, at(4000) - MOMENT, "overdue", id="before the run's timeout"),
        pytest.param(HELD, at(4000), "lapsed", id="at the run's timeout"),
        pytest.param(HELD_SHORT, at(900), "overdue", id="the run's timeout before the close"),
        pytest.param(HELD_SHORT, at(3600), "lapsed", id="a run that timed out holds nothing"),
    ],
)
def test_undecided_occurrence_stands_as_its_times_say(
    record: OccurrenceRecord, now: datetime, stands: str
) -> None:
    assert status(record, now).value == stands


@pytest.mark.parametrize("outcome", ["passed", "failed", "lapsed", "excused"])
@pytest.mark.parametrize("seconds", [-3600, 0, 700, 10**6])
def test_decided_occurrence_stands_as_decided_for_ever(outcome: str, seconds: float) -> None:
    decided = an_occurrence(outcome=outcome, decided_at=at(60))
    assert status(decided, at(seconds)) is OccurrenceStatus(outcome)


@pytest.mark.parametrize(
    ("record", "lapses"),
    [
        pytest.param(an_occurrence(), at(3600), id="at the close"),
        pytest.param(HELD, at(4000), id="at the timeout of the run that holds it"),
        pytest.param(HELD_SHORT, at(3600), id="not before the close"),
    ],
)
def test_lapse_is_dated_by_computation(record: OccurrenceRecord, lapses: datetime) -> None:
    """D9: whoever writes it, whenever."""
    assert lapse_at(record) == lapses


@pytest.mark.parametrize(
    ("record", "now", "held"),
    [
        pytest.param(an_occurrence(), T0, False, id="no run"),
        pytest.param(HELD, at(4000) - MOMENT, True, id="before the run's timeout"),
        pytest.param(HELD, at(4000), False, id="at the run's timeout"),
        pytest.param(
            an_occurrence(run_id="line1-R-7", held_until=at(4000), outcome="failed"),
            T0,
            False,
            id="decided",
        ),
    ],
)
def test_run_holds_an_undecided_occurrence_until_its_timeout(
    record: OccurrenceRecord, now: datetime, held: bool
) -> None:
    assert under_way(record, now) is held


ORDER = [
    OccurrenceStatus.UPCOMING,
    OccurrenceStatus.OPEN,
    OccurrenceStatus.DUE,
    OccurrenceStatus.OVERDUE,
    OccurrenceStatus.LAPSED,
]
seconds = st.integers(0, 10_000)


@given(
    gaps=st.tuples(seconds, seconds, seconds, seconds),
    held=st.none() | seconds,
    one=st.integers(-20_000, 60_000),
    other=st.integers(-20_000, 60_000),
)
def test_status_only_goes_forward_and_changes_only_at_stored_instants(
    gaps: tuple[int, int, int, int], held: int | None, one: int, other: int
) -> None:
    opens, due, grace, closes = (sum(gaps[: n + 1]) for n in range(4))
    record = an_occurrence(
        opens_at=at(opens),
        due_at=at(due),
        grace_ends_at=at(grace),
        closes_at=at(closes),
        held_until=None if held is None else at(held),
    )
    first, second = sorted([one, other])
    before, after = status(record, at(first)), status(record, at(second))
    assert ORDER.index(before) <= ORDER.index(after)
    stored = {opens, due, grace, closes, held}
    if before is not after:
        assert any(instant is not None and first < instant <= second for instant in stored)


def test_a_run_holds_it_until_it_is_decided() -> None:
    assert holding_run(an_occurrence()) is None
    assert holding_run(HELD) == "line1-R-7"
    assert holding_run(an_occurrence(run_id="line1-R-7", outcome="passed")) is None


@pytest.mark.parametrize(
    ("seconds", "run", "excused"),
    [
        pytest.param(-1801, False, True, id="upcoming"),
        pytest.param(-1800, True, True, id="open"),
        pytest.param(0, True, True, id="due"),
        pytest.param(600, True, True, id="overdue"),
        pytest.param(3600, False, False, id="lapsed"),
    ],
)
def test_it_may_be_run_in_its_window_and_excused_until_that_closes(
    seconds: float, run: bool, excused: bool
) -> None:
    """L7, D9."""
    assert may_be_run(an_occurrence(), at(seconds)) is run
    assert may_be_excused(an_occurrence(), at(seconds)) is excused
    assert not may_be_run(HELD, at(seconds))
    assert not may_be_excused(HELD, at(seconds))


@pytest.mark.parametrize("outcome", ["passed", "failed", "lapsed", "excused"])
def test_what_is_decided_is_neither_run_nor_excused(outcome: str) -> None:
    decided = an_occurrence(outcome=outcome)
    assert not may_be_run(decided, T0)
    assert not may_be_excused(decided, T0)


@pytest.mark.parametrize(
    ("variant", "nest", "key"),
    [
        pytest.param(None, None, "count:1200", id="the planned moment alone"),
        pytest.param("LHD", None, "count:1200|variant=LHD", id="of a variant"),
        pytest.param(None, "left", "count:1200|nest=left", id="of a nest"),
        pytest.param("LHD", "left", "count:1200|variant=LHD|nest=left", id="of both"),
    ],
)
def test_each_combination_of_variant_and_nest_is_owed_by_itself(
    variant: str | None, nest: str | None, key: str
) -> None:
    """D54."""
    assert trigger_key("count:1200", variant, nest) == key
