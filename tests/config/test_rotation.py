"""A rotation of failure modes in the control plan: one that can't be kept is refused (decision 75)."""

import re
from pathlib import Path

import pytest

from redrabbit.base.sentence import said
from redrabbit.config.plant import advice_on, load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.rotation import Rotation
from tests.config.test_cases import BASE


def folder_with(tmp_path: Path, rotation: str) -> Path:
    """Return the base configuration with this rotation of its first check, which has one failure mode."""
    for source in BASE.iterdir():
        text = source.read_text(encoding="utf-8")
        if source.name == "control_plan.yaml":
            key = f"schedule: every shift start\n    rotation: {rotation}\n"
            text = text.replace("schedule: every shift start\n", key, 1)
        (tmp_path / source.name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_rotation_is_read(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "each failure mode within 3 shifts, at least 1 each shift")
    assert advice_on(folder)[1] == ()
    rotations = [check.rotation for check in load_plant(folder).plan.checks]
    assert rotations == [Rotation(within_shifts=3, at_least=1), None]


@pytest.mark.parametrize(
    ("rotation", "problem"),
    [
        ("each failure mode within 3 shifts, at least 2 each shift", "has 1 failure modes"),
        ("every 3 shifts", "how failure modes take turns"),
        ("each failure mode within 0 shifts", "how failure modes take turns"),
    ],
)
def test_one_that_can_not_be_kept_or_is_none_is_refused(
    tmp_path: Path, rotation: str, problem: str
) -> None:
    with pytest.raises(ConfigurationProblems, match=problem) as refused:
        advice_on(folder_with(tmp_path, rotation))
    (found,) = refused.value.problems
    assert re.search("[\u4e00-\u9fff]", said(found.sentence, "zh"))
