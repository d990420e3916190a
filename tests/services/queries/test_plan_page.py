"""What the pages of the control plan show: what a revision changes, when that falls due, and what ends with it."""

from dataclasses import replace
from datetime import time, timedelta

from redrabbit.base.messages import Message
from redrabbit.domain.customer_minimum import CustomerMinimum, Least, Unit
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import CheckId
from redrabbit.domain.plan_acts import approval_here
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import Daily
from redrabbit.services import plan_revisions
from redrabbit.services.plan_revisions import NewPlan
from redrabbit.services.queries.plan_page import RevisionPage, plan_page, revision_page
from tests.plants import a_check, a_plant, words
from tests.services.served import ANNA, Served

DIGEST = "b" * 64


def revised(*times: int) -> Plant:
    """Return the plant with other checks in its plan, due daily at these hours."""
    checks = [
        replace(a_check(schedule=Daily(at=time(hour))), id=CheckId(f"new-{hour}")) for hour in times
    ]
    item = InForceItem(kind=InForceKind.PLAN, id="CP-1", digest=DIGEST, revision="B")
    plant = a_plant(*checks)
    plan = replace(plant.plan, revision="B")
    return replace(plant, plan=plan, digest=DIGEST, in_force=(item,))


async def opened() -> tuple[Served, Plant]:
    served, plant = await Served.opened(), revised(7)
    new = NewPlan(plant=plant, content="B", source_file=None, source_digest=None, answers={})
    await served.write(
        lambda uow: plan_revisions.store_draft(uow, served.agent.plant, new, actor=ANNA)
    )
    return served, plant


def page(served: Served, plant: Plant | str) -> RevisionPage:
    now = served.clock.now()
    return served.database.read_now(
        lambda reader: revision_page(reader, served.agent.plant, plant, DIGEST, now)
    )


async def test_what_customers_demand_is_shown_with_the_lines_that_are_below() -> None:
    served, _ = await opened()
    minima = tuple(
        CustomerMinimum(
            programme=unit.name,
            name=words(unit.name),
            lines=frozenset(),
            special=frozenset(),
            least=Least(unit=unit, amount=amount),
            document="Q-12",
            clause=None,
        )
        for unit, amount in ((Unit.SHIFT, 1), (Unit.PARTS, 500))
    )
    plant = replace(served.agent.plant, minima=minima)
    shown = served.database.read_now(lambda r: plan_page(r, plant, served.clock.now(), None))
    assert [len(each.checks) for each in shown.minima] == [len(shown.lines)] * 2
    below = [line.below for line in shown.lines]
    assert {len(each) for each in below} == {1}  # at each shift start: by parts only
    assert below[0][0].params["least"] == Message("minimum.parts", {"n": 500})


async def test_a_draft_says_what_it_changes_when_that_falls_due_and_what_ends() -> None:
    served, plant = await opened()
    shown = page(served, plant)
    new, left_out = shown.changes
    assert (new.check, len(new.next_due)) == ("new-7", 5)
    assert all(at >= (shown.from_when or at) for at in new.next_due)
    assert (left_out.check, left_out.open_now) == ("op20-torque", 1)
    assert left_out.next_due == ()
    assert [line.check for line in shown.lines] == ["new-7"]
    assert (shown.may_be_approved, shown.may_be_scheduled, shown.may_be_discarded) == (
        True,
        False,
        True,
    )


async def test_one_that_fits_no_more_says_why_and_what_it_changed_when_it_was_stored() -> None:
    served, _ = await opened()
    shown = page(served, "no such device")
    assert (shown.does_not_fit, shown.lines) == ("no such device", ())
    assert {change.check for change in shown.changes} == {"new-7", "op20-torque"}


async def test_the_page_of_the_plan_lists_revisions_and_what_was_in_force_when() -> None:
    served, plant = await opened()
    at = served.clock.now() + timedelta(hours=2)

    def scheduled(uow: object) -> None:
        plan_revisions.approve(uow, approval_here(DIGEST), actor=ANNA)  # type: ignore[arg-type]  # the store's own
        plan_revisions.schedule(uow, plant, DIGEST, at=at, actor=ANNA)  # type: ignore[arg-type]  # the store's own

    await served.write(scheduled)
    now = served.clock.now()
    shown = served.database.read_now(
        lambda reader: plan_page(reader, served.agent.plant, now, now - timedelta(days=400))
    )
    (revision,) = shown.revisions
    assert (revision.record.state, revision.record.effective_at) == (PlanState.SCHEDULED, at)
    assert shown.then is not None
    assert shown.then.label is None
    assert [line.check for line in shown.lines] == ["op20-torque"]
