"""The cases that misses opened: suspect window, reaction, the way back (L4, R24)."""

from dataclasses import replace

import pytest

from redrabbit.base.messages import Message
from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, ContainmentId, How, PartId, RunId
from redrabbit.domain.repair import RepairCode
from redrabbit.services import containing
from redrabbit.services.containing import EndTold
from redrabbit.services.queries.containment import (
    ContainmentPage,
    containment_page,
    containments_page,
)
from redrabbit.services.queries.people import Person
from redrabbit.services.queries.reasons import quoted
from redrabbit.services.queries.wording import message
from tests.plants import TORQUE_CHECK, a_check
from tests.services.queries.at_op20 import AtOp20
from tests.showcase_story import CLOSED_CASE, MISSED_RUN, OPEN_CASE, SILENT_RUN, Showcase

CASE, AGAIN = ContainmentId("line1-C-1"), RunId("line1-R-2")
LI_WEI_STATED = Person(name="Li Wei", how=How.STATED)


def codes(said: tuple[Message, ...]) -> list[str]:
    return [each.code for each in said]


def case_of(showcase: Showcase, case: str) -> ContainmentPage:
    now = showcase.clock.now()
    return showcase.ask(
        lambda reader: containment_page(reader, showcase.plant, ContainmentId(case), now)
    )


def case_at(bench: AtOp20) -> ContainmentPage:
    now = bench.clock.now()
    return bench.ask(lambda reader: containment_page(reader, bench.plant, CASE, now))


def test_open_and_closed_cases_are_listed_apart(showcase: Showcase) -> None:
    now = showcase.clock.now()
    page = showcase.ask(lambda reader: containments_page(reader, showcase.plant, now))
    assert [(row.containment, row.steps_done, row.steps) for row in page.open] == [
        (OPEN_CASE, 1, 4)
    ]
    assert [(row.containment, row.steps_done, row.steps) for row in page.closed] == [
        (CLOSED_CASE, 4, 4)
    ]


def test_an_open_case_tells_its_window_and_what_is_left(showcase: Showcase) -> None:
    page = case_of(showcase, OPEN_CASE)
    assert (page.run, page.part, page.stopped_by) == (MISSED_RUN, "RR-0007", LI_WEI_STATED)
    assert (page.case.counter_from, page.case.counter_to) == (1268, 1482)
    assert (page.case.quantity, page.case.at_least) == (214, False)
    assert [step.done_by for step in page.reaction] == [LI_WEI_STATED, None, None, None]
    assert page.case.window_from is not None
    assert (page.check, [part.part for part in page.parts]) == (
        "line2-op20",
        ["RR-0007", "GM-0007"],
    )


def test_a_case_says_whether_the_device_accepted_or_said_nothing(showcase: Showcase) -> None:
    """F5."""
    said = [case_of(showcase, case).verdict for case in (OPEN_CASE, CLOSED_CASE)]
    assert [verdict and verdict.word.code for verdict in said] == [
        "verdict.missed",
        "verdict.missed_silent",
    ]


def test_a_case_before_anything_was_good_has_no_beginning(showcase: Showcase) -> None:
    """D5."""
    page = case_of(showcase, CLOSED_CASE)
    assert (page.run, page.case.window_from, page.case.at_least) == (SILENT_RUN, None, True)
    assert page.closed_at is not None
    assert page.reverified_by_run == "line1-R-2"
    assert page.reverified_at is not None
    assert page.case.opened_at < page.reverified_at <= page.closed_at
    assert page.attempts == ()


def test_a_re_verification_is_under_way_until_it_is_closed_then_an_attempt() -> None:
    bench = AtOp20()
    bench.miss()
    bench.repair()
    bench.start(case=CASE)
    assert case_at(bench).repairs == ()
    assert (case_at(bench).run_under_way, case_at(bench).attempts) == (AGAIN, ())
    bench.judged(accepted=True)
    bench.give_back()
    assert case_at(bench).run_under_way == AGAIN
    bench.confirm()
    page = case_at(bench)
    assert page.run_under_way is None
    ((run, outcome, grade, _),) = page.attempts
    assert (run, outcome, grade) == (AGAIN, "failed", "C")


def test_a_case_that_passed_waits_for_its_reaction_and_for_a_person() -> None:
    """B24, D35."""
    bench = AtOp20()
    bench.miss()
    assert codes(case_at(bench).left) == ["todo.reverify", "todo.window", "todo.reaction"]
    bench.verify(case=CASE)
    assert (case_at(bench).case.state, case_at(bench).closed_at) == ("reverified", None)
    assert codes(case_at(bench).left) == ["todo.window", "todo.reaction"]
    for step in range(2):
        bench.write(
            lambda uow, step=step: containing.tick_reaction(  # type: ignore[misc]  # because mypy can't infer a lambda with a default
                uow, CASE, step=step, actor=Actor.stated("li")
            )
        )
    li = Actor.stated("li")
    still_open = case_at(bench).case
    assert (still_open.window_to, still_open.at_least) == (None, True)
    assert codes(case_at(bench).left) == ["todo.window"]
    bench.write(lambda uow: containing.end_window(uow, CASE, EndTold(), count=None, actor=li))
    assert (case_at(bench).case.state, case_at(bench).left) == ("reverified", ())
    bench.write(lambda uow: containing.close(uow, CASE, actor=Actor.stated("chen")))
    page = case_at(bench)
    assert (page.case.state, page.left) == ("closed", ())
    assert page.closed_by == Person(name="chen", how=How.STATED)


def test_a_case_asks_once_what_was_repaired_and_again_after_another_miss() -> None:
    """D35."""
    bench = AtOp20()
    bench.miss()
    assert case_at(bench).repair is None
    assert case_at(bench).repairs == tuple(code.value for code in RepairCode)
    bench.repair(code=RepairCode.OTHER, text="new light")
    repair = case_at(bench).repair
    assert repair is not None
    assert (repair.words, repair.text) == (message("repair.other"), quoted("new light"))
    assert repair.by == Person(name="2207", how=How.STATED)
    bench.miss(case=CASE)
    assert case_at(bench).repair is None
    bench.verify(case=CASE)
    repair = case_at(bench).repair
    assert repair is not None
    assert (repair.words, repair.text) == (message("repair.lens_cleaned"), None)
    assert case_at(bench).repairs == ()


def test_a_check_that_was_planned_anew_without_the_part_offers_no_re_verification() -> None:
    """L4: what the page offers is what the service would start."""
    bench = AtOp20()
    bench.miss()
    bench.repair()
    assert case_at(bench).check == TORQUE_CHECK
    only_good = replace(
        bench.plant.plan, checks=(a_check(parts=(PartId("GM-0001"),)),), revision="B"
    )
    bench.plant = replace(bench.plant, plan=only_good, digest="1" * 64)
    bench.restart()
    assert (case_at(bench).check, case_at(bench).parts) == (None, ())
    with pytest.raises(Refusal):
        bench.start(case=CASE)


def test_a_case_that_is_not_there_is_missing() -> None:
    with pytest.raises(KeyError):
        case_at(AtOp20())
