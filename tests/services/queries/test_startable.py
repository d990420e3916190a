"""What can be started at a station, with why a part can't be taken (L6, B25)."""

from datetime import date

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor
from redrabbit.domain.schedule import OnDemand
from redrabbit.services import planning
from redrabbit.services.queries.startable import Startable
from tests.plants import a_check, a_part, a_plant
from tests.services.queries.at_op20 import AtOp20

QUALITY = Actor.stated("quality")


def rows(bench: AtOp20) -> tuple[Startable, ...]:
    return bench.page().startable


def test_a_scheduled_check_comes_with_its_times_and_is_urgent() -> None:
    (row,) = rows(AtOp20())
    assert (row.status, row.why.code, row.occurrence, row.urgent) == ("due", "why.due", 1, True)


def test_an_overdue_check_says_for_how_long() -> None:
    bench = AtOp20()
    bench.pass_time(10 * 60 + 20 * 60 + 90)
    bench.read_both()
    (row,) = rows(bench)
    assert (row.status, row.why.code) == ("overdue", "board.overdue")
    assert row.why.params["overdue"].total_seconds() == 90  # type: ignore[attr-defined]  # because it is a duration


def test_what_nothing_asks_for_can_be_started_on_demand() -> None:
    bench = AtOp20(a_plant(a_check(schedule=OnDemand())))
    (row,) = rows(bench)
    assert (row.why.code, row.occurrence, row.urgent) == ("start.on_demand", None, False)


def test_an_open_case_asks_for_its_re_verification_until_it_passed() -> None:
    """L4."""
    bench = AtOp20(a_plant(a_check(schedule=OnDemand())))
    bench.miss()
    (row,) = rows(bench)
    assert (row.status, row.containment, row.urgent) == ("missed", 1, True)
    bench.verify(case=1)
    (row,) = rows(bench)
    assert (row.containment, row.urgent) == (None, False)


def test_the_most_urgent_stands_first() -> None:
    ask = a_check("a-on-demand", schedule=OnDemand())
    bench = AtOp20(a_plant(ask, a_check()))
    assert [row.check for row in rows(bench)] == ["op20-torque", "a-on-demand"]


def test_an_expired_part_is_named_and_stops_the_start() -> None:
    old = a_part("RR-0001", valid_until=date(2026, 3, 1))
    bench = AtOp20(a_plant(parts=(old, a_part("GM-0001", None))))
    (row,) = rows(bench)
    assert row.unfit
    rabbit, good = row.parts
    assert rabbit.unfit is not None
    assert (rabbit.unfit.code, good.unfit) == ("refusal.part_expired", None)


def test_a_part_in_quarantine_is_said_to_be() -> None:
    bench = AtOp20()
    bench.write(lambda uow: planning.quarantine(uow, "GM-0001", reason="worn", actor=QUALITY))
    (row,) = rows(bench)
    assert [part.unfit.code for part in row.parts if part.unfit] == ["refusal.part_quarantined"]


def test_what_a_page_calls_unfit_is_refused_by_the_start() -> None:
    """L6: the page and the service ask the same question."""
    bench = AtOp20()
    bench.write(lambda uow: planning.quarantine(uow, "GM-0001", reason="worn", actor=QUALITY))
    (row,) = rows(bench)
    with pytest.raises(Refusal) as refused:
        bench.start()
    (unfit,) = (part.unfit for part in row.parts if part.unfit is not None)
    assert unfit.code == f"refusal.{refused.value.code}"
    assert unfit.params == refused.value.params
