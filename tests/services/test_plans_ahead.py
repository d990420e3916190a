"""A plan whose moment comes while the service runs is taken over by itself (D44, D52)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from redrabbit.domain import acts
from redrabbit.domain.calendar_acts import ChangeCalendar, TakeBackCalendarChange
from redrabbit.domain.facts.calendar_change import CalendarDayKind
from redrabbit.domain.facts.plan_revision import HeldBackCode, PlanState
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import RunId
from redrabbit.domain.plan_acts import approval_here
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord, PlanRevisionRecord
from redrabbit.domain.schedule import Daily
from redrabbit.services import plan_revisions
from redrabbit.services.changing_calendar import DAYS
from redrabbit.services.plan_revisions import NewPlan
from redrabbit.services.plans_ahead import PlansAhead
from tests.plants import LINE, a_check, a_plant
from tests.services.served import ANNA, Served

DIGEST = "b" * 64


def revised() -> Plant:
    item = InForceItem(kind=InForceKind.PLAN, id="CP-1", digest=DIGEST, revision="B")
    plant = a_plant(a_check(schedule=Daily(at=time(7))))
    plan = replace(plant.plan, revision="B")
    return replace(plant, plan=plan, digest=DIGEST, in_force=(item,))


def loaded(files: Mapping[str, str], content: str) -> tuple[Plant, Mapping[str, str]] | str:
    del files
    return (revised(), {"control_plan.yaml": content}) if content == "B" else "no such device"


async def scheduled(content: str, at: timedelta) -> tuple[Served, PlansAhead, datetime]:
    served = await Served.opened()
    instant = served.clock.now() + at
    new = NewPlan(
        plant=revised(), content=content, source_file=None, source_digest=None, answers={}
    )

    def command(uow: Any) -> None:
        kept = plan_revisions.store_draft(uow, served.agent.plant, new, actor=ANNA)
        plan_revisions.approve(uow, approval_here(kept.digest), actor=ANNA)
        plan_revisions.schedule(uow, served.agent.plant, kept.digest, at=instant, actor=ANNA)

    await served.write(command)
    return served, PlansAhead(served.agent, loaded), instant


async def test_it_is_in_force_from_its_instant_and_a_run_that_was_begun_goes_on() -> None:
    served, ahead, instant = await scheduled("B", timedelta(minutes=30))
    run = RunId((await served.start()).run_id)
    assert await ahead.step() == instant
    assert served.service.plant.plan.revision == "A"
    served.pass_time(30 * 60)
    assert await ahead.step() is None
    assert served.service.plant.plan.revision == "B"
    (known,) = served.database.read_now(lambda reader: reader.find(PlanRevisionRecord))
    assert (known.state, known.effective_at) == (PlanState.IN_FORCE, instant)
    assert served.run(run).state != "closed"
    await served.service.do(acts.AbortRun(run_id=run, reason="gloves"), ANNA)


async def test_one_that_does_not_fit_is_held_back_and_obligations_go_on() -> None:
    served, ahead, _ = await scheduled("?", timedelta(minutes=1))
    served.pass_time(8 * 3600 + 20 * 60)
    assert await ahead.step() is None
    await served.agent.catch_up.finish()
    (known,) = served.database.read_now(lambda reader: reader.find(PlanRevisionRecord))
    assert (known.state, known.held_back_code, known.held_back_text) == (
        PlanState.APPROVED,
        HeldBackCode.DOES_NOT_FIT,
        "no such device",
    )
    assert served.service.plant.plan.revision == "A"
    made = served.database.read_now(lambda reader: reader.find(OccurrenceRecord))
    assert [each.trigger_key for each in made] == [
        "shift:2026-03-02:early",
        "shift:2026-03-02:late",
    ]


async def test_what_people_set_of_a_calendar_is_taken_over_without_a_restart() -> None:
    """It counts from then (decision 49), and once."""
    served = await Served.opened()
    taken: list[str | None] = []

    def with_days(files: Mapping[str, str], days: str | None) -> tuple[Plant, Mapping[str, str]]:
        taken.append(days)
        plant, rest = served.agent.plant, {k: v for k, v in files.items() if k != DAYS}
        calendar = plant.calendars[LINE]
        holidays = frozenset() if days is None else frozenset({date(2026, 12, 24)})
        changed = {LINE: replace(calendar, holidays=holidays)}
        digest = ("d" if days is None else "e") * 64
        return replace(plant, calendars=changed, digest=digest), (
            rest if days is None else {**rest, DAYS: days}
        )

    ahead = PlansAhead(served.agent, loaded, with_days)
    assert await ahead.step() is None
    assert taken == []
    act = ChangeCalendar(
        line=LINE,
        kind=CalendarDayKind.HOLIDAY,
        first_date=date(2026, 12, 24),
        last_date=None,
        weekday=None,
        starts_at=None,
        ends_at=None,
        reason="Christmas",
    )
    await served.service.do(act, ANNA)
    assert await ahead.step() is None
    assert served.service.plant.calendars[LINE].holidays == {date(2026, 12, 24)}
    assert await ahead.step() is None
    back = TakeBackCalendarChange(line=LINE, change_number=1, reason="it is worked")
    await served.service.do(back, ANNA)
    assert await ahead.step() is None
    assert served.service.plant.calendars[LINE].holidays == frozenset()
    assert [each is None for each in taken] == [False, True]
