"""What a try-out goes by: declared before recorded, real counts of a month that is over, and nothing guessed."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.records import PartCountRecord, PlantEventRecord
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.services import plant_events
from redrabbit.services.queries import try_out as queries
from redrabbit.services.queries.try_out import (
    Declared,
    From,
    TryOut,
    coming_month,
    month_span,
    try_out,
)
from tests.plants import LINE, OP20, OP30, TORQUE_CHECK, a_check, a_plant
from tests.services.test_custody import ANNA
from tests.services.test_parts_due import Line

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
IN_APRIL = datetime(2026, 4, 2, tzinfo=UTC)


@pytest.fixture
def line() -> Line:
    """A line that made 50 parts in 10 hours of March, one check, and a changeover."""
    made = Line("every 50 parts + after changeover")
    made.make(0)
    made.make(49)
    made.pass_time(10 * 3600)
    made.make(1)
    made.check()
    made.write(
        lambda uow: plant_events.tell(
            uow,
            made.plant,
            line=LINE,
            station=None,
            event=PlantEvent.CHANGEOVER,
            note=None,
            actor=ANNA,
        )
    )
    return made


def tried(line: Line, month: date, declared: Declared | None = None) -> TryOut:
    now = IN_APRIL if month == MARCH else line.clock.now()
    span = month_span(line.plant, month)
    return line.database.read_now(
        lambda reader: try_out(reader, line.plant, span, declared or Declared(), now)
    )


def test_a_month_that_is_over_has_its_own_counts_and_events(line: Line) -> None:
    declared = Declared(per_hour=Fraction(1000))
    found = tried(line, MARCH, declared)
    (rate,) = found.taken.rates
    assert (rate.station, rate.source, rate.is_exact) == (OP20, From.COUNTER, False)
    assert (found.taken.is_past, found.taken.events, found.taken.uses_known) == (True, 1, False)
    (played,) = found.tried.played
    assert [each.trigger_key.split(":")[0] for each in played.due] == ["parts", "event"]
    assert played.not_known == ()


@pytest.mark.parametrize(
    ("bound", "code"),
    [("MOST_EVENTS", "try_out_many_events"), ("MOST_COUNTS", "try_out_many_counts")],
)
def test_what_is_too_much_to_read_is_refused_and_never_cut(
    line: Line, monkeypatch: pytest.MonkeyPatch, bound: str, code: str
) -> None:
    kind: type[PlantEventRecord | PartCountRecord] = (
        PlantEventRecord if bound == "MOST_EVENTS" else PartCountRecord
    )
    size = line.database.read_now(lambda reader: reader.count(kind))
    monkeypatch.setattr(queries, bound, size)
    tried(line, MARCH)
    monkeypatch.setattr(queries, bound, size - 1)
    with pytest.raises(Refusal) as refused:
        tried(line, MARCH)
    assert refused.value.code == code


def test_a_month_to_come_goes_by_the_weeks_before(line: Line) -> None:
    found = tried(line, APRIL)
    (rate,) = found.taken.rates
    assert rate.source is From.RATE
    assert rate.per_hour == pytest.approx(5, abs=0.2)
    (minutes,) = found.taken.minutes
    assert (minutes.check, minutes.source, minutes.runs) == (TORQUE_CHECK, From.RUNS, 1)
    assert minutes.minutes == pytest.approx(3.8 / 60, abs=0.05)
    assert (found.taken.events, found.basis.uses[PartId("RR-0001")]) == (None, 1)
    assert [each.value for each in found.tried.played[0].not_known] == ["events"]


def test_what_somebody_declares_counts_first(line: Line) -> None:
    declared = Declared(
        per_hour=Fraction(7),
        per_hour_of={LINE: Fraction(90)},
        minutes_of={CheckId(TORQUE_CHECK): 4.0},
        to_shipping=timedelta(hours=8),
    )
    found = tried(line, APRIL, declared)
    assert [(each.source, each.per_hour) for each in found.taken.rates] == [(From.DECLARED, 90.0)]
    assert found.basis.minutes == {TORQUE_CHECK: 4.0}
    assert found.taken.to_shipping == timedelta(hours=8)


def test_without_records_nothing_is_known_and_nothing_is_guessed() -> None:
    plant = a_plant(a_check("one", OP20), a_check("other", OP30))
    found = try_out(None, plant, month_span(plant, MARCH), Declared(), IN_APRIL)
    assert {each.source for each in found.taken.rates} == {From.NOT_KNOWN}
    assert {each.source for each in found.taken.minutes} == {From.NOT_KNOWN}
    assert (found.basis.made, found.basis.minutes, found.basis.uses) == ({}, {}, {})
    assert found.taken.events is None


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 12, 31, 23, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 1, 31, tzinfo=UTC), date(2026, 2, 1)),
    ],
)
def test_the_coming_month_is_the_next_one_on_the_wall(now: datetime, month: date) -> None:
    plant = a_plant()
    assert coming_month(plant, now) == month
    begin, end = month_span(plant, month)
    assert (begin.date(), (end - timedelta(days=1)).month) == (month, month.month)
