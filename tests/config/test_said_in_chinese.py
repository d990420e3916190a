"""What commands on a configuration say, they say in Chinese, too: no English of ours stands between (decision 0042).

Secrets are taken out of a problem's words before it is shown; that made plain English of every sentence.
"""

import re
from pathlib import Path

import pytest

from redrabbit.base.printable import speaking
from redrabbit.base.sentence import said
from redrabbit.config.explanation import explain
from redrabbit.config.people_words import explain_people
from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.approval import Approvable, ApprovalMode, ApprovalRules
from redrabbit.domain.people_rules import AskedQualification, PeopleRules, StatedNames
from tests.config.test_cases import CASES, configuration_of
from tests.config.test_explanation import PLANT

QUOTED = re.compile(
    r"""'[^']*'|`[^`]*`|"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|（[^）]*）|while (?:parsing|scanning) a[^，]*"""
)
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:['-][a-z]+)?(?: [A-Za-z]+){3,}")
"""Four words in a row: codes, names and units stand alone. What is quoted, or in brackets, is the file's or a parser's own."""


def english_in(text: str) -> list[str]:
    return ENGLISH.findall(QUOTED.sub("|", text))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_problem_is_said_in_chinese(case: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationProblems) as refused:
        load_plant(configuration_of(case, tmp_path))
    for problem in refused.value.problems:
        chinese = said(problem.sentence, "zh")
        assert re.search("[\u4e00-\u9fff]", chinese), chinese
        assert english_in(chinese) == [], chinese


@pytest.mark.parametrize("station", PLANT.stations, ids=lambda station: station.id)
def test_a_station_is_explained_in_chinese(station: object) -> None:
    with speaking("zh"):
        lines = [said(line, "zh") for line in explain(station)]  # type: ignore[arg-type]  # because of the parameter
    for line in lines:
        assert not line or re.search("[\u4e00-\u9fff]", line), line
        assert english_in(line) == [], line


@pytest.mark.parametrize("mode", [None, *ApprovalMode])
def test_rules_about_people_are_explained_in_both_languages(mode: ApprovalMode | None) -> None:
    modes = {} if mode is None else dict.fromkeys(Approvable, mode)
    for stated, asked in zip((*StatedNames, StatedNames.NEVER), AskedQualification, strict=True):
        rules = PeopleRules(
            stated_names=stated, qualification=asked, approval=ApprovalRules(modes=modes)
        )
        lines = explain_people(rules)
        assert len([line for line in lines if line.startswith("approval, ")]) == len(Approvable)
        assert all(english_in(said(line, "zh")) == [] for line in lines)


def test_each_way_of_approval_is_explained_in_words_of_its_own() -> None:
    """`before` was explained as if nobody had to approve."""

    def explained(mode: ApprovalMode | None) -> tuple[str, ...]:
        modes = {} if mode is None else dict.fromkeys(Approvable, mode)
        rules = PeopleRules(approval=ApprovalRules(modes=modes))
        return tuple(line for line in explain_people(rules) if line.startswith("approval, "))

    modes = (None, *ApprovalMode)
    assert len({explained(mode) for mode in modes}) == len(modes)
