"""What README says is true: its commands, its map, its diagram, its files."""

import re
from pathlib import Path

import pytest

from redrabbit.cli import build_parser
from redrabbit.domain.run_diagram import mermaid
from redrabbit.domain.run_transitions import TRANSITIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HOUSE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_run_diagram_is_drawn_from_the_transitions() -> None:
    drawn = re.search(r"```mermaid\n(.*?)```", HOUSE, re.DOTALL)
    assert drawn is not None
    assert drawn.group(1).strip() == mermaid(TRANSITIONS).strip()


def test_the_commands_of_installation_are_the_ones_promised() -> None:
    promised = (
        (
            "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt . "
            "&& .venv/bin/redrabbit demo"
        ),
        (
            "python3 -m venv .venv && .venv/bin/pip install --require-hashes -r requirements.lock "
            "&& .venv/bin/pip install --no-deps --no-build-isolation ."
        ),
        (
            "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt -e '.[test]' "
            "&& .venv/bin/pytest"
        ),
    )
    for command in promised:
        assert f"\n{command}\n" in README


@pytest.mark.parametrize("told", [README, HOUSE, CONTRIBUTING], ids=["README", "house", "work"])
def test_every_file_that_a_guide_names_is_there(told: str) -> None:
    named = re.findall(r"`((?:redrabbit|simulators|station_configs|tests|docs)/[\w./-]*)`", told)
    linked = re.findall(r"\]\((?:\.\./)?((?:docs/)?[\w./-]+\.(?:md|png))\)", told)
    assert named
    assert [name for name in [*named, *linked] if not (ROOT / name).exists()] == []


def test_every_room_is_on_the_map() -> None:
    rooms = {
        path.name
        for path in (ROOT / "redrabbit").iterdir()
        if path.is_dir() and any(path.glob("*.py"))
    }
    on_the_map = HOUSE[HOUSE.index("## Floors and rooms") : HOUSE.index("## How a run moves")]
    assert {room for room in rooms if f"{room}/" not in on_the_map} == set()


def test_every_command_is_explained() -> None:
    parser = build_parser()
    (commands,) = [action for action in parser._actions if hasattr(action, "_name_parser_map")]
    names = set(commands.choices or ())
    assert "serve" in names
    assert {name for name in names if f"redrabbit {name}" not in README} <= {
        "check-config",
        "schema",
    }
    assert "`check-config`, `schema`" in README
