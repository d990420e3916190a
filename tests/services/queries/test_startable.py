"""What can be started at a station, with why a part can't be taken (L6, B25)."""

from collections.abc import Callable, Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, PartId
from redrabbit.domain.schedule import OnDemand
from redrabbit.services import planning, scheduling
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.beside_status import without_verdict
from redrabbit.services.queries.startable import Startable
from redrabbit.services.queries.wording import message
from tests.plants import OP20, a_check, a_part, a_plant
from tests.services.queries.at_op20 import AtOp20

QUALITY = Actor.stated("quality")


def rows(bench: AtOp20) -> tuple[Startable, ...]:
    return bench.page().startable


def test_a_scheduled_check_comes_with_its_times_and_is_urgent() -> None:
    (row,) = rows(AtOp20())
    assert (row.status, row.why.code, row.occurrence, row.urgent) == (
        "due",
        "why.due",
        "line1-O-1",
        True,
    )


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
    assert (row.status, row.containment, row.urgent) == ("missed", "line1-C-1", True)
    assert row.hindered == message("start.repair_first")
    bench.repair()
    (row,) = rows(bench)
    assert (row.containment, row.hindered) == ("line1-C-1", None)
    bench.verify(case="line1-C-1")
    (row,) = rows(bench)
    assert (row.containment, row.urgent) == (None, False)


def test_runs_without_a_verdict_are_told_where_the_next_one_is_started() -> None:
    """F9."""
    bench = AtOp20(a_plant(a_check(schedule=OnDemand())))
    assert (rows(bench)[0].without_verdict, rows(bench)[0].advice) == (None, None)
    for n in (1, 2, 3):
        bench.give_up()
        (row,) = rows(bench)
        assert row.without_verdict == without_verdict(n)
        assert (row.advice == message("board.call_quality")) == (n == 3)


def test_the_most_urgent_stands_first() -> None:
    ask = a_check("a-on-demand", schedule=OnDemand())
    bench = AtOp20(a_plant(ask, a_check()))
    assert [row.check for row in rows(bench)] == ["op20-torque", "a-on-demand"]


def test_an_expired_part_is_named_and_stops_the_start() -> None:
    old = a_part("RR-0001", valid_until=date(2026, 3, 1))
    bench = AtOp20(a_plant(parts=(old, a_part("GM-0001", None))))
    (row,) = rows(bench)
    assert row.hindered is not None
    rabbit, good = row.parts
    assert rabbit.unfit is not None
    assert (rabbit.unfit.code, good.unfit) == ("refusal.part_expired", None)


def test_a_part_in_quarantine_is_said_to_be() -> None:
    bench = AtOp20()
    bench.write(lambda uow: planning.quarantine(uow, "GM-0001", reason="worn", actor=QUALITY))
    (row,) = rows(bench)
    assert [part.unfit.code for part in row.parts if part.unfit] == ["refusal.part_quarantined"]


ON_DEMAND = a_check(
    "on-demand", schedule=OnDemand(), parts=(PartId("RR-0002"), PartId("GM-0001")), plan_line="20"
)


class Undone(Exception):
    """Raised to take a command back."""


def starts(bench: AtOp20, row: Startable) -> bool:
    """Return whether the service would start it; nothing is started."""

    def command(uow: UnitOfWork) -> None:
        pending.command(uow)
        raise Undone

    try:
        pending = bench.owner.start(
            check_id=row.check,
            occurrence_id=row.occurrence,
            containment_id=row.containment,
            actor=QUALITY,
            now=bench.clock.now(),
        )
        bench.write(command)
    except Refusal:
        return False
    except Undone:
        return True
    return False


def _lose_the_station(bench: AtOp20) -> None:
    bench.pass_time(60)
    bench.fail(OP20)


def _keep_obligations(bench: AtOp20) -> None:
    bench.write(lambda uow: scheduling.step(uow, bench.plant))


HAPPENINGS: Mapping[str, Callable[[AtOp20], object]] = {
    "passes": lambda bench: bench.verify(),
    "misses": lambda bench: bench.miss(),
    "repaired": lambda bench: bench.repair(),
    "missed again": lambda bench: bench.miss(case="line1-C-1"),
    "verified again": lambda bench: bench.verify(case="line1-C-1"),
    "quarantined": lambda bench: bench.write(
        lambda uow: planning.quarantine(uow, "RR-0001", reason="worn", actor=QUALITY)
    ),
    "released": lambda bench: bench.write(
        lambda uow: planning.release(uow, "RR-0001", actor=QUALITY)
    ),
    "station lost": _lose_the_station,
    "station read": lambda bench: bench.read_both(),
    "twenty minutes": lambda bench: bench.pass_time(1200),
    "four hours": lambda bench: bench.pass_time(14400),
    "obligations kept": _keep_obligations,
    "months": lambda bench: bench.pass_time(400 * 24 * 3600),
}


@given(st.lists(st.sampled_from([*HAPPENINGS]), max_size=8))
def test_what_the_page_offers_to_start_is_what_the_service_starts(happenings: list[str]) -> None:
    """L6, D9, B23: no button that is refused, and none disabled that would not be."""
    bench = AtOp20(a_plant(a_check(), ON_DEMAND))
    for happening in happenings:
        try:
            HAPPENINGS[happening](bench)
        except Refusal:
            continue
        for row in rows(bench):
            assert starts(bench, row) is (row.hindered is None), row


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
