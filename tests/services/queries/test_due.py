"""What is due, coming and over, and the pauses (B15, B16, R13)."""

from datetime import datetime, timedelta
from functools import partial

from redrabbit.domain.identity import How
from redrabbit.domain.pauses import pauses_after
from redrabbit.domain.records import CheckRecord, OccurrenceRecord
from redrabbit.domain.schedule import OnDemand
from redrabbit.domain.schedule_words import EveryInterval
from redrabbit.services import planning, scheduling
from redrabbit.services.queries.checks import check_page, devices_page
from redrabbit.services.queries.coverage import coverage_now
from redrabbit.services.queries.device_overview import device_overviews
from redrabbit.services.queries.due import LOOK_BACK, MOST_SHOWN, DuePage, DueRow, due_page
from redrabbit.services.queries.people import Person
from redrabbit.services.queries.reasons import quoted
from redrabbit.services.queries.wording import message
from redrabbit.services.unmade import known_ahead
from redrabbit.web.api.plant import check_model
from tests.plants import TORQUE_CHECK, a_check, a_plant
from tests.services.queries.at_op20 import ANNA, AtOp20
from tests.showcase import at
from tests.showcase_story import OCCURRENCES, Showcase

CHEN_JIE_STATED = Person(name="Chen Jie", how=How.STATED)


def page_of(showcase: Showcase) -> DuePage:
    now = showcase.clock.now()
    return showcase.ask(lambda reader: due_page(reader, showcase.plant, now))


def page_at(bench: AtOp20) -> DuePage:
    now = bench.clock.now()
    return bench.ask(lambda reader: due_page(reader, bench.plant, now))


def numbers(rows: tuple[DueRow, ...]) -> list[str | None]:
    return [row.occurrence for row in rows]


def test_each_occurrence_stands_in_its_section(showcase: Showcase) -> None:
    page = page_of(showcase)
    assert numbers(page.overdue) == OCCURRENCES["overdue"]
    assert numbers(page.due) == OCCURRENCES["due"] + OCCURRENCES["open"]
    assert numbers(page.lapsed) == OCCURRENCES["lapsed"]
    assert numbers(page.excused) == OCCURRENCES["excused"]


def test_it_is_said_how_each_stands_to_its_time(showcase: Showcase) -> None:
    page = page_of(showcase)
    rows = (*page.overdue, *page.due, *page.lapsed, *page.excused)
    assert [row.timing.code for row in rows] == [
        "board.overdue",
        "board.due_until",
        "board.due_in",
        "due.lapsed_at",
        "occurrence.excused",  # by a person: nobody says that the line made nothing
    ]


def test_who_excused_and_why_stands_beside_it(showcase: Showcase) -> None:
    (row,) = page_of(showcase).excused
    assert (row.reason, row.by) == (quoted("Line stood still, no material"), CHEN_JIE_STATED)
    assert not row.can_excuse
    assert row.signed_at is not None


def test_what_the_plan_says_is_coming_before_it_is_a_row(showcase: Showcase) -> None:
    coming = page_of(showcase).coming
    assert {row.occurrence for row in coming} == {None}
    assert coming[0].due_at == min(row.due_at for row in coming)
    assert {row.timing.code for row in coming} == {"due.ahead"}
    assert "line3-op50" in {row.check for row in coming}


def test_a_pause_that_is_not_over_is_listed_and_not_yet_on(showcase: Showcase) -> None:
    (pause,) = page_of(showcase).pauses
    assert (pause.begins_at, pause.is_over, pause.declared_by) == (
        at(200),
        False,
        CHEN_JIE_STATED,
    )


def test_what_a_run_holds_cannot_be_excused_and_names_the_run() -> None:
    """L7: the page offers what the service would do, and nothing else."""
    bench = AtOp20()
    (free,) = page_at(bench).due
    assert (free.can_excuse, free.under_way) == (True, None)
    bench.start()
    (held,) = page_at(bench).due
    assert (held.can_excuse, held.under_way) == (False, "line1-R-1")


def test_what_was_decided_ahead_of_its_due_time_is_not_coming_as_well() -> None:
    """A check that was excused an hour before stood in both lists: somebody prepared for it all the same."""
    bench = AtOp20(a_plant(a_check(schedule=EveryInterval(interval_s=7200))))
    ahead = None
    while ahead is None:
        bench.pass_time(300)
        bench.write(lambda uow: scheduling.step(uow, bench.plant))
        ahead = next((row for row in page_at(bench).due if row.due_at > bench.clock.now()), None)
    asked = ahead.occurrence
    assert asked is not None
    bench.write(lambda uow: planning.excuse(uow, asked, reason="no parts", actor=ANNA))
    page = page_at(bench)
    assert asked in numbers(page.excused)
    assert [row.due_at for row in page.coming] == [ahead.due_at + timedelta(hours=2)]


def test_next_is_the_same_wherever_it_is_told_once_it_was_done_or_excused_ahead() -> None:
    """Board, station, devices and check named the check that was done already as the next one."""
    bench = AtOp20(a_plant(a_check(schedule=EveryInterval(interval_s=7200))))
    for is_done in (True, False):
        ahead = None
        while ahead is None:
            bench.pass_time(300)
            bench.write(lambda uow: scheduling.step(uow, bench.plant))
            now = bench.clock.now()
            ahead = next((row for row in page_at(bench).due if row.due_at > now), None)
        asked = ahead.occurrence
        assert asked is not None
        assert told_next(bench) == {ahead.due_at}
        if is_done:
            bench.verify()
        else:
            bench.write(
                partial(planning.excuse, occurrence_id=asked, reason="no parts", actor=ANNA)
            )
        assert bench.clock.now() < ahead.due_at
        (coming,) = page_at(bench).coming
        assert told_next(bench) == {coming.due_at} == {ahead.due_at + timedelta(hours=2)}


def told_next(bench: AtOp20) -> set[datetime | None]:
    """Return what the station, the board, the list of devices, coverage, programs and the check's page say is next."""
    now = bench.clock.now()
    views = {station: owner.view(now) for station, owner in bench.owners.items()}
    (standing, _) = bench.ask(lambda r: device_overviews(r, bench.plant, views, now))
    devices = bench.ask(lambda r: devices_page(r, bench.plant, views, now))
    check = bench.ask(lambda r: check_page(r, bench.plant, TORQUE_CHECK, now))
    record, known, pauses = bench.ask(
        lambda r: (r.find(CheckRecord)[0], known_ahead(r, now), pauses_after(r, now))
    )
    of_plan = bench.plant.check(TORQUE_CHECK)
    by_program = check_model(bench.plant, of_plan, record, known, pauses=pauses, now=now)
    return {
        bench.page().next_due_at,
        standing.standing.next_due_at,
        devices.rows[0].next_due_at,
        check.next_due[0].due_at,
        by_program.next_due[0],
        *(row.due_at for row in bench.ask(lambda r: coverage_now(r, bench.plant, now)).rows[:1]),
    }


def test_a_list_that_is_cut_says_so() -> None:
    """B30."""
    often = a_check(schedule=EveryInterval(interval_s=7200))
    bench = AtOp20(a_plant(often))
    cut: dict[int, bool] = {}
    for _ in range(8):
        bench.pass_time(16 * 3600)
        bench.write(lambda uow: scheduling.step(uow, bench.plant))
        page = page_at(bench)
        cut[len(page.lapsed)] = page.is_cut
        recorded = [
            each
            for each in bench.ask(lambda reader: reader.find(OccurrenceRecord))
            if each.outcome == "lapsed" and each.due_at >= page.now - LOOK_BACK
        ]
        assert page.over_in_all == {"lapsed": len(recorded), "excused": 0}, "B34: the true number"
    assert max(cut) == MOST_SHOWN
    assert len(recorded) > MOST_SHOWN
    assert [each for each, is_cut in cut.items() if is_cut] == [MOST_SHOWN]


def test_a_lapse_is_told_before_it_is_recorded() -> None:
    """D9: a page is right even when nobody has swept."""
    bench = AtOp20()
    bench.pass_time(10 * 60 + 60 * 60)
    page = page_at(bench)
    assert numbers(page.lapsed) == ["line1-O-1"]
    assert not page.lapsed[0].can_excuse


def test_what_was_run_again_and_again_without_a_verdict_stands_first_due_or_not() -> None:
    """F9: five runs given up were counted, told and seen nowhere."""
    ask = a_check("on-demand", schedule=OnDemand())
    bench = AtOp20(a_plant(a_check(), ask))
    for _ in range(2):
        bench.give_up("on-demand")
    assert page_at(bench).again == ()
    bench.give_up("on-demand")
    bench.give_up()
    page = page_at(bench)
    (again,) = page.again
    assert (again.check, again.without_verdict) == (
        "on-demand",
        message("without_verdict.again", n=3),
    )
    assert again.since <= bench.clock.now()
    (due,) = page.due
    assert due.without_verdict == message("without_verdict.once")
