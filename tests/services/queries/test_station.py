"""The operator's page tells the run as its rules have it: what is left, and whether it goes on."""

from redrabbit.domain.identity import Actor
from redrabbit.services.queries.station import RunUnderWay, StationPage, station_page
from tests.plants import OP20, OP30, TORQUE_CHECK, Bench

ANNA = Actor.stated("2207")


def page_of(bench: Bench) -> StationPage:
    views = {station: watch.view(bench.clock.now()) for station, watch in bench.watches.items()}
    return bench.database.read_now(
        lambda reader: station_page(reader, bench.plant, views, OP20, bench.clock.now())
    )


def run_of(bench: Bench) -> RunUnderWay:
    run = page_of(bench).run
    assert run is not None
    return run


def titles(run: RunUnderWay) -> list[tuple[str, str, object]]:
    """Return state, sentence and part of each line."""
    return [(line.state, line.title.code, line.title.params.get("part")) for line in run.steps]


def a_bench() -> Bench:
    bench = Bench()
    bench.read(OP20)
    bench.read(OP30)
    return bench


def a_run_with_a_part_out() -> Bench:
    bench = a_bench()
    watch, now = bench.watches[OP20], bench.clock.now()
    bench.settle(
        watch.start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=ANNA,
            now=now,
        )
    )
    bench.settle(watch.scan("RR-0001", actor=ANNA, now=now))
    return bench


def a_judged_run(**answer: bool | int) -> Bench:
    bench = a_run_with_a_part_out()
    bench.pass_time(1)
    bench.read(OP20, part_present=True)
    bench.pass_time(0.5)
    bench.read(OP20, **answer)
    return bench


def given_back(bench: Bench) -> Bench:
    bench.settle(bench.watches[OP20].give_back("RR-0001", actor=ANNA, now=bench.clock.now()))
    return bench


def test_a_run_aborted_while_armed_has_only_the_part_to_give_back() -> None:
    """D4: nothing further is presented once a run is stopped."""
    bench = a_run_with_a_part_out()
    bench.settle(bench.watches[OP20].abort("fixture jammed", actor=ANNA, now=bench.clock.now()))
    run = run_of(bench)
    assert titles(run) == [
        ("done", "step.take", "RR-0001"),
        ("now", "step.give_back", "RR-0001"),
        ("to_come", "step.confirm", None),
    ]
    assert run.now_doing.missing.params == {"steps": 1}
    assert run.going_no_further is not None


def test_a_run_goes_no_further_after_an_inconclusive_verdict() -> None:
    """D4: a rejection for another reason proves nothing, and ends the sequence."""
    run = run_of(a_judged_run(rejected=True, reject_code=99))
    assert run.going_no_further is not None
    assert run.now_doing.missing.params == {"steps": 1}
    assert "GM-0001" not in str(titles(run))


def test_a_run_goes_no_further_after_a_miss() -> None:
    run = run_of(a_judged_run(accepted=True))
    assert run.going_no_further is not None
    assert run.now_doing.missing.params == {"steps": 1}


def test_a_good_verdict_leads_on_to_the_next_part() -> None:
    run = run_of(a_judged_run(rejected=True, reject_code=11))
    assert run.going_no_further is None
    assert ("to_come", "step.good_part", "GM-0001") in titles(run)
    assert run.now_doing.missing.params == {"steps": 2}


def test_a_part_that_came_back_unjudged_is_said_to_be_unjudged() -> None:
    bench = a_run_with_a_part_out()
    bench.settle(bench.watches[OP20].abort("fixture jammed", actor=ANNA, now=bench.clock.now()))
    run = run_of(given_back(bench))
    assert titles(run) == [
        ("done", "step.part_unjudged", "RR-0001"),
        ("now", "step.confirm", None),
    ]
    assert run.can_confirm
    assert run.now_doing.missing.code == "confirm.ready"


def test_a_part_that_was_never_put_on_is_not_said_to_have_been() -> None:
    bench = a_run_with_a_part_out()
    bench.settle(bench.watches[OP20].tick(bench.watches[OP20].deadline().at))  # type: ignore[union-attr]  # because an armed run has its deadline
    assert [code for _, code, _ in titles(run_of(bench))] == [
        "step.take",
        "step.give_back",
        "step.confirm",
    ]


def test_what_can_be_started_is_listed_while_nothing_runs() -> None:
    page = page_of(a_bench())
    assert page.run is None
    (row,) = page.startable
    assert (row.check, row.status, row.unfit) == (TORQUE_CHECK, "due", False)
    assert [part.part for part in row.parts] == ["RR-0001", "GM-0001"]


def test_the_last_verdict_is_the_worst_of_the_last_run() -> None:
    bench = given_back(a_judged_run(accepted=True))
    bench.settle(bench.watches[OP20].confirm(actor=ANNA, now=bench.clock.now()))
    page = page_of(bench)
    assert page.last is not None
    assert (page.last.verdict, page.last_run) == ("missed", 1)
    assert [row.status for row in page.startable] == ["missed"]
