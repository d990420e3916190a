"""What Red Rabbit is made of is locked, listed, and under licences that are known to be fine (K11)."""

import json
import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply_chain import (
    AS_READ,
    BUILT_WITH,
    LICENCES,
    LOCK,
    NOT_HERE,
    ROOT,
    SBOM,
    VENDORED,
    bill_of_materials,
    licence_of,
    licences,
    locked,
    packages,
    vendored,
)

CONSTRAINTS = ROOT / "constraints.txt"
LOCKED = {each.name: each for each in locked(LOCK.read_text(encoding="utf-8"))}
FINE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "OFL-1.1", "PSF-2.0",
}  # fmt: skip
WITH_CONDITIONS = {
    "LGPL-3.0-only": "psycopg",
    "EPL-2.0 OR BSD-3-Clause": "paho-mqtt",
    "MPL-2.0": "certifi",
}
"""Licences that NOTICE has to say more about, and of which package."""


def needed(wanted: Iterable[str]) -> set[str]:
    """Return every package that is installed here for these requirements, by the metadata of all of them."""
    found: set[tuple[str, str]] = set()
    todo = [(Requirement(line), "") for line in wanted]
    while todo:
        one, extra = todo.pop()
        if one.marker is not None and not one.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(one.name)
        for asked in {"", *one.extras}:
            if (name, asked) not in found:
                found.add((name, asked))
                todo += [(Requirement(line), asked) for line in requires(name) or ()]
    return {name for name, _ in found}


def test_the_lock_names_exactly_the_versions_of_the_constraints() -> None:
    pinned = set(CONSTRAINTS.read_text(encoding="utf-8").splitlines())
    wanted = {
        f"{each.name}=={each.version}" + (f" ; {each.marker}" if each.marker else "")
        for each in LOCKED.values()
    }
    assert wanted - pinned == set()


def test_the_lock_has_a_digest_of_every_file() -> None:
    for each in LOCKED.values():
        assert each.hashes, each.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in each.hashes)


def test_the_lock_has_what_is_needed_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = needed(project["project"]["dependencies"])
    building = needed(project["build-system"]["requires"])
    here = {name for name, one in LOCKED.items() if not one.marker or Marker(one.marker).evaluate()}
    assert runtime | building == here
    assert set(BUILT_WITH) == building - runtime
    assert {name for name in NOT_HERE if name in here} == set()


def test_bill_of_materials_and_licences_are_as_they_are_printed() -> None:
    assert SBOM.read_text(encoding="utf-8") == bill_of_materials(), "python -m tests.supply_chain"
    assert LICENCES.read_text(encoding="utf-8") == licences(), "python -m tests.supply_chain"


def test_the_bill_of_materials_names_every_package_and_every_vendored_file() -> None:
    bill = json.loads(SBOM.read_text(encoding="utf-8"))
    named = {each["name"]: each for each in bill["components"]}
    assert set(named) == {each.name for each in packages()} | {e.package for e in vendored()}
    files = {file["name"] for each in named.values() for file in each.get("components", ())}
    there = {
        path.relative_to(ROOT).as_posix()
        for path in VENDORED.rglob("*")
        if path.suffix in {".js", ".css", ".woff2"}
    }
    assert files == there
    assert {each.folder for each in vendored()} == {
        path.name for path in VENDORED.iterdir() if path.is_dir()
    }
    refs = {each["bom-ref"] for each in bill["components"]}
    assert set(bill["dependencies"][0]["dependsOn"]) <= refs
    assert "timestamp" not in bill["metadata"]


def test_every_licence_is_known_to_be_fine() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name in (each.name for each in packages()):
        licence = licence_of(name)
        if licence in WITH_CONDITIONS:
            assert name.startswith(WITH_CONDITIONS[licence])
            assert f"\n{WITH_CONDITIONS[licence]}" in notice
        else:
            assert set(re.split(r" (?:OR|AND) ", licence)) <= FINE, f"{name}: {licence}"
    assert {each.licence for each in vendored()} <= FINE
    assert set(AS_READ) <= set(LOCKED)
    for each in vendored():
        assert (VENDORED / each.folder / "LICENSE").is_file()


@pytest.mark.parametrize("path", [LOCK, CONSTRAINTS, SBOM, LICENCES], ids=lambda path: path.name)
def test_no_address_of_any_registry_is_in_it(path: Path) -> None:
    assert "://" not in path.read_text(encoding="utf-8")
