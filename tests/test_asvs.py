"""The checklist of OWASP ASVS 5.0.0 has each point of levels 1 and 2 once, and names only what is there."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOLD = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d[\d., ]*) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
POINTS = """
    1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1-1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2
    4.1.1-3 4.2.1-1 4.3.1-2 4.4.1-4 5.1.1-1 5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-4 6.4.1-4 6.5.1-5 6.6.1-3
    6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-2 7.6.1-2 8.1.1-2 8.2.1-3 8.3.1-1 8.4.1-1 9.1.1-3 9.2.1-4 10.1.1-2
    10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1-1 11.6.1-1
    12.1.1-3 12.2.1-2 12.3.1-4 13.1.1-1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3
    15.3.1-7 16.1.1-1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1-1 17.2.1-4 17.3.1-2
"""
"""Those of levels 1 and 2: within each section they come before those of level 3."""
STATES = {"met", "partly", "**not met**", "does not apply"}


def rows() -> list[tuple[list[str], str, str]]:
    """Return the points, the state and the words of each row."""
    return [
        (points.split(", "), state, why)
        for points, _, state, why in (match.groups() for match in ROW.finditer(TOLD))
    ]


def expected() -> set[str]:
    found = set()
    for section in POINTS.split():
        place, _, last = section.partition("-")
        chapter = place.rpartition(".")[0]
        found |= {f"{chapter}.{number}" for number in range(1, int(last) + 1)}
    return found


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def test_every_point_of_level_2_stands_there_once() -> None:
    told = Counter(point for points, _, _ in rows() for point in points)
    assert set(told) == expected()
    assert max(told.values()) == 1


def test_the_numbers_at_its_head_are_those_of_its_rows() -> None:
    counted = Counter(state.strip("*") for points, state, _ in rows() for _ in points)
    assert {state for _, state, _ in rows()} <= STATES
    for state, number in counted.items():
        assert f"| {state} | {number} |" in TOLD
    assert f"its {counted.total()} points" in TOLD


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[^`]+)`", TOLD))))
def test_every_test_that_it_names_is_there(named: str) -> None:
    path, _, name = named.partition("::")
    assert (ROOT / path).is_file()
    assert not name or name in names_in(path)


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:docs|redrabbit)/[^`]+|[A-Z]+\.md)`", TOLD))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_what_is_met_names_a_test_or_a_document() -> None:
    bare = [points for points, state, why in rows() if state == "met" and "`" not in why]
    assert bare == []
