"""What is too large to be a configuration is said at once (D24): never minutes of work."""

import time
from pathlib import Path
from shutil import copytree

import pytest

from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.config.problem import ConfigurationProblems

BASE = Path(__file__).parent / "base"
HEADER = (
    "control_plan,revision,check,plan_line,pfmea,device,parts,schedule,opens_before,grace,"
    "closes_after,reaction_en,reaction_zh\n"
)
ROW = 'CP-1,A,c{},20.4,12.4,press-torque,RR-0001,every 60 s,50 s,20 s,50 s,"stop",停止\n'
TOO_LARGE: dict[str, tuple[str, str]] = {
    "100 MB of comments": ("huge.yaml", "# c\n" * 25_000_000),
    "one scalar": ("big.yaml", "station: " + "x" * 10_000_000 + "\n"),
    "200,000 unknown keys": ("keys.yaml", "".join(f"key{n}: v\n" for n in range(200_000))),
    "100,000 rows": ("control_plan.csv", HEADER + "".join(ROW.format(n) for n in range(100_000))),
    "one cell": ("control_plan.csv", HEADER + "CP-1,A," + "x" * 10_000_000),
    "an open quote": ("control_plan.csv", HEADER + 'CP-1,A,"' + "x\n" * 2_500_000),
}
MANY: dict[str, tuple[str, str]] = {
    "unknown keys": ("keys.yaml", "".join(f"key{n}: v\n" for n in range(90_000))),
    "flow": ("flow.yaml", "a: [" + "b," * 150_000 + "b]\n"),
    "rows": ("control_plan.csv", HEADER + "".join(ROW.format(n) for n in range(6_000))),
    "keys just few enough": ("keys.yaml", "".join(f"key{n}: v\n" for n in range(20_000))),
    "a long word as a key": ("keys.yaml", "k" * 1_000_000 + ": v\n"),
}


def problems_of(folder: Path) -> ConfigurationProblems:
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant(folder)
    return refused.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(BASE, tmp_path / "plant")


@pytest.mark.parametrize("file", TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_file_that_is_too_large_is_named_at_once(file: tuple[str, str], folder: Path) -> None:
    name, text = file
    (folder / name).write_text(text, encoding="utf-8")
    started = time.process_time()
    told = str(problems_of(folder))
    assert f"{name}:1:1: larger than 2 MB" in told
    assert time.process_time() - started < 5


@pytest.mark.parametrize("file", MANY.values(), ids=MANY)
def test_many_small_things_do_not_take_minutes(file: tuple[str, str], folder: Path) -> None:
    name, text = file
    (folder / name).write_text(text, encoding="utf-8")
    started = time.process_time()
    assert len(problems_of(folder).problems) <= 1_000
    assert time.process_time() - started < 30


def test_many_files_are_bounded_together(folder: Path) -> None:
    for number in range(12):
        (folder / f"part{number}.yaml").write_text("#" * 1_900_000, encoding="utf-8")
    assert "in all files; expected at most 20000000" in str(problems_of(folder))


def test_texts_of_a_database_have_the_same_bounds(folder: Path) -> None:
    _, texts = read_configuration(folder)
    with pytest.raises(ConfigurationProblems, match="larger than 2 MB"):
        load_plant({**texts, "huge.yaml": "#" * 2_000_001})


def test_a_file_just_small_enough_is_read(folder: Path) -> None:
    with (folder / "plant.yaml").open("a", encoding="utf-8") as file:
        file.write("#" * 1_900_000 + "\n")
    assert load_plant(folder).name == "Test plant"
