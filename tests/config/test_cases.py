"""Every folder under `cases` is one broken configuration and the problems it must be refused for.

A case holds only the files that differ from `base`; `removed.txt` names those that are left out.
`problems.txt` is the whole text that `redrabbit check-config` prints.
"""

import shutil
from pathlib import Path

import pytest

from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems

HERE = Path(__file__).parent
BASE = HERE / "base"
CASES = sorted(path for path in (HERE / "cases").iterdir() if path.is_dir())
NOT_CONFIGURATION = {"problems.txt", "removed.txt"}


def configuration_of(case: Path, folder: Path) -> Path:
    for source in [*BASE.iterdir(), *case.iterdir()]:
        if source.name not in NOT_CONFIGURATION:
            shutil.copy(source, folder / source.name)
    removed = case / "removed.txt"
    for name in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
        (folder / name).unlink()
    return folder


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_broken_configuration_is_refused_with_all_of_its_problems(
    case: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant(configuration_of(case, tmp_path))
    expected = (case / "problems.txt").read_text(encoding="utf-8")
    assert [str(problem) for problem in refused.value.problems] == expected.splitlines()


def test_the_base_of_all_cases_has_no_problem() -> None:
    assert load_plant(BASE).name == "Test plant"
