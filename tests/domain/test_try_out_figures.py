"""What a tried-out plan comes to, in figures that are counted by hand here."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.parts_made import parts_at_rate
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.tried_plan import TriedPlan, tried_plan
from redrabbit.domain.try_out import Basis
from redrabbit.domain.try_out_figures import Work
from tests.plants import BEGIN, LINE, OP20, OP30, a_check, a_part, a_plant

HOUR = timedelta(hours=1)
SINCE = BEGIN.replace(hour=6, minute=0)
UNTIL = SINCE + 24 * HOUR
TWO = (
    a_check("one", schedule=parse_schedule("every shift start + every shift end")),
    a_check("other", OP30, parse_schedule("every 4 h of work")),
)


def basis(**known: Any) -> Basis:
    made = parts_at_rate(a_plant().calendars[LINE], Fraction(100), SINCE, UNTIL)
    usual: dict[str, Any] = {"made": {OP20: made}, "minutes": {CheckId("one"): 2.5}}
    return Basis(since=SINCE, until=UNTIL, **(usual | known))


def tried(**known: Any) -> TriedPlan:
    return tried_plan(a_plant(*TWO), basis(**known))


def test_a_shift_has_its_minutes_and_its_peak() -> None:
    (line,) = tried().lines
    early, late, night = line.shifts
    # start and end; 06:00, 10:00 and 14:00 of work; the end of early is the start of late
    assert early.work == Work(checks=5, minutes=5.0, without_minutes=3)
    assert early.peak_at == SINCE
    assert early.peak == Work(checks=2, minutes=2.5, without_minutes=1)
    assert (late.work.checks, night.work.checks) == (3, 1)
    assert line.outside == Work()
    assert line.all == Work(checks=9, minutes=7.5, without_minutes=6)


def test_what_is_due_while_nobody_works_belongs_to_no_shift() -> None:
    plant = a_plant(a_check(schedule=parse_schedule("daily at 03:00")))
    idle = replace(plant.calendars[LINE], shifts=plant.calendars[LINE].shifts[:1])
    (line,) = tried_plan(replace(plant, calendars={LINE: idle}), basis()).lines
    assert (line.outside.checks, sum(each.work.checks for each in line.shifts)) == (1, 0)


def test_exposure_is_what_is_made_between_two_proofs() -> None:
    first, *_ = tried().exposures
    assert (first.proofs, first.worst, first.mean, first.longest) == (3, 800, 800.0, 8 * HOUR)
    assert first.worst_until == SINCE + 8 * HOUR
    assert (first.is_at_least, first.ships_first) == (False, None)
    other = next(each for each in tried().exposures if each.station == OP30)
    assert (other.worst, other.mean, other.longest) == (None, None, 4 * HOUR)


@pytest.mark.parametrize(("hours", "first"), [(7, True), (8, False)])
def test_parts_ship_first_where_the_time_to_shipping_is_shorter(hours: int, first: bool) -> None:
    assert tried(to_shipping=hours * HOUR).exposures[0].ships_first is first


def test_the_edges_of_the_time_are_at_least() -> None:
    plant = a_plant(a_check(schedule=parse_schedule("daily at 12:00")))
    exposure, *_ = tried_plan(plant, basis()).exposures
    assert (exposure.worst, exposure.is_at_least, exposure.mean) == (1800, True, None)
    never = a_plant(a_check(schedule=parse_schedule("on demand")))
    exposure, *_ = tried_plan(never, basis()).exposures
    assert (exposure.proofs, exposure.worst, exposure.is_at_least) == (0, 2400, True)


def test_what_is_not_known_may_make_it_less() -> None:
    plant = a_plant(a_check(schedule=parse_schedule("every shift start + after changeover")))
    assert tried_plan(plant, basis()).exposures[0].may_be_less
    assert not tried_plan(plant, basis(events=())).exposures[0].may_be_less


@pytest.mark.parametrize(
    ("part", "uses", "code", "unfit_for"),
    [
        (a_part("RR-0001"), {}, None, 0),
        (a_part("RR-0001", valid_until=date(2026, 3, 1)), {}, "part_expired", 3),
        (a_part("RR-0001", valid_until=date(2026, 3, 2)), {}, None, 0),
        (a_part("RR-0001", wear_limit_uses=10), {PartId("RR-0001"): 8}, "part_worn_out", 1),
        (a_part("RR-0001", wear_limit_uses=2), {}, "part_worn_out", 1),
        (a_part("RR-0001", released=False), {}, "part_unreleased", 3),
    ],
)
def test_a_piece_that_does_not_last_is_named(
    part: ChallengePart, uses: dict[PartId, int], code: str | None, unfit_for: int
) -> None:
    plant = a_plant(a_check(parts=(PartId("RR-0001"),)), parts=(part,))
    (used,) = tried_plan(plant, basis(uses=uses)).parts
    assert (used.needed, used.unfit_code) == (3, code)
    assert used.unfit_for == unfit_for
