"""What is in force is a value: each entry's header says under what it was recorded (D52)."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from redrabbit.config.plant import load_plant
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.plant import InForceChanged, InForceItem, InForceKind, in_force_digest
from redrabbit.domain.identity import StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import InForceRecord, RunRecord
from redrabbit.services import planning, scheduling
from tests.plants import OP20, TORQUE_CHECK, Bench, a_plant
from tests.services.served import ANNA

STATION_CONFIGS = Path(__file__).parents[2] / "station_configs"


def items(plan: str = "a", station: str = "b") -> tuple[InForceItem, ...]:
    return (
        InForceItem(kind=InForceKind.PLAN, id="control_plan.yaml", digest=plan * 64, revision="A"),
        InForceItem(kind=InForceKind.STATION, id=OP20, digest=station * 64, revision=None),
    )


def a_plant_in_force(plan: str = "a", station: str = "b") -> Plant:
    digest = (plan + station) * 32
    return replace(a_plant(), in_force=items(plan, station), digest=digest)


def must_name_what_was_in_force(bench: Bench) -> list[str]:
    """Each header names the last list before it; return all that were named, in order."""
    in_force, named = "", []
    for entry in bench.database.read_now(lambda reader: reader.entries()):
        assert entry.in_force == in_force, entry
        named += [in_force] if in_force not in named else []
        fact = fact_of(entry)
        if isinstance(fact, InForceChanged):
            in_force = in_force_digest(fact.items)
    return named


def test_each_entry_names_what_is_in_force_and_a_changed_plan_changes_it() -> None:
    bench = Bench(a_plant_in_force())
    bench.pass_time(600)
    bench.write(lambda uow: scheduling.step(uow, bench.plant))
    bench.plant = a_plant_in_force(plan="c")
    bench.restart()
    bench.write(lambda uow: planning.quarantine(uow, "RR-0001", reason="worn", actor=ANNA))
    assert must_name_what_was_in_force(bench) == [
        "",
        in_force_digest(items()),
        in_force_digest(items(plan="c")),
    ]
    kept = bench.database.read_now(lambda reader: reader.find(InForceRecord))
    assert [each.digest for each in kept] == must_name_what_was_in_force(bench)[1:]


def test_a_restart_with_the_same_files_changes_nothing_in_force() -> None:
    bench = Bench(a_plant_in_force())
    bench.restart()
    assert must_name_what_was_in_force(bench) == ["", in_force_digest(items())]


def test_what_is_in_force_again_is_told_again() -> None:
    bench = Bench(a_plant_in_force())
    for plan in ("c", "a"):
        bench.plant = a_plant_in_force(plan=plan)
        bench.restart()
    kept = bench.database.read_now(lambda reader: reader.find(InForceRecord, order_by="entry"))
    assert [each.digest for each in kept] == [
        in_force_digest(items(plan)) for plan in ("a", "c", "a")
    ]
    must_name_what_was_in_force(bench)


def test_a_run_names_the_file_of_its_own_station() -> None:
    bench = Bench(a_plant_in_force())
    bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=ANNA,
            now=bench.clock.now(),
        )
    )
    (run,) = bench.database.read_now(lambda reader: reader.find(RunRecord))
    assert run.station_digest == "b" * 64


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("control_plan.yaml", InForceKind.PLAN),
        ("line1-op20.yaml", InForceKind.STATION),
    ],
)
def test_a_changed_file_changes_what_is_in_force(
    tmp_path: Path, name: str, kind: InForceKind
) -> None:
    """Read from real files: only its own item changes."""
    folder = shutil.copytree(STATION_CONFIGS, tmp_path / "configs")
    before = load_plant(folder)
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text + "\n# seen\n", encoding="utf-8")
    after = load_plant(folder)
    changed = [
        (old.kind, old.id)
        for old, new in zip(before.in_force, after.in_force, strict=True)
        if old != new
    ]
    assert [each for each, _ in changed] == [kind]
    assert in_force_digest(before.in_force) != in_force_digest(after.in_force)
    other = StationId("line1-op30")
    assert before.station_digest(other) == after.station_digest(other) is not None
