"""How long a year of a plan of 200 checks takes to be tried out: 5 s at most on one core (run with `--benchmark-only`)."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from redrabbit.domain.identity import StationId
from redrabbit.domain.parts_made import parts_at_rate
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.tried_plan import TriedPlan, tried_plan
from redrabbit.domain.try_out import Basis
from tests.benchmarks.reporting import report
from tests.plants import LINE, a_check, a_plant, a_station

STATIONS, CHECKS = 100, 200
RULES = (
    "every shift start",
    "every shift start + every 500 parts",
    "every 2 h of work",
    "3 times a shift",
    "before the first part of each shift",
    "weekly on mon at 06:00",
    "every shift start + every shift end",
    "every 300 parts",
    "daily at 06:00 + every shift middle",
)
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=365)


def a_year() -> TriedPlan:
    """Try a year of three shifts a day out, seven days a week, at 120 parts per hour."""
    stations = tuple(a_station(StationId(f"op{number}")) for number in range(STATIONS))
    checks = [
        a_check(
            f"check{number}",
            StationId(f"op{number % STATIONS}"),
            parse_schedule(RULES[number % len(RULES)]),
        )
        for number in range(CHECKS)
    ]
    plant = a_plant(*checks, stations=stations)
    made = parts_at_rate(plant.calendars[LINE], Fraction(120), SINCE, UNTIL)
    basis = Basis(
        since=SINCE,
        until=UNTIL,
        made={station.id: made for station in stations},
        minutes={check.id: 2.0 for check in checks},
        to_shipping=timedelta(hours=8),
    )
    return tried_plan(plant, basis)


def test_a_year_of_two_hundred_checks(benchmark: Any) -> None:
    tried = benchmark.pedantic(a_year, rounds=1)
    due = sum(len(each.due) for each in tried.played)
    figures = {"checks": CHECKS, "due times": due}
    report(benchmark, "a year tried out", figures)
