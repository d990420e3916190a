"""Plan revisions: what each owes from its instant on, restart or not (D44, D52, D55; findings A.3, S-4)."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.control_plan import Check
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.facts.plant import InForceItem, InForceKind
from redrabbit.domain.identity import Actor
from redrabbit.domain.occurrence import trigger_key
from redrabbit.domain.plan_acts import approval_here
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import OccurrenceRecord, PlanRevisionRecord
from redrabbit.domain.schedule import (
    Daily,
    EveryShiftStart,
    ScheduleRule,
    due_times,
)
from redrabbit.domain.shift_calendar import ShiftCalendar
from redrabbit.services import plan_revisions, scheduling
from redrabbit.services.plan_revisions import NewPlan, StagedPlan
from redrabbit.services.taking_up import Opened, PlanChange, open_life, take_over
from tests.plants import LINE, Bench, a_plant
from tests.services.test_calendar_changes import (
    CALENDARS,
    EARLY,
    LATE,
    MONDAY,
    SCHEDULES,
    ZONE,
    a_calendar,
    a_check_open_for,
)

ANNA = Actor.stated("2207")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Life:
    """A plant whose plan is revised; `owed` is what a naive reader of all that was said would ask for."""

    def __init__(self, check: Check, calendar: ShiftCalendar, begin: datetime = MONDAY) -> None:
        self.check, self.calendar = check, calendar
        self.numbers = 0
        self.plans: dict[str, Check] = {}
        """The check of each revision, by its digest."""
        self.number = 0
        self.plan_text = "plan: 0\n"
        self.plans[digest(self.plan_text)] = check
        self.bench = Bench(self.plant_of(self.plan_text), begin=begin)
        self.in_force: list[tuple[datetime, ScheduleRule, ShiftCalendar]] = [
            (begin, check.schedule, calendar)
        ]

    def plant_of(self, text: str) -> Plant:
        check = self.plans[digest(text)]
        item = InForceItem(
            kind=InForceKind.PLAN, id="CP-1", revision=text.strip()[6:], digest=digest(text)
        )
        whole = digest(text + repr(sorted(map(str, self.calendar.holidays))) + repr(self.calendar))
        plant = a_plant(check, calendars={LINE: self.calendar}, digest=whole, in_force=(item,))
        plan = replace(plant.plan, revision=text.strip()[6:])
        return replace(plant, plan=plan)

    @property
    def now(self) -> datetime:
        return self.bench.clock.now()

    def write(self, command: Callable[[Any], Any]) -> Any:
        return self.bench.write(command)

    def waiting(self) -> list[PlanRevisionRecord]:
        return self.bench.database.read_now(plan_revisions.scheduled_revisions)

    def stored(self, check: Check) -> str:
        """Store a draft with this check."""
        self.numbers += 1
        text = f"plan: {self.numbers}\n"
        self.plans[digest(text)] = check
        new = NewPlan(
            plant=self.plant_of(text),
            content=text,
            source_file="plan.xlsx",
            source_digest="0" * 64,
            answers={},
        )
        kept = self.write(
            lambda uow: plan_revisions.store_draft(uow, self.bench.plant, new, actor=ANNA)
        )
        return str(kept.digest)

    def revise(self, check: Check, at: datetime) -> str:
        """Store, approve and schedule a revision."""
        kept = self.stored(check)
        self.write(lambda uow: plan_revisions.approve(uow, approval_here(kept), actor=ANNA))
        self.write(
            lambda uow: plan_revisions.schedule(uow, self.bench.plant, kept, at=at, actor=ANNA)
        )
        return kept

    def changes(self) -> list[PlanChange]:
        return [
            PlanChange(
                digest=each.digest,
                at=each.effective_at,
                plant=self.plant_of(each.content),
                files={"control_plan.yaml": each.content},
            )
            for each in self.waiting()
            if each.effective_at is not None and each.effective_at <= self.now
        ]

    def pass_time(self, hours: float) -> None:
        self.bench.pass_time(hours * 3_600)

    def watch(self) -> None:
        """Do what a service does that runs: plans first, or obligations first, as it happens."""
        self.write(lambda uow: scheduling.step(plan_revisions.until_change(uow), self.bench.plant))
        for change in self.changes():
            before, self.bench.plant = self.bench.plant, change.plant
            self.plan_text = change.files["control_plan.yaml"]
            self._take(change, before)
            self._note(change)
        self.write(lambda uow: scheduling.step(uow, self.bench.plant))

    def _take(self, change: PlanChange, before: Plant) -> None:
        self.write(
            lambda uow: take_over(
                uow, change.plant, change.files, "test", before=before, owners={}, at=change.at
            )
        )

    def restart(self, calendar: ShiftCalendar | None = None) -> None:
        """Start again after the time that passed, with another calendar in the files where one is given."""
        before, changes = self.bench.plant, self.changes()
        for change in changes:
            self._note(change)
            self.plan_text = change.files["control_plan.yaml"]
        if calendar is not None:
            self.calendar = calendar
        self.bench.plant = self.plant_of(self.plan_text)
        files = {"control_plan.yaml": self.plan_text, "plant.yaml": self.bench.plant.digest}
        agent_id: list[int] = []

        def begin(uow: Any) -> Opened:
            return open_life(
                uow,
                self.bench.plant,
                files,
                "test",
                before=before,
                agent_id=agent_id[0] if agent_id else None,
                passed=changes,
            )

        while not (opened := self.write(begin)).is_open:
            agent_id[:] = [opened.agent_id]
        if calendar is not None:
            self.in_force.append((self.now, self.bench.plant.plan.checks[0].schedule, calendar))
        self.write(lambda uow: scheduling.step(uow, self.bench.plant))

    def _note(self, change: PlanChange) -> None:
        self.in_force.append((change.at, change.plant.plan.checks[0].schedule, self.calendar))

    def made(self) -> list[OccurrenceRecord]:
        return list(self.bench.database.read_now(lambda reader: reader.find(OccurrenceRecord)))

    def told(self) -> list[tuple[str, str | None, str | None]]:
        return [
            (f"{each.due_at.astimezone(ZONE):%d %H:%M}", each.outcome, each.reason_code)
            for each in sorted(self.made(), key=lambda each: (each.due_at, each.occurrence_id))
        ]

    def states(self) -> list[tuple[str, str]]:
        found = self.bench.database.read_now(lambda reader: reader.find(PlanRevisionRecord))
        return sorted((each.plan_revision, each.state.value) for each in found)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


DAILY_9, DAILY_15 = (a_check_open_for(0, Daily(at=time(hour))) for hour in (9, 15))


@pytest.mark.parametrize("away", [False, True], ids=["watched", "restarted after it"])
def test_before_the_instant_the_old_plan_is_owed_and_after_it_the_new_one(away: bool) -> None:
    life = Life(DAILY_9, a_calendar(EARLY, LATE))
    life.revise(DAILY_15, at(3, 12))
    life.pass_time(60)
    (life.restart if away else life.watch)()
    assert [when for when, _, _ in life.told()] == ["02 09:00", "03 09:00", "03 15:00"]
    assert life.states() == [("1", "in_force")]
    assert all(outcome == "lapsed" for _, outcome, _ in life.told())


def test_a_shift_start_at_the_very_instant_is_the_new_plans() -> None:
    """The usual moment of a plan is the start of a shift: what is due then is due under it (D55)."""
    life = Life(DAILY_9, a_calendar(EARLY, LATE))
    life.revise(a_check_open_for(0), at(3, 6))
    life.pass_time(30.5)
    life.watch()
    assert [when for when, _, _ in life.told()] == ["02 09:00", "03 06:00"]


def test_what_was_made_ahead_and_is_due_at_the_instant_gives_way() -> None:
    life = Life(a_check_open_for(2), a_calendar(EARLY, LATE))
    life.revise(replace(DAILY_9, id=life.check.id), at(3, 6))
    life.pass_time(29)
    life.watch()
    life.pass_time(5)
    life.watch()
    assert ("03 06:00", "excused", "superseded") in life.told()
    assert "03 09:00" in [when for when, _, _ in life.told()]


def test_without_an_instant_it_counts_from_the_next_shift() -> None:
    life = Life(DAILY_9, a_calendar(EARLY, LATE))
    life.pass_time(7)
    kept = life.stored(DAILY_15)
    life.write(lambda uow: plan_revisions.approve(uow, approval_here(kept), actor=ANNA))
    life.write(
        lambda uow: plan_revisions.schedule(uow, life.bench.plant, kept, at=None, actor=ANNA)
    )
    (waiting,) = life.waiting()
    assert waiting.effective_at == at(2, 14)


def test_two_plans_whose_instants_passed_while_nobody_watched_are_each_owed_for_their_time() -> (
    None
):
    life = Life(DAILY_9, a_calendar(EARLY, LATE))
    life.revise(DAILY_15, at(3, 12))
    life.revise(a_check_open_for(0), at(4, 0))
    life.pass_time(24 * 3 - 1)
    life.restart()
    assert [when for when, _, _ in life.told()] == [
        "02 09:00",
        "03 09:00",
        "03 15:00",
        "04 06:00",
        "04 14:00",
    ]
    assert life.states() == [("1", "superseded"), ("2", "in_force")]


def test_another_content_under_the_same_number_and_revision_is_refused() -> None:
    """A5."""
    life = Life(DAILY_9, a_calendar(EARLY))
    kept = life.stored(DAILY_15)
    life.numbers -= 1
    life.plans[digest("plan: 1 \n")] = a_check_open_for(0)

    def store(text: str) -> Refusal:
        new = NewPlan(
            plant=life.plant_of(text),
            content=text,
            source_file=None,
            source_digest=None,
            answers={},
        )
        with pytest.raises(Refusal) as refused:
            life.write(
                lambda uow: plan_revisions.store_draft(uow, life.bench.plant, new, actor=ANNA)
            )
        return refused.value

    assert store("plan: 1 \n").code == "same_revision"
    assert store("plan: 1\n").code == "plan_known_already"
    life.plans[digest("plan: 0 \n")] = DAILY_15
    assert store("plan: 0 \n").code == "same_revision"
    life.write(lambda uow: plan_revisions.discard(uow, kept, reason="typing error", actor=ANNA))
    assert life.stored(DAILY_15) == kept


@pytest.mark.parametrize("state", ["draft", "in_force", "discarded"])
def test_only_what_is_approved_is_scheduled(state: str) -> None:
    life = Life(DAILY_9, a_calendar(EARLY))
    kept = life.stored(DAILY_15)
    if state == "in_force":
        life.write(lambda uow: plan_revisions.approve(uow, approval_here(kept), actor=ANNA))
        life.write(
            lambda uow: plan_revisions.schedule(
                uow, life.bench.plant, kept, at=at(2, 10), actor=ANNA
            )
        )
        life.pass_time(11)
        life.watch()
    elif state == "discarded":
        life.write(lambda uow: plan_revisions.discard(uow, kept, reason="wrong", actor=ANNA))
    with pytest.raises(Refusal) as refused:
        life.write(
            lambda uow: plan_revisions.schedule(
                uow, life.bench.plant, kept, at=at(9, 6), actor=ANNA
            )
        )
    assert (refused.value.code, refused.value.params["state"]) == ("plan_not_so", state)


def test_a_plan_that_the_file_gives_before_its_time_takes_effect_by_itself() -> None:
    """S-4: today the service refuses to start with it."""
    life = Life(DAILY_9, a_calendar(EARLY))
    text = "plan: 1\n"
    life.plans[digest(text)] = DAILY_15
    plant = life.plant_of(text)
    staged = StagedPlan(
        item=plan_revisions.plan_item(plant),
        content=text,
        effective_at=at(2, 12),
        file="control_plan.yaml",
    )
    life.write(lambda uow: plan_revisions.stage(uow, life.bench.plant, staged))
    life.write(lambda uow: plan_revisions.stage(uow, life.bench.plant, staged))  # another start
    life.pass_time(20)
    life.watch()
    assert [when for when, _, _ in life.told()] == ["02 09:00", "02 15:00"]
    assert life.states() == [("1", PlanState.IN_FORCE.value)]
    life.write(lambda uow: plan_revisions.stage(uow, life.bench.plant, None))
    assert life.states() == [("1", PlanState.IN_FORCE.value)]


HOURS = st.floats(0.2, 30)
STEPS = st.lists(
    st.one_of(
        HOURS.map(lambda hours: ("watched", hours)),
        HOURS.map(lambda hours: ("away", hours)),
        CALENDARS.map(lambda calendar: ("calendar", calendar)),
        st.tuples(SCHEDULES, st.integers(1, 60)).map(lambda told: ("revision", told)),
        st.tuples(SCHEDULES, st.integers(1, 60)).map(lambda told: ("revision", told)),
    ),
    min_size=2,
    max_size=9,
)
BEGIN = datetime(2026, 3, 26, 5, 17, tzinfo=UTC)


def played(life: Life, steps: list[tuple[str, Any]]) -> None:
    """Play the steps; plans take effect at full hours, at which shifts begin, too."""
    for kind, what in steps:
        if kind in {"watched", "away"}:
            life.pass_time(what)
            life.watch() if kind == "watched" else None
        elif kind == "calendar":
            life.restart(what)
        else:
            schedule, hours = what
            full = life.now.replace(minute=0, second=0, microsecond=0)
            instant = full + timedelta(hours=hours)
            if all(each.effective_at != instant for each in life.waiting()):
                life.restart()  # nobody schedules at a service that is away
                life.revise(replace(life.check, schedule=schedule), instant)
    life.restart()


def owed(life: Life, until: datetime) -> dict[str, datetime]:
    """Return what a naive reader asks for: of each plan and calendar what is due in its own time."""
    found: dict[str, datetime] = {}
    anchor, schedule_before = life.in_force[0][0], life.in_force[0][1]
    ends = [since for since, _, _ in life.in_force[1:]] + [until]
    for place, (since, schedule, calendar) in enumerate(life.in_force):
        if schedule != schedule_before:
            anchor, schedule_before = since, schedule
        by_plan = life.in_force[place - 1][1] != schedule if place else False
        moment = timedelta(microseconds=1)
        coming = life.in_force[place + 1 : place + 2]
        ends_by_plan = any(at.minute == 0 and rule != schedule for at, rule, _ in coming)
        begins = since - moment if by_plan else since
        end = ends[place] - moment if ends_by_plan else ends[place]
        for due in due_times(schedule, calendar, anchor, begins, end):
            found.setdefault(trigger_key(due.trigger_key), due.due_at)
    return found


@settings(max_examples=100, deadline=None)
@given(schedule=SCHEDULES, first=CALENDARS, steps=STEPS)
@example(  # at the instant of a plan that leaves the schedule as it was
    schedule=EveryShiftStart(),
    first=a_calendar(EARLY, LATE),
    steps=[("revision", (EveryShiftStart(), 8)), ("watched", 8.0)],
)
def test_obligations_are_those_of_the_plan_and_calendar_of_then(
    schedule: ScheduleRule, first: ShiftCalendar, steps: list[tuple[str, Any]]
) -> None:
    """D41, D55: none missing, none doubled, none retroactive; restarts and calendars in between."""
    life = Life(a_check_open_for(0, schedule), first, BEGIN)
    played(life, steps)
    made = life.made()
    assert Counter((each.trigger_key, each.due_at) for each in made) == Counter(
        owed(life, life.now).items()
    )


@settings(max_examples=40, deadline=None)
@given(opens=st.sampled_from([2.0, 12.0]), first=CALENDARS, steps=STEPS)
def test_what_is_made_ahead_is_made_once_and_all_that_is_owed_is_there(
    opens: float, first: ShiftCalendar, steps: list[tuple[str, Any]]
) -> None:
    life = Life(a_check_open_for(opens), first, BEGIN)
    played(life, steps)
    made = Counter(each.trigger_key for each in life.made())
    assert not [key for key, times in made.items() if times > 1]
    assert owed(life, life.now).keys() <= made.keys()
