"""The operator's page tells the run as its rules have it: what is left, and whether it goes on."""

from redrabbit.services.queries.station import RunUnderWay, stations_page
from tests.plants import OP20, TORQUE_CHECK
from tests.services.queries.at_op20 import AtOp20


def titles(run: RunUnderWay) -> list[tuple[str, str, object]]:
    """Return state, sentence and part of each line."""
    return [(line.state, line.title.code, line.title.params.get("part")) for line in run.steps]


def a_run_with_a_part_out() -> AtOp20:
    bench = AtOp20()
    bench.start()
    bench.scan()
    return bench


def a_judged_run(**answer: bool | int) -> AtOp20:
    bench = AtOp20()
    bench.start()
    bench.judged(**answer)
    return bench


def test_a_run_aborted_while_armed_has_only_the_part_to_give_back() -> None:
    """D4: nothing further is presented once a run is stopped."""
    bench = a_run_with_a_part_out()
    bench.abort()
    run = bench.run_shown()
    assert titles(run) == [
        ("done", "step.take", "RR-0001"),
        ("now", "step.give_back", "RR-0001"),
        ("to_come", "step.confirm", None),
    ]
    assert run.now_doing.missing.params == {"steps": 1}
    assert run.going_no_further is not None


def test_a_run_goes_no_further_after_an_inconclusive_verdict() -> None:
    """D4: a rejection for another reason proves nothing, and ends the sequence."""
    run = a_judged_run(rejected=True, reject_code=99).run_shown()
    assert run.going_no_further is not None
    assert run.now_doing.missing.params == {"steps": 1}
    assert "GM-0001" not in str(titles(run))


def test_a_run_goes_no_further_after_a_miss() -> None:
    run = a_judged_run(accepted=True).run_shown()
    assert run.going_no_further is not None
    assert run.now_doing.missing.params == {"steps": 1}


def test_a_good_verdict_leads_on_to_the_next_part() -> None:
    run = a_judged_run(rejected=True, reject_code=11).run_shown()
    assert run.going_no_further is None
    assert ("to_come", "step.good_part", "GM-0001") in titles(run)
    assert run.now_doing.missing.params == {"steps": 2}


def test_a_part_that_came_back_unjudged_is_said_to_be_unjudged() -> None:
    bench = a_run_with_a_part_out()
    bench.abort()
    bench.give_back()
    run = bench.run_shown()
    assert titles(run) == [
        ("done", "step.part_unjudged", "RR-0001"),
        ("now", "step.confirm", None),
    ]
    assert run.can_confirm
    assert run.now_doing.missing.code == "confirm.ready"


def test_a_part_that_was_never_put_on_is_not_said_to_have_been() -> None:
    bench = a_run_with_a_part_out()
    deadline = bench.owner.deadline()
    assert deadline is not None
    bench.settle(bench.owner.tick(deadline.at))
    codes = [code for _, code, _ in titles(bench.run_shown())]
    assert codes == ["step.take", "step.give_back", "step.confirm"]


def test_what_can_be_started_is_listed_while_nothing_runs() -> None:
    page = AtOp20().page()
    assert page.run is None
    (row,) = page.startable
    assert (row.check, row.status, row.hindered) == (TORQUE_CHECK, "due", None)
    assert [part.part for part in row.parts] == ["RR-0001", "GM-0001"]


def test_the_last_verdict_is_the_worst_of_the_last_run() -> None:
    bench = AtOp20()
    bench.miss()
    page = bench.page()
    assert page.last is not None
    assert (page.last.verdict, page.last_run) == ("missed", "line1-R-1")
    assert [row.status for row in page.startable] == ["missed"]


def test_an_alarm_is_shown_until_somebody_has_seen_it() -> None:
    """L5: the operator must see that a part did not come back."""
    bench = a_judged_run(rejected=True, reject_code=11)
    deadline = bench.owner.deadline()
    assert deadline is not None
    bench.settle(bench.owner.tick(deadline.at))
    (alarm,) = bench.page().alarms
    assert (alarm.code, alarm.params["part"]) == ("alarm.not_returned", "RR-0001")


def test_stations_say_which_run_holds_them_and_which_cannot_be_read() -> None:
    bench = a_run_with_a_part_out()
    now = bench.clock.now()
    page = bench.ask(
        lambda reader: stations_page(reader, bench.plant, {OP20: bench.owner.view(now)}, now)
    )
    assert [(row.station, row.run, row.unread) for row in page.rows] == [
        ("op20", "line1-R-1", None),
        ("op30", None, None),
    ]
