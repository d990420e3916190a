import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from redrabbit.cli import main
from redrabbit.config.plant import load_plant
from redrabbit.config.template import write_template
from redrabbit.domain.station import ModbusLink, MqttLink

LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])
WORDS = {"plant", "storage"}
"""Keys whose values are words for people."""


@LANGUAGES
def test_the_template_is_a_plant_without_problems(tmp_path: Path, language: str) -> None:
    write_template(tmp_path / "plant", language)
    plant = load_plant(tmp_path / "plant")
    assert len(plant.lines) == 1
    assert [type(station.link) for station in plant.stations] == [ModbusLink, MqttLink]
    assert (len(plant.parts), len(plant.plan.checks)) == (2, 2)


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    written = write_template(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(written)


@LANGUAGES
def test_every_file_of_the_template_explains_itself(tmp_path: Path, language: str) -> None:
    assert all(
        path.read_text(encoding="utf-8").startswith("# ")
        for path in write_template(tmp_path, language)
    )


def meant(path: Path) -> tuple[object, list[str]]:
    """Return what a file says to the program, and the keys that stand in its comments."""
    text = path.read_text(encoding="utf-8")
    keys = re.findall(r"^ *# +(?:- )?([a-z_]+):(?: |$)", text, re.MULTILINE)
    return without_words(YAML(typ="safe", pure=True).load(text)), keys


def without_words(value: object) -> object:
    if isinstance(value, dict):
        return {name: without_words(each) for name, each in value.items() if name not in WORDS}
    return [without_words(each) for each in value] if isinstance(value, list) else value


def test_the_languages_say_the_same_to_the_program(tmp_path: Path) -> None:
    """With what stands in comments, to be taken up."""
    english, chinese = (write_template(tmp_path / each, each) for each in ("en", "zh"))
    assert [path.name for path in english] == [path.name for path in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert meant(one) == meant(other), one.name


def test_the_command_writes_in_the_language_of_the_terminal(tmp_path: Path) -> None:
    for language, words in (("en", "What all stations share"), ("zh", "所有工位共用的内容")):
        folder = tmp_path / language
        assert main(["--lang", language, "init", str(folder)]) == 0
        assert words in (folder / "plant.yaml").read_text(encoding="utf-8")


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not empty"):
        write_template(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(NotADirectoryError, match="is a file"):
        write_template(path)
