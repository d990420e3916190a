"""Which control plan a start puts in force: the file's, or a person's revision (D44, D66, S-4)."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from redrabbit.config.plant import PLAN_YAML, PLANT_FILE, load_plant, read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.configuration_folder import configuration_to_start
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.identity import Actor
from redrabbit.domain.plan_acts import approval_here
from redrabbit.domain.records import CheckRecord, PlanRevisionRecord
from redrabbit.domain.schedule_rules import Daily
from redrabbit.exit_codes import PlanNotInForce
from redrabbit.plan_at_start import PlanAtStart, load_revised, plan_at_start, with_plan
from redrabbit.services import plan_revisions
from redrabbit.services.plan_revisions import NewPlan
from redrabbit.services.taking_up import open_life
from redrabbit.store.memory import MemoryDatabase
from simulators.virtual_clock import VirtualClock
from tests.plants import a_memory_database
from tests.store.sample_story import FIRST

ANNA = Actor.stated("2207")
BEGIN = datetime(2026, 3, 2, 5, 50, tzinfo=UTC)
FILES = read_configuration(FIRST)[1]
REVISION = "revision: A"


class Started:
    """Starts of a service over one database, each with its files."""

    def __init__(self) -> None:
        self.clock = VirtualClock(BEGIN)
        self.database: MemoryDatabase = a_memory_database(load_plant(FIRST), self.clock)
        self.begun = self.start(FILES)

    def asked(self, files: dict[str, str]) -> PlanAtStart:
        with TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            found = configuration_to_start(Path(folder))
        return self.database.read_now(
            lambda reader: plan_at_start(
                reader, found.plant, found.files, self.clock.now(), below=found.below
            )
        )

    def start(self, files: dict[str, str]) -> PlanAtStart:
        begun = self.asked(files)
        before = getattr(self, "begun", None)
        self.database.write_now(
            lambda uow: open_life(
                uow,
                begun.plant,
                begun.files,
                "test",
                before=before.plant if before is not None else None,
                passed=begun.passed,
                staged=begun.staged,
            )
        )
        self.begun = begun
        return begun

    def pass_time(self, hours: float) -> None:
        self.clock.advance_to(self.clock.steady + timedelta(hours=hours))

    def revise(self, text: str, hours: float) -> None:
        """Let a person's revision count in so many hours."""
        loaded = load_revised(self.begun.files, text)
        assert not isinstance(loaded, str), loaded
        new = NewPlan(
            plant=loaded[0], content=text, source_file=None, source_digest=None, answers={}
        )
        at = self.clock.now() + timedelta(hours=hours)

        def command(uow: object) -> None:
            kept = plan_revisions.store_draft(uow, self.begun.plant, new, actor=ANNA)  # type: ignore[arg-type]  # the store's own
            plan_revisions.approve(uow, approval_here(kept.digest), actor=ANNA)  # type: ignore[arg-type]  # the store's own
            plan_revisions.schedule(uow, self.begun.plant, kept.digest, at=at, actor=ANNA)  # type: ignore[arg-type]  # the store's own

        self.database.write_now(command)

    def states(self) -> list[tuple[str, PlanState]]:
        found = self.database.read_now(lambda reader: reader.find(PlanRevisionRecord))
        return sorted((each.plan_revision, each.state) for each in found)


def plan_text(revision: str, at: datetime | None = None) -> str:
    told = f"revision: {revision}"
    told += "" if at is None else f"\neffective_from: {at:%Y-%m-%dT%H:%M:%S}+00:00"
    assert REVISION in FILES[PLAN_YAML]
    return FILES[PLAN_YAML].replace(REVISION, told)


def test_a_changed_file_is_taken_as_long_as_the_file_owns_the_plan() -> None:
    started = Started()
    started.revise(plan_text("X"), 100)  # a person's revision that has not taken effect
    begun = started.start(with_plan(FILES, plan_text("B")))
    assert (begun.plant.plan.revision, begun.not_taken) == ("B", None)


def test_a_plan_of_the_file_that_counts_later_is_scheduled_and_taken_over() -> None:
    """S-4."""
    started = Started()
    files = with_plan(FILES, plan_text("B", BEGIN + timedelta(hours=30)))
    assert started.start(files).plant.plan.revision == "A"
    started.pass_time(1)
    assert started.start(files).plant.plan.revision == "A"
    assert started.states() == [("B", PlanState.SCHEDULED)]
    started.pass_time(40)
    begun = started.start(files)
    assert (begun.plant.plan.revision, len(begun.passed)) == ("B", 1)
    assert started.states() == [("B", PlanState.IN_FORCE)]
    checks = started.database.read_now(lambda reader: reader.find(CheckRecord))
    assert {each.plan_revision for each in checks} == {"B"}
    assert started.start(with_plan(FILES, plan_text("C"))).plant.plan.revision == "C"
    assert started.states() == [("B", PlanState.SUPERSEDED)]


def test_one_that_the_file_gives_no_more_is_discarded() -> None:
    started = Started()
    started.start(with_plan(FILES, plan_text("B", BEGIN + timedelta(hours=30))))
    started.start(with_plan(FILES, plan_text("C", BEGIN + timedelta(hours=50))))
    assert started.states() == [("B", PlanState.DISCARDED), ("C", PlanState.SCHEDULED)]
    started.start(FILES)
    assert started.states() == [("B", PlanState.DISCARDED), ("C", PlanState.DISCARDED)]


def test_a_first_start_needs_a_plan_that_is_in_force() -> None:
    started = Started()
    started.database = a_memory_database(load_plant(FIRST), started.clock)
    with pytest.raises(PlanNotInForce):
        started.asked(with_plan(FILES, plan_text("B", BEGIN + timedelta(hours=30))))


def test_once_a_person_s_revision_took_effect_the_file_is_told_and_not_taken() -> None:
    started = Started()
    started.revise(plan_text("P"), 2)
    started.pass_time(3)
    begun = started.start(FILES)
    assert (begun.plant.plan.revision, begun.not_taken) == ("P", None)  # nobody changed the file
    begun = started.start(with_plan(FILES, plan_text("B")))
    assert (begun.plant.plan.revision, begun.not_taken) == ("P", "CP-7 rev B")
    later = with_plan(FILES, plan_text("C", BEGIN + timedelta(hours=90)))
    assert started.start(later).plant.plan.revision == "P"
    assert started.states() == [("P", PlanState.IN_FORCE)]


def test_a_minimum_that_is_new_keeps_no_service_from_watching() -> None:
    """A plan of people goes on and is told as below it; a file that could be corrected is refused."""
    programme = "customer_programmes:\n  h5:\n    name: {en: H5, zh: H5}\n    lines: [line2]\n"
    minimum = "    minima: [{at_least: every 2 h, document: Q-12}]\n"
    files = {**FILES, PLANT_FILE: FILES[PLANT_FILE] + programme + minimum}
    started = Started()
    with pytest.raises(ConfigurationProblems):
        started.start(files)
    started.revise(plan_text("P"), 2)
    started.pass_time(3)
    for text, told in ((FILES[PLAN_YAML], None), (plan_text("B"), "CP-7 rev B")):
        begun = started.start(with_plan(files, text))  # what is not taken is not judged
        assert (begun.plant.plan.revision, begun.not_taken) == ("P", told)
        assert [each.check.schedule for each in begun.plant.below] == [Daily(at=time(9))]
    with pytest.raises(ConfigurationProblems):
        started.start({**files, PLANT_FILE: files[PLANT_FILE] + "x: 1\n"})


def test_a_revision_that_does_not_fit_any_more_leaves_the_one_before_in_force() -> None:
    started = Started()
    started.revise(plan_text("P"), 2)
    started.pass_time(3)
    started.start(FILES)
    odd = plan_text("Q")
    started.revise(odd, 2)
    found = started.database.read_now(lambda reader: reader.find(PlanRevisionRecord))
    assert isinstance(load_revised(FILES, "revision: Q\n"), str)
    assert {each.plan_revision for each in found} == {"P", "Q"}
    broken = {name: text for name, text in FILES.items() if name != "line1-op20.yaml"}
    with pytest.raises(ConfigurationProblems):
        started.asked(broken)
