"""Whatever happens to a file, the loader answers with a plant or with problems, never otherwise."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems, Problem

BASE = Path(__file__).parent / "base"
FILES = sorted(path.name for path in BASE.iterdir())
VALUES = (
    "",
    "~",
    "0",
    "-1",
    "1e400",
    "1.5",
    "true",
    "word",
    "'12'",
    "[]",
    "{}",
    "[a, [b]]",
    "{a: {b: c}}",
)


def without_value(line: str, value: str) -> str:
    head, colon, _ = line.partition(": ")
    return f"{head}{colon}{value}\n" if colon else line


Damage = Callable[[list[str], int], list[str]]

damages: st.SearchStrategy[Damage] = st.one_of(
    st.just(lambda lines, at: lines[:at] + lines[at + 1 :]),
    st.just(lambda lines, at: lines[: at + 1] + lines[at:]),
    st.just(lambda lines, at: lines[:at]),
    st.just(lambda lines, at: [*lines[:at], f"  {lines[at]}", *lines[at + 1 :]]),
    st.sampled_from(VALUES).map(
        lambda value: (
            lambda lines, at: [
                *lines[:at],
                without_value(lines[at], value),
                *lines[at + 1 :],
            ]
        )
    ),
)


def problems_of(folder: Path) -> tuple[Problem, ...]:
    try:
        load_plant(folder)
    except ConfigurationProblems as refused:
        return refused.problems
    return ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(FILES), at=st.integers(0, 10**6), damage=damages)
@example(name="press.yaml", at=15, damage=lambda lines, at: lines[:at])
def test_a_damaged_line_is_refused_with_its_place_or_harmless(
    name: str, at: int, damage: Damage
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(shutil.copytree(BASE, Path(temporary) / "plant"))
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(damage(lines, at % len(lines)))
        (folder / name).write_text(text, encoding="utf-8")
        assert all(problem.place.line >= 1 for problem in problems_of(folder))
