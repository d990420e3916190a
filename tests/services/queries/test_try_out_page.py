"""The page of a try-out: both plans in each row, whatever only one of them has."""

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

from redrabbit.domain.control_plan import Check
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import parse_schedule
from redrabbit.services.queries.try_out import Declared, month_span, try_out
from redrabbit.services.queries.try_out_page import (
    SHOWN,
    Tried,
    TryOutPage,
    figure,
    try_out_page,
)
from tests.plants import OP20, OP30, a_check, a_part, a_plant

MARCH = date(2026, 3, 1)
NOW = datetime(2026, 2, 1, tzinfo=UTC)
DECLARED = Declared(per_hour=Fraction(60), minutes=2.5)


def tried(said: str, *checks: Check) -> Tried:
    plant: Plant = a_plant(
        *checks, parts=(a_part("RR-0001", valid_until=MARCH), a_part("GM-0001", None))
    )
    found = try_out(None, plant, month_span(plant, MARCH), DECLARED, NOW)
    return Tried(said=said, plant=plant, found=found)


def page(*each: Tried) -> TryOutPage:
    return try_out_page(each, MARCH, DECLARED, ())


def test_two_plans_share_their_rows() -> None:
    shifts = a_check("one", OP20)
    found = page(
        tried("draft", shifts, a_check("other", OP30)),
        tried("in-force", replace(shifts, schedule=parse_schedule("daily at 11:00"))),
    )
    assert [work.checks for work in found.works] == [2 * 93, 31]
    assert found.against == "in-force"
    cells = [row.cells for row in found.shifts] + [row.cells for row in found.exposures]
    assert {len(each) for each in (*cells, *(row.cells for row in found.parts))} == {2}
    (first, *_) = found.exposures
    assert [cell.worst for cell in first.cells if cell is not None] == [480, 1440]
    assert [row.part for row in found.parts] == ["RR-0001"]


def test_due_times_are_listed_up_to_a_bound_and_the_rest_is_counted() -> None:
    (row,) = page(tried("in-force", a_check())).checks
    assert (len(row.first), row.more) == (SHOWN, 93 - SHOWN)


def test_what_is_taken_alike_is_said_once() -> None:
    found = page(tried("in-force", a_check("one", OP20), a_check("other", OP30)))
    told = {each.code: each.params for each in found.taken}
    assert told["tryout.taken.minutes_declared"]["checks"] == "one, other"
    assert told["tryout.taken.parts_declared"] == {"stations": f"{OP20}, {OP30}", "rate": "60"}
    assert "tryout.taken.shipping_unknown" in told
    assert [figure(each) for each in (2.0, 2.54)] == ["2", "2.5"]
