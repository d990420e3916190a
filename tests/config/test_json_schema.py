"""The schema takes what the loader takes, as far as a schema can tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from ruamel.yaml import YAML

from redrabbit.config.json_schema import schema

ROOT = Path(__file__).parents[2]
NO_STATIONS = {"plant.yaml", "control_plan.yaml"}
STATIONS = [
    path
    for folder in (
        ROOT / "station_configs",
        ROOT / "redrabbit" / "config" / "template" / "files_en",
        ROOT / "tests" / "config" / "base",
    )
    for path in sorted(folder.glob("*.yaml"))
    if path.name not in NO_STATIONS
]


def document(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def objects_of(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from objects_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from objects_of(value)


def test_the_schema_is_a_schema() -> None:
    assert meta.is_valid(schema())


@pytest.mark.parametrize("path", STATIONS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_station_file_that_is_shipped_is_valid(path: Path) -> None:
    errors = [error.message for error in Draft202012Validator(schema()).iter_errors(document(path))]
    assert errors == []


@pytest.mark.parametrize(
    "case",
    [
        "unknown_key",
        "bit_outside",
        "wrong_encodings",
        "on_silence_missing",
        "on_silence_unknown",
        "device_without_rule",
        "rule_unknown_condition",
        "rule_broken_conditions",
        "durations_without_unit",
        "wrong_kinds",
    ],
)
def test_what_a_schema_can_tell_is_refused_in_the_editor_already(case: str) -> None:
    station = document(ROOT / "tests" / "config" / "cases" / case / "press.yaml")
    assert not Draft202012Validator(schema()).is_valid(station)


def test_every_key_is_described_for_editors() -> None:
    described = [
        (name, value)
        for part in objects_of(schema())
        for name, value in part.get("properties", {}).items()
        if isinstance(value, dict) and "$ref" not in value
    ]
    assert len(described) > 40
    assert [name for name, value in described if not value.get("description")] == []
