"""Files say the version of their form; one of a newer form is one problem in words (D65)."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from ruamel.yaml import YAML

from redrabbit.config.file_version import READ
from redrabbit.config.json_schema import schema
from redrabbit.config.located_yaml import parse
from redrabbit.config.plan_file import read_plan_file
from redrabbit.config.plant import load_plant
from redrabbit.config.plant_file import PlantFile, read_plant_file
from redrabbit.config.problem import Problems
from redrabbit.config.station_file import read_station_file

BASE = Path(__file__).parent / "base"
ROOT = Path(__file__).parents[2]
SHIPPED = [
    path
    for folder in (
        "station_configs",
        "redrabbit/config/template/files_en",
        "simulators/scenarios/demo",
    )
    for path in sorted((ROOT / folder).glob("*.yaml"))
]


def problems_of(name: str, text: str) -> list[str]:
    problems = Problems()
    root = parse(text, name, problems)
    assert root is not None
    if name == "plant.yaml":
        read_plant_file(root, problems)
    elif name == "control_plan.yaml":
        read_plan_file(root, problems)
    else:
        read_station_file(root, PlantFile(), problems)
    return [str(problem) for problem in problems.found]


@given(
    st.sampled_from(["press.yaml", "camera.yaml", "plant.yaml", "control_plan.yaml"]),
    st.integers(READ + 1, 10**6),
    st.dictionaries(st.text("abc", min_size=1), st.integers(), max_size=4),
)
def test_a_newer_file_is_refused_in_words_and_nothing_else_in_it_is_judged(
    name: str, version: int, more: dict[str, int]
) -> None:
    text = "".join(f"{key}x: {value}\n" for key, value in more.items())
    (told,) = problems_of(name, f"{text}version: {version}\n")
    assert told == (
        f"{name}:{len(more) + 1}:10: this file is of version {version}; "
        "expected version 1, which this program reads; update Red Rabbit"
    )


def test_a_file_without_version_is_of_version_1(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BASE, tmp_path / "plant"))
    without = load_plant(folder)
    for path in folder.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        path.write_text(f"version: 1\n{text}", encoding="utf-8")
    said = load_plant(folder)
    assert said.stations == without.stations
    assert (said.plan, said.parts) == (without.plan, without.parts)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_that_is_shipped_says_its_version(path: Path) -> None:
    assert YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["version"] == 1


@pytest.mark.parametrize(("version", "valid"), [(1, True), (2, False), ("1", False), (None, False)])
def test_the_json_schema_knows_the_version(version: object, valid: bool) -> None:
    station = YAML(typ="safe", pure=True).load((BASE / "press.yaml").read_text(encoding="utf-8"))
    checked = Draft202012Validator(schema())
    assert checked.is_valid(station)
    assert checked.is_valid({"version": version, **station}) == valid
