from pathlib import Path

import pytest

from redrabbit.config.plant import load_plant
from redrabbit.config.template import write_template
from redrabbit.domain.station import ModbusLink, MqttLink


def test_the_template_is_a_plant_without_problems(tmp_path: Path) -> None:
    write_template(tmp_path / "plant")
    plant = load_plant(tmp_path / "plant")
    assert len(plant.lines) == 1
    assert [type(station.link) for station in plant.stations] == [ModbusLink, MqttLink]
    assert (len(plant.parts), len(plant.plan.checks)) == (2, 2)


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    written = write_template(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_every_file_of_the_template_explains_itself(tmp_path: Path) -> None:
    assert all(
        path.read_text(encoding="utf-8").startswith("# ") for path in write_template(tmp_path)
    )


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
